"""The line in which a modem shows a message: hex digits, as a rule (27.005 ch. 3.1, <pdu>).

Behind the header of AT+CMGR or AT+CMGL may stand anything that the modem says unasked, and in
the line itself whatever a fault of the modem or of the serial line has put there. What is no
hex digit has no place in a record of octets; so such a line is kept as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 1024
"""Characters of a line, or octets of a PDU, that are kept at the most; no message has a third of it."""

NOT_HEX = "NOT_HEX"
"""The error of a slot whose line cannot be read because of a character that is no hex digit."""

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_LENGTH = re.compile(r", *(\d{1,4}) *$")
_UNASKED = re.compile(r"RING|NO CARRIER|BUSY|NO ANSWER|[+^*$%#][A-Za-z]{2}.*")
_FINAL = re.compile(r"OK|ERROR|")


@dataclass(frozen=True, slots=True)
class PduLine:
    """One line; `length` is what its header says of the octets behind the SMSC's number, if anything."""

    text: str
    length: int | None = None

    @property
    def octets(self) -> bytes:
        """What its hex digits say, up to the first character that is none."""
        found = _HEX.match(self.text)
        return b"" if found is None else bytes.fromhex(found[0])

    @property
    def is_hex(self) -> bool:
        """Whether it is nothing but octets in hex digits."""
        return _HEX.fullmatch(self.text) is not None

    @property
    def has_whole_message(self) -> bool:
        """Whether the message ends before the first character that is no hex digit."""
        octets = self.octets
        if self.is_hex or not octets or self.length is None:
            return self.is_hex
        return len(octets) >= 1 + octets[0] + self.length

    @property
    def lacks_message(self) -> bool:
        """Whether the SMSC's number is all that it has."""
        octets = self.octets
        return not octets or len(octets) <= 1 + octets[0]

    @property
    def kept(self) -> bytes:
        """What is stored of it: its octets; or itself where it is not just hex digits."""
        octets = self.octets if self.is_hex else self.text.encode("latin-1", "replace")
        return octets[:LONGEST]


def behind_header(header: str, lines: Iterable[str]) -> PduLine | None:
    """Return the line of the message that `header` announces, the first of `lines` that can be it.

    Lines that begin as octets do go first, for nobody knows all that a modem may say unasked.
    """
    stripped = map(str.strip, lines)
    possible = [line for line in stripped if not (_UNASKED.fullmatch(line) or _FINAL.fullmatch(line))]
    chosen = next((line for line in possible if PduLine(line).octets), next(iter(possible), None))
    length = _LENGTH.search(header)
    return None if chosen is None else PduLine(chosen, None if length is None else int(length[1]))


def listed(lines: Iterable[str]) -> Iterator[tuple[int, PduLine]]:
    """Yield the slots that an AT+CMGL shows, each with its line."""
    header, behind = "", list[str]()
    for line in (*lines, "+CMGL: "):
        if not line.startswith("+CMGL:"):
            behind.append(line)
            continue
        slot = re.match(r"\+CMGL: *(\d{1,6})\b", header)
        shown = behind_header(header, behind)
        if slot is not None and shown is not None:
            yield int(slot[1]), shown
        header, behind = line, []
