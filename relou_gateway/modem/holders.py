"""Which programs have a port open? Read from /proc, so that the port itself is not touched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")

UNNAMED = "a program"


class Holder(NamedTuple):
    """A process that has a port open, and how it was called, its arguments with blanks between them."""

    pid: int
    name: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


class Scan(NamedTuple):
    """Who has a port open, and how many processes could not be looked at: those of other users."""

    holders: list[Holder]
    unseen: int


def holders(device: str, proc: Path = PROC) -> list[Holder]:
    """Return who has `device` open, as far as we may look: of other users' processes only root sees it."""
    return scan(device, proc).holders


def scan(device: str, proc: Path = PROC) -> Scan:
    """Look at every process; `device` may be any of the port's names.

    Neither this process counts nor, of a pseudo terminal, the program that made it.
    """
    node = _node(device)
    found, unseen = [], 0
    for pid in sorted(_processes(proc)):
        files = _open_files(proc / str(pid))
        if files is None:
            unseen += 1
        elif pid != os.getpid() and _has(files, node) and not _made(files, node):
            found.append(_holder(proc / str(pid), pid))
    return Scan(found, unseen)


def _node(device: str) -> Path:
    """Return the device itself, behind all links."""
    try:
        return Path(device).resolve()
    except (OSError, RuntimeError):  # links that lead round in a circle
        return Path(device)


def _processes(proc: Path) -> list[int]:
    try:
        names = [each.name for each in proc.iterdir()]
    except OSError:
        return []
    return [int(name) for name in names if name.isascii() and name.isdigit()]


OpenFile = tuple[Path, str]
"""A descriptor's entry below /proc, and what it leads to."""


def _open_files(process: Path) -> list[OpenFile] | None:
    """Return what a process has open; None where we may not look, nothing where it has just ended."""
    try:
        entries = list((process / "fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []
    except OSError:
        return None
    return [(entry, target) for entry in entries if (target := _target(entry))]


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""  # it was closed meanwhile


def _has(files: Sequence[OpenFile], node: Path) -> bool:
    return any(_is_same(entry, node) for entry, target in files if target == str(node))


def _is_same(entry: Path, node: Path) -> bool:
    """Tell a device from one that only has the same name, as pseudo terminals of a container do."""
    try:
        return os.path.samestat(entry.stat(), node.stat())
    except OSError:
        return True  # by name it is the same


def _made(files: Sequence[OpenFile], node: Path) -> bool:
    """Tell whether one of the files is the other end of the pseudo terminal `node` (proc(5), fdinfo)."""
    told = f"tty-index:\t{node.name}"
    masters = [entry for entry, target in files if target.endswith("/ptmx") and node.parent.name == "pts"]
    return any(told in _text(entry.parent.parent / "fdinfo" / entry.name).splitlines() for entry in masters)


def _holder(process: Path, pid: int) -> Holder:
    command = _text(process / "cmdline").replace("\0", " ").strip()
    return Holder(pid, _text(process / "comm").strip() or UNNAMED, command)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
