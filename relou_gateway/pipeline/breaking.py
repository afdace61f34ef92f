"""Stop sending where it would only cost, tell of it once, and try again later: the breaker at work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from .. import log
from ..log import Event as Happened
from ..modem.port import InDoubt, SendFailure
from ..rules import breaker as rule
from ..rules.breaker import Breaker, Outcome
from ..rules.records import Moment
from ..store import breaker as store
from ..store.database import Connection
from ..store.delivery import Reported
from ..store.outbox import Reply
from .gateway import Gateway


def lets(tx: Connection, now: datetime) -> bool:
    """Say whether the breaker lets a message go at quota time `now`."""
    return rule.may_claim(store.breaker(tx), now)


def note_claim(tx: Connection, reply_id: int, now: Moment) -> None:
    """Take note of a claim, which is the trial where the breaker is open (C3)."""
    before = store.breaker(tx)
    if before is not None:
        store.save(tx, rule.claimed(before, reply_id, now.quota), now)


def note_sent(tx: Connection, now: Moment) -> None:
    """Take note that the network took a message (C4)."""
    store.note_accepted(tx)
    store.save(tx, rule.settled(store.breaker(tx), Outcome.ACCEPTED, 0, now.quota), now)


def note_failure(tx: Connection, reply: Reply, failure: SendFailure, now: Moment) -> bool:
    """Take note of a failed send (C4); say whether the attempt was the breaker's and not the reply's."""
    before, outcome = store.breaker(tx), _outcome(failure)
    if outcome is Outcome.ACCEPTED:
        store.note_accepted(tx)
    rejected = store.note_rejected(tx, reply.id) if outcome is Outcome.REJECTED else 0
    store.save(tx, rule.settled(before, outcome, rejected, now.quota), now)
    return before is not None and before.trial == reply.id and outcome is Outcome.REJECTED


def note_reports(tx: Connection, reports: Iterable[Reported], now: Moment) -> None:
    """Take note of delivery reports on messages of ours (C1)."""
    if any(each.reply_id is not None for each in reports):
        store.note_report(tx, now)
        store.save(tx, rule.reported(store.breaker(tx)), now)


def look(tx: Connection, gateway: Gateway, now: Moment) -> None:
    """Take note of what time has brought: reports that did not come, a trial that led to nothing (sweep)."""
    before = store.breaker(tx)
    if not gateway.reports:
        # what was awaited before the configuration changed will never come
        store.save(tx, rule.looked_at(rule.reported(before), 0, now.quota), now)
        return
    overdue = store.unreported(tx, now.quota - rule.REPORT_PATIENCE)
    store.save(tx, rule.looked_at(before, overdue, now.quota), now)


def tell(gateway: Gateway) -> None:
    """Log that the breaker opened, or opened again, or closed, once for each; also by whom else it was."""
    with gateway.database.snapshot() as tx:
        now = store.breaker(tx)
    before, gateway.breaker = gateway.breaker, now
    if now is None and before is not None:
        log.say(Happened.BREAKER_CLOSED, cause=before.cause, since=before.since.isoformat())
    elif now is not None and _opened(before, now):
        log.say(
            Happened.BREAKER_OPENED,
            cause=now.cause,
            times=now.times,
            until=now.until.isoformat(),
            reason=rule.EXPLANATIONS[now.cause],
        )


def _opened(before: Breaker, now: rule.Open) -> bool:
    return before is None or before.times != now.times


def _outcome(failure: SendFailure) -> Outcome:
    """Return what a failed send says of the network."""
    if failure.accepted:
        return Outcome.ACCEPTED  # of a part
    if isinstance(failure, InDoubt):
        return Outcome.UNKNOWN
    return Outcome.REJECTED if failure.by_network else Outcome.NOTHING
