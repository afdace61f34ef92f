"""What a screen for people is made of, beside tables: times at a glance, bars, labelled lines, colour.

Like everything in `output`, all of it is harmless: strangers' text goes through `harmless`
before a colour is put round it.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import click

from .output import Cell, Column, harmless, table, when

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


def painted(text: str, colour: str | None = None, *, bold: bool = False) -> str:
    """Return `text`, made harmless, in a colour where a terminal shows one (and NO_COLOR is unset)."""
    return _styled(harmless(text), colour, bold=bold)


def _styled(shown: str, colour: str | None = None, *, bold: bool = False) -> str:
    if colour is None and not bold:
        return shown
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return shown
    return click.style(shown, fg=colour, bold=bold or None)


def bar(share: float, cells: int = 20) -> str:
    """Return a bar of so many cells that is filled by `share`; what is not nothing fills one at least."""
    filled = min(cells, max(round(share * cells), 1 if share > 0 else 0))
    return "█" * filled + "░" * (cells - filled)


def put(line: str) -> None:
    """Print a line of which every piece is harmless already, as `painted` makes it."""
    sys.stdout.write(line + "\n")


def field(label: str, text: str, colour: str | None = None) -> None:
    """Print a labelled line for people, wrapped under itself on a terminal."""
    _labelled(label.ljust(LABEL), text, colour, bold=True)


def happened(at: str, text: str) -> None:
    """Print one line of a story: when, and what; wrapped like a field."""
    _labelled(f"  {at}  ", text)


def _labelled(label: str, text: str, colour: str | None = None, *, bold: bool = False) -> None:
    head, *rest = _wrapped(harmless(text), len(label))
    put(painted(label, bold=bold) + _styled(head, colour))
    for line in rest:
        put(" " * len(label) + _styled(line, colour))


def _wrapped(text: str, indent: int) -> list[str]:
    """Return `text` in lines that fit behind `indent` columns of a terminal; in a pipe, in one."""
    if not sys.stdout.isatty():
        return [text]
    width = min(shutil.get_terminal_size().columns, WIDEST) - indent
    return textwrap.wrap(text, max(width, 20), break_on_hyphens=False, replace_whitespace=False) or [""]


# --- listings -----------------------------------------------------------------------------


class Coloured(NamedTuple):
    """A cell that a terminal shows in a colour."""

    text: str
    colour: str | None


Shown = Cell | Coloured
"""What may stand in a cell here."""


def listing(columns: Sequence[Column], rows: Sequence[Sequence[Shown]]) -> None:
    """Print a table; on a terminal each row is one line, and the last column is cut to its width.

    Made for floods: tens of thousands of rows take a few seconds at the most.
    """
    if not sys.stdout.isatty():
        table(columns, [[_plain(cell) for cell in row] for row in rows])
        return
    lines = [[_ready(cell) for cell in row] for row in rows]
    widths = [max(map(_width, names_and_cells)) for names_and_cells in _by_column(columns, lines)]
    stream = Stream(columns, widths)
    for line in lines:
        stream.show(line)


def _by_column(columns: Sequence[Column], lines: Sequence[Sequence[_Ready]]) -> Iterator[list[str]]:
    for index, column in enumerate(columns):
        yield [column.name, *(line[index].text for line in lines)]


class Stream:
    """A listing whose rows come one by one, so that widths are given; the last column takes the rest."""

    def __init__(self, columns: Sequence[Column], widths: Sequence[int]) -> None:
        self._columns = columns
        self._widths = widths
        self._begun = False

    def show(self, row: Sequence[Shown | _Ready]) -> None:
        """Print one row, below the names of the columns if it is the first."""
        if not self._begun:
            put(
                _styled(
                    self._line([_Ready(column.name.upper(), None) for column in self._columns]), bold=True
                )
            )
        self._begun = True
        put(self._line([_ready(cell) for cell in row]))

    def _line(self, cells: Sequence[_Ready]) -> str:
        *fixed, last = cells
        pieces, taken = [], 0
        for column, cell, width in zip(self._columns, fixed, self._widths, strict=False):
            blank = " " * (width - _width(cell.text))
            shown = _styled(cell.text, cell.colour)
            pieces.append(blank + shown if column.right else shown + blank)
            taken += _width(cell.text) + len(blank) + len(GAP)
        return GAP.join([*pieces, _styled(_cut(last.text, taken), last.colour)]).rstrip()


GAP = "  "


class _Ready(NamedTuple):
    """A cell as it is printed: harmless already."""

    text: str
    colour: str | None


def _plain(cell: Shown) -> Cell:
    return cell.text if isinstance(cell, Coloured) else cell


def _ready(cell: Shown | _Ready) -> _Ready:
    match cell:
        case _Ready():
            return cell
        case Coloured(text, colour):
            return _Ready(harmless(text), colour)
        case None:
            return _Ready("-", None)
        case datetime():
            return _Ready(at_a_glance(cell), None)
    return _Ready(harmless(str(cell)), None)


def _width(text: str) -> int:
    """Return how many columns `text` takes: an emoji takes two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - only what is shown to people pays for it

    return cell_len(text)


def _cut(text: str, taken: int) -> str:
    """Return what of `text` fits on a terminal's line behind `taken` columns; in a pipe, all of it."""
    room = shutil.get_terminal_size().columns - taken
    if not sys.stdout.isatty() or _width(text) <= room:
        return text
    from rich.cells import set_cell_size  # noqa: PLC0415

    return set_cell_size(text, room - 1).rstrip() + "…" if room > 0 else ""
