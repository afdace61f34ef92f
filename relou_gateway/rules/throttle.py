"""Caps: how much may go out in a rolling window, and when more comes free.

A window is half-open: at `now` it holds what was settled in (now - span, now], and all that
is not settled yet. A reservation thus counts from its claim until its settling plus the span
(invariant 5): for as long as nobody knows whether it left, it counts.

The same caps serve answers, parts, distinct recipients and money; `budget` makes the last.
All of it is arithmetic on reservations, so no order of arrivals, restart or step of a clock
has a way in: a `now` before a settling leaves that settling counted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .policy import Throttle

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)
"""Plans count calendar months; thirty rolling days are never looser on the average."""


class Unit(StrEnum):
    """What a cap counts."""

    ANSWERS = "answers"
    RECIPIENTS = "recipients"
    PARTS = "parts"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` of `unit` in any `span`; `name` is its key in the configuration."""

    name: str
    unit: Unit
    span: timedelta
    limit: int


@dataclass(frozen=True, slots=True)
class Spending:
    """One reservation, as caps see it; `settled_at` is None while its fate is open.

    `parts` and `cost` (micro-units) are what still counts after releases.
    """

    recipient: str
    parts: int
    cost: int
    settled_at: datetime | None

    def counts(self, span: timedelta, now: datetime) -> bool:
        """Say whether it still lies in a window of `span` at `now`."""
        return self.parts > 0 and (self.settled_at is None or self.settled_at > now - span)


@dataclass(frozen=True, slots=True)
class Standing:
    """How full a cap is: `used` is settled, `reserved` is under way; `free_at` says when more
    comes free, None where nothing is used or no one can say."""  # noqa: D205, D209

    cap: Cap
    used: int
    reserved: int
    free_at: datetime | None

    @property
    def left(self) -> int:
        """What may still be spent; never below zero, even where a cap was lowered."""
        return max(0, self.cap.limit - self.used - self.reserved)


@dataclass(frozen=True, slots=True)
class Denial:
    """Why something cannot go out now: the cap that binds longest, and when it lets go.

    `until` is None where it never will by itself (more than the whole cap is asked), or
    where that hangs on a reservation that is still open.
    """

    cap: Cap
    until: datetime | None


class Windows:
    """All caps at one moment, added up once: many wishes can be asked without counting again.

    `fits` says the same as `denial` being None, in a time that does not grow with `spendings`.
    """

    def __init__(self, all_caps: Iterable[Cap], spendings: Sequence[Spending], now: datetime) -> None:
        """Count what lies in the window of each cap at `now`."""
        self.caps = tuple(all_caps)
        self.spendings = spendings
        self.now = now
        counting = [[each for each in spendings if each.counts(cap.span, now)] for cap in self.caps]
        self._left = [
            cap.limit - _amount(cap.unit, found) for cap, found in zip(self.caps, counting, strict=True)
        ]
        self._recipients = [
            frozenset(each.recipient for each in found) if cap.unit is Unit.RECIPIENTS else frozenset()
            for cap, found in zip(self.caps, counting, strict=True)
        ]

    def fits(self, wish: Spending) -> bool:
        """Say whether `wish` fits under every cap."""
        return all(
            _asked(cap.unit, wish, known) <= left
            for cap, left, known in zip(self.caps, self._left, self._recipients, strict=True)
        )

    def denies_everyone(self, parts: int, cost: int) -> bool:
        """Say whether an answer of so many parts and so much money fits for nobody, whoever he is."""
        wish = Spending("", parts, cost, None)
        return any(
            cap.unit is not Unit.RECIPIENTS and _amount(cap.unit, (wish,)) > left
            for cap, left in zip(self.caps, self._left, strict=True)
        )

    def free_share(self) -> float:
        """Return the free share of the fullest cap, 1 where there is none."""
        shares = (
            max(0, left) / cap.limit for cap, left in zip(self.caps, self._left, strict=True) if cap.limit
        )
        return min(shares, default=1.0)

    def denial(self, wish: Spending) -> Denial | None:
        """Return None if `wish` fits under every cap, else the cap that makes it wait longest."""
        return denial(self.caps, self.spendings, wish, self.now)


def caps(throttle: Throttle) -> tuple[Cap, ...]:
    """Return the caps that `throttle` sets, tightest window first."""
    every = (
        ("throttle.per_minute", Unit.ANSWERS, MINUTE, throttle.per_minute),
        ("throttle.per_hour", Unit.ANSWERS, HOUR, throttle.per_hour),
        ("throttle.per_day", Unit.ANSWERS, DAY, throttle.per_day),
        ("throttle.parts_per_day", Unit.PARTS, DAY, throttle.parts_per_day),
        ("throttle.recipients_per_month", Unit.RECIPIENTS, MONTH, throttle.recipients_per_month),
        ("throttle.parts_per_month", Unit.PARTS, MONTH, throttle.parts_per_month),
    )
    return tuple(Cap(name, unit, span, limit) for name, unit, span, limit in every if limit is not None)


def standing(cap: Cap, spendings: Iterable[Spending], now: datetime) -> Standing:
    """Return how full `cap` is at `now`."""
    counting = [each for each in spendings if each.counts(cap.span, now)]
    full = _amount(cap.unit, counting)
    used = _amount(cap.unit, [each for each in counting if each.settled_at is not None])
    return Standing(
        cap,
        used=used,
        reserved=full - used,
        free_at=_first_end(cap, counting, lambda left: _amount(cap.unit, left) < full),
    )


def denial(
    all_caps: Iterable[Cap], spendings: Sequence[Spending], wish: Spending, now: datetime
) -> Denial | None:
    """Return None if `wish` fits under every cap at `now`, else the cap that makes it wait longest."""
    denials = [found for cap in all_caps if (found := _denial(cap, spendings, wish, now)) is not None]
    if not denials:
        return None
    return max(denials, key=lambda each: (each.until is None, each.until or now))


def _denial(cap: Cap, spendings: Sequence[Spending], wish: Spending, now: datetime) -> Denial | None:
    counting = [each for each in spendings if each.counts(cap.span, now)]
    if _fits(cap, counting, wish):
        return None
    return Denial(cap, _first_end(cap, counting, lambda left: _fits(cap, left, wish)))


def _first_end(
    cap: Cap, counting: Sequence[Spending], enough: Callable[[Sequence[Spending]], bool]
) -> datetime | None:
    """Return when what is left in the window is `enough` for the first time; None: never by itself.

    The settled ones leave it oldest first, and less can only be more than enough: a search by halves.
    """
    still_open = [each for each in counting if each.settled_at is None]
    settled = sorted(
        (each for each in counting if each.settled_at is not None), key=lambda each: _end(each, cap.span)
    )
    gone = bisect_left(
        range(1, len(settled) + 1), True, key=lambda count: enough([*still_open, *settled[count:]])
    )
    return _end(settled[gone], cap.span) if gone < len(settled) else None


def _fits(cap: Cap, counting: Sequence[Spending], wish: Spending) -> bool:
    return _amount(cap.unit, [*counting, wish]) <= cap.limit


def _amount(unit: Unit, spendings: Iterable[Spending]) -> int:
    match unit:
        case Unit.ANSWERS:
            return sum(1 for _ in spendings)
        case Unit.RECIPIENTS:
            return len({each.recipient for each in spendings})
        case Unit.PARTS:
            return sum(each.parts for each in spendings)
        case Unit.MONEY:
            return sum(each.cost for each in spendings)


def _asked(unit: Unit, wish: Spending, known: frozenset[str]) -> int:
    """Return how much more of `unit` there is with `wish`, where `known` recipients count already."""
    return int(wish.recipient not in known) if unit is Unit.RECIPIENTS else _amount(unit, (wish,))


def _end(spending: Spending, span: timedelta) -> datetime:
    assert spending.settled_at is not None
    return spending.settled_at + span
