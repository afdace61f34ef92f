"""Delivery reports: an attribute of what was sent, never a state and never a condition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from relou_gateway.modem.port import InDoubt
from relou_gateway.modem.scripted import SendOutcome
from relou_gateway.rules.policy import Text
from relou_gateway.rules.records import Report, Status
from relou_gateway.store import delivery, inbox
from tests.support.world import MINUTE, World, mobile, policy

KARIM, JULIEN = mobile(12345678), mobile(87654321)
TWO_PARTS = policy(replies={"delay": (MINUTE, MINUTE), "texts": (Text("x" * 200),)})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    here = World(tmp_path, TWO_PARTS)
    here.gateway.reports = True
    yield here
    here.close()


def answer(world: World, number: str = KARIM) -> tuple[int, ...]:
    """Answer somebody; return the references of the answer's parts."""
    world.text(number)
    world.receive()
    world.wait(1)
    world.send_all()
    return world.modem.accepted[-1].references


def report(world: World, reference: int, number: str = KARIM, *, delivered: bool = True) -> None:
    words = "delivered (0x00)" if delivered else "failed for good (0x46)"
    world.modem.deliver(Report(number, reference, delivered, words, None))
    world.receive()


def test_an_answer_is_delivered_when_all_its_parts_are(world: World) -> None:
    first, second = answer(world)
    report(world, second)
    assert world.reply().delivered_wall is None
    world.wait(3)
    with capture_logs() as lines:
        report(world, first)
    assert world.now().wall == world.reply().delivered_wall
    assert [1] == [line["reply"] for line in lines if line["event"] == "reply.delivered"]
    assert Status.SENT is world.reply().state


def test_a_report_that_it_failed_is_kept_with_the_answer_and_changes_nothing(world: World) -> None:
    first, _ = answer(world)
    spent = world.spent()
    with capture_logs() as lines:
        report(world, first, delivered=False)
    assert (Status.SENT, None, spent) == (world.reply().state, world.reply().delivered_wall, world.spent())
    assert ["failed for good (0x46)"] == [
        line["reason"] for line in lines if line["event"] == "reply.undelivered"
    ]
    with world.gateway.database.snapshot() as tx:
        assert [(False, "failed for good (0x46)")] == [
            (each.arrived, each.text) for each in delivery.said_of(tx, 1)
        ]
        assert [1] == inbox.ids_of_reply(tx, 1), "a report is no message that was answered"


@pytest.mark.parametrize(("minutes", "delivered"), [(3 * 24 * 60 - 2, True), (3 * 24 * 60, False)])
def test_reports_are_awaited_for_three_days(world: World, minutes: int, delivered: bool) -> None:
    first, second = answer(world)
    world.wait(minutes)
    report(world, first)
    report(world, second)
    assert delivered is (world.reply().delivered_wall is not None)


def test_a_report_of_another_number_or_reference_is_kept_and_is_on_nothing(world: World) -> None:
    first, second = answer(world)
    report(world, first, JULIEN)
    report(world, second + 100)
    assert [None, None] == [row.reply_id for row in world.messages() if row.kind == "report"]


def test_each_person_s_report_is_on_his_own_answer(world: World) -> None:
    of_karim, of_julien = answer(world), answer(world, JULIEN)
    for reference in of_julien:
        report(world, reference, JULIEN)
    assert [False, True] == [reply.delivered_wall is not None for reply in world.replies()]
    for reference in of_karim:
        report(world, reference)
    assert [True, True] == [reply.delivered_wall is not None for reply in world.replies()]


def test_a_report_that_is_shown_twice_counts_once(world: World) -> None:
    first, _ = answer(world)
    report(world, first)
    report(world, first)
    assert world.reply().delivered_wall is None


def test_a_report_on_what_is_in_doubt_tells_that_it_left_and_settles_nothing(world: World) -> None:
    world.modem.send_script.append(SendOutcome(InDoubt("no answer", accepted=1), left=True))
    first, second = answer(world)
    report(world, first)
    report(world, second)
    assert Status.IN_DOUBT is world.reply().state
    assert world.reply().delivered_wall is not None


def test_only_what_was_sent_with_a_wish_for_reports_says_so(world: World) -> None:
    answer(world)
    world.gateway.reports = False
    answer(world, JULIEN)
    with world.gateway.database.snapshot() as tx:
        assert [1, 0] == [row[0] for row in tx.execute("SELECT report_asked FROM outbox ORDER BY id")]
