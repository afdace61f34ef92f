"""A terminal of a test: a pty with a size, on which a program runs as for a person."""

from __future__ import annotations

import os
import pty
import subprocess
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.daemon import PROGRAM, Output, Service


class Terminal:
    """A program with a terminal of its own, in whose foreground it runs."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, environ: Mapping[str, str], columns: int = 120
    ) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, columns))
        try:
            self.process = subprocess.Popen(
                ["setsid", "--ctty", *command],  # as a shell does it: what Ctrl-C strikes is its group
                cwd=folder,
                env={**environ, "TERM": "xterm-256color"},
                stdin=slave,
                stdout=slave,
                stderr=slave,
            )
        finally:
            os.close(slave)
        self.output = Output(os.dup(self._master))

    @property
    def shown(self) -> str:
        """All that was written so far."""
        return self.output.raw.decode(errors="surrogateescape")

    def type(self, keys: str) -> None:
        self.type_bytes(keys.encode())

    def type_bytes(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def echoes(self) -> bool:
        """Say whether what is typed is shown: a PIN is not."""
        local_modes: int = termios.tcgetattr(self._master)[3]
        return bool(local_modes & termios.ECHO)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.join()
        os.close(self._master)


@contextmanager
def terminal(
    command: Sequence[str | Path], folder: Path, environ: Mapping[str, str], columns: int = 120
) -> Iterator[Terminal]:
    here = Terminal(command, folder, environ, columns)
    try:
        yield here
    finally:
        here.close()


def seen_on_a_terminal(gateway: Service, *arguments: str, columns: int = 120) -> str:
    """Run a verb to its end on a terminal; return all that it wrote there."""
    command: list[str | Path] = [PROGRAM, *arguments, "--config", gateway.config]
    with terminal(command, gateway.directory, gateway.environment(), columns) as here:
        assert 0 == here.process.wait(20)
        here.output.join()
        return here.shown
