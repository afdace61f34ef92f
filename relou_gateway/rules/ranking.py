"""Whose turn is it? Among the replies that are due, who goes first, and who has to wait.

The order is asked for late, when a reply could go this very moment (`pipeline`, step rank). A
ranking that learns is told of every message once its verdict is committed; one that does not
is a few lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from .admission import Verdict
from .records import Kind
from .shares import Rhythm
from .throttle import Windows


class Waiting(NamedTuple):
    """A scheduled reply as a ranking sees it; `cost` is micro-units.

    `ready` says that it may go now: its delay is over, and no word of its sender is unjudged.
    """

    id: int
    number: str
    parts: int
    cost: int
    ready: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """A message or call with its verdict; `at` is the quota time at which it came."""

    number: str
    kind: Kind
    text: str
    at: datetime
    verdict: Verdict


class Contribution(NamedTuple):
    """One signal's part in a score, in log-odds, and what it saw, for telling it in words."""

    signal: str
    log_odds: float
    seen: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How little a reply deserves a token, and where that comes from; 0 is neither good nor bad."""

    score: float
    contributions: tuple[Contribution, ...]


class Lot(Protocol):
    """The part of `random.Random` that a ranking may draw with."""

    def random(self) -> float:
        """Return a number from 0 to below 1."""

    def shuffle(self, x: list[Waiting], /) -> None:
        """Put `x` into an order drawn by lot."""


class Ranking(Protocol):
    """A strategy for the tokens. It lives in memory: whoever starts one tells it what was heard before."""

    @property
    def patience(self) -> timedelta:
        """For how long holding back holds: only after this time is the ranking asked again."""

    def raid_since(self, now: datetime) -> datetime | None:
        """Return since when (quota time) a raid runs at `now`; None on ordinary days."""

    @property
    def answers_up_to(self) -> float | None:
        """Up to which suspicion replies went when last asked; None where tokens last for everyone."""

    def heard(self, message: Heard) -> None:
        """Take note of a message that was judged; they come in the order of their verdicts."""

    def suspicion(self, number: str, now: datetime) -> Suspicion | None:
        """Return the suspicion against `number`, signal by signal; None where there is none to tell."""

    def rhythm(self, now: datetime) -> Rhythm | None:
        """Return how a day's share of the caps is spread over its hours; None: the caps are not paced."""

    def order(
        self, waiting: Sequence[Waiting], windows: Windows, now: datetime, rng: Lot
    ) -> Sequence[Waiting]:
        """Return the ready ones of `waiting` that may go now, best first; leave out who is held back.

        `waiting` is all that is scheduled and not too old, the soonest due first. `windows`
        tells how full the caps are, which the caller asks again for each of those returned.
        """


class Unlearned:
    """What rankings have in common that learn nothing: they see no raid, suspect nobody, pace nothing."""

    patience = timedelta(0)
    answers_up_to: float | None = None

    def raid_since(self, now: datetime) -> datetime | None:  # noqa: ARG002 - whatever the time
        """Return None."""
        return None

    def heard(self, message: Heard) -> None:
        """Learn nothing."""

    def suspicion(self, number: str, now: datetime) -> Suspicion | None:  # noqa: ARG002
        """Return None."""
        return None

    def rhythm(self, now: datetime) -> Rhythm | None:  # noqa: ARG002
        """Return None."""
        return None


class ByLot(Unlearned):
    """Everyone who is ready, in an order drawn by lot: nobody can be pushed back by a crowd's timing."""

    def order(
        self,
        waiting: Sequence[Waiting],
        windows: Windows,  # noqa: ARG002 - the lot does not ask
        now: datetime,  # noqa: ARG002
        rng: Lot,
    ) -> Sequence[Waiting]:
        """Return all that are ready, shuffled."""
        ready = [each for each in waiting if each.ready]
        rng.shuffle(ready)
        return ready


class FirstCome(Unlearned):
    """Everyone who is ready, the soonest due first: what a gateway with caps and nothing else does."""

    def order(
        self,
        waiting: Sequence[Waiting],
        windows: Windows,  # noqa: ARG002 - as above
        now: datetime,  # noqa: ARG002
        rng: Lot,  # noqa: ARG002
    ) -> Sequence[Waiting]:
        """Return all that are ready, as they come."""
        return [each for each in waiting if each.ready]
