"""A listener as systemd is one: a socket on which a service tells how it is (sd_notify(3))."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import wait_until


class Listener:
    """Collects what is told; the socket's path is `address`."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self.told: list[list[str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while datagram := self._socket.recv(4096):
            self.told.append(datagram.decode().split("\n"))

    def count(self, assignment: str) -> int:
        """Return how often this was told so far."""
        return sum(assignment in told for told in self.told)

    def wait_for(self, assignment: str, more: int = 1, seconds: float = 20.0) -> None:
        """Wait until this was told so many times more."""
        wanted = self.count(assignment) + more
        wait_until(lambda: self.count(assignment) >= wanted, seconds)

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self.address)
        self._thread.join()
        self._socket.close()


@contextmanager
def listener(directory: Path) -> Iterator[Listener]:
    here = Listener(directory / "notify")
    try:
        yield here
    finally:
        here.close()
