"""Raids that aim at the gateway's tables and time instead of its tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from relou_gateway import pipeline
from relou_gateway.rules.least_suspicious import LeastSuspicious
from relou_gateway.rules.records import Part
from relou_gateway.store import parts
from tests.support.world import MINUTE, UNLIMITED, World, mobile, policy

PEOPLE = (mobile(900_001), mobile(900_002))
FLOODER = mobile(1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A gateway as the daemon runs it, with a hundred answers a day."""
    rules = policy(replies={"delay": (4 * MINUTE, 4 * MINUTE)}, throttle=replace(UNLIMITED, per_day=100))
    rules = replace(rules, raid=replace(rules.raid, strangers_per_day=80))
    world = World(tmp_path, rules)
    world.gateway.ranking = LeastSuspicious(rules.raid)
    yield world
    world.close()


def half(
    world: World, number: str, reference: int, text: str = "ceci est une moitié ", total: int = 2
) -> None:
    world.text(number, text, Part(reference % 256, total, 1))


def take_in(world: World) -> None:
    """Receive until the network has nothing more for the slots."""
    while world.modem.listing().slots:
        world.receive()


def wait_and_sweep(world: World, minutes: int) -> None:
    """Live through `minutes`, a minute at a time, as the daemon would."""
    for _ in range(minutes):
        world.wait(1)
        world.send_all()
        pipeline.sweep(world.gateway)


def rows_of(world: World) -> tuple[int, int]:
    """How many groups of parts and how many parts are stored."""
    with world.gateway.database.snapshot() as tx:
        groups = tx.execute("SELECT COUNT(*) FROM part_groups").fetchone()[0]
        return groups, parts.waiting(tx)


def flood_of_halves(world: World, numbers: Sequence[str], each: int = 1) -> None:
    for number in numbers:
        for reference in range(each):
            half(world, number, reference)
    take_in(world)


def test_one_senders_halves_fill_no_table_and_bring_him_one_reply(world: World) -> None:
    flood_of_halves(world, [FLOODER], each=200)
    bound = parts.GROUPS_PER_SENDER
    assert (bound, bound) == rows_of(world)
    assert 200 - bound == len(world.messages())
    assert 1 == len(world.replies())


def test_many_senders_halves_fill_no_table(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "GROUPS_IN_ALL", 50)
    flood_of_halves(world, [mobile(index) for index in range(300)])
    assert (50, 50) == rows_of(world)
    assert 250 == len(world.messages())


def test_the_same_half_again_and_again_is_bounded_too(world: World) -> None:
    for _ in range(100):
        half(world, FLOODER, reference=7)
    take_in(world)
    assert (parts.GROUPS_PER_SENDER, parts.GROUPS_PER_SENDER) == rows_of(world)


def test_what_is_given_up_leaves_no_row_behind(world: World) -> None:
    flood_of_halves(world, [mobile(index) for index in range(100)])
    wait_and_sweep(world, 12)
    assert (0, 0) == rows_of(world)
    assert 100 == len(world.messages())


def test_parts_that_are_missing_are_marked_by_one_sign_each_at_most(world: World) -> None:
    half(world, FLOODER, 1, total=255)
    take_in(world)
    wait_and_sweep(world, 12)
    (message,) = world.messages()
    assert message.text.startswith("ceci est une moitié ")
    assert len(message.text) <= len("ceci est une moitié ") + 254 * len("[…]")


def test_people_are_answered_in_a_flood_of_halves(world: World) -> None:
    quiet, long = PEOPLE
    flood_of_halves(world, [mobile(index) for index in range(100)], each=3)
    world.text(quiet, "Bonsoir, c'est Paul du festival")
    world.text(long, "Coucou, on s'est vus à la gare et ", Part(9, 2, 1))
    flood_of_halves(world, [mobile(index) for index in range(100, 200)])
    world.text(long, "je voulais te revoir", Part(9, 2, 2))
    take_in(world)
    wait_and_sweep(world, 30)
    assert set(PEOPLE) <= set(world.answered())
    assert len(world.answered()) <= 100


def test_a_flood_of_halves_that_ends_all_at_once_stops_nothing(world: World) -> None:
    flood_of_halves(world, [mobile(index) for index in range(250)])
    wait_and_sweep(world, 11)
    world.text(PEOPLE[0], "Bonsoir, c'est Paul du festival")
    take_in(world)
    wait_and_sweep(world, 30)
    assert PEOPLE[0] in world.answered()
