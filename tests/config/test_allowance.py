from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.config import load
from relou_gateway.config.allowance import Allowance, daily, monthly, strangers_per_day
from relou_gateway.rules.policy import MICRO, Budget, Policy, Throttle

POLICY = load(None).policy
NO_THROTTLE = Throttle(None, None, None, None, None, None)


def policy(throttle: Throttle = NO_THROTTLE, *, day: int | None = None, month: int | None = None) -> Policy:
    return replace(POLICY, throttle=throttle, budget=replace(POLICY.budget, per_day=day, per_month=month))


@pytest.mark.parametrize(
    ("limits", "a_day", "a_month"),
    [
        ((3, None, None, None, None, None), 3 * 1440, 3 * 1440 * 30),
        ((None, 30, None, None, None, None), 720, 21_600),
        ((None, None, 100, None, None, None), 100, 3000),
        ((None, None, None, 200, None, None), 200, 400),
        ((None, None, None, None, 9, None), 4, 120),
        ((None, None, None, None, None, 9), 4, 4),
        ((3, 30, 100, 200, 300, 3000), 100, 400),
    ],
)
def test_the_tightest_cap_says_how_many_answers_of_two_parts_may_go(
    limits: tuple[int | None, ...], a_day: int, a_month: int
) -> None:
    capped = policy(Throttle(*limits))
    assert (a_day, a_month) == (
        daily(capped, parts=2, cost=320_000).answers,
        monthly(capped, parts=2, cost=320_000).answers,
    )


def test_the_caps_that_bind_are_named() -> None:
    capped = policy(replace(NO_THROTTLE, per_day=50), day=16 * MICRO)
    assert Allowance(50, ("throttle.per_day", "budget.per_day")) == daily(capped, parts=2, cost=320_000)


def test_a_month_of_money_may_all_go_in_one_day() -> None:
    assert Allowance(31, ("budget.per_month",)) == daily(policy(month=10 * MICRO), parts=2, cost=320_000)


def test_without_caps_there_is_no_allowance() -> None:
    assert Allowance(None, ()) == daily(policy(), parts=1, cost=160_000)


def test_what_costs_nothing_is_not_capped_by_money() -> None:
    assert Allowance(None, ()) == monthly(policy(day=MICRO, month=MICRO), parts=1, cost=0)


def test_a_recipient_counts_as_often_as_cooldown_and_lifetime_let_him() -> None:
    senders = replace(POLICY.senders, cooldown=timedelta(days=7), lifetime=None)
    capped = replace(policy(replace(NO_THROTTLE, recipients_per_month=10)), senders=senders)
    assert 50 == monthly(capped, parts=1, cost=1).answers


@given(
    st.tuples(*[st.none() | st.integers(1, 1000)] * 6),
    st.none() | st.integers(1, 1000 * MICRO),
    st.none() | st.integers(1, 1000 * MICRO),
    st.integers(1, 9),
    st.integers(0, MICRO),
)
def test_a_month_allows_no_less_than_a_day_and_no_more_than_thirty(
    limits: tuple[int | None, ...], day: int | None, month: int | None, parts: int, cost: int
) -> None:
    capped: Policy = policy(Throttle(*limits), day=day, month=month)
    of_day, of_month = daily(capped, parts=parts, cost=cost), monthly(capped, parts=parts, cost=cost)
    if of_day.answers is None or of_month.answers is None:
        assert of_day == of_month
    else:
        assert of_day.answers <= of_month.answers <= 30 * of_day.answers


def test_the_defaults_allow_fifty_of_the_founders_answers_a_day() -> None:
    budget: Budget = POLICY.budget
    cost = 2 * budget.price.default
    assert (Allowance(50, ("budget.per_day",)), Allowance(312, ("budget.per_month",))) == (
        daily(POLICY, parts=2, cost=cost),
        monthly(POLICY, parts=2, cost=cost),
    )


# --- whom to expect -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("throttle", "month", "expected"),
    [
        (NO_THROTTLE, None, 190.0),
        (replace(NO_THROTTLE, per_day=240), None, 192.0),
        (replace(NO_THROTTLE, per_day=240), 30 * 100 * 320_000, 80.0),
        (replace(NO_THROTTLE, recipients_per_month=150), None, 8.0),
        (replace(NO_THROTTLE, parts_per_month=2), None, 0.03),
        (replace(NO_THROTTLE, per_day=0), None, 0.01),
    ],
)
def test_four_fifths_of_what_the_tighter_of_day_and_month_allows_are_expected_to_be_people(
    throttle: Throttle, month: int | None, expected: float
) -> None:
    assert expected == strangers_per_day(policy(throttle, month=month))
