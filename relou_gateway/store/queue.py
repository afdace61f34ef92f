"""The outbox as operators look at it: the line, where in it a reply stands, and which replies they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from ..rules.records import Status
from . import senders
from .database import Connection, milliseconds
from .outbox import Reply, reply_of


class Place(NamedTuple):
    """Where a scheduled reply stands: `position` from 1, among `waiting` of which `due` may go now."""

    position: int
    waiting: int
    due: int


def listed(
    tx: Connection, state: Status | None = None, limit: int | None = None, *, now: datetime | None = None
) -> list[Reply]:
    """Return the outbox: those that wait first, next to go on top, then the others, newest first.

    Of those that wait, the ones that are due at `now` come first, the least suspicious on top; then
    the rest by their due time. Without `now` nobody counts as due.
    """
    rows = tx.execute(
        """
        SELECT *, state IN ('sending', 'scheduled', 'held') AS waits,
               state = 'scheduled' AND due_at <= :now AS due
        FROM outbox
        WHERE :state IS NULL OR state = :state
        ORDER BY waits DESC, state != 'sending', due DESC, IIF(due, COALESCE(suspicion, 0), 0),
                 IIF(waits, due_at, 0), IIF(waits, id, -id)
        LIMIT :limit
        """,
        {
            "state": state,
            "limit": -1 if limit is None else limit,
            "now": -1 if now is None else milliseconds(now),
        },
    )
    return [reply_of(row) for row in rows]


def of_number(tx: Connection, number: str) -> list[Reply]:
    """Return all that was ever to be sent to `number`, oldest first."""
    rows = tx.execute("SELECT * FROM outbox WHERE number = ? AND number != '' ORDER BY id", (number,))
    return [reply_of(row) for row in rows]


def counts(tx: Connection) -> dict[Status, int]:
    """Return how many replies are in each state."""
    found = {
        Status(row[0]): row[1] for row in tx.execute("SELECT state, COUNT(*) FROM outbox GROUP BY state")
    }
    return {state: found.get(state, 0) for state in Status}


def place(tx: Connection, reply: Reply, now: datetime) -> Place | None:
    """Return where `reply` stands at quota time `now`; None unless it is scheduled and not too old.

    The order is that of `listed`: who is due first, the least suspicious on top.
    """
    if reply.state is not Status.SCHEDULED or reply.expires_at <= now:
        return None
    row = tx.execute(
        """
        SELECT COUNT(*) AS waiting, COALESCE(SUM(due_at <= :now), 0) AS due,
               COALESCE(SUM((due_at > :now, IIF(due_at <= :now, COALESCE(suspicion, 0), 0), due_at, id)
                            < (:later, :suspicion, :due_at, :id)), 0) AS ahead
        FROM outbox INDEXED BY outbox_due
        WHERE state = 'scheduled' AND expires_at > :now
        """,
        {
            "now": milliseconds(now),
            "later": reply.due_at > now,
            "suspicion": (reply.suspicion or 0.0) if reply.due_at <= now else 0,
            "due_at": milliseconds(reply.due_at),
            "id": reply.id,
        },
    ).fetchone()
    return Place(row["ahead"] + 1, row["waiting"], row["due"])


def chosen(
    tx: Connection, states: Iterable[Status], pattern: str | None = None, above: float | None = None
) -> list[int]:
    """Return the replies in one of `states`, oldest first, as far as the filters let them through.

    `pattern` is a number, or a prefix that ends in `*`; `above` a suspicion, None counting as 0.
    """
    wanted = list(states)
    low, high = (None, None) if pattern is None else senders.bounds(pattern)
    rows = tx.execute(
        f"""
        SELECT id FROM outbox
        WHERE state IN ({", ".join("?" * len(wanted))})
          AND (? IS NULL OR (number >= ? AND number < ? AND number != ''))
          AND (? IS NULL OR COALESCE(suspicion, 0) > ?)
        ORDER BY id
        """,  # noqa: S608 - question marks
        (*wanted, low, low, high, above, above),
    )
    return [row["id"] for row in rows]


def replies_to(tx: Connection, pattern: str, states: Sequence[Status]) -> list[int]:
    """Return the replies in one of `states` to the senders whom `pattern` means, oldest first."""
    rows = tx.execute(
        f"""
        SELECT id FROM outbox INDEXED BY outbox_by_number
        WHERE number >= ? AND number < ? AND number != '' AND kind = 'reply'
          AND state IN ({", ".join("?" * len(states))})
        ORDER BY id
        """,  # noqa: S608 - question marks
        (*senders.bounds(pattern), *states),
    )
    return [row["id"] for row in rows]
