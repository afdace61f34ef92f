"""`doctor` as people use it: real modems on ptys, real processes that hold them, a real daemon."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.cli.checks.finding import State
from relou_gateway.rules.records import Identity, Moment
from relou_gateway.store import balance, gateway, modems
from relou_gateway.store.database import Database, create_or_migrate
from tests.support.daemon import service
from tests.support.together import side_by_side
from tests.support.virtual import Virtual, virtual_modem
from tests.support.waiting import wait_until

from .program import Program, process

CHECKS = [
    "configuration",
    "gateway",
    "sending",
    "device",
    "permissions",
    "in_use",
    "modem_manager",
    "autosuspend",
    "answers",
    "modem",
    "sim",
    "pin",
    "registration",
    "signal",
    "smsc",
    "memories",
    "forwarding",
    "calls",
    "clock",
    "power",
    "disconnects",
    "disk",
    "database",
    "ledger",
    "caps",
    "credit",
    "use",
]
RADIO = CHECKS[CHECKS.index("modem") : CHECKS.index("clock")]
WELL = {"device", "permissions", "in_use", "answers", *RADIO}

Finding = dict[str, Any]


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtual]:
    """One modem for all tests; what a test did to it is undone."""
    with virtual_modem(tmp_path_factory.mktemp("stick"), sim_slots=10, me_slots=20) as virtual:
        yield virtual


@pytest.fixture
def modem(stick: Virtual) -> Iterator[Virtual]:
    yield stick
    stick.clear()
    stick.empty()
    stick.set(
        registered=True,
        roaming=False,
        operator="Relou Mobile",
        signal=21,
        smsc="+33609001390",
        forwarding=None,
        pin=None,
    )


def examined(program: Program, *arguments: str) -> dict[str, Finding]:
    """Run `doctor --json`; return the findings by check. It fails if and only if one of them does."""
    code = program("doctor", "--json", *arguments)
    rows = [json.loads(line) for line in program.out.splitlines()]
    assert "" == program.err
    assert code == any(row["state"] == State.FAILURE for row in rows)
    return {row["check"]: row for row in rows}


def found(program: Program, check: str, modem: Virtual, *arguments: str) -> tuple[str, str]:
    """Return state and words of one check on a modem."""
    finding = examined(program, "--device", modem.link, *arguments)[check]
    return finding["state"], finding["found"]


def states(findings: dict[str, Finding], checks: set[str]) -> set[str]:
    return {findings[check]["state"] for check in checks}


@contextmanager
def lived(folder: Path) -> Iterator[tuple[Database, Moment]]:
    """Open the database of a gateway that was there before, and close it again."""
    path = folder / "gateway.db"
    create_or_migrate(path)
    now = datetime.now(UTC)
    with Database(path) as database:
        yield database, Moment(now, now)


def configured(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


# --- before there is any configuration ----------------------------------------------------


def test_a_modem_in_good_health_is_found_well_before_any_configuration_exists(
    program: Program, modem: Virtual
) -> None:
    findings = examined(program, "--device", modem.link)
    assert {"ok"} == states(findings, WELL)
    assert "Relou Virtual 1.0, IMEI 350000000000006" == findings["modem"]["found"]
    assert "warning" == findings["configuration"]["state"]


def test_every_check_has_one_line_and_they_come_in_one_order(program: Program, modem: Virtual) -> None:
    program("doctor", "--json", "--device", modem.link)
    rows = [json.loads(line) for line in program.out.splitlines()]
    assert CHECKS == [row["check"] for row in rows]
    assert {("check", "state", "found", "cure")} == {tuple(row) for row in rows}


def test_what_is_wrong_has_a_cure_on_one_line_and_nothing_else_has(program: Program, modem: Virtual) -> None:
    modem.set(registered=False)
    for finding in examined(program, "--device", modem.link).values():
        assert (finding["state"] in {"warning", "failure"}) == bool(finding["cure"]), finding
        assert "\n" not in f"{finding['found']}{finding['cure']}"


def test_it_is_a_program_that_exits_with_1_if_a_check_fails(tmp_path: Path, modem: Virtual) -> None:
    well = process("doctor", "--device", modem.link, folder=tmp_path)
    missing = process("doctor", "--device", "/dev/ttyUSB99", folder=tmp_path)
    assert (0, 1, "", "") == (well.returncode, missing.returncode, well.stderr, missing.stderr)


# --- device, permissions, holders ---------------------------------------------------------


def test_a_device_that_is_not_there_is_told_and_nothing_is_asked(program: Program) -> None:
    findings = examined(program, "--device", "/dev/ttyUSB99")
    assert ("failure", "/dev/ttyUSB99 is not there") == (
        findings["device"]["state"],
        findings["device"]["found"],
    )
    assert {"skipped"} == states(findings, {"permissions", "in_use", "answers", *RADIO})


def test_a_file_is_no_serial_line(program: Program, tmp_path: Path) -> None:
    (tmp_path / "modem").touch()
    findings = examined(program, "--device", str(tmp_path / "modem"))
    assert f"{tmp_path / 'modem'} is no serial line" == findings["permissions"]["found"]


@contextmanager
def terminal_line() -> Iterator[str]:
    """A tty on which nobody answers."""
    master, slave = pty.openpty()
    try:
        yield os.ttyname(slave)
    finally:
        os.close(slave)
        os.close(master)


AS_NOBODY = """
# What is imported late is imported here: nobody may not even read where Python lies.
import os, sys
from relou_gateway.cli import main, doctor
from relou_gateway.cli.checks import modem, radio
from relou_gateway.config import load, reading
from relou_gateway.modem import discovery, holders, probe
from yaml import CSafeLoader, SafeLoader
"".encode("utf-8-sig")
load(None)
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
main(sys.argv[1:])
"""


def as_nobody(*arguments: str) -> dict[str, Finding]:
    """Run `doctor --json` as a user who owns nothing; without root, as the one who runs the tests."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, "doctor", "--json", *arguments],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "" == done.stderr
    return {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}


def test_who_may_not_open_the_device_learns_which_group_may() -> None:
    with terminal_line() as line:
        Path(line).chmod(0o060 if os.getuid() == 0 else 0)
        findings = as_nobody("--device", line)
    permissions = findings["permissions"]
    assert "failure" == permissions["state"]
    assert f"may not read and write {line}" in permissions["found"]
    assert "make install" in permissions["cure"]
    assert "skipped" == findings["answers"]["state"]


def test_who_may_not_see_whether_a_gateway_is_at_work_opens_no_modem() -> None:
    with tempfile.TemporaryDirectory() as name, terminal_line() as line:
        folder, closed = Path(name), Path(name) / "closed"
        folder.chmod(0o755)
        closed.mkdir(mode=0)
        Path(line).chmod(0o666)
        path = configured(folder, f"storage: {{path: {closed / 'gateway.db'}}}")
        findings = as_nobody("--device", line, "--config", str(path))
        closed.chmod(0o700)
    assert ("skipped", "skipped") == (findings["gateway"]["state"], findings["answers"]["state"])
    assert ("ok", "failure") == (findings["permissions"]["state"], findings["database"]["state"])
    assert "sudo -u" in findings["database"]["cure"]


@contextmanager
def holder(device: str) -> Iterator[int]:
    """Another program that has the device open."""
    descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY)
    try:
        program = subprocess.Popen(["sleep", "60"], stdin=descriptor)
    finally:
        os.close(descriptor)
    try:
        wait_until(lambda: Path(f"/proc/{program.pid}/comm").read_text() == "sleep\n")
        yield program.pid
    finally:
        program.kill()
        program.wait()


def test_a_program_that_holds_the_port_is_named_and_the_modem_is_left_alone(
    program: Program, modem: Virtual
) -> None:
    commands = modem.state()["commands"]
    with holder(modem.link) as pid:
        findings = examined(program, "--device", modem.link)
    assert "failure" == findings["in_use"]["state"]
    assert f"held by sleep (pid {pid}): sleep 60" in findings["in_use"]["found"]
    assert f"`sudo kill {pid}`" in findings["in_use"]["cure"]
    assert {"skipped"} == states(findings, {"answers", *RADIO})
    assert commands == modem.state()["commands"]


def test_a_line_on_which_nobody_answers_fails_with_a_cure(program: Program) -> None:
    with terminal_line() as line:
        answers = examined(program, "--device", line)["answers"]
    assert "failure" == answers["state"]
    assert "answers as a modem does" in answers["found"]
    assert "plug it in again" in answers["cure"]


# --- SIM and network ----------------------------------------------------------------------


def test_a_sim_that_asks_for_its_pin_needs_one_that_is_set(program: Program, modem: Virtual) -> None:
    modem.set(pin="1234")
    assert ("failure", "the SIM asks for it (3 tries left): none is set") == found(program, "pin", modem)


def test_the_pin_of_the_configuration_is_enough_and_is_neither_told_nor_given(
    program: Program, modem: Virtual, tmp_path: Path
) -> None:
    modem.set(pin="4711")
    configured(tmp_path, "{modem: {pin: '4711'}, storage: {path: gateway.db}}")
    assert "ok" == found(program, "pin", modem)[0]
    assert "4711" not in program.out
    assert 3 == modem.state()["pin_tries"]


def test_a_pin_that_was_wrong_once_is_for_a_person(program: Program, modem: Virtual, tmp_path: Path) -> None:
    configured(tmp_path, "{modem: {pin: '1234'}, storage: {path: gateway.db}}")
    modem.set(pin="1234")
    modem.set(tries_left=2)
    finding = examined(program, "--device", modem.link)["pin"]
    assert "failure" == finding["state"]
    assert "2 tries left" in finding["found"]
    assert "in a phone" in finding["cure"]


def test_a_pin_that_this_sim_refused_before_is_told(program: Program, modem: Virtual, tmp_path: Path) -> None:
    modem.set(pin="1234")
    configured(tmp_path, "{modem: {pin: '4321'}, storage: {path: gateway.db}}")
    with lived(tmp_path) as (database, now), database.transaction("pin") as tx:
        row = modems.note_pin_try(tx, modem.modem.options.imei, "4321", now)
        modems.note_pin_outcome(tx, row, accepted=False)
    finding = examined(program, "--device", modem.link)["pin"]
    assert ("failure", True) == (finding["state"], "has refused this PIN before" in finding["found"])
    assert "correct modem.pin" in finding["cure"]


def test_a_closed_sim_asks_for_its_puk(program: Program, modem: Virtual) -> None:
    modem.set(pin="1234")
    modem.set(tries_left=0)
    state, words = found(program, "pin", modem)
    assert ("failure", True) == (state, "its PUK" in words)


@pytest.mark.parametrize(
    ("error", "words"),
    [(10, "there is none"), (13, "cannot read it"), (14, "not ready yet"), (None, "says nothing of it")],
)
def test_a_sim_that_cannot_be_read_fails_and_what_needs_it_is_skipped(
    program: Program, modem: Virtual, error: int | None, words: str
) -> None:
    modem.fault("refuse", at="AT+CPIN?", cme=error, count=None)
    findings = examined(program, "--device", modem.link)
    assert ("failure", True) == (findings["sim"]["state"], words in findings["sim"]["found"])
    assert {"skipped"} == states(findings, {"pin", "registration", "signal", "smsc", "memories", "calls"})


def test_a_modem_without_network_fails(program: Program, modem: Virtual) -> None:
    modem.set(registered=False)
    assert ("failure", "no network has taken it in") == found(program, "registration", modem)


def test_roaming_deserves_a_warning(program: Program, modem: Virtual) -> None:
    modem.set(roaming=True)
    assert ("warning", "Relou Mobile, as a guest (roaming), where nothing is sent") == found(
        program, "registration", modem
    )


@pytest.mark.parametrize(("strength", "state"), [(31, "ok"), (9, "warning"), (2, "failure")])
def test_a_weak_signal_is_told_before_it_is_gone(
    program: Program, modem: Virtual, strength: int, state: str
) -> None:
    modem.set(signal=strength)
    assert state == found(program, "signal", modem)[0]


def test_a_sim_without_its_message_centre_cannot_send_unless_it_is_configured(
    program: Program, modem: Virtual, tmp_path: Path
) -> None:
    modem.set(smsc="")
    assert "failure" == found(program, "smsc", modem)[0]
    configured(tmp_path, "{modem: {smsc: '+33609001390'}, storage: {path: gateway.db}}")
    assert ("ok", "+33609001390, as set in modem.smsc") == found(program, "smsc", modem)


@pytest.mark.parametrize(("messages", "state"), [(6, "ok"), (7, "warning"), (10, "failure")])
def test_a_sim_that_fills_up_is_told_before_it_is_full(
    program: Program, modem: Virtual, messages: int, state: str
) -> None:
    for index in range(messages):
        modem.deliver(f"+3361234567{index}", "Salut")
    assert (state, True) == (
        (answer := found(program, "memories", modem))[0],
        f"SIM {messages} of 10" in answer[1],
    )


def test_calls_that_go_to_voicemail_are_told_with_the_code_that_ends_it(
    program: Program, modem: Virtual
) -> None:
    modem.set(forwarding="+33695600011")
    finding = examined(program, "--device", modem.link)["forwarding"]
    assert "warning" == finding["state"]
    assert "+33695600011" in finding["found"]
    assert "##002#" in finding["cure"]


def test_a_stick_that_cannot_ring_is_told(program: Program, modem: Virtual) -> None:
    modem.fault("refuse", at="AT+CLIP=?")
    assert ("warning", "this modem does not ring: who calls gets no answer") == found(program, "calls", modem)


def test_calls_that_are_not_answered_need_no_ring(program: Program, modem: Virtual, tmp_path: Path) -> None:
    configured(tmp_path, "{replies: {to_calls: false}, storage: {path: gateway.db}}")
    assert "skipped" == found(program, "calls", modem)[0]


def test_what_a_stranger_network_calls_itself_cannot_touch_the_terminal(
    program: Program, modem: Virtual
) -> None:
    modem.set(operator="Evil\x1b[2J\u202e")
    program("doctor", "--device", modem.link)
    assert "\x1b" not in program.out
    assert "\u202e" not in program.out
    assert "Evil" in program.out


# --- the configuration --------------------------------------------------------------------


def test_a_faulty_configuration_fails_and_touches_no_modem(program: Program, tmp_path: Path) -> None:
    configured(tmp_path, "throttle:\n  per_hour: many\n  per_day: lots\n")
    findings = examined(program)
    assert "failure" == findings["configuration"]["state"]
    assert findings["configuration"]["found"].startswith("config.yaml:2: throttle.per_hour: ")
    assert findings["configuration"]["found"].endswith("; 1 fault more")
    assert {"skipped"} == states(findings, {"device", "answers", "database", "caps"})


def test_a_modem_that_is_named_is_examined_whatever_the_configuration_says(
    program: Program, modem: Virtual, tmp_path: Path
) -> None:
    configured(tmp_path, "nonsense: 1")
    assert {"ok"} == states(examined(program, "--device", modem.link), WELL)


def test_the_configured_device_is_examined(program: Program, modem: Virtual, tmp_path: Path) -> None:
    configured(tmp_path, f"{{modem: {{device: {modem.link}}}, storage: {{path: gateway.db}}}}")
    assert {"ok"} == states(examined(program), WELL)


def test_a_virtual_modem_of_the_gateways_own_needs_no_device(program: Program, tmp_path: Path) -> None:
    configured(tmp_path, "{modem: {device: virtual}, storage: {path: gateway.db}}")
    findings = examined(program)
    assert "skipped" == findings["device"]["state"]
    assert not set(RADIO) & findings.keys()


def test_no_caps_at_all_is_a_failure_and_none_on_money_a_warning(program: Program, tmp_path: Path) -> None:
    none = "throttle: {per_minute: null, per_hour: null, per_day: null, recipients_per_month: null}"
    money = "budget: {per_day: null, per_month: null, keep: null}"
    virtual = "modem: {device: virtual}\nstorage: {path: gateway.db}"
    configured(tmp_path, f"{virtual}\n{none}\n{money}")
    findings = examined(program)
    assert ("failure", "warning") == (findings["caps"]["state"], findings["credit"]["state"])
    configured(tmp_path, f"{virtual}\n{money}")
    assert "warning" == examined(program)["caps"]["state"]
    configured(tmp_path, virtual)
    assert "ok" == examined(program)["caps"]["state"]


@pytest.mark.parametrize(("micros", "state"), [(12_300_000, "ok"), (2_000_000, "failure")])
def test_a_sim_whose_credit_is_down_to_what_is_kept_is_to_be_topped_up(
    program: Program, tmp_path: Path, micros: int, state: str
) -> None:
    configured(tmp_path, "{modem: {device: virtual}, storage: {path: gateway.db}, budget: {keep: 2.00}}")
    with lived(tmp_path) as (database, now), database.transaction("credit") as tx:
        balance.note_credit(tx, micros, now)
    credit = examined(program)["credit"]
    assert (state, True) == (credit["state"], f"{micros / 1e6:.2f} EUR at " in credit["found"])


def test_a_clock_behind_the_ledger_is_wrong(program: Program, tmp_path: Path) -> None:
    configured(tmp_path, "{modem: {device: virtual}, storage: {path: gateway.db}}")
    with lived(tmp_path) as (database, now), database.transaction("pause") as tx:
        gateway.pause(tx, "", Moment(now.quota, now.wall + timedelta(days=2)))
    clock = examined(program)["clock"]
    assert ("failure", True) == (clock["state"], "the ledger has a row of" in clock["found"])


def test_the_modem_of_a_gateway_that_ended_may_be_another_one_now(
    program: Program, modem: Virtual, tmp_path: Path
) -> None:
    configured(tmp_path, "{storage: {path: gateway.db}}")
    with lived(tmp_path) as (database, now), database.transaction("modem") as tx:
        before = Identity("Huawei", "E173", "490154203237518", "208010000000001", "")
        modems.note_used(tx, before, "/dev/ttyUSB0", 0, now)
    finding = examined(program, "--device", modem.link)["modem"]
    assert "warning" == finding["state"]
    assert finding["found"].endswith("IMEI 350000000000006; the one before had 490154203237518")


def test_people_get_each_cure_below_its_finding_and_a_sum_at_the_end(program: Program) -> None:
    assert 1 == program("doctor", "--device", "/dev/ttyUSB99")
    lines = program.out.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("failure  device"))
    assert lines[at].endswith("/dev/ttyUSB99 is not there")
    assert lines[at + 1].strip().startswith("-> ")
    assert lines[-1].startswith("1 failure, ")


# --- beside a daemon ----------------------------------------------------------------------


@side_by_side
def test_a_daemon_at_work_is_asked_instead_of_its_modem(directory: Path) -> None:
    with service(directory, {"throttle": {"per_day": 100}}) as daemon:
        daemon.wait_for("modem.ready")
        [status] = daemon.rows("status")
        for arguments in ((), ("--device", daemon.modem.link)):
            done = daemon.verb("doctor", "--json", *arguments)
            findings = {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}
            assert (0, "", CHECKS) == (done.returncode, done.stderr, list(findings))
            assert ("ok", "it is the gateway's, which is at work") == tuple(
                findings["in_use"][key] for key in ("state", "found")
            )
            assert f"IMEI {status['modem']['imei']}" == findings["modem"]["found"]
            assert {"ok"} == states(
                findings, {"gateway", "sending", "answers", "memories", "disconnects", "database", "ledger"}
            )
            assert {"skipped"} == states(findings, {"sim", "pin", "smsc", "forwarding", "calls"})
        assert [] == daemon.heard("modem.lost")
        daemon.modem.deliver("+33612345678", "Salut")
        daemon.wait_for("reply.sent")


@side_by_side
def test_a_daemon_without_its_modem_says_why(directory: Path) -> None:
    with service(directory) as daemon:
        daemon.wait_for("modem.ready")
        daemon.modem.drop()
        daemon.wait_for("modem.lost")
        done = daemon.verb("doctor", "--json")
        findings = {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}
        assert 1 == done.returncode
        assert {"failure"} == states(findings, {"device", "answers"})
        assert findings["answers"]["found"].startswith("the gateway has no modem: ")
        assert findings["disconnects"]["found"].startswith("the modem was lost 1 time within a day, last at ")


@side_by_side
def test_what_keeps_a_daemon_at_work_from_sending_has_a_line_and_a_cure(directory: Path) -> None:
    with service(directory, start=False) as daemon:
        daemon.modem.set(roaming=True)
        daemon.start()
        daemon.wait_for("modem.registered")
        daemon.verb("pause", "--reason", "a trial")
        done = daemon.verb("doctor", "--json")
        findings = {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}
        assert 1 == done.returncode
        assert ("failure", "warning", "ok") == tuple(
            findings[check]["state"] for check in ("registration", "sending", "answers")
        )
        assert "modem.roaming: true" in findings["registration"]["cure"]
        assert "`relou-gateway resume`" == findings["sending"]["cure"]


@side_by_side
def test_a_modem_of_another_gateway_is_not_opened(directory: Path) -> None:
    with service(directory) as daemon:
        daemon.wait_for("modem.ready")
        done = process("doctor", "--json", "--device", daemon.modem.link, folder=directory / "..")
        findings = {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}
        assert "failure" == findings["in_use"]["state"]
        assert "another gateway is at work" in findings["in_use"]["cure"]
        assert {"skipped"} == states(findings, {"answers", *RADIO})
        assert [] == daemon.heard("modem.lost")
