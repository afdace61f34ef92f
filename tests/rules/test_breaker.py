"""The breaker: when sending stops by itself, and how it comes to go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.breaker import (
    PAUSES,
    REJECTED_AT_MOST,
    REPORT_PATIENCE,
    UNREPORTED_AT_MOST,
    Breaker,
    Cause,
    Open,
    Outcome,
    claimed,
    looked_at,
    may_claim,
    opened,
    reported,
    settled,
)

NOW = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REJECTED = Open(Cause.REJECTED, NOW, NOW + 15 * MINUTE, 1)
UNREPORTED = replace(REJECTED, cause=Cause.UNREPORTED)
LATER = NOW + 20 * MINUTE


def tried(breaker: Open) -> Open:
    return replace(breaker, trial=7, until=LATER)


@pytest.mark.parametrize(
    ("outcome", "rejected", "expected"),
    [
        (Outcome.REJECTED, 5, REJECTED),
        (Outcome.REJECTED, 4, None),
        (Outcome.ACCEPTED, 0, None),
        (Outcome.UNKNOWN, 9, None),
        (Outcome.NOTHING, 9, None),
    ],
)
def test_only_the_fifth_recipient_that_is_rejected_in_a_row_opens_it(
    outcome: Outcome, rejected: int, expected: Breaker
) -> None:
    assert expected == settled(None, outcome, rejected, NOW)


@pytest.mark.parametrize(
    ("breaker", "outcome", "expected"),
    [
        (REJECTED, Outcome.ACCEPTED, None),
        (REJECTED, Outcome.REJECTED, replace(REJECTED, until=LATER + HOUR, times=2)),
        (REJECTED, Outcome.UNKNOWN, replace(REJECTED, until=LATER + HOUR, times=2)),
        (REJECTED, Outcome.NOTHING, replace(REJECTED, until=LATER)),
        (UNREPORTED, Outcome.ACCEPTED, replace(UNREPORTED, trial=7, until=LATER + REPORT_PATIENCE)),
        (UNREPORTED, Outcome.REJECTED, replace(UNREPORTED, until=LATER + HOUR, times=2)),
        (UNREPORTED, Outcome.UNKNOWN, replace(UNREPORTED, until=LATER + HOUR, times=2)),
        (UNREPORTED, Outcome.NOTHING, replace(UNREPORTED, until=LATER)),
    ],
)
def test_a_trial_closes_it_or_opens_it_for_longer(breaker: Open, outcome: Outcome, expected: Breaker) -> None:
    assert expected == settled(tried(breaker), outcome, 1, LATER)


@pytest.mark.parametrize(
    ("breaker", "now", "expected"),
    [
        (None, NOW, True),
        (REJECTED, NOW, False),
        (REJECTED, NOW + 15 * MINUTE, True),
        (tried(REJECTED), NOW + 9 * HOUR, False),
    ],
)
def test_an_open_one_lets_a_single_message_go_after_its_pause(
    breaker: Breaker, now: datetime, expected: bool
) -> None:
    assert expected is may_claim(breaker, now)


def test_what_it_lets_go_is_its_trial() -> None:
    assert replace(REJECTED, trial=7, until=LATER + REPORT_PATIENCE) == claimed(REJECTED, 7, LATER)
    assert claimed(None, 7, LATER) is None


def test_twenty_messages_without_a_report_open_it() -> None:
    assert looked_at(None, UNREPORTED_AT_MOST - 1, NOW) is None
    assert UNREPORTED == looked_at(None, UNREPORTED_AT_MOST, NOW)


def test_a_report_closes_it_only_where_none_came() -> None:
    assert reported(UNREPORTED) is None
    assert REJECTED == reported(REJECTED)
    assert reported(None) is None


def test_a_trial_that_proves_nothing_in_its_time_has_failed() -> None:
    trial = tried(UNREPORTED)
    assert trial == looked_at(trial, 20, LATER - MINUTE)
    assert replace(UNREPORTED, until=LATER + HOUR, times=2) == looked_at(trial, 20, LATER)


def test_its_pauses_grow_up_to_the_longest() -> None:
    breaker: Breaker = opened(Cause.REJECTED, NOW)
    now, pauses = NOW, []
    for _ in range(6):
        assert breaker is not None
        pauses.append(breaker.until - now)
        now = breaker.until
        breaker = settled(claimed(breaker, 7, now), Outcome.REJECTED, 1, now)
    assert [*PAUSES, PAUSES[-1], PAUSES[-1]] == pauses


@given(st.lists(st.tuples(st.sampled_from(list(Outcome)), st.integers(0, 300)), max_size=60))
def test_of_a_network_that_takes_nothing_ever_fewer_messages_are_tried(
    course: list[tuple[Outcome, int]],
) -> None:
    """Whatever comes, between two failed trials lies the pause that belongs to them."""
    breaker: Breaker = None
    now, rejected, free_from = NOW, 0, NOW
    for outcome, minutes in course:
        now += minutes * MINUTE
        breaker = looked_at(breaker, 0, now)
        if not may_claim(breaker, now):
            continue
        assert breaker is None or now >= free_from
        breaker = claimed(breaker, 7, now)
        assert breaker is None or not may_claim(breaker, now)
        rejected = (
            rejected + 1 if outcome is Outcome.REJECTED else 0 if outcome is Outcome.ACCEPTED else rejected
        )
        breaker = settled(breaker, outcome, rejected, now)
        if breaker is None:
            assert rejected < REJECTED_AT_MOST
            continue
        assert outcome is not Outcome.ACCEPTED
        free_from = now if outcome is Outcome.NOTHING else now + PAUSES[min(breaker.times, len(PAUSES)) - 1]
        assert free_from == breaker.until
