"""The breaker: sending stops by itself where going on would only cost, and tries again by itself.

Theory of operation. An operator that takes a SIM for a spammer's refuses what it sends, or takes it
and lets it vanish. So the breaker opens when the network rejected messages to several people in a row
(REJECTED), or took many without a single delivery report where these are asked for (UNREPORTED). Nothing
is sent then for a pause. After it one message is tried: taken, or, for UNREPORTED, reported on,
it closes the breaker; anything else opens it again for a longer pause. A person may close it at once.

What the modem itself refuses says nothing of the network, and is counted for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

REJECTED_AT_MOST = 5
"""So many recipients rejected in a row open it."""

UNREPORTED_AT_MOST = 20
"""So many messages in a row of which no report came open it (FIELD: blocked silently)."""

REPORT_PATIENCE = timedelta(minutes=10)
"""So long a report is waited for; of twenty phones one is switched on and tells within seconds."""

PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
"""How long nothing is sent, the first time, the second …; the last one again and again."""


class Cause(StrEnum):
    """Why it is open."""

    REJECTED = "rejected"
    UNREPORTED = "unreported"


EXPLANATIONS: Mapping[Cause, str] = MappingProxyType(
    {
        Cause.REJECTED: f"the network refused messages to {REJECTED_AT_MOST} people in a row; "
        "does the SIM have credit, and does its operator let it send?",
        Cause.UNREPORTED: f"nothing shows that any of {UNREPORTED_AT_MOST} messages in a row arrived; "
        "does the operator let them vanish?",
    }
)
"""What the operator is told."""


class Outcome(StrEnum):
    """What became of a send, as far as it says something of the network."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOTHING = "nothing"
    """It failed in the modem, or before."""


@dataclass(frozen=True, slots=True)
class Open:
    """An open breaker; times are quota time.

    Nothing is sent before `until`; then `trial` is the message that is being tried, and `until` when
    it has to have proven something. `times` counts how often it opened in a row.
    """

    cause: Cause
    since: datetime
    until: datetime
    times: int
    trial: int | None = None


Breaker = Open | None
"""None is closed: all is well."""


def may_claim(breaker: Breaker, now: datetime) -> bool:
    """Say whether a message may be claimed: always, or after the pause a single one."""
    return breaker is None or (breaker.trial is None and now >= breaker.until)


def opened(cause: Cause, now: datetime) -> Open:
    """Return a breaker that opens now, after all was well."""
    return Open(cause, now, now + PAUSES[0], 1)


def claimed(breaker: Breaker, reply_id: int, now: datetime) -> Breaker:
    """Return the breaker after a claim that it allowed: of an open one it is the trial."""
    if breaker is None:
        return None
    return replace(breaker, trial=reply_id, until=now + REPORT_PATIENCE)


def settled(breaker: Breaker, outcome: Outcome, rejected: int, now: datetime) -> Breaker:
    """Return the breaker after a send; `rejected` counts the recipients rejected in a row, with this one."""
    if breaker is None:
        too_many = outcome is Outcome.REJECTED and rejected >= REJECTED_AT_MOST
        return opened(Cause.REJECTED, now) if too_many else None
    match outcome:
        case Outcome.ACCEPTED if breaker.cause is Cause.REJECTED:
            return None
        case Outcome.ACCEPTED:
            return replace(breaker, until=now + REPORT_PATIENCE)
        case Outcome.NOTHING:
            return replace(breaker, trial=None, until=now)
    return _again(breaker, now)


def reported(breaker: Breaker) -> Breaker:
    """Return the breaker after a report came, whatever it says: messages do reach the network."""
    return None if breaker is not None and breaker.cause is Cause.UNREPORTED else breaker


def looked_at(breaker: Breaker, unreported: int, now: datetime) -> Breaker:
    """Return the breaker after a look at what time has brought.

    `unreported` counts the messages sent in a row whose report is overdue. A trial that has proven
    nothing in its time, since its report did not come or the gateway died over it, has failed.
    """
    if breaker is None:
        return opened(Cause.UNREPORTED, now) if unreported >= UNREPORTED_AT_MOST else None
    if breaker.trial is not None and now >= breaker.until:
        return _again(breaker, now)
    return breaker


def _again(breaker: Open, now: datetime) -> Open:
    """Return the breaker opened once more, for longer."""
    pause = PAUSES[min(breaker.times, len(PAUSES) - 1)]
    return replace(breaker, until=now + pause, times=breaker.times + 1, trial=None)
