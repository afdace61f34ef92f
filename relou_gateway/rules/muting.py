"""Who floods in a raid is muted, and twice as long each time that it comes upon him, as fail2ban does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .throttle import HOUR, MONTH
from .vigilance import Vigilance

WITHIN = HOUR
"""Messages and calls are counted over this time, and not from before the raid."""

AT_MOST = 3 * MONTH
"""No mute is longer: by then the number may have another owner."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Until when (quota time) a sender was last muted, None for never, and how often that was."""

    until: datetime | None = None
    times: int = 0

    def runs(self, now: datetime) -> bool:
        """Say whether he is muted at `now`."""
        return self.until is not None and now < self.until


def counted_from(raid_since: datetime, before: Mute, now: datetime) -> datetime:
    """Return from when on a sender's messages count: none of them counts for two mutes."""
    return max(raid_since, now - WITHIN, before.until or raid_since)


def span(vigilance: Vigilance, times_before: int) -> timedelta:
    """Return how long the mute is that follows on `times_before` others."""
    doublings = min(times_before, 20)  # a million times the first: beyond AT_MOST in any case
    return min(AT_MOST, vigilance.mute_for * (1 << doublings))
