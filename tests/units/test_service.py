"""The real daemon with what its unit gives it: a credential, a watchdog, a filter of system calls."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.daemon import service
from tests.support.together import side_by_side
from tests.support.waiting import wait_until
from tests.units.units import settings_of

KARIM = "+33612345678"
PIN = "9753"
PIN_FILE = {"modem": {"pin_file": "$CREDENTIALS_DIRECTORY/pin"}}
GATEWAY = settings_of("relou-gateway.service")


def credentials(directory: Path, pin: str) -> dict[str, str]:
    """Lay down a credential as systemd does: read-only, in a folder that the environment names."""
    folder = directory / "credentials"
    folder.mkdir(mode=0o700)
    (folder / "pin").write_text(pin)
    (folder / "pin").chmod(0o400)
    return {"CREDENTIALS_DIRECTORY": str(folder)}


@side_by_side
def test_the_pin_of_a_credential_opens_the_sim(directory: Path) -> None:
    with service(directory, PIN_FILE, modem={"pin": PIN}, start=False) as gateway:
        gateway.start(environ=credentials(directory, f"{PIN}\n"))
        gateway.wait_for("modem.ready")
        assert [True] == [tried["accepted"] for tried in gateway.heard("sim.pin_tried")]
        assert PIN.encode() not in gateway.output.raw


@side_by_side
def test_where_no_pin_was_laid_down_the_default_of_the_unit_is_no_pin_and_costs_no_try(
    directory: Path,
) -> None:
    (default,) = GATEWAY["Service.SetCredential"]
    _, _, content = default.encode().decode("unicode_escape").partition(":")
    with service(directory, PIN_FILE, modem={"pin": PIN}, start=False) as gateway:
        gateway.start(environ=credentials(directory, content))
        told = gateway.wait_for("modem.lost", cause="pin")
        assert "$CREDENTIALS_DIRECTORY/pin: modem.pin_file: expected one line" in told["reason"]
        assert 3 == gateway.modem.state()["pin_tries"]
        assert 0 == gateway.stop().code


@side_by_side
def test_what_the_watchdog_ends_says_where_it_stood_and_no_more(directory: Path) -> None:
    environ = dict(value.split("=") for value in GATEWAY["Service.Environment"])
    with service(directory, {"log": {"numbers": "masked"}}, start=False) as gateway:
        gateway.start(environ=environ)
        gateway.wait_for("modem.ready")
        gateway.modem.deliver(KARIM, "Ein Text, den niemand sehen soll")
        gateway.wait_for("verdict.given")
        gateway.modem.fault("hang", at="AT+CMGL")
        wait_until(lambda: gateway.modem.state()["hung"])
        gateway.process.send_signal(signal.SIGABRT)  # systemd.service(5), WatchdogSignal=
        assert -signal.SIGABRT == gateway.exit_code()
        said = gateway.output.raw.decode()
        assert re.search(r'File ".*/relou_gateway/modem/cell\.py", line \d+ in _wait_readable', said)
        assert [] == [secret for secret in (KARIM, "niemand") if secret in said]


@side_by_side
def test_the_daemon_makes_no_system_call_that_its_unit_forbids(directory: Path) -> None:
    traces = directory / "traces"
    prefix = ["strace", "-D", "-f", "-qq", "-c", "-o", str(traces)]  # counts of all processes, at the end
    with service(directory, start=False) as gateway:
        gateway.start(prefix=prefix)
        gateway.wait_for("modem.ready", 60)
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent", 60)
        assert 0 == gateway.stop().code
    wait_until(lambda: traces.exists() and "total" in traces.read_text())
    made = {line.split()[-1] for line in traces.read_text().splitlines() if re.match(r" *\d", line)} - {
        "total"
    }
    assert {"read", "poll", "socketpair", "ioctl"} <= made
    # SQLite gives its files to the database's owner, where it is root; the service is not.
    made -= {"fchown"} if os.geteuid() == 0 else set()
    assert set() == made - allowed(GATEWAY["Service.SystemCallFilter"])


def allowed(filters: Sequence[str]) -> set[str]:
    """Return the system calls that these lines allow, one after the other (systemd.exec(5))."""
    calls = members("@default")
    for line in filters:
        names = set().union(*(members(each) for each in line.removeprefix("~").split()))
        calls = calls - names if line.startswith("~") else calls | names
    return calls


def members(name: str) -> set[str]:
    """Return the system calls of a group, or the call itself."""
    if not name.startswith("@"):
        return {name}
    done = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, timeout=30, check=True
    )
    lines = [line.strip() for line in done.stdout.splitlines()[1:]]
    return set().union(*(members(line) for line in lines if line and not line.startswith("#")))
