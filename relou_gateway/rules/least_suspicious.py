"""The least suspicious first, and only as many as tokens last for: suspicion and pacing as a ranking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import inf

from .admission import Reason
from .pacing import CAUTION, Candidate, capacity, choose, threshold
from .ranking import Heard, Lot, Suspicion, Waiting
from .records import Ruling
from .shares import EVEN, Pace, Rhythm
from .suspicion import Memory
from .throttle import DAY, Spending, Windows
from .vigilance import Vigilance

LEARNED_FROM = frozenset(
    {
        Reason.FIRST_CONTACT,
        Reason.COOLDOWN_OVER,
        Reason.REPLY_WAITING,
        Reason.COOLDOWN,
        Reason.LIFETIME,
    }
)
"""What was, or but for its past would have been, answered. Adverts and machines teach nothing."""


class LeastSuspicious:
    """A `Ranking` that learns from what it hears; all in memory, replayed from the inbox at a start."""

    patience = timedelta(minutes=1)

    def __init__(self, vigilance: Vigilance) -> None:
        self._vigilance = vigilance
        self._memory = Memory(vigilance)
        self._lots: dict[int, float] = {}
        self._hours: tuple[float, ...] = ()
        self._rhythm = EVEN
        self.answers_up_to: float | None = None

    def raid_since(self, now: datetime) -> datetime | None:
        """Return since when a raid runs at `now`."""
        spell = self._memory.raid(now)
        return None if spell is None else datetime.fromtimestamp(spell.since, UTC)

    def heard(self, message: Heard) -> None:
        """Learn from a message that a person may have sent."""
        if message.verdict.reason in LEARNED_FROM:
            self._memory.observe(
                message.number,
                message.kind,
                message.text,
                message.at,
                asks=message.verdict.ruling is Ruling.REPLY,
            )

    def suspicion(self, number: str, now: datetime) -> Suspicion:
        """Return the suspicion against `number`, signal by signal."""
        return self._memory.suspicion(number, now)

    def rhythm(self, now: datetime) -> Rhythm:
        """Spread a day's share as ordinary days are spread over their hours; evenly until some are known."""
        hours = self._memory.hours(now)
        if hours != self._hours:
            self._hours, self._rhythm = hours, Rhythm(hours) if hours else EVEN
        return self._rhythm

    def order(
        self, waiting: Sequence[Waiting], windows: Windows, now: datetime, rng: Lot
    ) -> Sequence[Waiting]:
        """Return those for whom tokens last, the least suspicious first, among equals by lot."""
        # A lot is drawn once for each reply and kept, so that asking again changes nothing.
        self._lots = {each.id: self._lots.get(each.id, -1.0) for each in waiting}
        for each in waiting:
            if self._lots[each.id] < 0:
                self._lots[each.id] = rng.random()
        if not waiting:
            return ()
        scores = self._memory.scores([each.number for each in waiting], now)
        room = self._room(waiting, windows, now)
        raid = self._memory.raid(now) is not None
        limit = threshold(scores, self._memory.forecast(now), room, CAUTION if raid else 1.0)
        self.answers_up_to = limit.score if limit.overloaded else None
        candidates = [
            self._candidate(index, each, score)
            for index, (each, score) in enumerate(zip(waiting, scores, strict=True))
            if limit.admits(score)
        ]
        chosen = choose(
            candidates,
            limit,
            self._vigilance,
            free_share=windows.free_share(),
            raid=raid,
            callers_left=self._callers_left(windows, room[-1], now) if raid else None,
        )
        return [waiting[each.key] for each in chosen]

    def _candidate(self, index: int, each: Waiting, score: float) -> Candidate:
        return Candidate(
            index,
            score,
            each.ready,
            self._lots[each.id],
            self._memory.only_called(each.number),
            self._memory.plain_flooding(each.number),
            self._memory.fresh(each.number),
        )

    def _room(self, waiting: Sequence[Waiting], windows: Windows, now: datetime) -> list[float]:
        """Return how many answers, as dear as the dearest that waits, can go within 1 to 24 hours."""
        wish = Spending("", max(each.parts for each in waiting), max(each.cost for each in waiting), None)
        pace = Pace(self.rhythm(now), self._vigilance.carry_days)
        return capacity(windows.caps, windows.spendings, wish, now.timestamp(), pace)

    def _callers_left(self, windows: Windows, daily: float, now: datetime) -> int | None:
        """Return how many of a day's answers may still go to those who only called, while a raid runs."""
        if daily == inf:
            return None
        gone = sum(
            each.counts(DAY, now) and self._memory.only_called(each.recipient) for each in windows.spendings
        )
        return max(0, int(self._vigilance.callers_share * daily) - gone)
