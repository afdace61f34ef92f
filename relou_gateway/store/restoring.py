"""A backup put in the place of the database: what it cannot know is taken for the worst.

A backup knows nothing of what was sent after it was made. So nothing that waits in it may go by
itself, for it may have gone already (invariant 4), and as much as the caps allowed in between counts as
spent, so that no cap is passed (invariant 5).
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..rules.lifecycle import Event
from ..rules.records import WAITING, Moment, Purpose, Status
from ..rules.throttle import Spending
from . import ledger, outbox, queue, reservations
from .database import (
    BESIDE,
    SCHEMA_VERSION,
    Connection,
    StoreError,
    before_version,
    copy_file,
    create_or_migrate,
    sync,
)
from .outbox import NewReply

HELD = "from a backup: it may have been sent since"
SENDING = "from a backup: it was being sent when that was made"
UNKNOWN = "what may have been sent since the backup; it counts"

MOST_PARTS = 255
"""Parts that one row can hold."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What was done for the time that a backup does not know: replies held, answers counted as sent."""

    held: Sequence[int]
    in_doubt: Sequence[int]
    counted: int


def make_ready(backup: Path, path: Path) -> Path:
    """Copy `backup` beside the database at `path`, brought up to date; return where it lies.

    Raises `StoreError` where there is no room, or no right.
    """
    ready = path.with_name(f"{path.name}.restoring")
    discard(ready)
    copy_file(backup, ready)
    if create_or_migrate(ready) < SCHEMA_VERSION:
        before_version(ready, SCHEMA_VERSION).unlink(missing_ok=True)  # the backup itself is that copy
    return ready


def discard(ready: Path) -> None:
    """Take away what `make_ready` made."""
    for end in ("", *BESIDE):
        with suppress(OSError):
            ready.with_name(f"{ready.name}{end}").unlink(missing_ok=True)


def close_gap(tx: Connection, spent: Spending | None, answers: int, now: Moment) -> Gap:
    """Let nothing that waits go by itself; count `answers` that together came to `spent` as sent now.

    What was being sent is in doubt, as at every start. Nothing is counted where `spent` is None.
    """
    in_doubt = outbox.found_sending(tx)
    for reply_id in in_doubt:
        outbox.settle_in_doubt(tx, reply_id, SENDING, 0, None, now)
    held = queue.chosen(tx, WAITING)
    for reply_id in held:
        if outbox.get(tx, reply_id).state is Status.HELD:
            # Its reason must not be the old one: an operator may have released it after the backup.
            outbox.operate(tx, reply_id, Event.RELEASE, HELD, now)
        outbox.operate(tx, reply_id, Event.HOLD, HELD, now)
    counted = 0
    if spent is not None and answers:
        counted = max(answers, -(-spent.parts // MOST_PARTS))
        _count(tx, spent, counted, now)
    ledger.write(tx, "restored", now, reason=f"{len(held)} held, {counted} counted as sent")
    return Gap(held, in_doubt, counted)


def _count(tx: Connection, spent: Spending, answers: int, now: Moment) -> None:
    """Reserve what may have been spent, under one row of the outbox that stands for all of it."""
    first, *rest = (
        Spending("", _share(spent.parts, answers, index), _share(spent.cost, answers, index), None)
        for index in range(answers)
    )
    row = NewReply(
        purpose=Purpose.TEST,
        message_id=None,
        number="",
        country="",
        text="",
        parts=first.parts,
        cost=first.cost,
        due_at=now.quota,
        expires_at=now.quota,
        reason=UNKNOWN,
    )
    reply_id = outbox.schedule(tx, row, now)
    outbox.claim(tx, outbox.get(tx, reply_id), now)
    outbox.settle_in_doubt(tx, reply_id, UNKNOWN, 0, None, now)
    for index, each in enumerate(rest):
        # A name of its own for each: they may have been as many recipients.
        reservations.reserve(
            tx, reply_id, each._replace(recipient=f"#{reply_id}.{index}"), now, answers=False
        )
        reservations.settle(tx, reply_id, None, None, now)


def _share(whole: int, shares: int, index: int) -> int:
    """Return the index-th share of `whole`, so that all together are the whole."""
    return whole // shares + (index < whole % shares)


def put(ready: Path, path: Path, suffix: str) -> list[Path]:
    """Put `ready` in the place of the database at `path`; return where what was there lies now.

    It is set aside as it is, with what lies beside it. The exchange itself is one step, so that the power may
    be cut at any moment: there is always a database at `path`. Raises `StoreError`.
    """
    aside = path.with_name(f"{path.name}.{suffix}")
    try:
        return _put(ready, path, aside)
    except OSError as error:
        raise StoreError(f"{path}: cannot be set aside: {error.strerror}") from error


def _name_too(path: Path, aside: Path) -> None:
    """Give a file a second name; where the file system knows one name alone, as a stick's, another name."""
    try:
        aside.hardlink_to(path)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        path.rename(aside)


def _put(ready: Path, path: Path, aside: Path) -> list[Path]:
    kept = []
    if path.exists():
        _name_too(path, aside)
        kept.append(aside)
        sync(path.parent)
    # Before the exchange: SQLite would replay the old file's WAL into the new one.
    for end in BESIDE:
        beside, there = path.with_name(f"{path.name}{end}"), aside.with_name(f"{aside.name}{end}")
        if beside.exists():
            beside.rename(there)
            kept.append(there)
    sync(path.parent)
    ready.replace(path)
    sync(path.parent)
    return kept
