"""The outbox as operators look at it: places in the line, and which replies are meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        listed = outbox.listed(tx, now=at(10).quota)
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
