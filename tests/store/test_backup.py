"""Backups: whole or not at all, while others write, private, rotated, and read through before they count."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relou_gateway.store import backup, inbox, ledger
from relou_gateway.store.backup import Copy
from relou_gateway.store.database import (
    SCHEMA_VERSION,
    Database,
    StoreError,
    StoreFull,
    create_or_migrate,
    opened_to_read,
    time_of,
)
from tests.databases import keep
from tests.store.samples import at, slot, sms, take

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)


@pytest.fixture
def lived(database: Database) -> Database:
    """A database to which a little of everything happened."""
    with database.transaction("live") as tx:
        keep.live(tx)
    return database


def receive(database: Database, text: str = "Salut", number: int = 1) -> None:
    with database.transaction("C1 receive") as tx:
        take(tx, slot(1, sms(text, f"+336{number:08}")), now=at(500))


def texts(path: Path) -> list[str]:
    with opened_to_read(path) as tx:
        return [row.text for row in inbox.messages(tx)]


def beside(path: Path) -> list[str]:
    """Return what lies in the directory of a database besides itself and its own."""
    return sorted(each.name for each in path.parent.iterdir() if not each.name.startswith(path.name))


# --- one copy -----------------------------------------------------------------------------


def test_a_backup_says_what_the_database_says(lived: Database, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    made = backup.write(lived, target)

    assert keep.dump(lived.path) == keep.dump(target)
    last_word_of_the_clock = time_of(1_772_823_677_000)
    assert Copy(target, SCHEMA_VERSION, target.stat().st_size, last_word_of_the_clock) == made
    assert made == backup.verified(target)


def test_a_backup_is_one_file_for_its_owner_and_group(lived: Database, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        backup.write(lived, tmp_path / "backup.db")
    finally:
        os.umask(before)

    assert ["backup.db"] == beside(lived.path)
    assert 0o640 == stat.S_IMODE((tmp_path / "backup.db").stat().st_mode)


def test_a_backup_can_become_a_database(lived: Database, tmp_path: Path) -> None:
    backup.write(lived, tmp_path / "other.db")

    assert create_or_migrate(tmp_path / "other.db") == SCHEMA_VERSION
    with Database(tmp_path / "other.db") as other:
        receive(other, "encore")
        with other.snapshot() as tx:
            assert ("encore", []) == (inbox.messages(tx)[-1].text, ledger.broken_links(tx))


def test_a_backup_is_of_one_moment_and_ends_while_others_write_without_a_pause(
    lived: Database, tmp_path: Path
) -> None:
    for number in range(60):
        receive(lived, "x" * 20_000, number)
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        with Database(lived.path) as own:
            while not stop.is_set():
                receive(own, f"new {len(written)}", 99)
                written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not written:
            stop.wait(0.001)
        began = len(written)
        made = backup.write(lived, tmp_path / "backup.db")
        assert len(written) > began
    finally:
        stop.set()
        writer.join()

    found = [text for text in texts(made.path) if text.startswith("new ")]
    assert [f"new {index}" for index in range(len(found))] == found
    assert began <= len(found) <= len(written)


def test_a_backup_replaces_the_one_before(lived: Database, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    backup.write(lived, target)
    receive(lived, "encore")
    backup.write(lived, target)

    assert "encore" == texts(target)[-1]
    assert ["backup.db"] == beside(lived.path)


# --- where none can be made ---------------------------------------------------------------


@contextmanager
def little_room(octets: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("octets", [0, 1_000, 50_000])
def test_without_room_nothing_is_left_and_the_one_before_stays(
    lived: Database, tmp_path: Path, octets: int
) -> None:
    target = tmp_path / "backup.db"
    backup.write(lived, target)
    kept = target.read_bytes()

    with little_room(octets), pytest.raises(StoreFull, match="full"):
        backup.write(lived, target)

    assert (["backup.db"], kept) == (beside(lived.path), target.read_bytes())
    backup.write(lived, target)


def test_a_damaged_database_makes_no_backup_and_says_that_it_is_damaged(
    database: Database, tmp_path: Path
) -> None:
    for number in range(30):
        receive(database, "x" * 3000, number)
    database.close()
    with database.path.open("r+b") as file:
        file.seek(4096 * 30)
        file.write(b"\xff" * 4096 * 3)

    with Database(database.path) as again, pytest.raises(StoreError, match="not whole, and not kept"):
        backup.write(again, tmp_path / "backup.db")
    assert [] == beside(database.path)


def test_a_ledger_that_was_changed_makes_no_backup(lived: Database, tmp_path: Path) -> None:
    _change_the_ledger(lived.path)

    with pytest.raises(StoreError, match="the chain of its ledger is broken at row 3"):
        backup.write(lived, tmp_path / "backup.db")
    assert [] == beside(lived.path)


def _change_the_ledger(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("DROP TRIGGER ledger_no_update")
        raw.execute("UPDATE ledger SET reason = 'nothing' WHERE id = 3")


@pytest.mark.parametrize("name", ["gateway.db", "gateway.db-wal", "gateway.db.lock", "link.db"])
def test_the_database_is_never_overwritten_by_its_copy(lived: Database, tmp_path: Path, name: str) -> None:
    (tmp_path / "link.db").symlink_to(lived.path)

    with pytest.raises(StoreError, match="this is the database that is to be copied"):
        backup.write(lived, tmp_path / name)


def test_what_is_no_backup_is_never_overwritten(lived: Database, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(StoreError, match="there is a file already, and it is no backup"):
        backup.write(lived, tmp_path / "letter.txt")
    assert "dear" == (tmp_path / "letter.txt").read_text()


def test_a_directory_that_is_not_there_is_named(lived: Database, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere: cannot be written: No such file or directory"):
        backup.write(lived, tmp_path / "nowhere" / "backup.db")


def test_two_backups_into_one_directory_do_not_meet(lived: Database, tmp_path: Path) -> None:
    with (
        backup._unfinished(tmp_path / ".gateway.part"),
        pytest.raises(StoreError, match="another backup is being written"),
    ):
        backup.write(lived, tmp_path / "backup.db")


def test_what_a_killed_backup_left_is_no_backup_and_gone_after_the_next(
    lived: Database, tmp_path: Path
) -> None:
    (tmp_path / ".gateway.part").write_bytes(b"half" * 9999)

    assert [] == backup.listed(tmp_path, "gateway")
    backup.write(lived, tmp_path / "backup.db")
    assert ["backup.db"] == beside(lived.path)


# --- reading one --------------------------------------------------------------------------


def test_reading_a_backup_changes_nothing_in_it(lived: Database, tmp_path: Path) -> None:
    made = backup.write(lived, tmp_path / "backup.db").path
    before = made.read_bytes()
    backup.verified(made)

    assert (before, ["backup.db"]) == (made.read_bytes(), beside(lived.path))


@pytest.mark.parametrize("octets", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 8000])
def test_what_is_no_backup_is_refused(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "backup.db").write_bytes(octets)

    with pytest.raises(StoreError):
        backup.verified(tmp_path / "backup.db")


def test_a_backup_of_which_the_end_is_missing_is_refused(lived: Database, tmp_path: Path) -> None:
    made = backup.write(lived, tmp_path / "backup.db").path
    os.truncate(made, made.stat().st_size // 2)

    with pytest.raises(StoreError, match=r"damaged|not whole"):
        backup.verified(made)


def test_a_backup_with_a_changed_ledger_is_refused(lived: Database, tmp_path: Path) -> None:
    made = backup.write(lived, tmp_path / "backup.db").path
    _change_the_ledger(made)

    with pytest.raises(StoreError, match="not whole: the chain of its ledger is broken at row 3"):
        backup.verified(made)


@pytest.mark.parametrize("kept", sorted(keep.DIRECTORY.glob("*.sql")), ids=lambda kept: kept.stem)
def test_a_backup_of_every_earlier_version_is_read(kept: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript(kept.read_text(encoding="utf-8"))

    assert int(kept.stem) == backup.verified(tmp_path / "old.db").version


def test_a_backup_of_a_newer_program_is_refused(lived: Database, tmp_path: Path) -> None:
    made = backup.write(lived, tmp_path / "backup.db").path
    with closing(sqlite3.connect(made)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")

    with pytest.raises(StoreError, match="newer than this program"):
        backup.verified(made)


def test_a_database_to_which_nothing_happened_knows_of_no_moment(database: Database, tmp_path: Path) -> None:
    assert backup.write(database, tmp_path / "backup.db").knows_to is None


# --- a directory of them ------------------------------------------------------------------


def test_backups_in_a_directory_are_called_by_the_time(tmp_path: Path) -> None:
    paris = NOON.astimezone()

    assert tmp_path / "gateway-20260306T120000Z.db" == backup.named(tmp_path, "gateway", paris)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=-5), timedelta(days=-20_000)])
def test_a_later_backup_has_a_later_name_whatever_the_clock_does(tmp_path: Path, later: timedelta) -> None:
    (tmp_path / "gateway-20260306T120000Z.db").touch()

    assert "gateway-20260306T120001Z.db" == backup.named(tmp_path, "gateway", NOON + later).name


def test_only_the_oldest_of_its_own_are_deleted(tmp_path: Path) -> None:
    own = [tmp_path / f"gateway-2026030{day}T120000Z.db" for day in range(1, 7)]
    others = [
        "gateway.db",
        "gateway-2026.db",
        "gateway-20250101T000000Z.db.txt",
        "second-20250101T000000Z.db",
    ]
    for each in [*own, *(tmp_path / name for name in others)]:
        each.touch()
    (tmp_path / "gateway-20240101T000000Z.db").mkdir()

    assert own[:4] == backup.rotate(tmp_path, "gateway", 2)
    assert own[4:] == backup.listed(tmp_path, "gateway")
    assert set(others) <= {each.name for each in tmp_path.iterdir()}
    assert [] == backup.rotate(tmp_path, "gateway", 9)


def test_a_name_that_only_looks_like_a_time_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "gateway-99999999T999999Z.db").touch()

    assert "gateway-20260306T120000Z.db" == backup.named(tmp_path, "gateway", NOON).name
