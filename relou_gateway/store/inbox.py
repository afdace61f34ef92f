"""What came in: slots, messages, parts and calls, stored exactly once.

A modem shows slots, not messages. `take` compares each slot of a listing with what the store
believes about it: the same fingerprint means that it is stored already and only has to be
deleted; anything else is a new message. There is no uniqueness on content: two equal messages
in one second are two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ..rules.admission import Reason
from ..rules.records import (
    Binary,
    Kind,
    Listing,
    Memory,
    Moment,
    Part,
    Report,
    Ruling,
    Slot,
    SlotAddress,
    Sms,
    Undecodable,
)
from . import parts
from .arrivals import ONLY_COUNTED, Canonical, OnlyCount, insert, keep_all, store_call, store_report
from .database import Connection, Row, milliseconds, optional_time, time_of

EMPTIED = "id = id, number = '', received_number = '', text = '', raw = NULL, salt = x''"
"""What a row that is forgotten is set to.

Where the id is set, even to what it is, SQLite takes the row out and puts it back, and joins pages that have
become empty. Else the room of the texts would never be of use again: new rows go to the end.
"""

FAULTS_BEFORE_SHELVED = 3
"""A row on which the judge failed this often waits for a new version of the program."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one listing brought: rows that are new, slots that may be deleted now, and twins.

    `twins` are slots whose deletion had an unknown outcome before, and which show the very
    content that was to be deleted: they count as the one that is known (the sole exception).
    `rang_again` are the numbers whose call was stored before and still goes on; `counted` is how many
    messages were only counted.
    """

    messages: tuple[int, ...]
    parts: int
    deletable: tuple[SlotAddress, ...]
    twins: tuple[SlotAddress, ...]
    rang_again: tuple[str, ...] = ()
    counted: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """A row of the inbox as people and programs are shown it; times are wall time."""

    id: int
    kind: Kind
    number: str
    text: str
    received_wall: datetime
    smsc_wall: datetime | None
    parts: int
    verdict: Ruling | None
    reason: str
    reply_id: int | None


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A message that waits for its verdict; `received_at` is quota time."""

    id: int
    kind: Kind
    number: str
    received_number: str
    text: str
    received_at: datetime


def take(
    tx: Connection,
    listing: Listing,
    now: Moment,
    canonical: Canonical,
    in_doubt: Collection[SlotAddress],
    at_slot: Callable[[SlotAddress | None], object] = lambda _: None,
    only_count: OnlyCount = keep_all,
) -> Taken:
    """Store what `listing` shows and the store does not hold yet (C1).

    `in_doubt` are the slots whose deletion had an unknown outcome. `at_slot` is told which slot
    comes next, and None behind the last; `only_count` says which messages are only counted.
    """
    before = _highest_id(tx)
    believed = _believed(tx)
    new_parts, counted, deletable, twins = 0, 0, [], []
    for slot in listing.slots:
        at_slot(slot.address)
        deletable.append(slot.address)
        if believed.get(slot.address) == slot.fingerprint:
            if slot.address in in_doubt:
                twins.append(slot.address)
            continue
        message_id = _store(tx, slot, now, canonical, only_count)
        new_parts += message_id is None
        counted += message_id == ONLY_COUNTED
        _believe(tx, slot, message_id or None)
        believed[slot.address] = slot.fingerprint
    at_slot(None)
    rung = [store_call(tx, call, now, canonical) for call in listing.calls]
    if listing.complete:
        _drop_unseen(tx, listing, believed)
    rang_again = tuple(dict.fromkeys(number for number in rung if number is not None))
    return Taken(
        tuple(_ids_after(tx, before)), new_parts, tuple(deletable), tuple(twins), rang_again, counted
    )


def forget_slots(tx: Connection, addresses: Iterable[SlotAddress]) -> None:
    """Drop the belief in slots whose deletion the modem confirmed."""
    for address in addresses:
        tx.execute("DELETE FROM slots WHERE card = ? AND memory = ? AND location = ?", address)


def count_refusals(tx: Connection, addresses: Iterable[SlotAddress]) -> None:
    """Note that the modem refused to delete these slots."""
    for address in addresses:
        tx.execute(
            "UPDATE slots SET refusals = refusals + 1 WHERE card = ? AND memory = ? AND location = ?", address
        )


def stuck_slots(tx: Connection, refusals: int) -> list[SlotAddress]:
    """Return the slots that the modem refused to delete at least `refusals` times."""
    rows = tx.execute(
        "SELECT card, memory, location FROM slots WHERE refusals >= ? ORDER BY 1, 2, 3", (refusals,)
    )
    return [SlotAddress(row["card"], Memory(row["memory"]), row["location"]) for row in rows]


def unjudged(tx: Connection, limit: int) -> list[Unjudged]:
    """Return up to `limit` messages without a verdict, oldest first, faulty ones behind."""
    rows = tx.execute(
        """
        SELECT id, kind, number, received_number, text, received_at FROM inbox
        WHERE verdict IS NULL AND kind != 'report' AND faults < ?
        ORDER BY faults, id LIMIT ?
        """,
        (FAULTS_BEFORE_SHELVED, limit),
    )
    return [
        Unjudged(
            id=row["id"],
            kind=Kind(row["kind"]),
            number=row["number"],
            received_number=row["received_number"],
            text=row["text"],
            received_at=time_of(row["received_at"]),
        )
        for row in rows
    ]


def record_verdict(
    tx: Connection, message_id: int, ruling: Ruling, reason: Reason, reply_id: int | None, now: Moment
) -> None:
    """Write the verdict on a message, once; the trigger tells the ledger."""
    changed = tx.execute(
        """
        UPDATE inbox SET verdict = ?, reason = ?, reply_id = ?, judged_at = ?, judged_wall = ?
        WHERE id = ? AND verdict IS NULL
        """,
        (ruling, reason, reply_id, milliseconds(now.quota), milliseconds(now.wall), message_id),
    ).rowcount
    assert changed == 1, f"message {message_id} is judged already"


def note_fault(tx: Connection, message_id: int) -> None:
    """Push a message on which the judge failed behind the others."""
    tx.execute("UPDATE inbox SET faults = faults + 1 WHERE id = ?", (message_id,))


def messages(
    tx: Connection,
    *,
    number: str | None = None,
    since: datetime | None = None,
    verdict: Ruling | None = None,
    search: str | None = None,
    after_id: int = 0,
    limit: int | None = None,
) -> list[Received]:
    """Return messages and calls, newest last; with `limit` only the newest so many.

    `number` is E.164 or a prefix that ends in `*`; `since` is wall time; `search` is found
    in texts without regard to case.
    """
    rows = tx.execute(
        """
        SELECT * FROM inbox
        WHERE id > :after_id
          AND (:number IS NULL OR number = :number)
          AND (:prefix IS NULL OR SUBSTR(number, 1, LENGTH(:prefix)) = :prefix)
          AND (:since IS NULL OR received_wall >= :since)
          AND (:verdict IS NULL OR verdict = :verdict)
        ORDER BY id DESC
        """,
        {
            "after_id": after_id,
            "number": None if number is None or number.endswith("*") else number,
            "prefix": number[:-1] if number is not None and number.endswith("*") else None,
            "since": None if since is None else milliseconds(since),
            "verdict": verdict,
        },
    )
    found = _searched((received_of(row) for row in rows), search)
    newest = (
        [each for each, _ in zip(found, range(limit), strict=False)] if limit is not None else list(found)
    )
    return newest[::-1]


def ids_of_reply(tx: Connection, reply_id: int) -> list[int]:
    """Return the messages that a reply answers: the one that scheduled it and those that joined."""
    return [
        row["id"]
        for row in tx.execute(
            "SELECT id FROM inbox WHERE reply_id = ? AND kind != 'report' ORDER BY id", (reply_id,)
        )
    ]


def forget_before(tx: Connection, before: datetime, most: int | None = None) -> int:
    """Forget numbers and texts received before quota time `before`; counts and verdicts stay.

    The oldest `most` of them, all where it is None; returns how many.
    """
    return tx.execute(
        f"""
        UPDATE inbox SET {EMPTIED}
        WHERE id IN (SELECT id FROM inbox INDEXED BY inbox_unforgotten
                     WHERE received_at < ? AND salt != x'' ORDER BY received_at LIMIT ?)
        """,  # noqa: S608 - a constant
        (milliseconds(before), -1 if most is None else most),
    ).rowcount


# --- slots --------------------------------------------------------------------------------


def _believed(tx: Connection) -> dict[SlotAddress, bytes]:
    """Return the fingerprints of all slots that are believed to be occupied: no more than a modem has."""
    rows = tx.execute("SELECT card, memory, location, fingerprint FROM slots")
    return {SlotAddress(row[0], Memory(row[1]), row[2]): row[3] for row in rows}


def _believe(tx: Connection, slot: Slot, message_id: int | None) -> None:
    tx.execute(
        """
        INSERT OR REPLACE INTO slots (card, memory, location, fingerprint, message_id)
        VALUES (?, ?, ?, ?, ?)
        """,
        (*slot.address, slot.fingerprint, message_id),
    )


def _drop_unseen(tx: Connection, listing: Listing, believed: Iterable[SlotAddress]) -> None:
    """Drop the belief in slots that a whole listing did not show: they are empty."""
    seen = {slot.address for slot in listing.slots}
    forget_slots(tx, [each for each in believed if each not in seen and each.card in listing.cards])


# --- messages -----------------------------------------------------------------------------


def _store(
    tx: Connection, slot: Slot, now: Moment, canonical: Canonical, only_count: OnlyCount
) -> int | None:
    """Store one slot's content; return its row, or None for a part whose message is not whole."""
    match slot.content:
        case Sms(part=Part() as part) as sms:
            return parts.store(tx, sms, part, now, canonical, only_count)
        case Sms(number, text, smsc_at):
            return insert(tx, Kind.SMS, number, text, None, smsc_at, now, canonical, only_count=only_count)
        case Report() as report:
            return store_report(tx, report, now, canonical)
        case Binary(number, data, smsc_at):
            return insert(tx, Kind.BINARY, number, "", data, smsc_at, now, canonical, only_count=only_count)
        case Undecodable(error, pdu):
            return insert(tx, Kind.UNDECODABLE, "", error, pdu, None, now, canonical, only_count=only_count)


# --- reading ------------------------------------------------------------------------------


def _highest_id(tx: Connection) -> int:
    highest: int = tx.execute("SELECT COALESCE(MAX(id), 0) FROM inbox").fetchone()[0]
    return highest


def _ids_after(tx: Connection, message_id: int) -> Iterator[int]:
    for row in tx.execute("SELECT id FROM inbox WHERE id > ? ORDER BY id", (message_id,)):
        yield row["id"]


def received_of(row: Row) -> Received:
    """Return what a whole row of the inbox says."""
    return Received(
        id=row["id"],
        kind=Kind(row["kind"]),
        number=row["number"],
        text=row["text"],
        received_wall=time_of(row["received_wall"]),
        smsc_wall=optional_time(row["smsc_wall"]),
        parts=row["parts"] - row["parts_missing"],
        verdict=None if row["verdict"] is None else Ruling(row["verdict"]),
        reason=row["reason"],
        reply_id=row["reply_id"],
    )


def _searched(rows: Iterable[Received], wanted: str | None) -> Iterator[Received]:
    """Search in Python: SQLite folds the case of ASCII alone."""
    folded = None if wanted is None else wanted.casefold()
    return (row for row in rows if folded is None or folded in row.text.casefold())
