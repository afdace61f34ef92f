"""A conversation in AT commands on a serial line, for the few words that libGammu cannot say.

Runs only inside a child process that can be killed: opening a tty, and closing it, may hang in
the kernel. Everything else here is bounded in time and in octets, whatever the line brings:
silence, garbage, or lines that never end.

Every answer ends with a final result (V.250 ch. 5.7.1, 27.005 ch. 3.2.5, 27.007 ch. 9.2). What a
modem says unasked meanwhile is set aside: lines that are named for another command, and rings.
"""

from __future__ import annotations

import errno
import os
import re
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

import serial

from .gammu_errors import LOSSES

SPEED = 115200

TIMEOUT = 5.0
"""Seconds that an answer may take by default."""

LONGEST_ANSWER = 1 << 17
"""Octets, of one answer with all that is said meanwhile; the largest SIM's listing is a tenth of it."""

SET_ASIDE = 100
"""Unsolicited lines that are kept; beyond these the oldest go."""

_GLANCE = 0.05
_ESCAPE = b"\x1b"
_FINAL = re.compile(r"(OK)|(?:ERROR|COMMAND NOT SUPPORT|TOO MANY PARAMETERS)|\+(CM[ES]) ERROR: *(.*)")
_NAME = re.compile(r"[+^$*%#][A-Z0-9_]+", re.IGNORECASE)
_UNASKED = re.compile(r"RING|NO CARRIER|BUSY|NO ANSWER")
_COMMAND = re.compile(r"AT[\x20-\x7e]*", re.IGNORECASE)


class AtFailure(Exception):
    """The modem answered with an error. `family` is `CME` or `CMS`, `code` its number, where it gave one."""

    def __init__(self, message: str, *, family: str | None = None, code: int | None = None) -> None:
        super().__init__(message)
        self.family = family
        self.code = code


class NoAnswer(Exception):
    """The modem did not answer in time, or not as a modem does, or the line went down."""


class CannotOpen(Exception):
    """The port cannot be had. `cause` is one of the port's `LOST_CAUSES`."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class Conversation:
    """One client's talk with the modem at `device`, which nobody else may have open meanwhile.

    A context manager. `timeout` is how many seconds an answer may take where `ask` is not told
    otherwise. `unsolicited` are the lines that the modem said unasked. Raises `CannotOpen`.
    """

    def __init__(self, device: str, speed: int = SPEED, timeout: float = TIMEOUT) -> None:
        self.unsolicited: list[str] = []
        self._timeout = timeout
        self._echoes = False
        self._lost_step = False
        self._rest = b""
        self._line = _opened(device, speed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the port."""
        with suppress(OSError):
            self._line.close()

    def greet(self, tries: int = 2, timeout: float = 1.5) -> None:
        """Find out whether anybody answers, and ask for echo and for errors by number.

        A modem that still waits for the text of a message forgets it. Raises `NoAnswer`.
        """
        self._write(_ESCAPE)
        for left in reversed(range(tries)):
            try:
                self.ask("ATE1", timeout)
                break
            except AtFailure:
                break
            except NoAnswer:
                self._lost_step = False
                if not left:
                    raise
        with suppress(AtFailure):
            self.ask("ATE1", timeout)  # whose own echo tells whether the modem echoes
            self.ask("AT+CMEE=1", timeout)

    def ask(self, command: str, timeout: float | None = None) -> tuple[str, ...]:
        """Say a command; return the lines between its echo and OK.

        Raises `AtFailure` for any other final result, and `NoAnswer`. After an answer that did
        not come, a modem that does not echo is not asked again: the answer might come late,
        and be taken for that of the next command.
        """
        assert _COMMAND.fullmatch(command), "a command is one line of ASCII"
        if self._lost_step and not self._echoes:
            raise NoAnswer("an earlier command was not answered")
        self._set_aside(*self._pending())
        self._write(command.encode() + b"\r")
        try:
            return self._answer(command, time.monotonic() + (timeout or self._timeout))
        except NoAnswer:
            self._lost_step = True
            raise

    def _answer(self, command: str, deadline: float) -> tuple[str, ...]:
        own, lines, heard = _own_names(command), list[str](), 0
        begun = not self._echoes
        while time.monotonic() < deadline and heard < LONGEST_ANSWER:
            piece = self._read()
            heard += len(piece)
            for line in self._cut(piece):
                if line.upper() == command.upper():
                    # whatever came before the echo belongs to something earlier
                    self._set_aside(*lines)
                    lines, begun, self._echoes = [], True, True
                elif begun and (final := _FINAL.fullmatch(line)):
                    return _conclude(final, lines, command)
                elif not begun or _is_unasked(line, own):
                    self._set_aside(line)
                else:
                    lines.append(line)
        raise NoAnswer(f"{command[:20]} was not answered")

    # --- the line ---------------------------------------------------------------------------

    def _write(self, octets: bytes) -> None:
        try:
            self._line.write(octets)
        except OSError as error:
            raise NoAnswer(f"the line went down: {error}") from None

    def _read(self) -> bytes:
        try:
            return bytes(self._line.read(max(1, min(self._line.in_waiting, 4096))))
        except OSError as error:
            raise NoAnswer(f"the line went down: {error}") from None

    def _pending(self) -> list[str]:
        """Return the lines that came before anything was asked."""
        heard = b""
        try:
            while len(heard) < LONGEST_ANSWER and (waiting := self._line.in_waiting):
                heard += self._line.read(waiting)
        except OSError as error:
            raise NoAnswer(f"the line went down: {error}") from None
        lines = self._cut(heard)
        self._rest = b""
        return lines

    def _cut(self, octets: bytes) -> list[str]:
        """Return the lines that are complete now, without empty ones."""
        *lines, rest = re.split(rb"[\r\n]+", self._rest + octets)
        self._rest = rest[-LONGEST_ANSWER:]
        return [text for line in lines if (text := line.decode("latin-1").strip())]

    def _set_aside(self, *lines: str) -> None:
        self.unsolicited += lines
        del self.unsolicited[:-SET_ASIDE]


def _opened(device: str, speed: int) -> serial.Serial:
    try:
        # without its own timeout a read waits for ever, and a write for a modem that takes nothing
        return serial.Serial(device, speed, timeout=_GLANCE, write_timeout=1.0, exclusive=True)
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        raise _cannot_open(device, number, error) from None


def _cannot_open(device: str, number: int | None, error: Exception) -> CannotOpen:
    match number:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV:
            name = "ERR_DEVICENOTEXIST"
        case errno.EBUSY | errno.EAGAIN:
            name = "ERR_DEVICEBUSY"
        case errno.EACCES | errno.EPERM:
            name = "ERR_DEVICENOPERMISSION"
        case _:
            words = os.strerror(number) if number else str(error)  # of some pyserial drops the number
            return CannotOpen("broken", f"{device} cannot be opened: {words}")
    cause, cure = LOSSES[name]
    return CannotOpen(cause, cure.format(device))


def _own_names(command: str) -> frozenset[str]:
    return frozenset(name.upper() for name in _NAME.findall(command))


def _is_unasked(line: str, own: frozenset[str]) -> bool:
    named = _NAME.match(line)
    return bool(_UNASKED.fullmatch(line) or (named and named[0].upper() not in own))


def _conclude(final: re.Match[str], lines: list[str], command: str) -> tuple[str, ...]:
    fine, family, reason = final.groups()
    if fine:
        return tuple(lines)
    code = int(reason) if reason and reason.isascii() and reason.isdigit() else None
    raise AtFailure(f"{command[:20]} was answered with {final[0][:60]}", family=family, code=code)
