"""Whether sending stopped by itself, and what the network rejected since it last took something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..rules.breaker import UNREPORTED_AT_MOST, Breaker, Cause, Open
from ..rules.records import Moment
from . import ledger
from .database import Connection, milliseconds, time_of


@dataclass(frozen=True, slots=True)
class Stopped:
    """Sending stopped by itself: since when and until when (wall time), and what is being tried."""

    cause: Cause
    since: datetime
    until: datetime
    times: int
    trial: int | None


def breaker(tx: Connection) -> Breaker:
    """Return the breaker; None where it is closed."""
    row = tx.execute("SELECT * FROM breaker").fetchone()
    if row["cause"] is None:
        return None
    return Open(
        Cause(row["cause"]),
        time_of(row["since_at"]),
        time_of(row["until_at"]),
        row["times"],
        row["trial_id"],
    )


def stopped(tx: Connection) -> Stopped | None:
    """Return what people are shown of an open breaker, None where it is closed."""
    row = tx.execute("SELECT * FROM breaker").fetchone()
    if row["cause"] is None:
        return None
    to_wall = row["since_wall"] - row["since_at"]
    return Stopped(
        Cause(row["cause"]),
        time_of(row["since_wall"]),
        time_of(row["until_at"] + to_wall),
        row["times"],
        row["trial_id"],
    )


def save(tx: Connection, after: Breaker, now: Moment) -> None:
    """Write down how the breaker is now; the ledger gets a row when it opens and when it closes."""
    before = breaker(tx)
    if after == before:
        return
    if after is None:
        _close(tx, now)
        return
    tx.execute(
        """
        UPDATE breaker SET cause = :cause, since_at = :since, until_at = :until, times = :times,
               trial_id = :trial, since_wall = IIF(cause IS NULL, :wall, since_wall)
        """,
        {
            "cause": after.cause,
            "since": milliseconds(after.since),
            "until": milliseconds(after.until),
            "times": after.times,
            "trial": after.trial,
            "wall": milliseconds(now.wall),
        },
    )
    if before is None:
        ledger.write(tx, "breaker_opened", now, reason=after.cause)


def close(tx: Connection, now: Moment) -> bool:
    """Send again at an operator's word; say whether there was a breaker to close.

    What was rejected or not reported on before counts no more.
    """
    was_open = breaker(tx) is not None
    if was_open:
        _close(tx, now)
    return was_open


def _close(tx: Connection, now: Moment) -> None:
    tx.execute(
        """
        UPDATE breaker SET cause = NULL, since_at = NULL, since_wall = NULL, until_at = NULL, times = 0,
               trial_id = NULL, proven_at = ?
        """,
        (milliseconds(now.quota),),
    )
    tx.execute("DELETE FROM rejections")
    ledger.write(tx, "breaker_closed", now)


# --- what it is made of -------------------------------------------------------------------


def note_rejected(tx: Connection, reply_id: int) -> int:
    """Write down that the network rejected a message; return how many recipients it has in a row."""
    tx.execute("INSERT OR IGNORE INTO rejections (reply_id) VALUES (?)", (reply_id,))
    row = tx.execute(
        "SELECT COUNT(DISTINCT number) FROM outbox WHERE id IN (SELECT reply_id FROM rejections)"
    ).fetchone()
    return int(row[0])


def note_accepted(tx: Connection) -> None:
    """Write down that the network took a message."""
    tx.execute("DELETE FROM rejections")


def note_report(tx: Connection, now: Moment) -> None:
    """Write down that a report on a message of ours came."""
    tx.execute("UPDATE breaker SET proven_at = ?", (milliseconds(now.quota),))


def unreported(tx: Connection, before: datetime) -> int:
    """Return how many messages were sent, up to quota time `before`, since a report last came.

    Only those count of which a report was asked for, and only as many as the rule wants to know.
    """
    row = tx.execute(
        """
        SELECT COUNT(*) FROM (
            SELECT 1 FROM outbox INDEXED BY outbox_report_asked
            WHERE report_asked = 1 AND state = 'sent' AND changed_at <= ?
              AND changed_at > (SELECT proven_at FROM breaker)
            LIMIT ?)
        """,
        (milliseconds(before), UNREPORTED_AT_MOST),
    ).fetchone()
    return int(row[0])
