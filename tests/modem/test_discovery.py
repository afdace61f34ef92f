"""Which ports may be a modem's: read from folders that look like /dev, /sys and /proc."""

from __future__ import annotations

import os
import pty
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relou_gateway.modem.discovery import MAKERS, Port, Roots, candidates, plugged, ports
from relou_gateway.modem.holders import Holder, holders, scan
from tests.support.waiting import wait_until


@dataclass
class Machine:
    """A machine without a machine: its folders, and the USB devices that are plugged in."""

    root: Path
    roots: Roots = field(init=False)

    def __post_init__(self) -> None:
        self.roots = Roots(self.root / "dev", self.root / "sys", self.root / "proc")
        self.roots.by_id.mkdir(parents=True)
        for folder in (self.roots.sys / "class" / "tty", self.roots.proc):
            folder.mkdir(parents=True)

    def plug(
        self, tty: str, vendor: str, *, product: str = "1506", stick: str = "1-1.2", interface: int = 0
    ) -> Path:
        """Plug in one tty of a USB device; a ttyACM hangs directly on its interface, a ttyUSB one deeper."""
        usb = self.roots.sys / "devices" / "usb1" / stick
        port = usb / f"{stick}:1.{interface}"
        device = port if tty.startswith("ttyACM") else port / tty
        device.mkdir(parents=True, exist_ok=True)
        (usb / "idVendor").write_text(f"{vendor}\n")
        (usb / "idProduct").write_text(f"{product}\n")
        (port / "bInterfaceNumber").write_text(f"{interface:02x}\n")
        entry = self.roots.sys / "class" / "tty" / tty
        entry.mkdir()
        (entry / "device").symlink_to(device)
        (self.roots.dev / tty).touch()
        return self.roots.dev / tty

    def name(self, tty: str, by_id: str) -> str:
        """Give a tty its lasting name."""
        link = self.roots.by_id / by_id
        link.symlink_to(f"../../{tty}")
        return str(link)

    def pull(self, tty: str) -> None:
        (self.roots.dev / tty).unlink()

    def run(self, pid: int, name: str, *opened: Path) -> None:
        """Let a process run that has these files open."""
        folder = self.roots.proc / str(pid)
        (folder / "fd").mkdir(parents=True)
        (folder / "comm").write_text(f"{name}\n")
        for number, path in enumerate(opened):
            (folder / "fd" / str(number)).symlink_to(path.resolve())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_operators_link_is_the_only_candidate_where_there_is_one(machine: Machine) -> None:
    machine.plug("ttyUSB0", "12d1")
    machine.roots.link.symlink_to(machine.plug("ttyUSB1", "0403"))
    assert [Port(str(machine.roots.link))] == ports(machine.roots)


@pytest.mark.parametrize("vendor", MAKERS)
def test_a_stick_of_each_maker_is_found(machine: Machine, vendor: str) -> None:
    path = machine.plug("ttyUSB0", vendor, interface=2)
    (port,) = ports(machine.roots)
    assert Port(str(path), MAKERS[vendor], "1-1.2", 2, port.rank) == port


def test_a_modem_on_a_tty_of_its_interface_is_found(machine: Machine) -> None:
    path = machine.plug("ttyACM0", "1546", product="1102")
    assert [str(path)] == candidates(machine.roots)


def test_what_belongs_to_something_else_is_never_a_candidate(machine: Machine) -> None:
    machine.plug("ttyUSB0", "0403", stick="1-1.1")  # an adapter: FTDI
    machine.plug("ttyUSB1", "1a86", stick="1-1.2")  # an adapter: CH340, also Arduinos
    machine.plug("ttyACM0", "2341", stick="1-1.3")  # an Arduino
    machine.plug("ttyACM1", "1546", product="01a7", stick="1-1.4")  # a GPS receiver of u-blox
    machine.plug("ttyUSB2", "1546", product="0502", stick="1-1.5")  # and another
    machine.plug("ttyUSB3", "1410", product="a008", stick="1-1.6")  # one that waits for its firmware
    machine.name("ttyUSB0", "usb-FTDI_FT232R_USB_UART_A1-if00-port0")
    (machine.roots.sys / "class" / "tty" / "ttyS0").mkdir()
    (machine.roots.dev / "ttyS0").touch()
    assert [] == candidates(machine.roots)


def test_a_port_goes_by_its_lasting_name(machine: Machine) -> None:
    for number in (0, 1, 2):
        machine.plug(f"ttyUSB{number}", "12d1", interface=number)
    first = machine.name("ttyUSB0", "usb-HUAWEI_Mobile-if00-port0")
    third = machine.name("ttyUSB2", "usb-HUAWEI_Mobile-if02-port0")
    assert [first, str(machine.roots.dev / "ttyUSB1"), third] == candidates(machine.roots)


def test_the_ttys_of_one_stick_stand_together_in_the_order_of_its_interfaces(machine: Machine) -> None:
    for tty, stick, interface in (("ttyUSB0", "1-2", 1), ("ttyUSB1", "1-1", 4), ("ttyUSB2", "1-2", 0)):
        machine.plug(tty, "2c7c", stick=stick, interface=interface)
    found = [(port.stick, port.interface) for port in ports(machine.roots)]
    assert [("1-1", 4), ("1-2", 0), ("1-2", 1)] == found


def test_of_a_stick_whose_first_ttys_are_for_diagnosis_and_gps_another_is_asked_first(
    machine: Machine,
) -> None:
    for number in range(4):
        machine.plug(f"ttyUSB{number}", "2c7c", stick="1-1", interface=number)
        machine.plug(f"ttyUSB{4 + number}", "1199", stick="1-2", interface=number)
        machine.plug(f"ttyUSB{8 + number}", "12d1", stick="1-3", interface=number)
    found = [port.interface for port in ports(machine.roots)]
    assert [2, 3, 0, 1, 3, 0, 1, 2, 0, 1, 2, 3] == found


def test_what_was_pulled_is_no_candidate(machine: Machine) -> None:
    machine.plug("ttyUSB0", "12d1")
    machine.pull("ttyUSB0")
    assert [] == candidates(machine.roots)


def test_a_machine_without_usb_has_no_candidates(tmp_path: Path) -> None:
    assert [] == candidates(Roots(tmp_path / "dev", tmp_path / "sys", tmp_path / "proc"))


@pytest.mark.parametrize("device", ["auto", "path"])
def test_plugging_in_and_pulling_is_noticed(machine: Machine, device: str) -> None:
    tty = machine.roots.dev / "ttyUSB0"
    configured = "auto" if device == "auto" else str(tty)
    seen = [plugged(configured, machine.roots)]
    machine.plug("ttyUSB0", "12d1")
    seen.append(plugged(configured, machine.roots))
    assert seen[-1] == plugged(configured, machine.roots)
    held = tty.open()  # as the kernel does: what is open keeps its inode
    machine.pull("ttyUSB0")
    tty.touch()
    held.close()
    seen.append(plugged(configured, machine.roots))
    assert 3 == len(set(seen))


# --- who has it open ------------------------------------------------------------------------


def test_a_program_that_has_the_port_open_is_named(machine: Machine) -> None:
    tty = machine.plug("ttyUSB0", "12d1")
    machine.run(4711, "ModemManager", Path(os.devnull), tty)
    machine.run(4712, "sleep", Path(os.devnull))
    assert [Holder(4711, "ModemManager")] == holders(str(tty), machine.roots.proc)
    assert "ModemManager (process 4711)" == str(Holder(4711, "ModemManager"))


def test_a_port_is_recognised_under_any_of_its_names(machine: Machine) -> None:
    tty = machine.plug("ttyUSB0", "12d1")
    machine.run(4711, "minicom", tty)
    link = machine.name("ttyUSB0", "usb-HUAWEI_Mobile-if00-port0")
    assert [Holder(4711, "minicom")] == holders(link, machine.roots.proc)


def test_how_a_holder_was_called_is_told(machine: Machine) -> None:
    tty = machine.plug("ttyUSB0", "12d1")
    machine.run(4711, "python3", tty)
    (machine.roots.proc / "4711" / "cmdline").write_bytes(b"python3\0-m\0relou_gateway\0")
    assert [Holder(4711, "python3", "python3 -m relou_gateway")] == holders(str(tty), machine.roots.proc)


def test_whoever_made_a_pseudo_terminal_is_not_its_holder() -> None:
    master, slave = pty.openpty()
    line = os.ttyname(slave)
    # this process would not count in any case, so another one has both ends
    maker = subprocess.Popen(["sleep", "60"], stdin=master, stdout=slave)
    client = subprocess.Popen(["sleep", "60"], stdin=slave)
    try:
        wait_until(lambda: [client.pid] == [holder.pid for holder in holders(line)])
    finally:
        for program in (maker, client):
            program.kill()
            program.wait()
        os.close(master)
        os.close(slave)


def test_processes_that_may_not_be_looked_at_are_counted(machine: Machine) -> None:
    tty = machine.plug("ttyUSB0", "12d1")
    machine.run(4711, "minicom", tty)
    for pid in (4712, 4713):  # a file instead of a folder: not even root can look into it
        (machine.roots.proc / str(pid)).mkdir()
        (machine.roots.proc / str(pid) / "fd").touch()
    (machine.roots.proc / "4714").mkdir()  # has just ended
    assert ([Holder(4711, "minicom")], 2) == scan(str(tty), machine.roots.proc)


def test_without_a_proc_nobody_is_seen(tmp_path: Path) -> None:
    assert ([], 0) == scan(os.devnull, tmp_path / "proc")


def test_our_own_process_is_no_holder(tmp_path: Path) -> None:
    with (tmp_path / "port").open("w") as file:
        assert [] == holders(file.name)
