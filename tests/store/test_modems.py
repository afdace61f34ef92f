from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relou_gateway.rules.pin import Tried
from relou_gateway.rules.records import Identity, Moment
from relou_gateway.store import gateway, modems
from relou_gateway.store.database import Database, create_or_migrate
from relou_gateway.store.modems import Remembered

IMEI = "350000000000006"
AT = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
NOW = Moment(AT, AT)


def identity(imei: str = IMEI, imsi: str = "208990123456789") -> Identity:
    return Identity("Relou", "Virtual", imei, imsi, "+33609001390")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    create_or_migrate(tmp_path / "gateway.db")
    with Database(tmp_path / "gateway.db") as opened:
        yield opened


def test_the_modem_that_was_used_last_is_remembered(database: Database) -> None:
    with database.transaction("test") as tx:
        assert modems.last(tx) is None
        modems.note_used(tx, identity(), "/dev/ttyUSB0", 2, NOW)
        modems.note_used(tx, identity("2" * 15), "/dev/ttyUSB1", None, NOW)
        assert modems.last(tx) == Remembered("2" * 15, "208990123456789", "/dev/ttyUSB1", None)
        modems.note_used(tx, identity(imsi="208011234567890"), "/dev/ttyUSB3", 0, NOW)
        assert modems.last(tx) == Remembered(IMEI, "208011234567890", "/dev/ttyUSB3", 0)


def test_a_pin_is_known_by_its_hash_and_its_modem(database: Database) -> None:
    with database.transaction("test") as tx:
        assert modems.pin_tried(tx, IMEI, "1234") is None
        row_id = modems.note_pin_try(tx, IMEI, "1234", NOW)
        assert modems.pin_tried(tx, IMEI, "1234") == Tried(unanswered=1)
        assert modems.pin_tried(tx, IMEI, "4321") is None
        assert modems.pin_tried(tx, "2" * 15, "1234") is None
        modems.note_pin_outcome(tx, row_id, accepted=True)
        assert modems.pin_tried(tx, IMEI, "1234") == Tried(accepted=True)
        assert row_id == modems.note_pin_try(tx, IMEI, "1234", NOW)
        assert modems.pin_tried(tx, IMEI, "1234") == Tried(accepted=True, unanswered=1)
        modems.note_pin_outcome(tx, row_id, accepted=False)
        assert modems.pin_tried(tx, IMEI, "1234") == Tried(refused=True)


def test_a_pin_cannot_be_read_from_the_database(database: Database) -> None:
    with database.transaction("test") as tx:
        modems.note_pin_try(tx, IMEI, "73519264", NOW)
    held = b"".join(path.read_bytes() for path in database.path.parent.iterdir())
    assert b"73519264" not in held


def test_how_full_the_memory_is_stands_beside_the_modems_state(database: Database) -> None:
    with database.transaction("test") as tx:
        modems.note_fill(tx, 80, "its memory is 80 % full")
        assert gateway.modem(tx).detail == "", "a modem that is not ready has troubles of its own"
        gateway.note_modem(tx, "ready", "", "/dev/ttyUSB0", NOW)
        modems.note_fill(tx, 80, "its memory is 80 % full")
        assert gateway.modem(tx).detail == "its memory is 80 % full"
        assert tx.execute("SELECT full_percent FROM modem").fetchone()[0] == 80
