"""Modems that are plugged in and show themselves as something else than a modem.

Out of the box many sticks are a CD-ROM with drivers for another system, or a network card
with a web page (HiLink); only what has a tty can be spoken to in AT commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .machine import Machine, text_of

OTHERS = {"0bdb", "1546", "2001"}
"""Makers of modems who make Bluetooth adapters, GPS receivers, network cards or memory sticks as well:
Ericsson, u-blox, D-Link."""

STORAGE = "08"
NETWORK = {"02", "e0"}
"""Classes of USB interfaces (usb.org, Defined Class Codes): CDC Ethernet, and RNDIS."""

SWITCH = "`sudo apt install usb-modeswitch`, then unplug it and plug it in again; see docs/hardware.md"
HILINK = (
    "it is a router of its own (HiLink), not a modem: use another, or other firmware; see docs/hardware.md"
)
NO_DRIVER = "`sudo modprobe option`, then look again; docs/hardware.md tells which sticks work"


class Disguised(NamedTuple):
    """A modem without a tty: what it shows itself as, and what to do about it."""

    name: str
    shown: str
    cure: str


def disguised(machine: Machine) -> list[Disguised]:
    """Return the modems on the USB bus that have no tty."""
    from ...modem.discovery import MAKERS  # noqa: PLC0415 - the makers that the daemon looks for

    makers = {vendor: maker for vendor, maker in MAKERS.items() if vendor not in OTHERS}
    sticks = [
        (makers[vendor], folder)
        for folder in machine.entries("sys/bus/usb/devices")
        if (vendor := text_of(folder / "idVendor") or "") in makers and not _has_tty(folder)
    ]
    return [_look_at(maker, stick) for maker, stick in sticks]


def _has_tty(stick: Path) -> bool:
    """Say whether one of the interfaces has a tty: ttyUSB lies in it, ttyACM in its folder `tty`."""
    return any(any(stick.glob(pattern)) for pattern in ("*:*/ttyUSB*", "*:*/tty/*"))


def _look_at(maker: str, stick: Path) -> Disguised:
    name = f"{maker} {text_of(stick / 'idVendor')}:{text_of(stick / 'idProduct')}"
    classes = {text_of(path) for path in stick.glob("*:*/bInterfaceClass")}
    if classes & NETWORK:
        return Disguised(name, "a network card", HILINK)
    if STORAGE in classes:
        return Disguised(name, "a CD-ROM or memory stick", SWITCH)
    return Disguised(name, "something without a serial line", NO_DRIVER)
