"""The message's way, one function per step. Read it from top to bottom:

    receive ─► judge ─► send (rank, claim, the modem, settle) · sweep

Each step commits what it did before the next one begins (C1 to C4 in the names of the
transactions), so that a crash between any two of them loses nothing and repeats nothing.
Nothing in here knows a scheduler, a signal or libGammu: the daemon and the simulation give
the clock, the randomness and the modem.
"""  # noqa: D400 - the picture belongs to the first sentence

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from . import log
from .log import Event as Happened
from .modem.port import DeleteFailed, InDoubt, Modem, NotSent, Refused, SendFailure
from .rules import admission, budget, lifecycle, numbers, throttle, wording
from .rules.admission import Message, Verdict
from .rules.lifecycle import Event
from .rules.policy import Policy
from .rules.ranking import ByLot, Heard, Ranking, Waiting
from .rules.records import Kind, Listing, Moment, Network, Purpose, Ruling, SlotAddress, Status
from .rules.throttle import Denial, Spending, Windows
from .store import gateway as state
from .store import inbox, ledger, outbox, parts, senders
from .store.database import Connection, Database
from .store.inbox import Taken, Unjudged
from .store.outbox import NewReply, Reply

JUDGED_AT_ONCE = 50
"""Messages judged in one transaction: each costs one sync of the disk, and floods have thousands."""

PART_PATIENCE = timedelta(minutes=10)
"""How long a long text may lack a part before what has come is taken as the message."""

REFUSALS_BEFORE_STUCK = 3
"""A slot that the modem refused to delete this often is left alone and shown to the operator."""

REGISTRATION_HOLDS = timedelta(minutes=1)
"""Nothing is claimed unless the modem was seen registered this recently."""

REST_AT_MOST = timedelta(hours=1)
"""After this time the caps are asked again, whatever was reckoned."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Why nobody needs to be asked again for a while: since then and until then nothing can go.

    It ends early where another program changed the database (`changes`), and where a reply
    became due that is not of one of the `sizes` (parts and cost) for which there is no room;
    but not where the ranking itself holds replies back (`sizes` is None).
    """

    since: datetime
    until: datetime
    sizes: frozenset[tuple[int, int]] | None
    changes: int


@dataclass
class Gateway:
    """What every step works with.

    `now` gives both clocks; `may_claim` says no once an orderly stop has begun; `ranking` says
    whose turn it is; `keep` is how long numbers and texts are remembered. The rest is what the
    steps know besides the database: `rest` says until when nothing can go, `denied` why;
    `freed` are slots whose deletion the modem confirmed and the store does not know of yet,
    `unsure` those whose deletion may or may not have happened. `storing` and `judging` are what
    is being worked on, for whoever catches a fault of the program's, and `unstorable` are the
    slots on which that happened. `flowing` says that the last listing brought something, so
    that the network may have more for the slots that are free now.
    """

    database: Database
    policy: Policy
    now: Callable[[], Moment]
    rng: random.Random
    ranking: Ranking = field(default_factory=ByLot)
    keep: timedelta = timedelta(days=90)
    may_claim: Callable[[], bool] = lambda: True
    freed: set[SlotAddress] = field(default_factory=set)
    unsure: set[SlotAddress] = field(default_factory=set)
    unstorable: set[SlotAddress] = field(default_factory=set)
    denied: Denial | None = None
    rest: Rest | None = None
    storing: SlotAddress | None = None
    judging: int | None = None
    flowing: bool = False

    def take_up(self, address: SlotAddress | None) -> None:
        """Note which slot is being stored, None for none."""
        self.storing = address

    def canonical(self, received: str) -> str:
        """Return the number under which the sender of `received` is known."""
        return numbers.read(received, self.policy.senders.country).number


# --- start --------------------------------------------------------------------------------


def recover(gateway: Gateway) -> None:
    """Take up what an earlier process left (before the first tick).

    A reply found `sending` may have left: it is in doubt. Every slot that the store still
    believes in may have been deleted: it is unsure.
    """
    settle_orphan(gateway, "found sending at start")
    with gateway.database.snapshot() as tx:
        stuck = inbox.stuck_slots(tx, REFUSALS_BEFORE_STUCK)
        gateway.unsure.update(set(inbox.stuck_slots(tx, 0)).difference(stuck))


def settle_orphan(gateway: Gateway, reason: str) -> None:
    """Put a reply that is marked `sending` while nobody sends it in doubt: it may have left."""
    with gateway.database.snapshot() as tx:
        if not outbox.found_sending(tx):
            return
    with gateway.database.transaction("recover") as tx:
        found = outbox.found_sending(tx)
        for reply_id in found:
            outbox.settle_in_doubt(tx, reply_id, reason, 0, None, gateway.now())
    for reply_id in found:
        log.say(Happened.REPLY_IN_DOUBT, reply=reply_id, reason=reason)


# --- receive ------------------------------------------------------------------------------


def receive(gateway: Gateway, modem: Modem) -> Taken:
    """Take everything that one listing of the modem shows; then delete it there (C1).

    Nothing is deleted on the SIM before it is committed and synced (invariant 1).
    """
    listing = _without_unstorable(gateway, modem.listing())
    with gateway.database.transaction("C1 receive") as tx:
        now = gateway.now()
        inbox.forget_slots(tx, gateway.freed)
        taken = inbox.take(tx, listing, now, gateway.canonical, gateway.unsure, gateway.take_up)
        for number in taken.rang_again:
            _push(tx, gateway, outbox.waiting_of(tx, number), now.quota)
        stuck = set(inbox.stuck_slots(tx, REFUSALS_BEFORE_STUCK))
    gateway.freed.clear()
    gateway.flowing = bool(taken.messages or taken.parts)
    for address in taken.twins:
        log.say(Happened.SLOT_TWIN_ASSUMED, memory=address.memory, location=address.location)
    if taken.parts:
        log.say(Happened.PARTS_RECEIVED, parts=taken.parts)
    if taken.messages:
        log.say(Happened.SMS_RECEIVED, messages=len(taken.messages), last=taken.messages[-1])
    _delete(gateway, modem, [address for address in taken.deletable if address not in stuck])
    return taken


def _without_unstorable(gateway: Gateway, listing: Listing) -> Listing:
    """Leave out the slots over which the program stumbled; they stay in the modem."""
    if gateway.unstorable.isdisjoint(slot.address for slot in listing.slots):
        return listing
    slots = tuple(slot for slot in listing.slots if slot.address not in gateway.unstorable)
    return replace(listing, slots=slots, complete=False)


def _delete(gateway: Gateway, modem: Modem, addresses: list[SlotAddress]) -> None:
    """Delete slots on the modem and forget those of which it confirmed that."""
    refused: list[SlotAddress] = []
    try:
        for address in addresses:
            # Unsure from here until the modem answers; it stays so if no answer comes.
            gateway.unsure.add(address)
            try:
                modem.delete(address)
                gateway.freed.add(address)
            except DeleteFailed:
                refused.append(address)
            gateway.unsure.discard(address)
    finally:
        if gateway.freed or refused:
            with gateway.database.transaction("C1 deleted") as tx:
                inbox.forget_slots(tx, gateway.freed)
                inbox.count_refusals(tx, refused)
            # Only now: what a full disk kept from being forgotten is forgotten with the next listing.
            gateway.freed.clear()
    for address in refused:
        log.say(Happened.SLOT_STUCK, memory=address.memory, location=address.location)


# --- judge --------------------------------------------------------------------------------


def judge(gateway: Gateway) -> int:
    """Give every unjudged message its verdict; return how many were judged (C2)."""
    judged, more = 0, True
    while more:
        batch = _judge_batch(gateway)
        judged, more = judged + len(batch), len(batch) == JUDGED_AT_ONCE
        for row, verdict, reply_id in batch:
            # Only what is committed is learned: what is rolled back will be judged again.
            gateway.ranking.heard(Heard(row.number, row.kind, row.text, row.received_at, verdict))
            log.say(
                Happened.VERDICT_GIVEN,
                message=row.id,
                kind=row.kind,
                number=row.number,
                verdict=verdict.ruling,
                reason=verdict.reason,
                reply=reply_id,
            )
    return judged


def push_away(gateway: Gateway) -> None:
    """Put aside what a fault of the program struck, so that the others need not wait for it.

    A slot stays in the modem until the next start; a message waits behind the others, and
    after some faults for good.
    """
    if gateway.storing is not None:
        gateway.unstorable.add(gateway.storing)
        log.say(Happened.SLOT_UNSTORABLE, memory=gateway.storing.memory, location=gateway.storing.location)
        gateway.storing = None
    if gateway.judging is not None:
        with gateway.database.transaction("push away") as tx:
            inbox.note_fault(tx, gateway.judging)
        log.say(Happened.MESSAGE_SHELVED, message=gateway.judging)
        gateway.judging = None


def _judge_batch(gateway: Gateway) -> list[tuple[Unjudged, Verdict, int | None]]:
    batch = []
    with gateway.database.transaction("C2 judge") as tx:
        now = gateway.now()
        for row in inbox.unjudged(tx, JUDGED_AT_ONCE):
            gateway.judging = row.id
            batch.append((row, *_judge_one(tx, gateway, row, now)))
    gateway.judging = None
    return batch


def _judge_one(tx: Connection, gateway: Gateway, row: Unjudged, now: Moment) -> tuple[Verdict, int | None]:
    sender = numbers.read(row.received_number, gateway.policy.senders.country)
    if sender.number:
        senders.note(tx, sender.number, row.kind, row.received_at)
    message = Message(row.kind, sender, row.text)
    waiting = outbox.waiting_of(tx, sender.number)
    past = senders.past(tx, sender.number, waiting=waiting is not None)
    verdict = admission.judge(message, past, gateway.policy, now.quota)
    reply_id = None
    if row.kind is Kind.SMS and wording.is_stop(row.text, gateway.policy.replies.stop_words):
        # Whoever he is, and whatever else speaks against an answer: what he asks for is remembered.
        senders.stop(tx, sender.number, now)
        if waiting is not None:
            outbox.operate(tx, waiting.id, Event.CANCEL, "he asked not to be answered", now)
    elif waiting is not None:
        # Whatever the verdict: he is writing or calling now, so she may stand beside him now.
        _push(tx, gateway, waiting, row.received_at)
        reply_id = waiting.id if verdict.ruling is Ruling.JOINED else None
    elif verdict.ruling is Ruling.REPLY:
        reply_id = outbox.schedule(tx, _composed(gateway, message, row, now.quota), now)
    inbox.record_verdict(tx, row.id, verdict.ruling, verdict.reason, reply_id, now)
    return verdict, reply_id


def _push(tx: Connection, gateway: Gateway, waiting: Reply | None, latest: datetime) -> None:
    """Let a reply that waits keep its distance from a message, or from one more ring, at `latest`."""
    if waiting is not None:
        lower, _ = gateway.policy.replies.delay
        due_at = admission.pushed_due(waiting.due_at, waiting.created_at, latest, lower)
        outbox.push(tx, waiting.id, due_at)


def _composed(gateway: Gateway, message: Message, row: Unjudged, now: datetime) -> NewReply:
    """Draw the text and the delay of a new reply, and reckon what it will cost."""
    replies, prices = gateway.policy.replies, gateway.policy.budget.price
    country = message.sender.country
    text = wording.choose(replies.texts, country, gateway.rng)
    assert text is not None, "the judge declines where no text is allowed"
    cut = wording.compose(text, gsm7=replies.gsm7)
    lower, upper = replies.delay
    return NewReply(
        purpose=Purpose.REPLY,
        message_id=row.id,
        number=message.sender.number,
        country=country or "",
        text="".join(cut.parts),
        parts=len(cut.parts),
        cost=wording.cost(cut, prices.of(country)),
        due_at=now + lower + (upper - lower) * gateway.rng.random(),
        expires_at=now + replies.expire,
        held=replies.review,
        reason="waits for review" if replies.review else "",
    )


# --- send and settle ----------------------------------------------------------------------


def send(gateway: Gateway, modem: Modem) -> bool:
    """Send one reply that is due, if the caps allow it; say whether there was one.

    One listing is received and judged first: modems stall when messages pile up while they
    send (gammu#903), and a word that came just now may push or forbid the reply.
    """
    receive(gateway, modem)
    judge(gateway)
    if not _worth_asking(gateway) or not _registered(gateway, modem):
        return False
    claimed = _claim_next(gateway)
    if claimed is None:
        return False
    cut = wording.cut(claimed.text)
    try:
        references = modem.send(claimed.number, cut.parts, unicode=cut.unicode)
    except SendFailure as failure:
        _settle_failure(gateway, claimed, failure)
    else:
        _settle_sent(gateway, claimed, references)
    return True


def observe(gateway: Gateway, modem: Modem) -> Network:
    """Ask the modem for its network and remember the answer for those who ask."""
    network = modem.network()
    with gateway.database.transaction("modem") as tx:
        before = state.modem(tx).registered
        state.note_network(tx, network, gateway.now())
    if before != network.registered:
        happened = Happened.MODEM_REGISTERED if network.registered else Happened.MODEM_UNREGISTERED
        log.say(happened, operator=network.operator, signal_percent=network.signal_percent)
    return network


def _worth_asking(gateway: Gateway) -> bool:
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


def _registered(gateway: Gateway, modem: Modem) -> bool:
    with gateway.database.snapshot() as tx:
        seen = state.modem(tx).registered_at
    if seen is not None and gateway.now().quota - seen < REGISTRATION_HOLDS:
        return True
    return observe(gateway, modem).registered


def _claim_next(gateway: Gateway) -> Reply | None:
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


def _settle_sent(gateway: Gateway, reply: Reply, references: tuple[int, ...]) -> None:
    """Write that all of it left (C4)."""
    with gateway.database.transaction("C4 settle") as tx:
        now = gateway.now()
        outbox.settle_sent(tx, reply.id, references, now)
    _close_exchange(reply, Status.SENT, now)


def _settle_failure(gateway: Gateway, reply: Reply, failure: SendFailure) -> None:
    """Write what a failed send means (C4): again later, never again, or in doubt."""
    reason = str(failure)
    with gateway.database.transaction("C4 settle") as tx:
        now = gateway.now()
        match failure:
            case InDoubt(accepted=accepted):
                outbox.settle_in_doubt(tx, reply.id, reason, accepted, accepted + 1, now)
            case SendFailure(accepted=accepted) if accepted:
                outbox.settle_in_doubt(tx, reply.id, reason, accepted, accepted, now)
            case Refused():
                outbox.settle_refused(tx, reply.id, reason, now)
            case NotSent():
                retry = lifecycle.retry_at(reply.attempts, now.quota)
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


# --- sweep --------------------------------------------------------------------------------


def sweep(gateway: Gateway) -> None:
    """Expire what is too late, give up message parts, forget what is too old."""
    now = gateway.now()
    with gateway.database.transaction("sweep") as tx:
        expired = outbox.expire(tx, now)
        incomplete = parts.give_up(tx, now.quota - PART_PATIENCE, now, gateway.canonical)
        before = now.quota - gateway.keep
        forgotten = inbox.forget_before(tx, before) + outbox.forget_before(tx, before)
        forgotten += senders.forget_before(tx, before)
    for reply_id in expired:
        log.say(Happened.REPLY_EXPIRED, reply=reply_id)
    for message_id in incomplete:
        log.say(Happened.PARTS_GIVEN_UP, message=message_id)
    if forgotten:
        log.say(Happened.RETENTION_APPLIED, rows=forgotten)


def _seconds(span: timedelta) -> float:
    return round(span.total_seconds(), 1)
