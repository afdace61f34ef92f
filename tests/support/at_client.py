"""A small AT client on a tty, for what a test wants to see raw."""

from __future__ import annotations

import os
import re
import select
import time
from types import TracebackType
from typing import Self

FINAL = re.compile(rb"\r\n(OK|ERROR|NO CARRIER|\+CM[ES] ERROR: [^\r]*)\r\n\Z")
PROMPT = re.compile(rb"\r\n> \Z")


class AtClient:
    """Speaks to one tty, by its path or a descriptor that is open; every wait has a deadline."""

    def __init__(self, tty: str | int) -> None:
        self._tty = os.open(tty, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK) if isinstance(tty, str) else tty

    def ask(self, line: str, seconds: float = 5.0) -> list[str]:
        """Send a command line; return the lines of its answer, the final one last, without the echo."""
        self.write(line.encode("latin-1") + b"\r")
        lines = self.read_until(FINAL, seconds).decode("latin-1").split("\r\n")
        return [each for each in lines if each and each.rstrip("\r") != line]

    def send(self, length: int, pdu: str, seconds: float = 5.0) -> list[str]:
        """Send one PDU with AT+CMGS; return the lines of the answer."""
        self.write(f"AT+CMGS={length}\r".encode())
        self.read_until(PROMPT, seconds)
        self.write(pdu.encode() + b"\x1a")
        lines = self.read_until(FINAL, seconds).decode("latin-1").split("\r\n")
        return [each for each in lines[1:] if each]

    def write(self, octets: bytes) -> None:
        while octets:
            try:
                octets = octets[os.write(self._tty, octets) :]
            except BlockingIOError:
                select.select([], [self._tty], [], 1)

    def read_until(self, pattern: re.Pattern[bytes], seconds: float = 5.0) -> bytes:
        """Return what came until it matches; fails at the deadline."""
        heard = b""
        deadline = time.monotonic() + seconds
        while not pattern.search(heard):
            left = deadline - time.monotonic()
            assert left > 0, f"waited {seconds} s for {pattern.pattern!r} and heard {heard!r}"
            if select.select([self._tty], [], [], left)[0]:
                heard += self._read()
        return heard

    def pending(self) -> bytes:
        """Return what lies there already, without waiting."""
        heard = b""
        while select.select([self._tty], [], [], 0)[0] and (piece := self._read()):
            heard += piece
        return heard

    def _read(self) -> bytes:
        return os.read(self._tty, 65536)

    def close(self) -> None:
        if self._tty >= 0:
            os.close(self._tty)
        self._tty = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
