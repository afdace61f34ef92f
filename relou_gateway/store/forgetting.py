"""What is too old is forgotten, and one sender at an operator's word.

Numbers and texts go, and the salt with them, so that nothing leads back from the ledger's hashes;
rows, amounts and verdicts stay, and the chain stays verifiable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..rules.lifecycle import Event
from ..rules.records import WAITING, Moment, Status
from . import counting, inbox, outbox, queue, senders
from .database import Connection, milliseconds

BY_AN_OPERATOR = "by an operator"

AT_ONCE = 2_000
"""Messages that are forgotten in one transaction: some tenths of a second on a slow card."""


@dataclass(frozen=True, slots=True)
class Old:
    """How many messages and replies lose number and text, and how many senders are forgotten.

    `counted` are the texts of flooders, only counted when they came, that are no longer counted as theirs.
    """

    messages: int = 0
    replies: int = 0
    senders: int = 0
    counted: int = 0

    def __add__(self, other: Old) -> Old:
        """Return both together."""
        return Old(
            self.messages + other.messages,
            self.replies + other.replies,
            self.senders + other.senders,
            self.counted + other.counted,
        )

    @property
    def rows(self) -> int:
        """How many rows that are."""
        return self.messages + self.replies + self.senders + self.counted

    @property
    def more(self) -> bool:
        """Say whether there may be more, after one transaction."""
        return self.messages >= AT_ONCE


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten of one number, and what was not.

    `cancelled` waited; `sending` and `in_doubt` are replies whose fate is open, for which all his replies
    are kept. `unjudged` counts messages
    that have no verdict yet, and need their number for it. `still_known` says that number and
    counts stay, since an answer, a STOP or a mute must not be forgotten.
    """

    number: str
    messages: int
    replies: int
    cancelled: tuple[int, ...]
    sending: tuple[int, ...]
    in_doubt: tuple[int, ...]
    unjudged: int
    still_known: bool


def forget_old(tx: Connection, before: datetime) -> Old:
    """Forget what is older than quota time `before`, `AT_ONCE` messages at the most (retention)."""
    return Old(
        messages=inbox.forget_before(tx, before, AT_ONCE),
        replies=outbox.forget_before(tx, before),
        senders=senders.forget_before(tx, before),
        counted=counting.forget_before(tx, before),
    )


def old(tx: Connection, before: datetime) -> Old:
    """Return what `forget_old`, done until there is no more, would forget."""
    moment = {"before": milliseconds(before)}
    messages = "SELECT COUNT(*) FROM inbox WHERE received_at < :before AND salt != x''"
    replies = """
        SELECT COUNT(*) FROM outbox WHERE changed_at < :before AND salt != x''
               AND state NOT IN ('scheduled', 'held', 'sending', 'in_doubt')
        """
    known = """
        SELECT COUNT(*) FROM senders WHERE last_at < :before AND answers = 0 AND stopped_wall IS NULL
               AND COALESCE(muted_until, 0) < :before
        """
    counted = "SELECT COALESCE(SUM(messages), 0) FROM counted WHERE last_at < :before AND number != ''"
    return Old(*(tx.execute(each, moment).fetchone()[0] for each in (messages, replies, known, counted)))


def numbers(tx: Connection, pattern: str) -> list[str]:
    """Return the numbers that `pattern` means of which anything is known."""
    low, high = senders.bounds(pattern)
    rows = tx.execute(
        """
        SELECT number FROM senders WHERE number >= :low AND number < :high AND number != ''
        UNION SELECT number FROM inbox WHERE number >= :low AND number < :high AND number != ''
        UNION SELECT number FROM outbox WHERE number >= :low AND number < :high AND number != ''
        UNION SELECT number FROM counted WHERE number >= :low AND number < :high AND number != ''
        """,
        {"low": low, "high": high},
    )
    return sorted(row["number"] for row in rows)


def forget(tx: Connection, number: str, now: Moment) -> Forgotten:
    """Forget the texts of `number`, and the number wherever nothing depends on it.

    What waits for him is cancelled first. Parts of a text that is not whole yet stay: in ten
    minutes at the most they are a message like others.
    """
    cancelled = queue.replies_to(tx, number, WAITING)
    for reply_id in cancelled:
        outbox.operate(tx, reply_id, Event.CANCEL, BY_AN_OPERATOR, now)
    sending = queue.replies_to(tx, number, [Status.SENDING])
    in_doubt = queue.replies_to(tx, number, [Status.IN_DOUBT])
    counting.forget(tx, number)
    return Forgotten(
        number=number,
        messages=_forget_messages(tx, number),
        # A doubt has to find the answers after it, when it is settled: so they go together.
        replies=0 if sending or in_doubt else _forget_replies(tx, number),
        cancelled=tuple(cancelled),
        sending=tuple(sending),
        in_doubt=tuple(in_doubt),
        unjudged=_unjudged(tx, number),
        still_known=not _forget_sender(tx, number, now),
    )


def _forget_messages(tx: Connection, number: str) -> int:
    return tx.execute(
        f"""
        UPDATE inbox SET {inbox.EMPTIED}
        WHERE number = ? AND salt != x'' AND (verdict IS NOT NULL OR kind = 'report')
        """,  # noqa: S608 - a constant
        (number,),
    ).rowcount


def _unjudged(tx: Connection, number: str) -> int:
    row = tx.execute("SELECT COUNT(*) FROM inbox WHERE number = ? AND verdict IS NULL", (number,)).fetchone()
    return int(row[0])


def _forget_replies(tx: Connection, number: str) -> int:
    # A name of its own for each: one for all would count as one recipient.
    tx.execute(
        """
        UPDATE reservations SET recipient = '#' || id
        WHERE reply_id IN (SELECT id FROM outbox WHERE number = ? AND kind = 'reply')
        """,
        (number,),
    )
    return tx.execute(
        """
        UPDATE outbox SET number = '', text = '', salt = x''
        WHERE number = ? AND kind = 'reply' AND salt != x''
        """,
        (number,),
    ).rowcount


def _forget_sender(tx: Connection, number: str, now: Moment) -> bool:
    """Forget a sender of whom nothing has to be kept; say whether that was so."""
    tx.execute(
        """
        DELETE FROM senders WHERE number = ? AND answers = 0 AND stopped_wall IS NULL
                              AND COALESCE(muted_until, 0) <= ?
        """,
        (number, milliseconds(now.quota)),
    )
    return tx.execute("SELECT 1 FROM senders WHERE number = ?", (number,)).fetchone() is None
