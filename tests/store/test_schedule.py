"""What is scheduled: who is due, and when the next one is, without reading everything."""

from __future__ import annotations

from datetime import datetime

import pytest

from relou_gateway.rules.admission import Reason
from relou_gateway.rules.lifecycle import Event
from relou_gateway.rules.records import Kind, Ruling
from relou_gateway.store import inbox, outbox, schedule
from relou_gateway.store.database import Connection
from tests.store.samples import BRICE, KARIM, at, scheduled, slot, sms, take

DAVE = "+33611111111"


def due_replies(tx: Connection, now: datetime) -> list[int]:
    return [each.id for each in schedule.waiting(tx, now) if each.ready]


def test_a_reply_is_due_from_its_time_until_it_expires(tx: Connection) -> None:
    scheduled(tx, due_at=at(10).quota, expires_at=at(20).quota)

    assert [
        (9.999, 0),
        (10, 1),
        (19.999, 1),
        (20, 0),
    ] == [(second, len(due_replies(tx, at(second).quota))) for second in (9.999, 10, 19.999, 20)]
    assert at(10).quota == schedule.next_due(tx)


def test_what_is_held_or_ended_is_not_due(tx: Connection) -> None:
    scheduled(tx, held=True)
    outbox.operate(tx, scheduled(tx, BRICE).id, Event.CANCEL, "", at())

    assert ([], None) == (due_replies(tx, at(9).quota), schedule.next_due(tx))


def test_due_replies_come_in_the_order_of_their_times(tx: Connection) -> None:
    scheduled(tx, KARIM, due_at=at(2).quota)
    scheduled(tx, BRICE, due_at=at(1).quota)
    scheduled(tx, DAVE, due_at=at(2).quota)

    assert [2, 1, 3] == due_replies(tx, at(9).quota)


@pytest.mark.parametrize(("kind", "expected"), [(Kind.SMS, 0), (Kind.CALL, 0), (Kind.REPORT, 1)])
def test_a_word_of_his_that_nobody_judged_yet_holds_the_reply_back(
    tx: Connection, kind: Kind, expected: int
) -> None:
    scheduled(tx)
    take(tx, slot(1, sms("encore", KARIM)))
    tx.execute("UPDATE inbox SET kind = ?", (kind,))

    assert expected == len(due_replies(tx, at(9).quota))


def test_a_word_that_is_judged_or_shelved_or_another_persons_holds_nothing_back(tx: Connection) -> None:
    scheduled(tx)
    take(tx, slot(1, sms("a")), slot(2, sms("b")), slot(3, sms("c", BRICE)))
    inbox.record_verdict(tx, 1, Ruling.DECLINED, Reason.BLOCKED, None, at())
    assert [] == due_replies(tx, at(9).quota)

    for _ in range(inbox.FAULTS_BEFORE_SHELVED):
        inbox.note_fault(tx, 2)

    assert [1] == due_replies(tx, at(9).quota)


def test_what_waits_is_told_with_its_size_the_soonest_due_first(tx: Connection) -> None:
    scheduled(tx, KARIM, due_at=at(20).quota)
    scheduled(tx, BRICE, due_at=at(5).quota, parts=2, cost=7)
    scheduled(tx, DAVE, held=True)
    assert [(2, BRICE, 2, 7, True), (1, KARIM, 3, 480_000, False)] == schedule.waiting(tx, at(9).quota)


def test_anything_is_due_from_the_first_due_time_until_the_expiry(tx: Connection) -> None:
    scheduled(tx, due_at=at(10).quota, expires_at=at(20).quota)
    assert [False, True, True, False] == [
        schedule.anything_due(tx, at(second).quota) for second in (9.999, 10, 19.999, 20)
    ]


def test_the_next_due_time_after_a_moment_is_later_than_it(tx: Connection) -> None:
    scheduled(tx, KARIM, due_at=at(10).quota)
    scheduled(tx, BRICE, due_at=at(20).quota)
    assert [at(10).quota, at(20).quota, None] == [
        schedule.next_due(tx, at(second).quota) for second in (9, 10, 20)
    ]


def test_sizes_are_of_what_became_due_in_between(tx: Connection) -> None:
    scheduled(tx, KARIM, due_at=at(10).quota)
    scheduled(tx, BRICE, due_at=at(20).quota, parts=1, cost=9)
    assert [{(3, 480_000)}, {(1, 9)}, set()] == [
        schedule.sizes_due(tx, at(after).quota, at(until).quota)
        for after, until in ((0, 19), (10, 20), (20, 99))
    ]


def test_the_next_expiry_is_of_what_waits_held_or_not(tx: Connection) -> None:
    assert schedule.next_expiry(tx) is None
    scheduled(tx, KARIM, expires_at=at(30).quota)
    scheduled(tx, BRICE, expires_at=at(20).quota, held=True)
    assert at(20).quota == schedule.next_expiry(tx)
