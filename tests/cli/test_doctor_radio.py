"""What `doctor` makes of answers that no virtual modem gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relou_gateway.cli.checks import radio, watched
from relou_gateway.cli.checks.finding import Finding
from relou_gateway.modem.port import LOST_CAUSES
from relou_gateway.modem.probe import Facts, Silence
from relou_gateway.store.gateway import ModemSeen

WELL = Facts(
    "/dev/ttyUSB0",
    "huawei",
    "E173",
    "11.126",
    "490154203237518",
    "208010000000001",
    sim="ready",
    registered=True,
    operator="Orange F",
    signal_percent=60,
    smsc="+33689004000",
    messages=True,
    memories={"SM": (0, 20), "ME": (0, 0)},
    forwardings={},
    can_ring=True,
)
AT_WORK = ModemSeen("ready", "", "/dev/relou-modem", WELL.imei, "Orange F", 60, True, None, None)


def told(facts: Facts | Silence) -> dict[str, Finding]:
    found = {each.check: each for each in radio.told(facts, None, None, None)}
    assert ["answers", *radio.CHECKS] == list(found)
    return found


def seen(modem: ModemSeen) -> dict[str, Finding]:
    found = {each.check: each for each in watched.seen(modem)}
    assert ["answers", *radio.CHECKS] == list(found)
    return found


def test_a_modem_in_good_health_is_well() -> None:
    assert {"ok"} == {each.state for each in told(WELL).values()}


def test_a_network_that_refuses_the_sim_is_another_fault_than_none_at_all() -> None:
    refused = told(replace(WELL, registered=False, denied=True))["registration"]
    assert ("failure", "the network refuses this SIM") == (refused.state, refused.found)


def test_a_modem_that_cannot_do_sms_is_the_wrong_one() -> None:
    assert "cannot do SMS" in told(replace(WELL, messages=False))["modem"].found


@pytest.mark.parametrize("asked", ["puk", "pin2", "puk2"])
def test_whatever_else_a_sim_asks_for_is_for_a_person(asked: str) -> None:
    pin = told(replace(WELL, sim=asked))["pin"]
    assert ("failure", True) == (pin.state, f"its {asked.upper()}" in pin.found)
    assert pin.cure.startswith("put the SIM into a phone")


@pytest.mark.parametrize(("when", "state"), [("always", "failure"), ("not reachable", "warning")])
def test_a_forwarding_of_all_calls_is_worse_than_one_of_those_that_are_missed(when: str, state: str) -> None:
    finding = told(replace(WELL, forwardings={when: "+33695600011"}))["forwarding"]
    assert (state, True) == (finding.state, f"+33695600011 ({when})" in finding.found)


def test_what_a_modem_does_not_tell_is_skipped() -> None:
    silent = told(replace(WELL, forwardings=None, can_ring=None, memories={}))
    assert {"skipped"} == {silent[check].state for check in ("forwarding", "calls", "memories")}


@pytest.mark.parametrize("cause", LOST_CAUSES)
def test_every_way_of_losing_a_modem_has_a_cure(cause: str) -> None:
    without_cure = seen(ModemSeen(cause, "it is gone", "/dev/ttyUSB0", "", "", None, False, None, None))
    with_cure = seen(ModemSeen(cause, "it is gone; do this", "/dev/ttyUSB0", "", "", None, False, None, None))
    assert ("failure", True) == (without_cure["answers"].state, bool(without_cure["answers"].cure))
    assert "do this" == with_cure["answers"].cure
    assert {"skipped"} == {without_cure[check].state for check in radio.CHECKS}


def test_silence_is_told_with_its_cure() -> None:
    answers = told(Silence("/dev/ttyUSB0", "hung", "nothing answers; unplug it"))["answers"]
    assert ("failure", "nothing answers", "unplug it") == (answers.state, answers.found, answers.cure)


def test_of_a_modem_at_work_what_the_daemon_saw_is_told_and_no_more() -> None:
    found = seen(AT_WORK)
    assert {"answers", "modem", "registration", "signal"} == {
        check for check, each in found.items() if each.state == "ok"
    }
    assert "failure" == seen(replace(AT_WORK, registered=False))["registration"].state


def test_what_the_daemon_has_to_say_of_a_modem_that_works_is_a_warning() -> None:
    answers = seen(replace(AT_WORK, detail="its memory is 80 % full"))["answers"]
    assert ("warning", True) == (answers.state, "80 % full" in answers.found)


def test_a_modem_that_is_being_opened_needs_patience() -> None:
    assert "warning" == seen(replace(AT_WORK, state="starting"))["answers"].state
