"""The modem, from the outside in: its device, who has it, and only then what it says."""

from __future__ import annotations

from collections.abc import Iterator

from ...config import Settings
from . import host, port, radio, watched
from .case import AUTO, Case, objection_to_pin
from .finding import Finding, State, ok, skipped

VIRTUAL = "virtual"

ALL = ("permissions", "in_use", "modem_manager", "autosuspend", "answers", *radio.CHECKS)

MOST_ASKED = 4
"""Candidates that are asked at the most: a stick has three or four ttys, and a silent one takes its time."""


def examine(case: Case) -> Iterator[Finding]:
    """Look at the modem; it is opened only where nobody else has it open."""
    if case.device is None:
        yield from _not_looked_at(
            "the configuration does not say which; `--device PATH` does", "device", *ALL
        )
        return
    if case.device == VIRTUAL:
        yield from _not_looked_at(
            "modem.device is virtual: nothing that it sends leaves this machine", "device"
        )
        return
    devices = _devices(case)
    yield port.present(devices, case.machine)
    there = [device for device in devices if port.is_there(device)]
    if there:
        yield from _examine(there, case)
    elif _is_the_daemons(devices, case):
        yield from _not_looked_at("there is no device", *ALL[: ALL.index("answers")])
        yield from _watched(case)
    else:
        yield from _not_looked_at("there is no device", *ALL)


def _examine(there: list[str], case: Case) -> Iterator[Finding]:
    node = port.node_of(there[0])
    person = _person(case.settings)
    allowed = port.permissions(node, person)
    yield allowed
    daemons = _is_the_daemons(there, case)
    in_use = (
        ok("in_use", "it is the gateway's, which is at work") if daemons else port.in_use(node, case.machine)
    )
    yield in_use
    yield host.modem_manager(node, case.machine)
    yield host.autosuspend(node, case.machine)
    if daemons:
        yield from _watched(case)
    elif case.at_work is None or (case.at_work and case.past is None):
        yield from _not_looked_at(
            "a gateway may be at work with it; `sudo` lets you see", "answers", *radio.CHECKS
        )
    elif in_use.state is State.FAILURE:
        yield from _not_looked_at("another program has the modem", "answers", *radio.CHECKS)
    elif allowed.state is State.FAILURE and person == port.myself():
        yield from _not_looked_at("you may not open it", "answers", *radio.CHECKS)
    else:
        yield from _asked(there, case)


def _not_looked_at(reason: str, *checks: str) -> Iterator[Finding]:
    return (skipped(check, reason) for check in checks)


# --- which --------------------------------------------------------------------------------


def _devices(case: Case) -> list[str]:
    """Return the paths to look at: the one that is named, the daemon's, or all that may be modems."""
    from ...modem import discovery  # noqa: PLC0415 - only where nothing is named

    if case.device is not None and case.device != AUTO:
        return [case.device]
    if case.at_work and case.past is not None and case.past.modem.device:
        return [case.past.modem.device]
    return discovery.candidates()


def _is_the_daemons(devices: list[str], case: Case) -> bool:
    """Say whether the device belongs to the gateway that is at work, or may do so at any moment.

    All ttys of one stick are one modem: what is asked on one may disturb another.
    """
    if not case.at_work or case.past is None:
        return False
    theirs = case.past.modem
    configured = AUTO if case.settings is None else case.settings.modem.device
    if case.named is None or (configured == AUTO and theirs.state != "ready"):
        return True
    this, other = port.node_of(devices[0]), port.node_of(theirs.device)
    stick = host.usb_device(this, case.machine)
    return this == other or (stick is not None and stick == host.usb_device(other, case.machine))


def _person(settings: Settings | None) -> port.Person:
    """Return who will open the modem: whoever owns the database where root asks, else who asks."""
    me = port.myself()
    owner = port.owner_of(settings.storage.path) if me.uid == 0 and settings is not None else None
    return owner or me


# --- what it says -------------------------------------------------------------------------


def _watched(case: Case) -> Iterator[Finding]:
    assert case.past is not None
    return watched.seen(case.past.modem, case.settings)


def _asked(devices: list[str], case: Case) -> Iterator[Finding]:
    """Ask the first of `devices` that answers; where none does, tell why the first did not."""
    from ...modem.probe import SPEED, Facts, probe, speed_of  # noqa: PLC0415 - opens a port; the rest only looks

    speed = SPEED if case.settings is None else speed_of(case.settings.modem.connection) or SPEED
    answers = (probe(device, speed=speed, full=True) for device in devices[:MOST_ASKED])
    answer = next(answers)
    if not isinstance(answer, Facts):
        answer = next((each for each in answers if isinstance(each, Facts)), answer)
    against = None
    if isinstance(answer, Facts) and answer.sim == "pin":
        against = objection_to_pin(case, answer.imei, answer.pin_tries)
    remembered = None if case.past is None else case.past.remembered
    yield from radio.told(answer, case.settings, remembered, against)
