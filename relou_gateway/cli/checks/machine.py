"""Where the system tells of itself: files below /proc, /sys and /run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine whose files lie below `root`; nothing here raises for what is not there."""

    root: Path = Path("/")

    def path(self, name: str) -> Path:
        """Return the path of a file such as "proc/cmdline"."""
        return self.root / name

    def read(self, name: str) -> str | None:
        """Return what a small file says, without the line's end; None where it cannot be read."""
        return text_of(self.path(name))

    def entries(self, name: str) -> list[Path]:
        """Return what lies in a folder, sorted; nothing where it cannot be read."""
        return entries_of(self.path(name))

    def processes(self) -> Iterator[Process]:
        """Yield every process that runs."""
        for folder in self.entries("proc"):
            if folder.name.isdecimal():
                yield Process(int(folder.name), folder)

    def runs(self, name: str) -> bool:
        """Say whether a program of this name runs."""
        # what the kernel calls a process has 15 characters at the most (proc(5), comm)
        return any(process.name == name[:15] for process in self.processes())


@dataclass(frozen=True, slots=True)
class Process:
    """One process, and its folder below /proc."""

    pid: int
    folder: Path

    @property
    def name(self) -> str:
        """What the kernel calls it; anyone may call himself anything."""
        return text_of(self.folder / "comm") or ""

    @property
    def command(self) -> str:
        """How it was called, its arguments with blanks between them."""
        return (text_of(self.folder / "cmdline") or "").replace("\0", " ").strip()

    def open_files(self) -> list[tuple[Path, str]] | None:
        """Return each descriptor's entry and what it leads to; None where we may not look."""
        try:
            found = list((self.folder / "fd").iterdir())
        except FileNotFoundError:  # it has just ended
            return []
        except OSError:
            return None
        return [(entry, target) for entry in found if (target := _target(entry))]


def text_of(path: Path) -> str | None:
    """Return what a small file says, without the line's end; None where it cannot be read."""
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return None


def entries_of(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted; nothing where it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""
