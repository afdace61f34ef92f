"""Rank and claim: whose turn it is, and the reservation of what it will cost (C3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .. import log
from ..log import Event as Happened
from ..rules import admission, budget, money, numbers, throttle
from ..rules.admission import Message
from ..rules.lifecycle import Event
from ..rules.policy import Budget
from ..rules.ranking import Waiting
from ..rules.records import Kind, Moment, Purpose, Ruling
from ..rules.shares import Pace
from ..rules.throttle import Denial, Spending, Windows
from ..store import balance, ledger, outbox, schedule, senders
from ..store import gateway as state
from ..store.database import Connection
from ..store.outbox import Reply
from . import breaking
from .gateway import Gateway, Rest

REST_AT_MOST = timedelta(hours=1)
"""After this time the caps are asked again, whatever was reckoned."""

CREDIT_HOLDS = timedelta(minutes=1)
"""After this time a credit that was too low is looked up again."""


def worth_asking(gateway: Gateway) -> bool:
    """Look without a write lock: most ticks find nothing to do."""
    now = gateway.now().quota
    with gateway.database.snapshot() as tx:
        if _rests(tx, gateway, now):
            return False
        return schedule.anything_due(tx, now) and state.paused(tx) is None and breaking.lets(tx, now)


def _rests(tx: Connection, gateway: Gateway, now: datetime) -> bool:
    """Say whether what was found before still holds: that nothing can go."""
    rest = gateway.rest
    if rest is None or now >= rest.until or gateway.database.changes_of_others() != rest.changes:
        return False
    return rest.sizes is None or schedule.sizes_due(tx, rest.since, now) <= rest.sizes


def claim_next(gateway: Gateway) -> Reply | None:
    """Claim the first of the due replies, in the ranking's order, that the caps allow (C3).

    Caps, pace, credit, pause, breaker and the sender's standing are asked in the transaction that reserves,
    so nothing that happens meanwhile can pass a cap.
    """
    claimed, denied, gateway.rest = None, None, None
    with gateway.database.transaction("C3 claim") as tx:
        now = gateway.now()
        if gateway.may_claim() and state.paused(tx) is None and breaking.lets(tx, now.quota):
            claimed, denied = _claim_first(tx, gateway, now)
    _note_denial(gateway, denied)
    if claimed is not None:
        log.say(Happened.REPLY_CLAIMED, reply=claimed.id, number=claimed.number, attempt=claimed.attempts)
    return claimed


def _claim_first(tx: Connection, gateway: Gateway, now: Moment) -> tuple[Reply | None, Denial | None]:
    """Return the reply that was claimed; or None, and the denial that ends first, if any was denied."""
    waiting = schedule.waiting(tx, now.quota)
    windows = _windows(tx, gateway, now)
    ranked = gateway.ranking.order(waiting, windows, now.quota, gateway.rng)
    room = _Room(windows, gateway.policy.budget, _credit(tx))
    # What answers nobody comes first: it is ours, and no ranking of strangers has a say in it.
    for each in (*schedule.own_due(tx, now.quota), *ranked):
        assert each.ready, f"reply {each.id} is not due"
        if not room.has(each):
            continue
        reply = outbox.get(tx, each.id)
        if not _no_longer_welcome(tx, gateway, reply, now) and outbox.claim(tx, reply, now) is not None:
            _keep_suspicion(tx, gateway, reply, now)
            breaking.note_claim(tx, reply.id, now)
            return outbox.get(tx, reply.id), None
    ready = [each for each in waiting if each.ready]
    held_back = len(ranked) < len(ready)
    _rest(gateway, room, held_back=held_back)
    if held_back:
        # A cap may be why the ranking holds somebody back, and then that is what operators are told.
        for each in {(each.parts, each.cost): each for each in ready}.values():
            room.has(each)
    return None, room.denied


def _keep_suspicion(tx: Connection, gateway: Gateway, reply: Reply, now: Moment) -> None:
    """Keep with the reply what spoke for and against its sender when it went."""
    if reply.purpose is not Purpose.REPLY:
        return
    suspicion = gateway.ranking.suspicion(reply.number, now.quota)
    if suspicion is not None:
        outbox.note_suspicion(tx, reply.id, suspicion)


class _Room:
    """Asks credit, caps and pace for one reply after another, but once for all that must fare alike.

    `sizes` are the parts and costs for which there is room for nobody, whoever he is.
    """

    def __init__(self, windows: Windows, limits: Budget, credit: int | None) -> None:
        self.windows = windows
        self._limits = limits
        self._credit = credit
        self._denials: dict[tuple[tuple[int, int], tuple[bool, ...]], Denial | None] = {}
        self.sizes: set[tuple[int, int]] = set()

    def has(self, each: Waiting) -> bool:
        """Say whether this reply may go now."""
        size = (each.parts, each.cost)
        if size in self.sizes:
            return False
        alike = (size, self.windows.known(each.number))
        if alike not in self._denials:
            self._denials[alike] = self._denial(Spending(each.number, each.parts, each.cost, None))
            if self._denials[alike] is not None and self._is_for_nobody(*size):
                self.sizes.add(size)
        return self._denials[alike] is None

    @property
    def denied(self) -> Denial | None:
        """The denial that ends first."""
        return min((each for each in self._denials.values() if each is not None), key=_ends, default=None)

    @property
    def lacks_credit(self) -> bool:
        """Whether anything was denied for want of credit."""
        return any(self._is_too_dear(cost) for (_, cost), _ in self._denials)

    def _denial(self, wish: Spending) -> Denial | None:
        floor = budget.floor(self._limits)
        if floor is not None and self._is_too_dear(wish.cost):
            return Denial(floor, None)
        return None if self.windows.fits(wish) else self.windows.denial(wish)

    def _is_for_nobody(self, parts: int, cost: int) -> bool:
        return self._is_too_dear(cost) or self.windows.denies_everyone(parts, cost)

    def _is_too_dear(self, cost: int) -> bool:
        return budget.below_floor(self._credit, cost, self._limits)


def _windows(tx: Connection, gateway: Gateway, now: Moment) -> Windows:
    """Return the caps as they stand, paced unless the ranking is one for caps alone."""
    policy, rhythm = gateway.policy, gateway.ranking.rhythm(now.quota)
    caps = (*throttle.caps(policy.throttle), *budget.caps(policy.budget))
    longest = max((cap.span for cap in caps), default=throttle.DAY)
    return Windows(
        caps,
        # A ranking looks at a whole day in any case.
        ledger.spendings(tx, now.quota - max(longest, throttle.DAY)),
        now.quota,
        None if rhythm is None else Pace(rhythm, policy.raid.carry_days),
    )


def _credit(tx: Connection) -> int | None:
    """Return what should be left of the SIM's credit, in micro-units, None where nobody knows it."""
    known = balance.credit(tx)
    return None if known is None else known.left


def _rest(gateway: Gateway, room: _Room, *, held_back: bool) -> None:
    """Remember until when asking again is no use: all is denied, or the ranking holds back."""
    now = room.windows.now
    ends = [now + REST_AT_MOST]
    if (denied := room.denied) is not None:
        ends.append(_ends(denied))
    if room.lacks_credit:
        ends.append(now + CREDIT_HOLDS)
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
    """Say once that a cap is reached, and once that it is free again; the pace goes without saying."""
    reached = None if denied is None or denied.paced else denied
    before, gateway.denied = gateway.denied, reached
    if reached is not None and (before is None or before.cap != reached.cap):
        _say_reached(reached, gateway.policy.budget)
    if reached is None and before is not None:
        log.say(Happened.CAP_FREE, cap=before.cap.name)


def _say_reached(reached: Denial, limits: Budget) -> None:
    cap = reached.cap
    if cap == budget.floor(limits):
        log.say(Happened.CREDIT_LOW, cap=cap.name, keep=money.decimal(cap.limit))
    else:
        until = reached.until and reached.until.isoformat()
        log.say(Happened.CAP_REACHED, cap=cap.name, limit=cap.limit, until=until)
