"""What `doctor` finds of disk and database: real files, damaged as they are in the field."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from relou_gateway.cli.checks import storage
from relou_gateway.cli.checks.finding import Finding
from relou_gateway.config import StorageSettings
from relou_gateway.store import database as store
from relou_gateway.store import health
from tests.support.world import World, mobile


class Usage(NamedTuple):
    free: int


@pytest.fixture
def lived(tmp_path: Path) -> Path:
    """The database of a gateway that has seen some messages."""
    world = World(tmp_path)
    for index in range(40):
        world.text(mobile(index), f"Salut {index} {'x' * 100}")
    world.receive()
    world.close()
    return world.path


def examined(path: Path, *, at_work: bool = False) -> tuple[Finding, Finding]:
    """Return what is found of the database and of the ledger."""
    database, ledger = storage.database(path, at_work=at_work)
    assert ("database", "ledger") == (database.check, ledger.check)
    for each in (database, ledger):
        assert bool(each.cure) == (each.state in {"warning", "failure"})
    return database, ledger


def states(path: Path) -> tuple[str, str]:
    database, ledger = examined(path)
    return database.state, ledger.state


def settings(path: Path, most: int = 2 * 10**9) -> StorageSettings:
    return StorageSettings(path, timedelta(days=90), most)


# --- database -----------------------------------------------------------------------------


def test_a_database_that_is_whole_is_well(lived: Path) -> None:
    assert ("ok", "ok") == states(lived)


def test_one_that_is_not_there_yet_will_be_made_and_is_not_made_by_looking(tmp_path: Path) -> None:
    assert ("ok", "skipped") == states(tmp_path / "gateway.db")
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_missing_is_to_be_made(tmp_path: Path) -> None:
    database, _ = examined(tmp_path / "gone" / "gateway.db")
    assert ("failure", True) == (
        database.state,
        f"sudo install -d -o $USER {tmp_path / 'gone'}" in database.cure,
    )


def test_a_damaged_page_is_found(lived: Path) -> None:
    with lived.open("r+b") as file:
        file.seek(4096 * 20)
        file.write(b"\xff" * 4096 * 3)
    database, _ = examined(lived)
    assert ("failure", True) == (database.state, "backup" in database.cure)


def test_a_file_that_was_cut_short_is_found(lived: Path) -> None:
    os.truncate(lived, lived.stat().st_size // 2)
    assert "failure" == states(lived)[0]


def test_what_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    path.write_bytes(b"no database at all")
    assert ("failure", "skipped") == states(path)
    assert b"no database at all" == path.read_bytes()


def test_another_programs_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE bookmarks (url)")
    database, _ = examined(path)
    assert "another program's database" in database.found
    assert "storage.path" in database.cure
    assert health.version_of(path) is None


def test_a_newer_database_needs_a_newer_program(lived: Path) -> None:
    with closing(sqlite3.connect(lived)) as newer:
        newer.execute(f"PRAGMA user_version = {store.SCHEMA_VERSION + 1}")
    database, _ = examined(lived)
    assert ("failure", "update the program") == (database.state, database.cure)


def test_an_older_database_is_brought_up_to_date_by_the_gateway(
    lived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (store, storage):
        monkeypatch.setattr(module, "SCHEMA_VERSION", store.SCHEMA_VERSION + 1)
    database, _ = examined(lived)
    assert ("warning", True) == (database.state, database.cure.startswith("start the gateway once"))


def test_a_row_taken_out_of_the_ledger_is_found(lived: Path) -> None:
    with closing(sqlite3.connect(lived)) as theirs:
        for (name,) in theirs.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            theirs.execute(f"DROP TRIGGER {name}")
        theirs.execute("DELETE FROM ledger WHERE id = 5")
        theirs.commit()
    database, ledger = examined(lived)
    assert ("ok", "failure") == (database.state, ledger.state)
    assert "broken at row 6" in ledger.found


def test_beside_a_gateway_at_work_a_large_database_is_not_read_through(
    lived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ["ok", "ok"] == [each.state for each in examined(lived, at_work=True)]
    monkeypatch.setattr(storage, "LARGE", 1000)
    assert ["skipped", "skipped"] == [each.state for each in examined(lived, at_work=True)]


def test_looking_at_a_database_changes_nothing_in_it(lived: Path) -> None:
    before = lived.read_bytes()
    examined(lived)
    assert before == lived.read_bytes()


# --- disk ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "state"), [(10**11, "ok"), (10**9, "warning"), (400_000_000, "warning"), (40_000_000, "failure")]
)
def test_a_disk_that_fills_up_is_told_before_it_is_full(tmp_path: Path, free: int, state: str) -> None:
    finding = storage.disk(settings(tmp_path / "gateway.db"), lambda _: Usage(free))
    assert (state, bool(finding.cure)) == (finding.state, state != "ok")


def test_the_disk_is_that_of_the_nearest_folder_that_is_there(tmp_path: Path) -> None:
    finding = storage.disk(settings(tmp_path / "not" / "there" / "gateway.db", most=0))
    assert f"free at {tmp_path}" in finding.found
