"""What is remembered of one sender while he matters to the ranking."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field

from .contrast import NOTHING, Share
from .phrasing import Phrasing, mark

HABITS = ("events0", "events1", "events2", "events3", "calling", "length", "capitals", "signs")
"""What habits are learned of: messages and calls by stage, calling at all, and how texts look."""

EARLY = 600.0
"""The first ten minutes: nobody is answered much sooner, and floods are busiest then."""

STAGES = (600.0, 1800.0, 3600.0, 10800.0)
"""Ages, in seconds, at which a sender is looked at again: what he did by then is a habit."""

WORD_CAP = 120
RUN_CAP = 80
TEXTS_READ = 8
"""Marks kept of one sender and texts that are read of him, whatever he sends: the first ones."""


@dataclass(slots=True)
class Stranger:
    """One sender since his first contact. Times are seconds of quota time."""

    number: str
    first_at: float
    last_at: float
    messages: int = 0
    calls: int = 0
    early: int = 0
    stage: int = 0
    """How many of STAGES he has reached."""
    by_stage: list[int] = field(default_factory=lambda: [0] * len(STAGES))
    """Messages and calls between one stage and the next."""
    manner: tuple[int, int, int] | None = None
    words: array[int] = field(default_factory=lambda: array("L"))
    runs: array[int] = field(default_factory=lambda: array("L"))
    blocks: tuple[int, ...] = ()
    habits: dict[str, int] = field(default_factory=dict)
    """The habits under which he was counted."""
    word_share: Share = NOTHING
    habit_share: Share = NOTHING
    settled: float = 0.0
    """How far he counts as ordinary: fully if he came on an ordinary day and did not flood."""
    asked_at: float = -math.inf
    """When he sent what his latest reply answers."""
    calm: bool = False
    """He was once counted as ordinary of an ordinary day."""
    score: float = 0.0
    renew_at: float = -math.inf
    """When his score has to be reckoned anew."""
    habitual: float = 0.0
    worded: float = 0.0
    """What habits and words said when last asked."""
    plain_flooding: bool = False
    loud: bool = False
    """His volume, tempo, calls or neighbours alone tell him apart."""
    explained: bool = False
    """He is told apart without the surge."""
    arrived: int = 0
    """The bin of arrivals that he counts in."""

    def add(self, is_call: bool, at: float) -> None:
        """Count a message or call at `at`."""
        self.calls += is_call
        self.messages += not is_call
        age = at - self.first_at
        self.early += age < EARLY
        for stage, end in enumerate(STAGES):
            if age < end:
                self.by_stage[stage] += 1
                break
        self.last_at = at

    def take_in(self, text: Phrasing) -> tuple[array[int], array[int]]:
        """Remember what a text is compared by; return the words and runs that are new of him."""
        if self.manner is None:
            self.manner = text.manner
        words = _new(self.words, text.words, WORD_CAP)
        runs = _new(self.runs, text.runs, RUN_CAP)
        self.words.extend(words)
        self.runs.extend(runs)
        return words, runs

    def habits_now(self, so_far: bool) -> dict[str, int]:
        """Return what he did by now, by name of the habit.

        A stage speaks once it is over; with `so_far`, also as soon as he did something in it.
        """
        habits = {
            f"events{stage}": min(count, 4)
            for stage, count in enumerate(self.by_stage)
            if self.stage > stage or (so_far and count > 0 and stage > 0)
        }
        if self.stage > 0 or so_far:
            habits["calling"] = 0 if not self.calls else 1 if self.messages else 2
        if self.manner is not None:
            length, capitals, signs = self.manner
            habits["length"] = min(length.bit_length(), 9)
            habits["capitals"] = min(capitals // 7, 8)
            habits["signs"] = min(signs // 4, 5)
        return habits


def block_marks(number: str) -> tuple[int, ...]:
    """Return the marks of the blocks of a hundred and of ten thousand numbers that `number` lies in."""
    return (mark(f"b{number[:-2]}"), mark(f"B{number[:-4]}"))


def _new(known: array[int], offered: array[int], cap: int) -> array[int]:
    seen = set(known)
    return array("L", [each for each in offered if each not in seen][: max(0, cap - len(known))])
