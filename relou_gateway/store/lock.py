"""One gateway for one database: a lock on a file beside it, held for as long as the gateway is at work.

The kernel lets go of it however the process ends, so that nothing is left behind that somebody must remove.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .database import StoreBusy, StoreError

TRIES, APART = 10, 0.1
"""How often, and after how many seconds, the lock is asked for: who looks holds it for an instant."""


class AtWork(StoreBusy):
    """A gateway is at work on the database."""


def beside(database: Path) -> Path:
    """Return where the lock of `database` lies."""
    return database.with_name(f"{database.name}.lock")


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Hold the lock, so that no other gateway is at work on `database` and none begins.

    Raises `AtWork` where one is, other `StoreError` where the file cannot be made.
    """
    try:
        lock = os.open(beside(database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    except OSError as error:
        raise StoreError(
            f"{database.parent}: cannot be written: {error.strerror}; is it there, and ours?"
        ) from error
    try:
        if not _taken(lock):
            raise AtWork(f"{database}: a gateway is at work on this database")
        yield
    finally:
        os.close(lock)


def is_held(database: Path) -> bool:
    """Say whether a gateway is at work on `database`."""
    try:
        lock = os.open(beside(database), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _taken(lock: int) -> bool:
    for _ in range(TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(APART)
        else:
            return True
    return False
