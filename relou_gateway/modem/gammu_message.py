"""What libGammu shows of a message, made into records, its distortions taken out again.

libGammu's decoder, through python-gammu, changes texts in four ways (1.45.1 / 3.5.1):

- GSM 7-bit: `Length` counts septets, so that behind a text with characters of the extension
  table (€ ~ [ …) stand a NUL and then whatever memory held (gsmsms.c, GSM_DecodePDUFrame).
- GSM 7-bit: the escape of a character that it does not know is shown as ¹, which is not in
  the alphabet; 23.038 ch. 6.2.1 wants the plain character alone.
- UCS-2: a ~ becomes two and pushes the last character out, U+0001 becomes ~ (coding.c,
  DecodeUnicodeSpecialNOKIAChars).
- UCS-2: half an emoji, where a part ends, becomes U+FFFD (python-gammu, string.c).

The last two cannot be undone from what is shown: then the text is read from the PDU itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..rules.records import Binary, Content, Part, Report, Sms, Undecodable

Message = Mapping[str, Any]
"""One message as python-gammu's GetSMS and GetNextSMS show it."""

GSM7, UCS2, OCTETS = "Default_No_Compression", "Unicode_No_Compression", "8bit"

CONCATENATION, WIDE_CONCATENATION, PORTS, WIDE_PORTS = 0x00, 0x08, 0x04, 0x05
"""Elements of a user data header, 23.040 ch. 9.2.3.24."""


def needs_pdu(message: Message) -> bool:
    """Tell whether `content_of` needs the PDU, because libGammu shows the message wrongly or not at all."""
    if message["Type"] == "Submit":
        return True
    return message["Coding"] == UCS2 and any(mark in message["Text"] for mark in ("~", "\ufffd"))


def content_of(message: Message, pdu: bytes | None = None) -> Content:
    """Return the record of a message; `pdu`, with the SMSC's number in front, if there is one.

    What was stored by ourselves and never received is `Undecodable`, so that it is nobody's
    message, and leaves the slot that it takes up.
    """
    match message["Type"]:
        case "Status_Report":
            return _report(message)
        case "Submit":
            return Undecodable("SUBMIT", pdu)
    header = message["UDH"]["Text"]
    elements = header_elements(header)
    at = aware(message["DateTime"])
    if message["Coding"] == OCTETS or PORTS in elements or WIDE_PORTS in elements:
        return Binary(message["Number"], header + _octets(message), at)
    return Sms(message["Number"], _text(message, pdu), at, part_of(elements))


def fingerprint_of(message: Message) -> bytes:
    """Return a hash of all that is shown of a message and stays the same from one look to the next.

    Its state is left out, since being listed makes an unread message a read one; the fields
    that libGammu fills in only for some types are left out for the others.
    """
    shown = [message["Type"], message["Number"], message["SMSC"]["Number"], message["DateTime"]]
    if message["Type"] == "Status_Report":
        shown += [message["SMSCDateTime"], message["MessageReference"], message["DeliveryStatus"]]
    else:
        octets = message["Coding"] == OCTETS
        shown += [message["Text"].hex() if octets else _shown_text(message), message["Coding"]]
        shown += [message["UDH"]["Text"].hex(), message["Class"], message["ReplaceMessage"]]
    return hashlib.sha256(json.dumps(shown, default=str).encode("ascii")).digest()


def fingerprint_of_undecodable(error: str, pdu: bytes | None) -> bytes:
    """Return a hash of a slot that cannot be decoded: of its PDU, or of all that is known of it."""
    return hashlib.sha256(b"pdu" + pdu if pdu is not None else b"error" + error.encode()).digest()


# --- header and time ------------------------------------------------------------------------


def header_elements(header: bytes) -> dict[int, bytes]:
    """Return the elements of a user data header, which begins with its length octet.

    A broken end is dropped; of an element that comes twice, the last counts (9.2.3.24).
    """
    elements = {}
    rest = header[1:]
    while len(rest) >= 2 and len(rest) >= 2 + rest[1]:
        elements[rest[0]], rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
    return elements


def part_of(elements: Mapping[int, bytes]) -> Part | None:
    """Return the place in a concatenated message; None for a single one or an impossible place."""
    wide = len(elements.get(WIDE_CONCATENATION, b"")) == 4
    element = elements.get(WIDE_CONCATENATION if wide else CONCATENATION, b"")
    if len(element) != (4 if wide else 3):
        return None
    reference, total, number = int.from_bytes(element[:-2]), element[-2], element[-1]
    return Part(reference, total, number) if total > 1 and 1 <= number <= total else None


def aware(moment: datetime | None) -> datetime | None:
    """Return a time in UTC; one without a zone is taken for UTC, an impossible one for none."""
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


# --- text and data --------------------------------------------------------------------------


def _shown_text(message: Message) -> str:
    text: str = message["Text"]
    return text.partition("\0")[0] if message["Coding"] == GSM7 else text


def _text(message: Message, pdu: bytes | None) -> str:
    if message["Coding"] == GSM7:
        return _shown_text(message).replace("¹", "")
    if pdu is not None and needs_pdu(message):
        return _ucs2_text(pdu, message["Length"], len(message["UDH"]["Text"]))
    return _shown_text(message)


def _ucs2_text(pdu: bytes, units: int, header: int) -> str:
    """Read `units` UCS-2 characters from an SMS-DELIVER (23.040 ch. 9.2.2.1); halves of emoji stay."""
    sender = 1 + pdu[0] + 1  # behind the SMSC's number and the first octet
    start = sender + 2 + (pdu[sender] + 1) // 2 + 1 + 1 + 7 + 1 + header
    return pdu[start : start + 2 * units].decode("utf-16-be", "surrogatepass")


def _octets(message: Message) -> bytes:
    if message["Coding"] == OCTETS:
        return bytes(message["Text"])
    return _shown_text(message).encode("utf-8", "surrogatepass")


# --- delivery reports -----------------------------------------------------------------------


def _report(message: Message) -> Report:
    status = message["DeliveryStatus"]
    return Report(
        number=message["Number"],
        reference=message["MessageReference"],
        delivered=status <= 0x02,
        text=f"{_status_words(status)} (0x{status:02X})",
        smsc_at=aware(message["SMSCDateTime"]) or aware(message["DateTime"]),
    )


def _status_words(status: int) -> str:
    """Say the group of a TP-Status, 23.040 ch. 9.2.3.15."""
    if status <= 0x02:
        return ("delivered", "passed on, delivery unknown", "replaced")[status]
    groups = {0x20: "the SMSC keeps trying", 0x40: "failed for good", 0x60: "failed, the SMSC gave up"}
    return groups.get(status & 0xE0, "unknown")


# --- the other way --------------------------------------------------------------------------


def escaped(text: str) -> str:
    """Write ~ as libGammu wants it in UCS-2: it drops a single one, and reads two as one.

    Doubled, a text may pass 70 characters, behind which it is cut off (gsmsms.c,
    GSM_EncodeSMSFrameText). Then the tilde operator ∼ stands in.
    """
    doubled = text.replace("~", "~~")
    return doubled if len(doubled.encode("utf-16-be", "surrogatepass")) <= 140 else text.replace("~", "∼")


def concatenation_header(reference: int, total: int, number: int) -> dict[str, Any]:
    """Return the header of one part, 23.040 ch. 9.2.3.24.1."""
    return {
        "Type": "ConcatenatedMessages",
        "Text": bytes((5, 0, 3, reference, total, number)),
        "ID8bit": reference,
        "PartNumber": number,
        "AllParts": total,
    }
