"""Caps: no order of claims, releases and clock steps passes one, and *when* is exact.

What is allowed is reckoned a second time here, by brute force and from the definition alone:
a reservation counts from its claim until its settling plus the span, the end not included.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.policy import Throttle
from relou_gateway.rules.throttle import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    Cap,
    Denial,
    Spending,
    Standing,
    Unit,
    caps,
    denial,
    standing,
)

START = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
YEARS = timedelta(days=3650)

ANNE, BEA, CLEO = "+33600000001", "+33600000002", "+33600000003"
NO_LIMITS = Throttle(None, None, None, None, None, None)
PER_MINUTE = Cap("throttle.per_minute", Unit.ANSWERS, MINUTE, 2)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def settled(seconds: float, recipient: str = ANNE, parts: int = 1, cost: int = 160_000) -> Spending:
    return Spending(recipient, parts, cost, at(seconds))


def still_open(recipient: str = ANNE, parts: int = 1, cost: int = 160_000) -> Spending:
    return Spending(recipient, parts, cost, None)


# --- which caps there are -----------------------------------------------------------------


def test_each_limit_that_is_set_is_a_cap_with_its_own_unit_and_span() -> None:
    throttle = Throttle(
        per_minute=3,
        per_hour=30,
        per_day=100,
        recipients_per_month=200,
        parts_per_day=250,
        parts_per_month=500,
    )

    assert (
        Cap("throttle.per_minute", Unit.ANSWERS, timedelta(seconds=60), 3),
        Cap("throttle.per_hour", Unit.ANSWERS, timedelta(hours=1), 30),
        Cap("throttle.per_day", Unit.ANSWERS, timedelta(hours=24), 100),
        Cap("throttle.parts_per_day", Unit.PARTS, timedelta(hours=24), 250),
        Cap("throttle.recipients_per_month", Unit.RECIPIENTS, timedelta(days=30), 200),
        Cap("throttle.parts_per_month", Unit.PARTS, timedelta(days=30), 500),
    ) == caps(throttle)


def test_a_limit_that_is_switched_off_is_no_cap_but_zero_is_one() -> None:
    assert (Cap("throttle.per_hour", Unit.ANSWERS, HOUR, 0),) == caps(replace(NO_LIMITS, per_hour=0))


@pytest.mark.parametrize("unit", Unit)
def test_a_cap_of_zero_lets_nothing_out_and_never_will(unit: Unit) -> None:
    cap = Cap("zero", unit, HOUR, 0)

    assert Denial(cap, None) == denial([cap], [], still_open(), START)
    assert Denial(cap, None) == denial([cap], [settled(0)], still_open(), START)


def test_without_caps_everything_may_go() -> None:
    assert denial([], [settled(0)] * 1000, still_open(), START) is None


# --- windows ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "counts"),
    [
        (timedelta(0), True),
        (MINUTE - MILLISECOND, True),
        (MINUTE, False),
        (MINUTE + MILLISECOND, False),
        (-MILLISECOND, True),
        (-YEARS, True),
    ],
)
def test_a_window_is_half_open_and_what_was_settled_after_now_counts(age: timedelta, counts: bool) -> None:
    assert counts is Spending(ANNE, 1, 1, START - age).counts(MINUTE, START)


def test_what_is_open_counts_for_ever() -> None:
    assert Denial(replace(PER_MINUTE, limit=1), None) == denial(
        [replace(PER_MINUTE, limit=1)], [still_open()], still_open(BEA), START + YEARS
    )


def test_what_was_released_whole_counts_no_more() -> None:
    assert denial([replace(PER_MINUTE, limit=1)], [settled(0, parts=0, cost=0)], still_open(), START) is None


def test_an_answer_goes_again_at_the_very_moment_at_which_the_window_lets_go() -> None:
    spent = [settled(0), settled(10)]

    assert Denial(PER_MINUTE, at(60)) == denial([PER_MINUTE], spent, still_open(), at(30))
    assert Denial(PER_MINUTE, at(60)) == denial([PER_MINUTE], spent, still_open(), at(60) - MILLISECOND)
    assert denial([PER_MINUTE], spent, still_open(), at(60)) is None


def test_one_more_to_the_same_recipient_is_no_new_recipient() -> None:
    cap = Cap("throttle.recipients_per_month", Unit.RECIPIENTS, MONTH, 2)
    spent = [settled(0, ANNE), settled(1, BEA), settled(2, BEA)]

    assert denial([cap], spent, still_open(ANNE), at(3)) is None
    assert Denial(cap, at(0) + MONTH) == denial([cap], spent, still_open(CLEO), at(3))


def test_a_recipient_is_free_only_when_the_last_answer_to_him_leaves_the_window() -> None:
    cap = Cap("throttle.recipients_per_month", Unit.RECIPIENTS, MONTH, 1)

    assert Denial(cap, at(9) + MONTH) == denial(
        [cap], [settled(0, ANNE), settled(9, ANNE)], still_open(BEA), at(10)
    )


def test_parts_wait_until_enough_of_them_have_left_the_window() -> None:
    cap = Cap("throttle.parts_per_day", Unit.PARTS, DAY, 5)
    spent = [settled(0, parts=2), settled(60, parts=2), settled(120, parts=1)]

    assert Denial(cap, at(0) + DAY) == denial([cap], spent, still_open(parts=2), at(200))
    assert Denial(cap, at(60) + DAY) == denial([cap], spent, still_open(parts=3), at(200))
    assert Denial(cap, at(120) + DAY) == denial([cap], spent, still_open(parts=5), at(200))
    assert Denial(cap, None) == denial([cap], spent, still_open(parts=6), at(200))


def test_no_one_can_say_when_if_it_hangs_on_something_under_way() -> None:
    cap = Cap("throttle.parts_per_day", Unit.PARTS, DAY, 3)
    spent = [settled(0, parts=1), still_open(parts=2)]

    assert Denial(cap, at(0) + DAY) == denial([cap], spent, still_open(BEA, parts=1), at(9))
    assert Denial(cap, None) == denial([cap], spent, still_open(BEA, parts=2), at(9))


def test_of_several_caps_the_one_that_lets_go_last_is_named() -> None:
    hour = Cap("throttle.per_hour", Unit.ANSWERS, HOUR, 1)
    day = Cap("throttle.per_day", Unit.ANSWERS, DAY, 1)
    never = Cap("throttle.parts_per_day", Unit.PARTS, DAY, 1)
    spent = [settled(0)]

    assert Denial(day, at(0) + DAY) == denial([hour, day], spent, still_open(), at(1))
    assert Denial(day, at(0) + DAY) == denial([day, hour], spent, still_open(), at(1))
    assert Denial(never, None) == denial([hour, never, day], spent, still_open(parts=2), at(1))


def test_a_lowered_cap_holds_at_once() -> None:
    spent = [settled(seconds) for seconds in range(5)]

    assert denial([replace(PER_MINUTE, limit=6)], spent, still_open(), at(5)) is None
    lowered = replace(PER_MINUTE, limit=2)
    assert Denial(lowered, at(3) + MINUTE) == denial([lowered], spent, still_open(), at(5))


def test_a_story_in_time_that_ends_with_the_clock_going_backwards() -> None:
    spent: list[Spending] = []

    def tries(seconds: float) -> bool:
        if denial([PER_MINUTE], spent, still_open(), at(seconds)) is not None:
            return False
        spent.append(settled(seconds))
        return True

    assert tries(0)
    assert tries(30)
    assert not tries(59.999)
    assert tries(60)
    assert not tries(60)
    assert not tries(89.999)
    assert tries(90)
    assert not tries(0)  # the clock went back to the beginning: nothing is forgotten
    assert not tries(60)
    assert not tries(-1_000_000)
    assert not tries(119.999)
    assert tries(120)  # and nothing is held for longer than it would have been


# --- how full a cap is --------------------------------------------------------------------


def test_a_standing_tells_what_is_spent_what_is_under_way_and_when_more_comes_free() -> None:
    cap = Cap("budget.per_day", Unit.MONEY, DAY, 1_000_000)
    spent = [
        settled(-90_000, cost=999),
        settled(5, cost=320_000),
        settled(0, cost=160_000),
        still_open(cost=100_000),
    ]

    found = standing(cap, spent, at(10))

    assert Standing(cap, used=480_000, reserved=100_000, free_at=at(0) + DAY) == found
    assert 420_000 == found.left


def test_nothing_comes_free_where_nothing_is_used() -> None:
    assert Standing(PER_MINUTE, 0, 0, None) == standing(PER_MINUTE, [], START)
    assert Standing(PER_MINUTE, 0, 1, None) == standing(PER_MINUTE, [still_open()], START)


def test_what_is_left_is_never_below_zero_even_where_a_cap_was_lowered() -> None:
    assert 0 == standing(replace(PER_MINUTE, limit=1), [settled(0), still_open()], at(1)).left


def test_a_recipient_who_is_answered_again_is_not_reserved_twice() -> None:
    cap = Cap("throttle.recipients_per_month", Unit.RECIPIENTS, MONTH, 9)

    found = standing(cap, [settled(0, ANNE), still_open(ANNE), still_open(BEA)], at(1))

    assert (1, 1) == (found.used, found.reserved)


def test_a_recipient_comes_free_with_the_last_answer_to_him_and_not_with_the_first() -> None:
    cap = Cap("throttle.recipients_per_month", Unit.RECIPIENTS, MONTH, 9)
    spent = [settled(0, ANNE), settled(50, ANNE), settled(20, BEA)]

    assert standing(cap, spent, at(60)).free_at == at(20) + MONTH
    assert standing(cap, spent[:2], at(60)).free_at == at(50) + MONTH
    assert standing(cap, [*spent[:2], still_open(ANNE)], at(60)).free_at is None


# --- properties ---------------------------------------------------------------------------

UNITS = st.sampled_from(Unit)
SPANS = st.sampled_from([timedelta(milliseconds=5), timedelta(milliseconds=20), MINUTE])
CAPS = st.lists(st.builds(Cap, st.just("cap"), UNITS, SPANS, st.integers(0, 6)), min_size=1, max_size=3)
MOMENTS = st.integers(-30, 60).map(lambda count: START + count * MILLISECOND)
RECIPIENTS = st.sampled_from([ANNE, BEA, CLEO])
SPENDINGS = st.builds(Spending, RECIPIENTS, st.integers(0, 3), st.integers(0, 3), st.none() | MOMENTS)
WISHES = st.builds(Spending, RECIPIENTS, st.integers(1, 3), st.integers(0, 3), st.none())


@given(CAPS, st.lists(SPENDINGS, max_size=12), WISHES, MOMENTS)
def test_the_answer_when_is_exact_to_the_millisecond(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, now: datetime
) -> None:
    denied = denial(all_caps, spent, wish, now)

    if denied is None:
        return
    if denied.until is None:
        assert denial(all_caps, spent, wish, now + YEARS) is not None
    else:
        assert denied.until > now
        assert denial(all_caps, spent, wish, denied.until - MILLISECOND) is not None
        assert denial(all_caps, spent, wish, denied.until) is None


@given(CAPS, st.lists(SPENDINGS, max_size=12), WISHES, MOMENTS)
def test_a_denial_names_a_cap_that_really_binds(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, now: datetime
) -> None:
    denied = denial(all_caps, spent, wish, now)

    if denied is None:
        assert all(denial([cap], spent, wish, now) is None for cap in all_caps)
    else:
        assert denied == denial([denied.cap], spent, wish, now)


@given(CAPS, st.lists(SPENDINGS, max_size=12), WISHES, MOMENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_spendings_are_told_does_not_matter(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, now: datetime, rng: random.Random
) -> None:
    shuffled = list(spent)
    rng.shuffle(shuffled)

    assert denial(all_caps, spent, wish, now) == denial(all_caps, shuffled, wish, now)


@given(CAPS, st.lists(SPENDINGS, max_size=12), MOMENTS)
def test_what_is_used_stays_so_until_more_comes_free(
    all_caps: list[Cap], spent: list[Spending], now: datetime
) -> None:
    def full(cap: Cap, moment: datetime) -> int:
        found = standing(cap, spent, moment)
        return found.used + found.reserved

    for cap in all_caps:
        free_at = standing(cap, spent, now).free_at
        if free_at is None:
            assert full(cap, now) == full(cap, now + YEARS)
        else:
            assert full(cap, now) == full(cap, free_at - MILLISECOND)
            assert full(cap, free_at) < full(cap, now)


@dataclass
class Reservation:
    """One claim, as the store keeps it."""

    spending: Spending
    claimed_at: datetime

    def counts(self, span: timedelta, moment: datetime) -> bool:
        begun = self.claimed_at <= moment
        over = self.spending.settled_at is not None and moment >= self.spending.settled_at + span
        return self.spending.parts > 0 and begun and not over


def brute_amount(unit: Unit, counting: Sequence[Spending]) -> int:
    return {
        Unit.ANSWERS: len(counting),
        Unit.RECIPIENTS: len({each.recipient for each in counting}),
        Unit.PARTS: sum(each.parts for each in counting),
        Unit.MONEY: sum(each.cost for each in counting),
    }[unit]


def most_ever(cap: Cap, reservations: Sequence[Reservation]) -> int:
    """The fullest that the cap's window ever is; that can only be where something begins."""
    moments = {each.claimed_at for each in reservations}
    return max(
        (
            brute_amount(cap.unit, [each.spending for each in reservations if each.counts(cap.span, moment)])
            for moment in moments
        ),
        default=0,
    )


CLAIM = st.tuples(st.just("claim"), WISHES)
SETTLE = st.tuples(st.just("settle"), st.integers(0, 3))
STEP = st.tuples(st.just("step"), st.integers(-40, 40))
STEPS = st.lists(st.one_of(CLAIM, CLAIM, SETTLE, STEP), max_size=40)


@given(CAPS, STEPS)
def test_no_order_of_claims_releases_and_clock_steps_ever_passes_a_cap(
    all_caps: list[Cap], steps: list[tuple[str, Spending | int]]
) -> None:
    now, reservations = START, list[Reservation]()
    for kind, argument in steps:
        if isinstance(argument, Spending):
            known = [each.spending for each in reservations]
            if denial(all_caps, known, argument, now) is None:
                reservations.append(Reservation(argument, now))
        elif kind == "step":
            now += argument * MILLISECOND
        else:
            _settle_oldest(reservations, argument, now)
        for cap in all_caps:
            assert most_ever(cap, reservations) <= cap.limit


def _settle_oldest(reservations: list[Reservation], keep: int, now: datetime) -> None:
    """Settle the first that is open, and release what it holds beyond `keep` parts."""
    for each in reservations:
        if each.spending.settled_at is None:
            kept = min(keep, each.spending.parts)
            each.spending = each.spending._replace(
                parts=kept,
                cost=each.spending.cost * kept // each.spending.parts,
                settled_at=max(now, each.claimed_at),
            )
            return


@given(CAPS, st.lists(SPENDINGS, max_size=12), WISHES, MOMENTS, st.integers(0, 100))
def test_a_clock_that_goes_backwards_frees_nothing(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, now: datetime, back: int
) -> None:
    if denial(all_caps, spent, wish, now) is not None:
        assert denial(all_caps, spent, wish, now - back * MILLISECOND) is not None


@given(CAPS, st.lists(SPENDINGS, max_size=12), WISHES, MOMENTS)
def test_a_denial_costs_nothing_and_lower_caps_deny_what_higher_ones_deny(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, now: datetime
) -> None:
    if denial(all_caps, spent, wish, now) is not None:
        lowered = [replace(cap, limit=max(0, cap.limit - 1)) for cap in all_caps]
        assert denial(lowered, spent, wish, now) is not None


def test_ten_thousand_reservations_in_a_month_are_reckoned_in_a_moment() -> None:
    cap = Cap("throttle.parts_per_month", Unit.PARTS, MONTH, 20_000)
    spent = [settled(seconds, parts=2) for seconds in range(10_000)]

    assert Denial(cap, at(9_999) + MONTH) == denial([cap], spent, still_open(parts=20_000), at(10_000))
