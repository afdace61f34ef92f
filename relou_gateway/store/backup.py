"""Copies of the whole database: made while others work with it, read through before they count, rotated.

A copy is written under another name, synced, read back and verified; only then it gets its own name. So
a file that bears the name of a backup is one, whenever the power was cut.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from . import gateway, health, ledger, lock
from .database import BESIDE, Connection, Database, StoreError, opened_to_read, sync

MODE = 0o640
"""It holds numbers and texts, as the database does; the group may read it, to take it elsewhere."""

_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Copy:
    """A backup that was read through. `knows_to` is wall time: what came later, it does not know."""

    path: Path
    version: int
    octets: int
    knows_to: datetime | None


def write(database: Database, target: Path) -> Copy:
    """Copy `database` into the file `target`, which is replaced only by a whole copy.

    Raises `StoreError` where it cannot be written or what was written is not whole; then nothing is
    left of it, and what was at `target` before is still there.
    """
    _refuse_to_overwrite(database.path, target)
    with _unfinished(target.with_name(f".{database.path.stem}.part")) as unfinished:
        database.copy_to(unfinished)
        copy, fault = _read_through(unfinished)
        if fault:
            raise StoreError(f"{database.path}: what was copied of it is not whole, and not kept: {fault}")
        unfinished.replace(target)
        sync(target.parent)
    return Copy(target, copy.version, copy.octets, copy.knows_to)


def verified(path: Path) -> Copy:
    """Read the backup at `path` through, the ledger's chain too; raise `StoreError` where it is not whole."""
    copy, fault = _read_through(path)
    if fault:
        raise StoreError(f"{path}: this copy is not whole: {fault}")
    return copy


def _read_through(path: Path) -> tuple[Copy, str]:
    """Return what a copy is, and what is wrong with it, empty where it is whole."""
    _forget_cached(path)
    with opened_to_read(path) as tx:
        faults = health.damage(tx)
        if not faults and (broken := ledger.broken_links(tx)):
            faults = [f"the chain of its ledger is broken at row {broken[0]}"]
        version: int = tx.execute("PRAGMA user_version").fetchone()[0]
        copy = Copy(path, version, path.stat().st_size, None if faults else knows_to(tx))
    return copy, "; ".join(faults)


def knows_to(tx: Connection) -> datetime | None:
    """Return the last moment (wall time) of which a database knows, None where nothing ever happened."""
    clock = gateway.clock(tx)
    seen = [entry.wall for entry in ledger.newest(tx, 1)]
    if clock is not None:
        seen.append(datetime.fromtimestamp(clock.wall / 1000, UTC))
    return max(seen, default=None)


# --- a directory of them ------------------------------------------------------------------


def named(directory: Path, stem: str, now: datetime) -> Path:
    """Return how the next backup in `directory` is called, by the wall clock.

    Names only go forwards, whatever the clock does: so the last one is always the newest.
    """
    moment = now.astimezone(UTC)
    if found := listed(directory, stem):
        moment = max(moment, _stamp(found[-1], stem) + timedelta(seconds=1))
    return directory / f"{stem}-{moment.strftime(_STAMP)}.db"


def listed(directory: Path, stem: str) -> list[Path]:
    """Return the backups in `directory` of the database that is called `stem`, the newest last.

    Raises `StoreError` where it cannot be read.
    """
    form = re.compile(rf"{re.escape(stem)}-[0-9]{{8}}T[0-9]{{6}}Z\.db")
    try:
        return sorted(each for each in directory.iterdir() if form.fullmatch(each.name) and each.is_file())
    except OSError as error:
        raise StoreError(f"{directory}: {error.strerror}") from error


def rotate(directory: Path, stem: str, keep: int) -> list[Path]:
    """Delete all backups in `directory` but the newest `keep`; return what was deleted."""
    old = listed(directory, stem)[:-keep]
    for each in old:
        try:
            each.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{each}: {error.strerror}") from error
    return old


def _stamp(path: Path, stem: str) -> datetime:
    try:
        return datetime.strptime(path.stem.removeprefix(f"{stem}-"), _STAMP).replace(tzinfo=UTC)
    except ValueError:  # somebody called a file 99999999T999999Z
        return datetime.fromtimestamp(0, UTC)


# --- one file -----------------------------------------------------------------------------


def _refuse_to_overwrite(database: Path, target: Path) -> None:
    """Refuse a target that is something else: the database itself, or no backup of a gateway."""
    beside = [database.with_name(f"{database.name}{end}") for end in ("", *BESIDE)]
    if target.resolve() in [each.resolve() for each in (*beside, lock.beside(database))]:
        raise StoreError(f"{target}: this is the database that is to be copied")
    if target.exists() and target.stat().st_size and health.version_of(target) is None:
        raise StoreError(f"{target}: there is a file already, and it is no backup of a gateway")


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Make the file in which a copy grows and which its owner renames; else nothing is left of it."""
    try:
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"{path.parent}: another backup is being written there") from None
        try:
            os.truncate(held, 0)  # what a process left that was killed
            yield path
        except BaseException:
            for each in (path, path.with_name(f"{path.name}-journal")):
                each.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be written: {error.strerror}") from error
    finally:
        os.close(held)


def _forget_cached(path: Path) -> None:
    """Let the next read of a file come from the disk, so that it says what was really written."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # whoever opens it next says why
    try:
        with suppress(OSError):  # it is a wish, and some file systems know none
            os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(opened)
