"""The message's way, told as stories in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from relou_gateway import pipeline
from relou_gateway.modem.port import InDoubt, ModemLost, NotSent, Refused
from relou_gateway.modem.scripted import (
    ScriptedModem,
    SendOutcome,
    delete_refused,
    delete_unanswered,
    lost_answer,
)
from relou_gateway.rules.admission import Reason
from relou_gateway.rules.lifecycle import Event
from relou_gateway.rules.policy import Policy, Text
from relou_gateway.rules.records import (
    Binary,
    Memory,
    Network,
    Part,
    Report,
    Ruling,
    Slot,
    Sms,
    Status,
    Undecodable,
)
from relou_gateway.store import gateway as state
from relou_gateway.store import inbox, outbox, senders
from relou_gateway.store.database import StoreFull
from tests.support.world import MINUTE, START, UNLIMITED, World, mobile, policy

KARIM = mobile(12345678)
JULIEN = mobile(87654321)
LONG = "x" * 400  # three parts
PER_HOUR_2 = replace(UNLIMITED, per_hour=2)

MakeWorld = Callable[[Policy], World]


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(rules: Policy) -> World:
        made.append(World(tmp_path, rules))
        return made[-1]

    yield make
    for world in made:
        world.close()


# --- one answer, after a while ------------------------------------------------------------


def test_a_text_is_answered_once_and_not_before_the_delay(world: World) -> None:
    world.text(KARIM)
    for _ in range(31):
        world.send_all()
        if world.now().quota < START + 3 * MINUTE:
            assert world.answered() == []
        world.wait(0.5)
    assert world.answered() == [KARIM]
    assert world.reply().state is Status.SENT
    assert world.verdicts() == [(Ruling.REPLY, Reason.FIRST_CONTACT)]


def test_a_call_is_answered_like_a_text(world: World) -> None:
    world.modem.call(KARIM)
    world.receive()
    world.wait(11)
    world.send_all()
    assert world.answered() == [KARIM]
    assert [row.kind for row in world.messages()] == ["call"]


def test_rings_of_one_call_are_one_call(world: World) -> None:
    for _ in range(4):
        world.modem.call(KARIM)
        world.receive()
        world.wait(5 / 60)
    assert world.verdicts() == [(Ruling.REPLY, Reason.FIRST_CONTACT)]


def test_a_phone_that_rings_on_pushes_the_reply(world: World) -> None:
    world.modem.call(KARIM)
    world.receive()
    while world.now().quota < world.reply().due_at - MINUTE / 2 and world.now().quota < START + 25 * MINUTE:
        world.wait(0.5)
        world.modem.call(KARIM)
        world.receive()
    assert world.reply().due_at >= world.now().quota + 3 * MINUTE
    assert len(world.messages()) == 1


def test_later_messages_join_the_waiting_reply_and_push_it(world: World) -> None:
    world.text(KARIM)
    world.receive()
    due = world.reply().due_at
    while world.now().quota < due - MINUTE:
        world.wait(0.5)
    world.text(KARIM, "Réponds !")
    world.receive()
    assert world.reply().due_at == world.now().quota + 3 * MINUTE
    assert world.verdicts()[1] == (Ruling.JOINED, Reason.REPLY_WAITING)


def test_a_talker_gets_his_answer_after_half_an_hour(world: World) -> None:
    for _ in range(40):
        world.text(KARIM, "Encore moi")
        world.send_all()
        world.wait(1)
    assert world.answered() == [KARIM]
    sent_after = world.modem.accepted and world.reply().due_at - world.reply().created_at
    assert sent_after == timedelta(minutes=30)


def test_a_call_that_is_not_answered_itself_still_pushes(make_world: MakeWorld) -> None:
    world = make_world(policy(replies={"to_calls": False}))
    world.text(KARIM)
    world.receive()
    while world.now().quota < world.reply().due_at - MINUTE:
        world.wait(0.5)
    world.modem.call(KARIM)
    world.receive()
    assert world.reply().due_at == world.now().quota + 3 * MINUTE
    assert world.verdicts()[1] == (Ruling.DECLINED, Reason.CALLS_OFF)


def test_an_insult_after_the_answer_gets_no_second_one(world: World) -> None:
    world.text(KARIM)
    world.receive()
    world.wait(11)
    world.send_all()
    world.text(KARIM, "Pauvre conne")
    world.receive()
    world.wait(60)
    world.send_all()
    assert world.answered() == [KARIM]
    assert world.verdicts()[1] == (Ruling.DECLINED, Reason.COOLDOWN)


def test_the_same_sender_in_several_spellings_is_one(world: World) -> None:
    for spelling in ("+33612345678", "0612345678", "0033612345678"):
        world.text(spelling)
    world.receive()
    assert [verdict for verdict, _ in world.verdicts()] == ["reply", "joined", "joined"]
    assert {row.number for row in world.messages()} == {"+33612345678"}


def test_stop_cancels_the_waiting_reply_for_ever(world: World) -> None:
    world.text(KARIM)
    world.receive()
    world.text(KARIM, " stop. ")
    world.receive()
    world.wait(60 * 24 * 30)
    world.text(KARIM, "Tu fais quoi ?")
    world.send_all()
    assert world.answered() == []
    assert world.reply().state is Status.CANCELLED
    assert world.verdicts()[1:] == [("declined", "stop_word"), ("declined", "stopped")]


def test_stop_is_remembered_of_someone_who_would_not_be_answered_anyway(make_world: MakeWorld) -> None:
    world = make_world(policy(replies={"to_calls": False}, senders={"answer": frozenset({"BE"})}))
    world.text(KARIM, "STOP")
    world.receive()
    world.gateway.policy = policy()
    world.text(KARIM)
    world.receive()
    assert world.verdicts() == [("declined", "foreign"), ("declined", "stopped")]


def test_a_sender_blocked_while_his_reply_waits_is_not_answered(world: World) -> None:
    world.text(KARIM)
    world.receive()
    with world.gateway.database.transaction("block") as tx:
        senders.block(tx, "+3361234*", world.now())
    world.wait(11)
    world.send_all()
    assert world.answered() == []
    assert (world.reply().state, world.reply().reason) == (Status.CANCELLED, "blocked")


def test_a_reply_that_waits_for_review_goes_only_after_its_release(make_world: MakeWorld) -> None:
    world = make_world(policy(replies={"review": True}))
    world.text(KARIM)
    world.receive()
    world.wait(30)
    assert world.send_all() == 0
    with world.gateway.database.transaction("release") as tx:
        outbox.operate(tx, 1, Event.RELEASE, "", world.now())
    world.send_all()
    assert world.answered() == [KARIM]


# --- what a send can come to --------------------------------------------------------------


def _ready_to_send(world: World) -> None:
    world.text(KARIM)
    world.receive()
    world.wait(11)


def test_what_certainly_did_not_leave_is_tried_again_later(world: World) -> None:
    _ready_to_send(world)
    world.modem.send_script.append(SendOutcome(NotSent("no network", code=331)))
    world.send_all()
    assert (world.reply().state, world.reply().attempts) == (Status.SCHEDULED, 1)
    assert world.spent() == (0, 0)
    world.wait(1)
    world.send_all()
    assert (world.reply().state, world.reply().attempts) == (Status.SENT, 2)
    assert world.spent() == (1, 160_000)


def test_after_five_attempts_it_has_failed_and_nothing_is_counted(world: World) -> None:
    _ready_to_send(world)
    for _ in range(5):
        world.modem.send_script.append(SendOutcome(NotSent("no network", code=331)))
        world.send_all()
        world.wait(61)
    assert (world.reply().state, world.reply().attempts) == (Status.FAILED, 5)
    assert (world.spent(), world.answered()) == ((0, 0), [])


def test_what_is_refused_is_never_tried_again_and_frees_the_sender(world: World) -> None:
    _ready_to_send(world)
    world.modem.send_script.append(SendOutcome(Refused("unknown subscriber", code=30)))
    world.send_all()
    assert (world.reply().state, world.reply().reason) == (Status.FAILED, "unknown subscriber")
    world.text(KARIM)
    world.receive()
    assert world.verdicts()[1] == (Ruling.REPLY, Reason.FIRST_CONTACT)


def test_what_may_have_left_is_never_sent_again_by_the_machine(world: World) -> None:
    _ready_to_send(world)
    world.modem.send_script.append(lost_answer())
    world.send_all()
    world.modem.recover()
    assert world.reply().state is Status.IN_DOUBT
    for _ in range(48):
        world.text(KARIM)
        world.send_all()
        world.wait(60)
    assert world.answered() == [KARIM]
    assert world.spent() == (1, 160_000)


def test_of_half_a_message_what_left_is_kept_and_the_rest_released(make_world: MakeWorld) -> None:
    world = make_world(policy(replies={"texts": (Text(LONG),)}))
    _ready_to_send(world)
    world.modem.send_script.append(SendOutcome(NotSent("congestion", code=42, accepted=1)))
    world.send_all()
    assert (world.reply().state, world.reply().accepted) == (Status.IN_DOUBT, 1)
    assert world.spent() == (1, 160_000)


def test_of_a_doubtful_part_it_is_counted_and_what_follows_it_released(make_world: MakeWorld) -> None:
    world = make_world(policy(replies={"texts": (Text(LONG),)}))
    _ready_to_send(world)
    world.modem.send_script.append(SendOutcome(InDoubt("no answer", accepted=1), left=True))
    world.send_all()
    assert (world.reply().state, world.reply().accepted) == (Status.IN_DOUBT, 1)
    assert world.spent() == (2, 320_000)


def test_a_reply_found_sending_at_start_is_in_doubt_and_counts_in_full(world: World) -> None:
    _ready_to_send(world)

    class Crash(BaseException):
        pass

    class Dying(ScriptedModem):
        def send(self, *_: object, **__: object) -> tuple[int, ...]:
            raise Crash

    dying = Dying()
    with pytest.raises(Crash):
        pipeline.send(world.gateway, dying)
    world.restart()
    assert (world.reply().state, world.reply().reason) == (Status.IN_DOUBT, "found sending at start")
    assert world.spent() == (1, 160_000)


def test_a_person_decides_what_is_in_doubt(world: World) -> None:
    _ready_to_send(world)
    world.modem.send_script.append(lost_answer())
    world.send_all()
    world.modem.recover()
    with world.gateway.database.transaction("settle") as tx:
        outbox.operate(tx, 1, Event.SETTLE_FAILED, "by an operator", world.now())
    assert (world.reply().state, world.spent()) == (Status.FAILED, (0, 0))
    world.text(KARIM)
    world.receive()
    assert world.verdicts()[1] == (Ruling.REPLY, Reason.FIRST_CONTACT)


# --- what holds a send back ---------------------------------------------------------------


def test_a_cap_holds_and_lets_the_next_go_when_it_frees(make_world: MakeWorld) -> None:
    world = make_world(policy(throttle=PER_HOUR_2))
    for index in range(5):
        world.text(mobile(index))
    world.receive()
    world.wait(11)
    assert world.send_all() == 2
    world.wait(59)
    assert world.send_all() == 0
    world.wait(1)
    assert world.send_all() == 2


def test_caps_lowered_in_the_configuration_hold_at_once(make_world: MakeWorld) -> None:
    world = make_world(policy(throttle=replace(UNLIMITED, per_day=10)))
    for index in range(8):
        world.text(mobile(index))
    world.receive()
    world.wait(11)
    for _ in range(4):
        pipeline.send(world.gateway, world.modem)
    world.policy = policy(throttle=replace(UNLIMITED, per_day=3))
    world.restart()
    assert world.send_all() == 0


def test_nothing_is_claimed_without_a_network(world: World) -> None:
    _ready_to_send(world)
    world.modem.radio = Network(registered=False, roaming=False, operator="", signal_percent=None)
    assert world.send_all() == 0
    assert (world.reply().state, world.reply().attempts) == (Status.SCHEDULED, 0)


def test_a_pause_stops_sending_but_not_receiving(world: World) -> None:
    _ready_to_send(world)
    with world.gateway.database.transaction("pause") as tx:
        state.pause(tx, "raid", world.now())
    world.text(JULIEN)
    assert world.send_all() == 0
    assert len(world.messages()) == 2
    with world.gateway.database.transaction("resume") as tx:
        state.resume(tx, world.now())
    assert world.send_all() == 1


def test_nothing_is_claimed_once_a_stop_has_begun(world: World) -> None:
    _ready_to_send(world)
    world.gateway.may_claim = lambda: False
    assert world.send_all() == 0
    assert world.reply().attempts == 0


def test_expired_stays_expired_whatever_comes_free_later(make_world: MakeWorld) -> None:
    world = make_world(policy(throttle=replace(UNLIMITED, per_day=0)))
    world.text(KARIM)
    world.receive()
    world.wait(12 * 60)
    pipeline.sweep(world.gateway)
    assert world.reply().state is Status.EXPIRED
    world.policy = policy()
    world.restart()
    world.wait(11)
    assert (world.send_all(), world.answered()) == (0, [])


def test_a_reply_too_old_is_not_sent_even_before_the_sweep(world: World) -> None:
    world.text(KARIM)
    world.receive()
    world.wait(12 * 60)
    assert (world.send_all(), world.answered()) == (0, [])


def test_a_word_that_came_just_before_the_send_is_heard_first(world: World) -> None:
    world.text(KARIM)
    world.receive()
    world.wait(11)
    world.text(KARIM, "STOP")
    assert (world.send_all(), world.answered()) == (0, [])


# --- what comes in ------------------------------------------------------------------------


def test_reports_binaries_and_undecodable_messages_are_kept_and_not_answered(world: World) -> None:
    world.modem.deliver(Report(KARIM, 7, delivered=True, text="", smsc_at=START))
    world.modem.deliver(Binary(KARIM, b"\x01\x06", START))
    world.modem.deliver(Undecodable("ERR_CORRUPTED", b"\x00\xff"))
    world.receive()
    world.wait(11)
    world.send_all()
    assert [row.kind for row in world.messages()] == ["report", "binary", "undecodable"]
    assert world.verdicts() == [(None, ""), ("declined", "binary"), ("declined", "undecodable")]
    assert world.answered() == []


def test_a_slot_that_cannot_be_deleted_neither_stops_the_rest_nor_is_stored_twice(world: World) -> None:
    world.modem.delete_script.extend([delete_refused()] * 3)
    world.modem.deliver(Undecodable("ERR_UNKNOWN"))
    for _ in range(6):
        world.receive()
    world.text(KARIM)
    world.receive()
    assert [row.kind for row in world.messages()] == ["undecodable", "sms"]
    with world.gateway.database.snapshot() as tx:
        assert len(inbox.stuck_slots(tx, 3)) == 1


def test_a_message_whose_delete_was_lost_is_stored_once(world: World) -> None:
    world.text(KARIM)
    world.modem.delete_script.append(delete_unanswered())
    with pytest.raises(ModemLost):
        world.receive()
    world.modem.recover()
    world.receive()
    assert len(world.messages()) == 1


def test_a_crash_between_storing_and_deleting_stores_once(world: World) -> None:
    world.text(KARIM)
    listing = world.modem.listing()
    with world.gateway.database.transaction("C1 receive") as tx:
        inbox.take(tx, listing, world.now(), world.gateway.canonical, set())
    world.restart()
    world.receive()
    assert len(world.messages()) == 1
    assert world.modem.listing().slots == ()


def test_an_equal_message_in_a_slot_whose_freeing_could_not_be_written_is_a_second_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.modem = ScriptedModem(slots={Memory.SIM: 1, Memory.MODEM: 0})
    twin = Sms(KARIM, "Allo ?", START)
    world.modem.deliver(twin)
    world.modem.deliver(twin)
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "count_refusals", _full_disk)
        with pytest.raises(StoreFull):
            world.receive()
    world.receive()
    assert len(world.messages()) == 2


def test_a_slot_over_which_the_program_stumbles_stays_in_the_modem_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.modem.deliver(Binary(KARIM, b"stumble", START))
    world.text(JULIEN)
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "_believe", _stumble_over_the_first(inbox._believe))
        with pytest.raises(ZeroDivisionError):
            world.receive()
        pipeline.push_away(world.gateway)
        world.receive()
    assert [row.number for row in world.messages()] == [JULIEN]
    assert len(world.modem.listing().slots) == 1
    world.restart()
    world.receive()
    assert [row.kind for row in world.messages()] == ["sms", "binary"]


def test_a_stuck_slot_is_no_news_after_a_restart(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.modem.delete_script.extend([delete_refused()] * 3)
    world.modem.deliver(Undecodable("ERR_UNKNOWN"))
    for _ in range(3):
        world.receive()
    world.restart()
    capsys.readouterr()
    world.receive()
    assert "slot.twin_assumed" not in capsys.readouterr().out


def test_twins_that_lie_side_by_side_stay_two(world: World) -> None:
    world.text(KARIM, "lol")
    world.text(KARIM, "lol")
    world.receive()
    assert len(world.messages()) == 2


def test_a_twin_in_a_freed_slot_is_a_second_message(world: World) -> None:
    for _ in range(3):
        world.text(KARIM, "lol")
        world.receive()
    assert len(world.messages()) == 3


def test_a_flood_larger_than_the_sim_is_taken_in_whole(world: World) -> None:
    for index in range(200):
        world.text(mobile(index % 40), f"message {index}")
    while world.modem.listing().slots:
        world.receive()
    assert sorted(row.text for row in world.messages()) == sorted(f"message {n}" for n in range(200))


def test_a_long_text_is_judged_when_its_last_part_has_come(world: World) -> None:
    for number, text in ((3, "c"), (1, "a"), (2, "b")):
        assert world.messages() == []
        world.text(KARIM, text, Part(reference=9, total=3, number=number))
        world.receive()
    assert [(row.text, row.parts) for row in world.messages()] == [("abc", 3)]


def test_a_long_text_that_lacks_a_part_is_taken_as_it_is_after_ten_minutes(world: World) -> None:
    world.text(KARIM, "a", Part(reference=9, total=2, number=1))
    world.receive()
    world.wait(10.1)
    pipeline.sweep(world.gateway)
    pipeline.judge(world.gateway)
    assert [(row.text, row.parts, row.verdict) for row in world.messages()] == [("a[…]", 1, "reply")]


def test_a_message_on_which_the_judge_fails_does_not_stop_the_others(world: World) -> None:
    world.text(KARIM, "poison")
    world.text(JULIEN)
    pipeline.receive(world.gateway, world.modem)
    rules = world.gateway.policy
    world.gateway.policy = replace(rules, senders=replace(rules.senders, own=_Stumbling()))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            pipeline.judge(world.gateway)
        pipeline.push_away(world.gateway)
    assert world.verdicts() == [(None, ""), (None, "")]
    world.restart()
    pipeline.judge(world.gateway)
    assert world.verdicts()[1][0] == Ruling.REPLY


# --- afterwards ---------------------------------------------------------------------------


def test_retention_forgets_numbers_and_texts_but_no_count(world: World) -> None:
    _ready_to_send(world)
    world.send_all()
    world.wait(60 * 24 * 91)
    pipeline.sweep(world.gateway)
    assert [(row.number, row.text, row.verdict) for row in world.messages()] == [("", "", "reply")]
    assert (world.reply().number, world.reply().cost) == ("", 160_000)
    assert world.broken_links() == []
    world.text(KARIM)
    world.receive()
    assert world.verdicts()[1] == (Ruling.REPLY, Reason.COOLDOWN_OVER)


def _full_disk(*_: object) -> None:
    raise StoreFull("the disk is full")


def _stumble_over_the_first(believe: Callable[..., None]) -> Callable[..., None]:
    def stumbling(tx: object, slot: Slot, message_id: int | None) -> None:
        if isinstance(slot.content, Binary):
            raise ZeroDivisionError
        believe(tx, slot, message_id)

    return stumbling


class _Stumbling(tuple[str, ...]):
    """Numbers of our own, over which the judge stumbles when he asks for Karim's."""

    __slots__ = ()

    def __contains__(self, number: object) -> bool:
        if number == KARIM:
            raise ZeroDivisionError
        return False
