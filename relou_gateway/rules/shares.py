"""The day's share of a month: how much of a long window may go now.

A rolling month alone is gone in two days. Its share accrues as time passes, `limit` in thirty days,
most in the hours in which this gateway's ordinary people write, and what a day leaves is carried
over for some days. The level is reckoned from what was spent alone: a restart, a crash or a denial
changes nothing. All times are seconds of quota time.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

DAY = 86_400.0
HOUR = 3600.0


class Rhythm:
    """How a day's share is spread over its hours, from midnight UTC of quota time."""

    def __init__(self, weights: Sequence[float] = ()) -> None:
        """Take 24 weights that need not add up; a quarter of the day's share is spread evenly in any case."""
        total = sum(weights)
        even = 1 / 24
        shares = [0.25 * even + 0.75 * (each / total) for each in weights] if total > 0 else [even] * 24
        self._upto = [0.0, *accumulate(shares)]

    def days(self, since: float, until: float) -> float:
        """Return how many days' shares accrue in [since, until)."""
        return max(0.0, self._days(until) - self._days(since))

    def _days(self, at: float) -> float:
        whole, rest = divmod(at, DAY)
        hour, part = divmod(rest, HOUR)
        first = int(hour)
        return whole + self._upto[first] + (self._upto[first + 1] - self._upto[first]) * part / HOUR


EVEN = Rhythm()


def saved(
    limit: float,
    span: float,
    spent: Sequence[tuple[float, float]],
    now: float,
    carry_days: float,
    rhythm: Rhythm,
) -> float:
    """Return how much of `limit` per `span` seconds has accrued and was not `spent`, at `now`.

    `spent` holds (time, amount) in order of time. At most `carry_days` days' shares are kept beside
    the day's own; a gateway that begins its life begins with all of them.
    """
    share = limit * DAY / span
    full = share * (1.0 + carry_days)
    level, at = full, now - span
    for when, amount in spent:
        moment = min(max(when, at), now)
        level = min(full, level + share * rhythm.days(at, moment)) - amount
        at = moment
    return min(full, level + share * rhythm.days(at, now))


def ahead(limit: float, span: float, level: float, now: float, hours: int, rhythm: Rhythm) -> list[float]:
    """Return what may be spent within 1, 2 … `hours` hours from `now` if `level` is there now."""
    share = limit * DAY / span
    return [level + share * rhythm.days(now, now + hour * HOUR) for hour in range(1, hours + 1)]


def earliest(spent: Sequence[float], interval: float, burst: int) -> float:
    """Return when the next one may go so that they keep `interval` seconds apart, `burst` at once allowed.

    The generic cell rate algorithm (ITU-T I.371) over the times of what went, in order; a denial is
    not in them and so moves nothing. Returns minus infinity where nothing went yet.
    """
    if not spent:
        return float("-inf")
    theoretical = spent[0]
    for when in spent:
        theoretical = max(theoretical, when) + interval
    return theoretical - burst * interval
