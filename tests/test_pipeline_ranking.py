"""Whose turn it is: the pipeline and a ranking, and when nobody is asked again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from relou_gateway import pipeline
from relou_gateway.rules.admission import Reason, Verdict
from relou_gateway.rules.lifecycle import Event
from relou_gateway.rules.policy import Policy
from relou_gateway.rules.ranking import ByLot, FirstCome, Heard, Lot, Unlearned, Waiting
from relou_gateway.rules.records import Kind, Ruling
from relou_gateway.rules.throttle import Windows
from relou_gateway.store import outbox, senders
from relou_gateway.store.database import Database
from tests.support.world import MINUTE, START, UNLIMITED, World, mobile, policy

AT_ONCE = policy(replies={"delay": (MINUTE, MINUTE)})
ONE_AN_HOUR = policy(replies={"delay": (MINUTE, MINUTE)}, throttle=replace(UNLIMITED, per_hour=1))


@dataclass
class Choosy(Unlearned):
    """Lets those go that it likes; remembers what it was told and asked."""

    likes: set[str] = field(default_factory=set)
    patience: timedelta = MINUTE
    told: list[Heard] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)

    def heard(self, message: Heard) -> None:
        self.told.append(message)

    def order(
        self, waiting: Sequence[Waiting], windows: Windows, now: datetime, rng: Lot
    ) -> Sequence[Waiting]:
        assert (now, True) == (windows.now, rng is not None)
        self.asked.append([each.number for each in waiting])
        return [each for each in waiting if each.ready and each.number in self.likes]


@pytest.fixture
def choosy(world: World) -> Choosy:
    return _rank(world, AT_ONCE, Choosy())


def _rank(world: World, rules: Policy, ranking: Choosy) -> Choosy:
    world.gateway.policy = rules
    world.gateway.ranking = ranking
    return ranking


def _write(world: World, *indices: int) -> None:
    for index in indices:
        world.text(mobile(index), f"text {index}")
    world.receive()


def test_a_ranking_hears_every_message_with_its_verdict(world: World, choosy: Choosy) -> None:
    _write(world, 1)
    world.modem.call("3610")
    world.receive()
    assert [
        Heard(mobile(1), Kind.SMS, "text 1", START, Verdict(Ruling.REPLY, Reason.FIRST_CONTACT)),
        Heard("3610", Kind.CALL, "", START, Verdict(Ruling.DECLINED, Reason.SHORT_CODE)),
    ] == choosy.told


def test_what_is_rolled_back_was_not_heard(
    world: World, choosy: Choosy, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.text(mobile(1))
    with monkeypatch.context() as broken:
        broken.setattr(senders, "note", None)
        with pytest.raises(TypeError):
            world.receive()
    assert [] == choosy.told
    pipeline.judge(world.gateway)
    pipeline.learn(world.gateway)
    assert [mobile(1)] == [heard.number for heard in choosy.told]


def test_a_ranking_holds_back_whom_it_does_not_name(world: World, choosy: Choosy) -> None:
    choosy.likes = {mobile(2)}
    _write(world, 1, 2, 3)
    world.wait(1)
    world.send_all()
    assert [mobile(2)] == world.answered()


def test_who_is_held_back_is_asked_for_again_after_the_rankings_patience(
    world: World, choosy: Choosy
) -> None:
    _write(world, 1)
    world.wait(1)
    for _ in range(24):
        world.send_all()
        world.wait(5 / 60)
    assert 2 == len(choosy.asked)
    choosy.likes = {mobile(1)}
    world.send_all()
    assert [mobile(1)] == world.answered()


def test_a_ranking_sees_all_that_is_scheduled_the_soonest_due_first(world: World, choosy: Choosy) -> None:
    _write(world, 1)
    world.wait(0.9)
    _write(world, 2)
    world.wait(0.1)
    world.send_all()
    assert [[mobile(1), mobile(2)]] == choosy.asked


def test_while_the_caps_deny_nobody_is_asked(world: World) -> None:
    ranking = _rank(world, ONE_AN_HOUR, Choosy(likes={mobile(index) for index in range(9)}))
    _write(world, 1, 2, 3)
    world.wait(1)
    world.send_all()
    asked = len(ranking.asked)
    for _ in range(59):
        world.send_all()
        world.wait(1)
    assert (asked, 1) == (len(ranking.asked), len(world.answered()))
    world.wait(1)
    world.send_all()
    assert 2 == len(world.answered())


def test_a_smaller_answer_that_becomes_due_ends_the_rest(world: World) -> None:
    rules = policy(replies={"delay": (MINUTE, MINUTE)}, throttle=replace(UNLIMITED, parts_per_day=4))
    ranking = _rank(world, rules, Choosy(likes={mobile(index) for index in range(9)}))
    long = replace(rules.replies.texts[0], text="x" * 400)
    world.gateway.policy = replace(rules, replies=replace(rules.replies, texts=(long,)))
    _write(world, 1, 2)
    world.wait(1)
    world.send_all()
    asked = len(ranking.asked)
    world.gateway.policy = rules
    _write(world, 3)
    world.wait(1)
    world.send_all()
    assert [mobile(1), mobile(3)] == world.answered()
    assert asked < len(ranking.asked)


def test_what_an_operator_frees_in_another_process_goes_at_once(world: World) -> None:
    _rank(world, ONE_AN_HOUR, Choosy(likes={mobile(1), mobile(2)}))
    _write(world, 1, 2)
    world.wait(1)
    with world.gateway.database.transaction("test") as tx:
        outbox.claim(tx, outbox.get(tx, 1), world.now())
        outbox.settle_in_doubt(tx, 1, "test", 0, None, world.now())
    assert 0 == world.send_all()
    with Database(world.path) as other, other.transaction("settle") as tx:
        outbox.operate(tx, 1, Event.SETTLE_FAILED, "it never left", world.now())
    assert 1 == world.send_all()
    assert [mobile(2)] == world.answered()


def test_a_call_that_goes_on_ringing_pushes_the_answer(world: World) -> None:
    world.gateway.policy = AT_ONCE
    world.modem.call(mobile(1))
    world.receive()
    world.wait(50 / 60)
    world.modem.call(mobile(1))
    world.receive()
    assert (1, START + timedelta(seconds=110)) == (len(world.messages()), world.reply().due_at)


# --- the two simple ones ------------------------------------------------------------------

QUEUE = [Waiting(index, mobile(index), 1, 1, ready=index != 3) for index in range(1, 6)]
ROOM = Windows((), (), START)


def test_first_come_is_the_order_of_the_due_times() -> None:
    assert [1, 2, 4, 5] == [each.id for each in FirstCome().order(QUEUE, ROOM, START, random.Random(0))]


def test_by_lot_everyone_has_every_place() -> None:
    rng = random.Random(0)
    drawn = [tuple(each.id for each in ByLot().order(QUEUE, ROOM, START, rng)) for _ in range(200)]
    assert {(1, 2, 4, 5)} == {tuple(sorted(order)) for order in drawn}
    assert 24 == len(set(drawn))
