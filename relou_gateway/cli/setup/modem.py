"""Finding the modem and telling what it is. Nothing is changed in it, and no PIN is ever tried here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from ...modem import discovery
from ...modem.discovery import Port
from ...modem.holders import holders
from ...modem.probe import SPEED, Facts, Silence, probe, speed_of
from ..checks.port import node_of
from .dialogue import Dialogue, Wrong
from .words import Say

AUTO, VIRTUAL = "auto", "virtual"

MOST_ASKED = 8
"""Ports that are asked at the most: a stick has three or four, and a silent one takes its time."""

SILENCES = {"absent": Say.NOT_THERE, "busy": Say.BUSY, "denied": Say.DENIED}
"""Why a port told nothing; whatever else it was, it did not answer."""

SIM_STATES = {
    "ready": Say.SIM_READY,
    "pin": Say.SIM_PIN,
    "puk": Say.SIM_PUK,
    "absent": Say.SIM_ABSENT,
    "network": Say.SIM_LOCKED,
}
"""States of a SIM that have a sentence here; `doctor` knows more of the others."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is to stand in `modem.device`, and what the modem said, None where it said nothing.

    `at_work` says that it was not asked, because a gateway is at work with it.
    """

    device: str
    facts: Facts | None = None
    at_work: bool = False


def find(talk: Dialogue, configured: str, connection: str, *, named: bool) -> Found:
    """Return the modem at `configured`, or the one that is found for `auto`; tells what it saw.

    `named` says that the command line named it. Without a modem a person may plug one in, or go on.
    """
    if configured == VIRTUAL:
        talk.tell(Say.VIRTUAL)
        return Found(VIRTUAL)
    speed = speed_of(connection) or SPEED
    while True:
        talk.tell(Say.LOOKING)
        answers = list(_heard(talk, configured, speed))
        if answers:
            chosen = _chosen(talk, answers)
            _introduce(talk, chosen)
            # One modem alone is found again under any name; of several, the name tells which.
            several = configured == AUTO and len(answers) > 1
            return Found(chosen.device if several else configured, chosen)
        if named or talk.agree(Say.GO_ON_WITHOUT):
            return Found(configured)


def _heard(talk: Dialogue, configured: str, speed: int) -> Iterator[Facts]:
    """Yield what answers, one for each modem; tell of the others."""
    there = discovery.ports() if configured == AUTO else [Port(configured)]
    if not there:
        talk.tell(Say.NOT_SEEN)
    heard: set[str] = set()
    for each in there[:MOST_ASKED]:
        if each.stick and each.stick in heard:
            continue  # this one has answered on another of its ports
        if each.maker:
            talk.tell(Say.SAW, device=each.path, maker=each.maker)
        answer = _asked(talk, each.path, speed)
        if answer is not None:
            heard.add(each.stick)
            yield answer


def _asked(talk: Dialogue, device: str, speed: int) -> Facts | None:
    """Ask one port, unless another program has it open."""
    if not os.access(device, os.F_OK):
        talk.tell(Say.NOT_THERE, device=device)
        return None
    programs = _holders(device)
    if programs:
        talk.tell(Say.HELD, device=device, programs=programs)
        return None
    answer = probe(device, speed=speed)
    if isinstance(answer, Silence):
        talk.tell(SILENCES.get(answer.cause, Say.SILENT), device=device)
        return None
    return answer


def _holders(device: str) -> str:
    """Name the programs that have a port open."""
    if node_of(device).parent.name == "pts":
        return ""  # whoever serves a pty holds it too, and another root has other ptys of the same names
    return ", ".join(map(str, holders(device)))


def _chosen(talk: Dialogue, answers: list[Facts]) -> Facts:
    """Return the only modem, or the one that is chosen of several."""
    if len(answers) == 1:
        return answers[0]
    for number, facts in enumerate(answers, start=1):
        talk.item(f"{number}  {_name(talk, facts)}, {facts.imei}, {facts.device}")

    def choose(answer: str) -> Facts:
        if not answer.isdecimal() or not 1 <= int(answer) <= len(answers):
            raise Wrong(Say.WRONG_CHOICE, last=len(answers))
        return answers[int(answer) - 1]

    return talk.ask(Say.WHICH, answers[0], "1", choose)


def _name(talk: Dialogue, facts: Facts) -> str:
    return " ".join(filter(None, (facts.manufacturer, facts.model))) or talk.phrase(Say.UNKNOWN)


def _introduce(talk: Dialogue, facts: Facts) -> None:
    """Tell of the modem, its SIM and its network."""
    unknown = talk.phrase(Say.UNKNOWN)
    talk.tell(Say.MODEM, name=_name(talk, facts), imei=facts.imei or unknown, device=facts.device)
    if facts.sim == "pin" and facts.pin_tries is not None:
        talk.tell(Say.SIM_PIN_TRIES, tries=facts.pin_tries)
    else:
        talk.tell(SIM_STATES.get(facts.sim, Say.SIM_UNWELL))
    if facts.sim != "ready":
        return
    if not facts.messages:
        talk.tell(Say.NO_SMS)
    if facts.registered:
        signal = unknown if facts.signal_percent is None else f"{facts.signal_percent} %"
        talk.tell(Say.NETWORK, operator=facts.operator or unknown, signal=signal)
    else:
        talk.tell(Say.NETWORK_DENIED if facts.denied else Say.NO_NETWORK)
