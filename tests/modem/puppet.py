"""A modem of few words on a pty: says to each command just what a test wants it to, octet by octet."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

Answer = bytes | Callable[[Callable[[bytes], None]], None]
"""What is said to a command: octets, or what says them piece by piece."""

OK = b"\r\nOK\r\n"


class Puppet:
    """Echoes each line where `echo` says so, and answers it as `answers` say, all others by `default`."""

    def __init__(
        self, answers: Mapping[str, Answer], *, echo: bool = True, default: bytes = b"\r\nERROR\r\n"
    ) -> None:
        self.heard: list[str] = []
        self._answers = answers
        self._echo = echo
        self._default = default
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._end, self._ender = os.pipe()
        self.device = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def say(self, octets: bytes) -> None:
        """Say something, asked or not."""
        with suppress(OSError):
            os.write(self._master, octets)

    def _run(self) -> None:
        rest = b""
        while True:
            ready, _, _ = select.select([self._master, self._end], [], [])
            if self._end in ready:
                return
            *lines, rest = (rest + os.read(self._master, 4096)).split(b"\r")
            for line in lines:
                self._answer(line.lstrip(b"\x1b\n").decode("latin-1"))

    def _answer(self, line: str) -> None:
        self.heard.append(line)
        if self._echo:
            self.say(line.encode("latin-1") + b"\r")
        answer = self._answers.get(line, self._default)
        if callable(answer):
            answer(self.say)
        else:
            self.say(answer)

    def stopped(self, seconds: float) -> bool:
        """Wait so long, or until the puppet is closed; tell whether it is."""
        return bool(select.select([self._end], [], [], seconds)[0])

    def close(self) -> None:
        os.close(self._ender)
        self._thread.join()
        for descriptor in (self._master, self._slave, self._end):
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
