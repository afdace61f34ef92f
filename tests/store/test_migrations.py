"""Old databases, kept as SQL text: brought up to date, opened twice, and the same as a new one."""

from __future__ import annotations

import multiprocessing
import os
import re
import resource
import signal
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from relou_gateway.rules.breaker import Cause, opened
from relou_gateway.rules.records import Kind, Part, Purpose, Ruling, SlotAddress, Status
from relou_gateway.rules.throttle import Spending
from relou_gateway.store import (
    breaker,
    counting,
    gateway,
    health,
    inbox,
    ledger,
    outbox,
    parts,
    queue,
    senders,
)
from relou_gateway.store import database as module
from relou_gateway.store.database import SCHEMA_VERSION, Database, StoreError, StoreFull, create_or_migrate
from relou_gateway.store.gateway import ClockRow, Pause
from tests.databases import keep
from tests.store.samples import BRICE, CARD, KARIM, START, at, claimed, sim, slot, sms, take

KEPT = sorted(keep.DIRECTORY.glob("*.sql"))
EACH_KEPT = pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.stem)

LOST_SMILE = "demi \N{REPLACEMENT CHARACTER}"


def restored(kept: Path, path: Path) -> int:
    """Make the database that `kept` holds as SQL text; return its version."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(kept.read_text(encoding="utf-8"))
    return int(kept.stem)


def schema(path: Path) -> dict[tuple[str, str], str]:
    """What a database is made of, without comments and white space; and what stands in its header."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        ).fetchall()
        header = {
            ("pragma", name): str(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("user_version", "application_id", "encoding")
        }
    return {(kind, name): _bare(sql) for kind, name, sql in rows} | header


def _bare(sql: str) -> str:
    without_comments = re.sub(r"--[^\n]*", "", sql)
    return re.sub(r"\s*([(),;])\s*", r"\1", re.sub(r"\s+", " ", without_comments)).strip()


# --- schema ≡ migrations ------------------------------------------------------------------


@EACH_KEPT
def test_the_migrations_lead_to_the_very_database_that_the_schema_makes(kept: Path, tmp_path: Path) -> None:
    new, old = tmp_path / "new.db", tmp_path / "old.db"
    create_or_migrate(new)
    restored(kept, old)
    create_or_migrate(old)

    assert schema(new) == schema(old), (
        "a changed schema of an unfinished version: python -m tests.databases.keep"
    )


def test_a_database_of_every_earlier_version_is_kept() -> None:
    assert {int(kept.stem) for kept in KEPT} >= set(range(1, SCHEMA_VERSION))
    assert KEPT


def test_there_is_a_migration_to_every_version_but_the_first() -> None:
    assert len(module.scripts_from(1)) == SCHEMA_VERSION - 1
    assert 1 == len(module.scripts_from(0))
    assert [] == module.scripts_from(SCHEMA_VERSION)


def test_a_database_comes_out_of_its_sql_text_as_it_went_in(path: Path, tmp_path: Path) -> None:
    create_or_migrate(path)
    with Database(path) as database, database.transaction("live") as tx:
        keep.live(tx)
    text, copy = tmp_path / "copy.sql", tmp_path / "copy.db"
    text.write_text(keep.dump(path), encoding="utf-8")
    with closing(sqlite3.connect(copy)) as connection:
        connection.executescript(text.read_text(encoding="utf-8"))

    assert (keep.dump(path), schema(path)) == (keep.dump(copy), schema(copy))


# --- what an old database holds -----------------------------------------------------------


@EACH_KEPT
def test_an_old_database_is_opened_twice_and_has_lost_nothing(kept: Path, path: Path) -> None:
    version = restored(kept, path)

    assert version == create_or_migrate(path)
    _holds_what_was_kept(path)
    assert create_or_migrate(path) == SCHEMA_VERSION
    _holds_what_was_kept(path)


def _holds_what_was_kept(path: Path) -> None:
    with Database(path) as database, database.snapshot() as tx:
        assert [
            (row.id, row.kind, row.number, row.text, row.verdict, row.reply_id) for row in inbox.messages(tx)
        ] == [
            (1, Kind.SMS, KARIM, "Salut, c'est Karim", Ruling.REPLY, 1),
            (2, Kind.SMS, BRICE, "T’es où ? \N{FACE WITH TEARS OF JOY}", Ruling.REPLY, 2),
            (3, Kind.SMS, BRICE, LOST_SMILE, None, None),
            (4, Kind.REPORT, KARIM, "delivered (0x00)", None, None),
            (5, Kind.BINARY, "MMSC", "", None, None),
            (6, Kind.UNDECODABLE, "", "CORRUPTED", None, None),
            (7, Kind.SMS, KARIM, "un deux", None, None),
            (8, Kind.SMS, "AMENDES", "payez", Ruling.DECLINED, None),
            (9, Kind.CALL, BRICE, "", None, None),
            (10, Kind.CALL, "", "", None, None),
        ]
        assert [
            (row.id, row.purpose, row.number, row.state, row.parts, row.cost, row.accepted)
            for row in sorted(queue.listed(tx), key=lambda reply: reply.id)
        ] == [
            (1, Purpose.REPLY, KARIM, Status.SENT, 3, 480_000, 3),
            (2, Purpose.REPLY, BRICE, Status.IN_DOUBT, 2, 320_000, 0),
            (3, Purpose.REPLY, "+33611111111", Status.SCHEDULED, 3, 480_000, 0),
            (4, Purpose.REPLY, "+33622222222", Status.CANCELLED, 3, 480_000, 0),
        ]
        assert {
            Spending(KARIM, 3, 480_000, at(6).quota),
            Spending(BRICE, 1, 160_000, at(8).quota),
        } == set(ledger.spendings(tx, START))
        assert (1, [sim(10)]) == (parts.waiting(tx), inbox.stuck_slots(tx, 1))
        assert senders.is_blocked(tx, "+33751234567")
        assert senders.past(tx, "+33622222222", waiting=False).stopped
        assert Pause(at(51).wall, "a raid") == gateway.paused(tx)
        assert ClockRow(
            "3b1f", 81_000, 1_772_820_060_000, 1_772_823_677_000, wall_trusted=True
        ) == gateway.clock(tx)
        assert "356938035643809" == gateway.modem(tx).imei
        assert opened(Cause.REJECTED, at(13).quota) == breaker.breaker(tx)
        assert ([], [], []) == (
            ledger.broken_links(tx),
            ledger.changed_contents(tx),
            ledger.changed_replies(tx),
        )


@EACH_KEPT
def test_life_goes_on_in_an_old_database(kept: Path, path: Path) -> None:
    restored(kept, path)
    create_or_migrate(path)

    with Database(path) as database, database.transaction("test") as tx:
        second_half = sms("quatre", KARIM, Part(8, 2, 2))
        assert (11,) == take(tx, slot(SlotAddress(CARD, sim(1).memory, 3), second_half)).messages
        assert "trois quatre" == inbox.messages(tx)[-1].text
        claimed(tx, "+33633333333", at(100))
        outbox.settle_sent(tx, 5, (1, 2, 3), at(101))
        assert [] == ledger.broken_links(tx)


@pytest.mark.parametrize("kept", [each for each in KEPT if int(each.stem) >= 2], ids=lambda kept: kept.stem)
def test_what_was_only_counted_is_still_counted(kept: Path, path: Path) -> None:
    restored(kept, path)
    create_or_migrate(path)

    with Database(path) as database, database.snapshot() as tx:
        assert [(KARIM, 1)] == [(each.number, each.messages) for each in counting.counted(tx, KARIM)]


@EACH_KEPT
def test_an_old_database_is_copied_aside_before_it_is_changed(kept: Path, path: Path) -> None:
    version = restored(kept, path)
    before = keep.dump(path)
    create_or_migrate(path)

    copy = path.with_name(f"{path.name}.before-{SCHEMA_VERSION}")
    assert (version < SCHEMA_VERSION) is copy.exists()
    assert [] == [each for each in path.parent.iterdir() if each.suffix == ".part"]
    if copy.exists():
        assert before == keep.dump(copy)


# --- killed while it is brought up to date ------------------------------------------------


def _statements(script: str) -> list[str]:
    """Cut a script into its statements, triggers whole."""
    found, rest = [], ""
    for line in script.splitlines(keepends=True):
        rest += line
        if sqlite3.complete_statement(rest):
            found.append(rest)
            rest = ""
    return found


def _die_after_each_statement(directory: Path, version: int) -> None:
    """Migrate the database in each numbered folder, and be killed after so many statements."""
    statements = [each for script in module.scripts_from(version) for each in _statements(script)]
    prepare = module.prepare

    def prepare_to_die(connection: module.Connection) -> None:
        prepare(connection)
        connection.create_function("DIE", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))

    module.prepare = prepare_to_die
    for folder in directory.iterdir():
        cut = int(folder.name)
        script = "".join([*statements[:cut], "SELECT DIE();", *statements[cut:]])
        module.scripts_from = lambda _, script=script: [script]  # type: ignore[misc]
        if (child := os.fork()) == 0:
            create_or_migrate(folder / "gateway.db")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL, folder


@pytest.mark.parametrize(
    "kept", [each for each in KEPT if int(each.stem) < SCHEMA_VERSION], ids=lambda kept: kept.stem
)
def test_a_kill_in_the_middle_of_a_migration_leaves_the_old_database_whole(
    kept: Path, tmp_path: Path
) -> None:
    version = int(kept.stem)
    points = len([each for script in module.scripts_from(version) for each in _statements(script)]) + 1
    paths = [tmp_path / str(cut) / "gateway.db" for cut in range(points)]
    for path in paths:
        path.parent.mkdir()
        restored(kept, path)
    before = keep.dump(paths[0])
    victim = multiprocessing.get_context("spawn").Process(
        target=_die_after_each_statement, args=(tmp_path, version)
    )
    victim.start()
    victim.join(120)

    assert 0 == victim.exitcode
    for path in paths:
        assert (version, before) == (health.version_of(path), keep.dump(path))
        assert version == create_or_migrate(path)
        _holds_what_was_kept(path)


# --- newer than the program ---------------------------------------------------------------


def test_a_newer_database_is_refused_and_the_copy_from_before_the_update_is_named(path: Path) -> None:
    create_or_migrate(path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 2}")
    readable = module.before_version(path, SCHEMA_VERSION + 1)
    for copy in (readable, module.before_version(path, SCHEMA_VERSION + 2)):
        copy.touch()

    for opened_by in (create_or_migrate, Database):
        with pytest.raises(StoreError, match=re.escape(f"or go back: `relou-gateway restore {readable}`")):
            opened_by(path)


# --- a version that is yet to come --------------------------------------------------------

FakeNext = Callable[[str], None]


@pytest.fixture
def fake_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeNext:
    """Let the program be one version ahead, with a migration that is given as text."""

    def become(migration: str) -> None:
        package = tmp_path / "package"
        (package / "migrations").mkdir(parents=True)
        (package / f"migrations/{SCHEMA_VERSION + 1:04}.sql").write_text(migration, encoding="utf-8")
        monkeypatch.setattr("relou_gateway.store.database.resources.files", lambda _: package)
        monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)

    return become


@pytest.fixture
def lived(path: Path) -> Path:
    create_or_migrate(path)
    with Database(path) as database, database.transaction("live") as tx:
        keep.live(tx)
    return path


def backup_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.before-{SCHEMA_VERSION + 1}")


def test_an_older_database_is_copied_aside_and_then_migrated(lived: Path, fake_next: FakeNext) -> None:
    before = keep.dump(lived)
    fake_next("ALTER TABLE senders ADD COLUMN note TEXT NOT NULL DEFAULT '';")

    assert [create_or_migrate(lived) for _ in range(2)] == [SCHEMA_VERSION, SCHEMA_VERSION + 1]

    assert before == keep.dump(backup_of(lived))
    with Database(lived) as database, database.snapshot() as tx:
        assert {""} == {row["note"] for row in tx.execute("SELECT note FROM senders")}
        assert [] == ledger.broken_links(tx)


def test_the_copy_is_as_private_as_the_database(lived: Path, fake_next: FakeNext) -> None:
    fake_next("SELECT 1;")
    create_or_migrate(lived)

    assert stat.S_IMODE(lived.stat().st_mode) == stat.S_IMODE(backup_of(lived).stat().st_mode)
    assert 0 == stat.S_IMODE(backup_of(lived).stat().st_mode) & 0o007


def test_an_older_database_is_not_opened_before_it_is_migrated(lived: Path, fake_next: FakeNext) -> None:
    fake_next("SELECT 1;")

    with pytest.raises(StoreError, match="older than this program's; start the daemon once to update it"):
        Database(lived)


def test_a_migration_that_fails_half_way_leaves_the_old_database_whole(
    lived: Path, fake_next: FakeNext
) -> None:
    before = keep.dump(lived)
    fake_next("ALTER TABLE senders ADD COLUMN note TEXT; DELETE FROM blocks; SELECT * FROM nowhere;")

    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            create_or_migrate(lived)

    assert before == keep.dump(lived)
    assert before == keep.dump(backup_of(lived))


@contextmanager
def without_room(path: Path, share: float = 0.5) -> Iterator[None]:
    """Let no file grow beyond this share of the database's size, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(path.stat().st_size * share), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_no_migration_is_begun_without_room_for_the_copy(lived: Path, fake_next: FakeNext) -> None:
    before = keep.dump(lived)
    fake_next("DELETE FROM blocks;")

    with without_room(lived), pytest.raises(StoreFull):
        create_or_migrate(lived)

    assert before == keep.dump(lived)
    assert ["gateway.db"] == sorted(each.name for each in lived.parent.iterdir() if each.is_file())


def test_a_migration_for_which_there_is_no_room_is_done_when_there_is_some(
    lived: Path, fake_next: FakeNext
) -> None:
    before = keep.dump(lived)
    fake_next("CREATE TABLE large (content BLOB); INSERT INTO large VALUES (ZEROBLOB(3000000));")

    with without_room(lived, 2), pytest.raises(StoreFull):
        create_or_migrate(lived)
    assert (before, before) == (keep.dump(lived), keep.dump(backup_of(lived)))

    assert [SCHEMA_VERSION, SCHEMA_VERSION + 1] == [create_or_migrate(lived) for _ in range(2)]


def test_an_earlier_copy_is_replaced_only_by_a_whole_one(lived: Path, fake_next: FakeNext) -> None:
    fake_next("DELETE FROM blocks;")
    backup_of(lived).write_text("of an earlier update")

    with without_room(lived), pytest.raises(StoreFull):
        create_or_migrate(lived)
    assert "of an earlier update" == backup_of(lived).read_text()

    create_or_migrate(lived)
    assert health.version_of(backup_of(lived)) == SCHEMA_VERSION


def test_a_damaged_database_is_not_migrated(lived: Path, fake_next: FakeNext) -> None:
    with lived.open("r+b") as file:
        file.seek(4096 * 8)
        file.write(b"\xff" * 4096 * 4)
    fake_next("SELECT 1;")

    with pytest.raises(StoreError, match="the database is damaged"):
        create_or_migrate(lived)
    assert not backup_of(lived).exists()


def test_a_migration_that_leads_elsewhere_than_the_schema_would_be_seen(
    tmp_path: Path, fake_next: FakeNext
) -> None:
    new, old = tmp_path / "new.db", tmp_path / "old.db"
    create_or_migrate(new)
    create_or_migrate(old)
    same = schema(new)
    fake_next("ALTER TABLE blocks ADD COLUMN note TEXT; DROP INDEX outbox_due;")
    create_or_migrate(old)

    found = schema(old)
    assert {("table", "blocks"), ("index", "outbox_due"), ("pragma", "user_version")} == {
        key for key in same.keys() | found.keys() if same.get(key) != found.get(key)
    }


def test_a_column_that_was_added_is_the_same_as_one_that_was_always_there() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE a (\n    x  INTEGER NOT NULL, -- why\n    CHECK (x > 0)\n) STRICT")
        connection.execute("ALTER TABLE a ADD COLUMN y TEXT")
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema").fetchone()

    assert _bare("CREATE TABLE a (x INTEGER NOT NULL, y TEXT, CHECK (x > 0)) STRICT") == _bare(sql)
