"""An operator that blocks us, loudly or silently, does not cost the rest of the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from relou_gateway import pipeline
from relou_gateway.modem.cms import send_failure
from relou_gateway.modem.port import InDoubt, NotSent, SendFailure
from relou_gateway.modem.scripted import SendOutcome
from relou_gateway.rules.breaker import Cause
from relou_gateway.rules.records import Report, Status
from relou_gateway.store import breaker
from relou_gateway.store.breaker import Stopped
from tests.support.world import MINUTE, START, World, mobile, policy

RULES = policy(replies={"delay": (MINUTE, MINUTE), "expire": timedelta(days=2)})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    here = World(tmp_path, RULES)
    yield here
    here.close()


def barred() -> SendFailure:
    return send_failure(21)


def refuse(world: World, *failures: SendFailure) -> None:
    world.modem.send_script.extend(SendOutcome(failure) for failure in failures)


def write(world: World, indices: range) -> None:
    for index in indices:
        world.text(mobile(index))
        world.receive()


def stopped(world: World) -> Stopped | None:
    with world.gateway.database.snapshot() as tx:
        return breaker.stopped(tx)


def attempts(world: World) -> list[int]:
    return [reply.attempts for reply in world.replies()]


def block(world: World, recipients: int = 8) -> None:
    """Let the operator refuse everything from now on, and people write."""
    refuse(world, *[barred()] * 100)
    write(world, range(recipients))
    world.wait(1)
    world.send_all()


def try_again(world: World, minutes: float) -> int:
    """Wait, and return how many sends were tried then."""
    world.wait(minutes)
    return world.send_all()


def test_five_recipients_refused_in_a_row_stop_sending(world: World) -> None:
    block(world)
    found = stopped(world)
    assert found is not None
    assert (Cause.REJECTED, 1, None) == (found.cause, found.times, found.trial)
    assert 5 == sum(attempts(world))
    assert [Status.SCHEDULED] * 8 == [reply.state for reply in world.replies()]
    assert [0] * 10 == [try_again(world, 1) for _ in range(10)]


def test_it_is_told_once_and_survives_a_restart(world: World) -> None:
    with capture_logs() as lines:
        block(world)
        for _ in range(5):
            try_again(world, 1)
            pipeline.sweep(world.gateway)
    assert 1 == sum(line["event"] == "breaker.opened" for line in lines)
    world.restart()
    assert 0 == try_again(world, 5)
    assert stopped(world) is not None


def test_one_recipient_refused_again_and_again_stops_nothing(world: World) -> None:
    refuse(world, *[barred()] * 10)
    write(world, range(1))
    assert 5 == sum(try_again(world, minutes) for minutes in (2, 2, 6, 16, 61, 61))
    assert stopped(world) is None
    assert Status.FAILED is world.reply().state


def test_what_the_modem_itself_refuses_stops_nothing(world: World) -> None:
    refuse(world, *[send_failure(331), NotSent("the modem's process died"), InDoubt("no answer")] * 4)
    write(world, range(12))
    world.wait(1)
    world.send_all()
    assert stopped(world) is None


def test_a_message_that_is_taken_in_between_begins_the_count_anew(world: World) -> None:
    refuse(world, *[barred()] * 4)
    world.modem.send_script.append(SendOutcome())
    refuse(world, *[barred()] * 4)
    write(world, range(9))
    world.wait(1)
    world.send_all()
    assert 1 == len(world.answered())
    assert stopped(world) is None


def test_after_a_quarter_of_an_hour_one_reply_is_tried_and_then_after_an_hour_and_after_four(
    world: World,
) -> None:
    block(world)
    pauses: list[int] = []
    since = world.now().quota
    while len(pauses) < 3:
        if try_again(world, 1):
            pauses.append(round((world.now().quota - since) / MINUTE))
            since = world.now().quota
    assert [15, 60, 240] == pauses


def test_trials_cost_a_reply_none_of_its_attempts(world: World) -> None:
    block(world)
    before = attempts(world)
    for minutes in (15, 60, 240, 720, 720):
        assert 1 == try_again(world, minutes)
    assert before == attempts(world)
    assert (0, 0) == world.spent()


def test_a_trial_that_is_taken_lets_everybody_go(world: World) -> None:
    block(world)
    world.modem.send_script.clear()
    with capture_logs() as lines:
        try_again(world, 15)
    assert 8 == len(world.answered())
    assert stopped(world) is None
    assert 1 == sum(line["event"] == "breaker.closed" for line in lines)


def test_a_trial_of_which_nobody_knows_what_became_stops_sending_for_longer(world: World) -> None:
    block(world)
    world.modem.send_script.clear()
    refuse(world, InDoubt("no answer"))
    assert 1 == try_again(world, 15)
    assert 0 == try_again(world, 59)
    assert 7 == try_again(world, 1)


def test_a_trial_over_which_the_gateway_dies_stops_sending_for_longer(world: World) -> None:
    block(world)
    world.modem.send_script.clear()
    world.wait(15)

    def die(*_: object, **__: object) -> tuple[int, ...]:
        raise KeyboardInterrupt

    world.modem.send = die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        pipeline.send(world.gateway, world.modem)
    del world.modem.send
    world.restart()
    assert 1 == len(world.replies(Status.IN_DOUBT))
    assert 0 == try_again(world, 9)
    world.wait(1)
    pipeline.sweep(world.gateway)
    assert 0 == try_again(world, 59)
    assert 7 == try_again(world, 1)


def test_a_person_may_let_everybody_go_at_once(world: World) -> None:
    block(world)
    world.modem.send_script.clear()
    with world.gateway.database.transaction("resume") as tx:
        assert breaker.close(tx, world.now())
        assert not breaker.close(tx, world.now())
    assert 3 == try_again(world, 0)
    assert 5 == try_again(world, 1)
    assert [] == world.broken_links()


# --- a silent block -----------------------------------------------------------------------


@pytest.fixture
def reporting(world: World) -> World:
    """A gateway that asks for delivery reports."""
    world.gateway.reports = True
    return world


def later(world: World, minutes: int) -> None:
    for _ in range(minutes):
        world.wait(1)
        pipeline.sweep(world.gateway)


def report_last(world: World, *, delivered: bool = True) -> None:
    """Let the report on the last message come."""
    sent = world.modem.accepted[-1]
    world.modem.deliver(Report(sent.number, sent.references[0], delivered, "", world.now().wall))
    world.receive()


def send_to(world: World, recipients: range) -> None:
    write(world, recipients)
    world.wait(1)
    world.send_all()


def test_twenty_messages_without_a_report_stop_sending(reporting: World) -> None:
    send_to(reporting, range(20))
    later(reporting, 9)
    assert stopped(reporting) is None
    later(reporting, 1)
    found = stopped(reporting)
    assert found is not None
    assert (Cause.UNREPORTED, START + 26 * MINUTE) == (found.cause, found.until)
    send_to(reporting, range(20, 24))
    assert 20 == len(reporting.answered())


@pytest.mark.parametrize("delivered", [True, False])
def test_one_report_in_twenty_keeps_sending_going(reporting: World, delivered: bool) -> None:
    send_to(reporting, range(5))
    send_to(reporting, range(5, 6))
    report_last(reporting, delivered=delivered)
    send_to(reporting, range(6, 25))
    later(reporting, 30)
    assert stopped(reporting) is None


def test_where_no_reports_are_asked_for_none_are_missed(world: World) -> None:
    send_to(world, range(30))
    later(world, 30)
    assert stopped(world) is None


def test_one_trial_goes_out_and_its_report_lets_everybody_go(reporting: World) -> None:
    send_to(reporting, range(20))
    later(reporting, 10)
    write(reporting, range(20, 25))
    assert 1 == try_again(reporting, 15)
    assert 0 == try_again(reporting, 1)
    report_last(reporting)
    assert 4 == try_again(reporting, 0)
    assert stopped(reporting) is None


def test_a_trial_without_a_report_stops_sending_for_longer(reporting: World) -> None:
    send_to(reporting, range(20))
    later(reporting, 10)
    write(reporting, range(20, 25))
    assert 1 == try_again(reporting, 15)
    later(reporting, 10)
    assert 0 == try_again(reporting, 59)
    assert 1 == try_again(reporting, 1)


def test_a_person_who_lets_all_go_is_not_overruled_for_another_twenty_messages(reporting: World) -> None:
    send_to(reporting, range(20))
    later(reporting, 10)
    with reporting.gateway.database.transaction("resume") as tx:
        breaker.close(tx, reporting.now())
    send_to(reporting, range(20, 39))
    later(reporting, 30)
    assert (39, None) == (len(reporting.answered()), stopped(reporting))
    send_to(reporting, range(39, 40))
    later(reporting, 11)
    assert stopped(reporting) is not None


def test_a_gateway_that_asks_for_reports_no_more_awaits_none(reporting: World) -> None:
    send_to(reporting, range(20))
    later(reporting, 10)
    assert stopped(reporting) is not None
    reporting.gateway.reports = False
    later(reporting, 1)
    assert stopped(reporting) is None
