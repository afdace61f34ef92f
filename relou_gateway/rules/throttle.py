"""Caps: how much may go out in a rolling window, the pace beneath it, and when more comes free.

A window is half-open: at `now` it holds what was settled in (now - span, now], and all that
is not settled yet. A reservation thus counts from its claim until its settling plus the span
(invariant 5): for as long as nobody knows whether it left, it counts.

The same caps serve answers, parts, distinct recipients and money; `budget` makes the last.
All of it is arithmetic on reservations, so no order of arrivals, restart or step of a clock
has a way in: a `now` before a settling leaves that settling counted. The pace (`shares`) is asked
besides: it only ever makes wait longer, and never beyond the window itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

from .policy import Throttle
from .shares import Bucket, Pace, Rhythm

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)
"""Plans count calendar months; thirty rolling days are never looser on the average."""

EPOCH = datetime.fromtimestamp(0, UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


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


class Spending(NamedTuple):
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
    where that hangs on a reservation that is still open. `paced` says that the cap has room, and
    only its pace makes wait.
    """

    cap: Cap
    until: datetime | None
    paced: bool = False


class _Dates:
    """When things were settled, in order, also as a rhythm counts time."""

    def __init__(self, at: Sequence[datetime]) -> None:
        self.at = at
        self._counted: tuple[Rhythm, int, list[float]] | None = None

    def counts(self, rhythm: Rhythm, first: int, end: int) -> list[float]:
        """Return for the first-th up to the end-th when it was, in days' shares since 1970."""
        if end - first < len(self.at) // 2:
            return rhythm.counts(each.timestamp() for each in self.at[first:end])
        if self._counted is None or self._counted[0] is not rhythm or self._counted[1] > first:
            self._counted = (rhythm, first, rhythm.counts(each.timestamp() for each in self.at[first:]))
        _, begin, counts = self._counted
        return counts[first - begin : end - begin]


class _Charges:
    """What all spendings take of one unit: one after another as they were settled, and what is open.

    `upto[i]` is what the first i took together. A recipient is charged once, with the last answer
    to him: that is the one with which he comes free.
    """

    def __init__(self, dates: _Dates, amounts: Iterable[int], under_way: int) -> None:
        self.dates = dates
        self.at = dates.at
        self.upto = [*accumulate(amounts, initial=0)]
        self.under_way = under_way

    def first(self, span: timedelta, moment: datetime) -> int:
        """Return the index of the first that lies in a window of `span` at `moment`."""
        return bisect_right(self.at, moment - span)

    def amount(self, first: int) -> int:
        """Return what lies in a window that begins with the first-th."""
        return self.upto[-1] - self.upto[first] + self.under_way

    def gone_at(self, amount: int, span: timedelta) -> datetime | None:
        """Return when `amount` of all that was ever settled has left a window of `span`, if it will."""
        last = bisect_left(self.upto, amount)
        return self.at[last - 1] + span if last < len(self.upto) else None


class _Spent:
    """All spendings, by what each unit has of them."""

    def __init__(self, spendings: Iterable[Spending]) -> None:
        counting = [each for each in spendings if each.parts > 0]
        self._open = [each for each in counting if each.settled_at is None]
        settled = [(each.settled_at, each) for each in counting if each.settled_at is not None]
        settled.sort(key=lambda pair: pair[0])
        self._settled = [each for _, each in settled]
        self._dates = _Dates([at for at, _ in settled])
        self._charges: dict[Unit, _Charges] = {}
        self._last: dict[str, datetime] = {}

    def charges(self, unit: Unit) -> _Charges:
        """Return what all of it takes of `unit`."""
        if unit not in self._charges:
            self._charges[unit] = self._recipients() if unit is Unit.RECIPIENTS else self._amounts(unit)
        return self._charges[unit]

    def last(self, recipient: str) -> datetime | None:
        """Return when the last answer to `recipient` was settled, a time without end while one is open."""
        self.charges(Unit.RECIPIENTS)
        return self._last.get(recipient)

    def _amounts(self, unit: Unit) -> _Charges:
        return _Charges(self._dates, _amounts(unit, self._settled), sum(_amounts(unit, self._open)))

    def _recipients(self) -> _Charges:
        self._last = {each.recipient: NEVER for each in self._open}
        under_way = len(self._last)
        at = []
        for each, settled_at in zip(reversed(self._settled), reversed(self._dates.at), strict=True):
            if each.recipient not in self._last:
                self._last[each.recipient] = settled_at
                at.append(settled_at)
        at.reverse()
        return _Charges(_Dates(at), [1] * len(at), under_way)


class Windows:
    """All caps at one moment, added up once: many wishes can be asked without counting again.

    With a `pace` they are paced as well; without one the caps alone are asked. `fits` says the same
    as `denial` being None, in a time that does not grow with `spendings`.
    """

    def __init__(
        self, all_caps: Iterable[Cap], spendings: Sequence[Spending], now: datetime, pace: Pace | None = None
    ) -> None:
        """Count what lies in the window of each cap at `now`."""
        self.caps = tuple(all_caps)
        self.spendings = spendings
        self.now = now
        self._spent = _Spent(spendings)
        self._views = [_View(cap, self._spent, now, pace) for cap in self.caps]
        self._pace = pace
        self._known_since = [now - cap.span for cap in self.caps if cap.unit is Unit.RECIPIENTS]

    def fits(self, wish: Spending) -> bool:
        """Say whether `wish` fits under every cap, and into its pace."""
        return all(view.fits(view.asked(wish)) for view in self._views)

    def denies_everyone(self, parts: int, cost: int) -> bool:
        """Say whether an answer of so many parts and so much money fits for nobody, whoever he is."""
        wish = Spending("", parts, cost, None)
        return any(
            view.cap.unit is not Unit.RECIPIENTS and not view.fits(_amount(view.cap.unit, wish))
            for view in self._views
        )

    def known(self, recipient: str) -> tuple[bool, ...]:
        """Return of each cap on recipients whether `recipient` counts already.

        Two wishes of one size fit alike, if their recipients are known alike.
        """
        if not self._known_since:
            return ()
        last = self._spent.last(recipient)
        return tuple([last is not None and last > since for since in self._known_since])

    def free_share(self) -> float:
        """Return the free share of the fullest cap, 1 where there is none."""
        shares = (max(0, view.left) / view.cap.limit for view in self._views if view.cap.limit)
        return min(shares, default=1.0)

    def denial(self, wish: Spending) -> Denial | None:
        """Return None if `wish` fits under every cap and its pace, else what makes it wait longest.

        What lets go last is asked again for that moment: a recipient may be none that is known then.
        """
        views, found = self._views, None
        while denials := [denied for view in views if (denied := view.denial(wish)) is not None]:
            found = max(denials, key=lambda each: (each.until is None, each.until or self.now))
            if found.until is None:
                break
            views = [_View(cap, self._spent, found.until, self._pace) for cap in self.caps]
        return found


class _View:
    """One cap and its pace at one moment."""

    def __init__(self, cap: Cap, spent: _Spent, now: datetime, pace: Pace | None) -> None:
        self.cap = cap
        self._now = now
        self._spent = spent
        self._charges = spent.charges(cap.unit)
        self._first = self._charges.first(cap.span, now)
        self.left = cap.limit - self._charges.amount(self._first)
        self._bucket = None if pace is None else pace.bucket(cap.limit, cap.span.total_seconds())
        if self._bucket is not None:
            self._pour(self._bucket)

    def _pour(self, bucket: Bucket) -> None:
        """Reckon what the bucket holds. What is dated after now is as open as what is not settled."""
        charges = self._charges
        self._behind = bisect_right(charges.at, self._now)
        self._under_way = charges.upto[-1] - charges.upto[self._behind] + charges.under_way
        self._refilled = bucket.refilled(
            charges.dates.counts(bucket.rhythm, self._first, self._behind),
            charges.upto[self._first : self._behind + 1],
        )

    def asked(self, wish: Spending) -> int:
        """Return how much more there is of the cap's unit with `wish`."""
        if self.cap.unit is Unit.RECIPIENTS:
            last = self._spent.last(wish.recipient)
            return int(last is None or last <= self._now - self.cap.span)
        return _amount(self.cap.unit, wish)

    def fits(self, asked: int) -> bool:
        """Say whether so much more fits under the cap, and into its pace."""
        return asked <= self.left and self._keeps_pace(asked)

    def denial(self, wish: Spending) -> Denial | None:
        """Return until when the cap denies `wish` or, where it has room for it, its pace."""
        asked = self.asked(wish)
        if asked > self.left:
            charges = self._charges
            over = charges.upto[-1] + charges.under_way + asked - self.cap.limit
            return Denial(self.cap, charges.gone_at(over, self.cap.span))
        return None if self._keeps_pace(asked) else Denial(self.cap, self._paced_until(asked), paced=True)

    def _keeps_pace(self, asked: int) -> bool:
        if self._bucket is None or asked <= 0:
            return True
        enough_at = self._bucket.enough_at(self._refilled, asked, self._under_way)
        return enough_at is not None and self._bucket.is_time(enough_at, self._now.timestamp())

    def _paced_until(self, asked: int) -> datetime | None:
        assert self._bucket is not None
        enough_at = self._bucket.enough_at(self._refilled, asked, self._under_way)
        if enough_at is not None:
            return EPOCH + timedelta(milliseconds=self._bucket.moment(enough_at))
        dated = self._charges.at[self._behind :]
        return dated[0] if dated else None


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
    charges = _Spent(counting).charges(cap.unit)
    settled = _Spent(each for each in counting if each.settled_at is not None).charges(cap.unit)
    used = settled.amount(0)
    return Standing(
        cap,
        used=used,
        reserved=charges.amount(0) - used,
        free_at=charges.gone_at(1, cap.span),
    )


def denial(
    all_caps: Iterable[Cap], spendings: Sequence[Spending], wish: Spending, now: datetime
) -> Denial | None:
    """Return None if `wish` fits under every cap at `now`, else the cap that makes it wait longest."""
    return Windows(all_caps, spendings, now).denial(wish)


def _amount(unit: Unit, spending: Spending) -> int:
    """Return how much of `unit` one answer is."""
    (amount,) = _amounts(unit, (spending,))
    return amount


def _amounts(unit: Unit, spendings: Iterable[Spending]) -> Iterable[int]:
    """Return how much of `unit` each is."""
    match unit:
        case Unit.ANSWERS | Unit.RECIPIENTS:
            return (1 for _ in spendings)
        case Unit.PARTS:
            return (each.parts for each in spendings)
        case Unit.MONEY:
            return (each.cost for each in spendings)
