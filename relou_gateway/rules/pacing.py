"""How many tokens may be used now, and up to which score.

A rolling day alone lets a raid burn the day's tokens in its first hour, and pacing by the clock
alone starves the evening. So the answers that will be free within 1 to 24 hours are set against the
senders whom those hours will bring: a reply goes now if its score is among those for whom tokens
last over every horizon. In quiet times they last for everyone, and nobody waits.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, inf

from .demand import BINS, HORIZONS, HOUR, bin_of, upper
from .shares import Pace, ahead
from .throttle import Cap, Spending, Unit
from .vigilance import Vigilance


@dataclass(frozen=True, slots=True)
class Candidate:
    """A waiting reply as pacing sees it.

    `due` says that its delay is over; `lot` is its own number in [0, 1), drawn once and kept, so
    that among equals the lot decides and asking again does not change it. `fresh` ones can still be
    answered within the hour: among equals they go first, for the others have waited in vain.
    """

    key: int
    score: float
    due: bool
    lot: float
    only_called: bool = False
    plain_flooding: bool = False
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Threshold:
    """Scores up to the bin `reached` go now, and `spare` of the next bin, by lot."""

    reached: int
    spare: int

    @property
    def overloaded(self) -> bool:
        """Whether tokens are too few for everyone."""
        return self.reached < BINS - 1

    def admits(self, score: float) -> bool:
        """Say whether a reply of `score` may be among the chosen: the others need not be looked at."""
        return bin_of(score) <= self.reached + 1

    @property
    def score(self) -> float:
        """The score up to which everyone goes; infinite outside overload."""
        return upper(self.reached) if self.overloaded else inf


def threshold(
    waiting: Iterable[float],
    forecast: Sequence[Sequence[float]],
    room: Sequence[float],
    caution: float = 1.0,
) -> Threshold:
    """Return up to which score tokens last over every horizon.

    `waiting` are scores; `forecast[h][b]` is how many senders up to bin b come within h + 1 hours;
    `room[h]` how many answers can go by then. A token is kept for those to come who deserve it
    clearly more, `caution` times as many as forecast, and for nobody else: it comes back in a day,
    and equals who wait would wait for equals.
    """
    counts = [0] * BINS
    for score in waiting:
        counts[bin_of(score)] += 1
    upto = list(accumulate(counts))
    # From one bin to the next more wait, and there is less room: where it ceases to do is found by halving.
    too_many = bisect_left(
        range(BINS), True, key=lambda each: upto[each] > _room_for(each, forecast, room, caution)
    )
    reached = too_many - 1
    if reached == BINS - 1:
        return Threshold(reached, 0)
    below = upto[reached] if reached >= 0 else 0
    spare = max(0, int(_room_for(reached + 1, forecast, room, caution) - below))
    return Threshold(reached, spare)


def _room_for(
    which: int, forecast: Sequence[Sequence[float]], room: Sequence[float], caution: float
) -> float:
    """Return for how many of those who wait tokens last, if bin `which` is the last that is served."""
    better = _BETTER[which]
    if better < 0:
        return room[0]
    return min(free - caution * expected[better] for free, expected in zip(room, forecast, strict=True))


def _innocence(which: int) -> float:
    return 1 / (1 + exp(upper(which)))


CAUTION = 1.15
"""In a raid so many times as many better ones are expected as forecast: yesterday may have been quiet."""

_BETTER = [
    max((each for each in range(which) if 0.8 * _innocence(each) > _innocence(which)), default=-1)
    for which in range(BINS)
]
"""For each bin the last one that deserves a token clearly more, so that it may be worth to wait for."""


PLENTY = 0.5
"""On calm days even a plain flooder gets his one answer, as long as this share of every cap is free."""


def choose(
    candidates: Iterable[Candidate],
    limit: Threshold,
    vigilance: Vigilance,
    *,
    free_share: float,
    raid: bool = False,
    callers_left: int | None = None,
) -> list[Candidate]:
    """Return the due candidates that may go now, first the least suspicious, among equals by lot.

    `free_share` is the free share of the tightest cap; `callers_left` how many more answers may go
    to those who only called, None for any number of them.
    """
    calm = not raid and not limit.overloaded
    kept = limit.overloaded and free_share <= vigilance.kept_share
    order = sorted(
        (each for each in candidates if each.due and limit.admits(each.score)),
        key=lambda each: (each.plain_flooding, bin_of(each.score), not each.fresh, each.lot),
    )
    people = [each for each in order if not each.plain_flooding]
    sure = sum(bin_of(each.score) <= limit.reached for each in people)
    chosen = [
        each for each in people[: sure + limit.spare] if not (kept and each.score > vigilance.suspicious)
    ]
    if calm and free_share > PLENTY:
        chosen += [each for each in order if each.plain_flooding]
    if callers_left is None:
        return chosen
    callers = [each for each in chosen if each.only_called][callers_left:]
    late = {each.key for each in callers}
    return [each for each in chosen if each.key not in late]


def capacity(
    caps: Iterable[Cap], spendings: Iterable[Spending], wish: Spending, now: float, pace: Pace
) -> list[float]:
    """Return how many answers like `wish` can go within 1 to 24 hours under all `caps` and their `pace`."""
    spent = sorted(
        (now if each.settled_at is None else min(now, each.settled_at.timestamp()), each.parts, each.cost)
        for each in spendings
        if each.parts > 0
    )
    times = [at for at, _, _ in spent]
    lanes = []
    for cap in caps:
        first = bisect_right(times, now - cap.span.total_seconds())
        amounts = [_amount(cap.unit, parts, cost) for _, parts, cost in spent[first:]]
        each = max(1, _amount(cap.unit, wish.parts, wish.cost))
        lanes.append([max(0.0, room) / each for room in _lane(cap, times[first:], amounts, now, pace)])
    return [min(each) for each in zip(*lanes, strict=True)] if lanes else [inf] * HORIZONS


def _lane(cap: Cap, times: Sequence[float], amounts: Sequence[int], now: float, pace: Pace) -> list[float]:
    span = cap.span.total_seconds()
    lane = _rolling(cap.limit, span, times, amounts, now)
    bucket = pace.bucket(cap.limit, span)
    if bucket is None:
        return lane
    refilled = bucket.refilled(bucket.rhythm.counts(times), [*accumulate(amounts, initial=0)])
    level = bucket.full - bucket.share * max(0.0, refilled - bucket.rhythm.count(now))
    coming = ahead(cap.limit, span, level, now, HORIZONS, bucket.rhythm)
    return [min(pair) for pair in zip(lane, coming, strict=True)]


def _rolling(
    limit: int, span: float, times: Sequence[float], amounts: Sequence[int], now: float
) -> list[float]:
    """Return what a rolling window lets go within 1 to 24 hours: what is free and what comes back."""
    back = [0] * HORIZONS
    for at, amount in zip(times, amounts, strict=True):
        if (hours := int((at + span - now) / HOUR)) >= HORIZONS:
            break
        back[hours] += amount
    free = limit - sum(amounts)
    again = [max(0.0, limit * (hours * HOUR / span - 1)) for hours in range(1, HORIZONS + 1)]
    return [free + returned + more for returned, more in zip(accumulate(back), again, strict=True)]


def _amount(unit: Unit, parts: int, cost: int) -> int:
    match unit:
        case Unit.PARTS:
            return parts
        case Unit.MONEY:
            return cost
        case Unit.ANSWERS | Unit.RECIPIENTS:
            return 1
