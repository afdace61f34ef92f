"""One message with all that tells how it came to its verdict, for those who ask why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..rules.records import Kind, Ruling
from .database import Connection, optional_time, time_of


@dataclass(frozen=True, slots=True)
class Story:
    """A row of the inbox; times are wall time.

    `faults` counts how often judging it failed. `forgotten` says that its number and text are
    gone; `delivered` is what a delivery report says, None for whatever is none.
    """

    id: int
    kind: Kind
    number: str
    text: str
    received_wall: datetime
    smsc_wall: datetime | None
    parts: int
    verdict: Ruling | None
    reason: str
    judged_wall: datetime | None
    reply_id: int | None
    faults: int
    forgotten: bool
    delivered: bool | None


def message(tx: Connection, message_id: int) -> Story | None:
    """Return the story of one message or call; None where there is no such row."""
    row = tx.execute("SELECT * FROM inbox WHERE id = ?", (message_id,)).fetchone()
    if row is None:
        return None
    return Story(
        id=row["id"],
        kind=Kind(row["kind"]),
        number=row["number"],
        text=row["text"],
        received_wall=time_of(row["received_wall"]),
        smsc_wall=optional_time(row["smsc_wall"]),
        parts=row["parts"] - row["parts_missing"],
        verdict=None if row["verdict"] is None else Ruling(row["verdict"]),
        reason=row["reason"],
        judged_wall=optional_time(row["judged_wall"]),
        reply_id=row["reply_id"],
        faults=row["faults"],
        forgotten=not row["salt"],
        delivered=None if row["report_delivered"] is None else bool(row["report_delivered"]),
    )
