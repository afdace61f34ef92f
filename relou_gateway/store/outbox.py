"""What goes out: replies in their states. What each claim reserves lies in `reservations`.

Every change of state goes through `_move`, a compare-and-set that the table in
`rules.lifecycle` allows and that a trigger writes into the ledger.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..rules.lifecycle import Event, IllegalMove, advance
from ..rules.ranking import Contribution, Suspicion, Waiting
from ..rules.records import Moment, Purpose, Status
from ..rules.throttle import Spending
from . import reservations
from .database import Connection, Row, milliseconds, optional_time, time_of
from .inbox import FAULTS_BEFORE_SHELVED


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


# Left to itself SQLite takes outbox_by_state where a narrower index would do, and looks at every row
# that waits: in a raid thousands, several times in each tick. Hence INDEXED BY below.


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
    return _reply(row)


def waiting_of(tx: Connection, number: str) -> Reply | None:
    """Return the reply that waits for `number`, scheduled or held."""
    row = tx.execute(
        "SELECT * FROM outbox WHERE number = ? AND kind = 'reply' AND state IN ('scheduled', 'held')",
        (number,),
    ).fetchone()
    return None if row is None else _reply(row)


def waiting(tx: Connection, now: datetime) -> list[Waiting]:
    """Return the replies that are scheduled and not too old, the soonest due first.

    Whole rows by the thousand would cost too much each time: `get` has the rest of the one that goes.
    """
    cursor = tx.cursor()
    cursor.row_factory = None  # plain tuples take half the time, and there are thousands
    rows = cursor.execute(
        """
        SELECT id, number, parts, cost,
               due_at <= :now
               -- A word of his that nobody has judged yet may push the reply or forbid it. There
               -- are few such words, and an index of their own knows them.
               AND number NOT IN (SELECT number FROM inbox WHERE verdict IS NULL AND kind != 'report'
                                  AND kind IN ('sms', 'call') AND faults < :shelved)
        FROM outbox INDEXED BY outbox_due
        WHERE state = 'scheduled' AND expires_at > :now AND kind = 'reply'
        ORDER BY due_at, id
        """,
        {"now": milliseconds(now), "shelved": FAULTS_BEFORE_SHELVED},
    )
    return [Waiting(reply, number, parts, cost, ready == 1) for reply, number, parts, cost, ready in rows]


def own_due(tx: Connection, now: datetime) -> list[Waiting]:
    """Return what is due and answers nobody, alerts and the like, the soonest due first."""
    rows = tx.execute(
        """
        SELECT id, number, parts, cost FROM outbox INDEXED BY outbox_own_due
        WHERE state = 'scheduled' AND due_at <= :now AND expires_at > :now AND kind != 'reply'
        ORDER BY due_at, id
        """,
        {"now": milliseconds(now)},
    )
    return [Waiting(row["id"], row["number"], row["parts"], row["cost"], ready=True) for row in rows]


def anything_due(tx: Connection, now: datetime) -> bool:
    """Say whether the delay of any reply is over that is not too old."""
    found = tx.execute(
        """
        SELECT 1 FROM outbox INDEXED BY outbox_due
        WHERE state = 'scheduled' AND due_at <= :now AND expires_at > :now LIMIT 1
        """,
        {"now": milliseconds(now)},
    )
    return found.fetchone() is not None


def next_due(tx: Connection, after: datetime | None = None) -> datetime | None:
    """Return when the next scheduled reply is due, or the next one `after` a moment; quota time."""
    row = tx.execute(
        "SELECT MIN(due_at) FROM outbox INDEXED BY outbox_due WHERE state = 'scheduled' AND due_at > ?",
        (-1 if after is None else milliseconds(after),),
    ).fetchone()
    return optional_time(row[0])


def scheduled_after(tx: Connection, reply_id: int, limit: int) -> list[tuple[int, str]]:
    """Return id and number of up to `limit` scheduled replies to people with an id above `reply_id`."""
    rows = tx.execute(
        """
        SELECT id, number FROM outbox INDEXED BY outbox_by_state
        WHERE state = 'scheduled' AND id > ? AND kind = 'reply' ORDER BY id LIMIT ?
        """,
        (reply_id, limit),
    )
    return [(row["id"], row["number"]) for row in rows]


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


def sizes_due(tx: Connection, after: datetime, now: datetime) -> set[tuple[int, int]]:
    """Return the parts and costs of the scheduled replies that became due after one moment, up to another."""
    rows = tx.execute(
        """
        SELECT DISTINCT parts, cost FROM outbox INDEXED BY outbox_due
        WHERE state = 'scheduled' AND due_at > ? AND due_at <= ?
        """,
        (milliseconds(after), milliseconds(now)),
    )
    return {(row[0], row[1]) for row in rows}


def next_expiry(tx: Connection) -> datetime | None:
    """Return when the next waiting reply, scheduled or held, grows too old; quota time."""
    row = tx.execute(
        "SELECT MIN(expires_at) FROM outbox INDEXED BY outbox_expiring WHERE state IN ('scheduled', 'held')"
    ).fetchone()
    return optional_time(row[0])


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
    if row is None or _reply(row) != reply:
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


def ids_in(tx: Connection, states: Iterable[Status]) -> list[int]:
    """Return the ids of all replies in one of `states`, oldest first."""
    wanted = list(states)
    marks = ", ".join("?" * len(wanted))
    return [
        row["id"]
        for row in tx.execute(f"SELECT id FROM outbox WHERE state IN ({marks}) ORDER BY id", wanted)  # noqa: S608
    ]


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


def listed(
    tx: Connection, state: Status | None = None, limit: int | None = None, *, now: datetime | None = None
) -> list[Reply]:
    """Return the outbox: those that wait first, next to go on top, then the others, newest first.

    Of those that wait, the ones that are due at `now` come first, the least suspicious on top; then
    the rest by their due time. Without `now` nobody counts as due.
    """
    rows = tx.execute(
        """
        SELECT *, state IN ('sending', 'scheduled', 'held') AS waits,
               state = 'scheduled' AND due_at <= :now AS due
        FROM outbox
        WHERE :state IS NULL OR state = :state
        ORDER BY waits DESC, state != 'sending', due DESC, IIF(due, COALESCE(suspicion, 0), 0),
                 IIF(waits, due_at, 0), IIF(waits, id, -id)
        LIMIT :limit
        """,
        {
            "state": state,
            "limit": -1 if limit is None else limit,
            "now": -1 if now is None else milliseconds(now),
        },
    )
    return [_reply(row) for row in rows]


def of_number(tx: Connection, number: str) -> list[Reply]:
    """Return all that was ever to be sent to `number`, oldest first."""
    rows = tx.execute("SELECT * FROM outbox WHERE number = ? AND number != '' ORDER BY id", (number,))
    return [_reply(row) for row in rows]


def counts(tx: Connection) -> dict[Status, int]:
    """Return how many replies are in each state."""
    found = {
        Status(row[0]): row[1] for row in tx.execute("SELECT state, COUNT(*) FROM outbox GROUP BY state")
    }
    return {state: found.get(state, 0) for state in Status}


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


def _reply(row: Row) -> Reply:
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
