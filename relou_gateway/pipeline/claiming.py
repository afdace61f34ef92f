"""Rank and claim: whose turn it is, and the reservation of what it will cost (C3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .. import log
from ..log import Event as Happened
from ..rules import admission, budget, numbers, throttle
from ..rules.admission import Message
from ..rules.lifecycle import Event
from ..rules.ranking import Waiting
from ..rules.records import Kind, Moment, Purpose, Ruling
from ..rules.throttle import Denial, Spending, Windows
from ..store import gateway as state
from ..store import ledger, outbox, senders
from ..store.database import Connection
from ..store.outbox import Reply
from .gateway import Gateway, Rest

REST_AT_MOST = timedelta(hours=1)
"""After this time the caps are asked again, whatever was reckoned."""


def worth_asking(gateway: Gateway) -> bool:
    """Look without a write lock: most ticks find nothing to do."""
    now = gateway.now().quota
    with gateway.database.snapshot() as tx:
        if _rests(tx, gateway, now):
            return False
        return outbox.anything_due(tx, now) and state.paused(tx) is None


def _rests(tx: Connection, gateway: Gateway, now: datetime) -> bool:
    """Say whether what was found before still holds: that nothing can go."""
    rest = gateway.rest
    if rest is None or now >= rest.until or gateway.database.changes_of_others() != rest.changes:
        return False
    return rest.sizes is None or outbox.sizes_due(tx, rest.since, now) <= rest.sizes


def claim_next(gateway: Gateway) -> Reply | None:
    """Claim the first of the due replies, in the ranking's order, that the caps allow (C3).

    Caps, pause and the sender's standing are asked in the transaction that reserves, so
    nothing that happens meanwhile can pass a cap.
    """
    claimed, denied, gateway.rest = None, None, None
    with gateway.database.transaction("C3 claim") as tx:
        now = gateway.now()
        if gateway.may_claim() and state.paused(tx) is None:
            claimed, denied = _claim_first(tx, gateway, now)
    _note_denial(gateway, denied)
    if claimed is not None:
        log.say(Happened.REPLY_CLAIMED, reply=claimed.id, number=claimed.number, attempt=claimed.attempts)
    return claimed


def _claim_first(tx: Connection, gateway: Gateway, now: Moment) -> tuple[Reply | None, Denial | None]:
    """Return the reply that was claimed; or None, and the denial that ends first, if a cap denied any."""
    waiting = outbox.waiting(tx, now.quota)
    windows = _windows(tx, gateway, now)
    ordered = gateway.ranking.order(waiting, windows, now.quota, gateway.rng)
    room = _Room(windows)
    for each in ordered:
        assert each.ready, f"reply {each.id} is not due"
        if not room.has(each):
            continue
        reply = outbox.get(tx, each.id)
        if not _no_longer_welcome(tx, gateway, reply, now) and outbox.claim(tx, reply, now) is not None:
            return outbox.get(tx, reply.id), None
    held_back = len(ordered) < sum(each.ready for each in waiting)
    _rest(gateway, room, held_back=held_back)
    return None, room.denied


class _Room:
    """Asks the caps for one reply after another, each size but once where there is room for nobody."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.denied: Denial | None = None
        self.sizes: set[tuple[int, int]] = set()

    def has(self, each: Waiting) -> bool:
        """Say whether the caps allow this reply now; `denied` is the denial that ends first."""
        size = (each.parts, each.cost)
        if size in self.sizes:
            return False
        wish = Spending(each.number, each.parts, each.cost, None)
        if self.windows.fits(wish):
            return True
        denial = self.windows.denial(wish)
        assert denial is not None, "what does not fit is denied"
        self.denied = denial if self.denied is None else min(self.denied, denial, key=_ends)
        if self.windows.denies_everyone(*size):
            self.sizes.add(size)
        return False


def _windows(tx: Connection, gateway: Gateway, now: Moment) -> Windows:
    caps = (*throttle.caps(gateway.policy.throttle), *budget.caps(gateway.policy.budget))
    return Windows(caps, ledger.spendings(tx, now.quota - throttle.MONTH), now.quota)


def _rest(gateway: Gateway, room: _Room, *, held_back: bool) -> None:
    """Remember until when asking again is no use: the caps deny, or the ranking holds back."""
    now = room.windows.now
    ends = [now + REST_AT_MOST]
    if room.denied is not None:
        ends.append(_ends(room.denied))
    if held_back:
        ends.append(now + gateway.ranking.patience)
    if len(ends) > 1:
        sizes = None if held_back else frozenset(room.sizes)
        gateway.rest = Rest(now, min(ends), sizes, gateway.database.changes_of_others())


def _ends(denied: Denial) -> datetime:
    return denied.until or datetime.max.replace(tzinfo=UTC)


def _no_longer_welcome(tx: Connection, gateway: Gateway, reply: Reply, now: Moment) -> bool:
    """Judge the sender once more: he may have been blocked, or the configuration changed."""
    if reply.purpose is not Purpose.REPLY:
        return False
    past = senders.past(tx, reply.number, waiting=False)
    sender = numbers.read(reply.number, gateway.policy.senders.country)
    verdict = admission.judge(Message(Kind.SMS, sender, ""), past, gateway.policy, now.quota)
    if verdict.ruling is Ruling.REPLY:
        return False
    outbox.operate(tx, reply.id, Event.CANCEL, verdict.reason, now)
    log.say(Happened.REPLY_CANCELLED, reply=reply.id, number=reply.number, reason=verdict.reason)
    return True


def _note_denial(gateway: Gateway, denied: Denial | None) -> None:
    """Say once that a cap is reached, and once that it is free again."""
    before, gateway.denied = gateway.denied, denied
    if denied is not None and (before is None or before.cap != denied.cap):
        log.say(
            Happened.CAP_REACHED,
            cap=denied.cap.name,
            limit=denied.cap.limit,
            until=denied.until and denied.until.isoformat(),
        )
    if denied is None and before is not None:
        log.say(Happened.CAP_FREE, cap=before.cap.name)
