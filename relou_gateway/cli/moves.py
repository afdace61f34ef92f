"""Many replies moved at an operator's word, so that a daemon at work never waits long for the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from ..rules.lifecycle import Event, IllegalMove
from ..store import outbox
from ..store.database import Connection
from .desk import Desk

AT_ONCE = 300
"""Rows that are changed in one transaction: some tens of milliseconds, even on a slow card."""

_Each = TypeVar("_Each")


def move_all(desk: Desk, reply_ids: Sequence[int], event: Event, reason: str) -> list[int]:
    """Carry out an operator's move on all these replies, some at a time; return those that were moved.

    Between two transactions the daemon may send one or cancel it itself: such a reply is left out.
    """
    moved: list[int] = []
    for some in batches(reply_ids):
        with desk.database.transaction(f"queue {event}") as tx:
            moved += move_some(tx, desk, some, event, reason)
    return moved


def move_some(
    tx: Connection, desk: Desk, reply_ids: Sequence[int], event: Event, reason: str
) -> Iterator[int]:
    """Carry out the move on those of `reply_ids` that allow it now; yield them."""
    for reply_id in reply_ids:
        try:
            outbox.operate(tx, reply_id, event, reason, desk.now)
        except IllegalMove:
            continue
        yield reply_id


def batches(rows: Sequence[_Each], size: int = AT_ONCE) -> Iterator[Sequence[_Each]]:
    """Yield `rows` in pieces of at most `size`."""
    for begin in range(0, len(rows), size):
        yield rows[begin : begin + size]
