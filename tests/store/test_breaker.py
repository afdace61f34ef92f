"""Whether sending stopped by itself, as it is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from relou_gateway.rules.breaker import UNREPORTED_AT_MOST, Cause, claimed, opened
from relou_gateway.store import breaker, ledger, outbox
from relou_gateway.store.database import Connection

from .samples import BRICE, KARIM, MINUTE, START, WALL_AHEAD, at
from .samples import claimed as claimed_reply

OPENED = opened(Cause.REJECTED, START)


def rows_of_the_ledger(tx: Connection) -> list[str]:
    return [entry.event for entry in ledger.newest(tx, 20) if entry.event.startswith("breaker")]


def test_it_is_closed_at_first(tx: Connection) -> None:
    assert (None, None) == (breaker.breaker(tx), breaker.stopped(tx))
    assert not breaker.close(tx, at())


def test_it_is_read_as_it_was_saved_and_shown_in_wall_time(tx: Connection) -> None:
    breaker.save(tx, OPENED, at())
    assert OPENED == breaker.breaker(tx)
    shown = breaker.stopped(tx)
    assert shown is not None
    assert (START + WALL_AHEAD, START + WALL_AHEAD + 15 * MINUTE) == (shown.since, shown.until)


def test_the_ledger_tells_once_that_it_opened_and_once_that_it_closed(tx: Connection) -> None:
    breaker.save(tx, OPENED, at())
    breaker.save(tx, replace(OPENED, times=2, until=START + timedelta(hours=1)), at(60))
    breaker.save(tx, None, at(120))
    breaker.save(tx, None, at(180))
    assert ["breaker_opened", "breaker_closed"] == rows_of_the_ledger(tx)
    assert [] == ledger.broken_links(tx)


def test_what_it_lets_go_is_remembered_as_its_trial(tx: Connection) -> None:
    reply = claimed_reply(tx)
    trial = claimed(OPENED, reply.id, START + 15 * MINUTE)
    breaker.save(tx, trial, at(900))
    assert trial == breaker.breaker(tx)


def test_recipients_rejected_in_a_row_are_counted_each_once(tx: Connection) -> None:
    first = claimed_reply(tx, KARIM)
    outbox.settle_refused(tx, first.id, "no", at(1))
    second = claimed_reply(tx, BRICE)
    outbox.settle_refused(tx, second.id, "no", at(2))
    third = claimed_reply(tx, KARIM)
    counted = [breaker.note_rejected(tx, each.id) for each in (first, first, second, third)]
    assert [1, 1, 2, 2] == counted
    breaker.note_accepted(tx)
    assert 1 == breaker.note_rejected(tx, third.id)


def test_only_what_was_sent_since_the_last_report_and_is_overdue_lacks_one(tx: Connection) -> None:
    for second in range(UNREPORTED_AT_MOST + 5):
        reply = claimed_reply(tx, f"+336123450{second:02}", at(second))
        outbox.settle_sent(tx, reply.id, (1, 2, 3), at(second), report_asked=second != 1)
    assert 9 == breaker.unreported(tx, at(9).quota)
    breaker.note_report(tx, at(4))
    assert 5 == breaker.unreported(tx, at(9).quota)
    breaker.note_report(tx, at(-1))
    assert UNREPORTED_AT_MOST == breaker.unreported(tx, at(100).quota)
