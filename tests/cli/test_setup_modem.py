"""What `setup` makes of modems: several, silent ones, held ones, and SIMs in every state."""

from __future__ import annotations

import io
import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relou_gateway.cli.setup import modem, secret
from relou_gateway.cli.setup.dialogue import Dialogue, Manner
from relou_gateway.cli.setup.modem import Found
from relou_gateway.cli.setup.words import Language
from relou_gateway.config import load
from relou_gateway.config.schema import ROOT
from relou_gateway.modem.discovery import Port
from relou_gateway.modem.probe import Facts
from tests.support.virtual import Virtual, virtual_modem

from .program import Program

IMEIS = ("350000000000006", "490154203237518")
WELL = Facts("/dev/ttyUSB0", "huawei", "E173", imei=IMEIS[1], sim="ready", registered=True, messages=True)


@pytest.fixture(scope="module")
def sticks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Virtual]]:
    with ExitStack() as house:
        yield [
            house.enter_context(virtual_modem(tmp_path_factory.mktemp("stick"), imei=imei)) for imei in IMEIS
        ]


@pytest.fixture
def silent() -> Iterator[str]:
    """A serial line on which nobody answers."""
    master, slave = pty.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def plugged_in(monkeypatch: pytest.MonkeyPatch, *ports: Port) -> None:
    monkeypatch.setattr("relou_gateway.modem.discovery.ports", lambda: list(ports))


def asked(manner: Manner = Manner.DEFAULTS, language: Language = Language.EN) -> Dialogue:
    return Dialogue(language, manner, {})


def test_one_modem_alone_is_told_from_its_other_ports_and_stays_auto(
    program: Program, tmp_path: Path, sticks: list[Virtual], silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sticks[0].link
    plugged_in(
        monkeypatch,
        Port(silent, "Huawei", "1-1", 0),
        Port(first, "Huawei", "1-1", 1),
        Port("/dev/none", "Huawei", "1-1", 2),
    )
    assert 0 == program("setup", "--yes", "--language", "en")
    assert f"{silent} does not answer as a modem does." in program.out
    assert f"IMEI {IMEIS[0]}, at {first}" in program.out
    assert "/dev/none" not in program.out
    assert "auto" == load(tmp_path / "config.yaml").modem.device


def test_of_two_modems_one_is_chosen_and_named_in_the_configuration(
    program: Program, tmp_path: Path, sticks: list[Virtual], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged_in(monkeypatch, *(Port(stick.link, "Huawei", str(n), 0) for n, stick in enumerate(sticks)))
    monkeypatch.setattr("sys.stdin", io.StringIO("2\n" + "\n" * 20))
    assert 0 == program("setup", "--language", "en")
    assert [] == [imei for imei in IMEIS if imei not in program.out]
    assert sticks[1].link == load(tmp_path / "config.yaml").modem.device


def test_without_any_it_goes_on(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugged_in(monkeypatch)
    assert 0 == program("setup", "--yes", "--language", "en")
    assert "No modem is to be seen." in program.out
    assert "auto" == load(tmp_path / "config.yaml").modem.device


def test_a_pin_from_a_pipe_is_not_echoed(
    program: Program, tmp_path: Path, sticks: list[Virtual], monkeypatch: pytest.MonkeyPatch
) -> None:
    sticks[0].set(pin="4711")
    try:
        monkeypatch.setattr("sys.stdin", io.StringIO("4711\n" + "\n" * 20))
        assert 0 == program("setup", "--language", "en", "--device", sticks[0].link)
        assert ("4711" in program.out, 3) == (False, sticks[0].state()["pin_tries"])
    finally:
        sticks[0].set(pin=None)
    assert "4711" == load(tmp_path / "config.yaml").modem.read_pin()


def test_whoever_holds_a_port_is_named(tmp_path: Path) -> None:
    line = tmp_path / "ttyUSB9"
    line.touch()
    with line.open() as held, subprocess.Popen(["sleep", "60"], stdin=held) as holder:
        try:
            assert f"sleep (process {holder.pid})" == modem._holders(str(line))
        finally:
            holder.kill()
    assert "" == modem._holders(str(line))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "sim", ["ready", "pin", "puk", "pin2", "puk2", "network", "absent", "failed", "busy", "unknown"]
)
def test_a_sim_in_any_state_has_its_sentence(
    capsys: pytest.CaptureFixture[str], sim: str, language: Language
) -> None:
    modem._introduce(asked(language=language), Facts("/dev/ttyUSB0", "huawei", sim=sim))
    lines = capsys.readouterr().out.replace("\u00a0", " ").splitlines()
    assert ("SIM" in lines[1], sim == "ready") == (True, len(lines) > 2)


def test_a_pin_is_asked_for_only_where_somebody_may_want_it() -> None:
    assert [True, False, True, False, False] == [
        secret.is_wanted(found)
        for found in (
            Found("auto"),
            Found("auto", WELL),
            Found("auto", Facts("/dev/ttyUSB0", sim="pin")),
            Found("virtual"),
            Found("auto", at_work=True),
        )
    ]


def test_with_fewer_than_three_tries_left_a_person_has_to_type_it_in_a_phone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert None is secret.ask(asked(), ROOT.defaults(), Facts("/dev/ttyUSB0", sim="pin", pin_tries=2))
    assert "Only 2 of 3 tries are left" in capsys.readouterr().out
