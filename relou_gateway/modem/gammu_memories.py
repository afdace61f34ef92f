"""What lies in the modem's memories for messages, read and deleted through libGammu."""

from __future__ import annotations

from collections.abc import Callable

from ..rules.records import Identity, Memory, Slot, SlotAddress, Undecodable
from .gammu_errors import CONVERSION_ERRORS, NO_MEMORIES, NO_MESSAGE, NO_SIM, GammuError
from .gammu_listing import Counts, Pass, Shown, Unreadable
from .gammu_machine import Machine
from .gammu_message import (
    Message,
    content_of,
    fingerprint_of,
    fingerprint_of_undecodable,
    needs_pdu,
)
from .gammu_stream import raw_message, was_deleted
from .pdu_line import NOT_HEX, PduLine
from .port import DeleteFailed, ModemLost

REFUSALS = 5
"""Listings in a row for which the modem did not say what it holds: then a fresh cell looks at it, and at
its SIM, afresh (gammu#838)."""

Decode = Callable[[bytes], tuple[Message | None, str]]
"""Returns the message that a PDU holds, or None and the name of the error."""


class Memories:
    """The memories of one modem with one SIM, which `identity` names; raises `ModemLost` without any."""

    def __init__(self, machine: Machine, identity: Identity) -> None:
        self._machine = machine
        self._identity = identity
        self._deficit = self._refusals = 0
        counts = self.read_counts()
        if counts is None:
            raise ModemLost(*NO_MEMORIES)
        self._counts = counts

    @property
    def cards(self) -> tuple[str, ...]:
        """The cards whose slots a listing shows, as far as their numbers are known."""
        return tuple(filter(None, map(self.card, self._counts.memories)))

    def card(self, memory: Memory) -> str:
        """Return the number of the card that a memory belongs to; empty where it cannot be read."""
        return self._identity.imsi if memory is Memory.SIM else self._identity.imei

    def read_counts(self) -> Counts | None:
        """Return how full the memories are; None where the modem does not say. Raises `ModemLost`."""
        try:
            status = self._machine.ask("GetSMSStatus")
        except GammuError as error:
            _check_sim(error)
            return None
        return Counts(status["SIMSize"], status["SIMUsed"], status["PhoneSize"], status["PhoneUsed"])

    def listing(self) -> tuple[tuple[Slot, ...], bool]:
        """Return all that the memories show, and whether it is certain that this is all."""
        counts = self.read_counts()
        if counts is None:
            self._refusals += 1
            if self._refusals >= REFUSALS:
                raise ModemLost(*NO_MEMORIES)
            return (), False
        self._refusals = 0
        if counts.memories != self._counts.memories:
            # addresses would change their meaning; a fresh cell looks at the modem afresh
            raise ModemLost("sim", "the modem's memories are others than before; was its SIM changed?")
        self._counts = counts
        look = Pass(self, counts, self._deficit)
        complete = look.run()
        self._deficit = look.deficit
        return tuple(self._slot(shown) for shown in look.seen.values()), complete

    def delete(self, address: SlotAddress) -> None:
        """Delete one slot; raises `DeleteFailed`, or `ModemLost` where it may be deleted.

        libGammu reads a message before it deletes it, and refuses where it cannot decode it
        with another error than ERR_CORRUPTED: such a slot cannot be freed by this road. What
        it returns is not to be trusted: the result of a call that rings into an error is none.
        """
        location = self._counts.location(address.memory, address.location)
        error = ""
        with self._machine.overheard() as overheard:
            try:
                self._machine.ask("DeleteSMS", 0, location)
            except GammuError as failure:
                error = failure.name
            log = overheard()
        if not was_deleted(error, log):
            raise DeleteFailed(
                f"slot {address.memory} {address.location} was not deleted ({error or 'no answer'})"
            )

    # --- what a pass asks -------------------------------------------------------------------

    def following(self, location: int | None) -> Shown | None:
        """Return what follows in libGammu's list; see `gammu_listing.Phone`."""
        where = (0, True) if location is None else (0, False, location)
        try:
            message = self._machine.ask("GetNextSMS", *where)[0]
        except CONVERSION_ERRORS:
            raise Unreadable from None
        except GammuError as error:
            if error.name in NO_MESSAGE:
                return None
            _check_sim(error)
            raise Unreadable from None
        return Shown(message["Location"], message)

    def read(self, location: int) -> Shown | None:
        """Return what one slot shows, with its PDU; see `gammu_listing.Phone`.

        What went wrong on the line, such as a call that rang into the answer, is no reason to
        hold a message for undecodable. So a PDU that came through is decoded once more. And
        where there is none behind the SMSC's number, libGammu shows what its memory held there.
        """
        message, error = None, ""
        with self._machine.overheard() as overheard:
            try:
                message = self._machine.ask("GetSMS", 0, location)[0]
            except CONVERSION_ERRORS as conversion:
                error = type(conversion).__name__
            except GammuError as failure:
                _check_sim(failure)
                error = failure.name
            log = overheard()
        line = raw_message(log)
        if line is not None and (message is None or line.lacks_message):
            return shown_by_line(location, line, self._machine.decode)
        if message is None and (log or error in NO_MESSAGE):
            return None  # for an empty slot modems answer with all sorts of errors
        return Shown(location, message, error, None if line is None else line.octets)

    # --- records ----------------------------------------------------------------------------

    def _slot(self, shown: Shown) -> Slot:
        if shown.message is not None and shown.pdu is None and needs_pdu(shown.message):
            again = self.read(shown.location)
            shown = again if again is not None and again.pdu is not None else shown
        return slot_of(self._address(shown.location), shown)

    def _address(self, location: int) -> SlotAddress:
        memory, slot = self._counts.place(location)
        card = self.card(memory)
        if not card:
            # without its card's number a slot could not be told from another card's
            raise ModemLost("sim", f"the number of the card behind {memory} cannot be read")
        return SlotAddress(card, memory, slot)


def slot_of(address: SlotAddress, shown: Shown) -> Slot:
    """Return the record of what a slot shows."""
    if shown.message is None:
        fingerprint = fingerprint_of_undecodable(shown.error, shown.pdu)
        return Slot(address, fingerprint, Undecodable(shown.error, shown.pdu))
    return Slot(address, fingerprint_of(shown.message), content_of(shown.message, shown.pdu))


def shown_by_line(location: int, line: PduLine, decode: Decode) -> Shown:
    """Return what a slot shows that is known by its line alone."""
    if not line.has_whole_message:
        return Shown(location, None, NOT_HEX, line.kept)
    message, error = decode(line.octets)
    if message is None and not line.is_hex:
        return Shown(location, None, NOT_HEX, line.kept)
    return Shown(location, message, error, line.octets if message is not None else line.kept)


def shows(fingerprint: bytes, line: PduLine, decode: Decode) -> bool:
    """Tell whether a listing that showed this fingerprint would show the same of this line."""
    if fingerprint == fingerprint_of_undecodable("", line.kept):
        return True
    message = shown_by_line(0, line, decode).message
    return message is not None and fingerprint == fingerprint_of(message)


def _check_sim(error: GammuError) -> None:
    if error.name in NO_SIM:
        raise ModemLost(*NO_MEMORIES)
