"""What goes out: replies in their states. What each claim reserves lies in `reservations`.

Every change of state goes through `_move`, a compare-and-set that the table in
`rules.lifecycle` allows and that a trigger writes into the ledger.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..rules.lifecycle import Event, IllegalMove, advance
from ..rules.ranking import Contribution, Suspicion
from ..rules.records import Moment, Purpose, Status
from ..rules.throttle import Spending
from . import reservations
from .database import Connection, Row, milliseconds, optional_time, time_of


@dataclass(frozen=True, slots=True)
class NewReply:
    """What is to be sent. `parts` counts SMS, `cost` is micro-units; times are quota time."""

    purpose: Purpose
    message_id: int | None
    number: str
    country: str
    text: str
    parts: int
    cost: int
    due_at: datetime
    expires_at: datetime
    held: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A row of the outbox. `…_at` is quota time, `…_wall` wall time; `cost` is micro-units.

    `suspicion` is None where nobody was ever suspected of anything; `signals` say where it comes from.
    """

    id: int
    purpose: Purpose
    message_id: int | None
    number: str
    country: str
    text: str
    parts: int
    cost: int
    state: Status
    reason: str
    created_at: datetime
    created_wall: datetime
    due_at: datetime
    expires_at: datetime
    attempts: int
    accepted: int
    sent_wall: datetime | None
    delivered_wall: datetime | None
    suspicion: float | None
    signals: tuple[Contribution, ...] = ()


OPERATORS_MOVES = frozenset({Event.HOLD, Event.RELEASE, Event.CANCEL, Event.SETTLE_SENT, Event.SETTLE_FAILED})


class NoSuchReply(LookupError):
    """There is no row of this id."""


def schedule(tx: Connection, new: NewReply, now: Moment) -> int:
    """Put a reply into the outbox, scheduled or held; return its id (C2)."""
    row = tx.execute(
        """
        INSERT INTO outbox (kind, message_id, number, country, text, parts, cost, state, reason,
                            created_at, created_wall, due_at, expires_at, changed_at, changed_wall, salt)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
        """,
        (
            new.purpose,
            new.message_id,
            new.number,
            new.country,
            new.text,
            new.parts,
            new.cost,
            Status.HELD if new.held else Status.SCHEDULED,
            new.reason,
            milliseconds(now.quota),
            milliseconds(now.wall),
            milliseconds(new.due_at),
            milliseconds(new.expires_at),
            milliseconds(now.quota),
            milliseconds(now.wall),
            secrets.token_bytes(16),
        ),
    ).fetchone()
    return int(row["id"])


def get(tx: Connection, reply_id: int) -> Reply:
    """Return one reply; raise `NoSuchReply`."""
    row = tx.execute("SELECT * FROM outbox WHERE id = ?", (reply_id,)).fetchone()
    if row is None:
        raise NoSuchReply(reply_id)
    return reply_of(row)


def waiting_of(tx: Connection, number: str) -> Reply | None:
    """Return the reply that waits for `number`, scheduled or held."""
    row = tx.execute(
        "SELECT * FROM outbox WHERE number = ? AND kind = 'reply' AND state IN ('scheduled', 'held')",
        (number,),
    ).fetchone()
    return None if row is None else reply_of(row)


def note_suspicion(tx: Connection, reply_id: int, suspicion: Suspicion) -> None:
    """Keep with a reply how suspicious its sender is, and where that comes from.

    A `Reply` that was read before is no longer as the row says: `claim` wants one that was read after.
    """
    signals = [
        {"signal": each.signal, "log_odds": round(each.log_odds, 3), "seen": dict(each.seen)}
        for each in suspicion.contributions
    ]
    tx.execute(
        "UPDATE outbox SET suspicion = ?, signals = ? WHERE id = ?",
        (round(suspicion.score, 3), json.dumps(signals), reply_id),
    )


def push(tx: Connection, reply_id: int, due_at: datetime) -> None:
    """Let a waiting reply wait longer; never shorter."""
    tx.execute(
        "UPDATE outbox SET due_at = MAX(due_at, ?) WHERE id = ? AND state IN ('scheduled', 'held')",
        (milliseconds(due_at), reply_id),
    )


def claim(tx: Connection, reply: Reply, now: Moment) -> int | None:
    """Make `reply` the one that is being sent: count the attempt, reserve parts and money (C3).

    Returns the reservation, or None where the row is no longer as `reply` says. The caller
    has asked the caps in this same transaction.
    """
    row = tx.execute("SELECT * FROM outbox WHERE id = ?", (reply.id,)).fetchone()
    if row is None or reply_of(row) != reply:
        return None
    _move(tx, reply.id, Event.CLAIM, now, "attempts = attempts + 1")
    wish = Spending(reply.number, reply.parts, reply.cost, None)
    return reservations.reserve(tx, reply.id, wish, now, answers=reply.purpose is Purpose.REPLY)


def settle_sent(
    tx: Connection, reply_id: int, references: Sequence[int], now: Moment, *, report_asked: bool = False
) -> None:
    """Write that the modem accepted every part (C4); `report_asked`: the network will say what arrived."""
    _move(
        tx,
        reply_id,
        Event.ACCEPTED,
        now,
        """
        accepted = parts, sent_wall = :wall, sent_references = :references, reason = '',
        report_asked = :report_asked
        """,
        references=json.dumps(references),
        report_asked=report_asked,
    )
    _settle_reservation(tx, reply_id, now, None)


def give_attempt_back(tx: Connection, reply_id: int) -> None:
    """Let an attempt be none of the reply's, since it was the breaker's trial; the caller settles it."""
    tx.execute("UPDATE outbox SET attempts = attempts - 1 WHERE id = ? AND state = 'sending'", (reply_id,))


def settle_not_sent(
    tx: Connection, reply_id: int, reason: str, retry_at: datetime | None, now: Moment
) -> None:
    """Write that certainly nothing left (C4): again at `retry_at`, or failed where that is None."""
    if retry_at is None:
        _move(tx, reply_id, Event.USED_UP, now, "reason = :reason", reason=reason)
    else:
        _move(
            tx,
            reply_id,
            Event.NOT_SENT,
            now,
            "reason = :reason, due_at = MAX(due_at, :retry_at)",
            reason=reason,
            retry_at=milliseconds(retry_at),
        )
    _settle_reservation(tx, reply_id, now, 0)


def settle_refused(tx: Connection, reply_id: int, reason: str, now: Moment) -> None:
    """Write that certainly nothing left and nothing ever will (C4)."""
    _move(tx, reply_id, Event.REFUSED, now, "reason = :reason", reason=reason)
    _settle_reservation(tx, reply_id, now, 0)


def settle_in_doubt(
    tx: Connection, reply_id: int, reason: str, accepted: int, may_have_left: int | None, now: Moment
) -> None:
    """Write that nobody knows how much left (C4 and start).

    `accepted` parts certainly left and `may_have_left` at most (None: all); the rest is released.
    """
    _move(
        tx,
        reply_id,
        Event.UNKNOWN,
        now,
        "reason = :reason, accepted = :accepted",
        reason=reason,
        accepted=accepted,
    )
    _settle_reservation(tx, reply_id, now, may_have_left)


def found_sending(tx: Connection) -> list[int]:
    """Return the replies that are marked as being sent: at start, nobody is sending them."""
    return [row["id"] for row in tx.execute("SELECT id FROM outbox WHERE state = 'sending'")]


def operate(tx: Connection, reply_id: int, event: Event, reason: str, now: Moment) -> Status:
    """Carry out an operator's (or a sender's) move on a reply; return its new state.

    Raises `NoSuchReply`, and `IllegalMove` where the reply's state does not allow it.
    """
    assert event in OPERATORS_MOVES, f"{event} is the modem's or the clock's to say"
    if event is Event.SETTLE_SENT:
        fields = "reason = :reason, sent_wall = :wall, accepted = parts"
    else:
        fields = "reason = :reason"
    moved = _move(tx, reply_id, event, now, fields, reason=reason)
    if event is Event.SETTLE_FAILED:
        # What the modem certainly took was paid, whatever a person decides.
        accepted = get(tx, reply_id).accepted
        reservations.release(tx, reply_id, _answered(tx, reply_id), accepted, now)
    return moved


def expire(tx: Connection, now: Moment) -> list[int]:
    """Expire the waiting replies whose time is over; return their ids (sweep)."""
    rows = tx.execute(
        """
        SELECT id FROM outbox INDEXED BY outbox_expiring
        WHERE state IN ('scheduled', 'held') AND expires_at <= ? ORDER BY id
        """,
        (milliseconds(now.quota),),
    ).fetchall()
    for row in rows:
        _move(tx, row["id"], Event.TOO_LATE, now, "reason = 'too late'")
    return [row["id"] for row in rows]


def forget_before(tx: Connection, before: datetime) -> int:
    """Forget numbers and texts of what ended before quota time `before`; amounts stay."""
    reservations.forget_before(tx, before)
    return tx.execute(
        """
        UPDATE outbox SET number = '', text = '', salt = x''
        WHERE changed_at < ? AND salt != x'' AND state NOT IN ('scheduled', 'held', 'sending', 'in_doubt')
        """,
        (milliseconds(before),),
    ).rowcount


def _move(tx: Connection, reply_id: int, event: Event, now: Moment, fields: str, **values: object) -> Status:
    """Change a reply's state as the table allows, together with `fields` of the same row."""
    row = tx.execute("SELECT state FROM outbox WHERE id = ?", (reply_id,)).fetchone()
    if row is None:
        raise NoSuchReply(reply_id)
    before = Status(row["state"])
    after = advance(before, event)
    changed = tx.execute(
        f"""
        UPDATE outbox SET state = :after, changed_at = :now, changed_wall = :wall, {fields}
        WHERE id = :id AND state = :before
        """,  # noqa: S608 - `fields` are constants of this module
        {
            **values,
            "id": reply_id,
            "before": before,
            "after": after,
            "now": milliseconds(now.quota),
            "wall": milliseconds(now.wall),
        },
    ).rowcount
    if changed != 1:
        raise IllegalMove(before, event)
    return after


def _settle_reservation(tx: Connection, reply_id: int, now: Moment, keep: int | None) -> None:
    """Close the open reservation of a reply; keep what `keep` parts cost (None: all of it)."""
    reservations.settle(tx, reply_id, _answered(tx, reply_id), keep, now)


def _answered(tx: Connection, reply_id: int) -> str | None:
    """Return whose answer this is; None for what answers nobody."""
    reply = get(tx, reply_id)
    return reply.number if reply.purpose is Purpose.REPLY else None


def reply_of(row: Row) -> Reply:
    """Return what a whole row of the outbox says."""
    return Reply(
        id=row["id"],
        purpose=Purpose(row["kind"]),
        message_id=row["message_id"],
        number=row["number"],
        country=row["country"],
        text=row["text"],
        parts=row["parts"],
        cost=row["cost"],
        state=Status(row["state"]),
        reason=row["reason"],
        created_at=time_of(row["created_at"]),
        created_wall=time_of(row["created_wall"]),
        due_at=time_of(row["due_at"]),
        expires_at=time_of(row["expires_at"]),
        attempts=row["attempts"],
        accepted=row["accepted"],
        sent_wall=optional_time(row["sent_wall"]),
        delivered_wall=optional_time(row["delivered_wall"]),
        suspicion=row["suspicion"],
        signals=_signals(row["signals"]),
    )


def _signals(stored: str) -> tuple[Contribution, ...]:
    if stored == "[]":  # as in most rows of a quiet year, and a listing may have a hundred thousand
        return ()
    return tuple(
        Contribution(each["signal"], each["log_odds"], tuple(each["seen"].items()))
        for each in json.loads(stored)
    )
