"""The file itself: made, opened, refused, full, busy, damaged, and brought up to date."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.store import database as module
from relou_gateway.store import gateway, inbox, ledger
from relou_gateway.store.database import (
    SCHEMA_VERSION,
    Database,
    StoreBusy,
    StoreError,
    StoreFull,
    create_or_migrate,
    milliseconds,
    optional_time,
    time_of,
)
from tests.store.samples import START, at, slot, sms, take

SHARED = 65534
"""The user that owns nothing: `nobody`."""

Limits = Callable[[Database], AbstractContextManager[None]]


def count(database: Database) -> int:
    with database.snapshot() as tx:
        return len(inbox.messages(tx))


def receive(database: Database, text: str = "Salut") -> None:
    with database.transaction("C1 receive") as tx:
        take(tx, slot(1, sms(text)))


# --- times --------------------------------------------------------------------------------


@given(st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_comes_back_to_the_millisecond_and_never_later(moment: datetime) -> None:
    back = time_of(milliseconds(moment))

    assert timedelta(0) <= moment - back < timedelta(milliseconds=1)
    assert milliseconds(moment) == milliseconds(back)


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    paris = timezone(timedelta(hours=2))

    assert milliseconds(START) == milliseconds(START.astimezone(paris))
    assert time_of(milliseconds(START.astimezone(paris))).tzinfo == UTC
    assert (optional_time(None), optional_time(milliseconds(START))) == (None, START)


# --- making and opening -------------------------------------------------------------------


def test_a_database_is_made_once_and_opened_again_as_it_was(path: Path) -> None:
    assert (create_or_migrate(path), create_or_migrate(path)) == (0, SCHEMA_VERSION)
    with Database(path) as database:
        receive(database)
    assert create_or_migrate(path) == SCHEMA_VERSION
    with Database(path) as database:
        assert 1 == count(database)


def test_a_database_is_nobody_elses_business(path: Path) -> None:
    before = os.umask(0)
    try:
        create_or_migrate(path)
        with Database(path) as database:
            receive(database)
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    finally:
        os.umask(before)

    assert dict.fromkeys(["gateway.db", "gateway.db-wal", "gateway.db-shm"], 0o660) == modes


def test_what_is_committed_is_on_the_disk_when_the_call_returns(database: Database) -> None:
    with database.snapshot() as tx:
        found = {
            name: tx.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }

    assert {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1} == found


def test_an_empty_file_is_no_database_yet_and_becomes_one(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match="start the daemon once"):
        Database(path)

    assert 0 == create_or_migrate(path)
    Database(path).close()


def test_a_missing_database_is_not_made_by_opening_it(path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database yet; `relou-gateway run` makes it"):
        Database(path)
    assert [] == list(path.parent.iterdir())


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere: there is no such directory"):
        create_or_migrate(tmp_path / "nowhere" / "gateway.db")


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    for opened in (create_or_migrate, Database):
        with pytest.raises(StoreError):
            opened(tmp_path)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be an ordinary user for a while; root may do everything everywhere."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(SHARED)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory that others can get to, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="shared-") as directory:
        yield Path(directory)
        Path(directory).chmod(0o700)


@pytest.mark.parametrize("mode", [0o555, 0o000], ids=["read-only", "closed"])
def test_a_directory_that_is_not_ours_is_told_plainly(shared: Path, mode: int) -> None:
    path = shared / "gateway.db"
    shared.chmod(mode)

    with unprivileged(), pytest.raises(StoreError, match=r"gateway\.db: Permission denied"):
        create_or_migrate(path)


@pytest.mark.parametrize("mode", [0o555, 0o000], ids=["read-only", "closed"])
def test_a_database_that_is_not_ours_is_told_plainly(shared: Path, mode: int) -> None:
    path = shared / "gateway.db"
    create_or_migrate(path)
    path.chmod(0o600)
    shared.chmod(mode)

    for opened in (create_or_migrate, Database):
        with unprivileged(), pytest.raises(StoreError, match=r"gateway\.db: "):
            opened(path)


def test_a_database_in_memory_is_whole_and_nobody_elses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with Database(None) as one, Database(None) as other:
        receive(one)
        with one.snapshot() as tx:
            assert [] == ledger.broken_links(tx)
        assert (1, 0) == (count(one), count(other))
    assert [] == list(tmp_path.iterdir())


# --- what is refused ----------------------------------------------------------------------


def test_a_newer_database_is_refused_and_stays_as_it_is(path: Path) -> None:
    create_or_migrate(path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()

    for opened in (create_or_migrate, Database):
        with pytest.raises(StoreError, match=f"version {SCHEMA_VERSION + 1} is newer than this program"):
            opened(path)
    assert before == path.read_bytes()


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION, 99])
def test_another_programs_database_is_refused_and_not_touched(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as theirs:
        theirs.executescript(f"CREATE TABLE bookmarks (url); PRAGMA user_version = {version};")
    before = path.read_bytes()

    for opened in (create_or_migrate, Database):
        with pytest.raises(StoreError, match="another program's database"):
            opened(path)
    assert before == path.read_bytes()


@pytest.mark.parametrize(
    "content", [b"no database at all", b"x" * 8192, b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 8000]
)
def test_what_is_no_database_is_refused_and_not_touched(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    for opened in (create_or_migrate, Database):
        with pytest.raises(StoreError, match=r"no database|damaged"):
            opened(path)
    assert content == path.read_bytes()


def test_a_damaged_page_is_found_at_start(path: Path) -> None:
    create_or_migrate(path)
    with Database(path) as database, database.transaction("test") as tx:
        for index in range(300):
            take(tx, slot(1, sms(f"text {index} {'x' * 200}")))
    with path.open("r+b") as file:
        file.seek(4096 * 20)
        file.write(b"\xff" * 4096 * 3)

    with pytest.raises(StoreError, match="the database is damaged"):
        create_or_migrate(path)


def test_a_truncated_file_is_found_at_start(path: Path) -> None:
    create_or_migrate(path)
    with Database(path) as database, database.transaction("test") as tx:
        for index in range(300):
            take(tx, slot(1, sms(f"text {index} {'x' * 200}")))
    os.truncate(path, path.stat().st_size // 2)

    with pytest.raises(StoreError, match="the database is damaged"):
        create_or_migrate(path)


# --- transactions -------------------------------------------------------------------------


def _receive_and(fault: type[BaseException], database: Database) -> None:
    with database.transaction("C1 receive") as tx:
        take(tx, slot(1, sms("Salut")))
        raise fault


def test_a_transaction_is_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(KeyboardInterrupt):
        _receive_and(KeyboardInterrupt, database)

    assert 0 == count(database)
    receive(database)
    assert 1 == count(database)


def test_a_snapshot_shows_one_moment_while_others_write(database: Database) -> None:
    with Database(database.path) as reader, reader.snapshot() as tx:
        assert [] == inbox.messages(tx)
        receive(database)
        assert [] == inbox.messages(tx)
    assert 1 == count(database)


def test_what_is_written_in_a_snapshot_does_not_stay(database: Database) -> None:
    with database.snapshot() as tx:
        take(tx, slot(1, sms("Salut")))

    assert 0 == count(database)


def test_two_connections_see_each_others_commits(database: Database) -> None:
    with Database(database.path) as other:
        receive(database, "un")
        receive(other, "deux")
        assert (2, 2) == (count(database), count(other))
        with other.snapshot() as tx:
            assert [] == ledger.broken_links(tx)


def test_a_writer_takes_the_lock_before_it_reads(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_MILLISECONDS", 20)
    with Database(database.path) as other, database.transaction("C3 claim"):
        with pytest.raises(StoreBusy, match="another program holds the database"), other.transaction("queue"):
            pytest.fail("two writers at once")
        assert 0 == count(other)


def test_writers_of_many_threads_wait_for_each_other_and_the_chain_holds(database: Database) -> None:
    def work() -> None:
        with Database(database.path) as own:
            for _ in range(10):
                with own.transaction("test") as tx:
                    gateway.pause(tx, "", at())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.snapshot() as tx:
        assert (40, []) == (len(ledger.newest(tx, 99)), ledger.broken_links(tx))


def _hold(path: Path, held: Flag, release: Flag) -> None:
    with Database(path) as database, database.transaction("their own"):
        held.set()
        release.wait(30)


def test_a_database_that_another_process_holds_is_busy_and_then_works(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_MILLISECONDS", 50)
    processes = multiprocessing.get_context("spawn")
    held, release = processes.Event(), processes.Event()
    holder = processes.Process(target=_hold, args=(database.path, held, release))
    holder.start()
    try:
        assert held.wait(30)
        with Database(database.path) as ours:
            with pytest.raises(StoreBusy):
                receive(ours)
            assert 0 == count(ours)
    finally:
        release.set()
        holder.join(30)

    receive(database)
    assert 1 == count(database)


def _die_in_a_transaction(path: Path) -> None:
    with Database(path) as database, database.transaction("C1 receive") as tx:
        take(tx, slot(1, sms("lost")))
        os.kill(os.getpid(), 9)


def test_a_process_that_is_killed_in_a_transaction_leaves_the_one_before(database: Database) -> None:
    receive(database, "kept")
    victim = multiprocessing.get_context("spawn").Process(target=_die_in_a_transaction, args=(database.path,))
    victim.start()
    victim.join(30)

    assert -9 == victim.exitcode
    assert create_or_migrate(database.path) == SCHEMA_VERSION
    with database.snapshot() as tx:
        assert ["kept"] == [row.text for row in inbox.messages(tx)]


def test_a_fault_of_our_own_sql_stays_what_it_is(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"), database.transaction("test") as tx:
        tx.execute("SELECT * FROM nowhere")
    receive(database)


# --- no room ------------------------------------------------------------------------------


@contextmanager
def _few_pages(database: Database) -> Iterator[None]:
    pages = database._connection.execute("PRAGMA page_count").fetchone()[0]
    database._connection.execute(f"PRAGMA max_page_count = {pages}")
    yield
    database._connection.execute("PRAGMA max_page_count = 1000000")


@contextmanager
def _no_bytes(database: Database) -> Iterator[None]:
    """Let no file grow beyond what the WAL has now: the kernel refuses, as a full disk does."""
    written = database.path.with_name(f"{database.path.name}-wal").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("limited", [_few_pages, _no_bytes], ids=["pages", "bytes"])
def test_without_room_nothing_is_changed_and_with_room_it_goes_on(
    database: Database, limited: Limits
) -> None:
    receive(database, "before")

    with limited(database), pytest.raises(StoreFull, match="full"):
        receive(database, "x" * 100_000)

    assert 1 == count(database)
    receive(database, "after")
    with database.snapshot() as tx:
        assert ["before", "after"] == [row.text for row in inbox.messages(tx)]
        assert [] == ledger.broken_links(tx)


def test_without_room_what_is_there_can_still_be_read(database: Database) -> None:
    receive(database)

    with _no_bytes(database):
        assert 1 == count(database)
        with Database(database.path) as other:
            assert 1 == count(other)


def test_a_database_that_cannot_be_made_for_want_of_room_is_made_when_there_is_some(path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(StoreFull):
            create_or_migrate(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert 0 == create_or_migrate(path)
    Database(path).close()
