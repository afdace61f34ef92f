"""What answers nobody, alerts and the like: first, through the same caps, and no stranger to any ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from relou_gateway.rules.least_suspicious import LeastSuspicious
from relou_gateway.rules.ranking import Lot, Waiting
from relou_gateway.rules.records import Purpose, Status
from relou_gateway.rules.throttle import Windows
from relou_gateway.store import outbox
from relou_gateway.store.outbox import NewReply
from tests.support.world import MINUTE, UNLIMITED, World, mobile, policy

OURS = "+33700000001"
KINDS = (Purpose.ALERT, Purpose.KEEP_ALIVE, Purpose.TEST)
AT_ONCE = {"delay": (MINUTE, MINUTE)}


class Watching(LeastSuspicious):
    """Remembers whom it was asked about."""

    def __init__(self, world: World) -> None:
        super().__init__(world.policy.raid)
        self.asked: set[str] = set()

    def order(
        self, waiting: Sequence[Waiting], windows: Windows, now: datetime, rng: Lot
    ) -> Sequence[Waiting]:
        self.asked |= {each.number for each in waiting}
        return super().order(waiting, windows, now, rng)


@pytest.fixture
def ranking(world: World) -> Watching:
    world.gateway.policy = policy(replies=AT_ONCE)
    world.gateway.ranking = ranking = Watching(world)
    return ranking


def schedule(
    world: World, purpose: Purpose, number: str = OURS, expire: timedelta = timedelta(days=1)
) -> int:
    now = world.now()
    new = NewReply(purpose, None, number, "FR", "tout va bien", 1, 160_000, now.quota, now.quota + expire)
    with world.gateway.database.transaction("test") as tx:
        return outbox.schedule(tx, new, now)


@pytest.mark.parametrize("purpose", KINDS)
def test_it_goes_first_and_the_ranking_never_hears_of_it(
    world: World, ranking: Watching, purpose: Purpose
) -> None:
    for index in range(3):
        world.text(mobile(index))
    world.receive()
    world.wait(2)
    reply_id = schedule(world, purpose)
    world.send_all()
    assert [OURS, 3] == [world.answered()[0], len(world.answered()) - 1]
    assert {mobile(index) for index in range(3)} == ranking.asked
    assert (Status.SENT, None) == (world.reply(reply_id).state, world.reply(reply_id).suspicion)


def test_it_waits_for_its_turn_in_the_caps_like_any_other(world: World, ranking: Watching) -> None:
    world.gateway.policy = policy(replies=AT_ONCE, throttle=replace(UNLIMITED, per_minute=2))
    world.text(mobile(1))
    world.receive()
    for _ in range(3):
        schedule(world, Purpose.ALERT)
    world.send_all()
    world.wait(0.9)
    world.send_all()
    assert [OURS, OURS] == world.answered()
    world.wait(0.2)
    world.send_all()
    assert [OURS, OURS, OURS, mobile(1)] == world.answered()
    assert {mobile(1)} == ranking.asked


def test_one_that_is_too_old_or_not_due_does_not_go(world: World, ranking: Watching) -> None:
    schedule(world, Purpose.KEEP_ALIVE, expire=timedelta(minutes=1))
    world.wait(2)
    world.send_all()
    assert [] == world.answered()
    assert set() == ranking.asked


def test_several_to_one_number_may_wait_at_once_beside_a_reply_to_it(world: World, ranking: Watching) -> None:
    world.text(mobile(1))
    world.receive()
    schedule(world, Purpose.ALERT, mobile(1))
    schedule(world, Purpose.TEST, mobile(1))
    world.wait(1)
    world.send_all()
    assert [mobile(1)] * 3 == world.answered()
    assert {Status.SENT} == {reply.state for reply in world.replies()}
    assert {mobile(1)} == ranking.asked
