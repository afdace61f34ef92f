"""Senders: who wrote, how often, and what may not happen to them again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.admission import Past
from relou_gateway.rules.records import Kind
from relou_gateway.store import mutes, senders
from relou_gateway.store.database import Connection, milliseconds
from tests.store.samples import BRICE, KARIM, START, WALL_AHEAD, at, scheduled

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


def test_blocks_are_told_with_their_time_and_which_of_them_holds(tx: Connection) -> None:
    for second, pattern in enumerate(["+336*", KARIM, "+33612*", "+337*"]):
        senders.block(tx, pattern, at(second))
    known = senders.blocks(tx)

    assert {"+336*": at(0).wall, "+33612*": at(2).wall, KARIM: at(1).wall, "+337*": at(3).wall} == known
    assert (KARIM, "+33612*", "+336*") == senders.blocking(KARIM, known)
    assert ("+336*",) == senders.blocking(BRICE, known)
    assert () == senders.blocking("38105", known)


@given(st.text(min_size=1, max_size=8), st.text(max_size=8))
def test_the_bounds_of_a_pattern_hold_the_numbers_that_it_means(number: str, pattern: str) -> None:
    low, high = senders.bounds(pattern)
    means = number == pattern if not pattern.endswith("*") else number.startswith(pattern[:-1])

    # byte order of UTF-8 is the order of code points
    assert means is (low <= number < high) or number.startswith(pattern[:-1] + "\U0010ffff")


# --- listing ------------------------------------------------------------------------------


def test_the_most_active_come_first_with_all_that_holds_of_them(tx: Connection) -> None:
    senders.note(tx, BRICE, Kind.SMS, at(0).quota)
    for second, kind in enumerate([Kind.SMS, Kind.CALL, Kind.SMS]):
        senders.note(tx, KARIM, kind, at(second).quota)
    senders.count_answer(tx, KARIM, at(5).quota)
    senders.stop(tx, KARIM, at(6))
    mutes.mute(tx, KARIM, at(99).quota)
    senders.block(tx, "+3361*", at(7))
    reply = scheduled(tx, BRICE, now=at(1))

    karim, brice = senders.listed(tx)
    assert karim == senders.Known(
        number=KARIM,
        first_at=at(0).quota,
        last_at=at(2).quota,
        messages=2,
        calls=1,
        answers=1,
        answered_at=at(5).quota,
        stopped_wall=at(6).wall,
        muted_until=at(99).quota,
        mutes=1,
        waiting=None,
        blocked_by=("+3361*",),
    )
    assert (BRICE, 2, 0, reply.id, ()) == (
        brice.number,
        brice.messages,
        brice.answers,
        brice.waiting,
        brice.blocked_by,
    )


def test_of_equally_active_ones_the_latest_comes_first_and_the_list_can_be_cut_short(tx: Connection) -> None:
    for second, number in enumerate([KARIM, BRICE, STRANGER]):
        senders.note(tx, number, Kind.SMS, at(second).quota)

    assert [STRANGER, BRICE, KARIM] == [each.number for each in senders.listed(tx)]
    assert [STRANGER, BRICE] == [each.number for each in senders.listed(tx, limit=2)]
    assert [KARIM] == [each.number for each in senders.listed(tx, "+3361*")]
    assert [KARIM] == [each.number for each in senders.listed(tx, KARIM)]
    assert [] == senders.listed(tx, "+337*")


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
