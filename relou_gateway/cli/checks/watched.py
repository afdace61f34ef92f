"""What the daemon wrote down: how it sees its modem, which is left alone then, and why it sends nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...config import Settings
from ...rules.breaker import EXPLANATIONS, Cause
from ...rules.coverage import LACKS_CENTRE, TROUBLES, Coverage
from ...store.breaker import Stopped
from ...store.gateway import ModemSeen, Pause
from ...store.losses import Losses
from ..output import when
from ..screen import count
from . import radio
from .finding import Finding, State, failure, ok, skipped, warning
from .radio import CHECKS, PLUG_AGAIN

BUSY = "the gateway is at work and has the modem; stop it to have this asked"

CURES: Mapping[str, str] = {
    "absent": "plug it in; the gateway finds it by itself, see device above",
    "busy": "see in_use above: stop what else has it open",
    "denied": "see permissions above",
    "hung": f"the gateway tries again by itself; if it goes on, {PLUG_AGAIN}",
    "died": f"the gateway tries again by itself; if it goes on, {PLUG_AGAIN}",
    "broken": f"{PLUG_AGAIN}; if it stays so, this is no modem or another tty of it",
    "sim": "try the SIM in a phone",
    "pin": "switch the SIM's PIN off in a phone, or set modem.pin, then restart the gateway",
    "pin_wrong": "correct modem.pin first, then restart the gateway: three wrong ones close the SIM",
}
"""What to do where the daemon lost its modem, by the cause (`modem.port.LOST_CAUSES`)."""


STUCK_FULL = (
    "the gateway makes room by itself; if it stays so, `relou-gateway status` tells of slots that it "
    "cannot delete: empty the SIM in a phone"
)

CALLS_FOR: Mapping[Cause, str] = {
    Cause.REJECTED: "top the SIM up, or ask its operator why it may not send",
    Cause.UNREPORTED: "send yourself an SMS from this SIM in a phone; if it does not come, ask its operator",
}
"""What to do where sending stopped by itself, by the cause."""

LOOSE = 3
"""So often within a day no modem is lost that is well supplied and plugged in."""


def seen(modem: ModemSeen, settings: Settings | None) -> Iterator[Finding]:
    """Yield what the daemon last saw; `settings` say what is allowed, None where nobody knows."""
    shown = {}
    if modem.imei:
        shown["modem"] = ok("modem", f"IMEI {modem.imei}")
    if modem.state == "ready":
        shown |= {each.check: each for each in _of_a_ready(modem, settings)}
    all_well = all(each.state is State.OK for each in shown.values())
    yield _answers(modem, detail=modem.detail if all_well else "")
    for check in CHECKS:
        yield shown.get(check) or skipped(check, BUSY)


def _of_a_ready(modem: ModemSeen, settings: Settings | None) -> Iterator[Finding]:
    """Yield what is known of a modem that works; what its `detail` says is among it."""
    if modem.registered:
        yield radio.registered(modem.operator, settings, roaming=modem.roaming)
        yield radio.signal(modem.signal_percent)
    else:
        yield radio.unregistered(denied=TROUBLES[Coverage.DENIED] in modem.detail)
    if LACKS_CENTRE in modem.detail:
        yield radio.no_centre()
    if modem.full_percent is not None:
        yield radio.fill(f"{modem.full_percent} % full", modem.full_percent / 100, STUCK_FULL)


def _answers(modem: ModemSeen, detail: str) -> Finding:
    """Say whether there is a modem at work; `detail` is what no other finding tells of it."""
    if modem.state == "ready" and detail:
        cure = "docs/hardware.md, SIM and PIN, tells what to do about memories and message centre"
        return warning("answers", f"the gateway is at work with {modem.device}; {detail}", cure)
    if modem.state == "ready":
        return ok("answers", f"the gateway is at work with {modem.device}")
    if modem.state == "starting":
        return warning("answers", "the gateway is opening it", "ask again in half a minute")
    found, _, cure = modem.detail.partition("; ")
    cause = modem.state.removeprefix("waiting: ")
    return failure(
        "answers", f"the gateway has no modem: {found or cause}", cure or CURES.get(cause, PLUG_AGAIN)
    )


# --- what else is on record ---------------------------------------------------------------


def sending(paused: Pause | None, stopped: Stopped | None) -> Finding:
    """Say whether anything but the caps keeps replies from going: the gateway itself, or an operator."""
    if stopped is not None:
        then = f"next try {when(stopped.until)}" if stopped.trial is None else "one is being tried"
        found = f"stopped by itself since {when(stopped.since)}, {then}: {EXPLANATIONS[stopped.cause]}"
        return failure("sending", found, f"{CALLS_FOR[stopped.cause]}; then `relou-gateway resume`")
    if paused is not None:
        reason = f": {paused.reason}" if paused.reason else ""
        return warning("sending", f"paused since {when(paused.since)}{reason}", "`relou-gateway resume`")
    return ok("sending", "neither paused nor stopped by itself")


def disconnects(losses: Losses | None) -> Finding:
    """Say how often a modem that was at work was lost of late."""
    if losses is None:
        return ok("disconnects", "the modem was not lost within the last day")
    last = f"last at {when(losses.last_wall)} ({losses.cause})"
    found = f"the modem was lost {count(losses.times, 'time')} within a day, {last}"
    if losses.times < LOOSE:
        return ok("disconnects", found)
    cure = "another cable or port, a hub with a supply of its own; docs/hardware.md, Power, says why"
    return warning("disconnects", found, cure)
