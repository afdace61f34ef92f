"""The SIM's credit as it was told, what was reserved of it since, and how long the SIM lies idle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..rules.balance import Finding, reconcile
from ..rules.records import Moment
from . import ledger
from .database import Connection, milliseconds, optional_time, time_of


@dataclass(frozen=True, slots=True)
class Credit:
    """What the SIM holds as far as anybody knows. Amounts are micro-units, `…_wall` is wall time.

    `told` is what the operator said; `spent` is what was reserved since; `expected` is what should have been
    told by the ledger, None the first time, and `words` say how that compares.
    """

    told: int
    told_wall: datetime
    spent: int = 0
    expected: int | None = None
    words: str = ""

    @property
    def left(self) -> int:
        """What should be on the SIM now."""
        return self.told - self.spent


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last question after the credit brought none; `asked_wall` is wall time."""

    words: str
    asked_wall: datetime


def credit(tx: Connection) -> Credit | None:
    """Return the SIM's credit, None where nobody knows it, or where it is another SIM's."""
    row = tx.execute(
        """
        SELECT credit, credit_wall, credit_expected, credit_words,
               (SELECT COALESCE(SUM(cost), 0) FROM reservations WHERE id > credit_knows) AS spent
        FROM gateway, modem
        WHERE credit IS NOT NULL AND (credit_card = '' OR imsi = '' OR credit_card = imsi)
        """
    ).fetchone()
    if row is None:
        return None
    return Credit(
        told=row["credit"],
        told_wall=time_of(row["credit_wall"]),
        spent=row["spent"],
        expected=row["credit_expected"],
        words=row["credit_words"],
    )


def note_credit(tx: Connection, told: int, now: Moment) -> Finding:
    """Write down what the operator says that the SIM holds, in micro-units; return what that means.

    Must not be called while a reply is being sent: the credit is taken to know of all reservations.
    """
    before = credit(tx)
    found = reconcile(
        None if before is None else before.told,
        0 if before is None else before.spent,
        told,
        doubtful=0 if before is None else _doubtful(tx),
    )
    tx.execute(
        """
        UPDATE gateway SET credit = :told, credit_wall = :wall, credit_expected = :expected,
               credit_words = :words, credit_knows = (SELECT COALESCE(MAX(id), 0) FROM reservations),
               credit_card = (SELECT imsi FROM modem), credit_trouble = '', trouble_wall = NULL,
               credit_asked_wall = NULL
        """,
        {
            "told": told,
            "wall": milliseconds(now.wall),
            "expected": found.expected,
            "words": found.words,
        },
    )
    ledger.write(tx, "credit", now, state=found.standing, reason=found.words, cost=told)
    return found


def forget_credit(tx: Connection) -> None:
    """Know no credit any more: nobody asks for it, so that it would stay what it is for ever."""
    tx.execute(
        """
        UPDATE gateway SET credit = NULL, credit_wall = NULL, credit_trouble = '', trouble_wall = NULL,
               credit_asked_wall = NULL
        """
    )


def trouble(tx: Connection) -> Trouble | None:
    """Return why the last question after the credit brought none, or None where it did."""
    row = tx.execute("SELECT credit_trouble, trouble_wall FROM gateway").fetchone()
    return Trouble(row["credit_trouble"], time_of(row["trouble_wall"])) if row["credit_trouble"] else None


def note_trouble(tx: Connection, words: str, now: Moment) -> None:
    """Write down why a question after the credit brought none; what was known stays known."""
    tx.execute(
        "UPDATE gateway SET credit_trouble = ?, trouble_wall = ?, credit_asked_wall = NULL",
        (words, milliseconds(now.wall)),
    )


def wished(tx: Connection) -> datetime | None:
    """Return since when (wall time) an operator waits for the question; None where nobody does."""
    return optional_time(tx.execute("SELECT credit_asked_wall FROM gateway").fetchone()[0])


def note_wish(tx: Connection, now: Moment) -> None:
    """Write down that an operator wants the question put; whatever comes of the next one ends his wait."""
    tx.execute(
        "UPDATE gateway SET credit_asked_wall = COALESCE(credit_asked_wall, ?)", (milliseconds(now.wall),)
    )


def last_asked(tx: Connection) -> datetime | None:
    """Return when (wall time) the last question ended, whatever it brought; None before the first."""
    return optional_time(tx.execute("SELECT COALESCE(trouble_wall, credit_wall) FROM gateway").fetchone()[0])


def _doubtful(tx: Connection) -> int:
    """Return how much was reserved since the credit was told for what may not have left."""
    row = tx.execute(
        """
        SELECT COALESCE(SUM(reservations.cost), 0) FROM reservations JOIN outbox ON outbox.id = reply_id
        WHERE reservations.id > (SELECT credit_knows FROM gateway) AND state = 'in_doubt'
        """
    ).fetchone()
    return int(row[0])


# --- an idle SIM --------------------------------------------------------------------------


def idle_since(tx: Connection) -> datetime | None:
    """Return when something certainly left for the last time, in quota time.

    Where nothing ever did, it is when that was first noted; None before.
    """
    row = tx.execute(
        """
        SELECT COALESCE(
            (SELECT settled_at FROM reservations INDEXED BY reservations_counting
             JOIN outbox ON outbox.id = reply_id
             WHERE settled_at IS NOT NULL AND outbox.accepted > 0 ORDER BY settled_at DESC LIMIT 1),
            idle_at)
        FROM gateway
        """
    ).fetchone()
    return None if row[0] is None else time_of(row[0])


def note_idle(tx: Connection, now: Moment) -> None:
    """Write down that nothing has been sent up to now, unless that is known already."""
    tx.execute("UPDATE gateway SET idle_at = COALESCE(idle_at, ?)", (milliseconds(now.quota),))


def last_keep_alive(tx: Connection) -> datetime | None:
    """Return when the last message to keep the SIM alive was scheduled, in quota time."""
    row = tx.execute("SELECT MAX(created_at) FROM outbox WHERE kind = 'keep_alive'").fetchone()
    return None if row[0] is None else time_of(row[0])
