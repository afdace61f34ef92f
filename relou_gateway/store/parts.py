"""Long texts that come in parts: stored first, joined when complete, given up in the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..rules.records import Kind, Moment, Part, Sms
from . import text_codec
from .arrivals import ONLY_COUNTED, Canonical, OnlyCount, insert, keep_all
from .database import Connection, Row, milliseconds, optional_time

GROUPS_PER_SENDER = 20
"""Incomplete long messages kept open for one sender; beyond it the oldest is closed as it is."""

GROUPS_IN_ALL = 5_000
"""The same for everyone together: what strangers make grow has a bound (invariant 14)."""


def store(
    tx: Connection,
    sms: Sms,
    part: Part,
    now: Moment,
    canonical: Canonical,
    only_count: OnlyCount = keep_all,
) -> int | None:
    """Add a part to its message; return the message's row, as `insert` does, if that made it whole.

    References are one byte and wrap, so a part number that is held already belongs to another
    message: it opens a new group. The newest group that lacks the part takes it.
    """
    number, _ = text_codec.storable(sms.number)
    group_id = _open_group(tx, number, part) or _new_group(
        tx, number, part, sms.smsc_at, now, canonical, only_count
    )
    tx.execute(
        "INSERT INTO parts (group_id, part, units) VALUES (?, ?, ?)",
        (group_id, part.number, text_codec.units(sms.text)),
    )
    held = tx.execute("SELECT COUNT(*) FROM parts WHERE group_id = ?", (group_id,)).fetchone()[0]
    if held < part.total:
        return None
    group = tx.execute("SELECT * FROM part_groups WHERE id = ?", (group_id,)).fetchone()
    return _close_group(tx, group, now, canonical, only_count)


def give_up(
    tx: Connection, before: datetime, now: Moment, canonical: Canonical, only_count: OnlyCount = keep_all
) -> list[int]:
    """Close groups of parts that began before quota time `before`; return the new messages.

    What came of them becomes one message, with `[…]` where a part is missing.
    """
    groups = tx.execute(
        "SELECT * FROM part_groups WHERE first_at < ? ORDER BY id", (milliseconds(before),)
    ).fetchall()
    closed = [_close_group(tx, group, now, canonical, only_count) for group in groups]
    return [message_id for message_id in closed if message_id != ONLY_COUNTED]


def waiting(tx: Connection) -> int:
    """Return how many parts wait for the rest of their message."""
    count: int = tx.execute("SELECT COUNT(*) FROM parts").fetchone()[0]
    return count


def _open_group(tx: Connection, number: str, part: Part) -> int | None:
    row = tx.execute(
        """
        SELECT id FROM part_groups
        WHERE number = ? AND reference = ? AND total = ?
          AND NOT EXISTS (SELECT 1 FROM parts WHERE group_id = part_groups.id AND part = ?)
        ORDER BY id DESC LIMIT 1
        """,
        (number, part.reference, part.total, part.number),
    ).fetchone()
    return None if row is None else int(row["id"])


def _new_group(
    tx: Connection,
    number: str,
    part: Part,
    smsc_at: datetime | None,
    now: Moment,
    canonical: Canonical,
    only_count: OnlyCount,
) -> int:
    for condition, values, bound in (
        ("number = ?", [number], GROUPS_PER_SENDER),
        ("TRUE", [], GROUPS_IN_ALL),
    ):
        for group in _over(tx, condition, values, bound):
            _close_group(tx, group, now, canonical, only_count)
    row = tx.execute(
        """
        INSERT INTO part_groups (number, reference, total, smsc_wall, first_at)
        VALUES (?, ?, ?, ?, ?) RETURNING id
        """,
        (
            number,
            part.reference,
            part.total,
            None if smsc_at is None else milliseconds(smsc_at),
            milliseconds(now.quota),
        ),
    ).fetchone()
    return int(row["id"])


def _over(tx: Connection, condition: str, values: Sequence[str], bound: int) -> list[Row]:
    """Return the oldest groups that fulfil `condition`, so many that without them one more has room."""
    return tx.execute(
        f"SELECT * FROM part_groups WHERE {condition} ORDER BY id DESC LIMIT -1 OFFSET ?",  # noqa: S608 - ours
        (*values, bound - 1),
    ).fetchall()


def _close_group(tx: Connection, group: Row, now: Moment, canonical: Canonical, only_count: OnlyCount) -> int:
    """Join what a group holds into one message, with `[…]` where a part is missing."""
    held = {
        row["part"]: row["units"]
        for row in tx.execute("SELECT part, units FROM parts WHERE group_id = ?", (group["id"],))
    }
    missing = text_codec.units("[…]")
    joined = b"".join(held.get(number, missing) for number in range(1, group["total"] + 1))
    tx.execute("DELETE FROM part_groups WHERE id = ?", (group["id"],))
    return insert(
        tx,
        Kind.SMS,
        group["number"],
        text_codec.text(joined),
        None,
        optional_time(group["smsc_wall"]),
        now,
        canonical,
        parts=group["total"],
        parts_missing=group["total"] - len(held),
        only_count=only_count,
    )
