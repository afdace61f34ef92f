"""How things are shown: JSON lines for programs, columns for people, strangers' text made harmless.

Whoever texts the gateway chooses bytes that end up on an operator's terminal. Two ways lead
there and both are closed here: JSON is pure ASCII, and everything for people goes through
`harmless`, which `table` and `say` do by themselves.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from ..rules import money as amounts

# --- for programs -------------------------------------------------------------------------


def print_json(record: Mapping[str, object]) -> None:
    """Print `record` as one line of JSON.

    Aware times become ISO 8601 UTC, sets sorted lists, paths strings; what is money must
    come as `rules.money.decimal` made it. Pure ASCII, so that no byte of a stranger reaches
    the terminal and lone surrogates survive. Who prints while he waits flushes by himself.
    """
    line = json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=_as_json)
    sys.stdout.write(line + "\n")


def _as_json(value: object) -> object:
    match value:
        case datetime():
            return iso(value)
        case timedelta():
            return value.total_seconds()
        case set() | frozenset():
            return sorted(value)
        case Path():
            return str(value)
        case bytes():
            return value.hex()
    raise TypeError(f"{type(value).__name__} has no form in JSON here")


def iso(at: datetime) -> str:
    """Return an aware time as ISO 8601 UTC: 2026-03-06T17:35:51+00:00, with a fraction if it has one."""
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return at.astimezone(UTC).isoformat()


# --- for people ---------------------------------------------------------------------------

MOST_MARKS = 3
"""Combining marks on one letter in any living script; more overdraw the lines around."""

_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that are drawn as nothing, so that a text can look empty or like another."""

_UNSHOWABLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_MORE_VARIATION_SELECTORS = range(0xE0100, 0xE01F0)


def harmless(text: str) -> str:
    r"""Return `text` on one line, with all that could move, hide or reverse something made visible.

    Controls (C0, C1, escape), formats (bidi, zero width, tags), line and paragraph
    separators, surrogates, unassigned and private characters become escapes such as \x1b or
    \u202e; so do blank letters and more than three combining marks in a row. Letters of
    every script, emoji and no-break spaces stay. Square brackets stay too: nothing here
    reads markup.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        shown.append(character if _showable(character, category, marks) else _escape(character))
    return "".join(shown)


def _showable(character: str, category: str, marks: int) -> bool:
    if category in _UNSHOWABLE or character in _BLANKS or marks > MOST_MARKS:
        return False
    if ord(character) in _VARIATION_SELECTORS:
        return character in "\ufe0e\ufe0f"  # the two that choose between text and emoji
    return ord(character) not in _MORE_VARIATION_SELECTORS


def _escape(character: str) -> str:
    code = ord(character)
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if character in named:
        return named[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def say(line: str) -> None:
    """Print one line for people, made harmless."""
    sys.stdout.write(harmless(line) + "\n")


def money(amount: int | None, currency: str) -> str:
    """Return an amount in micro-units for people: "0.16 EUR"; "-" for None."""
    return "-" if amount is None else f"{amounts.decimal(amount)} {currency}"


def when(at: datetime | None) -> str:
    """Return a time for people, in the zone of this machine: "2026-03-06 18:35:51"; "-" for None."""
    if at is None:
        return "-"
    try:
        return at.astimezone().replace(tzinfo=None).isoformat(" ", "seconds")
    except (OverflowError, ValueError, OSError):  # a year that the local zone does not reach
        return iso(at)


class Column(NamedTuple):
    """A column of a table. `right` aligns numbers; `flexible` is cut short where a terminal is narrow."""

    name: str
    right: bool = False
    flexible: bool = False


Cell = str | int | datetime | None


def table(columns: Sequence[str | Column], rows: Iterable[Sequence[Cell]]) -> None:
    """Print `rows` under `columns`, one line each, every cell made harmless.

    On a terminal the flexible columns (without any: the last) are cut to its width; in a
    pipe nothing is cut or coloured. None is shown as "-", times as `when` does.
    """
    heads = [Column(column) if isinstance(column, str) else column for column in columns]
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _terminal_table(heads, cells)
    else:
        _plain_table(heads, cells)


def _cell(value: Cell) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return when(value)
    return harmless(str(value))


def _plain_table(heads: Sequence[Column], cells: Sequence[Sequence[str]]) -> None:
    lines = [[head.name.upper() for head in heads], *cells]
    widths = [max(len(line[index]) for line in lines) for index in range(len(heads))]
    for line in lines:
        padded = (
            value.rjust(width) if head.right else value.ljust(width)
            for head, value, width in zip(heads, line, widths, strict=True)
        )
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def _terminal_table(heads: Sequence[Column], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 (only a terminal pays for it)
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=None, pad_edge=False, header_style="bold")
    flexible = any(head.flexible for head in heads)
    for index, head in enumerate(heads):
        fixed = not (head.flexible if flexible else index == len(heads) - 1)
        title = Text(head.name.upper(), no_wrap=True, overflow="ellipsis")
        shown.add_column(title, justify="right" if head.right else "left", no_wrap=fixed)
    for line in cells:
        shown.add_row(*(Text(value, no_wrap=True, overflow="ellipsis") for value in line))
    Console(file=sys.stdout, markup=False, emoji=False, highlight=False).print(shown)
