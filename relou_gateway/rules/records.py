"""The nouns of the gateway: what comes in, what is decided, what goes out.

All records are frozen. Times are aware; amounts of money are integer micro-units of the
configured currency (160_000 is 0.16). Nothing in here does anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Moment(NamedTuple):
    """One instant on both of the gateway's clocks.

    `quota` is what windows, delays and expiry are reckoned in: it never steps.
    `wall` is what people are shown, and what a stranger's lawyer will ask for.
    """

    quota: datetime
    wall: datetime


# --- what a modem shows -------------------------------------------------------------------


class Memory(StrEnum):
    """Where a message lies: on the SIM card or in the modem itself (27.005 ch. 3.1)."""

    SIM = "SM"
    MODEM = "ME"


class SlotAddress(NamedTuple):
    """One slot. `card` is the IMSI for SIM slots, the IMEI for the modem's own.

    A memory that not every listing looks at has a card of its own: the IMEI, and the memory's name.
    """

    card: str
    memory: Memory
    location: int


@dataclass(frozen=True, slots=True)
class Part:
    """Place of one SMS in a concatenated message (23.040 ch. 9.2.3.24.1); `number` from 1."""

    reference: int
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class Sms:
    """One received SMS, or one part of a longer text. `text` may hold lone surrogates."""

    number: str
    text: str
    smsc_at: datetime | None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report (SMS-STATUS-REPORT) on a message that we sent."""

    number: str
    reference: int
    delivered: bool
    text: str
    smsc_at: datetime | None


@dataclass(frozen=True, slots=True)
class Binary:
    """A message that is no text: WAP push, MMS notice, ring tone, port-addressed data."""

    number: str
    data: bytes
    smsc_at: datetime | None


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A slot whose PDU the modem's driver cannot read; `pdu` where it could be had raw.

    With the error `NOT_HEX` it is the modem's line itself, which is not just hex digits, as it came.
    """

    error: str
    pdu: bytes | None = None


Content = Sms | Report | Binary | Undecodable


@dataclass(frozen=True, slots=True)
class Slot:
    """One occupied slot. `fingerprint` is a hash of all that the modem shows of it."""

    address: SlotAddress
    fingerprint: bytes
    content: Content


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody's phone made ours ring. `number` is empty where the caller hides it."""

    number: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What one pass over the modem's memories showed, and the calls since the last pass.

    `complete` says that the pass ran to its end: only then is a slot of one of the `cards`
    (as in `SlotAddress`) that is not shown known to be empty.
    """

    slots: tuple[Slot, ...]
    calls: tuple[Call, ...]
    complete: bool
    cards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the modem says that it is. `imsi` and `smsc` are empty without a readable SIM."""

    manufacturer: str
    model: str
    imei: str
    imsi: str
    smsc: str


@dataclass(frozen=True, slots=True)
class Network:
    """The radio's state. `signal_percent` is None where the modem does not know it.

    `full_percent` is how much of the fuller of its memories for messages is taken. `denied` says
    that the network refuses this SIM, so that it is no use to wait for it.
    """

    registered: bool
    roaming: bool
    operator: str
    signal_percent: int | None
    full_percent: int | None = None
    denied: bool = False


# --- what is decided ----------------------------------------------------------------------


class Kind(StrEnum):
    """What came in."""

    SMS = "sms"
    CALL = "call"
    REPORT = "report"
    BINARY = "binary"
    UNDECODABLE = "undecodable"


class Ruling(StrEnum):
    """What became of a message: it scheduled a reply, joined one that waits, or neither."""

    REPLY = "reply"
    JOINED = "joined"
    DECLINED = "declined"


class Status(StrEnum):
    """The states of a reply; `lifecycle` knows the moves between them."""

    SCHEDULED = "scheduled"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


WAITING = (Status.SCHEDULED, Status.HELD)


class Purpose(StrEnum):
    """Why the gateway sends something: the `kind` of a row of the outbox."""

    REPLY = "reply"
    ALERT = "alert"
    KEEP_ALIVE = "keep_alive"
    TEST = "test"
