"""Who wrote or called, how often, and what may not happen to them again."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from ..rules.admission import Past
from ..rules.records import Kind, Moment
from .database import Connection, Row, milliseconds, optional_time, time_of


@dataclass(frozen=True, slots=True)
class Known:
    """A sender as people are shown him. `…_at` and `muted_until` are quota time, `…_wall` is wall time.

    `waiting` is the reply to him that is scheduled, held or being sent, `blocked_by` the blocks that hold.
    """

    number: str
    first_at: datetime
    last_at: datetime
    messages: int
    calls: int
    answers: int
    answered_at: datetime | None
    stopped_wall: datetime | None
    muted_until: datetime | None
    mutes: int
    waiting: int | None
    blocked_by: tuple[str, ...]


def note(tx: Connection, number: str, kind: Kind, received_at: datetime) -> None:
    """Count one more message or call of `number`, received at quota time `received_at`."""
    tx.execute(
        """
        INSERT INTO senders (number, first_at, last_at, messages, calls)
        VALUES (:number, :at, :at, :messages, :calls)
        ON CONFLICT (number) DO UPDATE SET
            last_at = MAX(last_at, excluded.last_at),
            messages = messages + excluded.messages,
            calls = calls + excluded.calls
        """,
        {
            "number": number,
            "at": milliseconds(received_at),
            "messages": int(kind is not Kind.CALL),
            "calls": int(kind is Kind.CALL),
        },
    )


def past(tx: Connection, number: str, *, waiting: bool) -> Past:
    """Return what the judge needs to know of `number`; the outbox knows whether a reply is `waiting`."""
    row = tx.execute("SELECT * FROM senders WHERE number = ?", (number,)).fetchone()
    return Past(
        blocked=is_blocked(tx, number),
        stopped=row is not None and row["stopped_wall"] is not None,
        muted_until=None if row is None else optional_time(row["muted_until"]),
        waiting=waiting,
        answers=0 if row is None else row["answers"],
        answered_at=None if row is None else optional_time(row["answered_at"]),
    )


def stop(tx: Connection, number: str, now: Moment) -> None:
    """Remember for ever that `number` asked not to be answered."""
    tx.execute(
        "UPDATE senders SET stopped_wall = COALESCE(stopped_wall, ?) WHERE number = ?",
        (milliseconds(now.wall), number),
    )


def block(tx: Connection, pattern: str, now: Moment) -> bool:
    """Block a number, or a prefix that ends in `*`; say whether it was not blocked before."""
    return bool(
        tx.execute(
            "INSERT OR IGNORE INTO blocks (pattern, since_wall) VALUES (?, ?)",
            (pattern, milliseconds(now.wall)),
        ).rowcount
    )


def unblock(tx: Connection, pattern: str) -> bool:
    """Lift a block; say whether there was one."""
    return bool(tx.execute("DELETE FROM blocks WHERE pattern = ?", (pattern,)).rowcount)


def is_blocked(tx: Connection, number: str) -> bool:
    """Say whether an operator blocked `number` or a prefix of it."""
    if tx.execute("SELECT 1 FROM blocks LIMIT 1").fetchone() is None:
        return False  # as nearly always, and this is asked for each word that comes in
    patterns = _patterns_of(number)
    marks = ", ".join("?" * len(patterns))
    found = tx.execute(f"SELECT 1 FROM blocks WHERE pattern IN ({marks}) LIMIT 1", patterns)  # noqa: S608
    return found.fetchone() is not None


def blocks(tx: Connection) -> dict[str, datetime]:
    """Return all numbers and prefixes that are blocked, and since when (wall time)."""
    rows = tx.execute("SELECT pattern, since_wall FROM blocks ORDER BY pattern")
    return {row["pattern"]: time_of(row["since_wall"]) for row in rows}


def blocking(number: str, patterns: Container[str]) -> tuple[str, ...]:
    """Return those of `patterns` that hold for `number`: itself first, then prefixes, the longest first."""
    number_itself, *prefixes = _patterns_of(number)
    return tuple(each for each in (number_itself, *reversed(prefixes)) if each in patterns)


def _patterns_of(number: str) -> list[str]:
    return [number, *(f"{number[:length]}*" for length in range(len(number) + 1))]


def bounds(pattern: str) -> tuple[str, str]:
    """Return what the numbers that `pattern` means are not below, and what they are below, in byte order.

    So an index finds them. The empty number, which is nobody's, has to be left out besides.
    """
    if pattern.endswith("*"):
        return pattern[:-1], pattern[:-1] + "\U0010ffff"
    return pattern, pattern + "\0"


def listed(tx: Connection, pattern: str = "*", limit: int | None = None) -> list[Known]:
    """Return the senders whom `pattern` means, the most active first."""
    rows = tx.execute(
        """
        SELECT *, (SELECT id FROM outbox
                   WHERE outbox.number = senders.number AND kind = 'reply'
                     AND state IN ('scheduled', 'held', 'sending')) AS waiting
        FROM senders WHERE number >= ? AND number < ? AND number != ''
        ORDER BY messages + calls DESC, last_at DESC, number LIMIT ?
        """,
        (*bounds(pattern), -1 if limit is None else limit),
    )
    patterns = blocks(tx)
    return [_known(row, patterns) for row in rows]


def count_answer(tx: Connection, number: str, at: datetime) -> int | None:
    """Count an answer that is about to be sent; return when the one before it was, in milliseconds."""
    row = tx.execute("SELECT answered_at FROM senders WHERE number = ?", (number,)).fetchone()
    tx.execute(
        "UPDATE senders SET answers = answers + 1, answered_at = ? WHERE number = ?",
        (milliseconds(at), number),
    )
    return None if row is None else row["answered_at"]


def date_answer(tx: Connection, number: str, at: datetime) -> None:
    """Let the cooldown run from `at`, when the answer's fate was settled."""
    tx.execute(
        "UPDATE senders SET answered_at = ? WHERE number = ? AND answers > 0", (milliseconds(at), number)
    )


def uncount_answer(tx: Connection, number: str, answered_before: int | None, *, answered_since: bool) -> None:
    """Take back an answer of which certainly nothing left; a later one keeps its cooldown."""
    tx.execute(
        """
        UPDATE senders SET answers = answers - 1, answered_at = IIF(?, answered_at, ?)
        WHERE number = ? AND answers > 0
        """,
        (answered_since, answered_before, number),
    )


def forget_before(tx: Connection, before: datetime) -> int:
    """Forget those last seen before quota time `before` of whom nothing has to be kept."""
    return tx.execute(
        """
        DELETE FROM senders WHERE last_at < :before AND answers = 0 AND stopped_wall IS NULL
                              AND COALESCE(muted_until, 0) < :before
        """,
        {"before": milliseconds(before)},
    ).rowcount


def _known(row: Row, patterns: Container[str]) -> Known:
    return Known(
        number=row["number"],
        first_at=time_of(row["first_at"]),
        last_at=time_of(row["last_at"]),
        messages=row["messages"],
        calls=row["calls"],
        answers=row["answers"],
        answered_at=optional_time(row["answered_at"]),
        stopped_wall=optional_time(row["stopped_wall"]),
        muted_until=optional_time(row["muted_until"]),
        mutes=row["mutes"],
        waiting=row["waiting"],
        blocked_by=blocking(row["number"], patterns),
    )
