"""The outbox as operators look at it: the line, places in it, and which replies are meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.lifecycle import Event
from relou_gateway.rules.ranking import Suspicion
from relou_gateway.rules.records import WAITING, Purpose, Status
from relou_gateway.store import outbox, queue
from relou_gateway.store.database import Connection
from relou_gateway.store.queue import Place
from tests.store.samples import BRICE, KARIM, at, claimed, in_doubt, scheduled

DAVE = "+33711111111"


def suspect(tx: Connection, reply_id: int, score: float) -> None:
    outbox.note_suspicion(tx, reply_id, Suspicion(score, ()))


def place(tx: Connection, reply_id: int, second: float = 10) -> Place | None:
    return queue.place(tx, outbox.get(tx, reply_id), at(second).quota)


# --- the line -----------------------------------------------------------------------------


def test_the_outbox_is_listed_with_what_goes_next_on_top_and_what_ended_newest_first(
    tx: Connection,
) -> None:
    numbers = [f"+3360000000{index}" for index in range(7)]
    for index, due in enumerate([0, 50, 30, 0, 30, 10, 0]):
        scheduled(tx, numbers[index], due_at=at(due).quota, held=index == 5)
    outbox.operate(tx, 1, Event.CANCEL, "", at())
    outbox.operate(tx, 4, Event.CANCEL, "", at())
    outbox.claim(tx, outbox.get(tx, 2), at(60))

    assert [2, 7, 6, 3, 5, 4, 1] == [reply.id for reply in queue.listed(tx)]
    assert [2, 7, 6] == [reply.id for reply in queue.listed(tx, limit=3)]
    assert [4, 1] == [reply.id for reply in queue.listed(tx, Status.CANCELLED)]
    expected = dict.fromkeys(Status, 0) | {
        Status.SCHEDULED: 3,
        Status.HELD: 1,
        Status.SENDING: 1,
        Status.CANCELLED: 2,
    }
    assert expected == queue.counts(tx)


def test_of_those_that_are_due_the_least_suspicious_is_listed_on_top(tx: Connection) -> None:
    due = {1: 5, 2: 1, 3: 3, 4: 2, 5: 20, 6: 10, 7: 0}
    for reply_id, second in due.items():
        scheduled(tx, f"+3360000000{reply_id}", due_at=at(second).quota, held=reply_id == 7)
    for reply_id, score in {1: -1.0, 2: 2.0, 5: -9.0}.items():
        outbox.note_suspicion(tx, reply_id, Suspicion(score, ()))

    assert [1, 4, 3, 6, 2, 7, 5] == [reply.id for reply in queue.listed(tx, now=at(10).quota)]
    assert [7, 2, 4, 3, 1, 6, 5] == [reply.id for reply in queue.listed(tx)]


def test_all_that_was_to_be_sent_to_somebody_is_told_oldest_first(tx: Connection) -> None:
    in_doubt(tx, KARIM)
    scheduled(tx, BRICE)
    scheduled(tx, KARIM)

    assert [[1, 3], [2], [], []] == [
        [reply.id for reply in queue.of_number(tx, number)] for number in (KARIM, BRICE, DAVE, "")
    ]


# --- places -------------------------------------------------------------------------------


def test_who_is_due_stands_first_and_the_least_suspicious_of_them_on_top(tx: Connection) -> None:
    for number, due, score in [(KARIM, 1, 3.0), (BRICE, 2, -1.0), (DAVE, 20, -9.0)]:
        suspect(tx, scheduled(tx, number, due_at=at(due).quota).id, score)

    assert [Place(2, 3, 2), Place(1, 3, 2), Place(3, 3, 2)] == [place(tx, each) for each in (1, 2, 3)]


def test_nobody_has_a_place_who_does_not_wait_for_his_turn(tx: Connection) -> None:
    scheduled(tx, KARIM, held=True)
    claimed(tx, BRICE)
    scheduled(tx, DAVE, expires_at=at(10).quota)

    assert [None, None, None] == [place(tx, each) for each in (1, 2, 3)]
    assert Place(1, 1, 0) == place(tx, 3, second=-1)


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.none() | st.integers(-3, 3), st.booleans()), min_size=1, max_size=12
    )
)
def test_places_are_the_order_of_the_list(
    tx_for_properties: Connection, those: list[tuple[int, int | None, bool]]
) -> None:
    tx = tx_for_properties
    tx.execute("SAVEPOINT example")
    try:
        for index, (due, score, held) in enumerate(those):
            reply = scheduled(tx, f"+336000000{index:02}", due_at=at(due).quota, held=held)
            if score is not None:
                suspect(tx, reply.id, score)
        listed = queue.listed(tx, now=at(10).quota)
        places = [queue.place(tx, reply, at(10).quota) for reply in listed]
        found = [each for each in places if each is not None]
        assert list(range(1, len(found) + 1)) == [each.position for each in found]
        assert {sum(not held for _, _, held in those)} >= {each.waiting for each in found}
        assert {sum(due <= 10 and not held for due, _, held in those)} >= {each.due for each in found}
    finally:
        tx.execute("ROLLBACK TO example")


# --- which are meant ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "above", "expected"),
    [
        (None, None, [1, 2, 3]),
        (KARIM, None, [1]),
        ("+336*", None, [1, 2]),
        ("+337*", None, [3]),
        ("*", None, [1, 2, 3]),
        ("+33612345678*", None, [1]),
        ("+3361234567", None, []),
        ("%", None, []),
        (None, 1.0, [2]),
        (None, 2.0, []),
        (None, -1.0, [1, 2, 3]),
        ("+337*", -1.0, [3]),
        ("+337*", 0.0, []),
    ],
)
def test_replies_are_chosen_by_number_and_suspicion(
    tx: Connection, pattern: str | None, above: float | None, expected: list[int]
) -> None:
    for number in (KARIM, BRICE, DAVE):
        scheduled(tx, number, held=number == BRICE)
    suspect(tx, 2, 2.0)
    suspect(tx, 3, -0.5)

    assert expected == queue.chosen(tx, WAITING, pattern, above)


def test_replies_are_chosen_by_their_state(tx: Connection) -> None:
    scheduled(tx, KARIM)
    scheduled(tx, BRICE, held=True)

    assert ([1], [2], []) == (
        queue.chosen(tx, [Status.SCHEDULED]),
        queue.chosen(tx, [Status.HELD]),
        queue.chosen(tx, []),
    )


def test_what_is_forgotten_is_nobodys(tx: Connection) -> None:
    outbox.settle_sent(tx, claimed(tx).id, (1, 2, 3), at(1))
    outbox.forget_before(tx, at(2).quota)

    assert [] == queue.chosen(tx, [Status.SENT], "*")
    assert [] == queue.replies_to(tx, "*", [Status.SENT])


def test_replies_to_senders_are_found_by_their_states_and_alerts_are_none(tx: Connection) -> None:
    in_doubt(tx, KARIM)
    scheduled(tx, KARIM)
    claimed(tx, BRICE)
    scheduled(tx, KARIM, purpose=Purpose.ALERT)

    assert ([2], [3], [1], [1, 3]) == (
        queue.replies_to(tx, "+336*", WAITING),
        queue.replies_to(tx, BRICE, [Status.SENDING]),
        queue.replies_to(tx, KARIM, [Status.IN_DOUBT, Status.SENDING]),
        queue.replies_to(tx, "*", [Status.IN_DOUBT, Status.SENDING]),
    )
