"""Where the system tells of itself: files below /proc, /sys and /run."""

from __future__ import annotations

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

    def runs(self, name: str) -> bool:
        """Say whether a program of this name runs."""
        # what the kernel calls a process has 15 characters at the most (proc(5), comm)
        folders = (folder for folder in self.entries("proc") if folder.name.isdecimal())
        return any(text_of(folder / "comm") == name[:15] for folder in folders)


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
