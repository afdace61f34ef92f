"""How records cross the pipe between the daemon and a modem cell: JSON, one object a line.

JSON and not pickle, because the cell reads bytes that strangers wrote: whatever becomes of
it, what comes out can only ever be these records. JSON's ASCII form also carries the lone
surrogates that a text may hold. Everything here raises `Garbled` for what it cannot read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ..rules.records import (
    Binary,
    Call,
    Content,
    Identity,
    Listing,
    Memory,
    Network,
    Part,
    Report,
    Slot,
    SlotAddress,
    Sms,
    Undecodable,
)
from .port import DeleteFailed, InDoubt, ModemFailure, ModemLost, NotSent, Refused, SendFailure, UssdFailed

Wire = dict[str, Any]
"""One object as JSON knows it."""

LONGEST = 16_000_000
"""Bytes of the longest line that is read: some ten times the largest memory that modems have."""


class Garbled(ValueError):
    """The other side sent what is no record."""


def pack(message: Mapping[str, Any]) -> bytes:
    """Return one message as a line of ASCII."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


class Lines:
    """Cuts what comes in by and by into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Wire]:
        """Take more bytes; yield each message that is complete now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST:
            raise Garbled("a line without an end")
        yield from map(_unpack, lines)


def _unpack(line: bytes) -> Wire:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Garbled("no JSON") from error
    if not isinstance(message, dict):
        raise Garbled("no object")
    return message


# --- single fields --------------------------------------------------------------------------


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _untime(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _part(part: Part | None) -> list[int] | None:
    return None if part is None else [part.reference, part.total, part.number]


def _unpart(numbers: list[int] | None) -> Part | None:
    return None if numbers is None else Part(*numbers)


def address_to_wire(address: SlotAddress) -> list[str | int]:
    """Return a slot's address as a list."""
    return [address.card, address.memory.value, address.location]


def prints_to_wire(slots: Mapping[SlotAddress, bytes]) -> list[list[Any]]:
    """Return slots and their fingerprints as a list."""
    return [[address_to_wire(address), fingerprint.hex()] for address, fingerprint in slots.items()]


def prints_from_wire(fields: list[list[Any]]) -> dict[SlotAddress, bytes]:
    """Return the slots and fingerprints that such a list tells."""
    return {address_from_wire(address): bytes.fromhex(fingerprint) for address, fingerprint in fields}


def address_from_wire(fields: list[Any]) -> SlotAddress:
    """Return the address that such a list tells."""
    card, memory, location = fields
    return SlotAddress(card, Memory(memory), location)


# --- what lies in a slot --------------------------------------------------------------------


def _content(content: Content) -> Wire:
    match content:
        case Sms(number, text, smsc_at, part):
            return {"sms": number, "text": text, "smsc_at": _time(smsc_at), "part": _part(part)}
        case Report(number, reference, delivered, text, smsc_at):
            return {
                "report": number,
                "reference": reference,
                "delivered": delivered,
                "text": text,
                "smsc_at": _time(smsc_at),
            }
        case Binary(number, data, smsc_at):
            return {"binary": number, "data": data.hex(), "smsc_at": _time(smsc_at)}
        case Undecodable(error, pdu):
            return {"undecodable": error, "pdu": None if pdu is None else pdu.hex()}


def _uncontent(fields: Wire) -> Content:
    match fields:
        case {"sms": number, "text": text, "smsc_at": smsc_at, "part": part}:
            return Sms(number, text, _untime(smsc_at), _unpart(part))
        case {"report": number, "reference": reference, "delivered": delivered, **rest}:
            return Report(number, reference, delivered, rest["text"], _untime(rest["smsc_at"]))
        case {"binary": number, "data": data, "smsc_at": smsc_at}:
            return Binary(number, bytes.fromhex(data), _untime(smsc_at))
        case {"undecodable": error, "pdu": pdu}:
            return Undecodable(error, None if pdu is None else bytes.fromhex(pdu))
    raise Garbled("no content of a slot")


def _slot(slot: Slot) -> list[Any]:
    return [address_to_wire(slot.address), slot.fingerprint.hex(), _content(slot.content)]


def _unslot(fields: list[Any]) -> Slot:
    address, fingerprint, content = fields
    return Slot(address_from_wire(address), bytes.fromhex(fingerprint), _uncontent(content))


# --- what a method of the port gives back ---------------------------------------------------


def _listing(listing: Listing) -> Wire:
    return {
        "slots": [_slot(slot) for slot in listing.slots],
        "calls": [call.number for call in listing.calls],
        "complete": listing.complete,
        "cards": listing.cards,
    }


def _unlisting(fields: Wire) -> Listing:
    slots = tuple(_unslot(slot) for slot in fields["slots"])
    calls = tuple(Call(number) for number in fields["calls"])
    return Listing(slots, calls, fields["complete"], tuple(fields["cards"]))


def _identity(identity: Identity) -> list[str]:
    return [identity.manufacturer, identity.model, identity.imei, identity.imsi, identity.smsc]


def _network(network: Network) -> list[Any]:
    radio = [network.registered, network.roaming, network.operator, network.signal_percent]
    return [*radio, network.full_percent, network.denied]


_RESULTS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "open": (lambda _: None, lambda _: None),
    "identify": (_identity, lambda fields: Identity(*fields)),
    "network": (_network, lambda fields: Network(*fields)),
    "listing": (_listing, _unlisting),
    "delete": (lambda _: None, lambda _: None),
    "delete_by_hand": (
        lambda freed: [address_to_wire(address) for address in sorted(freed)],
        lambda fields: frozenset(map(address_from_wire, fields)),
    ),
    "restart_radio": (lambda _: None, lambda _: None),
    "ussd": (str, str),
    "send": (list, tuple),
    "close": (lambda _: None, lambda _: None),
}


def result_to_wire(method: str, result: Any) -> Any:
    """Return what a method of the port gave back in terms of JSON."""
    return _RESULTS[method][0](result)


def result_from_wire(method: str, fields: Any) -> Any:
    """Return what a method of the port gave back, from `result_to_wire`'s terms."""
    try:
        return _RESULTS[method][1](fields)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Garbled(f"no result of {method}") from error


# --- failures -------------------------------------------------------------------------------

_FAILURES: dict[str, type[ModemFailure]] = {
    kind.__name__: kind for kind in (ModemLost, DeleteFailed, UssdFailed, NotSent, Refused, InDoubt)
}


def failure_to_wire(failure: ModemFailure) -> Wire:
    """Return a failure of the port in terms of JSON."""
    fields: Wire = {"failed": type(failure).__name__, "message": str(failure)}
    match failure:
        case ModemLost(cause=cause):
            fields["cause"] = cause
        case SendFailure(code=code, accepted=accepted, by_network=by_network):
            fields |= {"code": code, "accepted": accepted, "by_network": by_network}
    return fields


def failure_from_wire(fields: Wire) -> ModemFailure:
    """Return the failure that `failure_to_wire` put into these terms."""
    try:
        kind, message = _FAILURES[fields["failed"]], str(fields["message"])
        if issubclass(kind, SendFailure):
            known = {name: fields[name] for name in ("code", "accepted", "by_network")}
            return kind(message, **known)
        return ModemLost(fields["cause"], message) if kind is ModemLost else kind(message)
    except (LookupError, TypeError) as error:
        raise Garbled("no failure of the port") from error
