"""`senders`: who wrote, how often, and the story of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from relou_gateway.store import mutes

from .office import JULIEN, KARIM, LUCAS, MATHIEU, Office, opened
from .program import Program

KEYS = {
    "number",
    "first_at",
    "last_at",
    "messages",
    "calls",
    "answers",
    "answered_at",
    "blocked_by",
    "stopped_at",
    "muted_until",
    "mutes",
    "reply_id",
}


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    """Karim was answered and wrote once more, Julien said STOP, Mathieu waits, Lucas is no Frenchman."""
    with opened(tmp_path, program) as here:
        here.sent(KARIM)
        here.wrote(KARIM, "Réponds")
        here.world.modem.call(KARIM)
        here.world.receive()
        here.wrote(JULIEN, "STOP")
        here.wrote(MATHIEU)
        here.wrote(MATHIEU, "Réponds")
        here.wrote(LUCAS)
        yield here


def mute(office: Office, number: str, hours: float) -> None:
    with office.world.gateway.database.transaction("test") as tx:
        mutes.mute(tx, number, office.world.now().quota + timedelta(hours=hours))


def state(office: Office, number: str) -> str:
    [line] = [line for line in office("senders").splitlines() if line.startswith(number)]
    return line.rpartition("  ")[2].strip()


# --- the list -----------------------------------------------------------------------------


def test_the_most_active_come_first_with_their_counts(office: Office) -> None:
    rows = office.rows("senders")
    assert all(set(row) >= KEYS for row in rows)
    assert [(KARIM, 2, 1, 1, None), (MATHIEU, 2, 0, 0, 2)] == [
        (row["number"], row["messages"], row["calls"], row["answers"], row["reply_id"]) for row in rows[:2]
    ]
    assert {JULIEN, LUCAS} == {row["number"] for row in rows[2:]}
    assert rows[0]["first_at"] < rows[0]["answered_at"] <= rows[0]["last_at"]


def test_only_the_top_is_shown_where_that_is_wanted(office: Office) -> None:
    assert office.rows("senders")[:1] == office.rows("senders", "--top", "1")
    assert 2 == office.program("senders", "--top", "0")


def test_people_see_what_holds_of_each(office: Office) -> None:
    office("senders", "block", "+32*", LUCAS)
    mute(office, MATHIEU, 99)
    assert ("-", "stopped", "blocked") == (state(office, KARIM), state(office, JULIEN), state(office, LUCAS))
    assert (True, True) == (
        "muted until 20" in office("senders"),
        state(office, MATHIEU).endswith("waiting (reply 2)"),
    )


def test_a_mute_that_is_over_is_told_no_more(office: Office) -> None:
    mute(office, KARIM, -1)
    assert "-" == state(office, KARIM)
    [row] = [row for row in office.rows("senders") if row["number"] == KARIM]
    assert (None, 1) == (row["muted_until"], row["mutes"])
    assert "not now; 1 time before" in office("senders", "show", KARIM)


def test_where_nobody_wrote_people_are_told_so(tmp_path: Path, program: Program) -> None:
    with opened(tmp_path, program) as here:
        assert ("nobody wrote or called yet\n", []) == (here("senders"), here.rows("senders"))


def test_a_stranger_s_name_is_shown_harmlessly(office: Office) -> None:
    office.wrote("\x1b[2J\u202eRelou")
    assert (True, False) == (r"\x1b[2J\u202eRelou" in office("senders"), "\x1b" in office("senders"))


# --- one sender ---------------------------------------------------------------------------


def test_a_story_has_counts_replies_and_messages_the_newest_last(office: Office) -> None:
    shown = office("senders", "show", "06 12 34 56 78")
    told = {line[:12].strip(): line[12:] for line in shown.partition("\n\n")[0].splitlines()}
    assert (KARIM, "2 messages, 1 call") == (told["sender"], told["wrote"])
    assert told["answers"].startswith("1, the latest 20")
    assert "reply 1: sent at 20" in shown
    assert [
        "sms 1, reply: Salut, c'est Karim",
        "sms 2, declined: cooldown: Réponds",
        "call 3, declined: cooldown",
    ] == [line[23:] for line in shown.partition("messages and calls\n")[2].splitlines()]


def test_a_story_for_programs_has_all_of_it(office: Office) -> None:
    office("senders", "block", "+336*", KARIM)
    row = office.row("senders", "show", KARIM)
    assert set(row) >= KEYS
    assert [KARIM, "+336*"] == row["blocked_by"]
    assert [("reply", 1), ("declined", None), ("declined", None)] == [
        (each["verdict"], each["reply_id"]) for each in row["history"]
    ]
    assert [(1, "sent")] == [(each["id"], each["state"]) for each in row["replies"]]


def test_a_story_tells_of_stop_block_and_mute(office: Office) -> None:
    office("senders", "block", JULIEN)
    mute(office, JULIEN, 99)
    mute(office, JULIEN, 99)
    shown = office("senders", "show", JULIEN)
    assert all(
        part in shown
        for part in (f"blocked     by {JULIEN}", "asked on 20", "not to be answered", ", for the second time")
    )


def test_of_a_flooder_people_see_the_newest_and_how_many_there_are_besides(office: Office) -> None:
    for index in range(33):
        office.wrote("+33611111111", f"Réponds {index}")
    shown = office("senders", "show", "+33611111111").splitlines()
    assert ("  3 older: `relou-gateway messages --sender +33611111111` has them all", True) == (
        shown[-31],
        shown[-1].endswith("Réponds 32"),
    )
    assert 33 == len(office.row("senders", "show", "+33611111111")["history"])
    cut = office.row("senders", "show", "+33611111111", "--limit", "2")["history"]
    assert ["Réponds 31", "Réponds 32"] == [each["text"] for each in cut]


def test_a_prefix_shows_everyone_whose_number_begins_so(office: Office) -> None:
    assert {KARIM, JULIEN} == {row["number"] for row in office.rows("senders", "show", "06*")}
    assert [MATHIEU] == [row["number"] for row in office.rows("senders", "show", "+337*")]
    assert 4 == len(office.rows("senders", "show", "*"))


@pytest.mark.parametrize("number", ["+33600000000", "+338*", "Nobody", "38105"])
def test_who_is_unknown_is_exit_code_three(office: Office, number: str) -> None:
    code, line = office.refused("senders", "show", number)
    assert (3, True) == (code, line.startswith("Error: no"))


def test_who_is_blocked_and_never_wrote_is_known_for_that(office: Office) -> None:
    office("senders", "block", "+33600000000")
    assert "blocked     by +33600000000" in office("senders", "show", "+33600000000")
    assert {
        "number": "+33600000000",
        "blocked_by": ["+33600000000"],
        "history": [],
        "replies": [],
        "counted": [],
    } == office.row("senders", "show", "+33600000000")


@pytest.mark.parametrize(
    "arguments", [["show"], ["show", KARIM, JULIEN], ["show", ""], ["show", "0*6*"], ["lost"]]
)
def test_a_story_of_nobody_is_wrong_use(office: Office, arguments: list[str]) -> None:
    assert 2 == office.program("senders", *arguments)
