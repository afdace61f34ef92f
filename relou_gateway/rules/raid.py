"""Is there a raid? A change-point on the arrivals of strangers (Page's CUSUM, Biometrika 1954).

Each first contact speaks for a raid with log(k), each that an ordinary day expects speaks against
it with (k - 1), where k (`surge_factor`) is how many times busier a raid is at least. The sum
never falls below zero; above `alarm` there is a raid, and it began where the sum last left zero.
A raid ends by the mirror image of that sum. The two thresholds are the hysteresis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .arrivals import BIN, BINS_A_DAY, Arrivals
from .vigilance import Vigilance


@dataclass(frozen=True, slots=True)
class Spell:
    """A raid from `since` (where the arrivals changed, not where that was noticed) to `until`, in seconds."""

    since: float
    until: float | None


class Watch:
    """Looks at the arrivals and says when a raid begins and ends. `spells` are the last raids, at most 20."""

    def __init__(self, arrivals: Arrivals, vigilance: Vigilance) -> None:
        self._arrivals = arrivals
        self._vigilance = vigilance
        self._rise = 0.0
        self._fall = 0.0
        self._onset = 0.0
        self._next: int | None = None
        self.spells: list[Spell] = []

    @property
    def current(self) -> Spell | None:
        """The raid that runs now, or None."""
        return self.spells[-1] if self.spells and self.spells[-1].until is None else None

    def raided(self, at: float) -> bool:
        """Say whether `at` lies in a raid."""
        return any(each.since <= at and (each.until is None or at < each.until) for each in self.spells)

    def advance(self, now: float) -> None:
        """Look at all bins that ended before `now`, and at what the running one has brought so far."""
        here = int(now // BIN)
        if self._next is None:
            if self._arrivals.first_bin is None:
                return
            # The first bin is what had piled up on the SIM before the gateway's life began.
            self._next = self._arrivals.first_bin + 1
        for which in range(max(self._next, here - 2 * BINS_A_DAY), here):
            self._close(which)
        self._next = max(self._next, here)
        if self.current is None and self._rise + self._speaks(here, now) > self._vigilance.alarm:
            self._begin(here)

    def _speaks(self, which: int, until: float) -> float:
        start = which * BIN
        came = self._arrivals.came(start, until) if until > start else 0
        factor = self._vigilance.surge_factor
        return came * math.log(factor) - (factor - 1) * self._baseline(which) * min(
            1.0, (until - start) / BIN
        )

    def _baseline(self, which: int) -> float:
        return self._arrivals.ordinary(which) * (1.0 + self._arrivals.doubt(which))

    def _close(self, which: int) -> None:
        end = (which + 1) * float(BIN)
        speaks = self._speaks(which, end)
        if self.current is not None:
            self._fall = max(0.0, self._fall - speaks)
            self._arrivals.mark_raided(which, which)
            if self._fall > self._vigilance.all_clear:
                self._end(end)
            return
        if self._rise <= 0.0:
            self._onset = which * float(BIN)
        self._rise = max(0.0, self._rise + speaks)
        if self._rise > self._vigilance.alarm:
            self._begin(which)

    def _begin(self, which: int) -> None:
        since = self._onset if self._rise > 0.0 else which * float(BIN)
        self.spells = [*self.spells[-19:], Spell(since, None)]
        self._arrivals.mark_raided(int(since // BIN), which)
        self._fall = 0.0

    def _end(self, at: float) -> None:
        self.spells[-1] = Spell(self.spells[-1].since, at)
        self._rise = self._fall = 0.0
        self._onset = at
