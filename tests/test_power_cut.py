"""The power is cut: whatever the disk holds then, all that was committed is there, and no half of anything.

A life is recorded: what lies in the database's file and in its WAL after each commit, and how long the WAL
is then. SQLite syncs the WAL at each commit (`synchronous=FULL`), and the database's file before it begins
the WAL anew. What it writes between two syncs may be on the disk wholly, in part, in any order, or as
rubbish: from each commit to the next such disks are made, and opened.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relou_gateway.rules.admission import Reason
from relou_gateway.rules.records import Ruling
from relou_gateway.store import inbox, ledger, outbox
from relou_gateway.store.database import SCHEMA_VERSION, Connection, Database, create_or_migrate
from tests.store.samples import at, new_reply, slot, sms, take

PAGE = 4096
HEADER, FRAME = 32, 24 + PAGE
"""Bytes of the WAL's header and of one frame in it (sqlite.org/fileformat2.html, ch. 4)."""

COMMITS = 24
CHECKPOINT_AT = 60
"""Frames in the WAL after which SQLite copies them into the file: often enough to see it happen."""


@dataclass(frozen=True)
class Disk:
    """What the files of a database hold at one moment."""

    file: bytes
    wal: bytes
    shm: bytes = b""


@dataclass
class Life:
    """The disk after each commit, and what the database says then: rows of the ledger, newest text."""

    disks: list[Disk] = field(default_factory=list)
    said: list[list[tuple[object, ...]]] = field(default_factory=list)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    path = tmp_path_factory.mktemp("life") / "gateway.db"
    create_or_migrate(path)
    recorded = Life()
    with Database(path) as database:
        database._connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_AT}")
        for index in range(COMMITS):
            with database.transaction("life") as tx:
                _live(tx, index)
            recorded.disks.append(Disk(*(_read(path, end) for end in ("", "-wal", "-shm"))))
            with database.snapshot() as tx:
                recorded.said.append(_says(tx))
    return recorded


def _live(tx: Connection, index: int) -> None:
    """Do what the gateway does from a text to its answer, a step in each transaction."""
    message, number = index // 4, f"+336{index // 4:08}"
    match index % 4:
        case 0:
            take(tx, slot(1, sms(f"{message} {'x' * 900}", number)), now=at(index))
        case 1:
            reply_id = outbox.schedule(tx, new_reply(number, message_id=message + 1), at(index))
            inbox.record_verdict(tx, message + 1, Ruling.REPLY, Reason.FIRST_CONTACT, reply_id, at(index))
        case 2:
            assert outbox.claim(tx, outbox.get(tx, message + 1), at(index)) is not None
        case 3:
            outbox.settle_sent(tx, message + 1, (1, 2, 3), at(index))


def _says(tx: Connection) -> list[tuple[object, ...]]:
    """Return all that a database says of what happened."""
    tables = ("inbox", "outbox", "reservations", "ledger")
    return [tuple(row) for table in tables for row in tx.execute(f"SELECT * FROM {table}")]


def _read(path: Path, end: str) -> bytes:
    return path.with_name(f"{path.name}{end}").read_bytes()


class Bench:
    """Lays disks out, opens them, and compares what they say."""

    def __init__(self, directory: Path, life: Life) -> None:
        self._directory = directory
        self._life = life

    def opens(self, disk: Disk, *allowed: int) -> int:
        """Open what a cut left; return after which of the `allowed` commits it is."""
        path = self._directory / "gateway.db"
        for end, octets in (("", disk.file), ("-wal", disk.wal), ("-shm", disk.shm)):
            beside = path.with_name(f"{path.name}{end}")
            beside.write_bytes(octets)
            if not octets:
                beside.unlink()
        assert create_or_migrate(path) == SCHEMA_VERSION
        with Database(path) as database, database.snapshot() as tx:
            assert ([], [], []) == (
                ledger.broken_links(tx),
                ledger.changed_contents(tx),
                ledger.changed_replies(tx),
            )
            said = _says(tx)
        found = [commit for commit in allowed if said == self._life.said[commit]]
        assert 1 == len(found), f"what was synced is not there: {allowed}"
        return found[0]


@pytest.fixture
def bench(tmp_path: Path, life: Life) -> Iterator[Bench]:
    yield Bench(tmp_path, life)
    shutil.rmtree(tmp_path)


def _ends(wal: bytes) -> list[int]:
    """Return where the frames of a WAL end, its header's end first."""
    return list(range(HEADER, len(wal) + 1, FRAME))


def _written(before: bytes, after: bytes) -> int:
    """Return where the WAL begins to differ: there SQLite wrote since the last sync."""
    if before[:HEADER] != after[:HEADER]:
        return 0  # begun anew: its salts are others
    return min(len(before), len(after))


def _last_written(before: bytes, after: bytes) -> int:
    """Return where that which was written since the last sync ends; what is behind it is older."""
    if len(after) > len(before):
        return len(after)
    return next(
        end for end in reversed(range(len(after) + 1)) if after[end - 1 : end] != before[end - 1 : end]
    )


def _cuts(before: bytes, after: bytes) -> list[int]:
    """Return where a write may stop: between two frames, in the head of one, and in its page."""
    first, last = _written(before, after), _last_written(before, after)
    ends = [end for end in _ends(after) if first <= end <= last]
    inside = [
        end + within for end in ends for within in (1, 24, 24 + PAGE // 2, FRAME - 1) if end + within < last
    ]
    return sorted({first, *ends, *inside})


def test_the_life_that_is_recorded_has_all_that_can_be_cut(life: Life) -> None:
    anew = [
        index
        for index in range(1, COMMITS)
        if _written(life.disks[index - 1].wal, life.disks[index].wal) == 0
    ]
    moved = [index for index in range(1, COMMITS) if life.disks[index - 1].file != life.disks[index].file]

    assert len(anew) >= 3
    assert len(moved) >= 3


@pytest.mark.parametrize("shm", ["there", "missing", "older", "rubbish"])
def test_after_each_commit_everything_is_there_whatever_became_of_the_shared_memory(
    life: Life, bench: Bench, shm: str
) -> None:
    lots = random.Random(7)
    for commit, disk in enumerate(life.disks):
        shared = {
            "there": disk.shm,
            "missing": b"",
            "older": life.disks[max(0, commit - 5)].shm,
            "rubbish": lots.randbytes(len(disk.shm)),
        }[shm]
        assert commit == bench.opens(Disk(disk.file, disk.wal, shared), commit)


def test_a_wal_that_was_cut_anywhere_after_the_last_sync_has_all_before_it(life: Life, bench: Bench) -> None:
    ends = set()
    for commit in range(1, COMMITS):
        before, after = life.disks[commit - 1], life.disks[commit]
        for cut in _cuts(before.wal, after.wal):
            # Where the WAL begins anew, what lay there before still lies behind the cut.
            rest = before.wal[cut:] if _written(before.wal, after.wal) == 0 else b""
            ends.add(commit - bench.opens(Disk(before.file, after.wal[:cut] + rest), commit - 1, commit))

    assert {0, 1} == ends  # some cuts are early enough to lose the commit, some late enough to keep it


def test_rubbish_behind_the_last_sync_is_nothing(life: Life, bench: Bench) -> None:
    lots = random.Random(11)
    for commit in range(COMMITS - 1):
        disk, following = life.disks[commit], life.disks[commit + 1]
        if _written(disk.wal, following.wal):
            tail = lots.randbytes(lots.randrange(1, 3 * FRAME))
            assert commit == bench.opens(Disk(disk.file, disk.wal + tail), commit)
            assert commit == bench.opens(Disk(disk.file, disk.wal + bytes(len(tail))), commit)


def test_pages_that_reached_the_disk_out_of_order_are_a_commit_or_none(life: Life, bench: Bench) -> None:
    lots = random.Random(13)
    for commit in range(1, COMMITS):
        before, after = life.disks[commit - 1], life.disks[commit]
        first, last = _written(before.wal, after.wal), _last_written(before.wal, after.wal)
        old = before.wal.ljust(len(after.wal), b"\0")
        for _ in range(4):
            torn = bytearray(after.wal)
            # A disk writes in blocks of its own, which know nothing of frames.
            for begin in range(first - first % PAGE, last, PAGE):
                if lots.random() < 0.3:
                    block = slice(max(begin, first), min(begin + PAGE, last))
                    torn[block] = lots.choice((old[block], lots.randbytes(block.stop - block.start)))
            bench.opens(Disk(before.file, bytes(torn)), commit - 1, commit)


def test_a_file_that_was_half_brought_up_to_date_is_whole_again_by_its_wal(life: Life, bench: Bench) -> None:
    """A checkpoint writes pages into the file, and the WAL stays as it is until those are synced."""
    lots = random.Random(17)
    for commit in range(1, COMMITS):
        before, after = life.disks[commit - 1], life.disks[commit]
        if before.file == after.file:
            continue
        for _ in range(6):
            torn = bytearray(after.file)
            old = before.file.ljust(len(after.file), b"\0")
            for begin in range(0, len(torn), PAGE):
                page = slice(begin, begin + PAGE)
                if old[page] != after.file[page]:
                    half = lots.randrange(PAGE + 1)
                    new = after.file[page]
                    torn[page] = lots.choice((old[page], new, new[:half] + old[page][half:]))
            end = lots.choice((len(before.file), len(torn)))
            assert commit == bench.opens(Disk(bytes(torn[:end]), after.wal), commit)


def test_a_wal_that_is_gone_costs_what_was_in_it_and_no_more(life: Life, bench: Bench) -> None:
    """No power cut does this, but people do: they copy the file alone. It is older, and whole."""
    moved = next(index for index, disk in enumerate(life.disks) if disk.file != life.disks[0].file)
    for commit in range(moved, COMMITS):
        assert commit >= bench.opens(Disk(life.disks[commit].file, b""), *range(commit + 1))
