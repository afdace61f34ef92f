"""What a raid changes on the message's way, and how what was learned outlives a restart."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from relou_gateway import pipeline
from relou_gateway.pipeline import learning
from relou_gateway.rules import muting
from relou_gateway.rules.admission import Reason
from relou_gateway.rules.least_suspicious import LeastSuspicious
from relou_gateway.rules.muting import Mute
from relou_gateway.rules.ranking import ByLot, Contribution, Heard, Suspicion
from relou_gateway.rules.records import Ruling, Status
from relou_gateway.rules.vigilance import Vigilance
from relou_gateway.store import gateway as state
from relou_gateway.store import inbox, ledger
from relou_gateway.store.database import Connection
from tests.support.world import MINUTE, START, World, mobile, policy

TROLL = mobile(666)


@dataclass
class Alarm(ByLot):
    """By lot, but it knows of a raid when it is told so, and has one thing to say of everyone."""

    raid: datetime | None = None
    told: list[Heard] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def raid_since(self, _now: datetime) -> datetime | None:
        return self.raid

    def heard(self, message: Heard) -> None:
        self.told.append(message)

    def suspicion(self, number: str, _now: datetime) -> Suspicion:
        self.asked.append(number)
        return Suspicion(1.25, (Contribution("tempo", 1.25, (("events", 5.0),)),))


@pytest.fixture
def alarm(world: World) -> Alarm:
    ranking = Alarm()
    world.gateway.ranking = ranking
    return ranking


def _raids_in_ledger(world: World) -> list[str]:
    with world.gateway.database.snapshot() as tx:
        return [entry.event for entry in ledger.newest(tx, 1000) if entry.event.startswith("raid")]


def _raid_told(world: World) -> datetime | None:
    with world.gateway.database.snapshot() as tx:
        seen = state.raid(tx)
    return None if seen is None else seen.since_wall


# --- it is told once ------------------------------------------------------------------------


def test_a_raid_is_told_once_when_it_begins_and_once_when_it_ends(world: World, alarm: Alarm) -> None:
    with capture_logs() as lines:
        alarm.raid = START
        for _ in range(3):
            pipeline.send(world.gateway, world.modem)
        assert (START, ["raid_began"]) == (_raid_told(world), _raids_in_ledger(world))
        alarm.raid = None
        for _ in range(3):
            pipeline.send(world.gateway, world.modem)
    assert (None, ["raid_began", "raid_ended"]) == (_raid_told(world), _raids_in_ledger(world))
    assert ["raid.began", "raid.ended"] == [each["event"] for each in lines if each["event"][:4] == "raid"]


def test_a_restart_in_a_raid_does_not_tell_of_it_again(world: World, alarm: Alarm) -> None:
    alarm.raid = START
    pipeline.send(world.gateway, world.modem)
    world.restart()
    world.gateway.ranking = Alarm(raid=START)
    pipeline.send(world.gateway, world.modem)
    assert ["raid_began"] == _raids_in_ledger(world)


def test_a_raid_that_is_over_when_the_gateway_starts_again_is_told_to_have_ended(
    world: World, alarm: Alarm
) -> None:
    alarm.raid = START
    pipeline.send(world.gateway, world.modem)
    world.restart()
    world.gateway.ranking = Alarm()
    pipeline.send(world.gateway, world.modem)
    assert (None, ["raid_began", "raid_ended"]) == (_raid_told(world), _raids_in_ledger(world))


# --- it is learned again ----------------------------------------------------------------------


def test_after_a_restart_the_ranking_hears_all_that_it_heard_before_in_the_same_order(
    world: World, alarm: Alarm
) -> None:
    for index in range(40):
        world.text(mobile(index % 7), f"text {index}")
        world.wait(3)
        world.receive()
    heard = list(alarm.told)
    world.restart()
    again = Alarm()
    world.gateway.ranking = again
    assert pipeline.learn(world.gateway)
    assert heard == again.told
    assert 40 == len(heard)


def test_nobody_is_answered_before_the_past_is_learned(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "HEARD_AT_ONCE", 3)
    for index in range(8):
        world.text(mobile(index))
    world.receive()
    world.wait(20)
    world.restart()
    ranking = Alarm()
    world.gateway.ranking = ranking
    told = []
    while not world.modem.accepted:
        assert pipeline.send(world.gateway, world.modem)
        told.append(len(ranking.told))
    assert [3, 6, 8] == told


def test_what_is_judged_while_the_past_is_learned_is_heard_in_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "HEARD_AT_ONCE", 3)
    for index in range(4):
        world.text(mobile(index))
    world.receive()
    world.wait(1)
    world.restart()
    ranking = Alarm()
    world.gateway.ranking = ranking
    world.text(mobile(9), "it came just now")
    while not pipeline.learn(world.gateway):
        pipeline.send(world.gateway, world.modem)
    pipeline.send(world.gateway, world.modem)
    assert [*map(mobile, range(4)), mobile(9)] == [heard.number for heard in ranking.told]


def test_what_is_too_old_is_not_heard_again(world: World, alarm: Alarm) -> None:
    world.text(mobile(1))
    world.receive()
    world.wait(60 * 24 * 31)
    world.text(mobile(2))
    world.receive()
    world.restart()
    again = Alarm()
    world.gateway.ranking = again
    pipeline.learn(world.gateway)
    assert ([mobile(1), mobile(2)], [mobile(2)]) == (
        [heard.number for heard in alarm.told],
        [heard.number for heard in again.told],
    )


def test_who_was_forgotten_teaches_nothing_any_more(world: World) -> None:
    world.gateway.keep = timedelta(days=10)
    world.text(mobile(1))
    world.receive()
    world.wait(60 * 24 * 11)
    pipeline.sweep(world.gateway)
    assert [""] == [row.number for row in world.messages()]
    world.restart()
    again = Alarm()
    world.gateway.ranking = again
    pipeline.learn(world.gateway)
    assert [] == again.told


def test_a_restart_in_the_middle_of_a_raid_changes_no_score(tmp_path: Path) -> None:
    rng = random.Random(5)
    world = World(tmp_path)
    live = LeastSuspicious(Vigilance(strangers_per_day=20))
    world.gateway.ranking = live
    for minute in range(600):
        for _ in range(rng.choice((0, 0, 1) if minute < 300 else (0, 2, 5))):
            world.text(
                mobile(rng.randrange(300)), rng.choice(("salut", "bande de nulles, ca va", "c'est Karim"))
            )
        world.receive()
        world.wait(1)
    world.restart()
    again = LeastSuspicious(Vigilance(strangers_per_day=20))
    world.gateway.ranking = again
    while not pipeline.learn(world.gateway):
        pass
    now = world.now().quota
    assert live.raid_since(now) == again.raid_since(now) is not None
    numbers = sorted({row.number for row in world.messages()})
    assert [live.suspicion(number, now) for number in numbers] == [
        again.suspicion(number, now) for number in numbers
    ]
    world.close()


# --- delay and mute ---------------------------------------------------------------------------


def test_in_a_raid_new_replies_wait_as_long_as_raid_delay_says(world: World, alarm: Alarm) -> None:
    slow = (20 * MINUTE, 20 * MINUTE)
    world.gateway.policy = replace(policy(), raid=Vigilance(delay=slow))
    world.text(mobile(1))
    world.receive()
    alarm.raid = world.now().quota
    world.receive()
    world.text(mobile(2))
    world.receive()
    calm, raided = world.replies()
    assert calm.due_at < START + 11 * MINUTE
    assert START + 20 * MINUTE == raided.due_at


def _flood(world: World, count: int, *, minutes_apart: float = 0.1) -> None:
    for _ in range(count):
        world.text(TROLL, "encore")
        world.receive()
        world.wait(minutes_apart)


def _muting(world: World, alarm: Alarm, after: int = 5, span: timedelta = timedelta(days=1)) -> None:
    world.gateway.policy = replace(policy(), raid=Vigilance(mute_after=after, mute_for=span))
    alarm.raid = START
    world.receive()


def test_who_floods_in_a_raid_is_muted_and_his_reply_cancelled(world: World, alarm: Alarm) -> None:
    _muting(world, alarm)
    with capture_logs() as lines:
        _flood(world, 7)
    assert [
        (Ruling.REPLY, Reason.FIRST_CONTACT),
        *[(Ruling.JOINED, Reason.REPLY_WAITING)] * 3,
        *[(Ruling.DECLINED, Reason.MUTED)] * 3,
    ] == world.verdicts()
    assert Status.CANCELLED is world.reply().state
    assert 1 == sum(each["event"] == "sender.muted" for each in lines)


def test_on_ordinary_days_nobody_is_muted(world: World, alarm: Alarm) -> None:
    _muting(world, alarm)
    alarm.raid = None
    world.receive()
    _flood(world, 20)
    assert [Status.SCHEDULED] == [reply.state for reply in world.replies()]


def test_who_writes_a_few_times_in_a_raid_is_answered(world: World, alarm: Alarm) -> None:
    _muting(world, alarm)
    _flood(world, 4)
    world.wait(40)
    world.send_all()
    assert [TROLL] == world.answered()


def test_nobody_is_muted_for_what_he_wrote_before_the_raid_or_more_than_an_hour_ago(
    world: World, alarm: Alarm
) -> None:
    _muting(world, alarm)
    alarm.raid = None
    world.receive()
    _flood(world, 4)
    alarm.raid = world.now().quota
    world.receive()
    _flood(world, 4)
    world.wait(61)
    _flood(world, 9, minutes_apart=16)
    assert Reason.MUTED not in [reason for _, reason in world.verdicts()]


def test_a_mute_ends_and_the_next_one_is_twice_as_long(world: World, alarm: Alarm) -> None:
    _muting(world, alarm, span=timedelta(hours=2))
    _flood(world, 6)
    world.wait(121)
    _flood(world, 1)
    assert (Ruling.REPLY, Reason.FIRST_CONTACT) == world.verdicts()[-1]
    _flood(world, 4)
    assert (Ruling.DECLINED, Reason.MUTED) == world.verdicts()[-1]
    world.wait(150)
    _flood(world, 1)
    assert (Ruling.DECLINED, Reason.MUTED) == world.verdicts()[-1]
    world.wait(95)
    _flood(world, 1)
    assert (Ruling.REPLY, Reason.FIRST_CONTACT) == world.verdicts()[-1]


def test_a_mute_outlives_a_restart(world: World, alarm: Alarm) -> None:
    _muting(world, alarm)
    _flood(world, 5)
    world.restart()
    _flood(world, 1)
    assert (Ruling.DECLINED, Reason.MUTED) == world.verdicts()[-1]


def test_a_hidden_caller_is_never_muted_since_he_is_nobody(world: World, alarm: Alarm) -> None:
    _muting(world, alarm)
    for _ in range(8):
        world.modem.call("")
        world.receive()
        world.wait(2)
    assert {(Ruling.DECLINED, Reason.HIDDEN)} == set(world.verdicts())


@given(st.integers(0, 10**6), st.timedeltas(timedelta(seconds=1), timedelta(days=400)))
@settings(deadline=None)
def test_mutes_grow_with_repetition_and_have_an_end(times: int, first: timedelta) -> None:
    vigilance = Vigilance(mute_for=first)
    assert muting.span(vigilance, times) <= muting.span(vigilance, times + 1) <= muting.AT_MOST


def test_who_was_never_muted_is_not_muted() -> None:
    assert not Mute().runs(START)


# --- it is told in words ----------------------------------------------------------------------


def test_a_sweep_writes_down_the_suspicion_of_those_who_wait_some_at_a_time(
    world: World, alarm: Alarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "TOLD_AT_ONCE", 2)
    for index in range(3):
        world.text(mobile(index))
    world.receive()
    pipeline.sweep(world.gateway)
    assert [1.25, 1.25, None] == [reply.suspicion for reply in world.replies()]
    pipeline.sweep(world.gateway)
    assert [1.25, 1.25, 1.25] == [reply.suspicion for reply in world.replies()]
    pipeline.sweep(world.gateway)
    assert [mobile(0), mobile(1), mobile(2), mobile(0), mobile(1)] == alarm.asked


def test_a_reply_that_goes_keeps_what_was_thought_of_its_sender_then(world: World, alarm: Alarm) -> None:
    world.text(mobile(1))
    world.receive()
    assert (None, ()) == (world.reply().suspicion, world.reply().signals)
    world.wait(20)
    world.send_all()
    assert (Status.SENT, 1.25) == (world.reply().state, world.reply().suspicion)
    assert (Contribution("tempo", 1.25, (("events", 5.0),)),) == world.reply().signals
    assert [mobile(1)] == alarm.asked


def test_retention_looks_at_whole_tables_once_an_hour_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[datetime] = []

    def forget(_tx: Connection, before: datetime, _most: int | None) -> int:
        looked.append(before)
        return 0

    monkeypatch.setattr(inbox, "forget_before", forget)
    for _ in range(150):
        pipeline.sweep(world.gateway)
        world.wait(1)
    assert 3 == len(looked)
