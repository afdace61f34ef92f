"""The database file: opened, checked, migrated, and changed only in named transactions.

Nothing but this module imports sqlite3. Writers take the lock at once (BEGIN IMMEDIATE), so
that a transaction which read something is never refused when it writes. `synchronous=FULL`
with WAL: what is committed is on the disk when the call returns (invariant 1).
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Self

from .seals import chain_hash, content_hash

Connection = sqlite3.Connection
Row = sqlite3.Row

SCHEMA_VERSION = 2
APPLICATION_ID = int.from_bytes(b"relu")
"""Stands in the header of our files, so that no other program's database is taken for one."""
BUSY_MILLISECONDS = 10_000
"""How long a writer waits for another: the daemon's transactions are small."""

PAGES_AT_ONCE, PAUSE = 256, 0.01
"""How much of a copy is written in one go (a megabyte), and how long others get the disk after it, in
seconds: a slow card must not let the daemon's commits wait."""

WAL_BYTES = 16_000_000
"""What stays of a WAL that grew because a long reader, such as a backup, held it."""

RESTORE = "`relou-gateway restore` sets it aside and brings back the last backup"
"""What to do about a file that cannot be trusted any more."""

BESIDE = ("-wal", "-shm", "-journal")
"""How the names end of what SQLite may keep beside a database."""

_IN_MEMORY = Path(":memory:")
"""SQLite's name for a database without a file."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class StoreError(Exception):
    """The database cannot be used now; the message says why and what to do about it."""


class StoreFull(StoreError):
    """There is no room to write. Nothing was changed."""


class StoreBusy(StoreError):
    """Another program holds the database. Nothing was changed."""


def milliseconds(time: datetime) -> int:
    """Return an aware `time` as the database holds it: milliseconds UTC since 1970."""
    return (time - EPOCH) // _MILLISECOND


def time_of(stored: int) -> datetime:
    """Return the aware time that `stored` milliseconds stand for."""
    return EPOCH + stored * _MILLISECOND


def optional_time(stored: int | None) -> datetime | None:
    """Return the aware time that `stored` stands for, or None for NULL."""
    return None if stored is None else EPOCH + stored * _MILLISECOND


class Database:
    """One connection to one gateway's database. Use it in one thread at a time."""

    def __init__(self, path: Path | None) -> None:
        """Open the database at `path`, which `create_or_migrate` has brought up to date.

        None makes a new one in memory, which is nobody else's and gone when it is closed (the
        simulation's). Raises `StoreError` where it is missing, damaged, or of another version.
        """
        self.path = path or _IN_MEMORY
        self._plain_errors = _PlainErrors(self.path)
        self._connection = _make_in_memory() if path is None else _open(path)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self, name: str) -> Iterator[Connection]:
        """Yield the connection inside a write transaction; commit at the end, roll back on an error.

        `name` says which step of the message's way commits here (C1 to C4, or a verb). Raises
        `StoreFull` and `StoreBusy`, other `StoreError` where the file cannot be written.
        """
        with self._plain_errors:
            self._begin(name)
            try:
                yield self._connection
                self._commit(name)
            except BaseException:
                self._connection.rollback()
                raise

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yield the connection inside a short read transaction: all that is read is of one moment."""
        with self._plain_errors:
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.rollback()

    def copy_to(self, target: Path) -> None:
        """Write the state of this moment into the file `target`, and sync it.

        Nobody waits for it: it is a reader like others. What is written meanwhile is not in it, and
        stays in the WAL until it ends. Raises `StoreError` where `target` cannot be written or has no room.
        """
        with self.snapshot() as tx, _PlainErrors(target):
            # Now the moment is fixed. Without it SQLite would begin anew after each commit of the daemon's.
            tx.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
            _copy(tx, target)

    def changes_of_others(self) -> int:
        """Return a number that differs from the one before if another connection wrote in between."""
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def _begin(self, name: str) -> None:
        del name  # the seam at which the crash tests kill the process
        self._connection.execute("BEGIN IMMEDIATE")

    def _commit(self, name: str) -> None:
        del name
        self._connection.commit()


def create_or_migrate(path: Path) -> int:
    """Make the database at `path`, or bring an older one up to date; return the version it had.

    0 means that it was made now. A copy is kept beside an older one before it is changed.
    Raises `StoreError` where it is damaged, newer than the program, or cannot be written.
    """
    with _PlainErrors(path):
        _make_private(path)
        connection = _connect(path)
        try:
            version = _version(connection, path)
            if version > SCHEMA_VERSION:
                raise StoreError(_version_fault(path, version))
            if version:
                _check(connection, path)
            if 0 < version < SCHEMA_VERSION:
                _keep_copy(connection, before_version(path, SCHEMA_VERSION))
            _apply(connection, version)
        finally:
            connection.close()
    return version


def before_version(path: Path, version: int) -> Path:
    """Return where the copy of the database at `path` lies that was made before it became `version`."""
    return path.with_name(f"{path.name}.before-{version}")


@contextmanager
def opened_to_read(path: Path) -> Iterator[Connection]:
    """Yield a connection to a file that nobody works with, such as a backup, of this version or an older one.

    Nothing is changed in it. Raises `StoreError` where it is no database of ours, newer, or damaged.
    """
    with _PlainErrors(path):
        if not path.is_file():
            raise StoreError(f"{path}: there is no such file")
        # Without a WAL beside it nothing is to be locked or recovered, and no file has to be made for that.
        at_rest = "" if _has_wal(path) else "&immutable=1"
        uri = f"{path.absolute().as_uri()}?mode=ro{at_rest}"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            version = _version(connection, path)
            if not 0 < version <= SCHEMA_VERSION:
                raise StoreError(_version_fault(path, version))
            connection.row_factory = sqlite3.Row
            yield connection


def copy_file(source: Path, target: Path) -> None:
    """Copy the database at `source`, that nobody works with, into the new and private file `target`."""
    with opened_to_read(source) as tx, _PlainErrors(target):
        _make_private(target)
        _copy(tx, target)


def scripts_from(version: int) -> list[str]:
    """Return the SQL texts that lead from `version` to `SCHEMA_VERSION`; 0 is an empty file."""
    files = resources.files(__package__)
    if version == 0:
        return [files.joinpath("schema.sql").read_text(encoding="utf-8")]
    steps = range(version + 1, SCHEMA_VERSION + 1)
    return [files.joinpath(f"migrations/{step:04}.sql").read_text(encoding="utf-8") for step in steps]


def prepare(connection: Connection) -> None:
    """Set the pragmas and functions that every connection needs."""
    connection.row_factory = sqlite3.Row
    connection.create_function("CONTENT_HASH", 4, content_hash, deterministic=True)
    connection.create_function("CHAIN_HASH", -1, chain_hash, deterministic=True)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = ON")  # the triggers call the two functions above
    connection.execute("PRAGMA recursive_triggers = ON")  # REPLACE asks the triggers on DELETE too
    connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is not left lying in the file
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")


def _open(path: Path) -> Connection:
    """Connect to a database that is there and of this program's version."""
    with _PlainErrors(path):
        if not path.exists():
            raise StoreError(f"{path}: there is no database yet; `relou-gateway run` makes it")
    connection = _connect(path)
    try:
        with _PlainErrors(path):
            version = _version(connection, path)
        if version != SCHEMA_VERSION:
            raise StoreError(_version_fault(path, version))
    except BaseException:
        connection.close()
        raise
    return connection


def _make_in_memory() -> Connection:
    connection = _connect(_IN_MEMORY)
    _apply(connection, 0)
    return connection


def _connect(path: Path) -> Connection:
    with _PlainErrors(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _version(connection, path)  # before a pragma changes a file that is not ours
            prepare(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _make_private(path: Path) -> None:
    """Create the file for its owner and group alone: it holds strangers' numbers and texts."""
    if not path.parent.is_dir():
        raise StoreError(f"{path.parent}: there is no such directory to keep the database in")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660))


def _version(connection: Connection, path: Path) -> int:
    """Return the schema's version, 0 for an empty file; refuse what another program made."""
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    empty = version == 0 and connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()[0] == 0
    if application != APPLICATION_ID and not empty:
        raise StoreError(f"{path}: this is another program's database; set storage.path to a file of its own")
    return version


def _version_fault(path: Path, version: int) -> str:
    if version == 0:
        return f"{path}: this is an empty file; start the daemon once to make a database of it"
    if version <= SCHEMA_VERSION:
        return (
            f"{path}: its version {version} is older than this program's; start the daemon once to update it"
        )
    newer = f"{path}: its version {version} is newer than this program's {SCHEMA_VERSION}; update the program"
    copies = [before_version(path, step) for step in range(version, SCHEMA_VERSION, -1)]
    found = [copy for copy in copies if copy.exists()]
    # The lowest step is the one that this program can read.
    return f"{newer}, or go back: `relou-gateway restore {found[-1]}`" if found else newer


def _check(connection: Connection, path: Path) -> None:
    findings = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    if findings != ["ok"]:
        raise StoreError(f"{path}: the database is damaged ({'; '.join(findings)}); {RESTORE}")


def _keep_copy(connection: Connection, target: Path) -> None:
    """Copy the database aside; an earlier copy of this name is replaced only by a whole one."""
    unfinished = target.with_name(f"{target.name}.part")
    try:
        unfinished.unlink(missing_ok=True)
        _make_private(unfinished)
        _copy(connection, unfinished)
        with closing(sqlite3.connect(unfinished)) as copy:
            _check(copy, unfinished)
        unfinished.rename(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync(target.parent)


def _copy(connection: Connection, target: Path) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous = OFF")  # it is synced as a whole, below
        connection.backup(copy, pages=PAGES_AT_ONCE, progress=lambda *_: time.sleep(PAUSE))
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    sync(target)


def _has_wal(path: Path) -> bool:
    wal = path.with_name(f"{path.name}-wal")
    return wal.exists() and wal.stat().st_size > 0


def sync(path: Path) -> None:
    """Let what was written to a file, or what became of the names in a directory, reach the disk."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _apply(connection: Connection, version: int) -> None:
    if version == SCHEMA_VERSION:
        return
    steps = "\n".join(scripts_from(version))
    # One transaction, the version with it: a crash in between leaves the old database whole.
    connection.executescript(
        f"""
        BEGIN IMMEDIATE;
        {steps}
        PRAGMA application_id = {APPLICATION_ID};
        PRAGMA user_version = {SCHEMA_VERSION};
        COMMIT;
        """
    )


def _plain(error: sqlite3.Error, path: Path) -> StoreError | None:
    """Return what an operator can mend, or None for a fault of our own SQL."""
    known: dict[int, tuple[type[StoreError], str]] = {
        sqlite3.SQLITE_FULL: (StoreFull, "the disk is full; make room, nothing is lost meanwhile"),
        sqlite3.SQLITE_BUSY: (StoreBusy, "another program holds the database"),
        sqlite3.SQLITE_LOCKED: (StoreBusy, "another program holds the database"),
        sqlite3.SQLITE_READONLY: (StoreError, "it cannot be written; check its owner and mode"),
        sqlite3.SQLITE_CANTOPEN: (StoreError, "it cannot be opened; check its owner and mode"),
        sqlite3.SQLITE_PERM: (StoreError, "it cannot be opened; check its owner and mode"),
        sqlite3.SQLITE_NOTADB: (StoreError, f"this is no database, or not any more; {RESTORE}"),
        sqlite3.SQLITE_CORRUPT: (StoreError, f"the database is damaged; {RESTORE}"),
        sqlite3.SQLITE_IOERR: (StoreFull, "the disk failed or is full; nothing was changed"),
    }
    # The low byte is the primary result code; the rest says more than an operator needs.
    found = known.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    return found and found[0](f"{path}: {found[1]}")


class _PlainErrors:
    """Turns what an operator can mend into a `StoreError`; a fault of our SQL stays what it is."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        plain = None
        if isinstance(error, sqlite3.Error):
            plain = _plain(error, self._path)
        elif isinstance(error, OSError):
            plain = StoreError(f"{self._path}: {error.strerror or error}")
        if plain is not None:
            raise plain from error
