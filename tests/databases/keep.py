"""Keeps a database of the present schema version as SQL text, for the days when it is an old one.

    python -m tests.databases.keep

writes `NNNN.sql` beside this file. Do it once when a version is finished, and commit the file.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from relou_gateway.rules.admission import Reason
from relou_gateway.rules.breaker import Cause, opened
from relou_gateway.rules.lifecycle import Event
from relou_gateway.rules.records import (
    Binary,
    Call,
    Identity,
    Network,
    Part,
    Report,
    Ruling,
    Undecodable,
)
from relou_gateway.store import breaker, counting, gateway, inbox, outbox, senders
from relou_gateway.store.database import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    Connection,
    Database,
    create_or_migrate,
)
from relou_gateway.store.gateway import ClockRow
from tests.store.samples import BRICE, DAY, KARIM, at, canonical, claimed, listing, scheduled, slot, sms

DIRECTORY = Path(__file__).parent


def live(tx: Connection) -> None:
    """Let a little of everything happen."""
    _receive(tx)
    _answer(tx)
    counting.count(tx, KARIM, at(14))
    senders.block(tx, "+3375*", at(50))
    gateway.pause(tx, "a raid", at(51))
    gateway.save_clock(tx, ClockRow("3b1f", 81_000, 1_772_820_060_000, 1_772_823_677_000, wall_trusted=True))
    gateway.note_modem(tx, "ready", "", "/dev/relou-modem", at(52))
    gateway.note_identity(
        tx, Identity("Relou", "Virtual", "356938035643809", "208011234567890", "+33609001390")
    )
    gateway.note_network(
        tx, Network(registered=True, roaming=False, operator="20801", signal_percent=61), at(53)
    )


def _receive(tx: Connection) -> None:
    shown = (
        slot(1, sms("Salut, c'est Karim")),
        slot(2, sms("T’es où ? \N{FACE WITH TEARS OF JOY}", BRICE)),
        slot(3, sms("demi \ud83d", BRICE)),
        slot(4, Report(KARIM, 17, True, "delivered (0x00)", at(3).wall)),
        slot(5, Binary("MMSC", b"\x00\xff", None)),
        slot(6, Undecodable("CORRUPTED", b"\x07\x91")),
        slot(7, sms("un ", KARIM, Part(7, 2, 1))),
        slot(8, sms("deux", KARIM, Part(7, 2, 2))),
        slot(9, sms("trois ", KARIM, Part(8, 2, 1))),
        slot(10, sms("payez", "AMENDES")),
    )
    taken = inbox.take(tx, listing(*shown, calls=[Call(BRICE), Call("")]), at(1), canonical, set())
    inbox.forget_slots(tx, taken.deletable[:-2])
    inbox.count_refusals(tx, taken.deletable[-1:])


def _answer(tx: Connection) -> None:
    sent = claimed(tx, KARIM, at(2), message_id=1)
    inbox.record_verdict(tx, 1, Ruling.REPLY, Reason.FIRST_CONTACT, sent.id, at(2))
    outbox.settle_sent(tx, sent.id, (1, 2, 3), at(6))
    doubtful = claimed(tx, BRICE, at(7), message_id=2, parts=2, cost=320_000)
    inbox.record_verdict(tx, 2, Ruling.REPLY, Reason.FIRST_CONTACT, doubtful.id, at(7))
    outbox.settle_in_doubt(tx, doubtful.id, "no answer", 0, 1, at(8))
    inbox.record_verdict(tx, 8, Ruling.DECLINED, Reason.NAME, None, at(9))
    scheduled(tx, "+33611111111", at(10), due_at=at(60).quota, expires_at=at(60).quota + DAY)
    cancelled = scheduled(tx, "+33622222222", at(11))
    outbox.operate(tx, cancelled.id, Event.CANCEL, "by an operator", at(12))
    senders.stop(tx, "+33622222222", at(12))
    breaker.note_rejected(tx, cancelled.id)
    breaker.save(tx, opened(Cause.REJECTED, at(13).quota), at(13))


def dump(path: Path) -> str:
    """Return the database at `path` as SQL text that makes it anew, its header included."""
    with closing(sqlite3.connect(path)) as connection:
        lines = "\n".join(connection.iterdump())
    header = f"PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {SCHEMA_VERSION};\n"
    return f"{lines}\n{header}"


def main() -> None:
    """Write the dump of a database that has lived."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "gateway.db"
        create_or_migrate(path)
        with Database(path) as database, database.transaction("live") as tx:
            live(tx)
        kept = DIRECTORY / f"{SCHEMA_VERSION:04}.sql"
        kept.write_text(dump(path), encoding="utf-8")
    print(kept)  # noqa: T201 - a tool for a terminal


if __name__ == "__main__":
    main()
