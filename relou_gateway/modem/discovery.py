"""Which tty is it? The ports of known modems, best first.

Only names and sysfs are looked at; nothing is opened. A port is a candidate if the operator's
udev link says so, or if it belongs to a USB device of a maker of modems: adapters, printers,
Arduinos and GPS receivers are never disturbed. There is no netlink in the service's sandbox, so
what is plugged in is found out by looking again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .plug import seen_at

MAKERS = {
    "0af0": "Option",
    "0bdb": "Ericsson",
    "0f3d": "AirPrime",
    "114f": "Wavecom",
    "1199": "Sierra Wireless",
    "12d1": "Huawei",
    "1410": "Novatel Wireless",
    "1519": "Comneon",
    "1546": "u-blox",
    "19d2": "ZTE",
    "1bbb": "Alcatel",
    "1bc7": "Telit",
    "1c9e": "Longcheer",
    "1e0e": "SIMCom",
    "1e2d": "Cinterion",
    "2001": "D-Link",
    "2949": "Neoway",
    "2c7c": "Quectel",
    "2cb7": "Fibocom",
    "2dee": "MeiG",
}
"""Makers of modems by USB vendor id.

Each is in Linux's option.c (Novatel, Longcheer), sierra.c and qcserial.c (AirPrime, Wavecom) or cdc-acm.c
(Comneon), or in ModemManager's rules and plugins (Ericsson; Wavecom and Comneon, too).
"""

NO_MODEMS: Mapping[str, Collection[int]] = {"1410": {0xA008, 0xA014}, "1546": range(0x1000)}
"""Products of these makers that are none.

u-blox sells GPS receivers under the same vendor id: 01a4 to 01ab (usb.ids, ModemManager's rules), 0502 to
050d; its modems begin with 1010. Novatel's two wait for their firmware (ModemManager's rules).
"""

COMMANDS = {"0f3d": (3,), "114f": (3,), "1199": (3,), "1e0e": (2, 3), "2c7c": (2, 3)}
"""Interfaces for AT commands, best first, of makers whose first ones are for diagnosis and GPS.

Linux's qcserial.c (Sierra Wireless, and its modems of AirPrime's and Wavecom's ids), and the makers'
manuals. A line for diagnosis answers nothing: each that is asked first costs the whole time of a probe.
"""

DEPTH = 6
"""Folders between a tty in sysfs and its USB device at the most."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Where devices, sysfs and processes are to be found."""

    dev: Path = Path("/dev")
    sys: Path = Path("/sys")
    proc: Path = Path("/proc")

    @property
    def link(self) -> Path:
        """The link that our udev rule makes for a known modem; it outlives a renumbering of ttyUSB."""
        return self.dev / "relou-modem"

    @property
    def by_id(self) -> Path:
        """Links that the system makes by maker, model and serial number."""
        return self.dev / "serial" / "by-id"


ROOTS = Roots()
LINK = ROOTS.link


@dataclass(frozen=True, slots=True)
class Port:
    """One tty of a modem. `path` is its most lasting name; `stick` tells one USB device from another.

    `maker`, `stick` and `interface` are empty or None where the operator's link alone vouches for it.
    `rank` is the lower, the likelier this tty is the one for AT commands among those of its stick.
    """

    path: str
    maker: str = ""
    stick: str = ""
    interface: int | None = None
    rank: int = 0


def ports(roots: Roots = ROOTS) -> list[Port]:
    """Return the ports at which a modem may be: the operator's link alone, else all that makers vouch for.

    A stick shows several ttys; its first interface is the one for AT commands more often than not,
    but for the makers in `COMMANDS`.
    """
    if roots.link.exists():
        return [Port(str(roots.link))]
    return _vouched_for(roots)


def beside(path: str, roots: Roots = ROOTS) -> list[Port]:
    """Return the other ttys of the stick to which the operator's link at `path` leads."""
    device = Path(path).resolve()
    found = [(Path(port.path).resolve() == device, port) for port in _vouched_for(roots)]
    sticks = {port.stick for is_it, port in found if is_it}
    return [port for is_it, port in found if port.stick in sticks and not is_it]


def _vouched_for(roots: Roots) -> list[Port]:
    names = _lasting_names(roots)
    found = [port for tty in _ttys(roots) if (port := _port(roots, tty, names)) is not None]
    return sorted(found, key=lambda port: (port.stick, port.rank, port.interface or 0, port.path))


def candidates(roots: Roots = ROOTS) -> list[str]:
    """Return the paths of `ports`."""
    return [port.path for port in ports(roots)]


def plugged(device: str, roots: Roots = ROOTS) -> tuple[object, ...]:
    """Return what changes when something is plugged in or pulled that may be the modem.

    `device` is a path, or `auto`.
    """
    paths = candidates(roots) if device == "auto" else [device]
    return tuple((path, seen_at(path)) for path in paths)


def _ttys(roots: Roots) -> list[Path]:
    try:
        return sorted((roots.sys / "class" / "tty").iterdir())
    except OSError:
        return []


def _lasting_names(roots: Roots) -> dict[Path, str]:
    """Map each device that has links by id to the first of them."""
    try:
        return {link.resolve(): str(link) for link in sorted(roots.by_id.iterdir(), reverse=True)}
    except OSError:
        return {}


def _port(roots: Roots, tty: Path, names: dict[Path, str]) -> Port | None:
    node = roots.dev / tty.name
    device = tty / "device"
    if not node.exists() or not device.exists():
        return None
    above = list(_above(device.resolve()))
    usb = next((folder for folder in above if (folder / "idVendor").is_file()), None)
    if usb is None or not _is_modem(usb):
        return None
    interface = next(
        (number for folder in above if (number := _hexadecimal(folder, "bInterfaceNumber")) is not None), None
    )
    path, vendor = names.get(node.resolve(), str(node)), _read(usb, "idVendor")
    return Port(path, MAKERS[vendor], usb.name, interface, _rank(vendor, interface))


def _rank(vendor: str, interface: int | None) -> int:
    known = COMMANDS.get(vendor, ())
    return known.index(interface) if interface in known else len(known)


def _above(folder: Path) -> Iterator[Path]:
    yield folder
    yield from list(folder.parents)[:DEPTH]


def _is_modem(usb: Path) -> bool:
    vendor, product = _read(usb, "idVendor"), _hexadecimal(usb, "idProduct")
    return vendor in MAKERS and product not in NO_MODEMS.get(vendor, ())


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text("ascii", "replace").strip().lower()
    except OSError:
        return ""


def _hexadecimal(folder: Path, name: str) -> int | None:
    try:
        return int(_read(folder, name), 16)
    except ValueError:
        return None
