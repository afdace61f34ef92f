"""Judge: one verdict for each message; a yes schedules one reply per sender (C2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import log
from ..log import Event as Happened
from ..rules import admission, muting, numbers, wording
from ..rules.admission import Message, Verdict
from ..rules.lifecycle import Event
from ..rules.records import Kind, Moment, Purpose, Ruling
from ..store import inbox, mutes, outbox, senders
from ..store.database import Connection
from ..store.inbox import Unjudged
from ..store.outbox import NewReply
from .gateway import Gateway, push

JUDGED_AT_ONCE = 50
"""Messages judged in one transaction: each costs one sync of the disk, and floods have thousands."""


def judge(gateway: Gateway) -> int:
    """Give every unjudged message its verdict; return how many were judged (C2)."""
    judged, more = 0, True
    while more:
        batch = _judge_batch(gateway)
        judged, more = judged + len(batch), len(batch) == JUDGED_AT_ONCE
        for row, verdict, reply_id in batch:
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
    _mute_flooder(tx, gateway, sender.number, now)
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
        push(tx, gateway, waiting, row.received_at)
        reply_id = waiting.id if verdict.ruling is Ruling.JOINED else None
    elif verdict.ruling is Ruling.REPLY:
        reply_id = outbox.schedule(tx, _composed(gateway, message, row, now.quota), now)
    inbox.record_verdict(tx, row.id, verdict.ruling, verdict.reason, reply_id, now)
    return verdict, reply_id


def _mute_flooder(tx: Connection, gateway: Gateway, number: str, now: Moment) -> None:
    """While a raid runs, mute who sent too much of late; a reply of his that waits is cancelled."""
    enough, raid_since = gateway.policy.raid.mute_after, gateway.raid_since
    if raid_since is None or enough is None or not number:
        return
    before = mutes.known(tx, number)
    since = muting.counted_from(raid_since, before, now.quota)
    if before.runs(now.quota) or mutes.sent_since(tx, number, since, enough) < enough:
        return
    until = now.quota + muting.span(gateway.policy.raid, before.times)
    mutes.mute(tx, number, until)
    if (waiting := outbox.waiting_of(tx, number)) is not None:
        outbox.operate(tx, waiting.id, Event.CANCEL, "he floods the number in a raid", now)
    log.say(Happened.SENDER_MUTED, number=number, until=until.isoformat())


def _composed(gateway: Gateway, message: Message, row: Unjudged, now: datetime) -> NewReply:
    """Draw the text and the delay of a new reply, and reckon what it will cost."""
    replies, prices = gateway.policy.replies, gateway.policy.budget.price
    country = message.sender.country
    text = wording.choose(replies.texts, country, gateway.rng)
    assert text is not None, "the judge declines where no text is allowed"
    cut = wording.compose(text, gsm7=replies.gsm7)
    lower, upper = _delay(gateway)
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


def _delay(gateway: Gateway) -> tuple[timedelta, timedelta]:
    """Return between which delays one is drawn: a raid's own, as more can be told after a longer wait."""
    in_raid = gateway.policy.raid.delay if gateway.raid_since is not None else None
    return in_raid or gateway.policy.replies.delay
