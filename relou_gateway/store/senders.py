"""Who wrote or called, how often, and what may not happen to them again."""

from __future__ import annotations

from datetime import datetime

from ..rules.admission import Past
from ..rules.records import Kind, Moment
from .database import Connection, milliseconds, optional_time


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
    patterns = [number, *(f"{number[:length]}*" for length in range(len(number) + 1))]
    marks = ", ".join("?" * len(patterns))
    found = tx.execute(f"SELECT 1 FROM blocks WHERE pattern IN ({marks}) LIMIT 1", patterns)  # noqa: S608
    return found.fetchone() is not None


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
        "DELETE FROM senders WHERE last_at < ? AND answers = 0 AND stopped_wall IS NULL",
        (milliseconds(before),),
    ).rowcount
