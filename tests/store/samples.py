"""What the tests of the store put into it: moments, slots, messages and replies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from relou_gateway.rules import numbers
from relou_gateway.rules.records import (
    Call,
    Content,
    Kind,
    Listing,
    Memory,
    Moment,
    Part,
    Purpose,
    Slot,
    SlotAddress,
    Sms,
    Status,
)
from relou_gateway.store import inbox, outbox, queue, senders
from relou_gateway.store.database import Connection
from relou_gateway.store.inbox import Taken
from relou_gateway.store.outbox import NewReply, Reply

START = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WALL_AHEAD = timedelta(hours=1, seconds=17)
"""How far the wall clock is from quota time here, so that a test sees if one is taken for the other."""

CARD, MODEM_CARD = "208011234567890", "356938035643809"
KARIM, BRICE = "+33612345678", "+33687654321"


def at(seconds: float = 0) -> Moment:
    """The moment `seconds` after the start, on both clocks."""
    quota = START + seconds * SECOND
    return Moment(quota, quota + WALL_AHEAD)


def canonical(received: str) -> str:
    return numbers.read(received, "FR").number


def sms(text: str, number: str = KARIM, part: Part | None = None) -> Sms:
    return Sms(number, text, START, part)


def fingerprint(content: Content) -> bytes:
    return hashlib.sha256(repr(content).encode("utf-8", "surrogatepass")).digest()


def sim(location: int, card: str = CARD) -> SlotAddress:
    return SlotAddress(card, Memory.SIM, location)


def slot(where: int | SlotAddress, content: Content) -> Slot:
    """A slot; a number is its location on the SIM."""
    address = where if isinstance(where, SlotAddress) else sim(where)
    return Slot(address, fingerprint(content), content)


def listing(
    *slots: Slot,
    calls: Iterable[Call] = (),
    complete: bool = True,
    cards: tuple[str, ...] = (CARD, MODEM_CARD),
) -> Listing:
    return Listing(slots, tuple(calls), complete, cards)


def take(
    tx: Connection, *slots: Slot, now: Moment | None = None, in_doubt: Iterable[SlotAddress] = ()
) -> Taken:
    """Take a whole listing that shows just these slots."""
    return inbox.take(tx, listing(*slots), now or at(), canonical, set(in_doubt))


def call(tx: Connection, *callers: str, now: Moment) -> Taken:
    """Take a listing that shows these calls and no slots."""
    return inbox.take(tx, listing(calls=map(Call, callers)), now, canonical, set())


def texts(tx: Connection) -> list[str]:
    return [row.text for row in inbox.messages(tx)]


def new_reply(number: str = KARIM, **changes: object) -> NewReply:
    """A reply of three parts, due at once, as the judge would schedule it."""
    known: dict[str, object] = {
        "purpose": Purpose.REPLY,
        "message_id": None,
        "number": number,
        "country": "FR",
        "text": "Un non est un non.",
        "parts": 3,
        "cost": 480_000,
        "due_at": START,
        "expires_at": START + DAY / 2,
    }
    return NewReply(**{**known, **changes})  # type: ignore[arg-type]


def scheduled(tx: Connection, number: str = KARIM, now: Moment | None = None, **changes: object) -> Reply:
    """Schedule a reply to somebody who is known to have written."""
    moment = now or at()
    senders.note(tx, number, Kind.SMS, moment.quota)
    return outbox.get(tx, outbox.schedule(tx, new_reply(number, **changes), moment))


def claimed(tx: Connection, number: str = KARIM, now: Moment | None = None, **changes: object) -> Reply:
    """Schedule a reply and claim it."""
    reply = scheduled(tx, number, now, **changes)
    assert outbox.claim(tx, reply, now or at()) is not None
    return outbox.get(tx, reply.id)


def in_doubt(tx: Connection, number: str = KARIM, now: Moment | None = None, accepted: int = 0) -> Reply:
    """Schedule and claim a reply of which nobody knows whether it left."""
    reply = claimed(tx, number, now)
    outbox.settle_in_doubt(tx, reply.id, "no answer", accepted, None, now or at())
    return outbox.get(tx, reply.id)


def states(tx: Connection) -> dict[int, Status]:
    return {reply.id: reply.state for reply in queue.listed(tx)}
