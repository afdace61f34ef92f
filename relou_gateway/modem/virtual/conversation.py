"""One client's talk with the virtual modem: lines in, echo and answers out, the SMS prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from .at import CmsError, Form, Query, Refusal, Vocabulary, parse
from .faults import MESSAGE, Fault, FaultKind, Faults
from .pdu import Submit, read_submit, tpdu_length
from .radio_commands import EQUIPMENT, RADIO
from .sms_commands import MESSAGES
from .stick import Stick

VOCABULARY: Vocabulary[Stick] = Vocabulary(EQUIPMENT, RADIO, MESSAGES)

Action = Callable[[list[str]], Awaitable[None]]
"""Obeys a command and appends the lines that answer it; raises `Refusal`."""

LONGEST_LINE = 2048
BACKSPACE, NEWLINE, RETURN, CTRL_Z, ESCAPE = 0x08, 0x0A, 0x0D, 0x1A, 0x1B


class Conversation:
    """Hears octets by `hear`, answers by `write`; `run` is its task.

    Commands are obeyed one after the other; what comes while a message is being sent waits.
    """

    def __init__(
        self, stick: Stick, faults: Faults, write: Callable[[bytes], None], drop: Callable[[], None]
    ) -> None:
        self._stick = stick
        self._faults = faults
        self._write = write
        self._drop = drop
        self._heard: asyncio.Queue[bytes] = asyncio.Queue(maxsize=256)
        self._line = bytearray()
        self._message: bytearray | None = None
        self._expected = 0
        self._echo = bytearray()
        self._held: list[str] = []
        self._gone = False

    def hear(self, octets: bytes) -> None:
        """Take what the client wrote. A modem that hangs, or is flooded, loses it."""
        if not self._faults.hung and not self._heard.full():
            self._heard.put_nowait(octets)

    def say(self, line: str) -> None:
        """Say an unsolicited line; it waits while a message is being typed."""
        if self._faults.hung:
            return
        if self._message is not None:
            self._held.append(line)
            return
        self._write_lines([line])

    async def run(self) -> None:
        """Answer until cancelled, or until a fault lets the line go down."""
        while not self._gone:
            for octet in await self._heard.get():
                if not self._faults.hung and not self._gone:
                    await self._take(octet)
            self._write_echo()

    async def _take(self, octet: int) -> None:
        if self._stick.session.echo and octet != ESCAPE:
            self._echo.append(octet)
        if self._message is None:
            await self._take_command(octet)
        else:
            await self._take_message(self._message, octet)

    async def _take_command(self, octet: int) -> None:
        if octet == RETURN:
            line = self._line.decode("latin-1")
            self._line.clear()
            self._write_echo()
            await self._hear_line(line.strip())
        elif octet == ESCAPE:
            self._line.clear()
        elif octet == BACKSPACE:
            del self._line[-1:]
        elif octet != NEWLINE and len(self._line) < LONGEST_LINE:
            self._line.append(octet)

    async def _take_message(self, message: bytearray, octet: int) -> None:
        if octet == ESCAPE:
            self._end_message()
            self._answer([], "OK")
        elif octet == CTRL_Z:
            self._write_echo()
            self._end_message()
            await self._obey(MESSAGE, partial(self._send, message.decode("latin-1")))
        elif len(message) < LONGEST_LINE:
            message.append(octet)

    async def _hear_line(self, line: str) -> None:
        """Obey a line that begins with AT; a modem is silent on anything else (V.250 5.2.1)."""
        if line[:2].upper() == "AT":
            self._stick.commands += 1
            await self._obey(line, partial(self._obey_line, line[2:]))

    async def _obey(self, event: str, act: Action) -> None:
        if fault := self._faults.strike(event, executed=False):
            self._fail(fault)
            return
        lines: list[str] = []
        final = "OK"
        try:
            await act(lines)
        except Refusal as refusal:
            final = refusal.answer(self._stick.session.verbosity)
        if fault := self._faults.strike(event, executed=True):
            self._fail(fault)
        elif self._message is not None:
            self._write(b"\r\n> ")
        else:
            self._answer(lines, final)

    async def _obey_line(self, text: str, lines: list[str]) -> None:
        for query in parse(text):
            if query.name == "+CMGS" and query.form is Form.SET:
                self._begin_message(query)
                return
            lines += VOCABULARY.obey(self._stick, query)

    def _fail(self, fault: Fault) -> None:
        if fault.kind is FaultKind.HANG:
            self._faults.hung = True
        elif fault.kind is FaultKind.DROP:
            self._gone = True
            self._drop()
        elif fault.kind is FaultKind.REFUSE:
            self._answer([], fault.error().line)

    def _answer(self, lines: Sequence[str], final: str) -> None:
        if not self._faults.hung:
            self._write_lines([*lines, final])

    def _write_lines(self, lines: Sequence[str]) -> None:
        self._write("".join(f"\r\n{line}\r\n" for line in lines).encode("latin-1", "replace"))

    def _write_echo(self) -> None:
        if self._echo and not self._faults.hung:
            self._write(bytes(self._echo))
        self._echo.clear()

    # --- AT+CMGS ------------------------------------------------------------------------

    def _begin_message(self, query: Query) -> None:
        self._stick.require_pin()
        self._expected = query.number(0)
        self._message = bytearray()

    def _end_message(self) -> None:
        self._message = None
        held, self._held = self._held, []
        for line in held:
            self.say(line)

    async def _send(self, text: str, lines: list[str]) -> None:
        submit = self._read_submit(text)
        stick = self._stick
        stick.require_coverage()
        await asyncio.sleep(stick.network.send_seconds)
        stick.require_coverage()
        lines.append(f"+CMGS: {stick.network.accept(submit)}")

    def _read_submit(self, text: str) -> Submit:
        try:
            pdu = bytes.fromhex(text)
            submit = read_submit(pdu)
        except ValueError as bad:
            raise CmsError(CmsError.BAD_PDU) from bad
        if tpdu_length(pdu) != self._expected:
            raise CmsError(CmsError.BAD_PDU)
        return submit
