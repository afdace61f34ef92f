"""python-gammu behind the port. Runs in a cell only: any call may hang, and some crash.

Nothing of libGammu leaves this module: its dictionaries become records (`gammu_message`), its
errors the port's failures. What it hides, the code of a +CMS ERROR and the PDU of a message
that it cannot decode, is read from its debug stream, which is turned on for that single call
and goes to anonymous memory: it holds texts and must never reach a file.
"""

from __future__ import annotations

import os
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import gammu

from ..rules.records import Call, Identity, Listing, Memory, Network, Slot, SlotAddress, Undecodable
from . import by_hand, radio_by_hand
from .at import CannotOpen, Conversation, NoAnswer
from .gammu_errors import CONVERSION_ERRORS, LOSSES, NO_MEMORIES, NO_MESSAGE, NO_SIM, GammuError
from .gammu_listing import Counts, Pass, Shown, Unreadable
from .gammu_message import (
    concatenation_header,
    content_of,
    escaped,
    fingerprint_of,
    fingerprint_of_undecodable,
    needs_pdu,
)
from .gammu_stream import failure_of_send, raw_message, was_deleted
from .port import DeleteFailed, ModemLost, UssdFailed
from .probe import speed_of
from .rings import Rings
from .service_code import Dialogue

SAID_AT_MOST = 20
"""Texts of the network's (USSD) that are kept until somebody listens; beyond these the oldest go."""

LISTENING_PAUSE = 0.1
"""Seconds between two looks for an answer: on a modem that was unplugged a look takes no time at all."""

UNLOCKING = 3
"""How often a SIM is asked whether it is open after its PIN was given; each time takes up to a second."""


Done = TypeVar("Done")


REFUSALS = 5
"""Listings in a row for which the modem did not say what it holds: then a fresh cell looks at it, and at
its SIM, afresh (gammu#838)."""


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
        self._device = device
        self._speed = speed_of(connection)
        self._smsc = {"Number": smsc, "Format": "Text", "Validity": "Max"} if smsc else {"Location": 1}
        self._hang_up = calls == "hang_up"
        self._reports = reports
        self._rings = Rings()
        self._said: deque[tuple[str, str]] = deque(maxlen=SAID_AT_MOST)
        self._reference = random.SystemRandom().randrange(256)
        self._deficit = self._refusals = 0
        self._machine = gammu.StateMachine()
        self._machine.SetIncomingCallback(self._notice)
        self._machine.SetConfig(0, _configuration(device, connection))
        if reports and pin is None:
            self._by_hand(radio_by_hand.keep_reports)
        self._open(pin)
        if reports and pin is not None:  # before, most modems would refuse
            self.close()
            self._by_hand(radio_by_hand.keep_reports)
            self._reopen()
        self._identity = self._read_identity()
        # once asked for its memories, a modem that falls silent is noticed in 20 s, not in 600
        counts = self._read_counts()
        if counts is None:
            raise ModemLost(*NO_MEMORIES)
        self._counts = counts
        self._ask_or(None, "SetIncomingCall", True)

    # --- opening ----------------------------------------------------------------------------

    def _open(self, pin: str | None) -> None:
        try:
            self._ask("Init")
        except GammuError as error:
            raise self._broken(error) from None
        self._unlock(pin)

    def _unlock(self, pin: str | None) -> None:
        asks_for = self._ask_or(None, "GetSecurityStatus")
        if asks_for is None:
            return
        if asks_for != "PIN":
            raise ModemLost("pin", f"the SIM asks for its {asks_for}; unblock it in a phone")
        if pin is None:
            raise ModemLost("pin", "the SIM asks for its PIN; set modem.pin, or remove the PIN in a phone")
        looks = UNLOCKING
        try:
            self._ask("EnterSecurityCode", "PIN", pin)
        except GammuError:
            looks = 1
        # its success is not to be trusted: a line that the modem says unasked replaces an error
        for _ in range(looks):
            if self._ask_or(None, "GetSecurityStatus") is None:
                return
        raise ModemLost("pin_wrong", "the SIM refused the PIN; correct modem.pin: three wrong ones close it")

    def _read_identity(self) -> Identity:
        model = self._ask_or(("", ""), "GetModel")
        return Identity(
            manufacturer=self._ask_or("", "GetManufacturer"),
            model=model[1] or model[0],
            imei=self._ask_or("", "GetIMEI"),
            imsi=self._ask_or("", "GetSIMIMSI"),
            smsc=self._ask_or({"Number": ""}, "GetSMSC", 1)["Number"],
        )

    # --- the port ---------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return who the modem is, as it said when it was opened."""
        return self._identity

    def network(self) -> Network:
        """Return the state of the radio; raises `ModemLost`."""
        info = self._ask_or({}, "GetNetworkInfo")
        percent = self._ask_or({}, "GetSignalQuality").get("SignalPercent", -1)
        state = info.get("State", "")
        counts = self._read_counts()
        return Network(
            registered=state in {"HomeNetwork", "RoamingNetwork"},
            roaming=state == "RoamingNetwork",
            operator=info.get("NetworkName") or info.get("NetworkCode", ""),
            signal_percent=percent if percent >= 0 else None,
            full_percent=None if counts is None else counts.full_percent,
            denied=state == "RegistrationDenied",
        )

    def listing(self) -> Listing:
        """Return all that both memories show, and new calls; raises `ModemLost`.

        Where it found fewer messages than the modem counts, it is not `complete`.
        """
        counts = self._read_counts()
        if counts is None:
            self._refusals += 1
            if self._refusals >= REFUSALS:
                raise ModemLost(*NO_MEMORIES)
            return Listing((), self._new_calls(), complete=False)
        self._refusals = 0
        if counts.memories != self._counts.memories:
            # addresses would change their meaning; a fresh cell looks at the modem afresh
            raise ModemLost("sim", "the modem's memories are others than before; was its SIM changed?")
        self._counts = counts
        look = Pass(self, counts, self._deficit)
        complete = look.run()
        self._deficit = look.deficit
        slots = tuple(self._slot(shown) for shown in look.seen.values())
        cards = filter(None, (self._card(memory) for memory in counts.memories))
        return Listing(slots, self._new_calls(), complete, tuple(cards))

    def delete(self, address: SlotAddress) -> None:
        """Delete one slot; raises `DeleteFailed`, or `ModemLost` where it may be deleted.

        libGammu reads a message before it deletes it, and refuses where it cannot decode it
        with another error than ERR_CORRUPTED: such a slot cannot be freed by this road. What
        it returns is not to be trusted: the result of a call that rings into an error is none.
        """
        location = self._counts.location(address.memory, address.location)
        error = ""
        with self._overheard() as overheard:
            try:
                self._ask("DeleteSMS", 0, location)
            except GammuError as failure:
                error = failure.name
            log = overheard()
        if not was_deleted(error, log):
            raise DeleteFailed(
                f"slot {address.memory} {address.location} was not deleted ({error or 'no answer'})"
            )

    def delete_by_hand(self, slots: Mapping[SlotAddress, bytes]) -> frozenset[SlotAddress]:
        """Free slots that `delete` cannot; return those that hold it no more; raises `ModemLost`.

        libGammu lets go of the modem meanwhile, and takes 4 s to come back.
        """
        if self._speed is None:
            return frozenset()
        ours = [address for address in slots if address.card == self._card(address.memory)]
        known = {address: partial(_shows, slots[address]) for address in ours}
        self.close()
        freed = self._by_hand(lambda talk: by_hand.free(talk, known))
        self._reopen()
        return freed or frozenset()

    def restart_radio(self) -> None:
        """Switch the radio off and on, with libGammu out of the way; raises `ModemLost`."""
        if self._speed is None:
            return
        self.close()
        self._by_hand(radio_by_hand.restart)
        if self._reports:
            self._by_hand(radio_by_hand.keep_reports)
        self._reopen()

    def _by_hand(self, work: Callable[[Conversation], Done]) -> Done | None:
        """Do what libGammu cannot, while it does not have the modem; None where AT is not spoken."""
        if self._speed is None:
            return None
        try:
            with Conversation(self._device, self._speed) as talk:
                talk.greet()
                return work(talk)
        except CannotOpen as error:
            raise ModemLost(error.cause, str(error)) from None
        except NoAnswer as error:
            raise ModemLost("hung", f"while AT was spoken by hand: {error}") from None

    def _reopen(self) -> None:
        """Let libGammu have the modem again."""
        try:
            self._ask("Init")
        except GammuError as error:
            raise self._broken(error) from None
        self._read_counts()  # so that a modem that falls silent is noticed in 20 s, not in 600
        self._ask_or(None, "SetIncomingCall", True)

    def send(
        self,
        number: str,
        parts: Sequence[str],
        *,
        unicode: bool,
        accepted: Callable[[int], object] | None = None,
    ) -> tuple[int, ...]:
        """Send one text; raises `NotSent`, `Refused` or `InDoubt`."""
        if len(parts) > 1:
            self._reference = (self._reference + 1) % 256
        references: list[int] = []
        for index, text in enumerate(parts):
            message = {
                "Type": "Status_Report" if self._reports else "Submit",
                "Number": number,
                "Text": escaped(text) if unicode else text,
                "Coding": "Unicode_No_Compression" if unicode else "Default_No_Compression",
                "SMSC": self._smsc,
                "UDH": concatenation_header(self._reference, len(parts), index + 1)
                if len(parts) > 1
                else None,
            }
            references.append(self._send_part(message, taken=index))
            if accepted is not None:
                accepted(references[-1])
        return tuple(references)

    def ussd(self, code: str, pattern: str) -> str:
        """Dial a service code and return the answer; raises `UssdFailed` or `ModemLost`.

        libGammu only dials: it waits for no answer, and hands on what the network says whenever it
        says something. What had been said before the code was dialled is none.
        """
        try:
            self._ask("SetIncomingUSSD", True)
            self._ask_or(0, "ReadDevice")
            self._said.clear()
            self._ask("DialService", code)
            return self._listen(Dialogue(pattern, time.monotonic()))
        except GammuError as error:
            raise UssdFailed(f"the modem did not take the service code ({error.name})") from None
        finally:
            self._ask_or(None, "SetIncomingUSSD", False)  # this ends the session as well

    def _listen(self, dialogue: Dialogue) -> str:
        """Hear what the network says until the dialogue is over; return the answer."""
        while not dialogue.is_over(time.monotonic()):
            self._ask_or(0, "ReadDevice")
            while self._said:
                dialogue.hear(*self._said.popleft(), time.monotonic())
            time.sleep(LISTENING_PAUSE)
        return dialogue.conclude()

    def close(self) -> None:
        """Let go of the modem. On a modem that hangs this waits; the cell's deadline ends it."""
        with suppress(gammu.GSMError):
            self._machine.Terminate()

    # --- reading slots: what a pass asks ----------------------------------------------------

    def following(self, location: int | None) -> Shown | None:
        """Return what follows in libGammu's list; see `gammu_listing.Phone`."""
        where = (0, True) if location is None else (0, False, location)
        try:
            message = self._ask("GetNextSMS", *where)[0]
        except CONVERSION_ERRORS:
            raise Unreadable from None
        except GammuError as error:
            if error.name in NO_MESSAGE:
                return None
            self._check_sim(error)
            raise Unreadable from None
        return Shown(message["Location"], message)

    def read(self, location: int) -> Shown | None:
        """Return what one slot shows, with its PDU; see `gammu_listing.Phone`.

        What went wrong on the line, such as a call that rang into the answer, is no reason to
        hold a message for undecodable. So a PDU that came through is decoded once more.
        """
        message, error = None, ""
        with self._overheard() as overheard:
            try:
                message = self._ask("GetSMS", 0, location)[0]
            except CONVERSION_ERRORS as conversion:
                error = _name(conversion)
            except GammuError as failure:
                self._check_sim(failure)
                error = failure.name
            log = overheard()
        pdu = raw_message(log)
        if message is None and pdu is not None:
            message, error = _decode(pdu)
        if message is None and pdu is None and (log or error in NO_MESSAGE):
            return None  # for an empty slot modems answer with all sorts of errors
        return Shown(location, message, error, pdu)

    def _check_sim(self, error: GammuError) -> None:
        if error.name in NO_SIM:
            raise ModemLost(*NO_MEMORIES)

    def _read_counts(self) -> Counts | None:
        try:
            status = self._ask("GetSMSStatus")
        except GammuError as error:
            self._check_sim(error)
            return None
        return Counts(status["SIMSize"], status["SIMUsed"], status["PhoneSize"], status["PhoneUsed"])

    def _slot(self, shown: Shown) -> Slot:
        if shown.message is not None and shown.pdu is None and needs_pdu(shown.message):
            again = self.read(shown.location)
            shown = again if again is not None and again.message is not None else shown
        address = self._address(shown.location)
        if shown.message is None:
            fingerprint = fingerprint_of_undecodable(shown.error, shown.pdu)
            return Slot(address, fingerprint, Undecodable(shown.error, shown.pdu))
        return Slot(address, fingerprint_of(shown.message), content_of(shown.message, shown.pdu))

    def _address(self, location: int) -> SlotAddress:
        memory, slot = self._counts.place(location)
        card = self._card(memory)
        if not card:
            # without its card's number a slot could not be told from another card's
            raise ModemLost("sim", f"the number of the card behind {memory} cannot be read")
        return SlotAddress(card, memory, slot)

    def _card(self, memory: Memory) -> str:
        return self._identity.imsi if memory is Memory.SIM else self._identity.imei

    # --- calls ------------------------------------------------------------------------------

    def _notice(self, _machine: Any, kind: str, event: dict[str, Any]) -> None:
        """Take note of an event. Called within any call to libGammu; must not call it, nor raise."""
        # the number of an event for the end of a call is what memory held: never look at it
        if kind == "Call" and event.get("Status") == "IncomingCall":
            self._rings.heard(event.get("Number") or "", time.monotonic())
        elif kind == "USSD":
            self._said.append((event.get("Status", ""), event.get("Text") or ""))

    def _new_calls(self) -> tuple[Call, ...]:
        self._ask_or(0, "ReadDevice")
        numbers = self._rings.take()
        if numbers and self._hang_up:
            self._ask_or(None, "CancelCall", 0, True)
        return tuple(Call(number) for number in numbers)

    # --- sending ----------------------------------------------------------------------------

    def _send_part(self, message: dict[str, Any], taken: int) -> int:
        """Send one part and return its reference; `taken` parts of the text went before it."""
        with self._overheard() as overheard:
            try:
                reference: int = self._machine.SendSMS(message)
            except (gammu.GSMError, *CONVERSION_ERRORS) as error:
                raise failure_of_send(_name(error), overheard(), taken) from None
        return reference

    # --- libGammu ---------------------------------------------------------------------------

    def _ask(self, method: str, *arguments: Any) -> Any:
        """Call libGammu; raises `ModemLost` for a loss and `GammuError` for anything else."""
        try:
            return getattr(self._machine, method)(*arguments)
        except gammu.GSMError as error:
            name = _name(error)
            if name in LOSSES:
                cause, cure = LOSSES[name]
                raise ModemLost(cause, cure.format(self._device)) from None
            raise GammuError(name) from None

    def _ask_or(self, default: Any, method: str, *arguments: Any) -> Any:
        """Call libGammu for something that not every modem can; raises `ModemLost` alone."""
        try:
            return self._ask(method, *arguments)
        except (GammuError, *CONVERSION_ERRORS):
            return default

    def _broken(self, error: GammuError) -> ModemLost:
        return ModemLost("broken", f"{self._device} does not answer as a modem does ({error.name})")

    @contextmanager
    def _overheard(self) -> Iterator[Callable[[], str]]:
        """Turn the debug stream on; yield what returns all that it said.

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


def _decode(pdu: bytes) -> tuple[dict[str, Any] | None, str]:
    """Return the message that a PDU holds, or None and the error.

    Where it ends with the SMSC's number, libGammu takes what memory holds behind it for the
    message's type: now this, now that.
    """
    if len(pdu) <= 1 + pdu[0]:
        return None, "ERR_CORRUPTED"
    try:
        return gammu.DecodePDU(pdu), ""
    except (gammu.GSMError, *CONVERSION_ERRORS) as error:
        return None, _name(error)


def _shows(fingerprint: bytes, pdu: bytes) -> bool:
    """Tell whether a listing that shows this PDU has this fingerprint."""
    if fingerprint == fingerprint_of_undecodable("", pdu):
        return True
    message, _ = _decode(pdu)
    return message is not None and fingerprint == fingerprint_of(message)


def _name(error: Exception) -> str:
    return type(error).__name__
