"""`backup`, `restore` and `forget-old`, as an operator types them."""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.config.worst_case import Spent, worst_case
from relou_gateway.rules.policy import Budget, Prices, Text, Throttle
from relou_gateway.rules.records import Status
from relou_gateway.rules.throttle import DAY, HOUR, MINUTE, MONTH
from relou_gateway.store import ledger, outbox, queue, senders
from relou_gateway.store.database import SCHEMA_VERSION, Database
from relou_gateway.store.outbox import Reply
from tests.databases import keep
from tests.store.samples import slot, sms, take
from tests.support.world import policy

from .office import JULIEN, KARIM, MATHIEU, Office, opened
from .program import COMMAND, Program, surroundings


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    with opened(tmp_path, program) as made:
        yield made


@pytest.fixture
def backups(office: Office) -> Path:
    place = office.folder / "backups"
    place.mkdir()
    return place


def replies(office: Office) -> dict[int, Reply]:
    """The replies of the database that is there now, whoever made it."""
    with Database(office.world.path) as database, database.snapshot() as tx:
        return {reply.id: reply for reply in queue.listed(tx)}


def damage(path: Path) -> bytes:
    """Write over some pages; return what is there then."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 3)
    return path.read_bytes()


# --- backup -------------------------------------------------------------------------------


def test_a_backup_is_made_and_told_of(office: Office) -> None:
    office.sent(KARIM)

    assert re.fullmatch(r"copy\.db: 0\.\d MB, read through, and whole\n", office("backup", "copy.db"))
    assert keep.dump(office.world.path) == keep.dump(office.folder / "copy.db")


def test_a_backup_tells_programs_what_it_is(office: Office) -> None:
    office.sent(KARIM)
    told = office.row("backup", "copy.db")

    assert {"path", "bytes", "schema", "knows_to", "seconds", "deleted"} == set(told)
    assert ("copy.db", SCHEMA_VERSION, []) == (told["path"], told["schema"], told["deleted"])
    assert (office.folder / "copy.db").stat().st_size == told["bytes"]


def test_backups_in_a_directory_are_rotated(office: Office, backups: Path) -> None:
    made = [office.row("backup", "backups", "--keep", "2") for _ in range(4)]

    assert [[], [], [made[0]["path"]], [made[1]["path"]]] == [each["deleted"] for each in made]
    assert [Path(each["path"]).name for each in made[2:]] == sorted(each.name for each in backups.iterdir())
    assert "1 older backup deleted" in office("backup", "backups", "--keep", "2")


def test_without_a_number_none_is_deleted(office: Office, backups: Path) -> None:
    for _ in range(3):
        office("backup", "backups")

    assert 3 == len(list(backups.iterdir()))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("copy.db", "--keep", "3"), 2, "--keep is for a directory of backups, and copy.db is none"),
        (("backups", "--keep", "0"), 2, "0 is not in the range"),
        (("nowhere/copy.db",), 1, "nowhere: cannot be written: No such file or directory"),
        (("gateway.db",), 1, "this is the database that is to be copied"),
        (("config.yaml",), 1, "there is a file already, and it is no backup"),
    ],
)
def test_what_cannot_be_a_backup_is_refused(
    office: Office, backups: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    before = sorted(each.name for each in office.folder.rglob("*"))
    refused, line = office.refused("backup", *arguments)

    assert (code, True) == (refused, words in line)
    assert before == sorted(each.name for each in office.folder.rglob("*"))
    assert [] == list(backups.iterdir())


def test_a_damaged_database_is_no_backup_and_none_is_deleted_for_it(office: Office, backups: Path) -> None:
    office.sent(KARIM)
    office("backup", "backups")
    office.world.close()
    damage(office.world.path)
    code, line = office.refused("backup", "backups", "--keep", "1")

    assert (1, True) == (code, "damaged" in line)
    assert 1 == len(list(backups.iterdir()))


def test_on_a_full_disk_no_backup_is_made_and_none_is_lost(office: Office, backups: Path) -> None:
    office.sent(KARIM)
    kept = office.row("backup", "backups")["path"]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        code, line = office.refused("backup", "backups", "--keep", "1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert (1, True) == (code, "full" in line)
    assert [kept] == [f"backups/{each.name}" for each in backups.iterdir()]


def test_a_backup_that_is_killed_leaves_none_that_is_half(office: Office, backups: Path) -> None:
    with office.world.gateway.database.transaction("fill") as tx:
        for index in range(1500):
            take(tx, slot(1, sms(f"{index} {'x' * 3000}")))
    unfinished = backups / ".gateway.part"
    killed = subprocess.Popen(
        [*COMMAND, "backup", "backups"], cwd=office.folder, env=surroundings(office.folder)
    )
    while killed.poll() is None and not (unfinished.exists() and unfinished.stat().st_size):
        time.sleep(0.001)
    killed.kill()

    assert -signal.SIGKILL == killed.wait()
    assert [".gateway.part"] == [
        each.name for each in backups.iterdir() if not each.name.endswith("-journal")
    ]
    made = office.row("backup", "backups")["path"]
    assert [made] == [f"backups/{each.name}" for each in backups.iterdir()]


# --- restore ------------------------------------------------------------------------------


def test_the_last_backup_takes_the_place_of_a_damaged_database(office: Office, backups: Path) -> None:
    office.sent(KARIM)
    office("backup", "backups")
    before = keep.dump(next(backups.iterdir()))
    office.world.close()
    damaged = damage(office.world.path)
    told = office.row("restore")

    [aside] = map(Path, told["set_aside"])
    assert damaged == aside.read_bytes()
    assert re.fullmatch(r"gateway\.db\.aside-\d{8}T\d{6}Z", aside.name)
    assert (0, [], []) == (told["unknown_seconds"] // 60, told["held"], told["in_doubt"])
    assert before == keep.dump(next(backups.iterdir()))
    assert {1: Status.SENT} == {
        key: reply.state for key, reply in replies(office).items() if reply.number == KARIM
    }
    with Database(office.world.path) as database, database.snapshot() as tx:
        assert [] == ledger.broken_links(tx)
    assert ["restored"] == [entry.event for entry in _last_events(office)][-1:]
    assert [] == [each.name for each in office.folder.iterdir() if "restoring" in each.name]


def _last_events(office: Office) -> list[ledger.Entry]:
    with Database(office.world.path) as database, database.snapshot() as tx:
        return ledger.newest(tx, 5)


@pytest.mark.usefixtures("backups")
def test_what_lay_beside_the_damaged_database_is_set_aside_with_it(office: Office) -> None:
    office("backup", "backups")
    office.sent(KARIM)
    wal = office.world.path.with_name("gateway.db-wal")
    kept = {end: office.world.path.with_name(f"gateway.db{end}").read_bytes() for end in ("-wal", "-shm")}
    assert wal.stat().st_size
    damaged = office.world.path.read_bytes()[:4096] + b"\xff" * 9000
    office.world.close()
    for end, octets in kept.items():
        office.world.path.with_name(f"gateway.db{end}").write_bytes(octets[: len(octets) // 2])
    office.world.path.write_bytes(damaged)
    told = office.row("restore")

    assert 3 == len(told["set_aside"])
    assert {} == {key: reply for key, reply in replies(office).items() if reply.number == KARIM}


@pytest.mark.usefixtures("backups")
def test_what_waited_in_the_backup_is_held_for_it_may_have_been_sent_since(office: Office) -> None:
    for number in (KARIM, JULIEN, MATHIEU):
        office.wrote(number)
    office("queue", "hold", "2")
    office("backup", "backups")
    office("queue", "release", "2")
    office.world.wait(11)
    office.world.send_all()
    assert {Status.SENT} == set(office.states().values())
    office.world.close()
    damage(office.world.path)
    out = office("restore")

    found = replies(office)
    held = [found[reply_id] for reply_id in (1, 2, 3)]
    assert [(Status.HELD, "from a backup: it may have been sent since")] * 3 == [
        (each.state, each.reason) for each in held
    ]
    assert "3 replies that waited: held, for they may have been sent since" in out
    office.world.gateway = office.world._open()
    office.world.wait(60)
    assert 0 == office.world.send_all()


@pytest.mark.usefixtures("backups")
def test_what_was_being_sent_when_the_backup_was_made_is_in_doubt(office: Office) -> None:
    office.wrote(KARIM)
    with office.world.gateway.database.transaction("C3 claim") as tx:
        outbox.claim(tx, outbox.get(tx, 1), office.world.now())
    office("backup", "backups")
    office.world.close()
    damage(office.world.path)
    told = office.row("restore")

    assert ([1], []) == (told["in_doubt"], told["held"])
    assert Status.IN_DOUBT is replies(office)[1].state


@pytest.mark.usefixtures("backups")
def test_what_the_caps_allowed_since_the_backup_counts_as_sent(office: Office) -> None:
    office("backup", "backups")
    for number in (KARIM, JULIEN, MATHIEU):  # three an hour are allowed, and no copy knows of them
        office.sent(number)
    office.world.close()
    damage(office.world.path)
    told = office.row("restore")

    assert told["counted"] >= 3
    assert "what may have been sent since the backup; it counts" in office("queue", "show", "1")
    assert ["in_doubt"] == [row["state"] for row in office.rows("queue")]
    hour = next(row for row in office.rows("budget") if row["window"] == "throttle.per_hour")
    assert ("0", 0) == (str(hour["left"]), hour["left"])
    office.world.gateway = office.world._open()
    office.world.clock.advance_to(office.began + timedelta(minutes=60))
    office.wrote("+33611112222")
    office.world.wait(11)
    assert 0 == office.world.send_all()


@pytest.mark.usefixtures("backups")
def test_a_damaged_backup_is_not_taken_and_the_one_before_is(office: Office) -> None:
    office.wrote(KARIM)
    good = office.row("backup", "backups")["path"]
    office.wrote(JULIEN)
    bad = office.row("backup", "backups")["path"]
    damage(office.folder / bad)
    office.world.close()
    damage(office.world.path)
    told = office.row("restore")

    assert str(office.folder / good) == str(office.folder / told["path"])
    assert [True] == [bad in each for each in told["refused"]]
    assert {KARIM} == {reply.number for reply in replies(office).values() if reply.number}


@pytest.mark.usefixtures("backups")
def test_a_backup_can_be_named_and_a_directory_too(office: Office) -> None:
    office.wrote(KARIM)
    office("backup", "copy.db")
    office.wrote(JULIEN)
    office("backup", "backups")
    office.world.close()
    for place, numbers in (("copy.db", {KARIM}), ("backups", {KARIM, JULIEN})):
        damage(office.world.path)
        office("restore", place)
        assert numbers == {reply.number for reply in replies(office).values() if reply.number}
        office.folder.joinpath("gateway.db.aside").mkdir(exist_ok=True)
        for each in office.folder.glob("gateway.db.aside-*"):
            each.unlink()


@pytest.mark.usefixtures("backups")
def test_a_database_that_is_gone_is_restored_too(office: Office) -> None:
    office.sent(KARIM)
    office("backup", "backups")
    office.world.close()
    office.world.path.unlink()

    assert [] == office.row("restore")["set_aside"]
    assert KARIM in {reply.number for reply in replies(office).values()}


@pytest.mark.parametrize("kept", sorted(keep.DIRECTORY.glob("*.sql")), ids=lambda kept: kept.stem)
def test_a_backup_of_an_older_program_is_restored_and_brought_up_to_date(office: Office, kept: Path) -> None:
    with closing(sqlite3.connect(office.folder / "old.db")) as old:
        old.executescript(kept.read_text(encoding="utf-8"))
    office.world.close()
    damage(office.world.path)
    told = office.row("restore", "old.db")

    assert [3] == told["held"]
    assert (Status.SENT, Status.IN_DOUBT, Status.HELD) == tuple(
        replies(office)[reply_id].state for reply_id in (1, 2, 3)
    )
    assert [] == [each.name for each in office.folder.iterdir() if "restoring" in each.name]


def test_a_database_of_a_newer_program_gives_way_to_the_copy_from_before(office: Office) -> None:
    office.sent(KARIM)
    copy = office.folder / f"gateway.db.before-{SCHEMA_VERSION + 1}"
    office("backup", str(copy))
    office.world.close()
    with closing(sqlite3.connect(office.world.path)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    code, line = office.refused("status")
    assert (1, True) == (code, f"go back: `relou-gateway restore {copy}`" in line)
    office("restore", str(copy))

    assert KARIM in {reply.number for reply in replies(office).values()}


@pytest.mark.usefixtures("backups")
def test_a_database_that_is_whole_is_not_set_aside_without_a_word(office: Office) -> None:
    office("backup", "backups")
    office.sent(KARIM)
    office.world.close()

    code, line = office.refused("restore")
    assert (1, True) == (code, "this database is whole; with --yes it is set aside all the same" in line)
    assert "set aside: " in office("restore", "--yes")
    [aside] = office.folder.glob("gateway.db.aside-*")
    assert KARIM in {reply["number"] for reply in _raw(aside, "SELECT number FROM outbox")}


@pytest.mark.usefixtures("backups")
def test_a_database_that_lost_its_shared_memory_is_whole(office: Office) -> None:
    """As after a power cut: a WAL, and nobody who knows what is in it."""
    office("backup", "backups")
    office.sent(KARIM)
    for end in ("", "-wal"):
        shutil.copy(f"{office.world.path}{end}", office.folder / f"cut.db{end}")
    office.world.close()
    for end in ("", "-wal"):
        shutil.move(office.folder / f"cut.db{end}", f"{office.world.path}{end}")

    code, line = office.refused("restore")
    assert (1, True) == (code, "this database is whole" in line)


def _raw(path: Path, statement: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as raw:
        raw.row_factory = sqlite3.Row
        return [dict(row) for row in raw.execute(statement)]


@contextmanager
def a_gateway_at_work(path: Path) -> Iterator[None]:
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.usefixtures("backups")
def test_nothing_is_restored_while_a_gateway_is_at_work(office: Office) -> None:
    office("backup", "backups")
    before = office.world.path.read_bytes()
    with a_gateway_at_work(office.world.path):
        code, line = office.refused("restore", "--yes")

    assert (1, True) == (code, "a gateway is at work on this database; stop it first" in line)
    assert before == office.world.path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no backup called gateway-….db lies there; name a backup"),
        (("nothing.db",), "nothing.db: there is no backup; name one"),
        (("config.yaml",), "this is no database"),
    ],
)
@pytest.mark.usefixtures("backups")
def test_without_a_backup_nothing_is_changed(office: Office, arguments: tuple[str, ...], words: str) -> None:
    office.world.close()
    damaged = damage(office.world.path)
    code, line = office.refused("restore", *arguments)

    assert (1, True, damaged) == (code, words in line, office.world.path.read_bytes())
    assert [] == list(office.folder.glob("gateway.db.*aside*"))


@pytest.mark.usefixtures("backups")
def test_a_restored_database_belongs_to_whom_it_belonged(office: Office) -> None:
    office("backup", "backups")
    office.world.close()
    owner = 65534 if os.geteuid() == 0 else os.geteuid()
    os.chown(office.world.path, owner, -1)
    office.world.path.chmod(0o660)
    damage(office.world.path)
    before = os.umask(0o022)
    try:
        office("restore")
    finally:
        os.umask(before)

    assert (owner, owner) == tuple(
        office.folder.joinpath(name).stat().st_uid for name in ("gateway.db", "gateway.db.lock")
    )
    assert 0o660 == office.world.path.stat().st_mode & 0o777


# --- the worst case -----------------------------------------------------------------------

THREE_PARTS = "Un non est un non. " * 20
CAPS = Throttle(3, 30, 100, 200, None, None)
MONEY = Budget("EUR", Prices(160_000), 16_000_000, 100_000_000, None, None)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(0), Spent(3, 9, 1_440_000)),
        (5 * MINUTE, Spent(15, 45, 7_200_000)),
        (2 * HOUR, Spent(33, 99, 15_840_000)),
        (10 * DAY, Spent(200, 624, 99_840_000)),
        (MONTH, Spent(200, 624, 99_840_000)),
    ],
)
def test_the_worst_is_what_the_tightest_caps_allow_in_the_time(span: timedelta, expected: Spent) -> None:
    texts = {"texts": (Text(THREE_PARTS),)}

    assert expected == worst_case(policy(throttle=CAPS, budget=MONEY, replies=texts), span)


def test_where_nothing_caps_nothing_has_to_count() -> None:
    assert worst_case(policy(), DAY) is None


def test_of_several_texts_the_cheapest_says_how_many_and_the_dearest_how_much() -> None:
    texts = {"texts": (Text("Non."), Text(THREE_PARTS))}
    money = Budget("EUR", Prices(100_000), 2_000_000, None, None, None)
    found = worst_case(policy(budget=money, replies=texts), HOUR)

    assert Spent(1, 60, 2_000_000) == found


# --- forget-old ---------------------------------------------------------------------------


def old_office(office: Office) -> None:
    """Let somebody write a hundred days before somebody else does."""
    office.sent(KARIM)
    office.wrote(JULIEN)
    shift = timedelta(days=100) // timedelta(milliseconds=1)
    with closing(sqlite3.connect(office.world.path)) as raw:
        raw.execute("PRAGMA recursive_triggers = OFF")
        raw.execute("UPDATE inbox SET received_at = received_at - ? WHERE id = 1", (shift,))
        raw.execute("UPDATE outbox SET changed_at = changed_at - ? WHERE id = 1", (shift,))
        raw.commit()


def test_what_is_old_is_forgotten_now_and_told(office: Office) -> None:
    old_office(office)
    assert "1 message, 1 reply from before" in office("forget-old", "--dry-run")
    assert KARIM in json.dumps(office.rows("messages"))
    assert "1 message, 1 reply from before" in office("forget-old")

    assert ["", JULIEN] == [row["number"] for row in office.rows("messages")]
    assert {"messages": 0, "replies": 0, "senders": 0, "counted": 0, "dry_run": False}.items() <= (
        office.row("forget-old").items()
    )
    assert office("forget-old").startswith("nothing is older than ")
    with office.world.gateway.database.snapshot() as tx:
        assert ([], [], []) == (
            ledger.broken_links(tx),
            ledger.changed_contents(tx),
            ledger.changed_replies(tx),
        )
        assert 1 == senders.past(tx, KARIM, waiting=False).answers


def test_a_rehearsal_says_the_same_as_the_deed(office: Office) -> None:
    old_office(office)
    rehearsed, done = office.row("forget-old", "--dry-run"), office.row("forget-old")

    assert {**rehearsed, "dry_run": False, "before": None} == {**done, "before": None}
    assert done["messages"] == 1
