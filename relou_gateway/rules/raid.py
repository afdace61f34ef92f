"""Is there a raid? A change-point on the arrivals of strangers (Page's CUSUM, Biometrika 1954).

Each first contact speaks for a raid with log(k), each that an ordinary day expects speaks against
it with (k - 1), where k (`surge_factor`) is how many times busier a raid is at least. The sum
never falls below zero; above `alarm` a wave of strangers has begun, where the sum last left zero.
It is over when the mirror image of that sum passes `all_clear`. Raiders sleep, and come back in the
evening: a raid lasts from its first wave until none was seen for `CALM`. It tells of itself once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .arrivals import BIN, BINS_A_DAY, BINS_AN_HOUR, DAYS, Arrivals
from .vigilance import Vigilance

CALM = 18 * 3600.0
"""Seconds after the last wave until a raid is over: longer than a night."""

AT_MOST = DAYS * 86_400.0
"""What has lasted for so long is how things are now: an ordinary day is reckoned anew."""

FLOODER = 2.0
"""Somebody found to flood speaks for a raid as so many strangers do."""

KEPT = 50
"""Waves and raids that are remembered."""


@dataclass(frozen=True, slots=True)
class Spell:
    """From `since` (where the arrivals changed, not where that was noticed) to `until`, in seconds."""

    since: float
    until: float | None

    def holds(self, at: float) -> bool:
        """Say whether `at` lies in it."""
        return self.since <= at and (self.until is None or at < self.until)


class Watch:
    """Looks at the arrivals and says when waves and raids begin and end: the last ones, oldest first."""

    def __init__(self, arrivals: Arrivals, vigilance: Vigilance) -> None:
        self._arrivals = arrivals
        self._vigilance = vigilance
        self._rise = 0.0
        self._fall = 0.0
        self._onset = 0.0
        self._next: int | None = None
        self.waves: list[Spell] = []
        self.raids: list[Spell] = []

    @property
    def current(self) -> Spell | None:
        """The raid that runs now, or None."""
        return _running(self.raids)

    def raided(self, at: float) -> bool:
        """Say whether `at` lies in a wave: what is quiet between two of them is as on ordinary days."""
        return any(each.holds(at) for each in reversed(self.waves))

    def advance(self, now: float) -> None:
        """Look at all bins that ended before `now`."""
        here = int(now // BIN)
        if self._next is None:
            if self._arrivals.first_bin is None:
                return
            # The first bin is what had piled up on the SIM before the gateway's life began.
            self._next = self._arrivals.first_bin + 1
        for which in range(max(self._next, here - 2 * BINS_A_DAY), here):
            self._close(which)
            if (which + 1) % BINS_AN_HOUR == 0:
                self._arrivals.new_hour(which + 1)
        self._next = max(self._next, here)

    def look(self, now: float) -> None:
        """Look at what the running bin has brought so far: somebody came at `now`."""
        here = int(now // BIN)
        if self._next is None or here < self._next or _running(self.waves) is not None:
            return
        if self._rise + self._speaks(here, now) > self._vigilance.alarm:
            self._begin(here)

    def flooder(self, now: float) -> None:
        """Note that somebody was found to flood at `now`: he speaks for a raid, whenever he came."""
        self._weigh(int(now // BIN), FLOODER * math.log(self._vigilance.surge_factor))

    def _speaks(self, which: int, until: float) -> float:
        start = which * BIN
        came = self._arrivals.came(start, until) if until > start else 0
        factor = self._vigilance.surge_factor
        expected = self._arrivals.ordinary(which) * (1.0 + self._arrivals.doubt(which))
        return came * math.log(factor) - (factor - 1) * expected * min(1.0, (until - start) / BIN)

    def _weigh(self, which: int, speaks: float) -> None:
        """Add to the sum that tells when a wave begins or, while one runs, to that which tells its end."""
        if _running(self.waves) is not None:
            self._fall = max(0.0, self._fall - speaks)
            return
        if self._rise <= 0.0:
            self._onset = which * float(BIN)
        self._rise = max(0.0, self._rise + speaks)

    def _close(self, which: int) -> None:
        """Take the whole of a bin that is over into account."""
        end = (which + 1) * float(BIN)
        self._weigh(which, self._speaks(which, end))
        wave = _running(self.waves)
        if wave is None:
            if self._rise > self._vigilance.alarm:
                self._begin(which)
            elif self.current is not None and end - (self.waves[-1].until or end) >= CALM:
                self.raids[-1] = Spell(self.raids[-1].since, self.waves[-1].until)
            return
        self._arrivals.mark_raided(which, which)
        if self._fall > self._vigilance.all_clear:
            self._end(end)
        elif end - self.raids[-1].since >= AT_MOST:
            self._accept(which)

    def _begin(self, which: int) -> None:
        since = self._onset if self._rise > 0.0 else which * float(BIN)
        self.waves = [*self.waves[1 - KEPT :], Spell(since, None)]
        if self.current is None:
            self.raids = [*self.raids[1 - KEPT :], Spell(since, None)]
        self._arrivals.mark_raided(int(since // BIN), which)
        self._arrivals.new_hour(which + 1)
        self._rise = self._fall = 0.0

    def _accept(self, which: int) -> None:
        """Take what has lasted for so long as ordinary, and the raid as over."""
        since = self.raids[-1].since
        self._arrivals.mark_ordinary(int(since // BIN), which)
        self._arrivals.new_hour(which + 1)
        self.waves = [each for each in self.waves if each.since < since]
        self.raids[-1] = Spell(since, (which + 1) * float(BIN))
        self._rise = self._fall = 0.0

    def _end(self, at: float) -> None:
        self.waves[-1] = Spell(self.waves[-1].since, at)
        self._rise = self._fall = 0.0


def _running(spells: list[Spell]) -> Spell | None:
    return spells[-1] if spells and spells[-1].until is None else None
