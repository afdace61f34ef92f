from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.demand import BINS, Demand, bin_of
from relou_gateway.rules.pacing import Candidate, Threshold, capacity, choose, threshold
from relou_gateway.rules.shares import EVEN, Pace, Rhythm, saved
from relou_gateway.rules.throttle import Cap, Spending, Unit
from relou_gateway.rules.vigilance import Vigilance

DAY = Cap("throttle.per_day", Unit.ANSWERS, timedelta(days=1), 240)
MONTH = Cap("throttle.recipients_per_month", Unit.RECIPIENTS, timedelta(days=30), 300)
NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
WISH = Spending("+33600000000", 1, 160_000, None)
NOBODY = [[0.0] * BINS for _ in range(24)]


def test_in_quiet_times_everyone_goes_at_once() -> None:
    limit = threshold([0.0, 3.0, 9.0], NOBODY, capacity([DAY], [], WISH, NOW.timestamp(), Pace()))
    candidates = [Candidate(key, score, True, 0.5) for key, score in enumerate((0.0, 3.0, 9.0))]
    assert [0, 1, 2] == [each.key for each in choose(candidates, limit, Vigilance(), free_share=0.01)]


@pytest.mark.parametrize(
    ("free_share", "raid", "reached", "goes"),
    [
        (0.9, False, BINS - 1, True),
        (0.4, False, BINS - 1, False),
        (0.9, True, BINS - 1, False),
        (0.9, False, 56 - 1, False),
    ],
    ids=["calm and plenty", "little left", "raid", "overload"],
)
def test_a_plain_flooder_gets_his_answer_in_quiet_times_alone(
    free_share: float, raid: bool, reached: int, goes: bool
) -> None:
    flooder = Candidate(1, 12.0, True, 0.5, plain_flooding=True)
    chosen = choose([flooder], Threshold(reached, 0), Vigilance(), free_share=free_share, raid=raid)
    assert goes is (chosen == [flooder])


@given(st.integers(1, 400), st.integers(0, 100), st.integers(0, 400))
def test_where_all_are_equal_and_too_many_some_are_served_and_tokens_are_kept_for_nobody(
    waiting: int, each_hour: int, free: int
) -> None:
    better = bin_of(0.0)
    forecast = [[0.0] * better + [float(each_hour * hour)] * (BINS - better) for hour in range(1, 25)]
    limit = threshold([0.0] * waiting, forecast, [float(free)] * 24)
    lots = [Candidate(key, 0.0, True, (key + 0.5) / waiting) for key in range(waiting)]
    chosen = choose(lots, limit, Vigilance(), free_share=1.0)
    fair = waiting * min(1.0, free / (waiting + 24 * each_hour))
    assert fair - 1 <= len(chosen) <= max(free, fair + 1)


def test_tokens_are_kept_for_those_to_come_who_deserve_them_more() -> None:
    forecast = [[10.0] * BINS for _ in range(24)]
    limit = threshold([4.0] * 5, forecast, [10.0] * 24)
    assert (True, 0) == (limit.score <= 4.0, limit.spare)


def test_the_least_suspicious_goes_first_and_the_lot_decides_among_equals() -> None:
    candidates = [Candidate(1, 1.0, True, 0.9), Candidate(2, 1.0, True, 0.1), Candidate(3, -1.0, True, 0.9)]
    chosen = choose(candidates, Threshold(BINS - 1, 0), Vigilance(), free_share=1.0)
    assert [3, 2, 1] == [each.key for each in chosen]


def test_among_equals_who_can_still_be_answered_within_the_hour_goes_first() -> None:
    candidates = [Candidate(1, 1.0, True, 0.1, fresh=False), Candidate(2, 1.0, True, 0.9)]
    chosen = choose(candidates, Threshold(BINS - 1, 0), Vigilance(), free_share=1.0)
    assert [2, 1] == [each.key for each in chosen]


def test_in_a_raid_more_is_kept_for_the_better_ones_than_was_forecast() -> None:
    forecast = [[10.0] * BINS for _ in range(24)]
    calm, raid = (threshold([4.0] * 5, forecast, [12.0] * 24, caution) for caution in (1.0, 1.5))
    assert (2, 0) == (calm.spare, raid.spare)


def test_the_pace_beneath_a_days_cap_is_part_of_what_can_go() -> None:
    spent = [Spending(f"+336{n}", 1, 0, NOW - timedelta(minutes=1)) for n in range(120)]
    room = capacity([DAY], spent, WISH, NOW.timestamp(), Pace())
    assert (True, True) == (room[0] < 12, 105 < room[11 - 1] < 125)


def test_those_who_only_called_get_their_share_of_a_raids_tokens_and_no_more() -> None:
    candidates = [Candidate(key, 0.0, True, key / 10, only_called=key < 5) for key in range(8)]
    chosen = choose(candidates, Threshold(BINS - 1, 0), Vigilance(), free_share=1.0, callers_left=2)
    assert [0, 1, 5, 6, 7] == [each.key for each in chosen]


def test_a_part_is_kept_that_the_suspicious_never_touch() -> None:
    chosen = choose([Candidate(1, 5.0, True, 0.1)], Threshold(40, 0), Vigilance(), free_share=0.2)
    assert chosen == []


def test_a_month_is_spent_in_shares_of_its_days() -> None:
    spent = [Spending(f"+336{n}", 1, 0, NOW - timedelta(hours=1)) for n in range(40)]
    assert 0 <= capacity([MONTH], spent, WISH, NOW.timestamp(), Pace(carry_days=3))[0] < 2


@given(st.lists(st.floats(0, 29.9), max_size=120), st.floats(0, 3))
def test_what_is_saved_is_never_more_than_the_shares_that_may_be_carried(
    days: list[float], carry: float
) -> None:
    now = 1e9
    spent = [(now - each * 86_400, 1.0) for each in sorted(days, reverse=True)]
    assert saved(300, 30 * 86_400, spent, now, carry, EVEN) <= 10 * (1 + carry) + 1e-6


def test_the_days_share_follows_the_ordinary_hours() -> None:
    evening = Rhythm([0.0] * 18 + [1.0] * 6)
    assert (True, True) == (
        evening.days(0, 12 * 3600) < 0.2,
        abs(evening.days(5000, 5000 + 86_400) - 1.0) < 1e-9,
    )


def test_the_forecast_is_yesterdays_same_hours() -> None:
    demand = Demand()
    for minute in range(0, 60, 6):
        demand.add(3600.0 * 30 + 60 * minute, 1.0)
    forecast = demand.forecast(3600.0 * (30 + 24), [0.0] * 24)
    assert (10.0, 0.0) == (forecast[0][-1], forecast[0][0])
