"""Ports that answer when they are asked what they are, and then lose one cell after the other.

A stick's tty may speak AT, and hang in what libGammu asks of it, while the next tty of the same
stick, or another stick, would do. So a port that fails a few times in a row is set aside for a
while: it is chosen only where there is nothing else, and later again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from .cell import Cell
from .keeper import PROVEN

FAILURES = 3
"""Losses in a row with which a port is set aside; the pauses between them come to some seconds."""

ASIDE = 1800.0
"""Seconds for which it is: what is wrong with it may be over by then."""

ITS_FAULT = {"hung", "broken", "died"}
"""Causes of a loss that another port may not have; a SIM is locked on each, and what is unplugged is gone."""


class Setbacks:
    """What became of the cells that were given out, by port. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = Counter[str]()
        self._until: dict[str, float] = {}
        self._path = ""
        self._cell: Cell | None = None
        self._given_at = 0.0

    def given(self, path: str, cell: Cell) -> None:
        """Take note that this cell is to work on the port at `path` from now on."""
        self._path, self._cell, self._given_at = path, cell, self._clock()

    def works(self) -> None:
        """Take note that the cell works at this moment: if it has for long enough, its port is a good one."""
        if self._cell is not None and self._clock() - self._given_at >= PROVEN:
            del self._failures[self._path]
            self._until.pop(self._path, None)

    def newly_aside(self) -> str | None:
        """Reckon with what became of the latest cell; return its port if it is set aside for that."""
        cell, self._cell = self._cell, None
        if cell is None or cell.loss is None or cell.loss.cause not in ITS_FAULT:
            return None
        self._failures[self._path] += 1
        if self._failures[self._path] < FAILURES:
            return None
        del self._failures[self._path]
        was_aside = self._path in self.aside()
        self._until[self._path] = self._clock() + ASIDE
        return None if was_aside else self._path

    def aside(self) -> frozenset[str]:
        """Return the ports that are set aside now."""
        now = self._clock()
        return frozenset(path for path, until in self._until.items() if now < until)
