"""Who the modem is, and what its radio sees, as libGammu tells it."""

from __future__ import annotations

from ..rules.records import Identity, Network
from .gammu_machine import Machine
from .registration import registration, state_in

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


def read_network(machine: Machine, full_percent: int | None) -> Network:
    """Return the state of the radio; raises `ModemLost`. `full_percent` is how full the memories are."""
    with machine.overheard() as overheard:
        info = machine.ask_or({}, "GetNetworkInfo")
        state = state_in(overheard())
    percent = machine.ask_or({}, "GetSignalQuality").get("SignalPercent", -1)
    found = registration(STATES.get(info.get("State", "")) if state is None else state)
    return Network(
        registered=found.registered,
        roaming=found.roaming,
        operator=info.get("NetworkName") or info.get("NetworkCode", ""),
        signal_percent=percent if percent >= 0 else None,
        full_percent=full_percent,
        denied=found.denied,
    )
