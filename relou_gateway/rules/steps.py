"""Fixed steps: log-odds that are plain without any learning, by how much of something there is.

The numbers were found by trying (docs/raids.md); each list reads "from this many on: so much".
"""

from __future__ import annotations

from bisect import bisect_right

Steps = tuple[tuple[float, float], ...]

VOLUME: Steps = ((4, 0.7), (5, 1.8), (8, 3.5), (16, 6.0))
"""Messages and calls in all."""

TEMPO: Steps = ((3, 0.4), (4, 1.2), (6, 2.2), (10, 3.5))
"""Messages and calls in his first ten minutes."""

CALLS: Steps = ((2, 0.4), (3, 1.5), (5, 3.0))
"""Calls in all: whoever calls five times has nobody to talk to."""

COPIES: Steps = ((1, 0.3), (3, 1.2), (6, 2.5), (12, 3.5))
"""Other senders with the same run of letters, beyond what ordinary days explain."""

HUNDRED: Steps = ((1, 0.8), (2, 2.0), (4, 3.5))
"""Other new senders alike but for the last two digits."""

TEN_THOUSAND: Steps = ((2, 0.8), (4, 2.0), (8, 3.5))
"""Other new senders alike but for the last four digits."""


def step(steps: Steps, amount: float) -> float:
    """Return the log-odds of `amount`: those of the highest step that it reaches, else 0."""
    reached = bisect_right(steps, amount, key=lambda each: each[0])
    return steps[reached - 1][1] if reached else 0.0
