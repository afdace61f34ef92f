"""The outbox as operators look at it: where in the line a reply stands, and which replies they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from ..rules.records import Status
from . import senders
from .database import Connection, milliseconds
from .outbox import Reply


class Place(NamedTuple):
    """Where a scheduled reply stands: `position` from 1, among `waiting` of which `due` may go now."""

    position: int
    waiting: int
    due: int


def place(tx: Connection, reply: Reply, now: datetime) -> Place | None:
    """Return where `reply` stands at quota time `now`; None unless it is scheduled and not too old.

    The order is that of `outbox.listed`: who is due first, the least suspicious on top.
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
