"""The SIM's credit: when it is asked for, what is made of the answers, and what it holds back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from structlog.testing import capture_logs

from relou_gateway import pipeline
from relou_gateway.modem.port import InDoubt, ModemFailure, ModemLost, NotSent, UssdFailed
from relou_gateway.modem.scripted import SendOutcome
from relou_gateway.rules.lifecycle import Event as Move
from relou_gateway.rules.lifecycle import IllegalMove
from relou_gateway.rules.policy import Balance, Budget, Policy, Prices
from relou_gateway.rules.records import Identity, Status
from relou_gateway.store import balance, ledger, outbox
from relou_gateway.store import gateway as state
from relou_gateway.store.balance import Credit
from tests.support.world import MINUTE, START, World, mobile, policy

PRICE = 160_000
KEEP = 2_000_000
PATTERN = "([0-9]+[.,][0-9]{2}) ?(?:€|EUR)"
HOURS_12 = timedelta(hours=12)

Said = list[MutableMapping[str, Any]]


def asks(keep: int | None = KEEP) -> Policy:
    budget = Budget("EUR", Prices(PRICE), None, None, keep, Balance("#123#", PATTERN, HOURS_12))
    return policy(
        budget=budget,
        replies={"delay": (MINUTE, MINUTE), "expire": timedelta(hours=2)},
        senders={"lifetime": None},
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, asks())
    pipeline.observe(world.gateway, world.modem)
    yield world
    world.close()


def told(world: World, *answers: str | ModemFailure) -> None:
    """Let the network answer so."""
    world.modem.ussd_script.extend(answers)


def euros(amount: float) -> str:
    return f"Votre crédit est de {amount:.2f} €"


def ask(world: World) -> int:
    """Ask if it is time; return how often was asked up to now."""
    with suppress(ModemLost):
        pipeline.ask_credit(world.gateway, world.modem)
    return len(world.modem.dialled)


def pass_time(world: World, minutes: int) -> list[int]:
    """Let time pass with a look in each minute; return the minutes in which was asked."""
    asked = []
    for minute in range(1, minutes + 1):
        world.wait(1)
        before = len(world.modem.dialled)
        if ask(world) > before:
            asked.append(minute)
    return asked


def known(world: World) -> Credit:
    with world.gateway.database.snapshot() as tx:
        credit = balance.credit(tx)
    assert credit is not None
    return credit


def trouble(world: World) -> str | None:
    with world.gateway.database.snapshot() as tx:
        found = balance.trouble(tx)
    return None if found is None else found.words


def ledger_rows(world: World) -> list[tuple[str, int]]:
    with world.gateway.database.snapshot() as tx:
        return [(each.state, each.cost) for each in ledger.newest(tx, 100) if each.event == "credit"]


def events(said: Said) -> list[dict[str, Any]]:
    """Return what was said of the credit since the last time."""
    lines = [dict(line) for line in said if line["event"].startswith("credit.")]
    said.clear()
    return lines


def answer(world: World, *people: int) -> int:
    """Let people write, and send what may go once it is due."""
    for person in people:
        world.text(mobile(person))
    world.receive()
    world.wait(1)
    return world.send_all()


@pytest.fixture
def said() -> Iterator[Said]:
    with capture_logs() as lines:
        yield lines


# --- when -----------------------------------------------------------------------------------


def test_nothing_is_asked_where_nobody_wants_to_know(tmp_path: Path) -> None:
    world = World(tmp_path)
    pipeline.observe(world.gateway, world.modem)
    assert 0 == ask(world)
    world.close()


def test_it_is_asked_after_a_start_and_then_now_and_then(world: World) -> None:
    told(world, *[euros(20)] * 9)
    assert 1 == ask(world)
    assert [720, 1440] == pass_time(world, 1500)
    world.restart()
    assert 4 == ask(world)
    assert ["#123#"] * 4 == world.modem.dialled


def test_it_is_asked_only_in_a_network(tmp_path: Path) -> None:
    world = World(tmp_path, asks())
    assert 0 == ask(world)
    pipeline.observe(world.gateway, world.modem)
    assert 1 == ask(world)
    world.close()


def test_failures_are_told_once_and_tried_again_more_and_more_seldom(world: World, said: Said) -> None:
    told(world, *[UssdFailed("no answer")] * 8)
    ask(world)
    assert [1, 6, 21, 81, 321, 1041] == pass_time(world, 1100)
    assert [("credit.unknown", "no answer")] == [(each["event"], each["reason"]) for each in events(said)]
    assert "no answer" == trouble(world)
    world.modem.ussd_script.clear()
    told(world, euros(20))
    assert [661] == pass_time(world, 700)
    assert None is trouble(world)
    assert ["credit.told"] == [each["event"] for each in events(said)]


def test_a_modem_that_is_lost_over_it_is_not_asked_again_at_once(world: World) -> None:
    told(world, ModemLost("hung", "the modem does not answer"), euros(20))
    assert 1 == ask(world)
    world.modem.recover()
    assert 1 == ask(world)
    assert "the modem was lost over the service code: the modem does not answer" == trouble(world)
    assert [1] == pass_time(world, 2)
    assert 20_000_000 == known(world).left


def test_a_stop_in_the_middle_is_no_failure(world: World) -> None:
    told(world, ModemLost("stopped", "the gateway is stopping"))
    assert 1 == ask(world)
    assert None is trouble(world)


def test_soon_after_credit_ran_low_it_is_asked_again_more_and_more_seldom(world: World) -> None:
    told(world, euros(2.1), *[euros(2)] * 20)
    ask(world)
    assert [1, 6, 21, 81, 321, 1041] == pass_time(world, 1100)


def test_when_a_reply_is_held_back_it_is_asked_within_a_minute(world: World) -> None:
    told(world, euros(2.5), euros(12))
    ask(world)
    assert 3 == answer(world, 1, 2, 3)
    assert 0 == answer(world, 4)
    assert 1 == ask(world), "not at once: many things are denied in a raid"
    assert [1] == pass_time(world, 2)
    assert 1 == world.send_all()


def test_an_old_denial_does_not_make_it_ask_over_and_over(world: World) -> None:
    told(world, euros(2.1), *[euros(20)] * 9)
    ask(world)
    answer(world, 1)
    world.wait(180)
    pipeline.sweep(world.gateway)
    before = ask(world)
    assert [] == pass_time(world, 600)
    assert before == len(world.modem.dialled)


def test_another_sim_is_asked_at_once(world: World) -> None:
    told(world, euros(20), euros(5))
    for imsi in ("208010000000001", "208010000000002"):
        with world.gateway.database.transaction("modem") as tx:
            state.note_identity(tx, Identity("", "", "350", imsi, ""))
        ask(world)
    assert (2, 5_000_000) == (len(world.modem.dialled), known(world).left)
    assert [("first", 20_000_000), ("first", 5_000_000)] == ledger_rows(world)


def test_a_credit_that_nobody_asks_for_any_more_is_forgotten(world: World) -> None:
    told(world, euros(1))
    ask(world)
    world.policy = replace(asks(), budget=replace(asks().budget, balance=None))
    world.restart()
    with world.gateway.database.snapshot() as tx:
        assert balance.credit(tx) is None
    assert 1 == answer(world, 1)


def test_nothing_is_asked_between_a_claim_and_its_settling(world: World) -> None:
    told(world, euros(20))
    world.text(mobile(1))
    world.receive()
    world.wait(1)
    with world.gateway.database.transaction("C3 claim") as tx:
        assert outbox.claim(tx, outbox.get(tx, 1), world.now()) is not None
    assert 0 == ask(world)
    pipeline.settle_orphan(world.gateway, "the program failed while sending")
    assert 1 == ask(world)


# --- wishes ---------------------------------------------------------------------------------


def wish(world: World) -> None:
    with world.gateway.database.transaction("credit") as tx:
        balance.note_wish(tx, world.now())


def is_wished(world: World) -> bool:
    with world.gateway.database.snapshot() as tx:
        return balance.wished(tx) is not None


def test_who_wishes_to_know_the_credit_is_told_at_the_next_look(world: World) -> None:
    told(world, euros(20), euros(19))
    ask(world)
    world.wait(3)
    wish(world)
    assert (2, 19_000_000, False) == (ask(world), known(world).told, is_wished(world))


def test_who_wishes_to_know_the_credit_is_told_why_nobody_knows_it(world: World) -> None:
    told(world, euros(20), UssdFailed("no answer"))
    ask(world)
    world.wait(3)
    wish(world)
    assert (2, "no answer", False) == (ask(world), trouble(world), is_wished(world))


def test_wishes_however_many_are_granted_every_other_minute(world: World) -> None:
    told(world, *[euros(20)] * 99)
    ask(world)
    before = len(world.modem.dialled)
    for _ in range(600):
        wish(world)
        world.wait(1 / 60)
        ask(world)
    assert 5 == len(world.modem.dialled) - before


def test_a_wish_in_vain_delays_no_other_question(world: World) -> None:
    told(world, *[UssdFailed("no answer")] * 99)
    assert 1 == ask(world)
    asked = []
    for minute in range(1, 21):
        world.wait(1)
        if minute in {3, 6, 9}:
            wish(world)
        before = len(world.modem.dialled)
        asked += [minute] if ask(world) > before else []
    assert [1, 3, 6, 9, 14] == asked


def test_a_wish_waits_for_the_network_and_for_the_send_that_runs(world: World) -> None:
    told(world, euros(20), euros(20))
    ask(world)
    world.text(mobile(1))
    world.receive()
    world.wait(3)
    wish(world)
    with world.gateway.database.transaction("C3 claim") as tx:
        assert outbox.claim(tx, outbox.get(tx, 1), world.now()) is not None
    assert (1, True) == (ask(world), is_wished(world))
    pipeline.settle_orphan(world.gateway, "the program failed while sending")
    assert (2, False) == (ask(world), is_wished(world))


def test_a_gateway_that_knows_no_code_says_so_to_whoever_wishes(world: World) -> None:
    world.policy = replace(asks(), budget=replace(asks().budget, balance=None))
    world.restart()
    wish(world)
    ask(world)
    assert ("the gateway was started without budget.balance", False) == (
        (trouble(world) or "").partition(";")[0],
        is_wished(world),
    )
    wish(world)
    world.restart()
    assert (None, False) == (trouble(world), is_wished(world))


# --- what it means --------------------------------------------------------------------------


def test_an_answer_that_cannot_be_read_is_shown_but_not_logged(world: World, said: Said) -> None:
    told(world, "Service indisponible au 0612345678")
    ask(world)
    reason = "budget.balance.pattern finds nothing in the answer"
    assert f'{reason}: "Service indisponible au 0612345678"' == trouble(world)
    assert [reason] == [each["reason"] for each in events(said)]


def test_what_was_reserved_since_is_off_the_credit(world: World) -> None:
    told(world, euros(20), euros(19.68))
    ask(world)
    answer(world, 1, 2)
    assert (20_000_000, 320_000, 19_680_000) == (known(world).told, known(world).spent, known(world).left)
    pass_time(world, 720)
    assert (19_680_000, 0, 19_680_000) == (known(world).told, known(world).spent, known(world).expected)
    assert [("first", 20_000_000), ("as_expected", 19_680_000)] == ledger_rows(world)
    assert [] == world.broken_links()


def test_a_difference_is_told_and_explained(world: World, said: Said) -> None:
    told(world, euros(20), euros(15))
    ask(world)
    events(said)
    pass_time(world, 720)
    (event,) = events(said)
    assert ("credit.differs", "15.00", "20.00") == (event["event"], event["credit"], event["expected"])
    assert str(event["reason"]).startswith("5.00 less than the ledger has it: ")


def test_a_top_up_is_an_event(world: World, said: Said) -> None:
    told(world, euros(3), euros(13))
    ask(world)
    events(said)
    pass_time(world, 720)
    (event,) = events(said)
    assert ("credit.topped_up", "the SIM was topped up by about 10.00") == (event["event"], event["reason"])


def test_a_top_up_releases_no_expired_reply(world: World) -> None:
    told(world, euros(2), *[euros(2)] * 6, euros(50))
    ask(world)
    for person in range(5):
        assert 0 == answer(world, person)
    for _ in range(6):
        pass_time(world, 60)
        pipeline.sweep(world.gateway)
        world.send_all()
    world.modem.ussd_script.clear()
    told(world, euros(50))
    world.restart()
    ask(world)
    assert 50_000_000 == known(world).left
    assert 0 == world.send_all()
    assert [Status.EXPIRED] * 5 == [each.state for each in world.replies()]
    assert [] == world.answered()
    assert 1 == answer(world, 9)


def test_what_waits_goes_on_at_once_when_the_sim_is_topped_up(world: World) -> None:
    told(world, euros(2), euros(12))
    ask(world)
    assert 0 == answer(world, 1)
    assert [1] == pass_time(world, 1)
    assert 1 == world.send_all()


def test_below_what_is_to_be_kept_sending_stops_and_says_so(world: World, said: Said) -> None:
    told(world, euros(2.1))
    ask(world)
    assert 0 == answer(world, 1)
    lows = [each for each in events(said) if each["event"] == "credit.low"]
    assert [("2.10", "2.00"), (None, "2.00")] == [(each.get("credit"), each["keep"]) for each in lows]


def test_a_credit_that_was_low_does_not_grow_by_being_old(world: World) -> None:
    told(world, euros(2.1), *[UssdFailed("no answer")] * 100)
    ask(world)
    pass_time(world, 5 * 1440)
    assert 0 == answer(world, 1)


def test_what_may_not_have_left_is_off_the_credit_until_a_person_decides(world: World) -> None:
    told(world, euros(2.2))
    ask(world)
    world.modem.send_script.append(SendOutcome(InDoubt("no answer")))
    answer(world, 1)
    assert 0 == answer(world, 2)
    with world.gateway.database.transaction("settle") as tx:
        outbox.operate(tx, 1, Move.SETTLE_FAILED, "by an operator", world.now())
    world.gateway.rest = None
    assert 1 == world.send_all()


OUTCOMES = some.sampled_from(
    [SendOutcome(), SendOutcome(InDoubt("no answer")), SendOutcome(NotSent("congestion"))]
)
STEPS = some.lists(
    some.one_of(
        some.tuples(some.just("texts"), some.integers(1, 6)),
        some.tuples(some.just("wait"), some.integers(1, 90)),
        some.tuples(some.just("tell"), some.integers(-10, 40)),
        some.tuples(some.just("end"), OUTCOMES),
        some.tuples(some.just("settle"), some.integers(1, 10)),
        some.tuples(some.just("restart"), some.none()),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_no_send_ever_takes_the_credit_below_what_is_to_be_kept(steps: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory), asks())
        told(world, euros(2.5))
        pipeline.observe(world.gateway, world.modem)
        ask(world)
        for step, value in steps:
            take(world, step, value)
            claimed = reservations(world)
            world.send_all()
            if reservations(world) > claimed:
                assert known(world).left >= KEEP
        world.close()


def take(world: World, step: str, value: object) -> None:
    match step, value:
        case "texts", int(count):
            for _ in range(count):
                world.text(mobile(len(world.messages())))
                world.receive()
            world.wait(1)
        case "wait", int(minutes):
            world.wait(minutes)
            ask(world)
        case "tell", int(parts):
            world.modem.ussd_script.clear()
            told(world, euros((KEEP + parts * 20_000) / 1e6))
            world.gateway.asking.next_at = None
            ask(world)
        case "end", SendOutcome() as outcome:
            world.modem.send_script.append(outcome)
        case "settle", int(reply):
            with suppress(IllegalMove, outbox.NoSuchReply), world.gateway.database.transaction("s") as tx:
                outbox.operate(tx, reply, Move.SETTLE_FAILED, "", world.now())
        case _:
            world.restart()


def reservations(world: World) -> int:
    """Count the reservations that hold something."""
    with world.gateway.database.snapshot() as tx:
        return len(ledger.spendings(tx, START - timedelta(days=9)))
