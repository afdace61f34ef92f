"""What speaks for and against one sender: each signal's log-odds, with what it saw.

Some signals are plain, by fixed steps; what ordinary days and the flood are like is learned
(`contrast`). Words weigh less than behaviour: whoever knows the source chooses words more easily
than numbers, tempo and the hour.
"""

from __future__ import annotations

import math

from .arrivals import BIN, SMOOTHING, Arrivals
from .contrast import NOTHING, Contrast
from .crowd import Crowd
from .phrasing import word_marks
from .raid import Watch
from .ranking import Contribution
from .steps import CALLS, COPIES, HUNDRED, TEMPO, TEN_THOUSAND, VOLUME, step
from .stranger import HABITS, Stranger
from .vigilance import Vigilance

DAY = 86_400.0

SURGE_LOW, SURGE_HIGH = 0.02, 0.9
"""A quiet hour does not prove innocence, and a busy one not guilt."""

SURGE_NOISE = 1.5
"""Standard deviations by which arrivals must pass what is expected before they say anything."""

HABIT_CLIP, HABITS_CLIP = 2.5, 5.0
WORD_CLIP, WORDS_CLIP = 3.0, 3.5

CONTENT_CLIP = 4.0
"""Copies and words together: raiders can copy what ordinary people write, and must not win by it."""

LONG_TEXT = 10.0
"""Words and pieces repeat each other: the sum is damped by √(1 + n / LONG_TEXT)."""

HALF_TRUST_HABITS, HALF_TRUST_WORDS = 15.0, 25.0
"""Senders of either kind from which on what was learned counts for half."""

OPERATOR_WORD = 3.0
MET_BEFORE, MET_IN_RAID = -1.5, 2.0


class Signals:
    """All that is known of the crowd, against which one sender is weighed."""

    def __init__(self, vigilance: Vigilance) -> None:
        self._operator_words = word_marks(vigilance.words)
        self.arrivals = Arrivals(vigilance.strangers_per_day)
        self.watch = Watch(self.arrivals, vigilance)
        self.copies = Crowd(vigilance.phrases_known)
        self.blocks = Crowd(2 * vigilance.senders)
        self.words = Contrast(vigilance.words_known)
        self.habits = {name: Contrast(64) for name in HABITS}

    def fade(self) -> None:
        """Let what was learned fade by a day."""
        for learned in (self.words, *self.habits.values()):
            learned.fade()
        for crowd in (self.copies, self.blocks):
            crowd.fade()

    def all(self, stranger: Stranger, now: float) -> tuple[Contribution, ...]:
        """Return what every signal says of `stranger`."""
        steps = self.steps(stranger)
        return (
            self.surge(stranger, now),
            *steps,
            self.met_before(stranger),
            self.habitual(stranger),
            self.wording(stranger, log_odds_of(steps, "copies")),
        )

    def surge(self, stranger: Stranger, now: float) -> Contribution:
        """Weigh the strangers within 1.5 h of his first contact against those of an ordinary day.

        Whom fixed steps tell apart is left out of the count for those whom they do not.
        """
        middle = stranger.first_at // BIN
        since = (middle - SMOOTHING) * BIN
        until = min(now + 1.0, (middle + SMOOTHING + 1) * BIN)
        count = self.arrivals.came if stranger.explained else self.arrivals.unexplained
        came, expected = count(since, until), self.arrivals.expected(since, until)
        share = (came - expected - SURGE_NOISE * math.sqrt(expected)) / max(1, came)
        share = min(SURGE_HIGH, max(SURGE_LOW, share))
        return Contribution("surge", math.log(share / (1 - share)), (("came", came), ("expected", expected)))

    def steps(self, stranger: Stranger) -> tuple[Contribution, ...]:
        """Return what fixed steps say, plain without any learning."""
        events = stranger.messages + stranger.calls
        copies = self.copies.others(stranger.runs, stranger.settled, self._growth(), loud=stranger.loud)
        hundred = self.blocks.others(stranger.blocks[:1], stranger.settled, 0.0, loud=True)
        thousands = self.blocks.others(stranger.blocks[1:], stranger.settled, 0.0, loud=True)
        block = max(step(HUNDRED, hundred), step(TEN_THOUSAND, thousands))
        return (
            Contribution("volume", step(VOLUME, events), (("events", events),)),
            Contribution("tempo", step(TEMPO, stranger.early), (("events", stranger.early),)),
            Contribution("calls", step(CALLS, stranger.calls), (("calls", stranger.calls),)),
            Contribution("copies", step(COPIES, copies), (("others", copies),)),
            Contribution("block", block, (("in_hundred", hundred), ("in_ten_thousand", thousands))),
            self._listed_words(stranger),
        )

    def _growth(self) -> float:
        """Return how many ordinary senders came in raids for each that is known from ordinary days."""
        total = self.words.senders
        return total.doubt / max(1.0, total.ordinary)

    def _listed_words(self, stranger: Stranger) -> Contribution:
        listed = sum(word in self._operator_words for word in stranger.words) if self._operator_words else 0
        return Contribution("operator_words", OPERATOR_WORD if listed else 0.0, (("words", listed),))

    def met_before(self, stranger: Stranger) -> Contribution:
        """Weigh when he was first seen, if that was on another day than his latest message."""
        days = (stranger.last_at - stranger.first_at) / DAY
        if days < 1:
            return Contribution("met_before", 0.0, ())
        flooded = self.watch.raided(stranger.first_at) and stranger.plain_flooding
        return Contribution("met_before", MET_IN_RAID if flooded else MET_BEFORE, (("days", days),))

    def habitual(self, stranger: Stranger) -> Contribution:
        """Weigh how he behaves against ordinary days and the flood."""
        total, seen = 0.0, []
        for name, value in stranger.habits_now(so_far=True).items():
            learned = self.habits[name]
            own = stranger.habit_share if stranger.habits.get(name) == value else NOTHING
            trust = learned.confidence(own, HALF_TRUST_HABITS)
            odds = trust * learned.log_odds((value,), own, HABIT_CLIP)[0] if trust else 0.0
            total += odds
            seen.append((name, odds))
        return Contribution("habits", max(-HABITS_CLIP, min(HABITS_CLIP, total)), tuple(seen))

    def wording(self, stranger: Stranger, copies: float) -> Contribution:
        """Weigh his words against ordinary days and the flood, `copies` being told already."""
        own = stranger.word_share
        trust = self.words.confidence(own, HALF_TRUST_WORDS) if stranger.words else 0.0
        if not trust:
            return Contribution("words", 0.0, ())
        odds = self.words.log_odds(stranger.words, own, WORD_CLIP, len(stranger.words))
        total = trust * math.fsum(odds) / math.sqrt(1 + len(odds) / LONG_TEXT)
        total = max(-WORDS_CLIP, min(WORDS_CLIP, CONTENT_CLIP - copies, total))
        for_flood, against = sum(each > 1 for each in odds), sum(each < -1 for each in odds)
        seen = (("for_flood", for_flood), ("for_ordinary", against), ("all", len(odds)))
        return Contribution("words", total, seen)


def log_odds_of(parts: tuple[Contribution, ...], signal: str) -> float:
    """Return what `signal` says among `parts`."""
    return math.fsum(part.log_odds for part in parts if part.signal == signal)
