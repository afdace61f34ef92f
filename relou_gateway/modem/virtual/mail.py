"""What is written to the virtual modem: requests of the control socket, made into PDUs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...rules.records import Part
from .network import SMSC
from .pdu import Alphabet, UserData, concat_header, cut, deliver, status_report, write_text
from .septets import is_gsm7

Request = Mapping[str, Any]


def read_time(request: Request) -> datetime:
    """Return `smsc_at` (ISO 8601 with a zone), or now; raises ValueError without a zone."""
    text = request.get("smsc_at")
    at = datetime.now(UTC) if text is None else datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("smsc_at needs its zone: 2026-03-06T17:35:51+01:00")
    return at


def text(request: Request, reference: int) -> list[bytes]:
    """Cut `text` of `number` into parts.

    `order` lists those that arrive, in their order ([3, 1]); `wide` makes references of 16 bits.
    """
    pieces = cut(str(request["text"]), reference, wide=bool(request.get("wide")))
    order = [int(number) for number in request.get("order") or range(1, len(pieces) + 1)]
    if not set(order) <= set(range(1, len(pieces) + 1)):
        raise ValueError(f"this text has {len(pieces)} part(s)")
    return [_envelope(request, pieces[number - 1]) for number in order]


def part(request: Request) -> list[bytes]:
    """Make one part as it stands: `text`, `reference`, `total`, `part`, `wide`."""
    place = Part(int(request["reference"]), int(request["total"]), int(request["part"]))
    words = str(request["text"])
    alphabet = Alphabet.GSM7 if is_gsm7(words) else Alphabet.UCS2
    header = concat_header(place, wide=bool(request.get("wide")))
    return [_envelope(request, write_text(words, alphabet, header))]


def binary(request: Request) -> list[bytes]:
    """Make an 8-bit message of `data` and the information elements `header`, both hex."""
    data, header = bytes.fromhex(request["data"]), bytes.fromhex(request.get("header", ""))
    return [_envelope(request, UserData(Alphabet.BINARY, data, header))]


def report(request: Request) -> list[bytes]:
    """Make a status report on `reference` to `number`: `status` 0 is delivered, 70 failed."""
    at = read_time(request)
    number, reference, status = (
        str(request["number"]),
        int(request["reference"]),
        int(request.get("status", 0)),
    )
    return [status_report(number, reference, status, sent_at=at, done_at=at, smsc=SMSC)]


def _envelope(request: Request, content: UserData) -> bytes:
    return deliver(str(request["number"]), content, read_time(request), SMSC)
