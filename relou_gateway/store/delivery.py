"""Delivery reports: which of our messages each is on, and what it says of it; never a condition."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ..rules.delivery import NO_REFERENCE, WINDOW, Candidate, is_whole, reported_on
from ..rules.records import Moment
from .database import Connection, Row, milliseconds, time_of


@dataclass(frozen=True, slots=True)
class Reported:
    """A report that came: `reply_id` is the message that it is on, None where none is known.

    `arrived` says that the part arrived, `text` how it fared, and `whole` that with it all parts did.
    """

    message_id: int
    reply_id: int | None
    arrived: bool
    text: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a report said of a message of ours, and when it came (wall time)."""

    received_wall: datetime
    arrived: bool
    text: str


def match(tx: Connection, message_ids: Collection[int], now: Moment) -> list[Reported]:
    """Find out what the reports among these messages, which are one listing's, are on; write it down (C1)."""
    if not message_ids:
        return []
    rows = tx.execute(
        """
        SELECT id, number, text, report_reference, report_delivered FROM inbox
        WHERE id BETWEEN ? AND ? AND kind = 'report' ORDER BY id
        """,
        (min(message_ids), max(message_ids)),
    ).fetchall()
    return [_note(tx, report, now) for report in rows]


def said_of(tx: Connection, reply_id: int) -> list[Said]:
    """Return what reports said of a message of ours, in the order in which they came."""
    rows = tx.execute(
        """
        SELECT received_wall, report_delivered, text FROM inbox
        WHERE reply_id = ? AND kind = 'report' ORDER BY id
        """,
        (reply_id,),
    )
    return [Said(time_of(row["received_wall"]), bool(row["report_delivered"]), row["text"]) for row in rows]


def _note(tx: Connection, report: Row, now: Moment) -> Reported:
    reply_id = reported_on(report["report_reference"], _candidates(tx, report["number"], now))
    whole = False
    if reply_id is not None:
        tx.execute("UPDATE inbox SET reply_id = ? WHERE id = ?", (reply_id, report["id"]))
        whole = bool(report["report_delivered"]) and _note_whole(tx, reply_id, now)
    return Reported(report["id"], reply_id, bool(report["report_delivered"]), report["text"], whole)


def _candidates(tx: Connection, number: str, now: Moment) -> list[Candidate]:
    """Return what was sent, or perhaps sent, to this number of late, newest first."""
    rows = tx.execute(
        """
        SELECT id, parts, sent_references FROM outbox
        WHERE number = ? AND number != '' AND state IN ('sent', 'in_doubt') AND changed_at > ?
        ORDER BY changed_at DESC, id DESC
        """,
        (number, milliseconds(now.quota - WINDOW)),
    )
    return [Candidate(row["id"], _references(row)) for row in rows]


def _references(row: Row) -> list[int]:
    """Return the references of a message's parts; of what is in doubt nobody wrote them down."""
    return json.loads(row["sent_references"]) or [NO_REFERENCE] * row["parts"]


def _note_whole(tx: Connection, reply_id: int, now: Moment) -> bool:
    """Write down that all parts of a message have arrived, if that is so now; say whether it is news."""
    row = tx.execute("SELECT parts, sent_references FROM outbox WHERE id = ?", (reply_id,)).fetchone()
    arrived = tx.execute(
        "SELECT report_reference FROM inbox WHERE reply_id = ? AND kind = 'report' AND report_delivered = 1",
        (reply_id,),
    )
    if not is_whole(_references(row), {each["report_reference"] for each in arrived}):
        return False
    changed = tx.execute(
        "UPDATE outbox SET delivered_wall = ? WHERE id = ? AND delivered_wall IS NULL",
        (milliseconds(now.wall), reply_id),
    )
    return changed.rowcount == 1
