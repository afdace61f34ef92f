"""Which programs have a port open? Read from /proc, so that the port itself is not touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a port open."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


def holders(device: str, proc: Path = PROC) -> list[Holder]:
    """Return who has `device` open, as far as we may look: of other users' processes only root sees it."""
    wanted = str(Path(device).resolve())
    return [
        Holder(pid, _name(proc, pid))
        for pid in sorted(_processes(proc))
        if pid != os.getpid() and wanted in _open_files(proc, pid)
    ]


def _processes(proc: Path) -> Iterator[int]:
    return (int(each.name) for each in proc.iterdir() if each.name.isascii() and each.name.isdigit())


def _open_files(proc: Path, pid: int) -> set[str]:
    found = set()
    try:
        for descriptor in (proc / str(pid) / "fd").iterdir():
            found.add(str(descriptor.readlink()))
    except OSError:
        pass  # it has ended, or is not ours to look at
    return found


def _name(proc: Path, pid: int) -> str:
    try:
        return (proc / str(pid) / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return "a program"
