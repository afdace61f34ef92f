"""The virtual modem's end of the line: a pty, and the link under which clients find it.

The modem keeps the slave side open itself, so that clients may come and go without the line
going down. inotify tells when they do: as on a USB stick, what the modem says while nobody
has the port open is lost, and a port that was opened exclusively is free again once closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import fcntl
import os
import pty
import struct
import termios
import tty
from collections.abc import Callable
from pathlib import Path

BACKLOG = 1 << 20
"""Octets that wait for a client that does not read; what comes on top is lost."""

_READ = 4096
_IN_CLOSE_WRITE, _IN_CLOSE_NOWRITE, _IN_OPEN = 0x08, 0x10, 0x20
_EVENT = struct.Struct("iIII")


class Line:
    """One pty under one link, from its creation until `drop`.

    `received` is called with each piece that a client wrote.
    """

    def __init__(self, link: Path, received: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._link = link
        self._received = received
        self._backlog = bytearray()
        self._down = False
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.device = os.ttyname(self._slave)
        self._watch = _Watch(self.device)
        self._loop.add_reader(self._master, self._read)
        self._loop.add_reader(self._watch.fileno, self._notice_clients)
        _point(link, self.device)

    @property
    def clients(self) -> int:
        """How many have the port open at this moment."""
        self._notice_clients()
        return self._watch.clients

    def write(self, data: bytes) -> None:
        """Say `data` to the client; lost where nobody listens."""
        if self._down or not self._watch.clients or len(self._backlog) > BACKLOG:
            return
        idle = not self._backlog
        self._backlog += data
        if idle:
            self._flush()

    def drop(self) -> None:
        """Let the line go down, as when the stick is pulled: clients get EIO."""
        self._down = True
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        self._loop.remove_reader(self._watch.fileno)
        self._watch.close()
        with contextlib.suppress(OSError):
            if str(self._link.readlink()) == self.device:  # and not another modem's by now
                self._link.unlink()
        os.close(self._slave)
        os.close(self._master)

    def _read(self) -> None:
        self._notice_clients()  # an open that came before these octets must be known before the answer
        with contextlib.suppress(BlockingIOError):
            self._received(os.read(self._master, _READ))

    def _flush(self) -> None:
        try:
            written = os.write(self._master, self._backlog)
        except BlockingIOError:
            written = 0
        del self._backlog[:written]
        if self._backlog:
            self._loop.add_writer(self._master, self._flush)
        else:
            self._loop.remove_writer(self._master)

    def _notice_clients(self) -> None:
        if not self._watch.left():
            return
        self._backlog.clear()
        self._loop.remove_writer(self._master)
        # Exclusive use ends with the last close, but the slave that is held here would keep it.
        fcntl.ioctl(self._slave, termios.TIOCNXCL)
        termios.tcflush(self._slave, termios.TCIFLUSH)


class _Watch:
    """Counts who has a device open. The standard library does not know inotify."""

    def __init__(self, device: str) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.clients = 0
        self.fileno: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        events = _IN_OPEN | _IN_CLOSE_WRITE | _IN_CLOSE_NOWRITE
        if self.fileno < 0 or libc.inotify_add_watch(self.fileno, os.fsencode(device), events) < 0:
            raise OSError(ctypes.get_errno(), "cannot watch the pty (inotify)", device)

    def left(self) -> bool:
        """Bring `clients` up to date; tell whether the last one left meanwhile."""
        left = False
        for mask in self._events():
            if mask & _IN_OPEN:
                self.clients += 1
            elif self.clients:
                self.clients -= 1
                left = left or self.clients == 0
        return left

    def close(self) -> None:
        os.close(self.fileno)

    def _events(self) -> list[int]:
        try:
            octets = os.read(self.fileno, 1 << 16)
        except OSError as failed:
            if failed.errno != errno.EAGAIN:
                raise
            return []
        masks = []
        while octets:
            _, mask, _, name_length = _EVENT.unpack_from(octets)
            masks.append(mask)
            octets = octets[_EVENT.size + name_length :]
        return masks


def _point(link: Path, device: str) -> None:
    """Make `link` point to `device` in one step, so that no client ever misses it."""
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(device)
    fresh.replace(link)
