"""What tells the flood from ordinary days, learned from the two alone.

Ordinary days are known for what they are; what comes in a raid is a mixture. A mark (a word, a
habit) is weighed by comparing the two, the known share of ordinary people taken out of the mixture
(learning from positive and unlabelled examples; Elkan and Noto, KDD 2008). Nothing that is weighed
here decides what is learned here: labels come from the time and from signals of another kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FORGETTING = 0.97
"""What a day leaves of all that was learned: half is gone in three weeks."""

TRACE = 0.3
"""Less than this share of one sender is forgotten altogether."""

SHRINK = 0.7
"""How many sightings the prior is worth that a mark says nothing."""

LEAST = 0.08
"""The flood has every mark at least this often, measured by the mixture: nothing proves innocence."""


@dataclass(frozen=True, slots=True)
class Share:
    """How one sender counts: how much for ordinary days, how much for the flood, how sure the latter is."""

    ordinary: float = 0.0
    flood: float = 0.0
    doubt: float = 0.0
    """The part of `flood` that may be an ordinary sender after all."""

    def moved(self, before: Share, after: Share, times: int) -> Share:
        """Return the sum after somebody who counted as `before`, `times` over, counts as `after`."""
        return Share(
            self.ordinary + times * (after.ordinary - before.ordinary),
            self.flood + times * (after.flood - before.flood),
            self.doubt + times * (after.doubt - before.doubt),
        )

    def scaled(self, left: float) -> Share:
        """Return `left` of it."""
        return Share(self.ordinary * left, self.flood * left, self.doubt * left)


NOTHING = Share()


class Contrast:
    """Marks by how many senders of ordinary days and of the flood have them; one vote each.

    At most `limit` marks: beyond it everything fades until the rarest are gone.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ordinary: dict[int, float] = {}
        self._flood: dict[int, float] = {}
        self.senders = Share()
        """All senders, by how they count."""
        self.marks = Share()
        """All their marks: whoever writes more has more of every word, which must say nothing."""

    def __len__(self) -> int:
        return len(self._ordinary.keys() | self._flood.keys())

    def vote(self, marks: Sequence[int], before: Share, after: Share, *, senders: int = 1) -> None:
        """Count a sender with `marks`, who counted as `before` until now, as `after`.

        `senders` is 0 for more marks of a sender who is counted already.
        """
        if before == after:
            return
        self.marks = self.marks.moved(before, after, len(marks))
        self.senders = self.senders.moved(before, after, senders)
        _add(self._ordinary, marks, after.ordinary - before.ordinary)
        _add(self._flood, marks, after.flood - before.flood)
        if max(len(self._ordinary), len(self._flood)) > self._limit:
            self.fade(0.5)

    def fade(self, left: float = FORGETTING) -> None:
        """Let everything learned shrink to `left` of itself, and forget what is next to nothing."""
        self._ordinary = {
            mark: kept for mark, each in self._ordinary.items() if (kept := each * left) > TRACE
        }
        self._flood = {mark: kept for mark, each in self._flood.items() if (kept := each * left) > TRACE}
        self.senders, self.marks = self.senders.scaled(left), self.marks.scaled(left)

    def log_odds(self, marks: Sequence[int], own: Share, clip: float, of_own: int = 1) -> list[float]:
        """Return for each mark how much it speaks for the flood.

        The vote of the sender himself is taken out: he counts as `own`, with `of_own` marks in all.
        """
        people = max(0.0, self.marks.ordinary - of_own * own.ordinary)
        raiders = max(0.0, self.marks.flood - of_own * own.flood)
        doubt = min(0.95, max(0.0, self.marks.doubt - of_own * own.doubt) / (raiders + 1e-9))
        shrunk, sure = SHRINK * (people + raiders + 1.0), 1.0 - doubt
        own_ordinary, own_flood = own.ordinary, own.flood
        known_ordinary, known_flood, log = self._ordinary.get, self._flood.get, math.log
        low = -clip
        odds = []
        # The innermost loop of all scoring: everything that does not change is outside.
        for mark in marks:
            ordinary = known_ordinary(mark, 0.0) - own_ordinary
            flood = known_flood(mark, 0.0) - own_flood
            # Comparing is three times as fast as calling max().
            if ordinary < 0.0:  # noqa: PLR1730
                ordinary = 0.0
            if flood < 0.0:  # noqa: PLR1730
                flood = 0.0
            prior = shrunk / (ordinary + flood + 0.5)
            among_people = (ordinary + SHRINK) / (people + prior)
            mixed = (flood + SHRINK) / (raiders + prior)
            rid, least = mixed - doubt * among_people, LEAST * mixed
            value = log((least if least > rid else rid) / (sure * among_people))  # noqa: FURB136
            odds.append(clip if value > clip else low if value < low else value)  # noqa: FURB136
        return odds

    def confidence(self, own: Share, half: float) -> float:
        """Return how far what was learned can be trusted, 0 to 1: half where `half` senders are known."""
        people = max(0.0, self.senders.ordinary - own.ordinary)
        raiders = max(0.0, self.senders.flood - own.flood)
        return people / (people + half) * raiders / (raiders + half)


def _add(counts: dict[int, float], marks: Iterable[int], change: float) -> None:
    if change:
        for mark in marks:
            counts[mark] = counts.get(mark, 0.0) + change
