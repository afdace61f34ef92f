"""`messages`: what came in, found again, and followed while it comes."""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relou_gateway import pipeline
from relou_gateway.cli.messages import LOOKS, News
from relou_gateway.rules.records import Binary, Kind, Part, Report, Ruling
from relou_gateway.store.inbox import Received
from tests.support.daemon import Output, overheard
from tests.support.waiting import wait_until

from .office import JULIEN, KARIM, LUCAS, Office, opened
from .program import COMMAND, Program, surroundings

KEYS = {"id", "kind", "number", "text", "received_at", "smsc_at", "parts", "verdict", "reason", "reply_id"}
TOLD = ("kind", "number", "text", "parts", "verdict", "reason", "reply_id")


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    with opened(tmp_path, program) as here:
        yield here


@pytest.fixture
def evening(office: Office) -> Office:
    """Karim writes twice, Lucas once, an advert comes; half an hour later Karim calls and Julien writes."""
    office.wrote(KARIM, "Salut")
    office.wrote(KARIM, "Élise ? RÉPONDS")
    office.wrote(LUCAS, "Salut de Bruxelles")
    office.wrote("Relou Mob", "Profitez de 50 Go")
    office.world.wait(30)
    office.world.modem.call(KARIM)
    office.world.receive()
    office.wrote(JULIEN, "Salut aussi")
    return office


def ids(office: Office, *arguments: str) -> list[int]:
    return [row["id"] for row in office.rows("messages", *arguments)]


def test_it_has_every_key_that_programs_rely_on(evening: Office) -> None:
    rows = evening.rows("messages")
    assert all(set(row) >= KEYS for row in rows)
    assert [
        ("sms", KARIM, "Salut", 1, "reply", "first_contact", 1),
        ("sms", KARIM, "Élise ? RÉPONDS", 1, "joined", "reply_waiting", 1),
        ("sms", LUCAS, "Salut de Bruxelles", 1, "declined", "foreign", None),
        ("sms", "Relou Mob", "Profitez de 50 Go", 1, "declined", "name", None),
        ("call", KARIM, "", 1, "joined", "reply_waiting", 1),
        ("sms", JULIEN, "Salut aussi", 1, "reply", "first_contact", 2),
    ] == [
        tuple(row[key] for key in ["kind", "number", "text", "parts", "verdict", "reason", "reply_id"])
        for row in rows
    ]
    assert rows[0]["smsc_at"] is not None
    assert rows[4]["smsc_at"] is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [1, 2, 3, 4, 5, 6]),
        (["--sender", KARIM], [1, 2, 5]),
        (["--sender", "06 12 34 56 78"], [1, 2, 5]),
        (["--sender", "0033612345678"], [1, 2, 5]),
        (["--sender", "+336*"], [1, 2, 5, 6]),
        (["--sender", "Relou Mob"], [4]),
        (["--sender", "+33600000000"], []),
        (["--sender", "\udcff%_"], []),
        (["--verdict", "declined"], [3, 4]),
        (["--verdict", "joined"], [2, 5]),
        (["--search", "salut"], [1, 3, 6]),
        (["--search", "élise"], [2]),
        (["--search", "%"], []),
        (["--limit", "2"], [5, 6]),
        (["--search", "salut", "--limit", "1"], [6]),
        (["--since", "40m"], [5, 6]),
        (["--since", "3h", "--verdict", "reply", "--sender", JULIEN], [6]),
        (["--since", "1m"], []),
    ],
)
def test_what_came_in_is_found_again(evening: Office, arguments: list[str], expected: list[int]) -> None:
    assert expected == ids(evening, *arguments)


def test_since_takes_a_date_with_and_without_a_zone(evening: Office) -> None:
    between = datetime.now(UTC) - timedelta(minutes=40)
    local = between.astimezone().replace(tzinfo=None)
    assert (
        [5, 6] == ids(evening, "--since", between.isoformat()) == ids(evening, "--since", local.isoformat())
    )
    assert [1, 2, 3, 4, 5, 6] == ids(evening, "--since", "2020-01-01")


@pytest.mark.parametrize(
    "since", ["yesterday", "12", "5 m", "999999999d", "0001-01-01T00:00+23:59", "1e3s", "-5m"]
)
def test_a_time_that_is_none_is_wrong_use(evening: Office, since: str) -> None:
    code, line = evening.refused("messages", "--since", since)
    assert (2, True) == (code, "write 12h, 7d, 2026-03-06 or 2026-03-06T17:35" in line)


@pytest.mark.parametrize("arguments", [["--limit", "0"], ["--verdict", "perhaps"]])
def test_other_wrong_use_is_refused(evening: Office, arguments: list[str]) -> None:
    assert 2 == evening.program("messages", *arguments)


def test_parts_that_wait_for_the_rest_are_no_rows(office: Office) -> None:
    office.world.text(KARIM, "la fin", Part(7, 2, 2))
    office.world.receive()
    assert [] == ids(office)
    office.world.text(KARIM, "le début, ", Part(7, 2, 1))
    office.world.receive()
    row = office.row("messages")
    assert ("le début, la fin", 2) == (row["text"], row["parts"])


def test_what_is_not_judged_has_no_verdict(office: Office) -> None:
    office.world.modem.deliver(Report(KARIM, 7, delivered=True, text="delivered", smsc_at=None))
    office.world.modem.deliver(Binary(KARIM, b"\x00\x01", None))
    office.world.receive()
    report, binary = office.rows("messages")
    assert ("report", None, None) == (report["kind"], report["verdict"], report["reason"])
    assert ("binary", "declined") == (binary["kind"], binary["verdict"])


def test_people_get_one_line_for_each(evening: Office) -> None:
    head, *lines = evening("messages").splitlines()
    assert ["ID", "RECEIVED", "KIND", "NUMBER", "VERDICT", "TEXT"] == head.split()
    assert 6 == len(lines)
    assert lines[3].endswith("Relou Mob     declined: name     Profitez de 50 Go")
    assert lines[4].endswith("-")  # a call has no text


def test_nothing_came_in_is_told_to_people(office: Office) -> None:
    assert ("no message\n", []) == (office("messages"), office.rows("messages"))


# --- follow ---------------------------------------------------------------------------------


def following(
    office: Office, *arguments: str
) -> AbstractContextManager[tuple[subprocess.Popen[bytes], Output]]:
    command = (*COMMAND, "messages", "--follow", *arguments)
    return overheard(command, surroundings(office.folder), office.folder)


def test_follow_shows_what_was_and_then_what_comes_until_ctrl_c(office: Office) -> None:
    office.wrote(KARIM, "un")
    office.wrote(KARIM, "deux")
    with following(office, "--json", "--limit", "1") as (process, output):
        wait_until(lambda: len(output.lines) == 1)
        office.wrote(JULIEN, "trois")
        wait_until(lambda: len(output.lines) == 2)
        process.send_signal(signal.SIGINT)
        assert 130 == process.wait(10)
        shown = [json.loads(line) for line in output.lines]
        assert [("deux", "joined"), ("trois", "reply")] == [(row["text"], row["verdict"]) for row in shown]


def test_follow_waits_for_the_verdict_that_a_running_gateway_will_give(office: Office) -> None:
    with (office.folder / "gateway.db.lock").open("w") as lock, following(office) as (_, output):
        fcntl.flock(lock, fcntl.LOCK_EX)
        office.world.text(KARIM, "un")
        pipeline.receive(office.world.gateway, office.world.modem)
        pipeline.judge(office.world.gateway)
        wait_until(lambda: len(output.lines) == 2)
        assert ["reply", "un"] == output.lines[1].split()[-2:]


def received(message_id: int, verdict: Ruling | None, kind: Kind = Kind.SMS) -> Received:
    now = datetime.now(UTC)
    return Received(
        id=message_id,
        kind=kind,
        number=KARIM,
        text="",
        received_wall=now,
        smsc_wall=None,
        parts=1,
        verdict=verdict,
        reason="",
        reply_id=None,
    )


def test_news_are_shown_once_and_with_their_verdict() -> None:
    news = News()
    first, second = received(1, Ruling.REPLY), received(2, None)
    assert [first] == news.fresh([first, second], judged_soon=True)
    assert ([], 1) == (news.fresh([second], judged_soon=True), news.shown_to)
    judged = replace(second, verdict=Ruling.JOINED)
    assert ([judged], 2) == (news.fresh([judged], judged_soon=True), news.shown_to)


def test_news_behind_one_without_a_verdict_are_shown_meanwhile_and_only_once() -> None:
    news = News()
    faulty, good = received(1, None), received(2, Ruling.REPLY)
    assert ([good], 0) == (news.fresh([faulty, good], judged_soon=True), news.shown_to)
    assert [] == news.fresh([faulty, good], judged_soon=True)
    late = replace(faulty, verdict=Ruling.DECLINED)
    assert ([late], 2) == (news.fresh([late, good], judged_soon=True), news.shown_to)


def test_news_that_get_no_verdict_are_shown_without_in_the_end() -> None:
    news, faulty = News(), received(1, None)
    looks = [news.fresh([faulty], judged_soon=True) for _ in range(LOOKS + 1)]
    assert [[]] * LOOKS + [[faulty]] == looks


@pytest.mark.parametrize(("kind", "judged_soon"), [(Kind.REPORT, True), (Kind.SMS, False)])
def test_news_that_nobody_will_judge_are_shown_at_once(kind: Kind, judged_soon: bool) -> None:
    row = received(1, None, kind)
    assert [row] == News().fresh([row], judged_soon=judged_soon)
