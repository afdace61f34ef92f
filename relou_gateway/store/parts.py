"""Long texts that come in parts: stored first, joined when complete, given up in the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..rules.records import Kind, Moment, Part, Sms
from . import text_codec
from .arrivals import Canonical, insert
from .database import Connection, Row, milliseconds, optional_time

GROUPS_PER_SENDER = 20
"""Incomplete long messages kept open for one sender; beyond it the oldest is closed as it is."""

GROUPS_IN_ALL = 5_000
"""The same for everyone together: what strangers make grow has a bound (invariant 14)."""


def store(tx: Connection, sms: Sms, part: Part, now: Moment, canonical: Canonical) -> int | None:
    """Add a part to its message; return the message's row if that made it whole.

    References are one byte and wrap, so a part number that is held already belongs to another
    message: it opens a new group. The newest group that lacks the part takes it.
    """
    number, _ = text_codec.storable(sms.number)
    group_id = _open_group(tx, number, part) or _new_group(tx, number, part, sms.smsc_at, now, canonical)
    tx.execute(
        "INSERT INTO parts (group_id, part, units) VALUES (?, ?, ?)",
        (group_id, part.number, text_codec.units(sms.text)),
    )
    held = tx.execute("SELECT COUNT(*) FROM parts WHERE group_id = ?", (group_id,)).fetchone()[0]
    if held < part.total:
        return None
    group = tx.execute("SELECT * FROM part_groups WHERE id = ?", (group_id,)).fetchone()
    return _close_group(tx, group, now, canonical)


def give_up(tx: Connection, before: datetime, now: Moment, canonical: Canonical) -> list[int]:
    """Close groups of parts that began before quota time `before`; return the new messages.

    What came of them becomes one message, with `[…]` where a part is missing.
    """
    groups = tx.execute(
        "SELECT * FROM part_groups WHERE first_at < ? ORDER BY id", (milliseconds(before),)
    ).fetchall()
    return [_close_group(tx, group, now, canonical) for group in groups]


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
    tx: Connection, number: str, part: Part, smsc_at: datetime | None, now: Moment, canonical: Canonical
) -> int:
    _make_room(tx, "number = ?", (number,), GROUPS_PER_SENDER, now, canonical)
    _make_room(tx, "TRUE", (), GROUPS_IN_ALL, now, canonical)
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


def _make_room(
    tx: Connection, condition: str, values: Sequence[str], bound: int, now: Moment, canonical: Canonical
) -> None:
    """Close the oldest groups that fulfil `condition` until there is room for one more."""
    groups = tx.execute(
        f"SELECT * FROM part_groups WHERE {condition} ORDER BY id DESC LIMIT -1 OFFSET ?",  # noqa: S608 - ours
        (*values, bound - 1),
    ).fetchall()
    for group in groups:
        _close_group(tx, group, now, canonical)


def _close_group(tx: Connection, group: Row, now: Moment, canonical: Canonical) -> int:
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
    )
