"""How many others are like a sender: those who send the same words, those whose numbers are neighbours.

What ordinary days show too is everybody's and does not count. Each sender has one vote.
"""

from __future__ import annotations

from collections.abc import Iterable

from .contrast import FORGETTING, TRACE

EVERYDAY = 3.0
"""What ordinary days know counts for less: each of their senders divides."""


class Crowd:
    """Senders by what they share. Bounded: beyond `limit` everything fades until the rarest are gone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._everyone: dict[int, float] = {}
        self._ordinary: dict[int, float] = {}
        self._loud: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._everyone)

    def join(self, keys: Iterable[int]) -> None:
        """Count a sender for each of `keys`."""
        for key in keys:
            self._everyone[key] = self._everyone.get(key, 0.0) + 1.0
        if len(self._everyone) > self._limit:
            self.fade(0.5)

    def raise_voice(self, keys: Iterable[int]) -> None:
        """Count the same sender as one who is told apart without this: he does not count for others."""
        for key in keys:
            self._loud[key] = self._loud.get(key, 0.0) + 1.0

    def settle(self, keys: Iterable[int], change: float) -> None:
        """Count the same sender as ordinary by `change` more."""
        for key in keys:
            self._ordinary[key] = self._ordinary.get(key, 0.0) + change

    def others(self, keys: Iterable[int], settled: float, growth: float, *, loud: bool) -> float:
        """Return the most others that share one of `keys`, beyond what ordinary days explain.

        `settled` is how far the sender himself counts as ordinary; `growth` is how many ordinary senders
        came since for each of the settled ones. For those who are not `loud` the loud ones do not count:
        who copies what people write, and floods, is known by his flooding, and must not taint them.
        """
        most, self_too = 0.0, 1.0 - settled
        known, everyone, drowned = self._ordinary.get, self._everyone.get, self._loud.get
        for key in keys:
            ordinary = known(key, 0.0)
            rest = everyone(key, 0.0) - ordinary - self_too - growth * ordinary
            if not loud:
                rest -= drowned(key, 0.0)
            if rest > most and (rest := rest / (1.0 + EVERYDAY * ordinary)) > most:
                most = rest
        return most

    def fade(self, left: float = FORGETTING) -> None:
        """Let every count shrink to `left` of itself, and forget what is next to nothing."""
        self._everyone = {key: kept for key, each in self._everyone.items() if (kept := each * left) > TRACE}
        self._ordinary = {key: each * left for key, each in self._ordinary.items() if key in self._everyone}
        self._loud = {key: each * left for key, each in self._loud.items() if key in self._everyone}
