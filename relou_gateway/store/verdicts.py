"""Verdicts in the order in which they were given: what a ranking learns from, now and after a restart."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ..rules.admission import Reason, Verdict
from ..rules.ranking import Heard
from ..rules.records import Kind, Ruling
from .database import Connection, milliseconds, time_of


class Place(NamedTuple):
    """A place in the order of verdicts: when one was given, in milliseconds, and on which message."""

    judged_at: int
    message_id: int


def place_at(moment: datetime) -> Place:
    """Return the place before the first verdict that was given after `moment`."""
    return Place(milliseconds(moment), 2**62)


class Chapter(NamedTuple):
    """Verdicts in a row, the place behind them, and whether there may be more behind that."""

    heard: list[Heard]
    place: Place
    more: bool


def heard_after(tx: Connection, place: Place, limit: int) -> Chapter:
    """Return the next `limit` verdicts that follow `place`.

    Left out are those whose sender retention has emptied, and those of an older program whose
    reason has no name any more.
    """
    rows = tx.execute(
        """
        SELECT id, kind, number, text, received_at, verdict, reason, judged_at
        FROM inbox INDEXED BY inbox_by_verdict
        WHERE judged_at IS NOT NULL AND (judged_at, id) > (?, ?)
        ORDER BY judged_at, id LIMIT ?
        """,
        (*place, limit),
    ).fetchall()
    if not rows:
        return Chapter([], place, more=False)
    heard = [
        Heard(
            row["number"],
            Kind(row["kind"]),
            row["text"],
            time_of(row["received_at"]),
            Verdict(Ruling(row["verdict"]), Reason(row["reason"])),
        )
        for row in rows
        if row["number"] and row["reason"] in _REASONS
    ]
    return Chapter(heard, Place(rows[-1]["judged_at"], rows[-1]["id"]), len(rows) == limit)


_REASONS = frozenset(Reason)
