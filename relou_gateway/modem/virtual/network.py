"""The world behind the virtual modem: who writes to it, who calls, and what sending costs."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ...rules.money import decimal
from .pdu import STATUS_REPORT_MTI, Submit, status_report, tpdu_length

SMSC = "+33609001390"
"""The service centre whose address stands before what comes in."""

DELIVERED = 0x00
"""TP-Status of a message that its recipient has (23.040 ch. 9.2.3.15)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that the network holds back until the modem has room.

    `line` is what the modem will show instead of the PDU, as a faulty one may.
    """

    serial: int
    pdu: bytes
    line: str | None = None

    @property
    def is_report(self) -> bool:
        """Whether it is an SMS-STATUS-REPORT (23.040 ch. 9.2.3.1)."""
        first = self.pdu[len(self.pdu) - tpdu_length(self.pdu) :][:1]
        return bool(first) and first[0] & 0x03 == STATUS_REPORT_MTI


@dataclass(slots=True)
class Coverage:
    """What the modem sees of the network. `signal` is AT+CSQ's 0 to 31, or 99 for unknown.

    `denied`: it is there, and refuses the SIM. `sms_only`: it offers nothing else, as LTE often does.
    `lte_only`: there is neither 2G nor 3G, so that AT+CREG and AT+CGREG know of nothing.
    """

    registered: bool = True
    roaming: bool = False
    sms_only: bool = False
    lte_only: bool = False
    denied: bool = False
    operator: str = "Relou Mobile"
    operator_code: str = "20899"
    signal: int = 21


@dataclass(slots=True)
class Network:
    """Messages on their way, credit, and the record of what was accepted.

    `credit` and `price` (of one part) are micro-units; a `credit` of None never ends. Without
    credit a send is refused with `no_credit_code`; 21 is "short message transfer rejected"
    (24.011 annex E). `report_seconds` is how long the delivery report takes that a send asks
    for, None for ever. `ussd_answer` answers service codes; None leaves them unanswered. `ussd_status`
    stands before it (27.007 ch. 7.15): 1 asks for more, 4 is a refusal. `ussd_line` is said instead of
    both, as it is, behind `+CUSD: `.
    `forwarding` is the number to which calls go that nobody takes, None where they go nowhere.
    `arrived` and `sent` are called after what they say.
    """

    record: Path | None = None
    credit: int | None = None
    price: int = 160_000
    send_seconds: float = 4.0
    report_seconds: float | None = 1.0
    no_credit_code: int = 21
    ussd_seconds: float = 0.5
    ussd_answer: str | None = "Votre crédit est de {credit} €"
    ussd_status: int = 0
    ussd_line: str | None = None
    forwarding: str | None = None
    coverage: Coverage = field(default_factory=Coverage)
    waiting: deque[Waiting] = field(default_factory=deque)
    delivered: int = 0
    accepted: int = 0
    arrived: Callable[[], None] = lambda: None
    sent: Callable[[Submit, int], None] = lambda *_: None

    def deliver(self, pdu: bytes, line: str | None = None) -> int:
        """Take in a message for the modem, which shows it as `line` if that is given; return its serial."""
        self.delivered += 1
        self.waiting.append(Waiting(self.delivered, pdu, line))
        self.arrived()
        return self.delivered

    def has_credit(self) -> bool:
        """Tell whether one more part can be paid."""
        return self.credit is None or self.credit >= self.price

    def ussd_text(self) -> str | None:
        """Return what the network says to a service code."""
        if self.ussd_answer is None:
            return None
        credit = "99,99" if self.credit is None else decimal(self.credit).replace(".", ",")
        return self.ussd_answer.replace("{credit}", credit)

    def accept(self, submit: Submit) -> int:
        """Accept one part for good: count it, charge it, record it; return its reference.

        The record is written before the modem can say anything, so that whoever reads it
        after any crash knows at least all that left.
        """
        reference = self.accepted % 256
        self.accepted += 1
        if self.credit is not None:
            self.credit -= self.price
        if self.record is not None:
            line = json.dumps(self._entry(submit, reference))
            with self.record.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        self.sent(submit, reference)
        if submit.wants_report and self.report_seconds is not None:
            report = partial(self._report, submit.number, reference, datetime.now(UTC))
            asyncio.get_running_loop().call_later(self.report_seconds, report)
        return reference

    def _report(self, number: str, reference: int, sent_at: datetime) -> None:
        done_at = datetime.now(UTC)
        self.deliver(status_report(number, reference, DELIVERED, sent_at=sent_at, done_at=done_at, smsc=SMSC))

    def _entry(self, submit: Submit, reference: int) -> dict[str, Any]:
        part = submit.content.part
        return {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "number": submit.number,
            "text": submit.content.text,
            "data": submit.content.units.hex() if submit.content.alphabet == "8bit" else None,
            "alphabet": submit.content.alphabet,
            "reference": reference,
            "part": part and {"reference": part.reference, "total": part.total, "number": part.number},
            "report": submit.wants_report,
            "cost": decimal(self.price),
            "credit": None if self.credit is None else decimal(self.credit),
        }
