"""The screens on a terminal: nothing is wider than it, and nothing of a stranger's moves it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from relou_gateway.cli import screen
from relou_gateway.cli.output import Column, when
from tests.support.terminal import terminal

from .office import JULIEN, KARIM, MATHIEU, Office, opened
from .program import COMMAND, Program, surroundings

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
VERBS = ("status", "queue", "queue show 2", "messages", "budget")


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    with opened(tmp_path, program) as here:
        here.sent(KARIM)
        here.in_doubt(JULIEN, "nobody knows, " * 20)
        here.wrote(MATHIEU, "🌹" * 60 + "\x1b[2J" + "long " * 200)
        here.wrote("36034", "court")
        yield here


def on_a_terminal(office: Office, verb: str, columns: int, **environ: str) -> str:
    command = [*COMMAND, *verb.split()]
    with terminal(command, office.folder, surroundings(office.folder) | environ, columns) as here:
        assert 0 == here.process.wait(20)
        here.output.join()
        return here.shown.replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("verb", VERBS)
def test_no_line_is_wider_than_the_terminal(office: Office, verb: str, columns: int) -> None:
    lines = COLOUR.sub("", on_a_terminal(office, verb, columns)).splitlines()
    assert [] == [line for line in lines if cell_len(line) > columns]
    assert len(lines) > 3


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_but_colours_stands_between_the_letters(office: Office, verb: str) -> None:
    shown = COLOUR.sub("", on_a_terminal(office, verb, 300))
    assert [] == re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)


def test_no_color_is_heeded(office: Office) -> None:
    assert [] == COLOUR.findall(on_a_terminal(office, "status", 80, NO_COLOR="1"))
    assert [] != COLOUR.findall(on_a_terminal(office, "status", 80))


def test_a_cut_text_ends_in_an_ellipsis(office: Office) -> None:
    long = next(line for line in on_a_terminal(office, "messages", 80).splitlines() if "🌹" in line)
    assert long.endswith("🌹…")


# --- pieces ---------------------------------------------------------------------------------


@pytest.fixture
def on_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)


@pytest.mark.usefixtures("on_screen")
def test_a_time_at_a_glance_shows_only_what_differs_from_today() -> None:
    now = datetime.now(UTC)
    long_ago = datetime(2020, 2, 3, 12, 0, tzinfo=UTC)
    assert when(now)[11:] == screen.at_a_glance(now)
    assert when(long_ago)[:10] == screen.at_a_glance(long_ago)
    far = now + timedelta(days=2)
    assert screen.at_a_glance(far) in {when(far)[5:16], when(far)[:10]}  # the latter at the turn of a year
    assert "-" == screen.at_a_glance(None)


def test_in_a_pipe_a_time_is_shown_whole() -> None:
    now = datetime.now(UTC)
    assert when(now) == screen.at_a_glance(now)


@pytest.mark.parametrize(
    ("number", "noun", "expected"),
    [(1, "part", "1 part"), (0, "part", "0 parts"), (2, "reply", "2 replies"), (6, "SMS", "6 SMS")],
)
def test_nouns_are_counted(number: int, noun: str, expected: str) -> None:
    assert expected == screen.count(number, noun)


@pytest.mark.parametrize(
    ("share", "filled"), [(0.0, 0), (0.001, 1), (0.5, 5), (0.96, 10), (1.0, 10), (7.0, 10)]
)
def test_a_bar_shows_a_share_and_anything_at_all_as_something(share: float, filled: int) -> None:
    assert "█" * filled + "░" * (10 - filled) == screen.bar(share, 10)


def test_a_stream_prints_its_head_once_and_keeps_its_widths(capsys: pytest.CaptureFixture[str]) -> None:
    stream = screen.Stream((Column("id", right=True), Column("name"), Column("text")), (3, 4, 0))
    stream.show((1, "a", "x\ny"))
    stream.show((22, None, "z"))
    assert " ID  NAME  TEXT\n  1  a     x\\ny\n 22  -     z\n" == capsys.readouterr().out
