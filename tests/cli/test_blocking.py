"""`senders block`, `unblock` and `forget`: the operator's moves on those who write."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from relou_gateway.rules.records import Status
from relou_gateway.store import ledger
from relou_gateway.store.database import Database

from .office import JULIEN, KARIM, LUCAS, MATHIEU, Office, opened
from .program import Program

Typing = pytest.MonkeyPatch


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    with opened(tmp_path, program) as here:
        yield here


def types(monkeypatch: Typing, content: bytes) -> None:
    """Let standard input hold these bytes."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def blocked(office: Office) -> list[str]:
    return [row["pattern"] for row in office.rows("senders", "blocks")]


def entries(office: Office) -> list[tuple[str, str]]:
    """What the ledger has of moves on senders."""
    with office.world.gateway.database.snapshot() as tx:
        return [(each.event, each.reason) for each in ledger.newest(tx, 99) if not each.state]


# --- block --------------------------------------------------------------------------------


def test_who_is_blocked_is_not_answered_any_more_and_his_reply_is_cancelled(office: Office) -> None:
    office.wrote(KARIM)
    office.wrote(JULIEN)
    assert f"{KARIM}: blocked\n1 reply that waited: cancelled\n" == office(
        "senders", "block", "06 12 34 56 78"
    )
    assert {1: Status.CANCELLED, 2: Status.SCHEDULED} == office.states()
    assert "blocked" == office.row("queue", "show", "1")["reason"]
    office.wrote(KARIM, "Réponds")
    office.world.wait(30)
    office.world.send_all()
    assert [JULIEN] == office.world.answered()
    assert ("declined", "blocked") == office.world.verdicts()[-1]


def test_a_prefix_blocks_all_that_begin_so_held_ones_too(office: Office) -> None:
    for number in (KARIM, JULIEN, MATHIEU):
        office.wrote(number)
    office("queue", "hold", "2")
    assert {"new": ["+336*"], "already": [], "cancelled": [1, 2], "sending": []} == office.row(
        "senders", "block", "06*"
    )
    assert {1: Status.CANCELLED, 2: Status.CANCELLED, 3: Status.SCHEDULED} == office.states()


def test_a_block_that_was_there_stays_and_is_said(office: Office) -> None:
    office("senders", "block", KARIM)
    assert f"{JULIEN}: blocked\n{KARIM}: was blocked already\n" == office(
        "senders", "block", KARIM, JULIEN, KARIM
    )
    assert [KARIM, JULIEN] == blocked(office)
    assert [("blocked", "1 pattern"), ("blocked", "1 pattern")] == entries(office)


def test_the_ledger_knows_of_blocks_and_not_whom_they_mean(office: Office) -> None:
    office("senders", "block", KARIM, "+337*")
    office("senders", "unblock", KARIM)
    office("senders", "unblock", KARIM)
    assert [("blocked", "2 patterns"), ("unblocked", "1 pattern")] == entries(office)
    with office.world.gateway.database.snapshot() as tx:
        ledger_rows = repr([tuple(row) for row in tx.execute("SELECT * FROM ledger")])
    assert (False, []) == (KARIM in ledger_rows, office.world.broken_links())


def test_a_reply_that_is_on_its_way_is_not_taken_back_and_that_is_said(office: Office) -> None:
    office.wrote(KARIM)
    with office.world.gateway.database.transaction("test") as tx:
        tx.execute("UPDATE outbox SET state = 'sending'")
    assert f"{KARIM}: blocked\nreply 1 is on its way already and is not taken back\n" == office(
        "senders", "block", KARIM
    )


@pytest.mark.parametrize("pattern", ["*", "+*", "+3*", "+33*", "0*", "0033*"])
@pytest.mark.parametrize("verb", ["block", "forget"])
def test_a_prefix_that_means_everyone_needs_a_yes(office: Office, verb: str, pattern: str) -> None:
    office.wrote(KARIM)
    assert 2 == office.program("senders", verb, "+337*", pattern)
    assert "means everyone in FR; say --yes if that is meant" in office.program.err
    assert ([], {1: Status.SCHEDULED}) == (blocked(office), office.states())
    office("senders", verb, pattern, "--yes")
    assert {1: Status.CANCELLED} == office.states()


@pytest.mark.parametrize("verb", ["block", "unblock", "forget"])
def test_nobody_named_is_wrong_use(office: Office, verb: str) -> None:
    assert 2 == office.program("senders", verb)


def test_what_nobody_can_have_is_refused_and_nothing_is_done(office: Office) -> None:
    code, lines = office.refused("senders", "block", KARIM, "+3361", "0*6*")
    assert (2, []) == (code, blocked(office))
    assert [
        "Error: '+3361' is no whole number; write +3361* for all that begin with it",
        "Error: '0*6*': a * can only stand at the end",
        "Error: nothing was changed",
    ] == lines.splitlines()


# --- lists --------------------------------------------------------------------------------

LIST = """\ufeff# the forum, in March

06 12 34 56 78    # writes every night
+337*
  Relou Mob
"""


def test_a_list_comes_from_standard_input_with_comments_and_blank_lines(
    office: Office, monkeypatch: Typing
) -> None:
    types(monkeypatch, LIST.encode())
    office("senders", "block", "-", JULIEN)
    assert [KARIM, JULIEN, "+337*", "Relou Mob"] == blocked(office)


def test_a_list_comes_from_a_file(office: Office) -> None:
    (office.folder / "list.txt").write_text(LIST, "utf-8")
    office("senders", "block", "--file", "list.txt")
    assert [KARIM, "+337*", "Relou Mob"] == blocked(office)
    office("senders", "unblock", "--file", "list.txt")
    assert [] == blocked(office)


def test_all_faults_of_a_list_are_told_with_their_lines_and_nothing_is_done(
    office: Office, monkeypatch: Typing
) -> None:
    types(monkeypatch, b"+33612345678\n+3361\n\n# fine\n0*6*\x1b[2J\n")
    (office.folder / "list.txt").write_text("+3362\n")
    code, lines = office.refused("senders", "block", "-", "--file", "list.txt")
    assert (2, []) == (code, blocked(office))
    assert [
        "Error: standard input:2: '+3361' is no whole number; write +3361* for all that begin with it",
        r"Error: standard input:5: '0*6*\x1b[2J': a * can only stand at the end",
        "Error: list.txt:1: '+3362' is no whole number; write +3362* for all that begin with it",
        "Error: nothing was changed",
    ] == lines.splitlines()


def test_bytes_that_are_no_text_are_no_reason_to_fall_over(office: Office, monkeypatch: Typing) -> None:
    types(monkeypatch, b"\xff\xfe\x00\n")
    office("senders", "block", "-")
    assert 1 == len(blocked(office))


def test_an_empty_list_is_no_failure(office: Office, monkeypatch: Typing) -> None:
    types(monkeypatch, b"# nobody\n")
    assert "there is nothing in the list\n" == office("senders", "block", "-")


def test_a_file_that_is_not_there_is_wrong_use(office: Office) -> None:
    assert 2 == office.program("senders", "block", "--file", "none.txt")


def test_a_long_list_is_worked_off_in_small_transactions(office: Office, monkeypatch: Typing) -> None:
    office.wrote(KARIM)
    began: list[str] = []
    begin = Database._begin

    def noted(database: Database, name: str) -> None:
        began.append(name)
        begin(database, name)

    monkeypatch.setattr(Database, "_begin", noted)
    types(monkeypatch, "\n".join(["0612345678", *(f"07{index:08}" for index in range(700))]).encode())
    assert "701 numbers and prefixes: blocked\n1 reply that waited: cancelled\n" == office(
        "senders", "block", "-"
    )
    assert ["senders block"] * 3 == began
    assert 701 == len(blocked(office))


def test_of_a_prefix_with_many_waiting_all_are_cancelled(office: Office, monkeypatch: Typing) -> None:
    monkeypatch.setattr("relou_gateway.cli.blocking.AT_ONCE", 2)
    for index in range(7):
        office.wrote(f"+3361200000{index}")
    assert [1, 2, 3, 4, 5, 6, 7] == office.row("senders", "block", "06*")["cancelled"]
    assert {Status.CANCELLED} == set(office.states().values())


# --- unblock ------------------------------------------------------------------------------


def test_who_is_unblocked_is_answered_again(office: Office) -> None:
    office("senders", "block", KARIM, "+337*")
    assert f"{KARIM}: not blocked any more\n" == office("senders", "unblock", KARIM)
    office.wrote(KARIM)
    assert (("reply", "first_contact"), ["+337*"]) == (office.world.verdicts()[-1], blocked(office))


def test_who_stays_blocked_through_a_prefix_is_named_with_the_way_out(office: Office) -> None:
    office("senders", "block", KARIM, "+336*", "+3368*")
    assert 1 == office.program("senders", "unblock", KARIM, JULIEN, MATHIEU)
    assert [
        f"{KARIM}: not blocked any more",
        f"{MATHIEU}: was not blocked",
        f"{KARIM}: stays blocked through +336*; `senders unblock '+336*'` lifts that",
        f"{JULIEN}: stays blocked through +3368*, +336*; `senders unblock '+3368*' '+336*'` lifts that",
    ] == office.program.out.splitlines()


def test_a_prefix_below_another_stays_blocked_too(office: Office) -> None:
    office("senders", "block", "+336*")
    assert 1 == office.program("senders", "unblock", "+3361*", "--json")
    assert {"lifted": [], "absent": ["+3361*"], "through": {"+3361*": ["+336*"]}} == office.program.json


def test_who_was_not_blocked_is_no_failure(office: Office) -> None:
    assert f"{KARIM}: was not blocked\n" == office("senders", "unblock", KARIM)
    assert [] == entries(office)


def test_the_blocks_are_listed_for_people(office: Office) -> None:
    assert "nobody is blocked\n" == office("senders", "blocks")
    office("senders", "block", "+336*")
    assert "+336*             20" in office("senders", "blocks")


# --- forget -------------------------------------------------------------------------------


def test_who_is_forgotten_leaves_no_number_and_no_text(office: Office) -> None:
    office.wrote(KARIM, "Salut, c'est moi")
    office.wrote(JULIEN)
    assert f"{KARIM}: 1 message and 1 reply forgotten\n1 reply that waited: cancelled\n" == office(
        "senders", "forget", KARIM
    )
    assert [("", "", "reply"), (JULIEN, "Salut, c'est Karim", "reply")] == [
        (row["number"], row["text"], row["verdict"]) for row in office.rows("messages")
    ]
    assert [JULIEN] == [row["number"] for row in office.rows("senders")]
    assert ([("forgotten", "1 sender")], []) == (entries(office), office.world.broken_links())


def test_what_has_to_stay_is_said(office: Office) -> None:
    office.sent(KARIM)
    office.in_doubt(JULIEN)
    office("senders", "block", JULIEN)
    said = office("senders", "forget", KARIM, JULIEN).splitlines()
    assert [
        f"{KARIM}: 1 message and 1 reply forgotten",
        f"{JULIEN}: 1 message and 0 replies forgotten",
        f"{KARIM}: number and counts stay, for an answer, a STOP or a mute must not be forgotten",
        f"{JULIEN}: number and counts stay, for an answer, a STOP or a mute must not be forgotten",
        f"{JULIEN}: stays listed as blocked; `senders unblock` ends that",
        "reply 2 is in doubt and is kept: settle it (`queue settle 2 …`), then again",
    ] == said


def test_programs_are_told_of_each_sender(office: Office) -> None:
    office.sent(JULIEN)
    office.wrote(KARIM)
    common = {"messages": 1, "replies": 1, "sending": [], "in_doubt": [], "unjudged": 0, "blocked": False}
    assert [
        {"number": JULIEN, "cancelled": [], "still_known": True, **common},
        {"number": KARIM, "cancelled": [2], "still_known": False, **common},
    ] == office.rows("senders", "forget", JULIEN, KARIM)


def test_a_prefix_forgets_all_that_begin_so(office: Office) -> None:
    for number in (KARIM, JULIEN, LUCAS):
        office.wrote(number)
    assert [KARIM, JULIEN] == [row["number"] for row in office.rows("senders", "forget", "06*")]
    assert [LUCAS] == [row["number"] for row in office.rows("senders")]


def test_where_one_is_unknown_nobody_is_forgotten(office: Office) -> None:
    office.wrote(KARIM)
    assert (3, "Error: nothing is known of +33600000000; nothing was forgotten") == office.refused(
        "senders", "forget", KARIM, "+33600000000"
    )
    assert [KARIM] == [row["number"] for row in office.rows("messages")]


def test_who_is_forgotten_is_answered_no_sooner_for_it(office: Office) -> None:
    office.sent(KARIM)
    office("senders", "forget", KARIM)
    office.wrote(KARIM)
    assert ("declined", "cooldown") == office.world.verdicts()[-1]
