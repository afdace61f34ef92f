"""Calls from rings: a phone rings every few seconds, and tells neither when a call begins nor ends."""

from __future__ import annotations

from collections import deque

RINGS_APART = 60.0
"""Seconds without a ring after which the next ring of the same caller is another call (gammu#357, #390)."""

WAITING_CALLS = 100
"""Calls that are kept until somebody takes them; beyond these the oldest go."""


class Rings:
    """Makes calls of rings: those of one caller within a minute are one call."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._new: deque[str] = deque(maxlen=WAITING_CALLS)

    def heard(self, number: str, now: float) -> None:
        """Take note of a ring; `now` in seconds."""
        self._last = {caller: at for caller, at in self._last.items() if now - at < RINGS_APART}
        if number not in self._last:
            self._new.append(number)
        self._last[number] = now

    def take(self) -> list[str]:
        """Return the callers of the calls that began since the last time."""
        numbers = list(self._new)
        self._new.clear()
        return numbers
