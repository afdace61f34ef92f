"""storage.max: beyond it further texts of flooders become counts; nobody's first, and none in silence."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from relou_gateway import log, pipeline
from relou_gateway.modem.port import ModemLost
from relou_gateway.modem.scripted import delete_refused, delete_unanswered
from relou_gateway.pipeline.sparing import MANY
from relou_gateway.rules.admission import Reason
from relou_gateway.rules.records import Binary, Part, Report, Ruling, Status, Undecodable
from relou_gateway.store import counting, forgetting, ledger, senders
from relou_gateway.store.counting import Room
from tests.support.world import MINUTE, START, World, mobile

KARIM, JULIEN = mobile(12345678), mobile(87654321)
FULL, ROOMY = 1, 10**9
"""Bytes: a limit that every database is beyond, and one that none here reaches."""


@pytest.fixture
def full(world: World) -> World:
    """A gateway whose database has reached storage.max."""
    world.gateway.storage_max = FULL
    return world


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    log.set_up(form="json", stream=stream)
    yield stream
    structlog.reset_defaults()


def flood(world: World, texts: int, number: str = KARIM, first: int = 0) -> None:
    for index in range(first, first + texts):
        world.text(number, f"flood {index}")
        world.receive()


def room(world: World) -> Room:
    with world.gateway.database.snapshot() as tx:
        return counting.room(tx)


def counted(world: World, number: str = KARIM) -> int:
    with world.gateway.database.snapshot() as tx:
        return sum(each.messages for each in counting.counted(tx, number))


def known(world: World, number: str = KARIM) -> int:
    """How many texts the gateway says that a sender wrote."""
    with world.gateway.database.snapshot() as tx:
        return sum(each.messages for each in senders.listed(tx, number))


def rows_of(world: World, number: str = KARIM) -> int:
    return sum(row.number == number for row in world.messages())


# --- what is counted ----------------------------------------------------------------------


def test_while_there_is_room_everything_is_kept(world: World) -> None:
    world.gateway.storage_max = ROOMY
    flood(world, MANY + 5)

    assert (MANY + 5, 0, None) == (rows_of(world), counted(world), room(world).counting_since)


def test_beyond_the_limit_a_flooders_further_texts_are_counted_and_none_is_lost(full: World) -> None:
    flood(full, MANY + 5)

    assert (MANY, 5, MANY + 5) == (rows_of(full), counted(full), known(full))
    assert (5, START) == (room(full).counted, room(full).counting_since)
    assert (0, []) == (full.modem.waiting, full.broken_links())


def test_the_first_texts_of_everybody_are_kept_however_full_it_is(full: World) -> None:
    flood(full, MANY + 5)
    for index in range(40):
        full.text(mobile(index))
        full.receive()

    assert {1} == {rows_of(full, mobile(index)) for index in range(40)}
    assert 41 == len(full.replies(Status.SCHEDULED))


def test_who_writes_much_but_over_days_is_no_flooder(full: World) -> None:
    for _ in range(3):
        flood(full, MANY - 1)
        full.wait(25 * 60)

    assert (3 * (MANY - 1), 0) == (rows_of(full), counted(full))


def test_who_floods_from_many_numbers_is_counted_for_each(full: World) -> None:
    for index in range(3):
        flood(full, MANY + 2, mobile(index))

    assert [2, 2, 2] == [counted(full, mobile(index)) for index in range(3)]


def test_calls_and_reports_are_kept(full: World) -> None:
    flood(full, MANY + 1)
    for _ in range(3):
        full.modem.call(KARIM)
        full.receive()
        full.wait(2)
    full.modem.deliver(Report(KARIM, 1, True, "", None))
    full.receive()

    assert (MANY + 4, 1) == (rows_of(full), counted(full))


def test_binary_and_unreadable_messages_are_counted_too(full: World) -> None:
    for index in range(MANY + 3):
        full.modem.deliver(Binary(KARIM, index.to_bytes(2), None))
        full.modem.deliver(Undecodable("CORRUPTED", index.to_bytes(2)))
        full.receive()

    assert (MANY, 3, MANY, 3) == (rows_of(full), counted(full), rows_of(full, ""), counted(full, ""))


def test_a_long_text_is_counted_once_and_its_parts_are_gone(full: World) -> None:
    flood(full, MANY)
    for number in (1, 2, 3):
        full.text(KARIM, "x" * 150, Part(9, 3, number))
        full.receive()

    assert (MANY, 1) == (rows_of(full), counted(full))
    with full.gateway.database.snapshot() as tx:
        assert 0 == tx.execute("SELECT COUNT(*) FROM parts").fetchone()[0]


def test_a_long_text_that_is_given_up_is_counted_too(full: World) -> None:
    flood(full, MANY)
    full.text(KARIM, "x" * 150, Part(9, 3, 1))
    full.receive()
    full.wait(11)
    pipeline.sweep(full.gateway)

    assert (MANY, 1) == (rows_of(full), counted(full))


def test_a_flood_of_thousands_takes_next_to_no_room(full: World) -> None:
    flood(full, MANY)
    before = room(full).used
    for index in range(2000):
        full.text(KARIM, f"flood {index} {'x' * 150}")
    for _ in range(80):
        pipeline.receive(full.gateway, full.modem)

    assert (2000, MANY) == (counted(full), rows_of(full))
    assert room(full).used - before <= 5 * 4096


# --- what a text that is only counted still does ------------------------------------------


def test_he_who_floods_and_then_asks_to_be_left_alone_is_heard(full: World) -> None:
    flood(full, MANY + 3)
    full.text(KARIM, "STOP")
    full.receive()

    assert [Status.CANCELLED] == [reply.state for reply in full.replies()]
    assert (Ruling.DECLINED, Reason.STOP_WORD) == full.verdicts()[-1]
    flood(full, 4, first=100)
    full.text(KARIM, "STOP")
    full.receive()
    assert (MANY + 1, 3 + 5) == (rows_of(full), counted(full))


def test_a_reply_that_waits_keeps_its_distance_from_a_text_that_is_only_counted(full: World) -> None:
    flood(full, MANY)
    due = full.reply().due_at
    full.clock.advance_to(due - MINUTE)
    flood(full, 1, first=MANY)

    assert 1 == counted(full)
    assert due - MINUTE + 3 * MINUTE == full.reply().due_at
    full.wait(1.5)
    assert 0 == full.send_all()


def test_a_text_that_is_to_be_answered_is_kept(full: World) -> None:
    flood(full, 1)
    full.wait(11)
    full.send_all()
    full.clock.advance(timedelta(days=6, hours=23))
    flood(full, MANY + 2)
    assert 2 == counted(full)
    full.wait(61)
    flood(full, 1)  # his cooldown is over

    assert (MANY + 2, 2) == (rows_of(full), counted(full))
    assert [Status.SENT, Status.SCHEDULED] == [reply.state for reply in full.replies()]


# --- exactly once -------------------------------------------------------------------------


def test_a_text_that_the_modem_will_not_delete_is_counted_once(full: World) -> None:
    flood(full, MANY)
    full.modem.delete_script.extend([delete_refused(), delete_refused()])
    full.text(KARIM, "stuck")
    for _ in range(3):
        full.receive()

    assert (1, 0) == (counted(full), full.modem.waiting)


def test_a_text_is_counted_once_though_the_process_dies_before_it_is_deleted(full: World) -> None:
    flood(full, MANY)
    full.modem.delete_script.append(delete_unanswered())
    full.text(KARIM, "again")
    with pytest.raises(ModemLost):
        full.receive()
    full.modem.recover()
    full.restart()
    full.gateway.storage_max = FULL
    full.receive()

    assert (MANY, 1, MANY + 1) == (rows_of(full), counted(full), known(full))


class Step(StrEnum):
    """What may happen; most of it between two listings."""

    TEXT = "text"
    LONG = "long"
    RECEIVE = "receive"
    LOSE_ANSWER = "lose answer"
    REFUSE = "refuse"
    RESTART = "restart"
    FILL = "fill"
    EMPTY = "empty"


steps = st.lists(st.tuples(st.sampled_from(Step), st.integers(0, 2)), max_size=60)


class Story:
    """A gateway whose database is full at times, whose modem is bad at times; all texts differ."""

    def __init__(self, directory: Path) -> None:
        self.world = World(directory)
        self.delivered = Counter[str]()
        self._most = FULL

    def do(self, step: Step, who: int) -> None:
        number = mobile(who)
        match step:
            case Step.TEXT:
                self.deliver(number, f"text {self.delivered.total()}")
            case Step.LONG:
                reference = self.delivered.total() % 256
                for part in (1, 2):
                    self.world.text(number, f"part {part} of {reference}", Part(reference, 2, part))
                self.delivered[number] += 1
            case Step.RECEIVE:
                self.receive()
            case Step.LOSE_ANSWER:
                self.world.modem.delete_script.append(delete_unanswered())
            case Step.REFUSE:
                self.world.modem.delete_script.append(delete_refused())
            case Step.RESTART:
                self.world.restart()
            case Step.FILL | Step.EMPTY:
                self._most = FULL if step is Step.FILL else ROOMY

    def deliver(self, number: str, text: str) -> None:
        self.world.text(number, text)
        self.delivered[number] += 1

    def receive(self) -> None:
        self.world.gateway.storage_max = self._most
        self.world.modem.recover()
        with suppress(ModemLost):
            self.world.receive()


@settings(max_examples=25)
@given(steps)
def test_every_text_is_a_row_or_counted_and_never_both(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[Step, int]]
) -> None:
    here = Story(tmp_path_factory.mktemp("story"))
    for number in range(3):  # all three are floods by now
        for index in range(MANY):
            here.deliver(mobile(number), f"flood {index}")
        here.receive()
    for step, who in story:
        here.do(step, who)
    here.world.modem.delete_script.clear()
    for _ in range(6):
        here.receive()

    assert here.delivered == Counter(
        {number: rows_of(here.world, number) + counted(here.world, number) for number in here.delivered}
    )
    assert here.delivered == Counter({number: known(here.world, number) for number in here.delivered})
    assert (0, []) == (here.world.modem.waiting, here.world.broken_links())
    here.world.close()


# --- it begins and ends, once, on record --------------------------------------------------


def test_beginning_and_end_are_told_once_and_stand_in_the_ledger(world: World, told: io.StringIO) -> None:
    for most in (ROOMY, FULL, FULL, ROOMY, ROOMY):
        world.gateway.storage_max = most
        flood(world, MANY + 3)
    events = [json.loads(line)["event"] for line in told.getvalue().splitlines()]

    assert [1, 1] == [events.count(event) for event in ("storage.max_reached", "storage.has_room")]
    with world.gateway.database.snapshot() as tx:
        written = [entry for entry in ledger.newest(tx, 9999) if entry.event.startswith("counting")]
    assert [("counting_began", ""), ("counting_ended", f"{2 * (MANY + 3)} counted")] == [
        (entry.event, entry.reason) for entry in written
    ]
    assert (room(world).counting_since, 3 * (MANY + 3)) == (None, rows_of(world))


def test_a_restart_neither_ends_it_nor_tells_it_again(full: World, told: io.StringIO) -> None:
    flood(full, MANY)
    full.restart()
    full.gateway.storage_max = FULL
    flood(full, 3, first=MANY)

    assert 1 == told.getvalue().count("storage.max_reached")
    assert (MANY, 3) == (rows_of(full), counted(full))


def test_when_retention_has_made_room_everything_is_kept_again(world: World) -> None:
    for number in range(300):
        world.text(mobile(number), "x" * 160)
    while world.modem.waiting:
        world.receive()
    world.wait(13 * 60)
    pipeline.sweep(world.gateway)  # now the replies to them are too old
    world.gateway.storage_max = room(world).used - 1
    flood(world, MANY + 2)
    assert 2 == counted(world)

    world.clock.advance(timedelta(days=91))
    world.gateway.keep = timedelta(days=90)
    pipeline.sweep(world.gateway)
    flood(world, MANY + 2, JULIEN)

    assert room(world).counting_since is None
    assert (MANY + 2, 0) == (rows_of(world, JULIEN), counted(world, JULIEN))


# --- and is forgotten ---------------------------------------------------------------------


def test_counts_outlive_retention_and_say_nobodys_name_then(full: World) -> None:
    flood(full, MANY + 3)
    flood(full, MANY + 4, JULIEN)
    full.clock.advance(timedelta(days=91))
    pipeline.sweep(full.gateway)

    assert (0, 0, 7) == (counted(full), counted(full, JULIEN), counted(full, ""))
    assert 7 == room(full).counted


def test_very_much_is_forgotten_in_steps_a_sweep_each(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 5)
    flood(world, 12)
    world.clock.advance(timedelta(days=91))
    left = []
    for _ in range(4):
        pipeline.sweep(world.gateway)
        left.append(rows_of(world))
        world.wait(1)

    assert [7, 2, 0, 0] == left


def test_counts_of_a_sender_who_is_forgotten_are_nobodys(full: World) -> None:
    flood(full, MANY + 3)
    with full.gateway.database.transaction("senders forget") as tx:
        forgetting.forget(tx, KARIM, full.now())

    assert (0, 3) == (counted(full), counted(full, ""))


def test_what_a_rehearsal_says_of_counts_is_what_is_forgotten(full: World) -> None:
    flood(full, MANY + 3)
    with full.gateway.database.transaction("forget old") as tx:
        rehearsed = forgetting.old(tx, START + timedelta(days=1))
        assert rehearsed == forgetting.forget_old(tx, START + timedelta(days=1))

    assert (MANY, 3) == (rehearsed.messages, rehearsed.counted)
