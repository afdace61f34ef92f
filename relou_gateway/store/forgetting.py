"""One sender is forgotten at an operator's word, in the way in which retention forgets the old.

Numbers and texts go, and the salt with them, so that nothing leads back from the ledger's hashes;
rows, amounts and verdicts stay, and the chain stays verifiable.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..rules.lifecycle import Event
from ..rules.records import WAITING, Moment, Status
from . import outbox, queue, senders
from .database import Connection, milliseconds

BY_AN_OPERATOR = "by an operator"


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


def numbers(tx: Connection, pattern: str) -> list[str]:
    """Return the numbers that `pattern` means of which anything is known."""
    low, high = senders.bounds(pattern)
    rows = tx.execute(
        """
        SELECT number FROM senders WHERE number >= :low AND number < :high AND number != ''
        UNION SELECT number FROM inbox WHERE number >= :low AND number < :high AND number != ''
        UNION SELECT number FROM outbox WHERE number >= :low AND number < :high AND number != ''
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
        """
        UPDATE inbox SET number = '', received_number = '', text = '', raw = NULL, salt = x''
        WHERE number = ? AND salt != x'' AND (verdict IS NOT NULL OR kind = 'report')
        """,
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
