"""The states of a reply: the whole table, asserted move by move against the design's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.lifecycle import (
    MOVES,
    RETRY_AFTER,
    Event,
    IllegalMove,
    advance,
    retry_at,
    sources,
)
from relou_gateway.rules.records import WAITING, Status

DESIGNED = {
    (Status.SCHEDULED, Event.HOLD): Status.HELD,
    (Status.HELD, Event.RELEASE): Status.SCHEDULED,
    (Status.SCHEDULED, Event.CANCEL): Status.CANCELLED,
    (Status.HELD, Event.CANCEL): Status.CANCELLED,
    (Status.SCHEDULED, Event.TOO_LATE): Status.EXPIRED,
    (Status.HELD, Event.TOO_LATE): Status.EXPIRED,
    (Status.SCHEDULED, Event.CLAIM): Status.SENDING,
    (Status.SENDING, Event.ACCEPTED): Status.SENT,
    (Status.SENDING, Event.NOT_SENT): Status.SCHEDULED,
    (Status.SENDING, Event.USED_UP): Status.FAILED,
    (Status.SENDING, Event.REFUSED): Status.FAILED,
    (Status.SENDING, Event.UNKNOWN): Status.IN_DOUBT,
    (Status.IN_DOUBT, Event.SETTLE_SENT): Status.SENT,
    (Status.IN_DOUBT, Event.SETTLE_FAILED): Status.FAILED,
}
"""DESIGN.md, "States of a reply", one line for each move. All other pairs are illegal."""

FINAL = {Status.SENT, Status.FAILED, Status.EXPIRED, Status.CANCELLED}
PAIRS = [(status, event) for status in Status for event in Event]

NOW = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)


def _as_plain(moves: Mapping[Status, Mapping[Event, Status]]) -> dict[Status, dict[Event, Status]]:
    return {status: dict(each) for status, each in moves.items()}


def test_the_table_holds_the_moves_of_the_design_and_no_others() -> None:
    expected = {status: {e: after for (s, e), after in DESIGNED.items() if s is status} for status in Status}

    assert expected == _as_plain(MOVES)


@pytest.mark.parametrize(("status", "event"), PAIRS, ids=str)
def test_each_event_in_each_state_leads_where_the_design_says_or_nowhere(
    status: Status, event: Event
) -> None:
    before = _as_plain(MOVES)

    if (status, event) in DESIGNED:
        assert DESIGNED[status, event] is advance(status, event)
    else:
        with pytest.raises(IllegalMove, match=f"^a reply that is {status} cannot {event}$") as caught:
            advance(status, event)
        assert (status, event) == (caught.value.status, caught.value.event)

    assert before == _as_plain(MOVES)


def test_final_states_have_no_way_out() -> None:
    assert {status for status, moves in MOVES.items() if not moves} == FINAL


def test_the_table_cannot_be_changed_by_those_who_read_it() -> None:
    with pytest.raises(TypeError):
        MOVES[Status.SENT] = {}  # type: ignore[index]


@pytest.mark.parametrize("event", Event)
def test_the_sources_of_an_event_are_the_states_in_which_it_is_legal(event: Event) -> None:
    assert {status for status, each in DESIGNED if each is event} == set(sources(event))


def test_what_waits_is_what_can_be_cancelled() -> None:
    assert sources(Event.CANCEL) == WAITING


def test_only_a_person_leads_out_of_doubt() -> None:
    assert {Event.SETTLE_SENT, Event.SETTLE_FAILED} == set(MOVES[Status.IN_DOUBT])


def test_nothing_that_may_have_left_ever_comes_back_to_the_queue() -> None:
    reachable, unseen = set(), [Status.IN_DOUBT, Status.SENT]
    while unseen:
        status = unseen.pop()
        reachable.add(status)
        unseen += [after for after in MOVES[status].values() if after not in reachable]

    assert not reachable & {Status.SCHEDULED, Status.HELD, Status.SENDING}


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_whatever_happens_a_reply_is_claimed_before_it_is_sent(events: list[Event]) -> None:
    status, claimed = Status.SCHEDULED, False
    for event in events:
        try:
            status = advance(status, event)
        except IllegalMove:
            continue
        claimed = claimed or event is Event.CLAIM
        assert claimed or status not in {Status.SENT, Status.IN_DOUBT, Status.FAILED}


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        (1, datetime(2026, 3, 6, 18, 1, tzinfo=UTC)),
        (2, datetime(2026, 3, 6, 18, 5, tzinfo=UTC)),
        (3, datetime(2026, 3, 6, 18, 15, tzinfo=UTC)),
        (4, datetime(2026, 3, 6, 19, 0, tzinfo=UTC)),
        (5, None),
        (6, None),
    ],
)
def test_a_failed_attempt_is_repeated_ever_later_and_the_fifth_is_the_last(
    attempts: int, expected: datetime | None
) -> None:
    assert expected == retry_at(attempts, NOW)


def test_waits_between_attempts_only_grow() -> None:
    assert sorted(set(RETRY_AFTER)) == list(RETRY_AFTER)
    assert all(wait > timedelta(0) for wait in RETRY_AFTER)
