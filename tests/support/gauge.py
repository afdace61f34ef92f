"""What a process takes of the machine, read from /proc, and whether it has grown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

MEMORY = 12 * 1024
"""Kilobytes that a daemon may take more than at first: SQLite's cache is 2 MB, the heap has gaps."""

DESCRIPTORS, THREADS = 1, 0
"""What it may have more of: a probe's pipe may be open at the very moment."""


class Reading(NamedTuple):
    """Descriptors and threads by number, memory in kilobytes (RssAnon of proc(5))."""

    descriptors: int
    threads: int
    memory: int


def read(pid: int) -> Reading:
    """Look at a process once; raises OSError where it has ended."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    found = re.findall(r"^(Threads|RssAnon):\s+(\d+)", status, re.MULTILINE)
    known = {name: int(value) for name, value in found}
    return Reading(len(list(Path(f"/proc/{pid}/fd").iterdir())), known["Threads"], known["RssAnon"])


@dataclass
class Gauge:
    """The readings of one process, each from a moment at which it had recovered."""

    pid: int
    readings: list[Reading] = field(default_factory=list)

    def read(self) -> None:
        self.readings.append(read(self.pid))

    def growth(self) -> list[str]:
        """Name what has grown: what was never again as little as it ever was at first.

        The first reading is of a process that has not yet done everything once.
        """
        settled = self.readings[1:]
        third = len(settled) // 3
        if not third:
            return []
        allowed = {"descriptors": DESCRIPTORS, "threads": THREADS, "memory": MEMORY}
        first, last = settled[:third], settled[-third:]
        return [
            f"{name} of process {self.pid}: {_of(first, name)}, at the end {_of(last, name)}"
            for name, more in allowed.items()
            if min(_of(last, name)) > max(_of(first, name)) + more
        ]


def _of(readings: Sequence[Reading], name: str) -> list[int]:
    return [getattr(reading, name) for reading in readings]
