"""`queue`: what is shown, and the operator's moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relou_gateway.rules.records import Status

from .office import JULIEN, KARIM, LUCAS, MATHIEU, Office, opened
from .program import Program

TOLD = ("id", "kind", "message_id", "number", "state", "text", "parts", "cost", "attempts")
KEYS = {*TOLD, "created_at", "due_at", "sent_at", "delivered_at", "reason", "suspicion"}


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    with opened(tmp_path, program) as here:
        yield here


# --- listing --------------------------------------------------------------------------------


def test_it_has_every_key_that_programs_rely_on(office: Office) -> None:
    office.sent(KARIM)
    row = office.row("queue")
    assert KEYS <= set(row)
    assert (1, "reply", 1, KARIM, "sent", "Un non est un non.", 1, "0.16", 1) == tuple(
        row[key]
        for key in ["id", "kind", "message_id", "number", "state", "text", "parts", "cost", "attempts"]
    )
    assert row["created_at"] < row["due_at"] <= row["sent_at"]
    assert (None, None) == (row["delivered_at"], row["suspicion"])


def test_those_that_wait_come_first_and_the_next_to_go_is_on_top(office: Office) -> None:
    office.sent(KARIM)
    office.in_doubt(JULIEN)
    for number in (MATHIEU, "+33612000001", "+33612000002"):
        office.wrote(number)
    office("queue", "hold", "4")
    listed = office.rows("queue")
    waiting, ended = listed[:3], listed[3:]
    assert {"scheduled", "held"} == {row["state"] for row in waiting}
    assert sorted(row["due_at"] for row in waiting) == [row["due_at"] for row in waiting]
    assert [(2, "in_doubt"), (1, "sent")] == [(row["id"], row["state"]) for row in ended]


@pytest.mark.parametrize("state", [str(state) for state in Status])
def test_one_state_can_be_asked_for(office: Office, state: str) -> None:
    office.sent(KARIM)
    office.in_doubt(JULIEN)
    office.wrote(MATHIEU)
    expected = [each for each in ("scheduled", "in_doubt", "sent") if each == state]
    assert expected == [row["state"] for row in office.rows("queue", "--state", state)]


def test_the_list_can_be_cut_short(office: Office) -> None:
    for number in (KARIM, JULIEN, MATHIEU):
        office.wrote(number)
    everything = office.rows("queue")
    assert everything[:2] == office.rows("queue", "--limit", "2")
    assert 2 == office.program("queue", "--limit", "0")


def test_a_state_that_there_is_not_is_wrong_use_and_the_states_are_named(office: Office) -> None:
    code, line = office.refused("queue", "--state", "lost")
    assert (2, True) == (code, "in_doubt" in line)


def test_an_empty_queue_is_told_to_people_and_is_no_line_for_programs(office: Office) -> None:
    assert ("no reply\n", []) == (office("queue"), office.rows("queue"))


# --- one reply ------------------------------------------------------------------------------


def test_one_reply_is_shown_with_its_whole_history(office: Office) -> None:
    office.wrote(KARIM)
    office.wrote(KARIM, "Réponds")
    office.world.wait(11)
    office.world.send_all()
    shown = office.row("queue", "show", "1")
    assert KEYS <= set(shown)
    assert [1, 2] == shown["message_ids"]
    assert [
        ("reply", "scheduled"),
        ("judged", "reply"),
        ("judged", "joined"),
        ("reply", "sending"),
        ("reserved", ""),
        ("reply", "sent"),
        ("settled", ""),
    ] == [(entry["event"], entry["state"]) for entry in shown["history"]]
    assert "0.16" == shown["history"][-1]["cost"]


def test_the_history_tells_the_story_in_words(office: Office) -> None:
    office.in_doubt(KARIM)
    office("queue", "settle", "1", "failed")
    story = [line[23:] for line in office("queue", "show", "1").partition("history\n")[2].splitlines()]
    assert [
        "scheduled",
        "message 1 asked for it (first_contact)",
        "sending",
        "reserved 1 part, 0.16 EUR",
        "in_doubt (the modem fell silent)",
        "spent 1 part, 0.16 EUR",
        "failed (by an operator)",
        "given back 1 part, 0.16 EUR",
    ] == story


@pytest.mark.parametrize("reply_id", ["1", "0", "99999999999999999999999"])
@pytest.mark.parametrize("verb", ["show", "hold", "release", "cancel"])
def test_a_reply_that_there_is_not_is_exit_code_three(office: Office, verb: str, reply_id: str) -> None:
    code, line = office.refused("queue", verb, reply_id)
    assert (3, True) == (code, line.startswith("Error: there is no reply "))


# --- moves ----------------------------------------------------------------------------------


def test_a_held_reply_waits_until_it_is_released(office: Office) -> None:
    office.wrote(KARIM)
    assert "reply 1 is held\n" == office("queue", "hold", "1")
    office.world.wait(30)
    assert 0 == office.world.send_all()
    assert "reply 1 is scheduled\n" == office("queue", "release", "1")
    assert 1 == office.world.send_all()


def test_a_cancelled_reply_never_goes(office: Office) -> None:
    office.wrote(KARIM)
    assert "reply 1 is cancelled\n" == office("queue", "cancel", "1")
    office.world.wait(30)
    assert (0, {1: Status.CANCELLED}) == (office.world.send_all(), office.states())


def test_several_are_moved_at_once_and_one_named_twice_counts_once(office: Office) -> None:
    office.wrote(KARIM)
    office.wrote(JULIEN)
    assert "reply 2 is held\nreply 1 is held\n" == office("queue", "hold", "2", "1", "2")
    assert {1: Status.HELD, 2: Status.HELD} == office.states()


@pytest.mark.parametrize(
    ("others", "code", "why"),
    [
        (["9"], 3, "there is no reply 9; nothing was changed"),
        (["1"], 1, "reply 1 is sent; only one that is scheduled can be held; nothing was changed"),
    ],
)
def test_of_several_all_are_moved_or_none(office: Office, others: list[str], code: int, why: str) -> None:
    office.sent(KARIM)
    office.wrote(JULIEN)
    assert (code, f"Error: {why}") == office.refused("queue", "hold", "2", *others)
    assert {1: Status.SENT, 2: Status.SCHEDULED} == office.states()


@pytest.mark.parametrize(
    ("verb", "states"),
    [
        ("hold", "sent held held"),
        ("release", "sent scheduled scheduled"),
        ("cancel", "sent cancelled cancelled"),
    ],
)
def test_all_means_all_that_it_can_be_done_to(office: Office, verb: str, states: str) -> None:
    office.sent(KARIM)
    office.wrote(JULIEN)
    office.wrote(MATHIEU)
    if verb != "hold":
        office("queue", "hold", "3")
    office("queue", verb, "--all")
    assert states.split() == list(office.states().values())


def test_all_of_none_is_said_and_no_failure(office: Office) -> None:
    assert "there is none that can be held\n" == office("queue", "hold", "--all")


@pytest.mark.parametrize("arguments", [[], ["1", "--all"], ["one"], ["1.5"]])
def test_a_move_without_clear_replies_is_wrong_use(office: Office, arguments: list[str]) -> None:
    office.wrote(KARIM)
    assert 2 == office.program("queue", "hold", *arguments)
    assert {1: Status.SCHEDULED} == office.states()


@pytest.mark.parametrize("outcome", ["sent", "failed"])
def test_what_is_in_doubt_is_settled_by_a_person(office: Office, outcome: str) -> None:
    office.in_doubt(KARIM)
    assert f"reply 1 is {outcome}\n" == office("queue", "settle", "1", outcome)
    assert outcome == office.row("queue")["state"]
    spent = "0.16" if outcome == "sent" else "0.00"
    assert spent == next(row["used"] for row in office.rows("budget") if row["window"] == "budget.per_day")


def test_only_what_is_in_doubt_is_settled(office: Office) -> None:
    office.wrote(LUCAS)
    office.sent(KARIM)
    code, line = office.refused("queue", "settle", "1", "sent")
    assert (1, "Error: reply 1 is sent; only one that is in_doubt can be settled; nothing was changed") == (
        code,
        line,
    )


def test_an_outcome_that_there_is_not_is_wrong_use(office: Office) -> None:
    office.in_doubt(KARIM)
    assert 2 == office.program("queue", "settle", "1", "maybe")
    assert {1: Status.IN_DOUBT} == office.states()
