"""USB devices as the kernel shows them, made of folders and files, and what the real udevadm makes of them.

A mount namespace of its own lets `udevadm test` see a sysfs, a /dev and rules of ours; nothing of this
machine is touched.
"""

from __future__ import annotations

import grp
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SYSTEM_RULES = Path("/usr/lib/udev/rules.d")
SYSTEMS_OWN = ("50-udev-default.rules", "60-autosuspend.rules", "60-serial.rules", "99-systemd.rules")
"""The rules of systemd's own that have to do with ttys and USB devices."""

DIALOUT = grp.getgrnam("dialout").gr_gid

Interface = tuple[int, int, int]
"""Class, subclass and protocol of a USB interface (usb.org, Defined Class Codes)."""


@dataclass(frozen=True, slots=True)
class Stick:
    """A USB device: its ids, all its interfaces in order, and which of these have a tty.

    `driver` is `usb-serial` (ttyUSB) or `acm` (ttyACM); `serial` goes into the links by id.
    """

    name: str
    vendor: str
    product: str
    interfaces: Sequence[Interface]
    ttys: Mapping[int, str] = field(default_factory=dict)
    serial: str = ""

    @property
    def driver(self) -> str:
        return "acm" if any("ACM" in tty for tty in self.ttys.values()) else "usb-serial"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules made of one device."""

    properties: Mapping[str, str]
    group: int | None
    mode: str | None
    written: Mapping[str, str]

    @property
    def links(self) -> set[str]:
        return set(self.properties.get("DEVLINKS", "").split())

    @property
    def tags(self) -> set[str]:
        return set(filter(None, self.properties.get("TAGS", "").split(":")))

    @property
    def wants(self) -> list[str]:
        return self.properties.get("SYSTEMD_WANTS", "").split()


class Machine:
    """A root with a fake sysfs, to which sticks are added, and with the system's rules and ours."""

    def __init__(self, folder: Path, rules: Mapping[str, Path]) -> None:
        """Have some of the system's rules, and `rules`: files by the names that they get there."""
        self._folder = folder
        for each in ("sys/bus", "sys/class/tty", "sys/devices/pci0000:00/usb1", "dev", "run/udev", "etc"):
            (folder / each).mkdir(parents=True)
        for each in ("null", "zero", "urandom"):
            (folder / "dev" / each).touch()
        (folder / "rules").mkdir()
        for name, file in {each: SYSTEM_RULES / each for each in SYSTEMS_OWN}.items() | rules.items():
            shutil.copy(file, folder / "rules" / name)

    # --- plugging in ------------------------------------------------------------------------

    def plug(self, stick: Stick) -> Path:
        """Make the folders of a stick and of its ttys; return its own."""
        device = self._device(
            "devices/pci0000:00/usb1/1-1", "usb", DEVTYPE="usb_device", MAJOR="189", MINOR="1"
        )
        self._attributes(
            device,
            idVendor=stick.vendor,
            idProduct=stick.product,
            manufacturer=stick.name.partition(" ")[0],
            product=stick.name,
            serial=stick.serial,
            bNumInterfaces=f"{len(stick.interfaces):2}",
            bDeviceClass="00",
            bcdDevice="0000",
        )
        (device / "descriptors").write_bytes(_descriptors(stick))
        (device / "power").mkdir()
        self._attributes(device / "power", control="auto")
        for number, (kind, subclass, protocol) in enumerate(stick.interfaces):
            interface = self._device(
                f"devices/pci0000:00/usb1/1-1/1-1:1.{number}", "usb", DEVTYPE="usb_interface"
            )
            self._attributes(
                interface,
                bInterfaceNumber=f"{number:02x}",
                bInterfaceClass=f"{kind:02x}",
                bInterfaceSubClass=f"{subclass:02x}",
                bInterfaceProtocol=f"{protocol:02x}",
            )
        for number, tty in stick.ttys.items():
            self._tty(stick, number, tty)
        return device

    def solder(self, tty: str) -> Path:
        """Make the folder of a serial line that is part of the machine."""
        self._device("devices/platform/soc/serial0", "platform")
        return self._device(
            f"devices/platform/soc/serial0/tty/{tty}", "tty", DEVNAME=tty, MAJOR="204", MINOR="64"
        )

    def _tty(self, stick: Stick, number: int, tty: str) -> None:
        above = f"devices/pci0000:00/usb1/1-1/1-1:1.{number}"
        if stick.driver == "usb-serial":
            above = f"{above}/{tty}"
            self._attributes(self._device(above, "usb-serial"), port_number="0")
        minor = re.sub(r"\D", "", tty)
        node = self._device(f"{above}/tty/{tty}", "tty", DEVNAME=tty, MAJOR="188", MINOR=minor)
        (node / "device").symlink_to(os.path.relpath(self._folder / "sys" / above, node))
        (self._folder / "sys/class/tty" / tty).symlink_to(node)

    def _device(self, path: str, subsystem: str, **properties: str) -> Path:
        folder = self._folder / "sys" / path
        folder.mkdir(parents=True)
        (folder / "uevent").write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        bus = self._folder / "sys" / ("class" if subsystem == "tty" else "bus") / subsystem
        bus.mkdir(exist_ok=True, parents=True)
        (folder / "subsystem").symlink_to(os.path.relpath(bus, folder))
        return folder

    @staticmethod
    def _attributes(folder: Path, **values: str) -> None:
        for name, value in values.items():
            (folder / name).write_text(f"{value}\n")

    # --- asking udev ------------------------------------------------------------------------

    def outcome(self, device: str, action: str = "add") -> Outcome:
        """Return what udevadm says of a device: `stick`, or the name of a tty."""
        found = next((self._folder / "sys/devices").rglob("1-1" if device == "stick" else f"tty/{device}"))
        path = f"/{found.relative_to(self._folder)}"
        told = self._udevadm("test", f"--action={action}", path)
        properties = dict(re.findall(r"^\s*([A-Z][A-Z0-9_]*)=(.*)$", told, re.MULTILINE))
        properties.pop("USEC_INITIALIZED", None)
        groups, modes = re.findall(r"\bGROUP (\d+)", told), re.findall(r"\bMODE (0\d+)", told)
        # systemd 252 writes into our sysfs and says so; 257 says what it would have written
        here = re.escape(path)
        written = dict(re.findall(rf"ATTR '{here}/([^']*)' writing '([^']*)'", told))
        written |= dict(re.findall(rf'skipping writing ATTR{{{here}/([^}}]*)}}="([^"]*)"', told))
        return Outcome(properties, int(groups[-1]) if groups else None, modes[-1] if modes else None, written)

    def _udevadm(self, *arguments: str) -> str:
        mounts = [
            ("sys", "/sys"),
            ("run", "/run"),
            ("dev", "/dev"),
            ("etc", "/etc/udev"),
            ("rules", SYSTEM_RULES),
        ]
        own = self._folder
        nodes = [f"mount --bind /dev/{name} {own}/dev/{name}" for name in ("null", "zero", "urandom")]
        steps = [*nodes, *(f"mount --rbind {own}/{ours} {theirs}" for ours, theirs in mounts)]
        script = " && ".join([*steps, 'exec udevadm "$@"'])
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        done = subprocess.run(
            ["unshare", "--mount", *as_root, "sh", "-c", script, "udevadm", "--debug", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "SYSTEMD_DEVICE_VERIFY_SYSFS": "0",
                "SYSTEMD_LOG_LEVEL": "debug",
            },
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.stdout + done.stderr


def _descriptors(stick: Stick) -> bytes:
    """Return what the kernel shows as `descriptors` (USB 2.0 ch. 9.6: device, configuration, interfaces)."""
    device = struct.pack(
        "<BBHBBBBHHHBBBB",
        18,
        1,
        0x200,
        0,
        0,
        0,
        64,
        int(stick.vendor, 16),
        int(stick.product, 16),
        0,
        1,
        2,
        3,
        1,
    )
    endpoint = struct.pack("<BBBBHB", 7, 5, 0x81, 2, 512, 0)
    interfaces = b"".join(
        struct.pack("<BBBBBBBBB", 9, 4, number, 0, 1, *kind, 0) + endpoint
        for number, kind in enumerate(stick.interfaces)
    )
    count = len(stick.interfaces)
    return device + struct.pack("<BBHBBBBB", 9, 2, 9 + len(interfaces), count, 1, 0, 0x80, 250) + interfaces
