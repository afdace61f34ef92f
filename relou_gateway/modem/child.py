"""Child processes that talk to a modem: whatever a tty does to them, they can be got rid of.

A process whose tty hangs in the kernel may survive even SIGKILL (gammu#45). It is abandoned
then, and reaped should it end after all; nobody ever waits for it.
"""

from __future__ import annotations

import subprocess
import sys
from typing import IO

REAPING = 0.5
"""Seconds that a killed child gets to disappear."""

_abandoned: list[subprocess.Popen[bytes]] = []
"""Children that SIGKILL did not end. Kept only so that they can be reaped should they end after all."""


def start(
    module: str, *arguments: str, pass_fds: tuple[int, ...] = (), stdout: int | IO[bytes] = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start a module of this package as a process of its own; raises OSError.

    A session of its own keeps Ctrl-C in a terminal away from it. What libGammu writes to
    standard error could hold texts, so that nobody gets it.
    """
    for process in _abandoned[:]:
        reap(process, 0)
    return subprocess.Popen(  # noqa: S603 - this interpreter, this package
        [sys.executable, "-I", "-m", f"{__package__}.{module}", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        pass_fds=pass_fds,
        start_new_session=True,
        cwd="/",
    )


def reap(process: subprocess.Popen[bytes], seconds: float = REAPING) -> None:
    """Wait a moment for a killed process to disappear; remember it if it will not."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        if process not in _abandoned:
            _abandoned.append(process)
        return
    if process in _abandoned:
        _abandoned.remove(process)
