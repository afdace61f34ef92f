"""What became of each line of a trace: the record, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from ..rules.money import decimal
from ..rules.records import Ruling, Status
from .trace import TraceLine


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply at the end of the simulation; `cost` is micro-units, `sent_at` is None unless it was sent."""

    state: Status
    sent_at: datetime | None
    parts: int
    cost: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A line of the trace, whose it was, its verdict, and the reply that it scheduled or joined.

    `sender` is the number under which the sender is known, whatever spelling the trace has;
    empty where it is hidden.
    """

    line: TraceLine
    sender: str
    verdict: Ruling | None
    reason: str
    answer: Answer | None


def write_outcomes(outcomes: Iterable[Outcome], out: TextIO) -> None:
    """Write one line of JSON for each outcome, in the trace's order."""
    out.writelines(json.dumps(_record(outcome), separators=(",", ":")) + "\n" for outcome in outcomes)


def _record(outcome: Outcome) -> dict[str, object]:
    answer = outcome.answer
    return {
        "line": outcome.line.line,
        "number": outcome.line.number,
        "verdict": outcome.verdict,
        "reason": outcome.reason or None,
        "reply_state": answer and answer.state,
        "sent_at": answer and answer.sent_at and answer.sent_at.isoformat(),
        "parts": answer and answer.parts,
        "cost": answer and decimal(answer.cost),
    }
