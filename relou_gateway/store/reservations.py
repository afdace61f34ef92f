"""What was spent, or is being spent: one row for each claim, from which alone the caps are reckoned.

A reservation is made before the first byte goes to the modem, closed when the fate of the reply
is known, and only ever shrinks; triggers hold that, and write each change into the ledger.
"""

from __future__ import annotations

from datetime import datetime

from ..rules.records import Moment
from ..rules.throttle import Spending
from . import senders
from .database import Connection, milliseconds


def reserve(tx: Connection, reply_id: int, wish: Spending, now: Moment, *, answers: bool) -> int:
    """Reserve what `wish` says for a reply that is claimed (C3); return the reservation.

    `answers` says that it answers its recipient, and counts as one of his answers.
    """
    made = tx.execute(
        """
        INSERT INTO reservations (reply_id, recipient, parts, cost, claimed_at, answered_before,
                                  changed_at, changed_wall)
        VALUES (:reply_id, :recipient, :parts, :cost, :now, :answered_before, :now, :wall) RETURNING id
        """,
        {
            "reply_id": reply_id,
            "recipient": wish.recipient,
            "parts": wish.parts,
            "cost": wish.cost,
            "answered_before": senders.count_answer(tx, wish.recipient, now.quota) if answers else None,
            "now": milliseconds(now.quota),
            "wall": milliseconds(now.wall),
        },
    ).fetchone()
    return int(made["id"])


def settle(tx: Connection, reply_id: int, answered: str | None, keep: int | None, now: Moment) -> None:
    """Close the open reservation of a reply; keep what `keep` parts cost (None: all of it).

    `answered` is whose answer it is, None where it answers nobody.
    """
    tx.execute(
        """
        UPDATE reservations SET settled_at = MAX(:now, claimed_at), changed_at = :now, changed_wall = :wall
        WHERE reply_id = :reply_id AND settled_at IS NULL
        """,
        {"reply_id": reply_id, "now": milliseconds(now.quota), "wall": milliseconds(now.wall)},
    )
    if keep is not None:
        release(tx, reply_id, answered, keep, now)
    if keep != 0 and answered is not None:
        senders.date_answer(tx, answered, now.quota)


def release(tx: Connection, reply_id: int, answered: str | None, keep: int, now: Moment) -> None:
    """Give back what the newest reservation of a reply holds beyond `keep` parts."""
    row = tx.execute(
        "SELECT * FROM reservations WHERE reply_id = ? ORDER BY id DESC LIMIT 1", (reply_id,)
    ).fetchone()
    if keep >= row["parts"]:
        return
    tx.execute(
        "UPDATE reservations SET parts = ?, cost = ?, changed_at = ?, changed_wall = ? WHERE id = ?",
        (
            keep,
            -(-row["cost"] * keep // row["parts"]),  # rounded up: a release is never too large
            milliseconds(now.quota),
            milliseconds(now.wall),
            row["id"],
        ),
    )
    if keep == 0 and answered is not None:
        since = _answered_since(tx, answered, row["id"])
        senders.uncount_answer(tx, answered, row["answered_before"], answered_since=since)


def forget_before(tx: Connection, before: datetime) -> None:
    """Forget the recipients of what was settled before quota time `before`; amounts stay."""
    # A name of its own for each: one for all would count as one recipient.
    tx.execute(
        "UPDATE reservations SET recipient = '#' || id WHERE settled_at < ? AND recipient != '#' || id",
        (milliseconds(before),),
    )


def _answered_since(tx: Connection, number: str, reservation_id: int) -> bool:
    """Say whether a later reservation than this one holds an answer to `number`."""
    later = tx.execute(
        """
        SELECT 1 FROM reservations JOIN outbox ON outbox.id = reply_id
        WHERE recipient = ? AND reservations.id > ? AND reservations.parts > 0 AND kind = 'reply'
        """,
        (number, reservation_id),
    ).fetchone()
    return later is not None
