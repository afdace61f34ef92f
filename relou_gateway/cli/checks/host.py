"""What the machine does to a modem and to time: clock, power supply, sleeping ports, ModemManager."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ... import clock
from .finding import Finding, failure, ok, skipped, warning
from .machine import Machine, text_of

SLACK = timedelta(hours=1)
"""How far behind the ledger the clock may be: time servers correct it by less."""

UNDER_VOLTAGE, TOO_HOT = 0x1, 0x2 | 0x4 | 0x8
SINCE_BOOT = 16
"""The flags of `vcgencmd get_throttled`: below bit 16 what holds now, from there on what held since boot."""

SET_CLOCK = "`sudo timedatectl set-ntp true`; without a network: `sudo date --set '2026-11-22 18:00'`"
SUPPLY = (
    "use the power supply made for this Raspberry Pi, and put the stick on a hub with a supply of its own"
)
COOLING = "give the Raspberry Pi air or a heat sink"


def time(
    latest: datetime | None, *, wall: datetime | None = None, synchronised: Callable[[], bool] | None = None
) -> Finding:
    """Look at the wall clock. `latest` is the latest wall time in the ledger, None where there is none."""
    wall = wall or datetime.now(UTC)
    shown = wall.isoformat(" ", "seconds")
    if wall < clock.PLAUSIBLE_FROM:
        return failure("clock", f"it says {shown}, which cannot be", SET_CLOCK)
    if latest is not None and wall < latest - SLACK:
        told = f"it says {shown}, but the ledger has a row of {latest.isoformat(' ', 'seconds')}"
        return failure("clock", told, SET_CLOCK)
    if not (synchronised or clock.kernel().synchronised)():
        told = f"it says {shown}, and no time server keeps it right"
        return warning(
            "clock",
            told,
            "`sudo timedatectl set-ntp true`; if that is refused: `sudo apt install systemd-timesyncd`",
        )
    return ok("clock", f"{shown}, kept right by a time server")


def power(machine: Machine) -> Finding:
    """Look at what a Raspberry Pi says of its supply: an under-powered stick falls off its bus."""
    if "Raspberry Pi" not in (machine.read("proc/device-tree/model") or ""):
        return skipped("power", "only a Raspberry Pi tells how it is powered")
    flags = _throttled(machine)
    if flags is None:
        return skipped("power", "this Raspberry Pi does not tell: neither get_throttled nor vcgencmd answers")
    now, before = flags, flags >> SINCE_BOOT
    if now & UNDER_VOLTAGE:
        return failure("power", "the voltage is too low at this moment", SUPPLY)
    if before & UNDER_VOLTAGE:
        return warning("power", "the voltage was too low at times since the machine started", SUPPLY)
    if (now | before) & TOO_HOT:
        return warning("power", "the Raspberry Pi slowed down, because it was too hot", COOLING)
    return ok("power", "the voltage was never too low since the machine started")


def _throttled(machine: Machine) -> int | None:
    """Return the flags as far as they are known: some kernels have a file of them, others an alarm."""
    told = machine.read("sys/devices/platform/soc/soc:firmware/get_throttled")
    if told is None and machine.root == Path("/"):
        told = _vcgencmd()
    if told is None:
        told = _alarm(machine)
    try:
        return None if told is None else int(told.rpartition("=")[2], 16)
    except ValueError:
        return None


def _alarm(machine: Machine) -> str | None:
    """Return the flag that the kernel's raspberrypi-hwmon tells: whether the voltage was ever too low."""
    for sensor in machine.entries("sys/class/hwmon"):
        if text_of(sensor / "name") == "rpi_volt":
            return "10000" if text_of(sensor / "in0_lcrit_alarm") == "1" else "0"
    return None


def _vcgencmd() -> str | None:
    program = shutil.which("vcgencmd")
    if program is None:
        return None
    try:
        asked = subprocess.run(  # noqa: S603 - a program of the system, without any word of a stranger
            [program, "get_throttled"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip()


def autosuspend(node: Path, machine: Machine) -> Finding:
    """Say whether the kernel may put the stick to sleep; `node` is its tty."""
    stick = usb_device(node, machine)
    if stick is None:
        return skipped("autosuspend", f"{node} is not on USB")
    control = stick / "power" / "control"
    if text_of(control) != "auto":
        return ok("autosuspend", "the USB port stays awake")
    return warning(
        "autosuspend",
        "the kernel may put the stick to sleep, and some never wake up",
        f"`echo on | sudo tee {control}`; the rules in udev/ do it at each start",
    )


def usb_device(node: Path, machine: Machine) -> Path | None:
    """Return the folder below /sys of the USB device that a tty belongs to; None for any other tty."""
    place = machine.path(f"sys/class/tty/{node.name}/device").resolve()
    return next((folder for folder in (place, *place.parents) if (folder / "idVendor").is_file()), None)


def modem_manager(node: Path, machine: Machine) -> Finding:
    """Say whether ModemManager may take the modem: it opens every one that it sees, at any time."""
    if not machine.runs("ModemManager"):
        return ok("modem_manager", "ModemManager does not run")
    if _is_ignored(node, machine):
        return ok("modem_manager", f"ModemManager runs, and leaves {node} alone")
    return warning(
        "modem_manager",
        "ModemManager runs, and opens modems whenever it likes",
        "`sudo systemctl disable --now ModemManager`; a machine that needs it gets the rules in udev/",
    )


def _is_ignored(node: Path, machine: Machine) -> bool:
    """Say whether udev told ModemManager to leave this tty alone."""
    number = machine.read(f"sys/class/tty/{node.name}/dev")
    told = machine.read(f"run/udev/data/c{number}") or ""
    return any(line.startswith("E:ID_MM_") and "_IGNORE=1" in line for line in told.splitlines())
