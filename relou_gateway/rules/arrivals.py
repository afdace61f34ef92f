"""How many strangers write or call, and how many would on an ordinary day of this gateway.

Time is cut into bins of ten minutes; all times here are seconds of quota time.
"""

from __future__ import annotations

import math
from collections import OrderedDict

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

WHOLE_DAYS = 2
"""Ordinary days from which on a day's hours are known."""

DOUBTS = 2.0
"""Standard deviations of what is known that a raid must pass."""

COLD = 1.0
"""The most doubt: before a whole day is known an evening may be twice as busy as the mean."""

SILENCE = 1200.0
"""A gap is looked at as an outage from twenty minutes on, where SURELY strangers should have come."""

SURELY = 6.0
"""Strangers that should have come in a gap: e⁻⁶, one gap in four hundred is chance."""

BACKLOG = 600.0
"""How long after a gap what comes in may be what had piled up."""


class Arrivals:
    """First contacts by bin, and which bins count as ordinary.

    Bounded: counts of `DAYS` days. A backlog after a silence is spread over the silence.
    """

    def __init__(self, strangers_per_day: float) -> None:
        self._assumed = strangers_per_day / BINS_A_DAY
        self._counts: OrderedDict[int, int] = OrderedDict()
        self._unexplained: dict[int, int] = {}
        self._raided: set[int] = set()
        self._expected: dict[int, tuple[int, float]] = {}
        self._known_mean = (-1, 0.0)
        self._windows: dict[tuple[int, int], float] = {}
        self._windows_of = -1
        self._hours: tuple[float, ...] = ()
        self._hours_of = -1
        self._newest = 0
        self._first: int | None = None
        self._last_event = -math.inf
        self._gap = (0.0, 0.0, 0.0)
        self._spread = 0

    @property
    def first_bin(self) -> int | None:
        """The bin of the first event ever seen."""
        return self._first

    def event(self, at: float) -> None:
        """Note that something came in at `at`: it ends a silence."""
        if self._first is None:
            self._first = int(at // BIN)
        elif at - self._last_event >= SILENCE and self.expected(self._last_event, at) >= SURELY:
            self.was_down(self._last_event, at)
        self._last_event = max(self._last_event, at)
        self._newest = max(self._newest, int(at // BIN))

    def was_down(self, since: float, until: float) -> None:
        """Take what comes right after `until` as what piled up since `since`."""
        self._gap = (since, until, until + min(until - since, BACKLOG))
        self._spread = 0

    def stranger(self, at: float) -> int:
        """Count a first contact at `at`; return the bin that it counts in."""
        where = self._bin_of(at)
        self._counts[where] = self._counts.get(where, 0) + 1
        self._unexplained[where] = self._unexplained.get(where, 0) + 1
        self._forget(where)
        return where

    def _bin_of(self, at: float) -> int:
        since, until, over = self._gap
        if not until <= at < over:
            return int(at // BIN)
        bins = max(1, int((until - since) // BIN))
        self._spread += 1
        return int(since // BIN) + self._spread % bins

    def _forget(self, newest: int) -> None:
        oldest = newest - (DAYS + 1) * BINS_A_DAY
        while self._counts and next(iter(self._counts)) < oldest:
            gone, _ = self._counts.popitem(last=False)
            self._raided.discard(gone)
            self._unexplained.pop(gone, None)

    def came(self, since: float, until: float) -> int:
        """Return how many first contacts counted in the bins that touch [since, until)."""
        first, last = int(since // BIN), math.ceil(until / BIN)
        return sum(self._counts.get(each, 0) for each in range(first, last))

    def unexplained(self, since: float, until: float) -> int:
        """Return how many of those who `came` are no plain flooders."""
        first, last = int(since // BIN), math.ceil(until / BIN)
        return sum(self._unexplained.get(each, 0) for each in range(first, last))

    def explain(self, which: int, senders: int) -> None:
        """Note that so many senders more of bin `which` are plain flooders: they make no day ordinary."""
        if which in self._unexplained:
            self._unexplained[which] -= senders

    def expected(self, since: float, until: float) -> float:
        """Return how many first contacts an ordinary day would bring in [since, until)."""
        first, last = int(since // BIN), int(until // BIN)
        total = self._ordinary_sum(first, last)
        total -= self.ordinary(first) * (since / BIN - first)
        return total - self.ordinary(last) * (last + 1 - until / BIN)

    def _ordinary_sum(self, first: int, last: int) -> float:
        hour = self._newest // BINS_AN_HOUR
        if hour != self._windows_of:
            self._windows, self._windows_of = {}, hour
        total = self._windows.get((first, last))
        if total is None:
            total = self._windows[first, last] = sum(self.ordinary(each) for each in range(first, last + 1))
        return total

    def expected_by_hour(self, now: float, hours: int) -> list[float]:
        """Return how many first contacts ordinary days would bring within 1, 2 … `hours` hours from `now`."""
        total, sums = 0.0, []
        for ahead in range(hours):
            total += self.expected(now + ahead * HOUR, now + (ahead + 1) * HOUR)
            sums.append(total)
        return sums

    def mark_raided(self, first: int, last: int) -> None:
        """Keep the bins from `first` to `last` out of what counts as ordinary."""
        self._raided.update(range(first, last + 1))
        if last > first:
            self._expected.clear()
            self._windows_of = -1

    def mark_ordinary(self, first: int, last: int) -> None:
        """Let the bins from `first` to `last` count as ordinary after all."""
        self._raided.difference_update(range(first, last + 1))
        self._expected.clear()
        self._windows_of = -1

    def hours(self) -> tuple[float, ...]:
        """Return how many first contacts each hour from midnight UTC has on ordinary days before today.

        Nothing is returned before every hour was seen on at least `WHOLE_DAYS` ordinary days.
        """
        midnight = self._newest // BINS_A_DAY * BINS_A_DAY
        if self._hours_of != midnight:
            self._hours_of, self._hours = midnight, self._reckon_hours(midnight)
        return self._hours

    def _reckon_hours(self, midnight: int) -> tuple[float, ...]:
        if self._first is None:
            return ()
        seen, bins = [0] * 24, [0] * 24
        for each in range(max(self._first, midnight - DAYS * BINS_A_DAY), midnight):
            if each not in self._raided:
                hour = each % BINS_A_DAY // BINS_AN_HOUR
                seen[hour] += self._unexplained.get(each, 0)
                bins[hour] += 1
        if min(bins) < WHOLE_DAYS * BINS_AN_HOUR:
            return ()
        return tuple(count / many for count, many in zip(seen, bins, strict=True))

    def ordinary(self, which: int) -> float:
        """Return how many first contacts bin `which` has on an ordinary day; reckoned anew once an hour."""
        epoch = min(self._newest, which) // BINS_AN_HOUR
        known = self._expected.get(which)
        if known is None or known[0] != epoch:
            known = self._expected[which] = (epoch, self._reckon(which))
            if len(self._expected) > 3 * BINS_A_DAY:
                self._expected = {
                    each: kept for each, kept in self._expected.items() if each >= self._newest - BINS_A_DAY
                }
        return known[1]

    def _reckon(self, which: int) -> float:
        mean = self._mean(which)
        weights, total = PRIOR_DAYS, PRIOR_DAYS * mean
        for back in range(1, DAYS + 1):
            seen, bins = self._window(which - back * BINS_A_DAY, SMOOTHING, which)
            weight = FADING ** (back - 1) * bins / (2 * SMOOTHING + 1)
            weights += weight
            total += weight * seen / max(1, bins)
        return max(total / weights, FLOOR * mean)

    def _mean(self, which: int) -> float:
        """Return the mean of ordinary bins: what is assumed until whole days speak for themselves."""
        if self._first is None:
            return self._assumed
        today = min(which, self._newest) // BINS_AN_HOUR
        if self._known_mean[0] != today:
            self._known_mean = (today, self._reckon_mean(today * BINS_AN_HOUR))
        return self._known_mean[1]

    def _reckon_mean(self, now: int) -> float:
        assert self._first is not None
        start = max(self._first, now - DAYS * BINS_A_DAY)
        whole = max(0, now - start) // BINS_A_DAY * BINS_A_DAY
        bins = [each for each in range(now - whole, now) if each not in self._raided]
        seen = sum(self._unexplained.get(each, 0) for each in bins)
        return (0.5 * BINS_A_DAY * self._assumed + seen) / (0.5 * BINS_A_DAY + len(bins))

    def _window(self, middle: int, reach: int, now: int) -> tuple[int, int]:
        """Return the strangers and the number of the ordinary bins round `middle`, all before `now`."""
        first = middle - reach if self._first is None else max(self._first, middle - reach)
        last = min(middle + reach + 1, now, self._newest)
        if first >= last:
            return 0, 0
        bins = [each for each in range(first, last) if each not in self._raided]
        return sum(self._unexplained.get(each, 0) for each in bins), len(bins)

    def doubt(self, which: int) -> float:
        """Return how much busier than `ordinary` bin `which` may well be, as a share of it.

        Known are the strangers counted at that hour of earlier days: n of them leave 1 / √n open.
        """
        counted = sum(
            self._window(which - back * BINS_A_DAY, SMOOTHING, which)[0] for back in range(1, DAYS + 1)
        )
        return min(COLD, DOUBTS / math.sqrt(counted + 1))
