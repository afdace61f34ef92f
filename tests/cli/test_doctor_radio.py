"""What `doctor` makes of answers that no virtual modem gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relou_gateway.cli.checks import radio, watched
from relou_gateway.cli.checks.finding import Finding
from relou_gateway.cli.output import when
from relou_gateway.config import Settings, load
from relou_gateway.modem.port import LOST_CAUSES
from relou_gateway.modem.probe import Facts, Silence
from relou_gateway.rules import coverage
from relou_gateway.rules.breaker import EXPLANATIONS, Cause
from relou_gateway.store.breaker import Stopped
from relou_gateway.store.gateway import ModemSeen, Pause
from relou_gateway.store.losses import Losses

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


def told(facts: Facts | Silence, settings: Settings | None = None) -> dict[str, Finding]:
    found = {each.check: each for each in radio.told(facts, settings, None, None)}
    assert ["answers", *radio.CHECKS] == list(found)
    return found


def seen(modem: ModemSeen, settings: Settings | None = None) -> dict[str, Finding]:
    found = {each.check: each for each in watched.seen(modem, settings)}
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
    answers = seen(replace(AT_WORK, detail="it is too hot"))["answers"]
    assert ("warning", True) == (answers.state, "it is too hot" in answers.found)


@pytest.mark.parametrize(("percent", "state"), [(70, "warning"), (99, "warning"), (100, "failure")])
def test_a_memory_that_fills_up_beside_a_daemon_has_a_line_of_its_own(percent: int, state: str) -> None:
    found = seen(replace(AT_WORK, full_percent=percent, detail=f"its memory is {percent} % full"))
    memories = found["memories"]
    assert (state, True) == (memories.state, memories.found.startswith(f"{percent} % full"))
    assert "ok" == found["answers"].state, "one fault, one line"


def test_a_memory_with_room_is_well() -> None:
    assert ("ok", "69 % full") == seen(replace(AT_WORK, full_percent=69))["memories"][1:3]


def test_a_message_centre_that_the_daemon_lacks_is_to_be_set() -> None:
    found = seen(replace(AT_WORK, detail=coverage.LACKS_CENTRE))
    assert ("failure", "ok") == (found["smsc"].state, found["answers"].state)


def test_a_network_that_refuses_the_sim_is_told_by_the_daemon_too() -> None:
    refused = replace(AT_WORK, registered=False, detail=coverage.TROUBLES[coverage.Coverage.DENIED])
    assert "the network refuses this SIM" == seen(refused)["registration"].found


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        (None, "warning", "where nothing is sent"),
        ("modem: {device: virtual}", "failure", "where nothing is sent"),
        ("modem: {roaming: true}", "ok", "which modem.roaming allows"),
    ],
)
def test_in_a_strange_network_it_counts_whether_anything_may_be_sent_there(
    tmp_path: Path, text: str | None, state: str, words: str
) -> None:
    (tmp_path / "config.yaml").write_text(text or "")
    settings = load(tmp_path / "config.yaml") if text else None
    asked = told(replace(WELL, roaming=True), settings)["registration"]
    watched_ = seen(replace(AT_WORK, roaming=True), settings)["registration"]
    assert (state, True, asked) == (watched_.state, words in watched_.found, watched_)


# --- what keeps it from sending -----------------------------------------------------------


SINCE = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("cause", Cause)
def test_sending_that_stopped_by_itself_is_told_with_its_cause_and_what_to_do(cause: Cause) -> None:
    stopped = Stopped(cause, SINCE, SINCE + timedelta(minutes=15), 1, None)
    finding = watched.sending(Pause(SINCE, "a trial"), stopped)
    head = f"stopped by itself since {when(stopped.since)}, next try {when(stopped.until)}: "
    assert ("failure", f"{head}{EXPLANATIONS[cause]}") == (finding.state, finding.found)
    assert finding.cure.endswith("; then `relou-gateway resume`")
    assert "one is being tried" in watched.sending(None, replace(stopped, trial=7)).found


def test_a_pause_that_somebody_forgot_is_a_warning() -> None:
    finding = watched.sending(Pause(SINCE, "a trial"), None)
    assert ("warning", f"paused since {when(SINCE)}: a trial", "`relou-gateway resume`") == finding[1:]
    assert "ok" == watched.sending(None, None).state


@pytest.mark.parametrize(("times", "state"), [(1, "ok"), (2, "ok"), (3, "warning")])
def test_a_modem_that_falls_off_its_bus_again_and_again_is_told(times: int, state: str) -> None:
    finding = watched.disconnects(Losses(times, SINCE, "hung"))
    assert (state, True) == (finding.state, finding.found.endswith(f"last at {when(SINCE)} (hung)"))
    assert "ok" == watched.disconnects(None).state


def test_a_modem_that_is_being_opened_needs_patience() -> None:
    assert "warning" == seen(replace(AT_WORK, state="starting"))["answers"].state
