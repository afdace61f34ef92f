"""What `doctor` reads from /proc, /sys and /run: a machine of files, as the kernel lays them out."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relou_gateway.cli.checks import host, modem, port, usb
from relou_gateway.cli.checks.case import Case, Past
from relou_gateway.cli.checks.finding import Finding, State, warning
from relou_gateway.cli.checks.machine import Machine
from relou_gateway.store.gateway import ModemSeen

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
TTY = Path("/dev/ttyUSB0")


class Made:
    """A machine made of files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.machine = Machine(root)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def program(self, pid: int, name: str, *arguments: str, holds: Path | None = None) -> None:
        self.write(f"proc/{pid}/comm", f"{name}\n")
        self.write(f"proc/{pid}/cmdline", "\0".join((name, *arguments, "")))
        (self.root / f"proc/{pid}/fd").mkdir()
        if holds is not None:
            (self.root / f"proc/{pid}/fd/3").symlink_to(holds)

    def stick(self, port: str = "1-1", vendor: str = "12d1", product: str = "1001", **classes: str) -> Path:
        """Plug in a USB device whose interfaces have these classes; a tty is the class `ttyUSB0`."""
        folder = self.root / "sys/bus/usb/devices" / port
        self.write(f"sys/bus/usb/devices/{port}/idVendor", f"{vendor}\n")
        self.write(f"sys/bus/usb/devices/{port}/idProduct", f"{product}\n")
        for index, (tty, usb_class) in enumerate(classes.items()):
            self.write(f"sys/bus/usb/devices/{port}/{port}:1.{index}/bInterfaceClass", f"{usb_class}\n")
            if tty.startswith("tty"):
                self._tty(tty, folder / f"{port}:1.{index}" / tty)
        return folder

    def _tty(self, name: str, place: Path) -> None:
        place.mkdir(parents=True)
        link = self.root / "sys/class/tty" / name / "device"
        link.parent.mkdir(parents=True)
        link.symlink_to(place)
        self.write(f"sys/class/tty/{name}/dev", "188:0\n")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def told(finding: Finding) -> tuple[str, str]:
    assert bool(finding.cure) == (finding.state in {State.WARNING, State.FAILURE})
    return finding.state, finding.found


# --- power --------------------------------------------------------------------------------

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


@pytest.mark.parametrize(
    ("flags", "state", "words"),
    [
        ("0", "ok", "never too low"),
        ("50005", "failure", "too low at this moment"),
        ("1", "failure", "too low at this moment"),
        ("50000", "warning", "too low at times"),
        ("throttled=0x50000", "warning", "too low at times"),
        ("80008", "warning", "too hot"),
        ("40000", "warning", "too hot"),
        ("nonsense", "skipped", "does not tell"),
    ],
)
def test_a_raspberry_pi_tells_whether_its_supply_is_too_weak(
    made: Made, flags: str, state: str, words: str
) -> None:
    made.write("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    made.write(THROTTLED, f"{flags}\n")
    finding = host.power(made.machine)
    assert (state, True) == (told(finding)[0], words in finding.found)


@pytest.mark.parametrize(("alarm", "state"), [("0", "ok"), ("1", "warning")])
def test_where_there_is_no_such_file_the_kernels_alarm_is_asked(made: Made, alarm: str, state: str) -> None:
    made.write("proc/device-tree/model", "Raspberry Pi 5\0")
    made.write("sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    made.write("sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    made.write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", f"{alarm}\n")
    assert state == told(host.power(made.machine))[0]


def test_a_pi_without_the_file_and_a_machine_that_is_no_pi_cannot_tell(made: Made) -> None:
    assert ("skipped", "only a Raspberry Pi tells how it is powered") == told(host.power(made.machine))
    made.write("proc/device-tree/model", "Raspberry Pi 5\0")
    assert "does not tell" in host.power(made.machine).found


# --- clock --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall", "latest", "synchronised", "state"),
    [
        (NOW, None, True, "ok"),
        (NOW, NOW, True, "ok"),
        (NOW, None, False, "warning"),
        (datetime(1970, 1, 2, tzinfo=UTC), None, True, "failure"),
        (datetime(2025, 12, 31, tzinfo=UTC), None, False, "failure"),
        (NOW, datetime(2026, 11, 23, tzinfo=UTC), True, "failure"),
    ],
)
def test_a_clock_that_cannot_be_right_fails_and_one_that_nobody_keeps_right_is_told(
    wall: datetime, latest: datetime | None, synchronised: bool, state: str
) -> None:
    assert state == told(host.time(latest, wall=wall, synchronised=lambda: synchronised))[0]


def test_the_kernel_is_asked_whether_the_clock_is_kept_right() -> None:
    assert host.time(None).state in {State.OK, State.WARNING}


# --- USB ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("control", "state"), [("on", "ok"), ("auto", "warning")])
def test_a_stick_that_may_be_put_to_sleep_is_told(made: Made, control: str, state: str) -> None:
    stick = made.stick(ttyUSB0="ff")
    made.write("sys/bus/usb/devices/1-1/power/control", f"{control}\n")
    finding = host.autosuspend(TTY, made.machine)
    assert state == told(finding)[0]
    assert (str(stick / "power" / "control") in finding.cure) == (control == "auto")


def test_a_line_that_is_not_on_usb_never_sleeps(made: Made) -> None:
    assert ("skipped", "/dev/ttyAMA0 is not on USB") == told(
        host.autosuspend(Path("/dev/ttyAMA0"), made.machine)
    )


@pytest.mark.parametrize(
    ("vendor", "product", "classes", "shown", "cure"),
    [
        ("12d1", "1446", {"disk": "08"}, "a CD-ROM or memory stick", "usb-modeswitch"),
        ("19d2", "2000", {"disk": "08"}, "a CD-ROM or memory stick", "usb-modeswitch"),
        ("12d1", "14dc", {"network": "02", "disk": "08"}, "a network card", "HiLink"),
        ("12d1", "1001", {"modem": "ff"}, "something without a serial line", "modprobe"),
    ],
)
def test_a_modem_that_shows_itself_as_something_else_is_recognised(
    made: Made, vendor: str, product: str, classes: dict[str, str], shown: str, cure: str
) -> None:
    made.stick(vendor=vendor, product=product, **classes)
    [found] = usb.disguised(made.machine)
    assert (f"{vendor}:{product}" in found.name, shown, True) == (True, found.shown, cure in found.cure)
    finding = port.present([], made.machine, made.root / "none")
    assert ("failure", found.cure) == (finding.state, finding.cure)


def test_where_brltty_runs_it_may_have_taken_the_modem_away(made: Made) -> None:
    made.program(500, "brltty")
    assert "apt remove brltty" in port.present([], made.machine, made.root / "none").cure


def test_a_modem_with_its_ttys_and_a_keyboard_are_no_disguised_modems(made: Made) -> None:
    made.stick("1-1", ttyUSB0="ff", disk="08")
    made.stick("1-2", vendor="046d", product="c31c", keyboard="03")
    assert [] == usb.disguised(made.machine)


def test_without_any_modem_one_is_to_be_plugged_in(made: Made) -> None:
    assert ("failure", "there is no modem to be seen") == told(port.present([], made.machine))


def test_instead_of_a_device_that_is_missing_those_that_are_there_are_named(made: Made) -> None:
    other = made.write("by-id/usb-HUAWEI-if00", "")
    finding = port.present([str(made.root / "gone")], made.machine, other.parent)
    assert ("failure", f"name one that is there: {other}") == (finding.state, finding.cure)


# --- ModemManager -------------------------------------------------------------------------


def test_modemmanager_may_run_where_udev_tells_it_to_leave_the_modem_alone(made: Made) -> None:
    assert "ok" == told(host.modem_manager(TTY, made.machine))[0]
    made.program(812, "ModemManager")
    made.stick(ttyUSB0="ff")
    assert "warning" == told(host.modem_manager(TTY, made.machine))[0]
    made.write("run/udev/data/c188:0", "I:1234\nE:ID_MM_DEVICE_IGNORE=1\n")
    assert "ok" == told(host.modem_manager(TTY, made.machine))[0]


# --- who has it open? ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "cure"),
    [
        ("ModemManager", (), "disable --now ModemManager"),
        ("gammu-smsd", ("--daemon",), "disable --now gammu-smsd"),
        ("brltty", (), "apt remove brltty"),
        ("agetty", ("ttyUSB0",), "raspi-config"),
        ("python3", ("/usr/bin/relou-gateway", "run"), "another gateway"),
        ("minicom", ("-D", "/dev/ttyUSB0"), "sudo kill 812"),
    ],
)
def test_each_program_that_takes_modems_has_its_cure(
    made: Made, name: str, arguments: tuple[str, ...], cure: str
) -> None:
    made.program(1, "systemd")
    made.program(812, name, *arguments, holds=TTY)
    finding = port.in_use(TTY, made.machine)
    assert ("failure", True) == (finding.state, f"held by {name} (pid 812)" in finding.found)
    assert cure in finding.cure


def test_the_systems_own_console_is_no_line_for_a_modem(made: Made) -> None:
    made.write("proc/cmdline", "console=serial0,115200 console=tty1 root=/dev/mmcblk0p2\n")
    made.write("dev/ttyS0", "")
    (made.root / "dev/serial0").symlink_to("ttyS0")
    finding = port.in_use(Path("/dev/ttyS0"), made.machine)
    assert ("failure", True) == (finding.state, "raspi-config" in finding.cure)
    assert "ok" == told(port.in_use(TTY, made.machine))[0]


def test_a_line_that_nobody_holds_is_free(made: Made) -> None:
    made.program(1, "systemd", holds=Path("/dev/null"))
    assert ("ok", "nobody has it open") == told(port.in_use(TTY, made.machine))


# --- beside a gateway that is at work -----------------------------------------------------


@pytest.fixture
def lines() -> Iterator[tuple[str, str]]:
    """Two ttys on which nobody answers, and which would take three seconds if they were asked."""
    ends = [pty.openpty() for _ in range(2)]
    yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    for end in (*ends[0], *ends[1]):
        os.close(end)


def answers(made: Made, named: str, past: Past | None, at_work: bool | None = True) -> Finding:
    """Return what `doctor --device` says of the answers of a modem beside a gateway."""
    case = Case(made.machine, warning("configuration", "there is none", "-"), None, named, at_work, past)
    return next(each for each in modem.examine(case) if each.check == "answers")


def watched(device: str, state: str = "ready") -> Past:
    return Past(ModemSeen(state, "", device, "", "", None, False, None, None), None, None, None)


def test_another_tty_of_the_gateways_stick_is_left_alone(made: Made, lines: tuple[str, str]) -> None:
    theirs, other = lines
    made.stick(**{f"tty{Path(theirs).name}": "ff", f"tty{Path(other).name}": "ff"})
    for line in lines:
        number = Path(line).name
        (made.root / "sys/class/tty" / f"tty{number}").rename(made.root / "sys/class/tty" / number)
    assert f"the gateway is at work with {theirs}" == answers(made, other, watched(theirs)).found


def test_a_modem_of_which_the_gateway_knows_nothing_may_be_asked(made: Made, lines: tuple[str, str]) -> None:
    theirs, other = lines
    assert "answers as a modem does" in answers(made, other, watched(theirs)).found


def test_while_the_gateway_looks_for_its_modem_none_is_asked(made: Made, lines: tuple[str, str]) -> None:
    theirs, other = lines
    assert "the gateway has no modem" in answers(made, other, watched(theirs, "absent")).found


@pytest.mark.parametrize("at_work", [True, None])
def test_where_it_cannot_be_told_whose_the_modem_is_none_is_asked(
    made: Made, lines: tuple[str, str], at_work: bool | None
) -> None:
    finding = answers(made, lines[0], None, at_work)
    assert ("skipped", True) == (finding.state, "a gateway may be at work" in finding.found)


# --- who may open it? ---------------------------------------------------------------------


def test_another_user_is_judged_by_owner_group_and_mode(tmp_path: Path) -> None:
    node = Path("/dev/tty")
    state = node.stat()
    stranger = port.Person("nemo", 54321, frozenset())
    member = port.Person("nemo", 54321, frozenset({state.st_gid}))
    open_to_all = bool(state.st_mode & 0o006 == 0o006)
    open_to_group = bool(state.st_mode & 0o060 == 0o060)
    assert open_to_all == (port.permissions(node, stranger).state is State.OK)
    assert open_to_group == (port.permissions(node, member).state is State.OK)
    assert "is no serial line" in port.permissions(tmp_path, port.myself()).found


def test_whoever_owns_a_file_is_found_with_his_groups(tmp_path: Path) -> None:
    owner = port.owner_of(tmp_path)
    assert owner is not None
    assert (os.getuid(), True) == (owner.uid, os.getgid() in owner.groups)
    assert port.owner_of(tmp_path / "gone") is None
