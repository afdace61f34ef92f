from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relou_gateway.cli.output import Column, harmless, iso, money, print_json, say, table, when

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n\t\x9b31m\u202eabc\u2066\u200b\u2028\ud83d\U000e0041[bold]x[/]"


# --- harmless -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("salut ça va ? [ok] :) \\o/", "salut ça va ? [ok] :) \\o/"),
        ("一二 עברית عربى देवनागरी ไทย é", "一二 עברית عربى देवनागरी ไทย é"),
        ("❤️ 🙂 👍🏽 🇫🇷", "❤️ 🙂 👍🏽 🇫🇷"),
        ("a\u00a0b\u202fc", "a\u00a0b\u202fc"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b31m\x85", r"\x9b31m\x85"),
        ("\x00\x7f\b", r"\x00\x7f\x08"),
        ("a\u202eb\u2067c\u200fd", r"a\u202eb\u2067c\u200fd"),
        ("a\u200bb\u200dc\ufeffd\u00ade", r"a\u200bb\u200dc\ufeffd\xade"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("\ud83d \udcff", r"\ud83d \udcff"),
        ("\ue000\U000f0000\U000e0041\uffff", r"\ue000\U000f0000\U000e0041\uffff"),
        ("\u3164\u2800\u115f", r"\u3164\u2800\u115f"),
        ("\ufe01\U000e0100", r"\ufe01\U000e0100"),
        ("z" + "\u0301" * 5, "z" + "\u0301" * 3 + r"\u0301\u0301"),
        ("", ""),
    ],
)
def test_what_could_move_hide_or_reverse_something_is_made_visible(text: str, expected: str) -> None:
    assert expected == harmless(text)


@given(st.text(st.characters()))
@example(HOSTILE)
def test_what_is_shown_is_one_line_without_any_control(text: str) -> None:
    shown = harmless(text)
    assert set() == {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} & {
        unicodedata.category(each) for each in shown
    }
    assert len(shown.splitlines()) <= 1


@given(st.text(st.characters()))
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert harmless(text) == harmless(harmless(text))


def test_what_is_said_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\nb\x1b[2J")
    assert "a\\nb\\x1b[2J\n" == capsys.readouterr().out


# --- JSON ---------------------------------------------------------------------------------


@given(st.dictionaries(st.text(st.characters(), max_size=5), st.text(st.characters())))
@example({"text": HOSTILE})
def test_json_is_one_line_of_ascii_and_loses_nothing(record: dict[str, str]) -> None:
    out = printed(record)
    assert ("\n", True) == (out[-1], out[:-1].isascii() and out[:-1].isprintable())
    assert record == json.loads(out)


def printed(record: dict[str, str]) -> str:
    """Return what `print_json` prints, without pytest's capture, which ends only with the test."""
    with pytest.MonkeyPatch.context() as patch:
        written = io.StringIO()
        patch.setattr(sys, "stdout", written)
        print_json(record)
    return written.getvalue()


def test_json_knows_times_spans_sets_paths_and_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(
        {
            "at": datetime(2026, 3, 6, 18, 35, 51, tzinfo=ZoneInfo("Europe/Paris")),
            "span": timedelta(minutes=1.5),
            "set": frozenset({"b", "a"}),
            "path": Path("/x"),
            "bytes": b"\x00\xff",
            "nothing": None,
        }
    )
    expected = (
        '{"at":"2026-03-06T17:35:51+00:00","span":90.0,"set":["a","b"],'
        '"path":"/x","bytes":"00ff","nothing":null}\n'
    )
    assert expected == capsys.readouterr().out


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_lacks_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"x": value})


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON here"):
        print_json({"x": object()})


def test_a_time_is_utc_with_its_fraction() -> None:
    at = datetime(2026, 3, 6, 17, 35, 51, 250_000, timezone(timedelta(hours=-5)))
    assert "2026-03-06T22:35:51.250000+00:00" == iso(at)


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without its zone"):
        iso(datetime(2026, 3, 6))  # noqa: DTZ001


# --- for people ---------------------------------------------------------------------------


@pytest.fixture
def in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_paris")
def test_people_are_shown_their_own_time() -> None:
    assert "2026-07-06 19:35:51" == when(datetime(2026, 7, 6, 17, 35, 51, tzinfo=UTC))


@pytest.mark.usefixtures("in_paris")
def test_the_first_and_last_moments_can_be_shown_as_well() -> None:
    extremes = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert ["0001-01-01", "9999-12-31"] == [when(at)[:10] for at in extremes]


def test_no_time_and_no_money_are_a_dash() -> None:
    assert ("-", "-") == (when(None), money(None, "EUR"))


def test_money_has_its_currency() -> None:
    assert "0.16 EUR" == money(160_000, "EUR")


def test_in_a_pipe_a_table_is_columns_without_colour_or_cuts(capsys: pytest.CaptureFixture[str]) -> None:
    table(["id", Column("cost", right=True), "text"], [(1, "0.16", "x" * 200), (20, None, HOSTILE[:11])])
    assert [
        "ID  COST  TEXT",
        f"1   0.16  {'x' * 200}",
        r"20     -  \x1b]0;owned\x07\x1b",
    ] == capsys.readouterr().out.splitlines()


def test_an_empty_table_is_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    table(["id", "text"], [])
    assert "ID  TEXT\n" == capsys.readouterr().out


def on_a_terminal(width: int, code: str) -> list[str]:
    """Return the lines that `code` shows on a terminal of `width` columns."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        environ = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
        environ.pop("COLUMNS", None)
        subprocess.run(
            [sys.executable, "-c", f"from relou_gateway.cli.output import *\n{code}"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environ,
            timeout=30,
            check=True,
        )
        shown = os.read(ours, 65_536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()  # bold is no colour


def test_on_a_terminal_only_the_flexible_column_is_cut() -> None:
    lines = on_a_terminal(
        40, "table(['number', Column('text', flexible=True), 'state'], [('+33612345678', 'a ' * 50, 'sent')])"
    )
    assert [12, 40] == [lines[1].index(" "), len(lines[1])]
    assert [True, True] == ["…" in lines[1], lines[1].rstrip().endswith("sent")]


def test_on_a_terminal_a_row_is_one_line_whatever_stands_in_it() -> None:
    lines = on_a_terminal(60, f"table(['id', 'text'], [(1, {HOSTILE!r}), (2, '[bold]:smile: 日本語' * 9)])")
    assert [r"1", "2"] == [line.split()[0] for line in lines[1:]]
    assert [True, True] == [r"\x1b]0;owned\x07\x1b[2J" in lines[1], "[bold]:smile: 日本語" in lines[2]]


def test_on_a_narrow_terminal_nothing_fails() -> None:
    assert 2 == len(on_a_terminal(9, "table(['number', 'text'], [('+33612345678', 'salut')])"))
