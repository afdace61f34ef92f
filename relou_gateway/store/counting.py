"""Texts that were only counted: how many of whom on which day, where storage.max leaves no room for more.

What is counted is how much of the file is in use: pages that are free again are room, though the file does
not shrink. The count of a sender is forgotten with him; how many there were on a day stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ..rules.records import Moment
from . import ledger
from .database import EPOCH, Connection, milliseconds, optional_time, time_of
from .senders import bounds

ENOUGH_ROOM = 0.95
"""The share of storage.max below which texts are kept again: so it does not come and go with every row."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many texts of one sender were only counted on one day (UTC), and when the last came (wall time)."""

    number: str
    day: date
    messages: int
    last_wall: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes are in use; since when (wall time) flooders' texts are only counted, how many were."""

    used: int
    counting_since: datetime | None
    counted: int


def room(tx: Connection) -> Room:
    """Return how it stands with the room that storage.max leaves."""
    return Room(used(tx), since(tx), total(tx))


def used(tx: Connection) -> int:
    """Return how many bytes of the database's file are in use."""
    pages, free, size = (
        int(tx.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def since(tx: Connection) -> datetime | None:
    """Return since when (wall time) flooders' further texts are only counted, None while there is room."""
    return optional_time(tx.execute("SELECT counting_wall FROM gateway").fetchone()[0])


def look(tx: Connection, most: int, now: Moment) -> bool | None:
    """Compare what is used with `most` bytes; say True if counting begins now, False if it ends now."""
    began, octets = since(tx), used(tx)
    if began is None and octets > most:
        tx.execute("UPDATE gateway SET counting_wall = ?", (milliseconds(now.wall),))
        ledger.write(tx, "counting_began", now)
        return True
    if began is not None and octets <= most * ENOUGH_ROOM:
        tx.execute("UPDATE gateway SET counting_wall = NULL")
        ledger.write(tx, "counting_ended", now, reason=f"{_counted_since(tx, began)} counted")
        return False
    return None


def count(tx: Connection, number: str, now: Moment) -> None:
    """Count one more text of `number`."""
    tx.execute(
        """
        INSERT INTO counted (number, day, messages, last_at, last_wall) VALUES (:number, :day, 1, :at, :wall)
        ON CONFLICT (number, day) DO UPDATE SET
            messages = messages + 1, last_at = MAX(last_at, :at), last_wall = :wall
        """,
        {
            "number": number,
            "day": (now.wall - EPOCH) // _DAY,
            "at": milliseconds(now.quota),
            "wall": milliseconds(now.wall),
        },
    )


def counted(tx: Connection, number: str) -> list[Counted]:
    """Return what was only counted of one sender, oldest day first."""
    rows = tx.execute("SELECT * FROM counted WHERE number = ? ORDER BY day", (number,))
    return [
        Counted(row["number"], (EPOCH + row["day"] * _DAY).date(), row["messages"], time_of(row["last_wall"]))
        for row in rows
    ]


def total(tx: Connection, pattern: str = "*") -> int:
    """Return how many texts were only counted; of a number, or of a prefix that ends in `*`."""
    messages: int = tx.execute(
        "SELECT COALESCE(SUM(messages), 0) FROM counted WHERE number >= ? AND number < ?", bounds(pattern)
    ).fetchone()[0]
    return messages


def recent(tx: Connection, number: str, since_at: datetime, most: int) -> int:
    """Count the rows of the inbox that are of `number` and came since quota time `since_at`, up to `most`."""
    row = tx.execute(
        """
        SELECT COUNT(*) FROM (
            SELECT received_at FROM inbox INDEXED BY inbox_by_number
            WHERE number = ? AND kind != 'report' ORDER BY id DESC LIMIT ?
        ) WHERE received_at >= ?
        """,
        (number, most, milliseconds(since_at)),
    ).fetchone()
    return int(row[0])


def forget(tx: Connection, number: str) -> int:
    """Forget whose the counted texts of `number` are; return how many they are."""
    return _forget(tx, "number = ? AND number != ''", number)


def forget_before(tx: Connection, before: datetime) -> int:
    """Forget whose the texts are that were counted before quota time `before`; return how many they are."""
    return _forget(tx, "last_at < ? AND number != ''", milliseconds(before))


def _forget(tx: Connection, condition: str, value: str | int) -> int:
    found = tx.execute(f"SELECT * FROM counted WHERE {condition}", (value,)).fetchall()  # noqa: S608 - ours
    for row in found:
        tx.execute(
            """
            INSERT INTO counted (number, day, messages, last_at, last_wall)
            VALUES ('', :day, :messages, :last_at, :last_wall)
            ON CONFLICT (number, day) DO UPDATE SET
                messages = messages + :messages, last_at = MAX(last_at, :last_at),
                last_wall = MAX(last_wall, :last_wall)
            """,
            dict(row),
        )
    tx.execute(f"DELETE FROM counted WHERE {condition}", (value,))  # noqa: S608 - ours
    return sum(row["messages"] for row in found)


def _counted_since(tx: Connection, began: datetime) -> int:
    """Return how many were counted on the day on which it began, and since."""
    day = (began - EPOCH) // _DAY
    messages: int = tx.execute(
        "SELECT COALESCE(SUM(messages), 0) FROM counted WHERE day >= ?", (day,)
    ).fetchone()[0]
    return messages
