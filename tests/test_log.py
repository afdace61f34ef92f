"""The log: one line per event, whatever strangers sent; and nothing in it that must not be."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway import log
from relou_gateway.log import Event, level_of, masked, printable, say

FORMS = pytest.mark.parametrize("form", ["json", "text"])

HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07",
    "a\nb",
    "a\r\n18:00:00 [info     ] reply.sent",
    "\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}\x85\x0b\x0c\x1c",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "\N{LEFT-TO-RIGHT ISOLATE}\N{POP DIRECTIONAL ISOLATE}",
    "\ud83d",
    "\0",
    '"}, {"event": "reply.sent"',
    "%s %d %(x)s {0} {x}",
    "\N{ZERO WIDTH SPACE}\N{SOFT HYPHEN}",
]


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Let no test's way of logging reach the next."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def said(event: Event, *, form: str, numbers: str = "masked", level: str = "debug", **fields: object) -> str:
    stream = io.StringIO()
    log.set_up(level=level, form=form, numbers=numbers, stream=stream)
    say(event, **fields)
    return stream.getvalue()


# --- events -------------------------------------------------------------------------------


def test_every_event_has_a_name_of_its_own_in_two_words() -> None:
    names = [str(event) for event in Event]

    assert len(Event.__members__) == len(set(names))
    assert [] == [name for name in names if not re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", name)]


@pytest.mark.parametrize("event", Event)
def test_an_event_is_called_in_the_program_as_it_is_in_the_log(event: Event) -> None:
    assert event.name == str(event).replace(".", "_").upper()


def test_the_events_that_the_style_guide_names_exist() -> None:
    assert {"sms.received", "verdict.given", "reply.sent", "modem.lost", "exchange.closed"} <= set(Event)


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (Event.REPLY_SENT, logging.INFO),
        (Event.REPLY_CLAIMED, logging.DEBUG),
        (Event.MODEM_LOST, logging.WARNING),
        (Event.STORE_FAILED, logging.ERROR),
        (Event.TICK_FAILED, logging.ERROR),
    ],
)
def test_an_event_has_the_level_that_it_deserves(event: Event, level: int) -> None:
    assert level == level_of(event)


@pytest.mark.parametrize(("level", "expected"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_what_is_below_the_level_is_not_said(level: str, expected: int) -> None:
    events = (Event.REPLY_CLAIMED, Event.REPLY_SENT, Event.MODEM_LOST, Event.STORE_FAILED)

    assert expected == sum(said(event, form="json", level=level) != "" for event in events)


# --- lines --------------------------------------------------------------------------------


def test_a_line_for_programs_is_one_json_object_with_a_time_of_the_world() -> None:
    line = said(Event.REPLY_SENT, form="json", reply=7, parts=2, waited=3.5, until=None)

    fields = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", fields.pop("timestamp"))
    assert {
        "event": "reply.sent",
        "level": "info",
        "reply": 7,
        "parts": 2,
        "waited": 3.5,
    } == fields


def test_a_line_for_people_tells_time_level_event_and_fields() -> None:
    line = said(Event.REPLY_SENT, form="text", reply=7, parts=2)

    assert re.fullmatch(r"\d\d:\d\d:\d\d \[info\] reply\.sent +reply=7 parts=2\n", line)


@FORMS
@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
@pytest.mark.parametrize("wrapped", [str, lambda text: [text], lambda text: {text: text}, ValueError])
def test_nothing_a_stranger_sends_breaks_out_of_its_line(
    form: str, hostile: str, wrapped: Callable[[str], object]
) -> None:
    line = said(Event.MODEM_LOST, form=form, reason=wrapped(hostile), number=hostile)

    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in line
    if form == "json":
        assert "modem.lost" == json.loads(line)["event"]


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_printable_has_no_control_bidi_or_half_character_left(text: str) -> None:
    shown = printable(text)

    assert {*map(unicodedata.category, shown)}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    assert shown == shown.encode().decode()
    assert text != shown or text.isprintable()


@FORMS
def test_the_traceback_of_a_fault_tells_where_but_no_values(form: str) -> None:
    line = said(Event.TICK_FAILED, form=form, tick="exchange", exc_info=_fault("boom"))

    assert "ValueError" in line
    assert "test_log.py" in line
    assert "_fault" in line
    for secret in ("secret words", "4711", "+33612345678"):
        assert secret not in line


def _fault(message: str) -> ValueError:
    """Return a fault that struck while secrets were at hand; no line of the source spells them out."""
    text, pin, number = "secret" + " words", str(4710 + 1), "+336" + "12345678"
    try:
        assert (text, pin, number) != ("", "", "")
        raise ValueError(message)
    except ValueError as error:
        return error


@FORMS
@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_what_a_fault_quotes_cannot_pass_for_an_event_of_its_own(form: str, hostile: str) -> None:
    lines = said(Event.TICK_FAILED, form=form, exc_info=_fault(hostile)).splitlines()

    assert [] == [line for line in lines[1:] if not line.startswith("  ")]
    assert all(line.isprintable() for line in lines)


# --- what must not be in it ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["text", "pin", "data", "raw"])
def test_a_text_or_a_pin_cannot_be_logged_by_mistake(name: str) -> None:
    stream = io.StringIO()
    log.set_up(form="json", stream=stream)

    with pytest.raises(ValueError, match="is never logged"):
        say(Event.SMS_RECEIVED, **{name: "x"})
    assert "" == stream.getvalue()


def test_a_field_that_is_never_logged_is_refused_even_where_nobody_listens() -> None:
    with pytest.raises(ValueError, match="never logged"):
        said(Event.REPLY_CLAIMED, form="json", level="error", text="Salut")


@FORMS
def test_numbers_are_masked_unless_the_operator_asks(form: str) -> None:
    number = "+33612345678"

    assert number not in said(Event.REPLY_SENT, form=form, number=number)
    assert "+336…78" in said(Event.REPLY_SENT, form=form, number=number).replace("\\u2026", "…")
    assert number in said(Event.REPLY_SENT, form=form, number=number, numbers="full")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+33612345678", "+336…78"),
        ("+3361234567", "+336…67"),
        ("+881612345678", "+881…78"),
        ("0612345678", "06…"),
        ("36105", "36…"),
        ("AMENDES", "AM…"),
        ("7", "7…"),
        ("+", "+…"),
        ("+33612", "+3…"),
        ("+12345678", "+1…"),
        ("", ""),
    ],
)
def test_a_masked_number_tells_two_apart_and_cannot_be_dialled(number: str, expected: str) -> None:
    assert expected == masked(number)


@given(st.from_regex(r"\+?[0-9]{5,15}", fullmatch=True))
def test_at_least_three_digits_of_every_number_are_hidden(number: str) -> None:
    shown = masked(number).replace("…", "")

    assert len(number) - len(shown) >= 3


# --- where it goes ------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "journal", "is_json"),
    [
        (io.StringIO, None, True),
        (Terminal, None, False),
        (Terminal, "8:1234", True),
        (io.StringIO, "8:1", True),
    ],
    ids=["a pipe", "a terminal", "a terminal under systemd", "the journal"],
)
def test_people_get_lines_and_programs_get_json(
    stream: type[io.StringIO], journal: str | None, is_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    if journal is not None:
        monkeypatch.setenv("JOURNAL_STREAM", journal)
    out = stream()
    log.set_up(stream=out)
    say(Event.DAEMON_STARTED)

    assert is_json is out.getvalue().startswith("{")


@pytest.mark.parametrize(
    ("stream", "asked_not_to", "coloured"),
    [(Terminal, None, True), (Terminal, "1", False), (io.StringIO, None, False)],
)
def test_only_a_terminal_gets_colours_and_only_if_nobody_minds(
    stream: type[io.StringIO], asked_not_to: str | None, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if asked_not_to is not None:
        monkeypatch.setenv("NO_COLOR", asked_not_to)
    out = stream()
    log.set_up(form="text", stream=out)
    say(Event.DAEMON_STARTED)

    assert coloured is ("\x1b[" in out.getvalue())


@FORMS
def test_a_full_disk_under_the_log_stops_nothing(form: str) -> None:
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - closing it fails, as it should
    log.set_up(form=form, stream=full)
    say(Event.STORE_FAILED, reason="the disk is full")

    with pytest.raises(OSError, match="No space left on device"):
        full.close()


def test_a_log_that_nobody_reads_any_more_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    gone = os.fdopen(writing, "w", buffering=1)
    log.set_up(form="json", stream=gone)
    say(Event.DAEMON_STOPPED)

    with pytest.raises(BrokenPipeError):
        gone.close()
    say(Event.DAEMON_STOPPED)


def test_the_log_of_a_process_goes_to_standard_error() -> None:
    program = "from relou_gateway.log import *; set_up(); say(Event.DAEMON_STARTED, number='+33612345678')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    told: dict[str, Any] = json.loads(done.stderr)
    assert ("", "daemon.started", "+336…78") == (done.stdout, told["event"], told["number"])
