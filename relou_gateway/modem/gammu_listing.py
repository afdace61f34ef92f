"""One pass over all slots that a modem has, through libGammu, past messages that it chokes on.

The cheap way is GetNextSMS: one AT+CMGL for each memory, and then everything comes from a
cache. But when it cannot decode a message it raises, and does not tell which slot that was
(at-sms.c, ATGEN_GetNextSMS). Then the slots that were not seen yet are read one by one until
the bad one is found, and GetNextSMS goes on behind it. Each slot is read in this way once at
the most, so a pass costs no more than as many commands as there are slots.

libGammu tells an empty PDU, and some of a modem's errors, as the end of the list (gammu#522, #995).
So where fewer messages were seen than the modem counts, all slots are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ..rules.records import Memory
from .gammu_message import Message

SECOND_MEMORY = 100_000
"""libGammu's locations of the second memory begin here (GSM_PHONE_MAXSMSINFOLDER)."""

LARGEST = 1000
"""Slots of a memory that are read one by one at the most, whatever the modem says it has."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many slots the memories have and how many are taken, as the modem says."""

    sim_size: int
    sim_used: int
    modem_size: int
    modem_used: int

    @property
    def memories(self) -> tuple[Memory, ...]:
        """The memories that the modem has, in libGammu's order."""
        sizes = {Memory.SIM: self.sim_size, Memory.MODEM: self.modem_size}
        return tuple(memory for memory, size in sizes.items() if size)

    @property
    def full_percent(self) -> int | None:
        """How much of the fuller memory is taken, in percent."""
        fills = [(self.sim_used, self.sim_size), (self.modem_used, self.modem_size)]
        return max((100 * used // size for used, size in fills if size), default=None)

    @property
    def first(self) -> Memory:
        """The memory whose locations libGammu counts from 1."""
        return Memory.SIM if self.sim_size else Memory.MODEM

    def place(self, location: int) -> tuple[Memory, int]:
        """Return memory and slot of one of libGammu's locations."""
        if location < SECOND_MEMORY:
            return self.first, location
        return Memory.MODEM, location - SECOND_MEMORY

    def location(self, memory: Memory, slot: int) -> int:
        """Return libGammu's location of a slot."""
        return slot if memory is self.first else SECOND_MEMORY + slot

    def locations(self) -> Iterator[int]:
        """Yield all locations; some modems count slots from 0."""
        sizes = {Memory.SIM: self.sim_size, Memory.MODEM: self.modem_size}
        for memory in self.memories:
            for slot in range(min(sizes[memory], LARGEST) + 1):
                yield self.location(memory, slot)


@dataclass(frozen=True, slots=True)
class Shown:
    """What one slot showed: a message, or the error with which libGammu failed to decode it."""

    location: int
    message: Message | None = None
    error: str = ""
    pdu: bytes | None = None


class Unreadable(Exception):
    """libGammu could not decode the message that came next, or could not list at all."""


class Phone(Protocol):
    """What a pass asks of libGammu. Each method may also raise `ModemLost`, which ends the pass."""

    def following(self, location: int | None) -> Shown | None:
        """Return what the slot after `location` in the list shows, None at its end.

        None as the location begins a new list. Raises `Unreadable`.
        """

    def read(self, location: int) -> Shown | None:
        """Return what a slot shows, None if it is empty."""


@dataclass
class Pass:
    """One pass. `seen` are the slots in the order in which they were found.

    `deficit_before` is by how much an earlier pass that read every slot found fewer messages
    than the modem counted: reading them all again would find as little.
    """

    phone: Phone
    counts: Counts
    deficit_before: int = 0
    seen: dict[int, Shown] = field(default_factory=dict)
    _empty: set[int] = field(default_factory=set)

    def run(self) -> bool:
        """Look at all slots; tell whether those that were not seen are empty for certain.

        They are not where the modem counts more messages than could be seen.
        """
        if not self._list() or self.deficit > self.deficit_before:
            for shown in self._unseen():
                self.seen[shown.location] = shown
        return self.deficit == 0

    @property
    def deficit(self) -> int:
        """How many messages fewer were seen than the modem counts."""
        return max(0, self.counts.sim_used + self.counts.modem_used - len(self.seen))

    def _list(self) -> bool:
        """Go through the modem's lists; False where that led nowhere."""
        last = None
        while True:
            try:
                shown = self.phone.following(last)
            except Unreadable:
                shown = self._find_unreadable(last)
                if shown is None:
                    return False
            if shown is None:
                return True
            if shown.location in self.seen:
                return False  # the list goes round in circles
            self.seen[shown.location] = shown
            last = shown.location

    def _find_unreadable(self, last: int | None) -> Shown | None:
        """Return the next slot not seen yet that cannot be decoded; take good ones on the way."""
        for shown in self._unseen(last):
            if shown.message is None:
                return shown
            self.seen[shown.location] = shown
        return None

    def _unseen(self, last: int | None = None) -> Iterator[Shown]:
        """Read the slots one by one that were neither seen nor found empty in this pass.

        Those behind `last` come first: modems list their slots in order, nearly all of them.
        """
        behind = -1 if last is None else last
        for location in sorted(self.counts.locations(), key=lambda place: (place <= behind, place)):
            if location in self.seen or location in self._empty:
                continue
            shown = self.phone.read(location)
            if shown is None:
                self._empty.add(location)
            else:
                yield shown
