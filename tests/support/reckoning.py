"""The audit at the end of a soak: the modem's record, the inbox, the outbox and the ledger agree.

Caps are recounted from the ledger's rows alone, in the gateway's own time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relou_gateway.rules.records import Kind, Status
from relou_gateway.store import inbox, ledger, queue
from relou_gateway.store.database import Connection
from tests.support.bustle import Bustle

UNSPENT = {Status.SCHEDULED, Status.HELD, Status.FAILED, Status.EXPIRED, Status.CANCELLED}


@dataclass
class Reserved:
    """One reservation, as the ledger tells of it so far."""

    reply_id: int
    parts: int
    cost: int
    settled: int | None = None


def everything_came_in_once(tx: Connection, bustle: Bustle) -> None:
    """Hold that the inbox has every message that the network delivered, and each as often as it came."""
    rows = inbox.messages(tx)
    texts = Counter(row.text for row in rows if row.kind is Kind.SMS)
    assert (bustle.texts - texts, texts - bustle.texts) == (Counter(), Counter()), "lost, and too many"
    kept = Counter(bytes(row[0]) for row in tx.execute("SELECT raw FROM inbox WHERE kind = 'undecodable'"))
    assert bustle.poison == kept
    assert bustle.binaries == sum(row.kind is Kind.BINARY for row in rows)
    assert sum(row.kind is Kind.CALL for row in rows) <= bustle.calls


def every_part_is_accounted_for(tx: Connection, record: Sequence[Mapping[str, Any]], bustle: Bustle) -> None:
    """Hold that the outbox and the ledger know every part that left, and none that did not."""
    parts = Counter((line["number"], (line["part"] or {"number": 1})["number"]) for line in record)
    assert [] == [part for part, count in parts.items() if count > 1], "left twice"
    left: dict[str, int] = defaultdict(int)
    for number, _ in parts:
        left[number] += 1
    assert [] == [number for number in bustle.stoppers if number in left], "answered who said stop"
    spent = ledgers_parts(tx)
    for reply in queue.listed(tx):
        gone, counted = left.pop(reply.number, 0), spent[reply.id]
        what = f"reply {reply.id} to {reply.number} is {reply.state}"
        if reply.state is Status.SENT:
            assert (gone, counted) == (reply.parts, reply.parts), what
        elif reply.state is Status.IN_DOUBT:
            assert reply.accepted <= gone <= counted <= reply.parts, what
        else:
            assert (True, 0, 0) == (reply.state in UNSPENT, gone, counted), what
    assert {} == left, "the modem accepted what the outbox does not know"


def ledgers_parts(tx: Connection) -> Counter[int]:
    """Return how many parts the ledger counts for each reply."""
    parts: Counter[int] = Counter()
    for row in tx.execute("SELECT event, reply_id, parts FROM ledger WHERE reservation_id IS NOT NULL"):
        if row["event"] in {"reserved", "released"}:
            parts[row["reply_id"]] += row["parts"] * (1 if row["event"] == "reserved" else -1)
    return parts


def no_cap_was_passed(tx: Connection, answers: Mapping[int, int], money: Mapping[int, int]) -> None:
    """Hold the caps at the moment of every claim; both map a window in milliseconds to its cap."""
    counting: dict[int, Reserved] = {}
    for row in tx.execute("SELECT * FROM ledger WHERE reservation_id IS NOT NULL ORDER BY id"):
        key, at = row["reservation_id"], row["at"]
        match row["event"]:
            case "reserved":
                counting[key] = Reserved(row["reply_id"], row["parts"], row["cost"])
                for span, cap in answers.items():
                    assert len(_inside(counting, at - span)) <= cap, f"{span} ms: answers"
                for span, cap in money.items():
                    assert sum(each.cost for each in _inside(counting, at - span)) <= cap, f"{span} ms: money"
            case "settled":
                counting[key].settled = at
            case "released":
                counting[key].parts -= row["parts"]
                counting[key].cost -= row["cost"]


def _inside(counting: Mapping[int, Reserved], begin: int) -> list[Reserved]:
    """Return what counts in the window that began at `begin`."""
    return [
        each for each in counting.values() if each.parts and (each.settled is None or each.settled > begin)
    ]


def the_chain_is_whole(tx: Connection) -> None:
    """Hold that nothing of the ledger, and nothing that it sealed, was changed."""
    assert [] == ledger.broken_links(tx)
    assert ([], []) == (ledger.changed_contents(tx), ledger.changed_replies(tx))
