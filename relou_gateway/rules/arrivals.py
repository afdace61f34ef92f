"""How many strangers write or call, and how many would on an ordinary day of this gateway.

Time is cut into bins of ten minutes; all times here are seconds of quota time. What an ordinary day
brings is reckoned once an hour (`new_hour`), so that it depends on what came and not on who asked.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from itertools import accumulate

BIN = 600
BINS_AN_HOUR = 6
BINS_A_DAY = 144
HOUR = 3600.0
DAYS = 14
"""How many days back ordinary hours are looked up."""

FADING = 0.7
"""Weight of an ordinary day against the day after it."""

SMOOTHING = 9
"""Bins to either side that speak for an hour of the day: 1.5 h, as long as an evening's mood."""

PRIOR_DAYS = 0.4
"""How many days' weight the even prior has: it rules on the first day and fades within three."""

FLOOR = 0.25
"""Nothing is ever expected to be quieter than this share of the mean."""

DOUBTS = 2.0
"""Standard deviations of what is known that a raid must pass."""

COLD = 1.0
"""The most doubt: before a whole day is known an evening may be twice as busy as the mean."""

WHOLE_DAYS = 2
"""Ordinary days from which on a day's hours are known."""

SILENCE = 1200.0
"""A gap is looked at as an outage from twenty minutes on, where SURELY strangers should have come."""

SURELY = 6.0
"""Strangers that should have come in a gap: e⁻⁶, one gap in four hundred is chance."""

BACKLOG = 600.0
"""How long after a gap what comes in may be what had piled up."""

NEAR = SMOOTHING + 2 * BINS_AN_HOUR
FAR = 2 * BINS_A_DAY + NEAR
"""Bins from the running hour on for which an ordinary day is reckoned: each hour, and each day."""


class Arrivals:
    """First contacts by bin, and which bins count as ordinary.

    Bounded: counts of `DAYS` days. A backlog after a silence is spread over the silence.
    """

    def __init__(self, strangers_per_day: float) -> None:
        self._assumed = strangers_per_day / BINS_A_DAY
        self._mean = self._assumed
        self._counts: OrderedDict[int, int] = OrderedDict()
        self._unexplained: dict[int, int] = {}
        self._raided: set[int] = set()
        self._ordinary: dict[int, tuple[float, float]] = {}
        self._sums: dict[tuple[int, int], float] = {}
        self._hours: tuple[float, ...] = ()
        self._newest = 0
        self._first: int | None = None
        self._last_event = -math.inf
        self._gap = (0.0, 0.0, 0.0)
        self._spread = 0

    # --- what comes in

    @property
    def first_bin(self) -> int | None:
        """The bin of the first event ever seen."""
        return self._first

    def event(self, at: float) -> None:
        """Note that something came in at `at`: it ends a silence."""
        self._newest = max(self._newest, int(at // BIN))
        if self._first is None:
            self._first = int(at // BIN)
            self.new_hour(self._first)
        elif at - self._last_event >= SILENCE and self.expected(self._last_event, at) >= SURELY:
            self.was_down(self._last_event, at)
        self._last_event = max(self._last_event, at)

    def was_down(self, since: float, until: float) -> None:
        """Take what comes right after `until` as what piled up since `since`."""
        self._gap = (since, until, until + min(until - since, BACKLOG))
        self._spread = 0

    def stranger(self, at: float) -> int:
        """Count a first contact at `at`; return the bin that it counts in."""
        where = self._bin_of(at)
        self._counts[where] = self._counts.get(where, 0) + 1
        self._unexplained[where] = self._unexplained.get(where, 0) + 1
        return where

    def _bin_of(self, at: float) -> int:
        since, until, over = self._gap
        if not until <= at < over:
            return int(at // BIN)
        bins = max(1, int((until - since) // BIN))
        self._spread += 1
        return int(since // BIN) + self._spread % bins

    def explain(self, which: int, senders: int) -> None:
        """Note that of so many senders more of bin `which` it is known what they are, for themselves."""
        if which in self._unexplained:
            self._unexplained[which] -= senders

    def mark_raided(self, first: int, last: int) -> None:
        """Keep the bins from `first` to `last` out of what counts as ordinary."""
        self._raided.update(range(first, last + 1))

    def mark_ordinary(self, first: int, last: int) -> None:
        """Let the bins from `first` to `last` count as ordinary after all."""
        self._raided.difference_update(range(first, last + 1))

    # --- what is asked

    def came(self, since: float, until: float) -> int:
        """Return how many first contacts counted in the bins that touch [since, until)."""
        first, last = int(since // BIN), math.ceil(until / BIN)
        return sum(self._counts.get(each, 0) for each in range(first, last))

    def unexplained(self, since: float, until: float) -> int:
        """Return how many of those who `came` nothing else tells apart."""
        first, last = int(since // BIN), math.ceil(until / BIN)
        return sum(self._unexplained.get(each, 0) for each in range(first, last))

    def expected(self, since: float, until: float) -> float:
        """Return how many first contacts an ordinary day would bring in [since, until)."""
        first, last = int(since // BIN), int(until // BIN)
        total = self._sums.get((first, last))
        if total is None:
            total = sum(self.ordinary(each) for each in range(first, last + 1))
            self._sums[first, last] = total
        total -= self.ordinary(first) * (since / BIN - first)
        return total - self.ordinary(last) * (last + 1 - until / BIN)

    def expected_by_hour(self, now: float, hours: int) -> list[float]:
        """Return how many first contacts ordinary days would bring within 1, 2 … `hours` hours from `now`."""
        return [
            *accumulate(self.expected(now + each * HOUR, now + (each + 1) * HOUR) for each in range(hours))
        ]

    def ordinary(self, which: int) -> float:
        """Return how many first contacts bin `which` has on an ordinary day."""
        known = self._ordinary.get(which)
        return self._mean if known is None else known[0]

    def doubt(self, which: int) -> float:
        """Return how much busier than `ordinary` bin `which` may well be, as a share of it.

        Known are the strangers counted at that hour of earlier days: n of them leave 1 / √n open.
        """
        known = self._ordinary.get(which)
        return COLD if known is None else known[1]

    def hours(self) -> tuple[float, ...]:
        """Return how many first contacts each hour from midnight UTC has on ordinary days before today.

        Nothing is returned before every hour was seen on at least `WHOLE_DAYS` ordinary days.
        """
        return self._hours

    # --- what an ordinary day is

    def new_hour(self, now: int) -> None:
        """Reckon anew what ordinary days bring, from what came before bin `now`; forget what is too old."""
        self._forget(now - (DAYS + 1) * BINS_A_DAY)
        if self._first is None:
            return
        start = max(self._first, now - DAYS * BINS_A_DAY)
        ordinary = [each not in self._raided for each in range(start, now)]
        seen = [
            self._unexplained.get(each, 0) if counts else 0
            for each, counts in enumerate(ordinary, start=start)
        ]
        past = _Past(start, [0, *accumulate(seen)], [0, *accumulate(ordinary)])
        self._mean = past.mean(self._assumed)
        new_day = now % BINS_A_DAY < BINS_AN_HOUR
        for which in range(now, now + (FAR if new_day or now + NEAR not in self._ordinary else NEAR)):
            self._ordinary[which] = past.ordinary(which, self._mean)
        self._sums.clear()
        if new_day:
            self._hours = past.hours(now // BINS_A_DAY * BINS_A_DAY)

    def _forget(self, oldest: int) -> None:
        while self._counts and next(iter(self._counts)) < oldest:
            gone, _ = self._counts.popitem(last=False)
            self._unexplained.pop(gone, None)
        for old in [each for each in self._ordinary if each < oldest]:
            del self._ordinary[old]
        self._raided = {each for each in self._raided if each >= oldest}


class _Past:
    """The ordinary bins of the last days: strangers and bins from `start` on, added up."""

    def __init__(self, start: int, seen: list[int], bins: list[int]) -> None:
        self._start = start
        self._seen = seen
        self._bins = bins

    def _between(self, first: int, end: int) -> tuple[int, int]:
        """Return the strangers and the number of the ordinary bins from `first` to before `end`."""
        last = len(self._seen) - 1
        low = min(last, max(0, first - self._start))
        high = min(last, max(low, end - self._start))
        return self._seen[high] - self._seen[low], self._bins[high] - self._bins[low]

    def mean(self, assumed: float) -> float:
        """Return the mean of whole days: what is assumed until they speak for themselves."""
        whole = (len(self._seen) - 1) // BINS_A_DAY * BINS_A_DAY
        end = self._start + len(self._seen) - 1
        seen, bins = self._between(end - whole, end)
        return (0.5 * BINS_A_DAY * assumed + seen) / (0.5 * BINS_A_DAY + bins)

    def ordinary(self, which: int, mean: float) -> tuple[float, float]:
        """Return how many strangers bin `which` brings on an ordinary day, and how far that is in doubt."""
        weights, total, counted = PRIOR_DAYS, PRIOR_DAYS * mean, 0
        for back in range(1, DAYS + 2):
            middle = which - back * BINS_A_DAY
            seen, bins = self._between(middle - SMOOTHING, middle + SMOOTHING + 1)
            weight = FADING ** (back - 1) * bins / (2 * SMOOTHING + 1)
            weights += weight
            total += weight * seen / max(1, bins)
            counted += seen
        return max(total / weights, FLOOR * mean), min(COLD, DOUBTS / math.sqrt(counted + 1))

    def hours(self, midnight: int) -> tuple[float, ...]:
        """Return the mean of each hour before `midnight`; nothing until each was seen on whole days."""
        seen, bins = [0] * 24, [0] * 24
        for first in range(self._start // BINS_AN_HOUR * BINS_AN_HOUR, midnight, BINS_AN_HOUR):
            more, counted = self._between(first, first + BINS_AN_HOUR)
            hour = first % BINS_A_DAY // BINS_AN_HOUR
            seen[hour] += more
            bins[hour] += counted
        if min(bins) < WHOLE_DAYS * BINS_AN_HOUR:
            return ()
        return tuple(count / many for count, many in zip(seen, bins, strict=True))
