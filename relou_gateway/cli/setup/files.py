"""Files as they were found, and putting them into place: whole or not at all, and not for everyone."""

from __future__ import annotations

import os
import secrets
import signal
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ...store.database import sync

MODE = 0o640
"""Owner and group: the gateway runs as a member of the group, and nobody else reads a PIN or a number."""


def put(contents: Mapping[Path, str]) -> None:
    """Put each text into its file, all or none; raises OSError where that cannot be.

    A file that was there keeps its owner and group, a new one gets those of its folder where root makes
    it. Whatever ends the program meanwhile, each file is the old one or the new one.
    """
    prepared: dict[Path, Path] = {}
    try:
        for path, text in contents.items():
            prepared[path.resolve()] = _prepared(path.resolve(), text)
        with _undisturbed():
            for path, beside in prepared.items():
                beside.replace(path)
                with suppress(OSError):  # some file systems cannot
                    sync(path.parent)
    finally:
        for beside in prepared.values():
            beside.unlink(missing_ok=True)


def free_name(path: Path) -> Path:
    """Return the first name beside `path` that is not taken: config.yaml.1, then .2."""
    number = 1
    while (kept := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    return kept


def hand_over(path: Path) -> None:
    """Give a file that root made to the owner and group of its folder; they may read and write it."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)
        path.chmod(0o660)


def make_home(folder: Path) -> None:
    """Make the folder of a service's database like the one above it, as systemd would at its first start."""
    if folder.exists() or not folder.parent.is_dir():
        return
    above = folder.parent.stat()
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, above.st_uid, above.st_gid)
    folder.chmod(stat.S_IMODE(above.st_mode))


def _prepared(path: Path, text: str) -> Path:
    """Write a file that is to take the place of `path`; return where it lies until then."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            _let_read(file.fileno(), path)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _let_read(descriptor: int, path: Path) -> None:
    """Give a new file the owner, group and mode of the one whose place it takes; never more than `MODE`."""
    try:
        before, mode = path.stat(), stat.S_IMODE(path.stat().st_mode) & MODE | 0o600
    except FileNotFoundError:
        before, mode = path.parent.stat(), MODE
        if os.geteuid() != 0:
            os.fchmod(descriptor, mode)
            return
    if os.geteuid() == 0:
        os.fchown(descriptor, before.st_uid, before.st_gid)
    elif os.fstat(descriptor).st_gid != before.st_gid:
        os.fchown(descriptor, -1, before.st_gid)
    os.fchmod(descriptor, mode)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C and the like wait for the end of a few renames."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
