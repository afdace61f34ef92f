"""How many senders came in each hour, by their score: tomorrow's same hours will want as much.

Scores are cut into bins of a quarter; all times are seconds of quota time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate

HOUR = 3600.0
HORIZONS = 24
LOWEST = -2.0
"""Below it everyone is ordinary enough, so that scores of calm days and of raids can be compared."""

WIDTH = 0.25
BINS = 57
RECENT = 3
"""Hours whose mean speaks for the next few: a raid that has just begun is not in yesterday's."""

_NOBODY = [0] * BINS


def bin_of(score: float) -> int:
    """Return the bin of `score`; the outermost bins are open."""
    return min(BINS - 1, max(0, int((score - LOWEST) / WIDTH)))


def upper(which: int) -> float:
    """Return the score that bin `which` ends with."""
    return LOWEST + (which + 1) * WIDTH


class Demand:
    """Senders of the last two days by the hour of their first contact and the bin of their score."""

    def __init__(self) -> None:
        self._hours: OrderedDict[int, list[int]] = OrderedDict()
        self._first: int | None = None

    def add(self, at: float, score: float) -> None:
        """Count a sender who came first at `at`."""
        hour = int(at // HOUR)
        self._first = hour if self._first is None else self._first
        self._hours.setdefault(hour, [0] * BINS)[bin_of(score)] += 1
        while len(self._hours) > 2 * HORIZONS:
            self._hours.popitem(last=False)

    def move(self, at: float, before: float, after: float) -> None:
        """Count the same sender under his score's new bin; hours that are forgotten stay so."""
        if (bins := self._hours.get(int(at // HOUR))) is not None:
            bins[bin_of(before)] -= 1
            bins[bin_of(after)] += 1

    def forecast(self, now: float, ordinary: Sequence[float]) -> list[list[float]]:
        """Return for each horizon of 1 to 24 h how many senders it will bring up to each bin.

        Yesterday's same hours speak, and for the next hours at least the last ones' mean. Hours
        before the gateway's life are taken to have brought `ordinary` unsuspicious strangers, which
        is how many an ordinary day brings from `now` on within 1, 2 … hours.
        """
        recent = self._recent(now)
        horizons: list[list[float]] = []
        total = [0.0] * BINS
        for ahead in range(1, HORIZONS + 1):
            assumed = ordinary[ahead - 1] - (ordinary[ahead - 2] if ahead > 1 else 0.0)
            total = [
                so_far + more
                for so_far, more in zip(total, self._yesterday(now, ahead, assumed), strict=True)
            ]
            upto = list(accumulate(total))
            if ahead <= RECENT:
                upto = [max(a, ahead * b) for a, b in zip(upto, recent, strict=True)]
            horizons.append(upto)
        return horizons

    def _yesterday(self, now: float, ahead: int, assumed: float) -> list[float]:
        start = now / HOUR - HORIZONS + ahead - 1
        hour, share = int(start), start % 1
        if self._first is None or hour < self._first:
            return [assumed] + [0.0] * (BINS - 1)
        first, second = self._hours.get(hour, _NOBODY), self._hours.get(hour + 1, _NOBODY)
        return [a * (1 - share) + b * share for a, b in zip(first, second, strict=True)]

    def _recent(self, now: float) -> list[float]:
        hour, share = int(now // HOUR), (now / HOUR) % 1
        total = [0] * BINS
        for each in range(hour - RECENT, hour + 1):
            if (bins := self._hours.get(each)) is not None:
                total = [a + b for a, b in zip(total, bins, strict=True)]
        return [each / (RECENT + share) for each in accumulate(total)]
