"""The systemd units: that systemd understands them, and that they agree with the program and each other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from relou_gateway import daemon, reach
from relou_gateway.cli import VERBS
from relou_gateway.modem.cell import DEADLINES
from tests.support.daemon import PROGRAM
from tests.units.units import FOLDER, names, part, settings_of, single, template, text_of

EXPOSURE = 8
"""The most that a service may be exposed, in tenths of systemd's scale from 0 to 10."""

UNKNOWN_TO_SOME = {"RestartSteps", "RestartMaxDelaySec"}
"""Settings that systemd before 254 ignores, with a warning."""

INSTALLED = "/usr/bin/relou-gateway"
GATEWAY = "relou-gateway.service"
MODEM = "relou-gateway-modem.target"


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_systemd_finds_nothing_to_say_against_the_units(tmp_path: Path) -> None:
    for name in names():
        (tmp_path / name).write_text(text_of(name).replace(INSTALLED, str(PROGRAM)), "utf-8")
    done = analyze("verify", *sorted(tmp_path.iterdir()))
    told = [line for line in done.stderr.splitlines() if "relou" in line]
    unknown = {match[1] for line in told if (match := re.search(r"Unknown key.*'(\w+)'", line))}
    assert (0, len(told), True) == (
        done.returncode,
        sum("Unknown key" in line for line in told),
        unknown <= UNKNOWN_TO_SOME,
    ), done.stderr


@pytest.mark.parametrize("name", names("service"))
def test_a_service_is_hardly_exposed(name: str) -> None:
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", FOLDER / name)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_the_threshold_is_one() -> None:
    done = analyze("security", "--offline=true", "--threshold=1", FOLDER / GATEWAY)
    assert 1 == done.returncode


@pytest.mark.parametrize("name", [*single("service"), *single("timer")])
def test_a_template_is_the_same_unit_with_the_paths_of_its_instance(name: str) -> None:
    stem, _, kind = name.rpartition(".")
    assert template(text_of(name)) == text_of(f"{stem}@.{kind}")


def test_all_that_works_on_the_database_alone_has_the_same_sandbox() -> None:
    beside = [name for name in single("service") if name != GATEWAY]
    parts = {part(name, title) for name in beside for title in ("granted, and why", "taken away")}
    assert (2, 2) == (len(beside), len(parts))


def test_what_is_taken_from_the_gateway_is_taken_from_the_others_too() -> None:
    taken = set(re.findall(r"(?m)^\w.*$", part(GATEWAY, "taken away")))
    others = {
        line
        for name in single("service")
        if name != GATEWAY
        for line in taken - set(text_of(name).splitlines())
    }
    assert set() == others


@pytest.mark.parametrize("name", names("service"))
def test_what_is_granted_is_explained_where_it_is_granted(name: str) -> None:
    paragraphs = part(name, "granted, and why").strip().split("\n\n")
    assert [] == [each for each in paragraphs if not each.startswith("# ")]
    assert len(re.findall(r"(?m)^# .*\n(?=\w)", "\n".join(paragraphs))) >= 4


# --- how the gateway lives ------------------------------------------------------------------


def test_the_gateway_is_started_again_for_ever_but_for_a_wrong_configuration() -> None:
    gateway = settings_of(GATEWAY)
    assert ["always", "2", "0", "notify", "main"] == [
        gateway[key][0]
        for key in (
            "Service.Restart",
            "Service.RestartPreventExitStatus",
            "Unit.StartLimitIntervalSec",
            "Service.Type",
            "Service.NotifyAccess",
        )
    ]


def test_nothing_makes_the_gateway_end_with_its_modem_or_wait_for_a_network() -> None:
    gateway = settings_of(GATEWAY)
    binding = {"BindsTo", "Requires", "Requisite", "PartOf", "StopPropagatedFrom", "BindPaths"}
    waits_for = " ".join(gateway["Unit.After"])
    assert ([], False, False) == (
        [key for key in gateway if key.partition(".")[2] in binding],
        "network" in waits_for,
        "time-sync" in waits_for,
    )


def test_the_watchdog_waits_for_the_longest_tick_that_can_end_well() -> None:
    """Sixteen ports are asked, fifty messages deleted at two seconds each, and a text has twenty parts."""
    ask = DEADLINES
    find = 16 * reach.PROBE_SECONDS + ask.open
    greet = ask.other + ask.other + ask.restart_radio
    receive = ask.listing + 50 * 2 + ask.delete_by_hand
    send = ask.other + ask.restart_radio + ask.send + 19 * ask.further_part
    longest = find + greet + ask.ussd + receive + send
    assert longest < _seconds("Service.WatchdogSec") <= 1.6 * longest


def test_systemd_waits_a_little_longer_than_an_orderly_stop_takes() -> None:
    assert daemon.STOP_WITHIN + 1 < _seconds("Service.TimeoutStopSec") <= 2 * daemon.STOP_WITHIN


def _seconds(key: str) -> float:
    done = analyze("timespan", settings_of(GATEWAY)[key][0])
    found = re.search(r"μs: (\d+)", done.stdout)
    assert found is not None
    return int(found[1]) / 1e6


@pytest.mark.parametrize("name", names("timer"))
def test_a_timer_makes_up_for_the_hours_in_which_the_machine_was_off(name: str) -> None:
    timer = settings_of(name)
    (when,) = timer["Timer.OnCalendar"]
    assert (["yes"], 0) == (
        timer["Timer.Persistent"],
        analyze("calendar", when).returncode,
    )


def test_who_enables_the_gateway_enables_its_timers() -> None:
    assert single("timer") == sorted(settings_of(GATEWAY)["Install.Also"][0].split())


@pytest.mark.parametrize("name", [GATEWAY, "relou-gateway@.service"])
def test_a_gateway_starts_at_boot_and_with_a_modem_where_it_is_enabled(name: str) -> None:
    """What a device itself wants is started enabled or not; a target brings along what is enabled."""
    assert [f"multi-user.target {MODEM}"] == settings_of(name)["Install.WantedBy"]
    assert {"Unit.Description", "Unit.StopWhenUnneeded"} == set(settings_of(MODEM))


@pytest.mark.parametrize("name", names("timer"))
def test_a_timer_starts_at_boot_and_with_its_gateway(name: str) -> None:
    """`systemctl enable --now` starts what it names, and nothing that it enables besides."""
    gateway = "relou-gateway@%i.service" if "@" in name else GATEWAY
    assert [f"timers.target {gateway}"] == settings_of(name)["Install.WantedBy"]


@pytest.mark.parametrize("name", names("service"))
def test_a_service_runs_a_verb_of_the_program(name: str) -> None:
    (command,) = settings_of(name)["Service.ExecStart"]
    program, verb, *_ = command.split()
    assert (INSTALLED, True) == (program, verb in VERBS)


def test_the_stand_in_is_the_program_that_is_installed() -> None:
    assert Path(sys.executable).with_name("relou-gateway") == PROGRAM
