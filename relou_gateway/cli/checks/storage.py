"""Where the gateway remembers: room on the disk, the database, the ledger's chain."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from ...config import StorageSettings
from ...store import health, ledger
from ...store.database import SCHEMA_VERSION, Database, StoreError
from . import port
from .finding import Finding, failure, ok, skipped, warning

LEAST_FREE, LITTLE_FREE = 50_000_000, 500_000_000
"""Bytes: below the first SQLite may fail at any moment; the second is days of a large raid."""

LARGE = 200_000_000
"""Bytes of a database that is not read through while a gateway is at work on it."""

MAKE_ROOM = "make room: `sudo apt clean`, `sudo journalctl --vacuum-size=100M`; `df -h` shows where it went"
RESTORE = "stop the gateway; `relou-gateway restore` sets the file aside and brings back the last backup"


class _Usage(Protocol):
    """What `shutil.disk_usage` returns: bytes."""

    @property
    def free(self) -> int: ...


def disk(storage: StorageSettings, usage: Callable[[Path], _Usage] = shutil.disk_usage) -> Finding:
    """Look at the file system that the database lies on."""
    folder = _nearest(storage.path.parent)
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        cure = (
            "a worn SD card is often mounted so after an error: `sudo dmesg | grep -i error`, and replace it"
        )
        return failure("disk", f"{folder} can only be read", cure)
    free = usage(folder).free
    shown = f"{_size(free)} free at {folder}"
    if free < LEAST_FREE:
        return failure("disk", shown, MAKE_ROOM)
    if free < LITTLE_FREE:
        return warning("disk", shown, MAKE_ROOM)
    may_grow = storage.max - _bytes_of(storage.path)
    if free < may_grow:
        cure = f"set storage.max lower, or {MAKE_ROOM}"
        return warning("disk", f"{shown}; the database may grow by {_size(may_grow)}", cure)
    return ok("disk", shown)


def database(path: Path, *, at_work: bool) -> Iterator[Finding]:
    """Look at the database at `path` and at its ledger; `at_work` says that a gateway uses it now."""
    trouble = _out_of_reach(path)
    if trouble is not None:
        yield trouble
        yield skipped("ledger", "the database cannot be read")
    elif not path.exists():
        yield ok("database", f"{path} is not there yet; the gateway makes it at its first start")
        yield skipped("ledger", "there is none yet")
    elif at_work and _bytes_of(path) > LARGE:
        yield skipped("database", "large, and the gateway that is at work read it through at its start")
        yield skipped("ledger", "it takes long; stop the gateway, and ask again")
    else:
        yield from _read_through(path)


def _read_through(path: Path) -> Iterator[Finding]:
    try:
        with Database(path) as opened, opened.snapshot() as tx:
            damage = health.damage(tx)
            yield failure("database", f"{path}: {'; '.join(damage)}", RESTORE) if damage else _whole(path)
            yield _ledger(ledger.broken_links(tx))
    except StoreError as error:
        yield _unusable(path, error)
        yield skipped("ledger", "the database cannot be read")


def _out_of_reach(path: Path) -> Finding | None:
    """Return what keeps us from the file or, where there is none, from making it."""
    folder = path.parent
    if not os.access(folder, os.F_OK):
        cure = f"`sudo install -d -o $USER {folder}`, or set storage.path to a folder that is yours"
        return failure("database", f"{folder}: there is no such folder", cure)
    place = path if os.access(path, os.F_OK) else folder
    if os.access(folder, os.R_OK | os.W_OK | os.X_OK) and os.access(place, os.R_OK | os.W_OK):
        return None
    owner = port.owner_of(place)
    cure = f"ask as its owner: `sudo -u {owner.name if owner else 'root'} relou-gateway doctor`"
    return failure("database", f"{port.myself().name} may not read and write {place}", cure)


def _whole(path: Path) -> Finding:
    return ok("database", f"{path}: whole, {_size(_bytes_of(path))}, schema {SCHEMA_VERSION}")


def _ledger(broken: list[int]) -> Finding:
    if not broken:
        return ok("ledger", "its chain is whole: nothing was changed or taken out")
    found = f"its chain is broken at row {broken[0]}" + (
        f", and {len(broken) - 1} more" if broken[1:] else ""
    )
    cure = "somebody or something changed the file: keep a copy of it, and compare with your backups"
    return failure("ledger", found, cure)


def _unusable(path: Path, error: StoreError) -> Finding:
    found, _, cure = str(error).rpartition("; ")
    version = health.version_of(path)
    if version is not None and 0 < version < SCHEMA_VERSION:
        return warning(
            "database", found, "start the gateway once: it keeps a copy, and brings the file up to date"
        )
    if not found:
        return failure("database", str(error), "end the program that holds it, then ask again")
    return failure("database", found, cure)


def _nearest(folder: Path) -> Path:
    """Return the folder itself or the first above it that is there."""
    return next(place for place in (folder, *folder.parents) if os.access(place, os.F_OK))


def _bytes_of(path: Path) -> int:
    """Return how large the file is, 0 where it cannot be seen."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _size(octets: int) -> str:
    return f"{octets / 1e9:.1f} GB" if octets >= 1e9 else f"{octets / 1e6:.1f} MB"
