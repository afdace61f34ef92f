"""Who floods in a raid is not answered for a while, and longer each time: what is remembered of it."""

from __future__ import annotations

from datetime import datetime

from ..rules.muting import Mute
from .database import Connection, milliseconds, optional_time


def known(tx: Connection, number: str) -> Mute:
    """Return until when `number` was last muted, and how often that was."""
    row = tx.execute("SELECT muted_until, mutes FROM senders WHERE number = ?", (number,)).fetchone()
    return Mute() if row is None else Mute(optional_time(row["muted_until"]), row["mutes"])


def mute(tx: Connection, number: str, until: datetime) -> None:
    """Mute `number` until a moment of quota time."""
    tx.execute(
        "UPDATE senders SET muted_until = ?, mutes = mutes + 1 WHERE number = ?",
        (milliseconds(until), number),
    )


def sent_since(tx: Connection, number: str, since: datetime, most: int) -> int:
    """Count the messages and calls of `number` since quota time `since`, up to `most`."""
    row = tx.execute(
        """
        SELECT COUNT(*) FROM (
            SELECT received_at FROM inbox INDEXED BY inbox_by_number
            WHERE number = ? AND kind IN ('sms', 'call') ORDER BY id DESC LIMIT ?
        ) WHERE received_at >= ?
        """,
        (number, most, milliseconds(since)),
    ).fetchone()
    return int(row[0])
