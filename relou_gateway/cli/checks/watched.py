"""What the daemon saw of its modem, where it is at work: the modem itself is left alone then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...store.gateway import ModemSeen
from .finding import Finding, failure, ok, skipped, warning
from .radio import CHECKS, NO_NETWORK, PLUG_AGAIN, signal

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


def seen(modem: ModemSeen) -> Iterator[Finding]:
    """Yield what the daemon last saw."""
    yield _answers(modem)
    shown = {
        "modem": ok("modem", f"IMEI {modem.imei}") if modem.imei else None,
        "registration": _registration(modem) if modem.state == "ready" else None,
        "signal": signal(modem.signal_percent) if modem.state == "ready" and modem.registered else None,
    }
    for check in CHECKS:
        yield shown.get(check) or skipped(check, BUSY)


def _answers(modem: ModemSeen) -> Finding:
    if modem.state == "ready" and modem.detail:
        cure = "docs/hardware.md, SIM and PIN, tells what to do about memories and message centre"
        return warning("answers", f"the gateway is at work with {modem.device}; {modem.detail}", cure)
    if modem.state == "ready":
        return ok("answers", f"the gateway is at work with {modem.device}")
    if modem.state == "starting":
        return warning("answers", "the gateway is opening it", "ask again in half a minute")
    found, _, cure = modem.detail.partition("; ")
    cause = modem.state.removeprefix("waiting: ")
    return failure(
        "answers", f"the gateway has no modem: {found or cause}", cure or CURES.get(cause, PLUG_AGAIN)
    )


def _registration(modem: ModemSeen) -> Finding:
    if modem.registered:
        return ok("registration", modem.operator or "a network that does not tell its name")
    return failure("registration", "no network has taken it in", NO_NETWORK)
