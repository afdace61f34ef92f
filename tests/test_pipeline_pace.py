"""The pace beneath the caps and the floor beneath the credit, as the pipeline keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from relou_gateway.pipeline import Gateway
from relou_gateway.rules.policy import Budget, Policy, Prices, Text
from relou_gateway.rules.ranking import ByLot
from relou_gateway.rules.records import Status
from relou_gateway.rules.shares import EVEN, Rhythm
from relou_gateway.store import balance
from relou_gateway.store.database import Database
from tests.support.world import FREE, MINUTE, START, UNLIMITED, World, mobile, policy

AT_ONCE: dict[str, object] = {"delay": (MINUTE, MINUTE)}
TEN_AN_HOUR = policy(replies=AT_ONCE, throttle=replace(UNLIMITED, per_hour=10))
PRICE = 160_000
KEEP_TWO = policy(replies=AT_ONCE, budget=replace(FREE, keep=2_000_000))

MakeWorld = Callable[[Policy], World]


class _Paced(ByLot):
    def rhythm(self, now: datetime) -> Rhythm | None:  # noqa: ARG002
        return EVEN


class _PacedWorld(World):
    def _open(self) -> Gateway:
        gateway = super()._open()
        gateway.ranking = _Paced()
        return gateway


@pytest.fixture
def paced(tmp_path: Path) -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(rules: Policy) -> World:
        made.append(_PacedWorld(tmp_path, rules))
        return made[-1]

    yield make
    for world in made:
        world.close()


def _write(world: World, *indices: int) -> None:
    for index in indices:
        world.text(mobile(index))
    world.receive()


def _told(world: World, minutes: int) -> list[tuple[str, str]]:
    """Let time pass with a look in each minute; return what is said of caps and credit."""
    with capture_logs() as lines:
        for _ in range(minutes):
            world.wait(1)
            world.send_all()
    return [(line["event"], line["cap"]) for line in lines if line["event"].startswith(("cap.", "credit."))]


# --- pace ---------------------------------------------------------------------------------


def test_half_of_a_cap_goes_at_once_and_the_rest_as_it_accrues(paced: MakeWorld) -> None:
    world = paced(TEN_AN_HOUR)
    _write(world, *range(12))
    world.wait(1)
    assert 5 == world.send_all()
    gone = []
    for _ in range(5):
        world.wait(6)
        gone.append(world.send_all())
    assert [1, 1, 1, 1, 1] == gone


def test_caps_alone_let_all_go_at_once(world: World) -> None:
    world.gateway.policy = TEN_AN_HOUR
    _write(world, *range(12))
    world.wait(1)
    assert 10 == world.send_all()


def test_to_wait_for_the_pace_is_not_said_but_a_cap_that_is_reached_is(paced: MakeWorld) -> None:
    patient = {**AT_ONCE, "expire": timedelta(days=3)}
    world = paced(policy(replies=patient, throttle=replace(UNLIMITED, per_day=6)))
    _write(world, *range(8))
    assert [] == _told(world, 10 * 60)
    assert 5 == len(world.answered())
    assert [("cap.reached", "throttle.per_day")] == _told(world, 13 * 60)
    assert 6 == len(world.answered())
    assert ("cap.free", "throttle.per_day") in _told(world, 2 * 60)


def test_while_the_pace_denies_nobody_is_asked_and_then_the_next_one_goes(paced: MakeWorld) -> None:
    world = paced(TEN_AN_HOUR)
    _write(world, *range(8))
    world.wait(1)
    world.send_all()
    rest = world.gateway.rest
    assert rest is not None
    assert START + 7 * MINUTE == rest.until
    assert frozenset({(1, PRICE)}) == rest.sizes
    world.clock.advance_to(rest.until - timedelta(milliseconds=1))
    assert 0 == world.send_all()
    world.clock.advance_to(rest.until)
    assert 1 == world.send_all()


def test_neither_a_restart_nor_a_denial_moves_the_pace(paced: MakeWorld) -> None:
    world = paced(TEN_AN_HOUR)
    _write(world, *range(8))
    world.wait(1)
    world.send_all()
    for _ in range(5):
        world.wait(1)
        world.restart()
        assert 0 == world.send_all()
    world.wait(1)
    assert 1 == world.send_all()


def test_what_is_released_is_not_waited_for(paced: MakeWorld) -> None:
    world = paced(TEN_AN_HOUR)
    _write(world, *range(8))
    world.wait(1)
    world.send_all()
    with world.gateway.database.transaction("test") as tx:
        tx.execute("UPDATE reservations SET parts = 0, cost = 0 WHERE id = 1")
    world.gateway.rest = None
    assert 1 == world.send_all()


def test_a_known_recipient_takes_no_share_of_the_months_recipients(paced: MakeWorld) -> None:
    world = paced(
        policy(
            replies=AT_ONCE,
            throttle=replace(UNLIMITED, recipients_per_month=30),
            senders={"cooldown": timedelta(hours=1)},
        )
    )
    _write(world, *range(3))
    world.wait(1)
    assert 3 == world.send_all()
    world.wait(90)
    _write(world, 1, 2, 7)
    world.wait(1)
    assert 2 == world.send_all()
    assert [mobile(7)] == [each.number for each in world.replies(Status.SCHEDULED)]


def test_strangers_who_wait_for_a_recipient_are_asked_about_but_once(paced: MakeWorld) -> None:
    world = paced(policy(replies=AT_ONCE, throttle=replace(UNLIMITED, recipients_per_month=30)))
    _write(world, *range(200))
    world.wait(1)
    assert 3 == world.send_all()
    rest = world.gateway.rest
    assert rest is not None
    assert (frozenset(), START + MINUTE + timedelta(hours=1)) == (rest.sizes, rest.until)


# --- credit -------------------------------------------------------------------------------


def _credit(world: World, amount: int) -> None:
    with Database(world.path) as other, other.transaction("balance") as tx:
        balance.note_credit(tx, amount, world.now())


def test_a_credit_that_nobody_knows_holds_nothing_back(paced: MakeWorld) -> None:
    world = paced(KEEP_TWO)
    _write(world, 1, 2)
    world.wait(1)
    assert 2 == world.send_all()


def test_sending_stops_at_what_is_to_be_kept_of_the_credit_and_says_so_once(paced: MakeWorld) -> None:
    world = paced(KEEP_TWO)
    _credit(world, 2_000_000 + PRICE - 1)
    _write(world, 1, 2)
    assert [("credit.low", "budget.keep")] == _told(world, 30)
    assert [] == world.answered()


def test_new_credit_lets_go_again_what_is_not_too_old(paced: MakeWorld) -> None:
    world = paced(KEEP_TWO)
    _credit(world, 0)
    _write(world, 1)
    _told(world, 5)
    _credit(world, 10_000_000)
    assert [("cap.free", "budget.keep")] == _told(world, 1)
    assert [mobile(1)] == world.answered()


def test_the_gateways_own_look_at_the_credit_is_heeded_within_a_minute(paced: MakeWorld) -> None:
    world = paced(KEEP_TWO)
    _credit(world, 0)
    _write(world, 1)
    _told(world, 5)
    with world.gateway.database.transaction("balance") as tx:
        balance.note_credit(tx, 10_000_000, world.now())
    world.wait(1)
    assert 1 == world.send_all()


def test_credit_for_a_short_answer_is_no_credit_for_a_long_one(paced: MakeWorld) -> None:
    world = paced(KEEP_TWO)
    _credit(world, 2_000_000 + PRICE)
    world.gateway.policy = replace(KEEP_TWO, replies=replace(KEEP_TWO.replies, texts=(Text("x" * 400),)))
    _write(world, 1)
    world.gateway.policy = KEEP_TWO
    _write(world, 2)
    world.wait(1)
    assert 1 == world.send_all()
    assert [mobile(2)] == world.answered()


def test_without_a_floor_the_last_cent_may_go(paced: MakeWorld) -> None:
    world = paced(policy(replies=AT_ONCE, budget=Budget("EUR", Prices(PRICE), None, None, None, None)))
    _credit(world, 0)
    _write(world, 1)
    world.wait(1)
    assert 1 == world.send_all()


def test_the_credit_and_when_it_was_told_are_remembered(world: World) -> None:
    with world.gateway.database.snapshot() as tx:
        assert balance.credit(tx) is None
    _credit(world, -5)
    with world.gateway.database.snapshot() as tx:
        known = balance.credit(tx)
    assert known is not None
    assert (-5, START, -5) == (known.told, known.told_wall, known.left)
