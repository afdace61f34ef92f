"""What is scheduled: the replies that wait, those that are due, and when the next one is or grows too old.

Left to itself SQLite takes outbox_by_state where a narrower index would do, and looks at every row
that waits: in a raid thousands, several times in each tick. Hence INDEXED BY in these statements.
"""

from __future__ import annotations

from datetime import datetime

from ..rules.ranking import Waiting
from .database import Connection, milliseconds, optional_time
from .inbox import FAULTS_BEFORE_SHELVED


def waiting(tx: Connection, now: datetime) -> list[Waiting]:
    """Return the replies that are scheduled and not too old, the soonest due first.

    Whole rows by the thousand would cost too much each time: `outbox.get` has the rest of the one that goes.
    """
    cursor = tx.cursor()
    cursor.row_factory = None  # plain tuples take half the time, and there are thousands
    rows = cursor.execute(
        """
        SELECT id, number, parts, cost,
               due_at <= :now
               -- A word of his that nobody has judged yet may push the reply or forbid it. There
               -- are few such words, and an index of their own knows them.
               AND number NOT IN (SELECT number FROM inbox WHERE verdict IS NULL AND kind != 'report'
                                  AND kind IN ('sms', 'call') AND faults < :shelved)
        FROM outbox INDEXED BY outbox_due
        WHERE state = 'scheduled' AND expires_at > :now AND kind = 'reply'
        ORDER BY due_at, id
        """,
        {"now": milliseconds(now), "shelved": FAULTS_BEFORE_SHELVED},
    )
    return [Waiting(reply, number, parts, cost, ready == 1) for reply, number, parts, cost, ready in rows]


def own_due(tx: Connection, now: datetime) -> list[Waiting]:
    """Return what is due and answers nobody, alerts and the like, the soonest due first."""
    rows = tx.execute(
        """
        SELECT id, number, parts, cost FROM outbox INDEXED BY outbox_own_due
        WHERE state = 'scheduled' AND due_at <= :now AND expires_at > :now AND kind != 'reply'
        ORDER BY due_at, id
        """,
        {"now": milliseconds(now)},
    )
    return [Waiting(row["id"], row["number"], row["parts"], row["cost"], ready=True) for row in rows]


def anything_due(tx: Connection, now: datetime) -> bool:
    """Say whether the delay of any reply is over that is not too old."""
    found = tx.execute(
        """
        SELECT 1 FROM outbox INDEXED BY outbox_due
        WHERE state = 'scheduled' AND due_at <= :now AND expires_at > :now LIMIT 1
        """,
        {"now": milliseconds(now)},
    )
    return found.fetchone() is not None


def sizes_due(tx: Connection, after: datetime, now: datetime) -> set[tuple[int, int]]:
    """Return the parts and costs of the scheduled replies that became due after one moment, up to another."""
    rows = tx.execute(
        """
        SELECT DISTINCT parts, cost FROM outbox INDEXED BY outbox_due
        WHERE state = 'scheduled' AND due_at > ? AND due_at <= ?
        """,
        (milliseconds(after), milliseconds(now)),
    )
    return {(row[0], row[1]) for row in rows}


def scheduled_after(tx: Connection, reply_id: int, limit: int) -> list[tuple[int, str]]:
    """Return id and number of up to `limit` scheduled replies to people with an id above `reply_id`."""
    rows = tx.execute(
        """
        SELECT id, number FROM outbox INDEXED BY outbox_by_state
        WHERE state = 'scheduled' AND id > ? AND kind = 'reply' ORDER BY id LIMIT ?
        """,
        (reply_id, limit),
    )
    return [(row["id"], row["number"]) for row in rows]


def next_due(tx: Connection, after: datetime | None = None) -> datetime | None:
    """Return when the next scheduled reply is due, or the next one `after` a moment; quota time."""
    row = tx.execute(
        "SELECT MIN(due_at) FROM outbox INDEXED BY outbox_due WHERE state = 'scheduled' AND due_at > ?",
        (-1 if after is None else milliseconds(after),),
    ).fetchone()
    return optional_time(row[0])


def next_expiry(tx: Connection) -> datetime | None:
    """Return when the next waiting reply, scheduled or held, grows too old; quota time."""
    row = tx.execute(
        "SELECT MIN(expires_at) FROM outbox INDEXED BY outbox_expiring WHERE state IN ('scheduled', 'held')"
    ).fetchone()
    return optional_time(row[0])
