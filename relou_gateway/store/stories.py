"""One message with all that tells how it came to its verdict, for those who ask why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .database import Connection, optional_time
from .inbox import Received, received_of


@dataclass(frozen=True, slots=True)
class Story:
    """A message or call, and what became of it; `judged_wall` is wall time.

    `faults` counts how often judging it failed. `forgotten` says that its number and text are
    gone; `delivered` is what a delivery report says, None for whatever is none.
    """

    message: Received
    judged_wall: datetime | None
    faults: int
    forgotten: bool
    delivered: bool | None


def story(tx: Connection, message_id: int) -> Story | None:
    """Return the story of one message or call; None where there is no such row."""
    row = tx.execute("SELECT * FROM inbox WHERE id = ?", (message_id,)).fetchone()
    if row is None:
        return None
    return Story(
        message=received_of(row),
        judged_wall=optional_time(row["judged_wall"]),
        faults=row["faults"],
        forgotten=not row["salt"],
        delivered=None if row["report_delivered"] is None else bool(row["report_delivered"]),
    )
