"""Keeps one modem at hand: a fresh cell after each loss, and no sooner than makes sense.

There is one road for every way of losing a modem (DESIGN.md, Failures): the dead cell is
dropped, the pause before the next one doubles with each loss in a row, and then a new cell
is started. Where something is plugged in meanwhile there is no reason to wait any longer; a modem that
is absent costs nothing to look for, so that the pause does not grow.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from .cell import Cell
from .port import ModemLost

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between the loss of a cell and the next try, the first time and at the most."""

ABSENT_PAUSE = 2.0
"""Seconds between two looks for a modem that is not there, at the most."""

PROVEN = 60.0
"""Seconds of life after which a cell's end is a first loss again."""


class Keeper:
    """Gives out the one live cell, and starts the next when its time has come.

    `make` returns a cell that is not open yet. `plugged` returns what changes when a modem may
    have been plugged in or pulled. `clock` is monotonic, in seconds. Used by one thread, but for
    `hurry`, which any thread and a signal handler may call.

    `state` is what `status` shows: `starting`, `ready`, `stopped`, or `waiting: ` and the
    cause of the loss.
    """

    def __init__(
        self,
        make: Callable[[], Cell],
        rng: random.Random,
        clock: Callable[[], float] = time.monotonic,
        *,
        plugged: Callable[[], object] = lambda: None,
    ) -> None:
        self.state = "starting"
        self._make = make
        self._rng = rng
        self._clock = clock
        self._plugged = plugged
        self._plugged_before: object = None
        self._cell: Cell | None = None
        self._opened = self._seen = 0.0
        self._losses = 0
        self._loss: ModemLost | None = None
        self._lost_at = self._retry_at = float("-inf")
        self._latest = float("inf")

    def modem(self) -> Cell:
        """Return the live cell, starting one if it is time; may take as long as opening a modem.

        Raises `ModemLost` with the seconds until it is worth asking again in `retry_in`. They
        are infinite after a PIN that the SIM refused: three of those and the card is closed
        (gammu#458), so only a person helps. Once something is plugged in, it is worth it sooner.
        """
        if self._cell is not None and self._cell.loss is not None:
            self._drop(self._cell.loss)
        cell = self._cell or self._start()
        self._seen = self._clock()
        return cell

    @property
    def due(self) -> bool:
        """Whether a modem that is missing is worth looking for now. Costs next to nothing."""
        if self._cell is not None:
            return not self._cell.alive
        if self._loss is None:
            return False
        waited = self._clock() - self._lost_at >= FIRST_PAUSE
        return self._clock() >= self._retry_at or (waited and self._plugged() != self._plugged_before)

    def hurry(self, seconds: float) -> None:
        """Let no request outlast this many seconds, whether of this cell or of those to come."""
        self._latest = min(self._latest, self._clock() + seconds)
        if self._cell is not None:
            self._cell.hurry(seconds)

    def close(self) -> None:
        """Let go of the modem; it can be asked for again."""
        if self._cell is not None:
            self._cell.close()
        self._cell, self.state = None, "stopped"

    def _start(self) -> Cell:
        self._cell = None
        if self._loss is not None and not self.due:
            left = self._retry_at - self._clock()
            raise ModemLost(self._loss.cause, str(self._loss), retry_in=left)
        self.state = "starting"
        try:
            cell = self._cell = self._make()
            cell.hurry(self._latest - self._clock())
            cell.open()
        except ModemLost as lost:
            self._cell = None
            raise self._pause(lost) from lost
        self._opened, self.state = self._clock(), "ready"
        return cell

    def _drop(self, loss: ModemLost) -> None:
        """Take note of a cell that was lost since it was given out."""
        self._cell = None
        if self._seen - self._opened >= PROVEN:
            self._losses = 0
        self._pause(loss)

    def _pause(self, loss: ModemLost) -> ModemLost:
        """Set the time of the next try; return the loss with it."""
        absent = loss.cause == "absent"
        longest = min(FIRST_PAUSE * 2**self._losses, ABSENT_PAUSE if absent else LONGEST_PAUSE)
        # several gateways on one hub must not come back in step
        pause = self._rng.uniform(longest / 2, longest)
        if loss.cause == "pin_wrong":
            pause = float("inf")
        self._losses = min(self._losses + (not absent), 10)
        self._loss, self._lost_at, self._retry_at = loss, self._clock(), self._clock() + pause
        self._plugged_before = self._plugged()
        self.state = f"waiting: {loss.cause}"
        return ModemLost(loss.cause, str(loss), retry_in=pause)
