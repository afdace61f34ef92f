"""The SIM's credit as it was told, and what the store reckons from it."""

from __future__ import annotations

from relou_gateway.rules.balance import Standing
from relou_gateway.rules.lifecycle import Event
from relou_gateway.rules.records import Identity
from relou_gateway.store import balance, gateway, ledger, outbox
from relou_gateway.store.database import Connection, Database
from tests.store.samples import BRICE, DAY, KARIM, at, claimed

PRICE = 160_000


def left(tx: Connection) -> int:
    credit = balance.credit(tx)
    assert credit is not None
    return credit.left


def test_nobody_knows_a_credit_that_was_never_told(database: Database) -> None:
    with database.snapshot() as tx:
        assert (None, None, None) == (balance.credit(tx), balance.trouble(tx), balance.idle_since(tx))


def test_what_is_reserved_after_it_was_told_is_off_it_whatever_the_clock_says(database: Database) -> None:
    with database.transaction("test") as tx:
        sent = claimed(tx, KARIM, at(100), cost=PRICE)
        outbox.settle_sent(tx, sent.id, (1,), at(101))
        balance.note_credit(tx, 10_000_000, at(50))
        assert 10_000_000 == left(tx)
        later = claimed(tx, BRICE, at(10), cost=PRICE)
        assert 10_000_000 - PRICE == left(tx)
        outbox.settle_refused(tx, later.id, "barred", at(11))
        assert 10_000_000 == left(tx)


def test_each_told_credit_is_a_row_of_the_ledger_with_amounts_alone(database: Database) -> None:
    with database.transaction("test") as tx:
        balance.note_credit(tx, 10_000_000, at(1))
        balance.note_credit(tx, 30_000_000, at(2))
        rows = [(each.event, each.state, each.reason, each.cost) for each in ledger.newest(tx, 9)]
        assert [] == ledger.broken_links(tx)
    assert [
        ("credit", "first", "told for the first time", 10_000_000),
        ("credit", "topped_up", "the SIM was topped up by about 20.00", 30_000_000),
    ] == rows


def test_what_is_in_doubt_explains_a_credit_that_is_higher_than_expected(database: Database) -> None:
    with database.transaction("test") as tx:
        balance.note_credit(tx, 10_000_000, at(1))
        doubtful = claimed(tx, KARIM, at(2), cost=PRICE)
        outbox.settle_in_doubt(tx, doubtful.id, "no answer", 0, None, at(3))
        found = balance.note_credit(tx, 10_000_000, at(4))
    assert (Standing.MORE, PRICE) == (found.standing, found.difference)
    assert found.words.endswith("some of what is in doubt was not charged")


def test_the_credit_of_another_sim_is_not_known(database: Database) -> None:
    with database.transaction("test") as tx:
        gateway.note_identity(tx, Identity("", "", "350", "20801", ""))
        balance.note_credit(tx, 10_000_000, at(1))
        gateway.note_identity(tx, Identity("", "", "350", "20802", ""))
        assert balance.credit(tx) is None
        gateway.note_identity(tx, Identity("", "", "350", "", ""))
        assert 10_000_000 == left(tx), "a SIM that cannot be read need be no other"


def test_trouble_lasts_until_a_credit_is_told(database: Database) -> None:
    with database.transaction("test") as tx:
        balance.note_credit(tx, 10_000_000, at(1))
        balance.note_trouble(tx, "no answer", at(2))
        assert (balance.Trouble("no answer", at(2).wall), 10_000_000) == (balance.trouble(tx), left(tx))
        balance.note_credit(tx, 10_000_000, at(3))
        assert balance.trouble(tx) is None


def test_a_wish_lasts_until_the_next_question_ended_whatever_it_brought(database: Database) -> None:
    with database.transaction("test") as tx:
        assert (None, None) == (balance.wished(tx), balance.last_asked(tx))
        for ended in (
            lambda: balance.note_credit(tx, 10_000_000, at(3)),
            lambda: balance.note_trouble(tx, "no answer", at(4)),
            lambda: balance.forget_credit(tx),
        ):
            balance.note_wish(tx, at(1))
            balance.note_wish(tx, at(2))
            assert at(1).wall == balance.wished(tx)
            ended()
            assert balance.wished(tx) is None


def test_the_last_question_is_the_one_that_ended_last(database: Database) -> None:
    with database.transaction("test") as tx:
        balance.note_credit(tx, 10_000_000, at(1))
        assert at(1).wall == balance.last_asked(tx)
        balance.note_trouble(tx, "no answer", at(2))
        assert at(2).wall == balance.last_asked(tx)
        balance.note_credit(tx, 10_000_000, at(3))
        assert at(3).wall == balance.last_asked(tx)


def test_a_forgotten_credit_is_not_known(database: Database) -> None:
    with database.transaction("test") as tx:
        balance.note_credit(tx, 10_000_000, at(1))
        balance.forget_credit(tx)
        assert (None, None) == (balance.credit(tx), balance.trouble(tx))
        assert Standing.FIRST is balance.note_credit(tx, 5_000_000, at(2)).standing


def test_a_sim_is_idle_since_the_last_part_that_certainly_left(database: Database) -> None:
    with database.transaction("test") as tx:
        balance.note_idle(tx, at(0))
        balance.note_idle(tx, at(5))
        assert at(0).quota == balance.idle_since(tx)
        sent = claimed(tx, KARIM, at(10))
        outbox.settle_sent(tx, sent.id, (1,), at(11))
        doubtful = claimed(tx, BRICE, at(20))
        outbox.settle_in_doubt(tx, doubtful.id, "no answer", 0, None, at(21))
        assert at(11).quota == balance.idle_since(tx)
        outbox.operate(tx, doubtful.id, Event.SETTLE_SENT, "", at(30))
        assert at(21).quota == balance.idle_since(tx)
        outbox.forget_before(tx, at(0).quota + 400 * DAY)
        assert at(21).quota == balance.idle_since(tx)
