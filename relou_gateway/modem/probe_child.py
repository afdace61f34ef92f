"""The inside of a probe: a child process that asks one modem what it is, and tells it in JSON.

Started as `python -I -m relou_gateway.modem.probe_child DEVICE [--speed N] [--seconds S] [--full]`.
It prints one object, `Facts.to_json` or `{"answers": false, "cause": …, "reason": …}`. What a
modem does not know stays empty; where it falls silent, what it said before is told. It
only reads: the one thing that it changes and changes back is the memory chosen for reading.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import registration_by_hand
from .answers import digits, known, plain, readable, value
from .at import SPEED, AtFailure, CannotOpen, Conversation, NoAnswer
from .probe import HUNG, Facts
from .registration import registration

Ask = Callable[..., tuple[str, ...]]
"""Asks a command, and returns no line where the modem does not know it."""

SIM_STATES = {
    "READY": "ready",
    "SIM PIN": "pin",
    "SIM PUK": "puk",
    "SIM PIN2": "pin2",
    "SIM PUK2": "puk2",
    "PH-NET PIN": "network",
    "PH-SIM PIN": "network",
}
"""Answers to AT+CPIN? (27.007 ch. 8.3)."""

SIM_ERRORS = {10: "absent", 11: "pin", 12: "puk", 13: "failed", 14: "busy", 15: "failed"}
"""+CME codes (27.007 ch. 9.2.1)."""

FORWARDED_WHEN = {0: "always", 1: "busy", 2: "no answer", 3: "not reachable"}
"""Reasons of AT+CCFC (27.007 ch. 7.11)."""

VOICE = 1
LATE = 1.0
"""Seconds before the parent's deadline at which the child tells what it has."""


def main() -> None:
    """Ask one modem and print what it says."""
    options = _options(sys.argv[1:])
    findings = _Findings(Facts(options.device))
    timer = threading.Timer(max(0.1, options.seconds - LATE), _tell_and_end, [findings])
    timer.daemon = True
    timer.start()
    try:
        with Conversation(options.device, options.speed, timeout=3.0) as talk:
            talk.greet()
            findings.answered = True
            for step in (*STEPS, *(FULL_STEPS if options.full else ())):
                findings.facts = step(talk, findings.facts)
            told = findings.facts.to_json()
    except CannotOpen as error:
        told = {"answers": False, "cause": error.cause, "reason": str(error)}
    except NoAnswer:
        told = findings.to_json()
    _tell(told)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="probe")
    parser.add_argument("device")
    parser.add_argument("--speed", type=int, default=SPEED)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--full", action="store_true")
    return parser.parse_args(arguments)


@dataclass
class _Findings:
    """What is known so far; the timer's thread tells it where the asking takes too long."""

    facts: Facts
    answered: bool = False

    def to_json(self) -> dict[str, Any]:
        if self.answered:
            return self.facts.to_json()
        return {"answers": False, "cause": "hung", "reason": HUNG.format(self.facts.device)}


def _tell(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    os._exit(0)  # closing a tty may hang; nothing is left to be tidied up


def _tell_and_end(findings: _Findings) -> None:
    _tell(findings.to_json())


# --- steps ----------------------------------------------------------------------------------


def _identity(talk: Conversation, facts: Facts) -> Facts:
    return replace(
        facts,
        manufacturer=plain(known(talk, "AT+CGMI")),
        model=plain(known(talk, "AT+CGMM")),
        revision=plain(known(talk, "AT+CGMR")),
        imei=digits(known(talk, "AT+CGSN")),
    )


def _sim(talk: Conversation, facts: Facts) -> Facts:
    tries = _tries_left(talk)
    facts = replace(facts, sim=_sim_state(talk), pin_tries=tries[0], puk_tries=tries[1])
    return replace(facts, imsi=digits(known(talk, "AT+CIMI"))) if facts.sim == "ready" else facts


def _sim_state(talk: Conversation) -> str:
    try:
        lines = talk.ask("AT+CPIN?")
    except AtFailure as failure:
        return SIM_ERRORS.get(failure.code or 0, "unknown") if failure.family == "CME" else "unknown"
    return SIM_STATES.get(value(lines).strip('"').upper(), "unknown")


def _tries_left(talk: Conversation) -> tuple[int | None, int | None]:
    """Return how often PIN and PUK may still be tried, by the standard's word for it or a maker's own."""
    for command, places in TRIES:
        if found := re.search(places, "\n".join(known(talk, command))):
            puk = found["puk"]
            return int(found["pin"]), int(puk) if puk else None
    return None, None


TRIES = (
    # 27.007 ch. 8.65: +CPINR: SIM PIN,3,3 and a line of the same form for the PUK
    ("AT+CPINR", r"(?s)SIM PIN *, *(?P<pin>\d+)(?:.*?SIM PUK *, *(?P<puk>\d+))?"),
    # Huawei: the state, the tries of what it asks for, then of PUK, PIN, PUK2, PIN2
    ("AT^CPIN?", r"\^CPIN: *[^,]*,\d*,(?P<puk>\d+),(?P<pin>\d+)"),
    # SIMCom: the tries of PIN, PUK, PIN2, PUK2
    ("AT+SPIC", r"\+SPIC: *(?P<pin>\d+),(?P<puk>\d+)"),
    # Quectel
    ('AT+QPINC="SC"', r'"SC" *, *(?P<pin>\d+) *, *(?P<puk>\d+)'),
)
"""Commands that tell the tries left, and where in their answers those of PIN and PUK stand."""


def _network(talk: Conversation, facts: Facts) -> Facts:
    found = registration(registration_by_hand.states(talk).values())
    return replace(
        facts,
        registered=found.registered,
        roaming=found.roaming,
        denied=found.denied,
        operator=registration_by_hand.operator(talk),
        signal_percent=_percent(value(known(talk, "AT+CSQ"))),
    )


def _percent(quality: str) -> int | None:
    strength = quality.partition(",")[0].strip()
    if not (strength.isascii() and strength.isdigit()) or int(strength) > 31:
        return None
    return int(strength) * 100 // 31


def _messages(talk: Conversation, facts: Facts) -> Facts:
    modes = re.findall(r"\d+", value(known(talk, "AT+CMGF=?")))
    if facts.sim != "ready":
        return replace(facts, messages="0" in modes)
    centre = re.search(r'"([^"]*)"', value(known(talk, "AT+CSCA?")))
    memories = _memories(talk)
    return replace(
        facts,
        messages="0" in modes or bool(memories),
        smsc=readable(centre[1]) if centre else "",
        memories=memories,
    )


def _memories(talk: Conversation) -> dict[str, tuple[int, int]]:
    """Return how full both memories are; each must be chosen to be told of."""
    chosen = re.findall(r'"(\w+)" *, *(\d+) *, *(\d+)', value(known(talk, "AT+CPMS?")))
    told = {name: (int(used), int(size)) for name, used, size in chosen if name in {"SM", "ME"}}
    missing = {"SM", "ME"} - told.keys() if chosen else set()
    for name in sorted(missing):
        fill = re.match(r" *(\d+) *, *(\d+)", value(known(talk, f'AT+CPMS="{name}"')))
        if fill:
            told[name] = (int(fill[1]), int(fill[2]))
    if missing:
        known(talk, f'AT+CPMS="{chosen[0][0]}"')
    return told


def _calls(talk: Conversation, facts: Facts) -> Facts:
    return replace(facts, can_ring=bool(known(talk, "AT+CLIP=?")), cnmi=value(known(talk, "AT+CNMI=?")))


def _forwardings(talk: Conversation, facts: Facts) -> Facts:
    forwarded: dict[str, str] = {}
    answered = False
    for reason, when in FORWARDED_WHEN.items() if facts.registered else ():
        lines = known(talk, f"AT+CCFC={reason},2", timeout=6.0)
        answered = answered or bool(lines)
        for line in lines:
            active = re.match(r'\+CCFC: *1 *, *(\d+) *, *"([^"]*)"', line)
            if active and int(active[1]) & VOICE:
                forwarded[when] = active[2]
    return replace(facts, forwardings=forwarded if answered else None)


Step = Callable[[Conversation, Facts], Facts]
STEPS: tuple[Step, ...] = (_identity, _sim, _network, _messages)
FULL_STEPS: tuple[Step, ...] = (_calls, _forwardings)


if __name__ == "__main__":
    main()
