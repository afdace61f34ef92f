"""What operators decided about raids: the `raid:` section of the configuration.

Every value has a default that was measured; none needs to be touched for the gateway to work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Vigilance:
    """How suspicion is weighed and how tokens are kept back.

    `strangers_per_day` is what is expected before any own day is known. `words` are an operator's
    own. `kept_share` of every cap is out of reach for scores above `suspicious` while a raid runs;
    `callers_share` bounds what those who only called may take of a day's answers in a raid.
    `carry_days` are the days' shares of a month that may be saved up. While a raid runs, new replies
    wait for `delay` (None: as always), and who sends `mute_after` messages and calls within an hour
    (None: nobody) is not answered for `mute_for`, twice as long each time that it happens again.
    `senders`, `words_known` and `phrases_known` bound memory.
    """

    strangers_per_day: float = 190.0
    words: tuple[str, ...] = ()
    suspicious: float = 3.0
    flooding: float = 4.0
    kept_share: float = 0.25
    callers_share: float = 0.2
    carry_days: float = 3.0
    surge_factor: float = 2.0
    alarm: float = 12.0
    all_clear: float = 16.0
    delay: tuple[timedelta, timedelta] | None = None
    mute_after: int | None = 15
    mute_for: timedelta = timedelta(days=1)
    senders: int = 20_000
    words_known: int = 200_000
    phrases_known: int = 200_000
