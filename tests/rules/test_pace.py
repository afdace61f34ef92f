"""The pace beneath the caps: what accrues, what may be saved up, and when there is enough again.

The levels are reckoned a second time here, as a bucket that is filled and drawn from step by step.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relou_gateway.invent import invent
from relou_gateway.rules.shares import EVEN, Pace, Rhythm, saved
from relou_gateway.rules.throttle import DAY, HOUR, MINUTE, MONTH, Cap, Denial, Spending, Unit, Windows
from tests.rules.test_throttle import ANNE, BEA, MILLISECOND, START, at, settled, still_open
from tests.support.world import mobile

EVENING = Rhythm([1.0] * 17 + [9.0] * 7)
PACE = Pace(EVEN, 3.0)
PER_HOUR = Cap("throttle.per_hour", Unit.ANSWERS, HOUR, 6)
PER_DAY = Cap("throttle.per_day", Unit.ANSWERS, DAY, 240)
RECIPIENTS = Cap("throttle.recipients_per_month", Unit.RECIPIENTS, MONTH, 30)
PARTS = Cap("throttle.parts_per_month", Unit.PARTS, MONTH, 60)
MONEY = Cap("budget.per_month", Unit.MONEY, MONTH, 30 * 160_000)


def sent_at_once(cap: Cap, pace: Pace, *, parts: int = 1, cost: int = 160_000) -> int:
    """How many answers a gateway at the beginning of its life sends in one moment."""
    spent: list[Spending] = []
    while Windows([cap], spent, START, pace).fits(Spending(mobile(len(spent)), parts, cost, None)):
        spent.append(Spending(mobile(len(spent)), parts, cost, START))
    return len(spent)


# --- how much at once ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (Cap("throttle.per_minute", Unit.ANSWERS, MINUTE, 3), 3),
        (PER_HOUR, 3),
        (PER_DAY, 120),
        (Cap("throttle.per_day", Unit.ANSWERS, DAY, 1), 1),
        (RECIPIENTS, 3),
        (PARTS, 6),
        (MONEY, 3),
    ],
)
def test_half_of_a_day_or_some_days_of_a_month_may_go_at_once(cap: Cap, expected: int) -> None:
    assert expected == sent_at_once(cap, PACE)


@pytest.mark.parametrize("carry", [0.0, 1.0, 7.0])
def test_so_many_days_shares_of_a_month_may_be_saved_up(carry: float) -> None:
    assert max(1, carry) == sent_at_once(RECIPIENTS, Pace(EVEN, carry))


def test_an_answer_that_is_larger_than_all_that_can_be_saved_up_goes_and_is_paid_off() -> None:
    cap = Cap("throttle.parts_per_day", Unit.PARTS, DAY, 4)
    wish = still_open(BEA, parts=3)
    assert Windows([cap], [], START, PACE).denial(wish) is None
    assert Denial(cap, at(0) + DAY) == Windows([cap], [settled(0, parts=3)], at(1), PACE).denial(wish)
    small = still_open(BEA, parts=1)
    assert Denial(cap, at(0) + DAY / 2, paced=True) == Windows(
        [cap], [settled(0, parts=3)], at(1), PACE
    ).denial(small)


def test_without_a_pace_the_caps_alone_are_asked() -> None:
    spent = [settled(0)] * 5
    assert Windows([PER_HOUR], spent, START).denial(still_open()) is None
    assert Windows([PER_HOUR], spent, START, PACE).denial(still_open()) is not None


# --- when again ---------------------------------------------------------------------------


def test_an_hours_answers_accrue_evenly() -> None:
    spent = [settled(0)] * 3
    assert Denial(PER_HOUR, at(600), paced=True) == Windows([PER_HOUR], spent, at(1), PACE).denial(
        still_open()
    )
    assert Windows([PER_HOUR], spent, at(600), PACE).fits(still_open())
    assert not Windows([PER_HOUR], spent, at(600) - MILLISECOND, PACE).fits(still_open())


def test_a_months_share_accrues_in_the_ordinary_hours() -> None:
    midnight = START.replace(hour=0)
    spent = [Spending(mobile(index), 1, 0, midnight) for index in range(2)]

    def again(rhythm: Rhythm) -> datetime | None:
        denied = Windows([RECIPIENTS], spent, midnight, Pace(rhythm, 2.5)).denial(still_open(mobile(9)))
        return None if denied is None else denied.until

    assert midnight + DAY / 2 == again(EVEN)
    late = again(EVENING)
    assert late is not None
    assert midnight.replace(hour=17) < late < midnight.replace(hour=21)


def test_a_recipient_who_was_answered_already_costs_no_recipient() -> None:
    spent = [Spending(mobile(index), 1, 0, at(index)) for index in range(3)]
    windows = Windows([RECIPIENTS], spent, at(9), PACE)
    assert (True, False) == (windows.fits(still_open(mobile(1))), windows.fits(still_open(mobile(9))))


def test_a_recipient_is_charged_with_the_last_answer_to_him_alone() -> None:
    day = DAY.total_seconds()
    spent = [settled(0, ANNE), settled(day, ANNE), settled(day, BEA), settled(day)]
    assert Windows([RECIPIENTS], spent[:1], at(1), Pace(EVEN, 1)).denial(still_open(BEA)) is not None
    assert Windows([RECIPIENTS], spent, at(day + 1), PACE).fits(still_open(mobile(7)))


def test_what_costs_nothing_waits_for_no_money() -> None:
    spent = [settled(0, cost=160_000)] * 3
    windows = Windows([MONEY], spent, at(1), PACE)
    assert (True, False) == (windows.fits(still_open(cost=0)), windows.fits(still_open(cost=9)))


def test_while_one_is_under_way_nobody_knows_when() -> None:
    assert Denial(RECIPIENTS, None, paced=True) == Windows(
        [RECIPIENTS], [still_open()], START, Pace(EVEN, 1)
    ).denial(still_open(BEA))


def test_what_is_denied_by_its_pace_to_everyone_is_known_to_be() -> None:
    windows = Windows([PER_HOUR, RECIPIENTS], [settled(0)] * 3, at(1), PACE)
    assert windows.denies_everyone(1, 0)
    assert not Windows(
        [RECIPIENTS], [settled(0), settled(0, BEA), settled(0, mobile(1))], at(1), PACE
    ).denies_everyone(1, 0)


def test_a_lowered_cap_holds_at_once_and_its_pace_no_longer_than_the_window() -> None:
    spent = [Spending(mobile(index), 1, 0, at(index)) for index in range(240)]
    lowered = Cap("throttle.per_day", Unit.ANSWERS, DAY, 10)
    found = Windows([lowered], spent, at(300), PACE).denial(still_open())
    assert found is not None
    assert at(230) + DAY == found.until


# --- properties ---------------------------------------------------------------------------

DRAWN = st.integers(0, 40 * 24 * 60).map(lambda minutes: START - minutes * MINUTE)
FUTURE = st.integers(1, 3 * 24 * 60).map(lambda minutes: START + minutes * MINUTE)
WHO = st.integers(0, 12).map(mobile)
MANY = st.lists(
    st.builds(
        Spending, WHO, st.integers(0, 3), st.integers(0, 3), st.none() | DRAWN | DRAWN | DRAWN | FUTURE
    ),
    max_size=30,
)
WISHES = st.builds(Spending, WHO, st.integers(1, 3), st.integers(0, 3), st.none())
SPANS = st.sampled_from([MINUTE, HOUR, DAY, 7 * DAY, MONTH])
CAPS = st.lists(
    st.builds(Cap, st.just("cap"), st.sampled_from(Unit), SPANS, st.integers(0, 40)), min_size=1, max_size=3
)
PACES = st.builds(Pace, st.sampled_from([EVEN, EVENING]), st.sampled_from([0.0, 0.5, 1.0, 3.0]))


@given(CAPS, MANY, WISHES, PACES)
def test_what_fits_is_what_is_not_denied_and_a_pace_only_ever_denies_more(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, pace: Pace
) -> None:
    windows = Windows(all_caps, spent, START, pace)
    assert windows.fits(wish) is (windows.denial(wish) is None)
    assert Windows(all_caps, spent, START).fits(wish) or not windows.fits(wish)
    assert not (windows.denies_everyone(wish.parts, wish.cost) and windows.fits(wish))


@given(CAPS, MANY, WISHES, PACES)
def test_the_answer_when_is_exact_to_the_millisecond(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, pace: Pace
) -> None:
    denied = Windows(all_caps, spent, START, pace).denial(wish)

    if denied is None:
        return
    if denied.until is None:
        assert not Windows(all_caps, spent, START + 400 * DAY, pace).fits(wish)
    else:
        assert denied.until > START
        assert not Windows(all_caps, spent, denied.until - MILLISECOND, pace).fits(wish)
        assert Windows(all_caps, spent, denied.until, pace).fits(wish)


@given(CAPS, MANY, WISHES, PACES)
def test_a_pace_makes_wait_no_longer_than_its_window(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, pace: Pace
) -> None:
    settled_long_ago = [each for each in spent if each.settled_at is not None and each.settled_at <= START]
    denied = Windows(all_caps, settled_long_ago, START, pace).denial(wish)
    if denied is not None and denied.until is not None:
        assert denied.until <= START + max(cap.span for cap in all_caps)


@given(CAPS, MANY, WISHES, PACES, st.integers(0, 5 * 24 * 60))
def test_a_clock_that_goes_backwards_frees_nothing(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, pace: Pace, back: int
) -> None:
    windows = Windows(all_caps, spent, START, pace)
    # A recipient who is not known now may have been known then: he would have cost none.
    assume(
        not any(windows.known(wish.recipient)) and wish.recipient not in {each.recipient for each in spent}
    )
    if not windows.fits(wish):
        assert not Windows(all_caps, spent, START - back * MINUTE, pace).fits(wish)


@given(
    st.lists(st.tuples(st.floats(0, 3 * 86_400), st.integers(1, 9)), min_size=1, max_size=30),
    st.integers(1, 300),
    st.sampled_from([0.0, 1.0, 3.0]),
    st.sampled_from([EVEN, EVENING]),
)
def test_what_is_saved_is_what_a_bucket_holds(
    draws: list[tuple[float, int]], limit: int, carry: float, rhythm: Rhythm
) -> None:
    span, begin = MONTH.total_seconds(), START.timestamp()
    spent = sorted((begin + when, float(amount)) for when, amount in draws)
    share = limit / 30
    level, then = carry * share, begin
    for when, amount in spent:
        level, then = min(carry * share, level + share * rhythm.days(then, when)) - amount, when
    assert saved(limit, span, spent, then, carry, rhythm) == pytest.approx(level, abs=1e-6)


@given(st.floats(0, 4e9), st.lists(st.floats(0, 9), max_size=24))
def test_a_rhythm_can_be_read_in_both_directions(when: float, weights: list[float]) -> None:
    rhythm = Rhythm([*weights, *[1.0] * (24 - len(weights))])
    assert rhythm.when(rhythm.count(when)) == pytest.approx(when, abs=1e-3)
    assert rhythm.days(when, when + 86_400) == pytest.approx(1.0, abs=1e-9)


# --- over days ----------------------------------------------------------------------------


@pytest.mark.parametrize(("cap", "a_day"), [(RECIPIENTS, 1), (PARTS, 2), (MONEY, 160_000)])
@pytest.mark.parametrize("carry", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("rhythm", [EVEN, EVENING])
def test_no_day_uses_more_than_its_share_of_the_month_and_what_was_carried_over(
    cap: Cap, a_day: int, carry: float, rhythm: Rhythm
) -> None:
    """A raid asks in every quarter of an hour of forty days, after ten quiet ones."""
    spent: list[Spending] = []
    for quarter in range(40 * 24 * 4):
        now = START + 10 * DAY + quarter * HOUR / 4
        wish = Spending(mobile(quarter), 1, 160_000, None)
        if Windows([cap], spent, now, Pace(rhythm, carry)).fits(wish):
            spent.append(wish._replace(settled_at=now))
            spent = [each for each in spent if each.counts(MONTH, now)]
    price = {Unit.RECIPIENTS: 1, Unit.PARTS: 1, Unit.MONEY: 160_000}[cap.unit]
    times = [each.settled_at for each in spent if each.settled_at is not None]
    most = max(sum(end - DAY < each <= end for each in times) for end in times)
    assert most * price <= max(price, (1 + carry) * a_day)
    assert cap.limit * 0.8 <= len(times) * price <= cap.limit


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_an_ordinary_week_the_pace_denies_nobody_whom_the_cap_lets_go(seed: int) -> None:
    first: dict[str, datetime] = {}
    for each in invent("ordinary-week", seed).events:
        first.setdefault(each.number, each.at)
    asked = sorted(moment + 7 * MINUTE for moment in first.values())
    assert 190 < len(asked) / 7 < 210
    spent: list[Spending] = []
    denied = Counter[bool]()
    for index, now in enumerate(asked):
        wish = Spending(mobile(index), 1, 160_000, None)
        found = Windows([PER_DAY], spent, now, PACE).denial(wish)
        if found is None:
            spent = [*(each for each in spent if each.counts(DAY, now)), wish._replace(settled_at=now)]
        else:
            denied[found.paced] += 1
    assert 0 == denied[True]


def test_a_raid_cannot_take_a_days_answers_in_an_hour() -> None:
    spent: list[Spending] = []
    gone = []
    for second in range(0, 6 * 3600, 10):
        now = at(second)
        if Windows([PER_DAY], spent, now, PACE).fits(still_open(mobile(second))):
            spent.append(Spending(mobile(second), 1, 1, now))
        if second % 3600 == 3590:
            gone.append(len(spent))
    assert [129, 10, 10, 10, 10, 10] == [gone[0], *(later - earlier for earlier, later in pairwise(gone))]


def test_ten_thousand_reservations_are_reckoned_in_a_moment() -> None:
    caps = [PER_HOUR, PER_DAY, RECIPIENTS, PARTS, MONEY]
    all_caps = [Cap(cap.name, cap.unit, cap.span, cap.limit * 1_000_000) for cap in caps]
    spent = [Spending(mobile(index), 2, 320_000, START - 4 * index * MINUTE) for index in range(10_000)]
    took = []
    for _ in range(5):
        begun = time.process_time()
        Windows(all_caps, spent, START, Pace(EVENING, 3.0)).fits(still_open(parts=1))
        took.append(time.process_time() - begun)
    assert min(took) < 0.1
