"""The history of a reply: what the ledger says of it, in words and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..rules.money import decimal
from ..rules.records import Ruling
from ..store.ledger import Entry
from .output import money, say, when
from .screen import count, happened


def tell(history: Iterable[Entry], currency: str) -> None:
    """Print a reply's story, one line for each thing that happened."""
    say("history")
    for entry in history:
        happened(when(entry.wall), in_words(entry, currency))


def in_words(entry: Entry, currency: str) -> str:
    """Return one line of a reply's story."""
    reason = f" ({entry.reason})" if entry.reason else ""
    amount = f"{count(entry.parts, 'part')}, {money(entry.cost, currency)}"
    match entry.event, entry.state:
        case "judged", Ruling.REPLY:
            return f"message {entry.message_id} asked for it{reason}"
        case "judged", _:
            return f"message {entry.message_id} {entry.state} it{reason}"
        case "reserved", _:
            return f"reserved {amount}"
        case "released", _:
            return f"given back {amount}"
        case "settled", _:
            return f"spent {amount}" if entry.parts else "reservation closed"
    return f"{entry.state}{reason}"


def as_record(entry: Entry) -> dict[str, str | int | datetime | None]:
    """Return one thing that happened as JSON shows it; `cost` is a decimal string."""
    return {
        "at": entry.wall,
        "event": entry.event,
        "message_id": entry.message_id,
        "state": entry.state,
        "reason": entry.reason,
        "parts": entry.parts,
        "cost": decimal(entry.cost),
    }
