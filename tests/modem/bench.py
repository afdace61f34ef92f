"""Modems under test with the world behind them: what comes in, what left, and how it fails."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from relou_gateway.modem.cell import Cell, Deadlines
from relou_gateway.modem.cms import send_failure
from relou_gateway.modem.port import Modem, UssdFailed
from relou_gateway.modem.scripted import RADIO, ScriptedModem, SendOutcome, delete_refused, lost_answer
from relou_gateway.modem.virtual import VirtualOptions
from relou_gateway.rules.records import Binary, Content, Memory, Network, Report, Sms, Undecodable
from tests.support.virtual import Virtual, virtual_modem
from tests.support.waiting import wait_until

DEADLINES = Deadlines(
    open=20, listing=10, delete=5, delete_by_hand=30, send=4, further_part=2, other=25, close=1
)
"""Short enough for a test, long enough for libGammu on a slow machine."""

CORRUPT = bytes.fromhex("00040C9133061234")
"""An SMS-DELIVER that ends within its sender's number: ERR_CORRUPTED, which libGammu can delete."""

VIRTUAL_SETTINGS = {field.name for field in fields(VirtualOptions)}

Sent = tuple[str, str]
"""Recipient and text of one part that the network accepted."""


class Bench(ABC):
    """One modem, and the strings that a test pulls behind it."""

    modem: Modem

    @abstractmethod
    def deliver(self, content: Content) -> None:
        """Let something come in."""

    @abstractmethod
    def poison(self, content: Undecodable) -> None:
        """Let something come in that the driver cannot delete."""

    @abstractmethod
    def ring(self, number: str) -> None:
        """Let somebody's phone ring us twice, and wait until it has."""

    @abstractmethod
    def cover(self, *, registered: bool) -> None:
        """Enter or leave the network."""

    @abstractmethod
    def refuse_send(self, code: int, accepted: int = 0) -> None:
        """Make the next send fail with a +CMS code, after so many parts."""

    @abstractmethod
    def lose_answer(self) -> None:
        """Make the next send's answer get lost although the message left."""

    @abstractmethod
    def refuse_delete(self) -> None:
        """Make the next delete be refused."""

    @abstractmethod
    def answer_code(self, answer: str | None) -> None:
        """Make the network answer the next service code so, or refuse it."""

    @abstractmethod
    def sent(self) -> list[Sent]:
        """What the network accepted since the test began."""


class ScriptedBench(Bench):
    """The scripted modem, with few slots."""

    def __init__(self) -> None:
        self.modem: ScriptedModem = ScriptedModem(slots={Memory.SIM: 3, Memory.MODEM: 4})

    def deliver(self, content: Content) -> None:
        self.modem.deliver(content)

    def poison(self, content: Undecodable) -> None:
        self.modem.poison.add(content)
        self.deliver(content)

    def ring(self, number: str) -> None:
        self.modem.call(number)

    def cover(self, *, registered: bool) -> None:
        self.modem.radio = RADIO if registered else Network(False, False, "", None)

    def refuse_send(self, code: int, accepted: int = 0) -> None:
        self.modem.send_script.append(SendOutcome(send_failure(code, accepted=accepted)))

    def lose_answer(self) -> None:
        self.modem.send_script.append(lost_answer())

    def refuse_delete(self) -> None:
        self.modem.delete_script.append(delete_refused())

    def answer_code(self, answer: str | None) -> None:
        self.modem.ussd_script.append(UssdFailed("refused") if answer is None else answer)

    def sent(self) -> list[Sent]:
        return [(taken.number, part) for taken in self.modem.accepted for part in taken.parts]


class VirtualBench(Bench):
    """libGammu in a cell on the virtual modem."""

    def __init__(self, virtual: Virtual, cell: Cell) -> None:
        self.virtual = virtual
        self.modem: Cell = cell
        self._sent_before = 0

    def begin(self) -> None:
        """Empty the modem of what an earlier test has left."""
        self.virtual.clear()
        self.cover(registered=True)
        while slots := self.modem.listing().slots:
            for slot in slots:
                self.modem.delete(slot.address)
        self._sent_before = len(self.virtual.record())

    def deliver(self, content: Content) -> None:
        match content:
            case Sms(number, text, smsc_at, None):
                self.virtual.deliver(number, text, smsc_at=smsc_at and smsc_at.isoformat())
            case Sms(number, text, _, part):
                assert part is not None
                self.virtual.deliver_part(number, text, part.reference, part.total, part.number)
            case Report(number, reference, delivered):
                self.virtual.report(number, reference, 0x00 if delivered else 0x46)
            case Binary(number, data):
                self.virtual.deliver_binary(number, data)
            case Undecodable(_, pdu):
                self.virtual.deliver_raw((pdu or CORRUPT).hex())

    def poison(self, content: Undecodable) -> None:
        self.deliver(content)

    def ring(self, number: str) -> None:
        assert self.virtual.call(number, rings=2, seconds=0.05)
        wait_until(lambda: not self.virtual.state()["ringing"])

    def cover(self, *, registered: bool) -> None:
        self.virtual.set(registered=registered)

    def refuse_send(self, code: int, accepted: int = 0) -> None:
        self.virtual.fault("refuse", at="<message>", cms=code, skip=accepted)

    def lose_answer(self) -> None:
        self.virtual.lose_send_answers()

    def refuse_delete(self) -> None:
        self.virtual.fault("refuse", at="AT+CMGD=", cms=500)

    def answer_code(self, answer: str | None) -> None:
        self.virtual.set(ussd_answer=answer or "", ussd_status=4 if answer is None else 0, ussd_seconds=0.05)

    def sent(self) -> list[Sent]:
        record = self.virtual.record()[self._sent_before :]
        return [(part["number"], part["text"]) for part in record]


def gammu_spec(virtual: Virtual, **settings: Any) -> dict[str, Any]:
    """Describe a virtual modem to a cell."""
    return {"driver": "gammu", "device": virtual.link, **settings}


@contextmanager
def virtual_bench(
    directory: Path,
    prepare: Callable[[Virtual], object] | None = None,
    deadlines: Deadlines = DEADLINES,
    **settings: Any,
) -> Iterator[VirtualBench]:
    """Start a virtual modem, let `prepare` be done to it, and open it by libGammu in a cell: 5 s.

    `settings` of VirtualOptions go there, all others to the driver.
    """
    directory.mkdir(exist_ok=True)
    options = {name: settings.pop(name) for name in settings.keys() & VIRTUAL_SETTINGS}
    with virtual_modem(directory, **options) as virtual:
        if prepare is not None:
            prepare(virtual)
        cell = Cell.start(gammu_spec(virtual, **settings), deadlines)
        try:
            yield VirtualBench(virtual, cell)
        finally:
            cell.close()
