"""The pace beneath the caps: how much of a window's limit may go now.

A rolling month alone is gone in two days, and a rolling day in its first hour. So what a cap allows
accrues as time passes, and only a part of it can be saved up:

- a cap of an hour up to a day fills evenly, and holds at most half of its limit at once. An evening's
  burst is not slowed; a raid cannot take a whole day's answers before anybody noticed it;
- of a longer one each day has its share, which accrues most in the hours in which this gateway's
  ordinary people write, and what days leave is carried over, up to some days' shares;
- caps of less than an hour are not paced.

This is the generic cell rate algorithm (ITU-T I.371, virtual scheduling), on a clock that runs as the
share accrues. It is reckoned from what was spent alone: a restart, a crash or a denial changes
nothing. All times are seconds of quota time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil, inf

DAY = 86_400.0
HOUR = 3600.0

AT_ONCE = 0.5
"""The part of an hour's or a day's limit that can be saved up."""

_HAIR = 1e-9
"""Days by which sums of floats may be wrong; less than the least that accrues in a millisecond."""


class Rhythm:
    """How a day's share is spread over its hours, from midnight UTC of quota time."""

    def __init__(self, weights: Sequence[float] = ()) -> None:
        """Take 24 weights that need not add up; a quarter of the day's share is spread evenly in any case."""
        total = sum(weights)
        even = 1 / 24
        shares = [0.25 * even + 0.75 * (each / total) for each in weights] if total > 0 else [even] * 24
        self._upto = [0.0, *accumulate(shares[:-1]), 1.0]
        # Of each hour what accrues in a second, and where its line would have begun at midnight.
        self._slopes = [(after - before) / HOUR for before, after in pairwise(self._upto)]
        self._starts = [
            upto - slope * hour * HOUR
            for hour, (upto, slope) in enumerate(zip(self._upto, self._slopes, strict=False))
        ]

    def days(self, since: float, until: float) -> float:
        """Return how many days' shares accrue in [since, until)."""
        return max(0.0, self.count(until) - self.count(since))

    def count(self, at: float) -> float:
        """Return how many days' shares have accrued since 1970."""
        return self.counts((at,))[0]

    def counts(self, times: Iterable[float]) -> list[float]:
        """Return what `count` says of each."""
        starts, slopes = self._starts, self._slopes
        # One line, for thousands of times at each claim.
        return [
            (day := at // DAY) + starts[hour := int((rest := at - day * DAY) // HOUR)] + slopes[hour] * rest
            for at in times
        ]

    def when(self, count: float) -> float:
        """Return at which time so many days' shares have accrued since 1970: `count` the other way."""
        whole, rest = divmod(count, 1.0)
        first = max(hour for hour in range(24) if self._upto[hour] <= rest)
        return whole * DAY + (rest - self._starts[first]) / self._slopes[first]


EVEN = Rhythm()


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a cap lets go at a time: `share` accrues in a day, and at most `full` is saved up.

    What is asked goes when there is enough, or when the bucket is as full as it gets: an answer that is
    larger than the bucket goes too, and is paid off afterwards.
    """

    share: float
    full: float
    rhythm: Rhythm

    def refilled(self, counts: Sequence[float], upto: Sequence[float]) -> float:
        """Return when, in days' shares since 1970, the bucket is full again after all that was spent.

        `counts` says when each was spent, by `rhythm.count`; `upto[i]` how much was before the i-th,
        with one more for all. It is the theoretical arrival time: max(it, arrival) + amount / share,
        from one to the next, written as one maximum.
        """
        a_day = self.share
        latest = (count - before / a_day for count, before in zip(counts, upto, strict=False))
        return max(latest, default=-inf) + upto[-1] / a_day

    def enough_at(self, refilled: float, asked: float, under_way: float) -> float | None:
        """Return from when on, in days' shares since 1970, there is enough; None: not by itself.

        `under_way` is what will be spent at a time that nobody knows yet.
        """
        spare = self.full - under_way - min(asked, self.full)
        return None if spare < -_HAIR * self.share else refilled - spare / self.share

    def is_time(self, enough_at: float, now: float) -> bool:
        """Say whether there is enough at `now`."""
        return enough_at <= self.rhythm.count(now) + _HAIR

    def moment(self, enough_at: float) -> int:
        """Return the first millisecond of quota time at which there is enough."""
        found = ceil(self.rhythm.when(enough_at) * 1000)
        while self.is_time(enough_at, (found - 1) / 1000):
            found -= 1
        while not self.is_time(enough_at, found / 1000):
            found += 1
        return found


@dataclass(frozen=True, slots=True)
class Pace:
    """How days' shares accrue, and how many of them are carried over at most."""

    rhythm: Rhythm = EVEN
    carry_days: float = 3.0

    def bucket(self, limit: float, span: float) -> Bucket | None:
        """Return how `limit` per `span` seconds is paced, None where it is not."""
        if span < HOUR or limit <= 0:
            return None
        if span <= DAY:
            return Bucket(limit * DAY / span, AT_ONCE * limit, EVEN)
        share = limit * DAY / span
        return Bucket(share, share * self.carry_days, self.rhythm)


def saved(
    limit: float,
    span: float,
    spent: Sequence[tuple[float, float]],
    now: float,
    carry_days: float,
    rhythm: Rhythm,
) -> float:
    """Return how much of `limit` per `span` seconds has accrued and was not `spent`, at `now`.

    `spent` holds (time, amount) in order of time. At most `carry_days` days' shares are kept, and the
    day's own accrues as the day passes: so no 24 hours use more than 1 + `carry_days` shares. A gateway
    that begins its life begins with all that can be kept. Below zero is what has to be paid off.
    """
    share = limit * DAY / span
    full = share * carry_days
    counts = [rhythm.count(min(max(when, now - span), now)) for when, _ in spent]
    upto = list(accumulate((amount for _, amount in spent), initial=0.0))
    refilled = Bucket(share, full, rhythm).refilled(counts, upto)
    return full - share * max(0.0, refilled - rhythm.count(now))


def ahead(limit: float, span: float, level: float, now: float, hours: int, rhythm: Rhythm) -> list[float]:
    """Return what may be spent within 1, 2 … `hours` hours from `now` if `level` is there now."""
    share = limit * DAY / span
    begun, *ends = rhythm.counts(now + hour * HOUR for hour in range(hours + 1))
    return [level + share * max(0.0, end - begun) for end in ends]
