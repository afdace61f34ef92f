"""What the modem said when it was asked: who it is, its SIM, the network, calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...config import Settings
from ...modem.probe import Facts, Silence
from ...store.modems import Remembered
from .finding import Finding, failure, ok, skipped, warning

CHECKS = ("modem", "sim", "pin", "registration", "signal", "smsc", "memories", "forwarding", "calls")
"""What can only be known from a modem that was asked."""

WEAK, WEAKEST = 30, 10
"""Percent of the scale of AT+CSQ (27.007 ch. 8.5) below which messages come late, or not at all."""

NEARLY_FULL = 0.7
"""Share of a memory's slots; a memory that is full receives nothing more."""

IN_A_PHONE = "put the SIM into a phone"
PLUG_AGAIN = "unplug the modem, wait ten seconds, plug it in again"

SIM_CURES: Mapping[str, tuple[str, str]] = {
    "absent": (
        "there is none, or it lies the wrong way round",
        "take it out, look at the drawing on the slot, put it in again",
    ),
    "failed": ("the modem cannot read it", "clean its contacts with a dry cloth, and try it in a phone"),
    "network": (
        "the modem is locked to another operator",
        "use a SIM of that operator, or a modem without such a lock",
    ),
    "busy": ("it is not ready yet", "wait half a minute, then ask again"),
    "unknown": ("the modem says nothing of it", f"{PLUG_AGAIN}; if it stays so, try the SIM in a phone"),
}
"""What a SIM that cannot be worked with is told as, and what to do about it."""

MEMORIES = {"SM": "SIM", "ME": "modem"}


def told(
    answer: Facts | Silence, settings: Settings | None, remembered: Remembered | None, objection: str | None
) -> Iterator[Finding]:
    """Yield what the modem's answer says.

    `remembered` is the modem that was at work last; `objection` says, where the SIM asks for its
    PIN, why the gateway would not give it.
    """
    if isinstance(answer, Silence):
        found, _, cure = answer.reason.partition("; ")
        yield failure("answers", found, cure or PLUG_AGAIN)
        yield from (skipped(check, "the modem did not answer") for check in CHECKS)
        return
    yield ok("answers", f"{answer.device} answers as a modem does")
    yield _modem(answer, remembered)
    yield from _card(answer, objection)
    if answer.sim == "ready":
        yield from _network(answer, settings)
        yield from _calls(answer, settings)
    else:
        yield from (skipped(check, "the SIM is not open") for check in CHECKS[CHECKS.index("registration") :])


def _modem(facts: Facts, remembered: Remembered | None) -> Finding:
    name = (
        " ".join(filter(None, (facts.manufacturer, facts.model, facts.revision)))
        or "it does not say what it is"
    )
    shown = f"{name}, IMEI {facts.imei or 'unknown'}"
    if facts.sim == "ready" and not facts.messages:
        cure = "this modem is made for data alone; docs/hardware.md names some that do SMS"
        return failure("modem", f"{shown}; it cannot do SMS", cure)
    if remembered is not None and facts.imei and remembered.imei != facts.imei:
        cure = "if you changed it, all is well: the gateway takes note; else look which modem this is"
        return warning("modem", f"{shown}; the one before had {remembered.imei}", cure)
    return ok("modem", shown)


# --- the SIM ------------------------------------------------------------------------------


def _card(facts: Facts, objection: str | None) -> Iterator[Finding]:
    if facts.sim in SIM_CURES:
        found, cure = SIM_CURES[facts.sim]
        yield failure("sim", found, cure)
        yield skipped("pin", "there is no SIM to ask")
        return
    yield ok("sim", "it is there")
    if facts.sim == "puk":
        cure = f"{IN_A_PHONE}, type the PUK from its letter and a new PIN, then switch the PIN off"
        left = "" if facts.puk_tries is None else f", {facts.puk_tries} tries left"
        yield failure("pin", f"the SIM is closed and asks for its PUK{left}", cure)
    elif facts.sim == "ready":
        yield ok("pin", "none is asked for")
    elif facts.sim == "pin":
        yield _pin(facts, objection)
    else:
        cure = f"{IN_A_PHONE} and enter what it asks for"
        yield failure("pin", f"the SIM asks for its {facts.sim.upper()}", cure)


def _pin(facts: Facts, objection: str | None) -> Finding:
    left = "" if facts.pin_tries is None else f" ({facts.pin_tries} tries left)"
    if objection is None:
        return ok("pin", f"the SIM asks for it{left}; the gateway gives the one that is set")
    why, _, cure = objection.partition("; ")
    return failure("pin", f"the SIM asks for it{left}: {why}", cure)


# --- the network --------------------------------------------------------------------------


def _network(facts: Facts, settings: Settings | None) -> Iterator[Finding]:
    yield _registration(facts, settings)
    yield signal(facts.signal_percent)
    yield _smsc(facts, settings)
    yield _memories(facts)


def _registration(facts: Facts, settings: Settings | None) -> Finding:
    if not facts.registered:
        return unregistered(denied=facts.denied)
    return registered(facts.operator, settings, roaming=facts.roaming)


def unregistered(*, denied: bool) -> Finding:
    """Say that the modem has no network; `denied` where one refused it."""
    if denied:
        cure = "try the SIM in a phone; was it activated, did it lie unused for months? ask its operator"
        return failure("registration", "the network refuses this SIM", cure)
    cure = "move the antenna to a window; try the SIM in a phone; a 2G or 3G modem may have no network left"
    return failure("registration", "no network has taken it in", cure)


def registered(operator: str, settings: Settings | None, *, roaming: bool) -> Finding:
    """Say in whose network the modem is, and whether anything is sent there."""
    name = operator or "a network that does not tell its name"
    if not roaming:
        return ok("registration", name)
    if settings is not None and settings.modem.roaming:
        return ok("registration", f"{name}, as a guest (roaming), which modem.roaming allows")
    cure = (
        "bring it or its antenna to where its own network is; modem.roaming: true sends all the same, "
        "and budget.price should be what that costs"
    )
    found = f"{name}, as a guest (roaming), where nothing is sent"
    if settings is None:
        return warning("registration", found, cure)
    return failure("registration", found, cure)


def signal(percent: int | None) -> Finding:
    """Say whether the signal is good enough; `percent` of AT+CSQ's scale, None where it is unknown."""
    if percent is None:
        return warning("signal", "the modem does not know it", "ask again in a minute; see registration")
    better = "move the modem or its antenna to a window, off the floor, away from metal and the computer"
    if percent < WEAKEST:
        return failure("signal", f"{percent} %, too weak", better)
    if percent < WEAK:
        return warning("signal", f"{percent} %, weak", better)
    return ok("signal", f"{percent} %")


def _smsc(facts: Facts, settings: Settings | None) -> Finding:
    if settings is not None and settings.modem.smsc is not None:
        return ok("smsc", f"{settings.modem.smsc}, as set in modem.smsc")
    return ok("smsc", facts.smsc) if facts.smsc else no_centre()


def no_centre() -> Finding:
    """Say that nobody knows the number of the SIM's message centre."""
    cure = "ask the operator for the number of its message centre, and set modem.smsc"
    return failure("smsc", "the SIM does not know its message centre: nothing can be sent", cure)


def _memories(facts: Facts) -> Finding:
    fills = {MEMORIES.get(name, name): fill for name, fill in facts.memories.items() if fill[1] > 0}
    if not fills:
        return skipped("memories", "the modem does not tell how full they are")
    shown = ", ".join(f"{name} {used} of {size}" for name, (used, size) in fills.items())
    fullest = max(used / size for used, size in fills.values())
    return fill(shown, fullest, "start the gateway: it takes the messages in and makes room")


def fill(shown: str, share: float, cure: str) -> Finding:
    """Say whether there is room for messages; `share` is what is taken of the fullest memory."""
    if share >= 1:
        return failure("memories", f"{shown}: a full one takes no message more", cure)
    if share >= NEARLY_FULL:
        return warning("memories", f"{shown}: nearly full", cure)
    return ok("memories", shown)


# --- calls --------------------------------------------------------------------------------


def _calls(facts: Facts, settings: Settings | None) -> Iterator[Finding]:
    yield _forwarding(facts.forwardings)
    if settings is not None and not settings.policy.replies.to_calls:
        yield skipped("calls", "they are not answered (replies.to_calls)")
    elif facts.can_ring is None:
        yield skipped(
            "calls", "the modem does not tell whether it can ring; call it and see `relou-gateway messages`"
        )
    elif facts.can_ring:
        yield ok("calls", "it tells who calls; call it once, since some modems promise more than they do")
    else:
        cure = "SMS are answered all the same; for calls take a modem with voice, see docs/hardware.md"
        yield warning("calls", "this modem does not ring: who calls gets no answer", cure)


def _forwarding(forwardings: Mapping[str, str] | None) -> Finding:
    if forwardings is None:
        return skipped("forwarding", "the network does not tell; `*#004#` in a phone with this SIM does")
    if not forwardings:
        return ok("forwarding", "calls are not forwarded")
    shown = ", ".join(f"to {number} ({when})" for when, number in forwardings.items())
    cure = f"{IN_A_PHONE} and dial ##002#; the voicemail's greeting may betray the number, and may cost"
    if "always" in forwardings:
        return failure("forwarding", f"every call is forwarded {shown}: it never rings here", cure)
    return warning("forwarding", f"calls are forwarded {shown}", cure)
