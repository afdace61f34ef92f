"""The device: is it there, who may open it, who has it open? Nothing is opened to find out."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .finding import Finding, failure, ok, skipped
from .machine import Machine
from .usb import disguised

BY_ID = Path("/dev/serial/by-id")

PLUG_IN = "plug the modem in, wait half a minute; `sudo dmesg | tail` tells what the system made of it"
NO_LOGIN = (
    "`sudo raspi-config`, Interface Options, Serial Port: login shell no, serial hardware yes; then reboot"
)
RULES = "the rules in udev/ give modems to the group dialout: `sudo make install`, then plug it in again"

CURES = {
    "ModemManager": "`sudo systemctl disable --now ModemManager`",
    "gammu-smsd": "`sudo systemctl disable --now gammu-smsd`",
    "smsd": "`sudo systemctl disable --now smstools`",
    "brltty": "it takes serial ports for Braille displays: `sudo apt remove brltty`",
    "gpsd": "it takes serial ports for GPS receivers: `sudo systemctl disable --now gpsd.socket gpsd`",
    "hciattach": "Bluetooth has the serial line: add `dtoverlay=disable-bt` to config.txt, "
    "`sudo systemctl disable hciuart`, then reboot",
    "agetty": NO_LOGIN,
    "login": NO_LOGIN,
}
"""What to do about programs that are known to take modems, by the name that the kernel gives them."""

OURS = "relou"
"""Stands in the command of whatever is part of this program."""


class Person(NamedTuple):
    """Whoever is to open the modem: a user, and the groups that he is in."""

    name: str
    uid: int
    groups: frozenset[int]


# --- is it there? -------------------------------------------------------------------------


def is_there(device: str) -> bool:
    """Say whether something is at this path, as far as we may look."""
    return os.access(device, os.F_OK)


def node_of(device: str) -> Path:
    """Return the device itself, behind all links."""
    try:
        return Path(device).resolve()
    except (OSError, RuntimeError):  # links that lead round in a circle
        return Path(device)


def present(devices: Sequence[str], machine: Machine, by_id: Path = BY_ID) -> Finding:
    """Say whether one of `devices` is there: one path that was named, or all that may be modems."""
    there = [device for device in devices if is_there(device)]
    if there:
        return ok("device", ", ".join(map(_described, there)))
    told = f"{devices[0]} is not there" if devices else "there is no modem to be seen"
    for modem in disguised(machine):
        return failure("device", f"{told}; {modem.name} is plugged in, and shows {modem.shown}", modem.cure)
    if machine.runs("brltty"):
        cure = f"{CURES['brltty']}, then plug the modem in again"
        return failure("device", f"{told}; brltty runs, which takes serial lines away as they come", cure)
    others = _others(by_id)
    if devices and others:
        return failure("device", told, f"name one that is there: {', '.join(others)}")
    return failure("device", told, PLUG_IN)


def _described(device: str) -> str:
    node = node_of(device)
    return device if str(node) == device else f"{device}, which is {node}"


def _others(by_id: Path) -> list[str]:
    try:
        return sorted(str(path) for path in by_id.iterdir())
    except OSError:
        return []


# --- who may open it? ---------------------------------------------------------------------


def myself() -> Person:
    """Return the user who runs this program."""
    uid = os.getuid()
    return Person(_user(uid), uid, frozenset({os.getgid(), *os.getgroups()}))


def owner_of(path: Path) -> Person | None:
    """Return the user whom a file belongs to; None where it is not there."""
    try:
        uid = path.stat().st_uid
        user = pwd.getpwuid(uid)
    except (OSError, KeyError):
        return None
    return Person(user.pw_name, uid, frozenset(os.getgrouplist(user.pw_name, user.pw_gid)))


def permissions(node: Path, person: Person) -> Finding:
    """Say whether `person` may read and write the tty `node`."""
    try:
        state = node.stat()
    except OSError as error:
        return skipped("permissions", f"{node}: {error.strerror}")
    if not stat.S_ISCHR(state.st_mode):
        return failure(
            "permissions", f"{node} is no serial line", "name the modem's tty; docs/hardware.md tells which"
        )
    owner, group = _user(state.st_uid), _group(state.st_gid)
    told = f"{stat.filemode(state.st_mode)} {owner}:{group}"
    if _may(node, state, person):
        return ok("permissions", f"{person.name} may read and write {node} ({told})")
    found = f"{person.name} may not read and write {node} ({told})"
    return failure("permissions", found, _cure(state, group, person))


def _may(node: Path, state: os.stat_result, person: Person) -> bool:
    if person.uid == os.getuid():
        return os.access(node, os.R_OK | os.W_OK)  # which knows of access lists, too
    shift = 6 if person.uid == state.st_uid else 3 if state.st_gid in person.groups else 0
    return person.uid == 0 or (state.st_mode >> shift) & 0o6 == 0o6


def _cure(state: os.stat_result, group: str, person: Person) -> str:
    if state.st_gid == 0 or state.st_mode & 0o060 != 0o060:
        return RULES
    if person.name in grp.getgrgid(state.st_gid).gr_mem:
        return f"{person.name} is in {group}, but not in this login yet: log out and in again"
    return f"`sudo adduser {person.name} {group}`, then log out and in again"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


# --- who has it open? ---------------------------------------------------------------------


def in_use(node: Path, machine: Machine) -> Finding:
    """Say who has the tty `node` open, and what to do about it."""
    from ...modem.holders import scan  # noqa: PLC0415 - the only check that looks at processes' files

    found, unseen = scan(str(node), machine.path("proc"))
    if found:
        return _held(node, found)
    if _is_console(node, machine):
        return failure("in_use", f"the system writes its own messages to {node}", NO_LOGIN)
    if unseen:
        return ok(
            "in_use", f"nobody, as far as can be seen: {unseen} programs of other users hide what they do"
        )
    return ok("in_use", "nobody has it open")


def _held(node: Path, found: Sequence[tuple[int, str, str]]) -> Finding:
    """Say what to do about the programs that hold `node`: process, name and command of each."""
    told = "; ".join(f"{name} (pid {pid}): {command[:60]}" for pid, name, command in found)
    for _, name, command in found:
        if OURS in command:
            cure = "another gateway is at work on it: stop that one, or give this one another modem.device"
            return failure("in_use", f"{node} is held by {told}", cure)
        if name in CURES:
            return failure("in_use", f"{node} is held by {told}", CURES[name])
    pids = " ".join(str(pid) for pid, _, _ in found)
    return failure("in_use", f"{node} is held by {told}", f"end that program, or `sudo kill {pids}`")


def _is_console(node: Path, machine: Machine) -> bool:
    """Say whether the kernel or a login uses this serial line (a modem on a Raspberry Pi's pins)."""
    words = (machine.read("proc/cmdline") or "").split()
    consoles = {
        word.removeprefix("console=").partition(",")[0] for word in words if word.startswith("console=")
    }
    names = {node.name} | {path.name for path in _aliases(node, machine)}
    return bool(consoles & names)


def _aliases(node: Path, machine: Machine) -> list[Path]:
    """Return the names by which a Raspberry Pi calls the line on its pins: serial0 and serial1."""
    return [
        path for path in map(machine.path, ("dev/serial0", "dev/serial1")) if path.resolve().name == node.name
    ]
