"""How often a modem that was at work was lost: a bad cable, port or supply shows in that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..rules.records import Moment
from .database import Connection, milliseconds, time_of

MOST = 1000
"""So many are kept, the newest: a loose plug must not fill the disk."""

_DAY = timedelta(days=1) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Losses:
    """How often a modem was lost within a day, when for the last time (wall time), and why then."""

    times: int
    last_wall: datetime
    cause: str


def note(tx: Connection, cause: str, now: Moment) -> None:
    """Write down that a modem that was at work is lost; `cause` is one of `modem.port.LOST_CAUSES`."""
    tx.execute(
        "INSERT INTO losses (at, wall, cause) VALUES (?, ?, ?)",
        (milliseconds(now.quota), milliseconds(now.wall), cause),
    )
    tx.execute("DELETE FROM losses WHERE id <= (SELECT MAX(id) FROM losses) - ?", (MOST,))


def within_a_day(tx: Connection) -> Losses | None:
    """Return the losses of the last day that the gateway was at work, as its clock was last saved."""
    row = tx.execute(
        """
        SELECT COUNT(*) AS times, MAX(id), wall, cause
        FROM losses WHERE at > (SELECT quota_at FROM gateway) - ?
        """,
        (_DAY,),
    ).fetchone()  # beside a lone MAX, SQLite takes the other columns from its row
    return Losses(row["times"], time_of(row["wall"]), row["cause"]) if row["times"] else None
