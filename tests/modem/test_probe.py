"""What a modem says of itself, asked in a process that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from relou_gateway.modem import child
from relou_gateway.modem.probe import Facts, Silence, probe, speed_of
from tests.modem.puppet import OK, Answer, Puppet
from tests.modem.test_cell import is_gone
from tests.support.alone import left_open_by
from tests.support.virtual import Virtual
from tests.support.waiting import wait_until


def lines(*said: str) -> bytes:
    return "".join(f"\r\n{line}\r\n" for line in said).encode() + OK


HUAWEI: Mapping[str, Answer] = {
    "ATE1": OK,
    "AT+CGMI": lines("huawei"),
    "AT+CGMM": lines("E1752"),
    "AT+CGMR": lines("11.126.06.01.163"),
    "AT+CGSN": lines("351913042157364"),
    "AT+CPIN?": b"\r\n^RSSI:14\r\n" + lines("+CPIN: READY"),
    "AT+CIMI": lines("208150112345678"),
    "AT^CPIN?": lines("^CPIN: READY,,10,3,10,3"),
    "AT+CREG?": lines("+CREG: 2,5,2017,00C0FFEE"),
    "AT+COPS?": lines('+COPS: 0,0,"0046007200650065",2'),
    "AT+CSQ": lines("+CSQ: 31,99"),
    "AT+CMGF=?": lines("+CMGF: (0-1)"),
    "AT+CSCA?": lines('+CSCA: "+33695000695",145'),
    "AT+CPMS?": lines('+CPMS: "SM",3,20,"SM",3,20,"SM",3,20'),
    'AT+CPMS="ME"': lines("+CPMS: 7,255,3,20,3,20"),
    'AT+CPMS="SM"': lines("+CPMS: 3,20,3,20,3,20"),
}
"""A stick of 2009, in the forms in which Huawei's answers differ from the standard's examples."""


def facts(answers: Mapping[str, Answer], *, full: bool = False) -> Facts:
    with Puppet(answers) as puppet:
        found = probe(puppet.device, full=full)
    assert isinstance(found, Facts)
    return found


def test_the_virtual_modem_tells_all(shared_modem: Virtual) -> None:
    shared_modem.replug()
    expected = Facts(
        device=shared_modem.link,
        manufacturer="Relou",
        model="Virtual",
        revision="1.0",
        imei="350000000000006",
        imsi="208990123456789",
        sim="ready",
        pin_tries=3,
        puk_tries=10,
        registered=True,
        operator="Relou Mobile",
        signal_percent=67,
        smsc="+33609001390",
        messages=True,
        memories={"SM": (0, 3), "ME": (0, 2)},
    )
    assert expected == probe(shared_modem.link)


def test_a_stick_with_ways_of_its_own_is_understood() -> None:
    expected = Facts(
        device="",
        manufacturer="huawei",
        model="E1752",
        revision="11.126.06.01.163",
        imei="351913042157364",
        imsi="208150112345678",
        sim="ready",
        pin_tries=3,
        puk_tries=10,
        registered=True,
        roaming=True,
        operator="Free",
        signal_percent=100,
        smsc="+33695000695",
        messages=True,
        memories={"SM": (3, 20), "ME": (7, 255)},
    )
    found = facts(HUAWEI)
    assert expected == replace(found, device="")


def test_the_memory_chosen_for_reading_is_chosen_again() -> None:
    with Puppet(HUAWEI) as puppet:
        probe(puppet.device)
        chosen = [line for line in puppet.heard if line.startswith("AT+CPMS=")]
    assert ['AT+CPMS="ME"', 'AT+CPMS="SM"'] == chosen


@pytest.mark.parametrize(
    ("said", "sim"),
    [
        (lines("+CPIN: READY"), "ready"),
        (lines("+CPIN: SIM PIN"), "pin"),
        (lines("+CPIN: SIM PUK"), "puk"),
        (lines("+CPIN: PH-NET PIN"), "network"),
        (b"\r\n+CME ERROR: 10\r\n", "absent"),
        (b"\r\n+CME ERROR: 13\r\n", "failed"),
        (b"\r\n+CME ERROR: 14\r\n", "busy"),
        (b"\r\nERROR\r\n", "unknown"),
        (lines("+CPIN: nonsense"), "unknown"),
    ],
)
def test_the_state_of_the_sim_is_told(said: bytes, sim: str) -> None:
    assert sim == facts({**HUAWEI, "AT+CPIN?": said}).sim


@pytest.mark.parametrize(
    ("command", "said", "tries"),
    [
        ("AT+CPINR", lines("+CPINR: SIM PIN,2,3", "+CPINR: SIM PUK,9,10"), (2, 9)),
        ("AT+CPINR", lines("+CPINR: SIM PIN, 1 ,3"), (1, None)),
        ("AT^CPIN?", lines("^CPIN: SIM PIN,2,8,2,10,3"), (2, 8)),
        ("AT+SPIC", lines("+SPIC: 2,10,0,10"), (2, 10)),
        ('AT+QPINC="SC"', lines('+QPINC: "SC",1,10'), (1, 10)),
        ("AT+CPINR", OK, (None, None)),
    ],
)
def test_the_tries_left_are_told_in_the_words_of_several_makers(
    command: str, said: bytes, tries: tuple[int | None, int | None]
) -> None:
    locked = {**HUAWEI, "AT^CPIN?": b"\r\nERROR\r\n", "AT+CPIN?": lines("+CPIN: SIM PIN"), command: said}
    found = facts(locked)
    assert tries == (found.pin_tries, found.puk_tries)
    assert ("", {}) == (found.imsi, found.memories), "a locked SIM is not asked what it cannot tell"


@pytest.mark.parametrize(
    ("said", "registered", "roaming", "denied"),
    [
        ("0,1", True, False, False),
        ("0,5", True, True, False),
        ("0,3", False, False, True),
        ("0,2", False, False, False),
        ("0,6", True, False, False),
        ("0,9", True, False, False),
        ("2,7,2017,00C0FFEE", True, True, False),
        ("0,10", True, True, False),
        ("0,8", False, False, False),
    ],
)
def test_where_the_network_stands_is_told(
    said: str, *, registered: bool, roaming: bool, denied: bool
) -> None:
    found = facts({**HUAWEI, "AT+CREG?": lines(f"+CREG: {said}")})
    assert (registered, roaming, denied) == (found.registered, found.roaming, found.denied)


def test_a_modem_that_is_registered_for_4g_alone_is_registered() -> None:
    lte = {**HUAWEI, "AT+CREG?": lines("+CREG: 0,0"), "AT+CEREG?": lines("+CEREG: 0,1")}
    assert facts(lte).registered


def test_calls_that_go_to_a_voice_mail_are_told(shared_modem: Virtual) -> None:
    shared_modem.replug()
    shared_modem.set(forwarding="+33695000888")
    found = probe(shared_modem.link, full=True)
    shared_modem.set(forwarding=None)
    assert isinstance(found, Facts)
    expected = dict.fromkeys(("busy", "no answer", "not reachable"), "+33695000888")
    assert (expected, True, "(0-2),(0,1),(0),(0,2),(0,1)") == (found.forwardings, found.can_ring, found.cnmi)
    again = probe(shared_modem.link, full=True)
    assert isinstance(again, Facts)
    assert {} == again.forwardings


def test_what_a_modem_does_not_know_stays_empty() -> None:
    found = facts({"ATE1": OK, "AT+CGMF": OK}, full=True)
    assert ("", "unknown", False, None, False) == (
        found.imei,
        found.sim,
        found.messages,
        found.forwardings,
        found.can_ring,
    )


# --- no answer ------------------------------------------------------------------------------


def silence(device: str, deadline: float = 5.0) -> str:
    began = time.monotonic()
    told = probe(device, deadline=deadline)
    assert time.monotonic() - began < deadline + 1
    assert isinstance(told, Silence)
    assert (device, True) == (told.device, bool(told.reason))
    return told.cause


def test_what_does_not_answer_is_silent() -> None:
    with Puppet({}, default=b"") as puppet:
        assert "hung" == silence(puppet.device)


def test_a_modem_that_falls_silent_in_the_middle_has_told_what_it_told() -> None:
    found = facts({**HUAWEI, "AT+CIMI": b""})
    assert ("351913042157364", "", False) == (found.imei, found.imsi, found.messages)


def test_what_is_not_there_or_no_port_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ("absent", "broken") == (silence(str(tmp_path / "none")), silence(str(tmp_path / "file")))


def test_a_probe_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    start = child.start

    def doomed(*arguments: str, stdout: int) -> subprocess.Popen[bytes]:
        process = start(*arguments, stdout=stdout)
        process.send_signal(signal.SIGKILL)
        return process

    monkeypatch.setattr(child, "start", doomed)
    with Puppet({}) as puppet:
        assert "died" == silence(puppet.device)


def test_a_probe_that_hangs_is_killed_and_one_that_survives_it_is_abandoned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = child.start

    def frozen(*arguments: str, stdout: int) -> subprocess.Popen[bytes]:
        started.append(start(*arguments, stdout=stdout))
        os.kill(started[0].pid, signal.SIGSTOP)  # as a tty that hangs in the kernel looks from outside
        return started[0]

    with Puppet({}) as puppet, monkeypatch.context() as patch:
        patch.setattr(child, "start", frozen)
        patch.setattr(subprocess.Popen, "kill", lambda _: None)
        assert "hung" == silence(puppet.device, deadline=0.5)
    os.kill(started[0].pid, signal.SIGKILL)
    wait_until(lambda: is_gone(started[0].pid))
    probe("/nothing")
    assert not Path(f"/proc/{started[0].pid}").exists(), "the next child reaps it"


def test_who_is_in_a_hurry_does_not_wait_for_it() -> None:
    with Puppet({}, default=b"") as puppet:
        began = time.monotonic()
        told = probe(puppet.device, deadline=20, hurried=lambda: True)
        assert time.monotonic() - began < 2
    assert isinstance(told, Silence)
    assert "stopped" == told.cause


def three_probes(link: str) -> None:
    for _ in range(3):
        probe(link)


def test_it_leaves_nothing_behind(shared_modem: Virtual) -> None:
    assert [] == left_open_by(three_probes, shared_modem.link)
    assert 0 == shared_modem.state()["clients"]


def test_facts_survive_their_way_through_json() -> None:
    found = facts(HUAWEI)
    assert found == Facts.from_json(json.loads(json.dumps(found.to_json())))


@pytest.mark.parametrize(("connection", "speed"), [("at115200", 115200), ("at19200", 19200), ("at", 115200)])
def test_the_speed_is_that_of_the_connection(connection: str, speed: int) -> None:
    assert speed == speed_of(connection)


def test_a_connection_that_is_no_serial_line_has_no_speed() -> None:
    assert None is speed_of("blueat")
