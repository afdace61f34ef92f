"""Senders: who wrote, how often, and what may not happen to them again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.admission import Past
from relou_gateway.rules.records import Kind
from relou_gateway.store import senders
from relou_gateway.store.database import Connection, milliseconds
from tests.store.samples import BRICE, KARIM, START, WALL_AHEAD, at

STRANGER = "+33699999999"


def past(tx: Connection, number: str = KARIM) -> Past:
    return senders.past(tx, number, waiting=False)


def row(tx: Connection, number: str = KARIM) -> dict[str, object]:
    found = tx.execute("SELECT * FROM senders WHERE number = ?", (number,)).fetchone()
    return dict(found)


def answered(tx: Connection, number: str, second: float) -> None:
    senders.note(tx, number, Kind.SMS, at(second).quota)
    senders.count_answer(tx, number, at(second).quota)


def test_of_a_stranger_nothing_is_known(tx: Connection) -> None:
    assert Past() == past(tx, STRANGER)


def test_whether_a_reply_waits_is_told_by_those_who_know(tx: Connection) -> None:
    assert Past(waiting=True) == senders.past(tx, KARIM, waiting=True)


def test_messages_and_calls_are_counted_apart(tx: Connection) -> None:
    for second, kind in enumerate([Kind.SMS, Kind.CALL, Kind.SMS, Kind.BINARY]):
        senders.note(tx, KARIM, kind, at(second).quota)
    senders.note(tx, BRICE, Kind.CALL, at(9).quota)

    found = row(tx)
    assert (3, 1) == (found["messages"], found["calls"])
    assert (milliseconds(START), milliseconds(at(3).quota)) == (found["first_at"], found["last_at"])


def test_a_message_that_is_judged_late_does_not_make_him_seen_earlier(tx: Connection) -> None:
    senders.note(tx, KARIM, Kind.SMS, at(9).quota)
    senders.note(tx, KARIM, Kind.SMS, at(3).quota)

    assert milliseconds(at(9).quota) == row(tx)["last_at"]


# --- answers ------------------------------------------------------------------------------


def test_an_answer_counts_from_its_claim_and_is_dated_when_it_is_settled(tx: Connection) -> None:
    senders.note(tx, KARIM, Kind.SMS, START)

    assert senders.count_answer(tx, KARIM, at(5).quota) is None
    assert Past(answers=1, answered_at=at(5).quota) == past(tx)
    senders.date_answer(tx, KARIM, at(9).quota)
    assert Past(answers=1, answered_at=at(9).quota) == past(tx)


def test_an_answer_that_never_left_is_taken_back_with_its_cooldown(tx: Connection) -> None:
    answered(tx, KARIM, 1)
    before = senders.count_answer(tx, KARIM, at(100).quota)

    senders.uncount_answer(tx, KARIM, before, answered_since=False)

    assert Past(answers=1, answered_at=at(1).quota) == past(tx)


def test_a_later_answer_keeps_its_cooldown(tx: Connection) -> None:
    answered(tx, KARIM, 1)
    answered(tx, KARIM, 100)

    senders.uncount_answer(tx, KARIM, None, answered_since=True)

    assert Past(answers=1, answered_at=at(100).quota) == past(tx)


def test_answers_never_fall_below_zero(tx: Connection) -> None:
    senders.note(tx, KARIM, Kind.SMS, START)
    senders.uncount_answer(tx, KARIM, None, answered_since=False)
    senders.date_answer(tx, KARIM, at(5).quota)

    assert Past() == past(tx)


# --- stop and blocks ----------------------------------------------------------------------


def test_who_asked_once_stays_stopped_since_then(tx: Connection) -> None:
    senders.note(tx, KARIM, Kind.SMS, START)
    senders.stop(tx, KARIM, at(1))
    senders.stop(tx, KARIM, at(2))

    assert Past(stopped=True) == past(tx)
    assert milliseconds(at(1).quota + WALL_AHEAD) == row(tx)["stopped_wall"]


@pytest.mark.parametrize(
    ("pattern", "blocked"),
    [
        (KARIM, True),
        ("+336*", True),
        ("+33612345678*", True),
        ("*", True),
        ("+336", False),
        ("+337*", False),
        ("+336123456780*", False),
        ("%", False),
        ("_33612345678", False),
        ("+3361234567?", False),
        ("", False),
    ],
)
def test_a_block_holds_for_a_number_or_for_a_prefix_that_ends_in_a_star(
    tx: Connection, pattern: str, blocked: bool
) -> None:
    senders.block(tx, pattern, at())

    assert blocked is senders.is_blocked(tx, KARIM)
    assert blocked is past(tx).blocked


def test_a_block_is_made_and_lifted_once(tx: Connection) -> None:
    assert [True, False] == [senders.block(tx, "+336*", at()) for _ in range(2)]
    assert [False, True, False] == [
        senders.unblock(tx, "+3361*"),
        senders.unblock(tx, "+336*"),
        senders.unblock(tx, "+336*"),
    ]
    assert not senders.is_blocked(tx, KARIM)


@given(st.text("+0123456789*", max_size=12), st.text("+0123456789*", max_size=12))
def test_whom_a_block_means_is_what_its_words_say(
    tx_for_properties: Connection, number: str, pattern: str
) -> None:
    tx = tx_for_properties
    tx.execute("DELETE FROM blocks")
    senders.block(tx, pattern, at())

    expected = number == pattern or (pattern.endswith("*") and number.startswith(pattern[:-1]))

    assert expected is senders.is_blocked(tx, number)


@pytest.mark.parametrize("number", ["'; DELETE FROM blocks; --", "a\0b", "x" * 64, ""])
def test_a_strange_name_is_data_to_a_block(tx: Connection, number: str) -> None:
    senders.block(tx, "+336*", at())

    assert not senders.is_blocked(tx, number)
    assert senders.is_blocked(tx, KARIM)


# --- retention ----------------------------------------------------------------------------


def test_only_those_are_forgotten_of_whom_nothing_must_be_kept(tx: Connection) -> None:
    senders.note(tx, STRANGER, Kind.SMS, at(0).quota)
    answered(tx, KARIM, 0)
    senders.note(tx, BRICE, Kind.SMS, at(0).quota)
    senders.stop(tx, BRICE, at(0))
    senders.note(tx, "+33600000001", Kind.SMS, at(10).quota)
    senders.block(tx, STRANGER, at(0))

    assert 1 == senders.forget_before(tx, at(10).quota)

    assert Past(blocked=True) == past(tx, STRANGER)
    assert Past(answers=1, answered_at=START) == past(tx, KARIM)
    assert Past(stopped=True) == past(tx, BRICE)
    assert 3 == tx.execute("SELECT COUNT(*) FROM senders").fetchone()[0]
