"""Send and settle: one reply goes to the modem, and what it said is written down (C4)."""

from __future__ import annotations

from datetime import timedelta

from .. import log
from ..log import Event as Happened
from ..modem.port import InDoubt, Modem, NotSent, Refused, SendFailure
from ..rules import lifecycle, wording
from ..rules.records import Moment, Status
from ..store import outbox
from ..store.outbox import Reply
from . import breaking
from .claiming import claim_next, worth_asking
from .covering import covered, observe
from .gateway import Gateway
from .judging import judge
from .learning import learn
from .receiving import receive


def send(gateway: Gateway, modem: Modem) -> bool:
    """Send one reply that is due, if the caps allow it; say whether to go on at once.

    One listing is received and judged first: modems stall when messages pile up while they
    send (gammu#903), and a word that came just now may push or forbid the reply.
    """
    receive(gateway, modem)
    judge(gateway)
    if not learn(gateway):
        return True  # what was heard before a restart is not learned yet: go on at once
    if not worth_asking(gateway) or not covered(gateway, modem):
        return False
    claimed = claim_next(gateway)
    if claimed is None:
        return False
    cut = wording.cut(claimed.text)
    try:
        references = modem.send(claimed.number, cut.parts, unicode=cut.unicode)
    except SendFailure as failure:
        _settle_failure(gateway, claimed, failure)
        if isinstance(failure, NotSent) and not failure.by_network:
            # the modem itself would not; a network that is gone costs one reply an attempt, not all of them
            observe(gateway, modem)
    else:
        _settle_sent(gateway, claimed, references)
    return True


def _settle_sent(gateway: Gateway, reply: Reply, references: tuple[int, ...]) -> None:
    """Write that all of it left (C4)."""
    with gateway.database.transaction("C4 settle") as tx:
        now = gateway.now()
        outbox.settle_sent(tx, reply.id, references, now, report_asked=gateway.reports)
        breaking.note_sent(tx, now)
    _close_exchange(reply, Status.SENT, now)
    breaking.tell(gateway)


def _settle_failure(gateway: Gateway, reply: Reply, failure: SendFailure) -> None:
    """Write what a failed send means (C4): again later, never again, or in doubt."""
    reason = str(failure)
    with gateway.database.transaction("C4 settle") as tx:
        now = gateway.now()
        was_trial = breaking.note_failure(tx, reply, failure, now)
        match failure:
            case InDoubt(accepted=accepted):
                outbox.settle_in_doubt(tx, reply.id, reason, accepted, accepted + 1, now)
            case SendFailure(accepted=accepted) if accepted:
                outbox.settle_in_doubt(tx, reply.id, reason, accepted, accepted, now)
            case Refused():
                outbox.settle_refused(tx, reply.id, reason, now)
            case NotSent():
                attempts = reply.attempts
                if was_trial:
                    outbox.give_attempt_back(tx, reply.id)
                    attempts = max(1, attempts - 1)
                retry = lifecycle.retry_at(attempts, now.quota)
                outbox.settle_not_sent(tx, reply.id, reason, retry, now)
        state_after = outbox.get(tx, reply.id).state
    if state_after is Status.SCHEDULED:
        log.say(
            Happened.REPLY_POSTPONED,
            reply=reply.id,
            number=reply.number,
            attempt=reply.attempts,
            reason=reason,
        )
    else:
        _close_exchange(reply, state_after, now, reason=reason, code=failure.code)
    breaking.tell(gateway)


def _close_exchange(reply: Reply, ended: Status, now: Moment, **more: str | int | None) -> None:
    """Log the one line of a finished exchange, with its waits in seconds."""
    happened = {
        Status.SENT: Happened.REPLY_SENT,
        Status.FAILED: Happened.REPLY_FAILED,
        Status.IN_DOUBT: Happened.REPLY_IN_DOUBT,
    }[ended]
    log.say(happened, reply=reply.id, number=reply.number, attempt=reply.attempts, **more)
    log.say(
        Happened.EXCHANGE_CLOSED,
        reply=reply.id,
        message=reply.message_id,
        number=reply.number,
        state=ended,
        parts=reply.parts,
        attempts=reply.attempts,
        waited=_seconds(now.quota - reply.created_at),
        overdue=_seconds(now.quota - reply.due_at),
    )


def _seconds(span: timedelta) -> float:
    return round(span.total_seconds(), 1)
