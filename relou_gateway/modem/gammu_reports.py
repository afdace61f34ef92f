"""The memory that some modems keep for delivery reports alone: listed, and deleted from, by hand.

libGammu lets go of the modem for that. It gets it back behind the last report that was listed
and deleted, or as soon as anything else is asked.
"""

from __future__ import annotations

import time

from ..rules.records import Slot, SlotAddress
from . import by_hand, radio_by_hand, reports_by_hand
from .at import Conversation, NoAnswer
from .gammu_machine import Machine
from .gammu_memories import shown_by_line, slot_of
from .line import Line
from .port import DeleteFailed
from .stored_reports import StoredReports, address_of, card_of, place_of


class ReportsMemory:
    """That memory, of the modem at the end of `line`; there is none until `prepare` has found it."""

    def __init__(self, line: Line, machine: Machine) -> None:
        self._line = line
        self._machine = machine
        self._stored = StoredReports()
        self._listed: set[int] = set()

    def prepare(self, talk: Conversation) -> None:
        """Have the modem keep reports, and look where it keeps them."""
        radio_by_hand.keep_reports(talk)
        try:
            seen = reports_by_hand.look(talk)
        except NoAnswer:
            seen = None  # reports are never a condition; whether the modem lives, libGammu finds out
        self._stored.begin(seen, time.monotonic())

    def expect(self) -> None:
        """Take note that a report will come."""
        self._stored.sent(time.monotonic())

    def look(self) -> None:
        """Look into the memory, if it is time; the line stays in our hands if any report is to be deleted."""
        if not self._stored.is_due(time.monotonic()):
            return
        seen = self._line.by_hand(reports_by_hand.look, keep=True)
        self._stored.see(seen, time.monotonic())
        if not self._stored.shown:
            self._line.give_back()

    def slots(self, modem: str) -> tuple[Slot, ...]:
        """Return what the memory showed when it was looked at last; `modem` is the modem's number."""
        card = card_of(modem)
        shown = self._stored.shown if card else {}  # a slot without its card's number is any modem's
        self._listed = set(shown)
        return tuple(
            slot_of(address_of(index, card), shown_by_line(index, line, self._machine.decode))
            for index, line in shown.items()
        )

    def cards(self, modem: str) -> tuple[str, ...]:
        """Return the card whose slots are certainly all shown, if they are; `modem` is the modem's number."""
        return (card_of(modem),) if modem and self._stored.complete else ()

    def delete(self, address: SlotAddress) -> None:
        """Delete one report; raises `DeleteFailed` or `ModemLost`."""
        place = place_of(address)
        line = self._stored.shown.get(place.number)
        freed: frozenset[SlotAddress] | None = None
        if line is not None:
            known = {address: (place, line.__eq__)}
            freed = self._line.by_hand(lambda talk: by_hand.free(talk, known), keep=True)
        if freed:
            self.forget(address)
        self._listed.discard(place.number)
        if not self._listed:
            self._line.give_back()
        if not freed:
            raise DeleteFailed(f"the report in slot {place.memory} {place.number} was not deleted")

    def forget(self, address: SlotAddress) -> None:
        """Take note that one report was deleted."""
        self._stored.forget(place_of(address).number)
