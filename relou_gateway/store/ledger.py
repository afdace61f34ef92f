"""The ledger: what happened, in a chain that shows if a row was changed or taken out.

Rows of messages, replies and reservations are written by triggers (schema.sql); here are the
few that have no table of their own, and the reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import starmap

from ..rules.records import Moment
from ..rules.throttle import Spending
from .database import Connection, Row, milliseconds, optional_time, time_of
from .seals import chain_hash, content_hash

GENESIS = bytes(32)
"""What the first row names as its predecessor's hash."""

_HASHED = (
    "at",
    "wall",
    "event",
    "message_id",
    "reply_id",
    "reservation_id",
    "state",
    "reason",
    "parts",
    "cost",
    "content",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger; `cost` is micro-units."""

    id: int
    at: datetime
    wall: datetime
    event: str
    message_id: int | None
    reply_id: int | None
    state: str
    reason: str
    parts: int
    cost: int


def write(
    tx: Connection, event: str, now: Moment, *, state: str = "", reason: str = "", cost: int = 0
) -> None:
    """Append an event that is no change of a message, reply or reservation.

    `state` and `reason` are words of ours, never of a stranger; `cost` is an amount in micro-units.
    """
    tx.execute(
        "INSERT INTO ledger_entry (at, wall, event, state, reason, cost) VALUES (?, ?, ?, ?, ?, ?)",
        (milliseconds(now.quota), milliseconds(now.wall), event, state, reason, cost),
    )


def spendings(tx: Connection, since: datetime) -> list[Spending]:
    """Return all reservations that are open or were settled after quota time `since`."""
    cursor = tx.cursor()
    cursor.row_factory = (
        None  # plain tuples: there are thousands of them, and they are asked for with each claim
    )
    rows = cursor.execute(
        """
        SELECT recipient, parts, cost, settled_at FROM reservations
        WHERE (settled_at IS NULL OR settled_at > ?) AND parts > 0
        """,
        (milliseconds(since),),
    )
    return list(starmap(_spending, rows))


@lru_cache(maxsize=2**15)  # from one claim to the next nearly all are the same as before
def _spending(recipient: str, parts: int, cost: int, settled_at: int | None) -> Spending:
    return Spending(recipient, parts, cost, optional_time(settled_at))


def of_reply(tx: Connection, reply_id: int) -> list[Entry]:
    """Return the history of a reply, oldest first."""
    rows = tx.execute("SELECT * FROM ledger WHERE reply_id = ? ORDER BY id", (reply_id,))
    return [_entry(row) for row in rows]


def newest(tx: Connection, limit: int) -> list[Entry]:
    """Return the newest `limit` rows, newest last."""
    rows = tx.execute("SELECT * FROM ledger ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
    return [_entry(row) for row in reversed(rows)]


def latest_time(tx: Connection) -> datetime | None:
    """Return the latest quota time on record: no clock may go behind it."""
    row = tx.execute("SELECT MAX(at) AS at FROM ledger").fetchone()
    return optional_time(row["at"])


def broken_links(tx: Connection) -> list[int]:
    """Return the ids of rows whose hash or link does not hold, and of rows missing at the end.

    The chain shows what was taken out before its last row; SQLite counts how many there were.
    """
    broken, previous, last = [], GENESIS, 0
    for row in tx.execute("SELECT * FROM ledger ORDER BY id"):
        whole = row["previous"] == previous and row["hash"] == chain_hash(
            previous, *(row[name] for name in _HASHED)
        )
        if not whole:
            broken.append(row["id"])
        previous, last = row["hash"], row["id"]
    counted = tx.execute("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'").fetchone()
    return broken if counted is None else [*broken, *range(last + 1, counted["seq"] + 1)]


def changed_contents(tx: Connection) -> list[int]:
    """Return the ids of messages that are kept, and no longer say what the ledger sealed."""
    rows = tx.execute(
        """
        SELECT inbox.id, salt, received_number AS number, text, raw, ledger.content FROM inbox
        JOIN ledger ON ledger.message_id = inbox.id AND ledger.event = 'received'
        """
    )
    return [row["id"] for row in rows if _is_changed(row)]


def changed_replies(tx: Connection) -> list[int]:
    """Return the ids of replies that are kept, and no longer say what the ledger sealed."""
    rows = tx.execute(
        """
        SELECT outbox.id, salt, number, text, NULL AS raw, ledger.content FROM outbox
        JOIN ledger ON ledger.reply_id = outbox.id AND ledger.event = 'reply' AND ledger.content != x''
        """
    )
    return [row["id"] for row in rows if _is_changed(row)]


def _is_changed(row: Row) -> bool:
    """Say whether a row says something else than was sealed; what was forgotten says nothing."""
    if not row["salt"] and not row["number"] and not row["text"] and row["raw"] is None:
        return False
    sealed: bytes = row["content"]
    return content_hash(row["salt"], row["number"], row["text"], row["raw"]) != sealed


def _entry(row: Row) -> Entry:
    return Entry(
        id=row["id"],
        at=time_of(row["at"]),
        wall=time_of(row["wall"]),
        event=row["event"],
        message_id=row["message_id"],
        reply_id=row["reply_id"],
        state=row["state"],
        reason=row["reason"],
        parts=row["parts"],
        cost=row["cost"],
    )
