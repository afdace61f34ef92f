"""What a screen for people is made of, beside tables: times at a glance, bars, labelled lines, colour.

Like everything in `output`, all of it is harmless: strangers' text goes through `harmless`
before a colour is put round it.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from .output import Cell, Column, harmless, when

LABEL = 12
"""Columns that the labels on the left of a screen take."""

WIDEST = 110
"""Columns beyond which a line is hard to read, however wide the terminal."""


def count(number: int, noun: str) -> str:
    """Return "1 part", "2 parts", "3 replies"; "SMS" is its own plural."""
    if number == 1 or noun.isupper():
        return f"{number} {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


def at_a_glance(at: datetime | None) -> str:
    """Return a time for a narrow column: only what differs from today. In a pipe, the whole of it."""
    if at is None or not sys.stdout.isatty():
        return when(at)
    day, _, clock = when(at).partition(" ")
    today = when(datetime.now(UTC)).partition(" ")[0]
    if day == today or not clock:
        return clock or day
    return f"{day[5:]} {clock[:5]}" if day[:4] == today[:4] else day


def painted(text: str, colour: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
    """Return `text`, made harmless, in a colour where a terminal shows one (and NO_COLOR is unset)."""
    shown = harmless(text)
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return shown
    return click.style(shown, fg=colour, bold=bold or None, dim=dim or None)


def bar(share: float, cells: int = 20) -> str:
    """Return a bar of so many cells that is filled by `share`; what is not nothing fills one at least."""
    filled = min(cells, max(round(share * cells), 1 if share > 0 else 0))
    return "█" * filled + "░" * (cells - filled)


def put(line: str) -> None:
    """Print a line of which every piece is harmless already, as `painted` makes it."""
    sys.stdout.write(line + "\n")


def field(label: str, text: str, colour: str | None = None) -> None:
    """Print a labelled line for people, wrapped under itself on a terminal."""
    lines = [harmless(text)]
    if sys.stdout.isatty():
        width = min(shutil.get_terminal_size().columns, WIDEST) - LABEL
        lines = textwrap.wrap(lines[0], max(width, 20), break_on_hyphens=False, replace_whitespace=False) or [
            ""
        ]
    head, *rest = lines
    put(painted(label.ljust(LABEL), bold=True) + painted(head, colour))
    for line in rest:
        put(" " * LABEL + painted(line, colour))


class Stream:
    """A table whose rows come one by one, so that widths are given: the last column takes the rest."""

    def __init__(self, columns: Sequence[Column], widths: Sequence[int]) -> None:
        self._columns = columns
        self._widths = widths
        self._begun = False

    def show(self, row: Sequence[Cell]) -> None:
        """Print one row, below the names of the columns if it is the first."""
        if not self._begun:
            put(painted(self._line([each.name.upper() for each in self._columns]), bold=True))
        self._begun = True
        put(self._line(["-" if value is None else harmless(str(value)) for value in row]))

    def _line(self, cells: Sequence[str]) -> str:
        padded = [
            value.rjust(width) if column.right else value.ljust(width)
            for column, value, width in zip(self._columns, cells, self._widths, strict=True)
        ]
        line = "  ".join(padded).rstrip()
        return _cut(line, shutil.get_terminal_size().columns) if sys.stdout.isatty() else line


def _cut(line: str, columns: int) -> str:
    """Return `line` cut to what fits; an emoji takes two columns."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - only a terminal pays for it

    return line if cell_len(line) <= columns else set_cell_size(line, columns - 1) + "…"
