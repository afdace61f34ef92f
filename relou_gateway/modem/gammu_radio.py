"""Who the modem is, and what its radio sees: as libGammu tells it, and where that is not all, by hand."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from ..rules.records import Identity, Network
from . import registration_by_hand
from .at import Conversation, NoAnswer
from .gammu_machine import Machine
from .line import Line
from .lte import Answer, LteRegistration
from .registration import CIRCUIT, LTE, PACKET, Registration, registration, state_in

STATES = {"HomeNetwork": 1, "RegistrationDenied": 3, "RoamingNetwork": 5}
"""What libGammu makes of the states that it knows; used where its debug stream does not show them."""


def read_identity(machine: Machine) -> Identity:
    """Return who the modem says that it is; raises `ModemLost`."""
    model = machine.ask_or(("", ""), "GetModel")
    return Identity(
        manufacturer=machine.ask_or("", "GetManufacturer"),
        model=model[1] or model[0],
        imei=machine.ask_or("", "GetIMEI"),
        imsi=machine.ask_or("", "GetSIMIMSI"),
        smsc=machine.ask_or({"Number": ""}, "GetSMSC", 1)["Number"],
    )


class Seen(NamedTuple):
    """What libGammu sees. States are of AT+CREG and AT+CGREG, None where the modem does not tell them."""

    circuit: int | None
    packet: int | None
    attached: bool
    signal_percent: int | None
    operator: str


class Radio:
    """The radio of the modem at the end of `line`."""

    def __init__(self, line: Line, machine: Machine) -> None:
        self._line = line
        self._machine = machine
        self._lte = LteRegistration()

    def network(self, full_percent: int | None) -> Network:
        """Return the state of the radio; raises `ModemLost`. `full_percent` is how full the memories are."""
        seen = self._see()
        found, operator = registration((seen.circuit, seen.packet)), seen.operator
        if found.registered:
            self._lte.is_not_needed()
        else:
            found, operator = self._look_further(seen)
        return Network(
            registered=found.registered,
            roaming=found.roaming,
            operator=operator,
            signal_percent=seen.signal_percent,
            full_percent=full_percent,
            denied=found.denied,
        )

    def sent(self) -> None:
        """Take note that the network took a message."""
        self._lte.sent(time.monotonic())

    def refused(self) -> None:
        """Take note that a send failed, perhaps for want of a network."""
        self._lte.doubt()

    def _see(self) -> Seen:
        with self._machine.overheard() as overheard:
            info = self._machine.ask_or({}, "GetNetworkInfo")
            log = overheard()
        circuit = state_in(log, CIRCUIT)
        percent = self._machine.ask_or({}, "GetSignalQuality").get("SignalPercent", -1)
        return Seen(
            circuit=STATES.get(info.get("State", "")) if circuit is None else circuit,
            packet=state_in(log, PACKET),
            attached=info.get("GPRS") == "Attached",
            signal_percent=percent if percent >= 0 else None,
            operator=info.get("NetworkName") or info.get("NetworkCode", ""),
        )

    def _look_further(self, seen: Seen) -> tuple[Registration, str]:
        """Return how the modem is registered, if in LTE alone, and with which operator."""
        sight = (seen.circuit, seen.packet, seen.attached, seen.signal_percent is None)
        if self._lte.is_due(sight, time.monotonic()):
            answer = self._line.by_hand(partial(_asked, seen))
            self._line.give_back()
            self._lte.take(answer, sight, time.monotonic())
        found, operator = self._lte.answer
        if found.registered:
            return found, operator
        denied = found.denied or registration((seen.circuit, seen.packet)).denied
        return found._replace(denied=denied), ""


def _asked(seen: Seen, talk: Conversation) -> Answer | None:
    """Return what the modem says by hand; None where that can never be more than libGammu saw.

    One that falls silent over it is not asked again: whether it lives, libGammu finds out.
    """
    try:
        states = registration_by_hand.states(talk)
    except NoAnswer:
        return None
    if LTE not in states and seen.circuit is not None:
        return None
    found, operator = registration(states.values()), ""
    if found.registered:
        with suppress(NoAnswer):
            operator = registration_by_hand.operator(talk)
    return Answer(found, operator)
