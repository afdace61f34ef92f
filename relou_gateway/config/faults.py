"""What is wrong with a configuration, and where."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """One fault or warning. `line` counts from 1; `key` is dotted, such as "throttle.per_hour"."""

    path: Path | None
    line: int | None
    key: str | None
    message: str

    def __str__(self) -> str:
        """Return the line that people read: config.yaml:12: throttle.per_hour: …."""
        place = ":".join(str(part) for part in (self.path, self.line) if part is not None)
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(Exception):
    """A configuration that cannot be used; its text is one line for each fault, in the file's order."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        super().__init__("\n".join(map(str, self.faults)))
