"""`queue`: what is shown, and the operator's moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.cli import moves
from relou_gateway.rules.lifecycle import Event
from relou_gateway.rules.ranking import Suspicion
from relou_gateway.rules.records import Status
from relou_gateway.store import outbox
from relou_gateway.store import queue as line
from relou_gateway.store.database import Connection, Database

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


# --- moves by what replies are like --------------------------------------------------------


def suspect(office: Office, reply_id: int, score: float) -> None:
    with office.world.gateway.database.transaction("test") as tx:
        outbox.note_suspicion(tx, reply_id, Suspicion(score, ()))


@pytest.fixture
def three(office: Office) -> Office:
    """Karim's reply waits, Julien's is held and suspicious, Mathieu's waits and is not."""
    for number, score in ((KARIM, 0.0), (JULIEN, 3.2), (MATHIEU, -1.0)):
        office.wrote(number)
        suspect(office, len(office.states()), score)
    office("queue", "hold", "2")
    return office


@pytest.mark.parametrize(
    ("verb", "arguments", "moved"),
    [
        ("cancel", ["--above", "1"], [2]),
        ("cancel", ["--above", "-0.5"], [1, 2]),
        ("cancel", ["--above", "3.2"], []),
        ("cancel", ["--sender", "06*"], [1, 2]),
        ("cancel", ["--sender", "06 12 34 56 78"], [1]),
        ("cancel", ["--state", "held"], [2]),
        ("cancel", ["--state", "scheduled", "--sender", "+336*"], [1]),
        ("cancel", ["--all", "--above", "1"], [2]),
        ("cancel", ["--all"], [1, 2, 3]),
        ("hold", ["--sender", "*"], [1, 3]),
        ("release", ["--above", "1"], [2]),
        ("release", ["--above", "4"], []),
    ],
)
def test_replies_are_moved_by_what_they_are_like(
    three: Office, verb: str, arguments: list[str], moved: list[int]
) -> None:
    becomes = {"cancel": "cancelled", "hold": "held", "release": "scheduled"}[verb]
    before = three.states()
    would = {"state": becomes, "moved": [], "would_move": moved}
    assert would == three.row("queue", verb, *arguments, "--dry-run")
    assert before == three.states()
    assert {"state": becomes, "moved": moved} == three.row("queue", verb, *arguments)
    assert {**before, **dict.fromkeys(moved, Status(becomes))} == three.states()


def test_people_are_told_how_many_were_moved(three: Office) -> None:
    assert "2 replies: cancelled\n" == three("queue", "cancel", "--sender", "06*")
    assert "there is none that can be cancelled\n" == three("queue", "cancel", "--sender", "06*")


def test_a_dry_run_lists_what_it_would_be_done_to(three: Office) -> None:
    head, reply, said = three("queue", "cancel", "--above", "1", "--dry-run").splitlines()
    assert (True, True, "1 reply would be cancelled") == (head.startswith("ID"), JULIEN in reply, said)
    assert "0 replies would be held\n" == three("queue", "hold", "--above", "9", "--dry-run")


def test_a_dry_run_of_named_replies_refuses_what_would_be_refused(three: Office) -> None:
    assert (1, "Error: reply 2 is held; only one that is scheduled can be held; nothing was changed") == (
        three.refused("queue", "hold", "1", "2", "--dry-run")
    )
    assert (3, "Error: there is no reply 9") == three.refused("queue", "hold", "9", "--dry-run")
    assert [1, 3] == three.row("queue", "hold", "1", "3", "1", "--dry-run")["would_move"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["1", "--above", "1"],
        ["--dry-run"],
        ["--above", "much"],
        ["--state", "sent"],
        ["--sender", "0*6*"],
        ["--sender", "+3361"],
    ],
)
def test_filters_that_make_no_sense_are_wrong_use(three: Office, arguments: list[str]) -> None:
    before = three.states()
    assert 2 == three.program("queue", "hold", *arguments)
    assert before == three.states()


def test_many_are_moved_in_small_transactions_so_that_the_daemon_is_not_kept_waiting(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[str] = []
    begin = Database._begin

    def noted(database: Database, name: str) -> None:
        began.append(name)
        begin(database, name)

    for index in range(5):
        office.wrote(f"+3361200000{index}")
    monkeypatch.setattr(Database, "_begin", noted)
    monkeypatch.setattr(moves.batches, "__defaults__", (2,))
    office("queue", "hold", "--all")
    assert ["queue hold"] * 3 == began
    assert {Status.HELD} == set(office.states().values())


def test_what_the_daemon_took_meanwhile_is_left_out(three: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = line.chosen

    def then_cancelled(tx: Connection, *filters: Any) -> list[int]:
        found = chosen(tx, *filters)
        tx.rollback()
        with Database(three.folder / "gateway.db") as daemon, daemon.transaction("daemon") as its:
            outbox.operate(its, 1, Event.CANCEL, "", three.world.now())
        return found

    monkeypatch.setattr(line, "chosen", then_cancelled)
    assert [2, 3] == three.row("queue", "cancel", "--all")["moved"]


def test_those_that_are_due_are_listed_by_suspicion(three: Office) -> None:
    assert [3, 1, 2] == [row["id"] for row in three.rows("queue")]


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
