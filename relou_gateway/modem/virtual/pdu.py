"""SMS protocol data units as the virtual modem's network writes and reads them (3GPP 23.040).

It writes SMS-DELIVER and SMS-STATUS-REPORT, which a modem shows in its slots, and reads
SMS-SUBMIT, which it is given to send. All have the service centre's address in front, as on
the AT interface (27.005 ch. 3.1, `<pdu>`). A codec of its own; see `septets` for the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ...rules.records import Part
from . import septets

SINGLE = 140
"""Octets of user data in one SMS: 160 septets, 70 UCS-2 units (9.2.3.24)."""

CONCAT_8BIT, CONCAT_16BIT = 0x00, 0x08
"""Information elements of a concatenated message with an 8 or 16-bit reference (9.2.3.24.1, .8)."""

INTERNATIONAL, UNKNOWN, ALPHANUMERIC = 0x91, 0x81, 0xD0
"""Type-of-address octets (9.1.2.5)."""

NO_MORE_MESSAGES, STATUS_REPORT_MTI = 0x04, 0x02
HEADER_FOLLOWS = 0x40

_DIALLED = "0123456789*#"
_DIGITS = _DIALLED + "abc"
_VALIDITY_OCTETS = {0x00: 0, 0x10: 1, 0x08: 7, 0x18: 7}


class BadPdu(ValueError):
    """These octets are no SMS-SUBMIT."""


class Alphabet(StrEnum):
    """How the characters of a message are written (23.038 ch. 4)."""

    GSM7 = "gsm7"
    BINARY = "8bit"
    UCS2 = "ucs2"


_CODING = {Alphabet.GSM7: 0x00, Alphabet.BINARY: 0x04, Alphabet.UCS2: 0x08}


@dataclass(frozen=True, slots=True)
class UserData:
    """What one SMS carries.

    `units` are septets (one in each byte), octets, or UCS-2 as big-endian octets, as the
    alphabet says. `header` holds the information elements, without their length in front.
    """

    alphabet: Alphabet
    units: bytes
    header: bytes = b""

    @property
    def text(self) -> str:
        """The characters; may hold lone surrogates. Empty for binary data."""
        if self.alphabet is Alphabet.GSM7:
            return septets.decode(self.units)
        if self.alphabet is Alphabet.UCS2:
            return self.units.decode("utf-16-be", "surrogatepass")
        return ""

    @property
    def part(self) -> Part | None:
        """The place in a concatenated message, where the header tells one."""
        return _find_part(self.header)


@dataclass(frozen=True, slots=True)
class Submit:
    """An SMS-SUBMIT: what a client asks the modem to send."""

    number: str
    content: UserData
    wants_report: bool


# --- user data ------------------------------------------------------------------------------


def write_text(text: str, alphabet: Alphabet, header: bytes = b"") -> UserData:
    """Return `text` as user data; raise ValueError where GSM-7 does not know a character."""
    if alphabet is Alphabet.GSM7:
        return UserData(alphabet, septets.encode(text), header)
    return UserData(Alphabet.UCS2, text.encode("utf-16-be", "surrogatepass"), header)


def concat_header(part: Part, *, wide: bool = False) -> bytes:
    """Return the information element for `part`; `wide` writes its reference in 16 bits."""
    if wide:
        return bytes([CONCAT_16BIT, 4, part.reference >> 8, part.reference & 0xFF, part.total, part.number])
    return bytes([CONCAT_8BIT, 3, part.reference, part.total, part.number])


def cut(text: str, reference: int, *, wide: bool = False) -> list[UserData]:
    """Cut `text` into as few messages as the alphabet that it needs allows.

    As networks do it, an escape stays with its septet but a surrogate pair may be parted.
    """
    alphabet = Alphabet.GSM7 if septets.is_gsm7(text) else Alphabet.UCS2
    whole = write_text(text, alphabet)
    if len(_pack(whole)) <= SINGLE:
        return [whole]
    header_length = 1 + len(concat_header(Part(0, 1, 1), wide=wide))
    pieces = _cut_units(whole, SINGLE - header_length)
    return [
        UserData(alphabet, piece, concat_header(Part(reference, len(pieces), number), wide=wide))
        for number, piece in enumerate(pieces, start=1)
    ]


def _cut_units(whole: UserData, octets: int) -> list[bytes]:
    gsm7 = whole.alphabet is Alphabet.GSM7
    room = octets * 8 // 7 if gsm7 else octets - octets % 2
    pieces = []
    rest = whole.units
    while rest:
        end = room - 1 if gsm7 and _ends_in_escape(rest[:room]) and len(rest) > room else room
        pieces.append(rest[:end])
        rest = rest[end:]
    return pieces


def _ends_in_escape(units: bytes) -> bool:
    return units.endswith(bytes([septets.ESCAPE]))


def _find_part(header: bytes) -> Part | None:
    while len(header) >= 2:
        element, length = header[0], header[1]
        body, header = header[2 : 2 + length], header[2 + length :]
        if element == CONCAT_8BIT and len(body) == 3:
            return Part(body[0], body[1], body[2])
        if element == CONCAT_16BIT and len(body) == 4:
            return Part(body[0] << 8 | body[1], body[2], body[3])
    return None


def _fill_bits(header_octets: int) -> int:
    """Bits that bring the first septet behind the header to a septet boundary (9.2.3.24)."""
    return -8 * header_octets % 7


def _pack(content: UserData) -> bytes:
    header = bytes([len(content.header)]) + content.header if content.header else b""
    if content.alphabet is not Alphabet.GSM7:
        return header + content.units
    return header + septets.pack(content.units, _fill_bits(len(header)))


def _length(content: UserData) -> int:
    """TP-UDL: septets with those that the header fills, or octets (9.2.3.16)."""
    header_octets = 1 + len(content.header) if content.header else 0
    if content.alphabet is Alphabet.GSM7:
        return (8 * header_octets + 6) // 7 + len(content.units)
    return header_octets + len(content.units)


# --- addresses and times --------------------------------------------------------------------


def _semi_octets(digits: str) -> bytes:
    """Two digits in each octet, the first in the low half, 0xF where one is missing (9.1.2.3)."""
    values = [_DIGITS.index(digit) for digit in digits]
    if len(values) % 2:
        values.append(0xF)
    return bytes(low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True))


def _address(number: str) -> tuple[int, int, bytes]:
    """Return length in digits, type and octets of a number or a name (9.1.2.5)."""
    digits = number.removeprefix("+")
    if all(digit in _DIALLED for digit in digits):  # "Abc" is a name, though its letters are digits too
        return len(digits), INTERNATIONAL if number.startswith("+") else UNKNOWN, _semi_octets(digits)
    name = septets.encode(number)
    if len(name) > 11:
        raise ValueError(f"a sender's name has 11 characters at most: {number!r}")
    return (7 * len(name) + 3) // 4, ALPHANUMERIC, septets.pack(name)


def _write_address(number: str) -> bytes:
    length, kind, octets = _address(number)
    return bytes([length, kind]) + octets


def _write_smsc(number: str) -> bytes:
    """Write the service centre's address, its length in octets (24.011 ch. 8.2.5.1)."""
    if not number:
        return b"\x00"
    _, kind, octets = _address(number)
    return bytes([1 + len(octets), kind]) + octets


def _write_time(at: datetime) -> bytes:
    """Seven octets: local time, then its zone in quarters of an hour (9.2.3.11)."""
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("a time without zone")
    quarters = int(offset.total_seconds()) // 900
    octets = _semi_octets(f"{at:%y%m%d%H%M%S}{abs(quarters):02d}")
    return octets[:-1] + bytes([octets[-1] | (0x08 if quarters < 0 else 0)])


# --- what a modem shows ---------------------------------------------------------------------


def deliver(number: str, content: UserData, at: datetime, smsc: str = "") -> bytes:
    """Write an SMS-DELIVER (9.2.2.1); `number` may be a name of up to 11 characters.

    Raises ValueError for a name that GSM-7 cannot write, and for more data than one SMS holds.
    """
    data = _pack(content)
    if len(data) > SINGLE:
        raise ValueError(f"{len(data)} octets of user data; one SMS holds {SINGLE}")
    first = NO_MORE_MESSAGES | (HEADER_FOLLOWS if content.header else 0)
    coding = bytes([0, _CODING[content.alphabet]])
    return b"".join(
        (
            _write_smsc(smsc),
            bytes([first]),
            _write_address(number),
            coding,
            _write_time(at),
            bytes([_length(content)]),
            data,
        )
    )


def status_report(
    number: str, reference: int, status: int, *, sent_at: datetime, done_at: datetime, smsc: str = ""
) -> bytes:
    """Write an SMS-STATUS-REPORT (9.2.2.3). `status` 0 is delivered, 0x40 and up failed (9.2.3.15)."""
    return b"".join(
        (
            _write_smsc(smsc),
            bytes([STATUS_REPORT_MTI | NO_MORE_MESSAGES, reference]),
            _write_address(number),
            _write_time(sent_at),
            _write_time(done_at),
            bytes([status]),
        )
    )


# --- what a modem is given ------------------------------------------------------------------


class _Reader:
    """Takes octets from the front, and says so when there are not enough."""

    def __init__(self, octets: bytes) -> None:
        self.rest = octets

    def take(self, count: int) -> bytes:
        if len(self.rest) < count:
            raise BadPdu(f"{count - len(self.rest)} octets are missing")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def octet(self) -> int:
        return self.take(1)[0]


def tpdu_length(pdu: bytes) -> int:
    """Return the octets of `pdu` behind the service centre's address: `<length>` of 27.005."""
    return max(0, len(pdu) - 1 - pdu[0]) if pdu else 0


def read_submit(pdu: bytes) -> Submit:
    """Read an SMS-SUBMIT (9.2.2.2); raise `BadPdu` where it is none."""
    reader = _Reader(pdu)
    reader.take(reader.octet())
    first = reader.octet()
    if first & 0x03 != 0x01:
        raise BadPdu(f"message type {first & 0x03} is no SMS-SUBMIT")
    reader.octet()  # TP-MR: the modem gives the reference itself
    number = _read_address(reader)
    reader.octet()  # TP-PID
    alphabet = _read_coding(reader.octet())
    reader.take(_VALIDITY_OCTETS[first & 0x18])
    content = _read_user_data(reader, alphabet, has_header=bool(first & HEADER_FOLLOWS))
    return Submit(number, content, wants_report=bool(first & 0x20))


def _read_address(reader: _Reader) -> str:
    length, kind = reader.octet(), reader.octet()
    octets = reader.take((length + 1) // 2)
    if kind & 0x70 == 0x50:
        return septets.decode(septets.unpack(octets, 4 * length // 7))
    halves = [half for octet in octets for half in (octet & 0xF, octet >> 4)][:length]
    if 0xF in halves:
        raise BadPdu("a filler stands inside the number")
    return ("+" if kind & 0x70 == 0x10 else "") + "".join(_DIGITS[half] for half in halves)


def _read_coding(coding: int) -> Alphabet:
    """Return the alphabet of a TP-DCS octet (23.038 ch. 4)."""
    group = coding >> 4
    if group < 0x8:
        if coding & 0x20:
            raise BadPdu("compressed text")
        return {0x04: Alphabet.BINARY, 0x08: Alphabet.UCS2}.get(coding & 0x0C, Alphabet.GSM7)
    if group == 0xF and coding & 0x04:
        return Alphabet.BINARY
    return Alphabet.UCS2 if group == 0xE else Alphabet.GSM7


def _read_user_data(reader: _Reader, alphabet: Alphabet, *, has_header: bool) -> UserData:
    length = reader.octet()
    octets = (7 * length + 7) // 8 if alphabet is Alphabet.GSM7 else length
    if octets > SINGLE:
        raise BadPdu(f"{octets} octets of user data; one SMS holds {SINGLE}")
    data = _Reader(reader.take(octets))
    if reader.rest:
        raise BadPdu(f"{len(reader.rest)} octets too many")
    header = data.take(data.octet()) if has_header else b""
    if alphabet is Alphabet.UCS2 and len(data.rest) % 2:
        raise BadPdu("half a UCS-2 character")
    if alphabet is not Alphabet.GSM7:
        return UserData(alphabet, data.rest, header)
    return UserData(alphabet, _read_septets(data.rest, length, header if has_header else None), header)


def _read_septets(packed: bytes, length: int, header: bytes | None) -> bytes:
    header_octets = 0 if header is None else 1 + len(header)
    count = length - (8 * header_octets + 6) // 7
    if count < 0:
        raise BadPdu("the header is longer than the message")
    return septets.unpack(packed, count, _fill_bits(header_octets))
