"""A virtual modem for tests: a real process, driven over its control socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relou_gateway.modem.virtual import VirtualModem, VirtualOptions, start_virtual


class Virtual:
    """The requests that tests make, in words."""

    def __init__(self, modem: VirtualModem) -> None:
        self.modem = modem

    @property
    def link(self) -> str:
        return str(self.modem.link)

    @property
    def pid(self) -> int:
        return self.modem.pid

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        return self.modem.ask(do, **request)

    def deliver(self, number: str, text: str, **more: Any) -> dict[str, Any]:
        """`more`: smsc_at, reference, wide, order (part numbers, in the order of delivery)."""
        return self.ask("deliver", number=number, text=text, **more)

    def deliver_part(
        self, number: str, text: str, reference: int, total: int, part: int, **more: Any
    ) -> None:
        self.ask(
            "deliver_part", number=number, text=text, reference=reference, total=total, part=part, **more
        )

    def deliver_raw(self, pdu: str) -> None:
        self.ask("deliver_raw", pdu=pdu)

    def deliver_binary(self, number: str, data: bytes, header: bytes = b"") -> None:
        self.ask("deliver_binary", number=number, data=data.hex(), header=header.hex())

    def report(self, number: str, reference: int, status: int = 0) -> None:
        self.ask("report", number=number, reference=reference, status=status)

    def call(self, number: str, rings: int = 5, seconds: float = 5.0, *, says_end: bool = False) -> bool:
        answer = self.ask("call", number=number, rings=rings, seconds=seconds, says_end=says_end)
        return bool(answer["rings"])

    def push_ussd(self, text: str, status: int = 0) -> None:
        """Let the network say something of its own accord."""
        self.ask("push_ussd", text=text, status=status)

    def set(self, **settings: Any) -> None:
        self.ask("set", **settings)

    def state(self) -> dict[str, Any]:
        return self.ask("state")

    def slots(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.ask("slots")["messages"]
        return messages

    def empty(self) -> None:
        """Take all messages out of the slots and the network."""
        self.ask("empty")

    def fault(self, kind: str, **more: Any) -> None:
        """`kind`: hang, drop, refuse, lose; `more`: at, skip, count, executed, cms, cme."""
        self.ask("fault", kind=kind, **more)

    def refuse_sends(self, cms: int | None, count: int | None = 1) -> None:
        self.fault("refuse", at="<message>", cms=cms, count=count)

    def lose_send_answers(self, count: int = 1) -> None:
        self.fault("lose", at="<message>", count=count)

    def clear(self) -> None:
        self.ask("clear")

    def drop(self) -> None:
        self.ask("drop")

    def replug(self) -> None:
        self.ask("replug")

    def record(self) -> list[dict[str, Any]]:
        """All parts that the network accepted, in their order."""
        path = self.modem.options.record
        assert path is not None
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]


@contextmanager
def virtual_modem(directory: Path, **options: Any) -> Iterator[Virtual]:
    """Start a virtual modem in `directory` that sends at once; `options` as in VirtualOptions."""
    defaults: dict[str, Any] = {
        "link": directory / "modem",
        "control": directory / "control",
        "record": directory / "record.jsonl",
        "send_seconds": 0.0,
    }
    with start_virtual(VirtualOptions(**(defaults | options))) as modem:
        yield Virtual(modem)
