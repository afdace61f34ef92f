"""The ledger: append-only, chained, and true to the texts for as long as they are kept."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.lifecycle import Event
from relou_gateway.rules.throttle import Spending
from relou_gateway.store import gateway, inbox, ledger, outbox
from relou_gateway.store.database import Connection, Database
from relou_gateway.store.seals import chain_hash, content_hash
from tests.store.samples import (
    BRICE,
    DAY,
    KARIM,
    START,
    at,
    canonical,
    claimed,
    listing,
    scheduled,
    slot,
    sms,
    take,
)


@pytest.fixture
def busy(database: Database) -> Database:
    """A gateway that has lived a little: eleven rows in its ledger."""
    with database.transaction("test") as tx:
        take(tx, slot(1, sms("geheim")), slot(2, sms("andere", BRICE)), now=at(0))
        outbox.settle_sent(tx, claimed(tx, now=at(1)).id, (1, 2, 3), at(2))
        gateway.pause(tx, "a raid", at(3))
        gateway.resume(tx, at(4))
        outbox.operate(tx, scheduled(tx, BRICE, now=at(5)).id, Event.CANCEL, "", at(6))
    return database


def tampering(database: Database, *statements: str) -> None:
    """Do what somebody can who has the file and takes the triggers out of the way."""
    with closing(sqlite3.connect(database.path)) as their, their:
        triggers = their.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            their.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            their.execute(statement)


def findings(database: Database) -> tuple[list[int], list[int], list[int]]:
    with database.snapshot() as tx:
        return ledger.broken_links(tx), ledger.changed_contents(tx), ledger.changed_replies(tx)


# --- what it tells ------------------------------------------------------------------------


def test_it_tells_what_happened_in_order(busy: Database) -> None:
    with busy.snapshot() as tx:
        rows = ledger.newest(tx, 99)

    assert [
        ("received", "sms"),
        ("received", "sms"),
        ("reply", "scheduled"),
        ("reply", "sending"),
        ("reserved", ""),
        ("reply", "sent"),
        ("settled", ""),
        ("paused", ""),
        ("resumed", ""),
        ("reply", "scheduled"),
        ("reply", "cancelled"),
    ] == [(row.event, row.state) for row in rows]
    assert list(range(1, 12)) == [row.id for row in rows]


def test_the_newest_rows_are_told_newest_last(busy: Database) -> None:
    with busy.snapshot() as tx:
        assert [10, 11] == [row.id for row in ledger.newest(tx, 2)]
        assert [] == ledger.newest(tx, 0)


def test_the_history_of_a_reply_is_its_own(busy: Database) -> None:
    with busy.snapshot() as tx:
        assert [3, 4, 5, 6, 7] == [row.id for row in ledger.of_reply(tx, 1)]
        assert [10, 11] == [row.id for row in ledger.of_reply(tx, 2)]
        assert [] == ledger.of_reply(tx, 3)


def test_the_latest_time_on_record_is_quota_time(busy: Database) -> None:
    with busy.snapshot() as tx:
        assert at(6).quota == ledger.latest_time(tx)


def test_an_empty_ledger_has_no_latest_time_and_nothing_broken(database: Database) -> None:
    with database.snapshot() as tx:
        assert ledger.latest_time(tx) is None
    assert ([], [], []) == findings(database)


def test_a_pause_that_is_no_change_is_on_record_and_a_resume_that_is_none_is_not(tx: Connection) -> None:
    gateway.pause(tx, "one", at(1))
    gateway.pause(tx, "two", at(2))
    assert [True, False] == [gateway.resume(tx, at(3)), gateway.resume(tx, at(4))]

    assert ["paused", "paused", "resumed"] == [row.event for row in ledger.newest(tx, 9)]


def test_spendings_are_what_is_open_and_what_was_settled_since(tx: Connection) -> None:
    outbox.settle_sent(tx, claimed(tx, KARIM, now=at(0)).id, (1, 2, 3), at(10))
    claimed(tx, BRICE, now=at(20))

    karim, brice = Spending(KARIM, 3, 480_000, at(10).quota), Spending(BRICE, 3, 480_000, None)
    assert {karim, brice} == set(ledger.spendings(tx, at(9.999).quota))
    assert [brice] == ledger.spendings(tx, at(10).quota)
    assert [brice] == ledger.spendings(tx, START + 9999 * DAY)


# --- append-only --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET cost = 0",
        "UPDATE OR REPLACE ledger SET id = 1 WHERE id = 2",
        "DELETE FROM ledger",
        "DELETE FROM ledger WHERE id = 11",
        "INSERT OR REPLACE INTO ledger (id, at, wall, event, previous, hash) VALUES (1, 0, 0, 'x', x'', x'')",
        "REPLACE INTO ledger SELECT * FROM ledger WHERE id = 3",
    ],
)
@pytest.mark.parametrize("ours", [True, False], ids=["our connection", "another program"])
def test_no_row_is_changed_replaced_or_taken_out(busy: Database, statement: str, ours: bool) -> None:
    with closing(sqlite3.connect(busy.path)) as theirs:
        connection = busy._connection if ours else theirs
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)

    assert ([], [], []) == findings(busy)


@pytest.fixture
def stranger(busy: Database) -> Iterator[Connection]:
    """A connection of a program that does not know our functions, such as the sqlite3 shell."""
    with closing(sqlite3.connect(busy.path, isolation_level=None)) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE outbox SET state = 'held' WHERE id = 1",
        "UPDATE inbox SET verdict = 'declined', judged_at = 0, judged_wall = 0",
        "UPDATE reservations SET parts = 0, cost = 0",
        "UPDATE reservations SET settled_at = settled_at + 1",
        "INSERT INTO ledger_entry (at, wall, event) VALUES (0, 0, 'x')",
        """
        INSERT INTO inbox (kind, number, received_number, received_at, received_wall, salt)
        VALUES ('sms', '', '', 0, 0, x'')
        """,
        """
        INSERT INTO reservations (reply_id, recipient, parts, cost, claimed_at, changed_at, changed_wall)
        VALUES (1, '', 0, 0, 0, 0, 0)
        """,
        "DELETE FROM reservations",
        "DELETE FROM outbox",
    ],
)
def test_another_program_cannot_change_what_the_ledger_must_know_of(
    stranger: Connection, statement: str
) -> None:
    before = list(stranger.iterdump())

    with pytest.raises(sqlite3.Error):
        stranger.execute(statement)

    assert before == list(stranger.iterdump())


# --- the chain ----------------------------------------------------------------------------


def test_an_honest_life_leaves_nothing_to_find(busy: Database) -> None:
    assert ([], [], []) == findings(busy)


@pytest.mark.parametrize(
    "assignment",
    [
        "at = at + 1",
        "wall = wall - 1",
        "event = 'other'",
        "message_id = 99",
        "reply_id = NULL",
        "reservation_id = 9",
        "state = 'failed'",
        "reason = 'x'",
        "parts = 0",
        "cost = 1",
        "content = x'00'",
        "previous = ZEROBLOB(32)",
        "hash = ZEROBLOB(32)",
    ],
)
def test_a_changed_row_is_found(busy: Database, assignment: str) -> None:
    tampering(busy, f"UPDATE ledger SET {assignment} WHERE id = 5")

    broken, _, _ = findings(busy)
    assert 5 in broken
    assert not set(broken) - {5, 6}


def test_a_row_taken_out_of_the_middle_is_found(busy: Database) -> None:
    tampering(busy, "DELETE FROM ledger WHERE id = 5")

    assert [6] == findings(busy)[0]


def test_rows_taken_from_the_beginning_are_found(busy: Database) -> None:
    tampering(busy, "DELETE FROM ledger WHERE id <= 3")

    assert [4] == findings(busy)[0]


def test_rows_taken_from_the_end_are_found(busy: Database) -> None:
    tampering(busy, "DELETE FROM ledger WHERE id >= 10")

    assert [10, 11] == findings(busy)[0]


def test_a_ledger_that_was_emptied_is_found(busy: Database) -> None:
    tampering(busy, "DELETE FROM ledger")

    assert list(range(1, 12)) == findings(busy)[0]


def test_rows_in_another_order_are_found(busy: Database) -> None:
    tampering(
        busy,
        "UPDATE ledger SET id = -4 WHERE id = 4",
        "UPDATE ledger SET id = 4 WHERE id = 5",
        "UPDATE ledger SET id = 5 WHERE id = -4",
    )

    assert [4, 5, 6] == findings(busy)[0]


def test_a_row_put_in_by_hand_is_found(busy: Database) -> None:
    tampering(
        busy, "INSERT INTO ledger (at, wall, event, previous, hash) VALUES (0, 0, 'x', ZEROBLOB(32), x'00')"
    )

    assert [12] == findings(busy)[0]


def test_a_transaction_that_was_taken_back_leaves_no_gap(busy: Database) -> None:
    with suppress(KeyboardInterrupt), busy.transaction("test") as tx:
        gateway.pause(tx, "", at(9))
        raise KeyboardInterrupt
    with busy.transaction("test") as tx:
        gateway.pause(tx, "", at(10))

    assert ([], [], []) == findings(busy)


def test_the_chain_stays_whole_over_a_restart(busy: Database) -> None:
    busy.close()
    with Database(busy.path) as opened:
        with opened.transaction("test") as tx:
            gateway.pause(tx, "", at(9))
        assert ([], [], []) == findings(opened)


# --- the contents -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "assignment",
    [
        "text = 'erfunden'",
        "received_number = '+33600000000'",
        "raw = x'00'",
        "salt = x'00112233445566778899aabbccddeeff'",
        "salt = x''",
        "salt = x'', text = 'erfunden'",
    ],
)
def test_a_message_that_was_changed_is_found(busy: Database, assignment: str) -> None:
    tampering(busy, f"UPDATE inbox SET {assignment} WHERE id = 1")

    assert [1] == findings(busy)[1]


def test_a_reply_that_was_changed_is_found(busy: Database) -> None:
    tampering(busy, "UPDATE outbox SET text = 'erfunden' WHERE id = 1", "UPDATE outbox SET number = ''")

    assert [1, 2] == findings(busy)[2]


def test_what_retention_forgot_is_not_taken_for_a_change(busy: Database) -> None:
    with busy.transaction("sweep") as tx:
        inbox.forget_before(tx, at(99).quota)
        outbox.forget_before(tx, at(99).quota)

    assert ([], [], []) == findings(busy)


def test_equal_texts_have_different_seals(tx: Connection) -> None:
    take(tx, slot(1, sms("geheim")), slot(2, sms("geheim")))

    first, second = (row["content"] for row in tx.execute("SELECT content FROM ledger"))
    assert first != second


FIELDS = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5) | st.binary(max_size=5)


@given(st.lists(FIELDS, max_size=6), st.lists(FIELDS, max_size=6))
def test_different_rows_have_different_hashes(
    one: list[int | str | bytes | None], other: list[int | str | bytes | None]
) -> None:
    same = [(type(each), each) for each in one] == [(type(each), each) for each in other]

    assert same is (chain_hash(ledger.GENESIS, *one) == chain_hash(ledger.GENESIS, *other))


def test_a_hash_hangs_on_the_row_before() -> None:
    assert chain_hash(bytes(32), "x") != chain_hash(bytes(31) + b"\1", "x")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c", None), ("a", "bc", None)),
        (("ab", "", b"c"), ("ab", "c", b"")),
        (("", "ab", None), ("ab", "", None)),
    ],
)
def test_no_character_can_move_from_one_field_to_the_next_unseen(
    one: tuple[str, str, bytes | None], other: tuple[str, str, bytes | None]
) -> None:
    salt = bytes(16)

    assert content_hash(salt, *one) != content_hash(salt, *other)


def test_the_seal_can_be_checked_by_anyone_with_a_sha256() -> None:
    by_hand = hashlib.sha256(
        b"salt" + (3).to_bytes(4, "big") + b"+33" + (2).to_bytes(4, "big") + "é".encode() + bytes(4)
    )

    assert by_hand.digest() == content_hash(b"salt", "+33", "é", None)


def test_the_chain_can_be_checked_by_anyone_with_a_sha256() -> None:
    by_hand = hashlib.sha256(bytes(32) + b"int:1:7str:3:abcNoneType:4:Nonebytes:2:\x00\xff")

    assert by_hand.digest() == chain_hash(bytes(32), 7, "abc", None, b"\x00\xff")


def test_it_is_small_enough_to_be_checked_whole(database: Database, tmp_path: Path) -> None:
    del tmp_path
    with database.transaction("test") as tx:
        for index in range(2_000):
            inbox.take(tx, listing(slot(1, sms(f"{index}"))), at(index), canonical, set())

    assert ([], [], []) == findings(database)
