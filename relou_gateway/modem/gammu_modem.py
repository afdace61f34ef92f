"""python-gammu behind the port. Runs in a cell only: any call may hang, and some crash.

Nothing of libGammu leaves this module but through `gammu_machine.Machine`, whose pieces make
records of its dictionaries and the port's failures of its errors:

    gammu_memories    what lies in the slots: listed, read, deleted
    gammu_sending     what is sent
    gammu_radio       who the modem is, and what its radio sees; lte, where that is LTE alone
    gammu_ussd        service codes
    gammu_reports     delivery reports in a memory of their own
    line              who has the line: libGammu, or we ourselves for what it cannot do

What it hides, the code of a +CMS ERROR and the PDU of a message that it cannot decode, is read
from its debug stream, which is turned on for that single call and goes to anonymous memory: it
holds texts and must never reach a file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import gammu

from ..rules.records import Call, Identity, Listing, Memory, Network, SlotAddress
from . import by_hand, radio_by_hand
from .at import Conversation
from .gammu_errors import CONVERSION_ERRORS, LOSSES, GammuError
from .gammu_memories import Memories, shows
from .gammu_message import Message
from .gammu_radio import Radio, read_identity
from .gammu_reports import ReportsMemory
from .gammu_sending import Sender
from .gammu_ussd import ServiceCodes
from .line import Line
from .pdu_line import PduLine
from .port import ModemLost, NotSent, SendFailure
from .probe import speed_of
from .rings import Rings
from .stored_reports import card_of, is_report, place_of

UNLOCKING = 3
"""How often a SIM is asked whether it is open after its PIN was given; each time takes up to a second."""

Notice = Callable[[Any, str, dict[str, Any]], None]
"""Takes note of an event. Called within any call to libGammu; must not call it, nor raise."""


class LibGammu:
    """libGammu's state machine for the modem at `device`: a `Machine`."""

    def __init__(self, device: str, connection: str, notice: Notice) -> None:
        self._device = device
        self._machine = gammu.StateMachine()
        self._machine.SetIncomingCallback(notice)
        self._machine.SetConfig(0, _configuration(device, connection))

    def open(self) -> None:
        """Take the modem, which costs 4 s; raises `ModemLost`."""
        try:
            self.ask("Init")
        except GammuError as error:
            message = f"{self._device} does not answer as a modem does ({error.name})"
            raise ModemLost("broken", message) from None

    def close(self) -> None:
        """Let go of the modem. On one that hangs this waits; the cell's deadline ends it."""
        with suppress(gammu.GSMError):
            self._machine.Terminate()

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call libGammu; see `Machine.ask`."""
        try:
            return getattr(self._machine, method)(*arguments)
        except gammu.GSMError as error:
            name = _name(error)
            if name in LOSSES:
                cause, cure = LOSSES[name]
                raise ModemLost(cause, cure.format(self._device)) from None
            raise GammuError(name) from None

    def ask_or(self, default: Any, method: str, *arguments: Any) -> Any:
        """Call libGammu for something that not every modem can; see `Machine.ask_or`."""
        try:
            return self.ask(method, *arguments)
        except (GammuError, *CONVERSION_ERRORS):
            return default

    def attempt(self, method: str, *arguments: Any) -> tuple[Any, str]:
        """Call libGammu, whose errors are an answer here; see `Machine.attempt`."""
        try:
            return getattr(self._machine, method)(*arguments), ""
        except (gammu.GSMError, *CONVERSION_ERRORS) as error:
            return None, _name(error)

    @contextmanager
    def overheard(self) -> Iterator[Callable[[], str]]:
        """Turn the debug stream on; see `Machine.overheard`.

        The memory file takes as much as is written, so that libGammu never waits for a reader.
        """
        memory = os.memfd_create("overheard")
        self._machine.SetDebugLevel("errors")
        self._machine.SetDebugFile(memory)
        try:
            yield lambda: os.pread(memory, os.fstat(memory).st_size, 0).decode("latin-1")
        finally:
            self._machine.SetDebugFile(None)
            self._machine.SetDebugLevel("nothing")
            os.close(memory)

    def decode(self, pdu: bytes) -> tuple[Message | None, str]:
        """Return the message that a PDU holds; see `Machine.decode`.

        Where it ends with the SMSC's number, libGammu takes what memory holds behind it for the
        message's type: now this, now that.
        """
        if not pdu or len(pdu) <= 1 + pdu[0]:
            return None, "ERR_CORRUPTED"
        try:
            return gammu.DecodePDU(pdu), ""
        except (gammu.GSMError, *CONVERSION_ERRORS) as error:
            return None, _name(error)


class GammuModem:
    """The modem at `device`, spoken to by libGammu; raises `ModemLost` where it cannot be opened.

    `connection` is libGammu's name for how, as `at115200`. `smsc` overrides the SMSC of the
    SIM. `calls` is `ring` or `hang_up`. `pin` is tried once. `reports` asks the network to say of
    each part whether it arrived.
    """

    def __init__(
        self,
        device: str,
        connection: str = "at115200",
        *,
        pin: str | None = None,
        smsc: str | None = None,
        calls: str = "ring",
        reports: bool = False,
    ) -> None:
        self._hang_up = calls == "hang_up"
        self._rings = Rings()
        self._machine = LibGammu(device, connection, self._notice)
        self._line = Line(self._machine, device, speed_of(connection))
        self._radio = Radio(self._line, self._machine)
        self._codes = ServiceCodes(self._machine)
        self._sender = Sender(self._machine, smsc, reports=reports)
        self._reports = ReportsMemory(self._line, self._machine) if reports else None
        self._start(pin)
        self._identity = read_identity(self._machine)
        # once asked for its memories, a modem that falls silent is noticed in 20 s, not in 600
        self._memories = Memories(self._machine, self._identity)
        self._machine.ask_or(None, "SetIncomingCall", True)

    def _start(self, pin: str | None) -> None:
        """Take the modem and open its SIM; raises `ModemLost`."""
        if self._reports is not None and pin is None:
            self._line.by_hand(self._reports.prepare)
        self._line.open()
        self._unlock(pin)
        if self._reports is not None and pin is not None:  # before, most modems would refuse
            self._line.by_hand(self._reports.prepare)
            self._line.open()

    def _unlock(self, pin: str | None) -> None:
        asks_for = self._machine.ask_or(None, "GetSecurityStatus")
        if asks_for is None:
            return
        if asks_for != "PIN":
            raise ModemLost("pin", f"the SIM asks for its {asks_for}; unblock it in a phone")
        if pin is None:
            raise ModemLost("pin", "the SIM asks for its PIN; set modem.pin, or remove the PIN in a phone")
        looks = UNLOCKING
        try:
            self._machine.ask("EnterSecurityCode", "PIN", pin)
        except GammuError:
            looks = 1
        # its success is not to be trusted: a line that the modem says unasked replaces an error
        for _ in range(looks):
            if self._machine.ask_or(None, "GetSecurityStatus") is None:
                return
        raise ModemLost("pin_wrong", "the SIM refused the PIN; correct modem.pin: three wrong ones close it")

    # --- the port ---------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return who the modem is, as it said when it was opened."""
        return self._identity

    def network(self) -> Network:
        """Return the state of the radio; raises `ModemLost`.

        Where LTE alone serves the modem, that takes five seconds every now and then.
        """
        self._line.give_back()
        counts = self._memories.read_counts()
        return self._radio.network(None if counts is None else counts.full_percent)

    def listing(self) -> Listing:
        """Return all that the memories show, and new calls; raises `ModemLost`.

        Where it found fewer messages than the modem counts, it is not `complete`.
        """
        self._line.give_back()
        slots, complete = self._memories.listing()
        cards, calls = self._memories.cards, self._new_calls()
        if self._reports is not None:
            modem = self._memories.card(Memory.MODEM)
            self._reports.look()
            # they go first: with the line in our hands they are deleted before it is given back
            slots = (*self._reports.slots(modem), *slots)
            cards += self._reports.cards(modem)
        return Listing(slots, calls, complete, cards)

    def delete(self, address: SlotAddress) -> None:
        """Delete one slot; raises `DeleteFailed`, or `ModemLost` where it may be deleted."""
        if self._reports is not None and is_report(address):
            self._reports.delete(address)
        else:
            self._line.give_back()
            self._memories.delete(address)

    def delete_by_hand(self, slots: Mapping[SlotAddress, bytes]) -> frozenset[SlotAddress]:
        """Free slots that `delete` cannot; return those that hold it no more; raises `ModemLost`.

        libGammu lets go of the modem meanwhile, and takes 4 s to come back.
        """
        known = {
            address: (place_of(address), partial(self._shows, fingerprint))
            for address, fingerprint in slots.items()
            if address.card == self._card_of(address)
        }
        freed = self._line.by_hand(lambda talk: by_hand.free(talk, known)) or frozenset()
        if self._reports is not None:
            for address in filter(is_report, freed):
                self._reports.forget(address)
        self._line.give_back()
        return freed

    def restart_radio(self) -> None:
        """Switch the radio off and on, with libGammu out of the way; raises `ModemLost`."""
        self._line.by_hand(self._restart)
        self._line.give_back()

    def send(
        self,
        number: str,
        parts: Sequence[str],
        *,
        unicode: bool,
        accepted: Callable[[int], object] | None = None,
    ) -> tuple[int, ...]:
        """Send one text; raises `NotSent`, `Refused` or `InDoubt`."""
        try:
            self._line.give_back()
        except ModemLost as lost:
            raise NotSent(f"not sent: {lost}") from None

        def took(reference: int) -> None:
            self._radio.sent()
            if self._reports is not None:
                self._reports.expect()
            if accepted is not None:
                accepted(reference)

        try:
            return self._sender.send(number, parts, unicode=unicode, accepted=took)
        except SendFailure:
            self._radio.refused()
            raise

    def ussd(self, code: str, pattern: str) -> str:
        """Dial a service code and return the answer; raises `UssdFailed` or `ModemLost`."""
        self._line.give_back()
        return self._codes.dial(code, pattern)

    def close(self) -> None:
        """Let go of the modem. On a modem that hangs this waits; the cell's deadline ends it."""
        self._line.close()

    # --- by hand ----------------------------------------------------------------------------

    def _restart(self, talk: Conversation) -> None:
        radio_by_hand.restart(talk)
        if self._reports is not None:
            radio_by_hand.keep_reports(talk)

    def _card_of(self, address: SlotAddress) -> str:
        card = self._memories.card(address.memory)
        return card_of(card) if is_report(address) else card

    def _shows(self, fingerprint: bytes, line: PduLine) -> bool:
        return shows(fingerprint, line, self._machine.decode)

    # --- calls and other events -------------------------------------------------------------

    def _notice(self, _machine: Any, kind: str, event: dict[str, Any]) -> None:
        # the number of an event for the end of a call is what memory held: never look at it
        if kind == "Call" and event.get("Status") == "IncomingCall":
            self._rings.heard(event.get("Number") or "", time.monotonic())
        elif kind == "USSD":
            self._codes.heard(event.get("Status", ""), event.get("Text") or "")

    def _new_calls(self) -> tuple[Call, ...]:
        self._machine.ask_or(0, "ReadDevice")
        numbers = self._rings.take()
        if numbers and self._hang_up:
            self._machine.ask_or(None, "CancelCall", 0, True)
        return tuple(Call(number) for number in numbers)


def _configuration(device: str, connection: str) -> dict[str, Any]:
    return {
        "Device": device,
        "Connection": connection,
        "Model": "",
        "DebugLevel": "nothing",
        "UseGlobalDebugFile": False,
        "SyncTime": False,
        "LockDevice": False,  # an advisory lock is taken anyway; this one would be a file
        "StartInfo": False,
    }


def _name(error: Exception) -> str:
    return type(error).__name__
