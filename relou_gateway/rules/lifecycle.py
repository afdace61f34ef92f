"""The states of a reply: one table, the only place that knows them.

Theory of operation. A reply is born SCHEDULED, or HELD where an operator reviews replies
first. Until it is claimed it can be held, released, cancelled, or grow too old. CLAIM is
the point of no return: from then on only what the modem says decides. ACCEPTED and REFUSED
are certain and end it. NOT_SENT is certain too, and returns it to the queue or, when its
attempts are used up, ends it. All the rest - a timeout, a broken cell, half a message, a
row found SENDING at start - is IN_DOUBT, which the machine never leaves by itself: what may
have left is never sent again, and a person decides by SETTLE_SENT or SETTLE_FAILED.

States without moves are final.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from .records import Status


class Event(StrEnum):
    """What happens to a reply."""

    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    TOO_LATE = "too_late"
    CLAIM = "claim"
    ACCEPTED = "accepted"
    NOT_SENT = "not_sent"
    USED_UP = "used_up"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SETTLE_SENT = "settle_sent"
    SETTLE_FAILED = "settle_failed"


class IllegalMove(ValueError):
    """The table has no such move; nothing was changed."""

    def __init__(self, status: Status, event: Event) -> None:
        super().__init__(f"a reply that is {status} cannot {event}")
        self.status = status
        self.event = event


MOVES: Mapping[Status, Mapping[Event, Status]] = MappingProxyType(
    {
        Status.SCHEDULED: {
            Event.HOLD: Status.HELD,
            Event.CANCEL: Status.CANCELLED,
            Event.TOO_LATE: Status.EXPIRED,
            Event.CLAIM: Status.SENDING,
        },
        Status.HELD: {
            Event.RELEASE: Status.SCHEDULED,
            Event.CANCEL: Status.CANCELLED,
            Event.TOO_LATE: Status.EXPIRED,
        },
        Status.SENDING: {
            Event.ACCEPTED: Status.SENT,
            Event.NOT_SENT: Status.SCHEDULED,
            Event.USED_UP: Status.FAILED,
            Event.REFUSED: Status.FAILED,
            Event.UNKNOWN: Status.IN_DOUBT,
        },
        Status.IN_DOUBT: {
            Event.SETTLE_SENT: Status.SENT,
            Event.SETTLE_FAILED: Status.FAILED,
        },
        Status.SENT: {},
        Status.FAILED: {},
        Status.EXPIRED: {},
        Status.CANCELLED: {},
    }
)


def advance(status: Status, event: Event) -> Status:
    """Return the state that follows `status` on `event`; raise `IllegalMove` where none does."""
    try:
        return MOVES[status][event]
    except KeyError:
        raise IllegalMove(status, event) from None


def sources(event: Event) -> tuple[Status, ...]:
    """Return the states in which `event` is legal."""
    return tuple(status for status, moves in MOVES.items() if event in moves)


RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""Waits after the first, second … attempt of which certainly nothing left; then it has failed."""


def retry_at(attempts: int, now: datetime) -> datetime | None:
    """Return when a reply that was tried `attempts` times may be tried again; None: never."""
    return now + RETRY_AFTER[attempts - 1] if attempts <= len(RETRY_AFTER) else None
