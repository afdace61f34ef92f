"""The udev rules, as the real udevadm applies them to devices as the kernel shows them."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest

from relou_gateway.modem import discovery
from tests.units.plugged import DIALOUT, Machine, Outcome, Stick

FOLDER = Path(__file__).parents[2] / "udev"
RULES = {"77-relou-modem.rules": FOLDER / "77-relou-modem.rules"}
HAT = {"78-relou-hat.rules": FOLDER / "78-relou-hat.rules.example"}
LINK = "/dev/relou-modem"

OWN = (0xFF, 0xFF, 0xFF)
SERIAL = (0xFF, 0, 0)
DISK = (0x08, 0x06, 0x50)
ETHERNET, ITS_DATA = (0x02, 0x06, 0), (0x0A, 0x06, 0)
ACM, ACM_DATA = (0x02, 0x02, 0x01), (0x0A, 0, 0)
MTP, ADB = (0xFF, 0xFF, 0), (0xFF, 0x42, 0x01)


def ports(*interfaces: int) -> dict[int, str]:
    return {interface: f"ttyUSB{number}" for number, interface in enumerate(interfaces)}


MODEMS = [
    (
        Stick("Huawei E173", "12d1", "1436", [OWN, ETHERNET, ITS_DATA, OWN, OWN, DISK, DISK], ports(0, 3, 4)),
        "ttyUSB0",
    ),
    (
        Stick(
            "Huawei E3372",
            "12d1",
            "1506",
            [(0xFF, 2, 0x12), (0xFF, 2, 0x01), (0xFF, 2, 0x16), DISK, DISK],
            ports(0, 1),
        ),
        "ttyUSB0",
    ),
    (Stick("ZTE MF190", "19d2", "0117", [OWN, OWN, OWN, DISK], ports(0, 1, 2)), "ttyUSB2"),
    (
        Stick("ZTE MF190 again", "19d2", "0124", [OWN, OWN, OWN, DISK, OWN], ports(0, 1, 2, 4)),
        "ttyUSB3",
    ),
    (Stick("ZTE MF626", "19d2", "0031", [OWN, OWN, DISK, OWN], ports(0, 1, 3)), "ttyUSB2"),
    (
        Stick("Quectel EC25", "2c7c", "0125", [OWN, SERIAL, SERIAL, SERIAL, OWN], ports(0, 1, 2, 3)),
        "ttyUSB2",
    ),
    (
        Stick(
            "SIMCom SIM7600",
            "1e0e",
            "9001",
            [OWN, SERIAL, SERIAL, SERIAL, SERIAL, OWN, ADB],
            ports(0, 1, 2, 3, 4),
        ),
        "ttyUSB2",
    ),
    # Which of their ttys is the best is not known: the gateway asks them.
    (Stick("ZTE MF667", "19d2", "1270", [OWN, OWN, OWN, DISK], ports(0, 1, 2)), None),
    (Stick("Telit LE910", "1bc7", "1201", [OWN, OWN, OWN, OWN, OWN], ports(0, 1, 3, 4)), None),
    (
        Stick("u-blox LISA-U2", "1546", "1102", [ACM, ACM_DATA] * 3, {0: "ttyACM0", 2: "ttyACM1"}),
        None,
    ),
]
"""Modems as lsusb and the kernel's drivers show them, and the tty that the link should lead to."""

OTHERS = [
    Stick("FTDI FT232", "0403", "6001", [OWN], ports(0)),
    Stick("QinHeng CH340", "1a86", "7523", [(0xFF, 1, 2)], ports(0)),
    Stick("Prolific GPS mouse", "067b", "2303", [SERIAL], ports(0)),
    Stick("Arduino Uno", "2341", "0043", [ACM, ACM_DATA], {0: "ttyACM0"}),
    Stick("u-blox 7 GPS", "1546", "01a7", [ACM, ACM_DATA], {0: "ttyACM0"}),
    Stick("u-blox 9 GPS", "1546", "01a9", [ACM, ACM_DATA], {0: "ttyACM0"}),
    Stick("Huawei E3372 HiLink", "12d1", "14dc", [ETHERNET, ITS_DATA, DISK]),
    Stick("Huawei E173 CD-ROM", "12d1", "1446", [DISK, DISK]),
    Stick("ZTE phone", "19d2", "0306", [MTP, ADB]),
    Stick("Alcatel phone", "1bbb", "0167", [MTP, DISK, ADB]),
    Stick("D-Link Wi-Fi", "2001", "3319", [OWN]),
    Stick("D-Link Wi-Fi and Bluetooth", "2001", "3c1b", [(0xE0, 1, 1), (0xE0, 1, 1), OWN]),
    Stick("D-Link Ethernet", "2001", "4a00", [ETHERNET, ITS_DATA]),
]

MachineMaker = Callable[..., Machine]


@pytest.fixture
def machine(tmp_path: Path) -> MachineMaker:
    made: list[Machine] = []

    def make(stick: Stick | None = None, rules: dict[str, Path] = RULES) -> Machine:
        made.append(Machine(tmp_path / str(len(made)), rules))
        if stick is not None:
            made[-1].plug(stick)
        return made[-1]

    return make


def names(value: object) -> str | None:
    return value.name if isinstance(value, Stick) else None


@pytest.mark.parametrize(("stick", "best"), MODEMS, ids=names)
def test_a_modem_gets_all_that_it_needs(machine: MachineMaker, stick: Stick, best: str | None) -> None:
    with_rules = machine(stick)
    found = {tty: with_rules.outcome(tty) for tty in stick.ttys.values()}
    wanted = (DIALOUT, "0660", "1", ["relou-gateway-modem.target"], True)
    assert dict.fromkeys(found, wanted) == {tty: _of_tty(outcome) for tty, outcome in found.items()}
    assert ([best] if best else []) == [tty for tty, outcome in found.items() if LINK in outcome.links]

    whole = with_rules.outcome("stick")
    assert ("1", "on", []) == (
        whole.properties.get("ID_MM_DEVICE_IGNORE"),
        whole.written.get("power/control"),
        whole.wants,
    )


def _of_tty(outcome: Outcome) -> tuple[int | None, str | None, str | None, list[str], bool]:
    ignored = outcome.properties.get("ID_MM_DEVICE_IGNORE")
    return outcome.group, outcome.mode, ignored, outcome.wants, "systemd" in outcome.tags


@pytest.mark.parametrize("stick", OTHERS, ids=names)
def test_what_is_no_modem_is_left_as_it_is_without_our_rules(machine: MachineMaker, stick: Stick) -> None:
    ours, without = machine(stick), machine(stick, {})
    for device in ("stick", *stick.ttys.values()):
        assert without.outcome(device) == ours.outcome(device)


@pytest.mark.parametrize("action", ["bind", "change"])
def test_a_modem_is_known_however_the_kernel_tells_of_it(machine: MachineMaker, action: str) -> None:
    stick, best = MODEMS[0]
    assert best is not None
    found = machine(stick)
    assert (True, "on") == (
        LINK in found.outcome(best, action).links,
        found.outcome("stick", action).written.get("power/control"),
    )


def test_a_modem_that_is_pulled_starts_nothing(machine: MachineMaker) -> None:
    stick, best = MODEMS[0]
    assert best is not None
    gone = machine(stick).outcome(best, "remove")
    assert ([], set()) == (gone.wants, gone.links)


def test_the_pins_of_a_raspberry_pi_are_left_alone_until_somebody_says_what_is_there(
    machine: MachineMaker,
) -> None:
    outcomes = []
    for rules in ({}, RULES, RULES | HAT):
        here = machine(None, rules)
        here.solder("ttyAMA0")
        outcomes.append(here.outcome("ttyAMA0"))
    without, ours, with_hat = outcomes
    assert without == ours
    assert (DIALOUT, "0660", "1", ["relou-gateway-modem.target"], True) == _of_tty(with_hat)
    assert {LINK} == with_hat.links - ours.links


def test_the_other_serial_line_of_a_raspberry_pi_is_left_alone(machine: MachineMaker) -> None:
    outcomes = []
    for rules in ({}, RULES | HAT):
        here = machine(None, rules)
        here.solder("ttyAMA1")
        outcomes.append(here.outcome("ttyAMA1"))
    assert outcomes[0] == outcomes[1]


# --- what the rules and the program must agree on -------------------------------------------


def _values(key: str, operator: str) -> list[str]:
    text = RULES["77-relou-modem.rules"].read_text("utf-8")
    return re.findall(rf'^[^#\n]*ENV{{{key}}}{operator}"([^"]*)"', text, re.MULTILINE)


def test_the_makers_are_those_whose_ports_the_gateway_tries() -> None:
    (makers,) = _values("ID_VENDOR_ID", "!=")
    assert sorted(discovery.MAKERS) == makers.split("|")


def test_products_that_are_no_modems_are_the_same_for_both() -> None:
    text = RULES["77-relou-modem.rules"].read_text("utf-8")
    rows = re.findall(
        r'^ENV{ID_VENDOR_ID}=="(\w+)", ENV{ID_MODEL_ID}=="([^"]*)", GOTO="relou_end"', text, re.MULTILINE
    )
    left_out = {
        (vendor, product)
        for vendor, pattern in rows
        for product in range(0x10000)
        if fnmatch(f"{product:04x}", pattern)
    }
    assert {
        (vendor, product) for vendor, products in discovery.NO_MODEMS.items() for product in products
    } == left_out


def test_the_link_is_the_one_that_the_gateway_looks_for() -> None:
    text = "".join(path.read_text("utf-8") for path in (RULES | HAT).values())
    assert {discovery.LINK.name} == set(re.findall(r'SYMLINK\+="([^"]*)"', text))


def test_the_rules_come_after_those_that_name_ports_and_before_modemmanager_chooses() -> None:
    assert [] == [name for name in RULES | HAT if not "60-serial.rules" < name < "80-mm-candidate.rules"]
