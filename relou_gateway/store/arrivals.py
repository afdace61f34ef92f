"""Rows of the inbox, as they come in: messages, reports and calls."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from ..rules.records import Call, Kind, Moment, Report
from . import counting, text_codec
from .database import Connection, milliseconds

Canonical = Callable[[str], str]
"""Gives for a number as received the number under which its sender is known."""

OnlyCount = Callable[[Kind, str, str], bool]
"""Says of a message's kind, number as received, and text whether it is only to be counted."""

ONLY_COUNTED = 0
"""Stands for the row of a message that was only counted: it has none."""


def keep_all(_kind: Kind, _number: str, _text: str) -> bool:
    """Say of every message that it is kept whole."""
    return False


SAME_CALL = timedelta(seconds=60)
"""Rings of one caller closer than this are one call: modems report each ring (gammu#357)."""


def store_report(tx: Connection, report: Report, now: Moment, canonical: Canonical) -> int:
    """Store a delivery report; return its row."""
    row_id = insert(tx, Kind.REPORT, report.number, report.text, None, report.smsc_at, now, canonical)
    tx.execute(
        "UPDATE inbox SET report_reference = ?, report_delivered = ? WHERE id = ?",
        (report.reference, report.delivered, row_id),
    )
    return row_id


def insert(
    tx: Connection,
    kind: Kind,
    number: str,
    text: str,
    raw: bytes | None,
    smsc_at: datetime | None,
    now: Moment,
    canonical: Canonical,
    *,
    parts: int = 1,
    parts_missing: int = 0,
    only_count: OnlyCount = keep_all,
) -> int:
    """Store one message or call, with whatever strangers wrote made storable; return its row.

    `text` may hold lone surrogates; `raw` is what is no text. Of `parts`, `parts_missing` never came.
    Where `only_count` says so it is counted instead, and `ONLY_COUNTED` returned.
    """
    if only_count(kind, number, text):
        counting.count(tx, text_codec.storable(canonical(number))[0], now)
        return ONLY_COUNTED
    storable, units = text_codec.storable(text)
    received_number, _ = text_codec.storable(number)
    made = tx.execute(
        """
        INSERT INTO inbox (kind, number, received_number, text, raw, smsc_wall, received_at, received_wall,
                           parts, parts_missing, rings, last_ring_at, salt)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            kind,
            text_codec.storable(canonical(number))[0],
            received_number,
            storable,
            raw if raw is not None else units,
            None if smsc_at is None else milliseconds(smsc_at),
            milliseconds(now.quota),
            milliseconds(now.wall),
            parts,
            parts_missing,
            int(kind is Kind.CALL),
            milliseconds(now.quota) if kind is Kind.CALL else None,
            secrets.token_bytes(16),
        ),
    )
    assert made.lastrowid is not None, "a row that was inserted has an id"
    return made.lastrowid


def store_call(tx: Connection, call: Call, now: Moment, canonical: Canonical) -> str | None:
    """Store a call, or count one more ring of the call that is going on; return whose that is."""
    number, _ = text_codec.storable(canonical(call.number))
    ringing = tx.execute(
        """
        -- His newest call alone: every ring is counted to it, so no older one can have rung later.
        SELECT id FROM (SELECT id, last_ring_at FROM inbox WHERE kind = 'call' AND number = ?
                        ORDER BY id DESC LIMIT 1)
        WHERE last_ring_at > ?
        """,
        (number, milliseconds(now.quota - SAME_CALL)),
    ).fetchone()
    if ringing is None:
        insert(tx, Kind.CALL, call.number, "", None, None, now, canonical)
        return None
    tx.execute(
        "UPDATE inbox SET rings = rings + 1, last_ring_at = ? WHERE id = ?",
        (milliseconds(now.quota), ringing["id"]),
    )
    return number
