"""Delivery reports in a memory of their own: what lies there, and when to look again.

Looking means that libGammu lets go of the modem for some five seconds, so it is done no more
often than makes sense: when reports may have come since. A modem without such a memory is never looked at.

The port knows two memories. So the slots of this one count among the modem's own, from
`FIRST` on, as libGammu counts them in what it tells of new messages. But they are of a card of
their own, so that a listing that did not look at them, as where reports are not asked for any more, says
nothing of them: the store goes on to believe in those that lie there, and stores none a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..rules.records import Memory, SlotAddress
from .by_hand import Place
from .pdu_line import PduLine
from .reports_by_hand import MEMORY, Look

FIRST = 200_000
"""What is added to the index of a slot; no other memory of a modem has so many."""

SETTLING = 10.0
"""Seconds from a send until its report has come as a rule, so that a look is not in vain."""

SOON = 600.0
"""Seconds from a send to the look at its report, where there is room enough to wait that long."""

LATER = 3600.0
"""Seconds between two looks at the most while reports are missing: phones are switched off for hours."""

GIVEN_UP = 86_400.0
"""Seconds after the latest send, or after the start, at which nothing more is expected."""


@dataclass(slots=True)
class StoredReports:
    """What the memory showed when it was last looked at. All times are monotonic, in seconds.

    `shown` maps each slot's index to its line, `complete` says whether that is certainly all. There is
    no such memory while `size` is 0.
    """

    shown: dict[int, PduLine] = field(default_factory=dict)
    size: int = 0
    complete: bool = False
    _missing: int = 0
    _unseen: int = 0
    _unseen_since: float = 0.0
    _look_at: float = float("inf")
    _pause: float = LATER
    _give_up_at: float = 0.0

    def begin(self, look: Look | None, now: float) -> None:
        """Take in the first look, None where there is no such memory.

        Nobody knows how many reports an earlier run still waits for.
        """
        self._missing = 0 if look is None else look.size
        self._give_up_at = now + GIVEN_UP
        self.see(look, now)

    def see(self, look: Look | None, now: float) -> None:
        """Take in what was seen just now; None where the modem would not show it, this time."""
        lines: Mapping[int, PduLine] = {} if look is None else look.lines
        came = len(lines.keys() - self.shown.keys())
        self.size, self.complete = (self.size, False) if look is None else (look.size, look.complete)
        self.shown = dict(lines)
        self._missing = 0 if now >= self._give_up_at else max(0, self._missing - came)
        self._unseen, self._look_at = 0, now + self._pause if self._missing else float("inf")
        self._pause = min(2 * self._pause, LATER)

    def sent(self, now: float) -> None:
        """Take note of a part that was accepted, and on which a report will come."""
        if not self._unseen:
            self._unseen_since = now
        self._missing += 1
        self._unseen += 1
        self._pause = SOON
        self._look_at = min(self._look_at, now + SOON)
        self._give_up_at = now + GIVEN_UP

    def is_due(self, now: float) -> bool:
        """Tell whether to look now: in time, and as soon as half of what is free may be taken."""
        if not self.size or not self._missing:
            return False
        could_fill = self._unseen >= max(1, (self.size - len(self.shown)) // 2)
        return now >= self._look_at or (could_fill and now - self._unseen_since >= SETTLING)

    def forget(self, index: int) -> None:
        """Take note that a slot was freed."""
        self.shown.pop(index, None)


def card_of(modem: str) -> str:
    """Return what stands for a card's number in this memory's addresses; `modem` is the modem's number."""
    return f"{modem}/{MEMORY}" if modem else ""


def address_of(index: int, card: str) -> SlotAddress:
    """Return the address of a slot of this memory; `card` is `card_of`'s."""
    return SlotAddress(card, Memory.MODEM, FIRST + index)


def place_of(address: SlotAddress) -> Place:
    """Return where an address lies, as AT names it."""
    if is_report(address):
        return Place(MEMORY, address.location - FIRST)
    return Place(address.memory, address.location)


def is_report(address: SlotAddress) -> bool:
    """Tell whether an address lies in the memory for reports."""
    return address.memory is Memory.MODEM and address.location >= FIRST
