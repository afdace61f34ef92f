"""What the network does to a gateway: gone, foreign, refusing, blocking; what it says of delivery; calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from relou_gateway.clock import QuotaClock
from relou_gateway.rules.breaker import UNREPORTED_AT_MOST
from relou_gateway.rules.records import Moment, Status
from relou_gateway.store import gateway as state
from relou_gateway.store import outbox
from relou_gateway.store.database import Database, create_or_migrate
from relou_gateway.store.gateway import ClockRow
from tests.store.samples import claimed
from tests.support.daemon import Section, Service, service
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM, JULIEN = "+33612345678", "+33687658642"
PEOPLE = [f"+3361234560{index}" for index in range(6)]


def overdue(gateway: Service, number: str) -> bool:
    """Say whether the reply to somebody could have gone a second ago."""
    [reply] = [each for each in gateway.replies() if each.number == number]
    return datetime.now(UTC) > reply.due_at + timedelta(seconds=1)


# --- where it is --------------------------------------------------------------------------


@side_by_side
def test_a_network_that_only_a_restarted_radio_finds_again_is_found_without_a_hand(directory: Path) -> None:
    with service(directory, {"modem": {"radio_restart": "2s"}}, start=False) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        gateway.modem.set(lost_network=True)
        before = gateway.modem.state()["radio_starts"]
        gateway.start()
        assert "it has no network" in gateway.wait_for("modem.unregistered")["reason"]
        gateway.wait_for("modem.radio_restarted")
        gateway.wait_for("reply.sent", number=KARIM)
        assert 1 == gateway.modem.state()["radio_starts"] - before
        assert 1 == len(gateway.heard("modem.unregistered"))
        assert [] == gateway.heard("modem.lost")


@side_by_side
def test_a_modem_that_lte_alone_serves_works_as_any_other(directory: Path) -> None:
    with service(directory, {"modem": {"radio_restart": "2s"}}, start=False) as gateway:
        gateway.modem.set(lte_only=True)
        before = gateway.modem.state()["radio_starts"]
        gateway.start()
        assert "Relou Mobile" == gateway.wait_for("modem.registered")["operator"]
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent", number=KARIM)
        [status] = gateway.rows("status")
        assert (True, False) == (status["modem"]["registered"], status["modem"]["roaming"])
        assert 0 == gateway.modem.state()["radio_starts"] - before
        silent = ("modem.unregistered", "modem.radio_restarted", "modem.lost")
        assert [] == [told for event in silent for told in gateway.heard(event)]


@side_by_side
def test_nothing_is_sent_while_roaming_until_that_is_allowed(directory: Path) -> None:
    with service(directory, start=False) as gateway:
        gateway.modem.set(roaming=True)
        gateway.modem.deliver(KARIM, "Salut")
        gateway.start()
        gateway.wait_for("verdict.given", number=KARIM)
        wait_until(lambda: overdue(gateway, KARIM))
        gateway.modem.deliver(JULIEN, "Salut")
        gateway.wait_for("verdict.given", number=JULIEN)
        assert [True] == ["modem.roaming" in each["reason"] for each in gateway.heard("modem.registered")]
        [status] = gateway.rows("status")
        assert (True, True) == (status["modem"]["roaming"], "modem.roaming" in status["modem"]["detail"])
        assert "modem.roaming" in gateway.verb("status").stdout
        assert [] == gateway.modem.record()
        gateway.stop()
        gateway.configure({"modem": {"roaming": True}})
        gateway.start()
        gateway.wait_for("reply.sent", count=2)


@side_by_side
def test_a_network_that_refuses_the_sim_is_told_in_words(directory: Path) -> None:
    with service(directory, start=False) as gateway:
        gateway.modem.set(denied=True)
        gateway.start()
        assert "ask the operator" in gateway.wait_for("modem.unregistered")["reason"]
        wait_until(lambda: "refuses this SIM" in gateway.rows("status")[0]["modem"]["detail"])


# --- what it takes ------------------------------------------------------------------------


@side_by_side
def test_an_operator_s_block_stops_sending_across_restarts_until_a_person_or_a_trial_ends_it(
    directory: Path,
) -> None:
    with service(directory, start=False) as gateway:
        gateway.modem.refuse_sends(cms=21, count=None)
        for number in PEOPLE:
            gateway.modem.deliver(number, "Salut")
        gateway.start()
        opened = gateway.wait_for("breaker.opened")
        assert ("rejected", True) == (opened["cause"], "credit" in opened["reason"])
        gateway.kill()
        gateway.start()
        gateway.wait_for("breaker.opened")
        gateway.modem.clear()
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("verdict.given", number=KARIM)
        wait_until(lambda: overdue(gateway, KARIM))
        gateway.modem.deliver(JULIEN, "Salut")
        gateway.wait_for("verdict.given", number=JULIEN)
        [status] = gateway.rows("status")
        assert ("rejected", 1, None) == tuple(status["breaker"][key] for key in ("cause", "times", "trial"))
        assert "stopped by itself" in gateway.verb("status").stdout
        assert "stopped by itself" in gateway.verb("why", "7").stdout
        assert [] == gateway.modem.record()
        assert "sending again" in gateway.verb("resume").stdout
        gateway.wait_for("reply.sent", number=KARIM)
        gateway.wait_for("breaker.closed")
        refused = [each for each in gateway.replies() if each.number in PEOPLE]
        once_more = sum(each.state in {Status.SENT, Status.SENDING} for each in refused)
        assert 5 == sum(each.attempts for each in refused) - once_more
        assert [] == gateway.broken_links()


@side_by_side
def test_delivery_reports_are_asked_for_matched_part_by_part_and_shown(directory: Path) -> None:
    config: dict[str, Section] = {"modem": {"reports": True}, "replies": {"texts": ["x" * 200]}}
    with service(directory, config) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.delivered", reply=1)
        assert [True, True] == [part["report"] for part in gateway.modem.record()]
        [reply] = gateway.rows("queue")
        assert ("sent", True) == (reply["state"], reply["delivered_at"] >= reply["sent_at"])
        rows = [(row["kind"], row["number"], row["reply_id"]) for row in gateway.rows("messages")]
        assert [("sms", KARIM, 1), ("report", KARIM, 1), ("report", KARIM, 1)] == rows
        [shown] = gateway.rows("queue", "show", "1")
        assert ([1], [True, True]) == (shown["message_ids"], [each["arrived"] for each in shown["reports"]])
        assert "DELIVERED" in gateway.verb("queue").stdout
        assert "delivered (0x00)" in gateway.verb("queue", "show", "1").stdout
        assert "on reply 1" in gateway.verb("messages").stdout
        assert "delivered" in gateway.verb("why", "1").stdout
        assert "a delivery report on reply 1" in gateway.verb("why", "2").stdout


def answer_without_reports(database: Path) -> None:
    """Let twenty people have been answered half an hour ago, and no report have come."""
    create_or_migrate(database)
    at = datetime.now(UTC) - timedelta(minutes=30)
    now = Moment(at, at)
    with Database(database) as opened, opened.transaction("answer") as tx:
        for index in range(UNREPORTED_AT_MOST):
            reply = claimed(tx, f"+336123450{index:02}", now, parts=1, due_at=at)
            outbox.settle_sent(tx, reply.id, (index,), now, report_asked=True)
        clock = QuotaClock(None).anchor()
        state.save_clock(
            tx, ClockRow(clock.boot_id, clock.boottime, clock.wall, clock.wall, wall_trusted=True)
        )


@side_by_side
def test_a_silent_block_stops_sending_until_a_report_comes_after_all(directory: Path) -> None:
    with service(directory, {"modem": {"reports": True}}, start=False) as gateway:
        answer_without_reports(gateway.database)
        gateway.start()
        assert "unreported" == gateway.wait_for("breaker.opened")["cause"]
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("verdict.given", number=KARIM)
        wait_until(lambda: overdue(gateway, KARIM))
        gateway.modem.deliver(JULIEN, "Salut")
        gateway.wait_for("verdict.given", number=JULIEN)
        assert [] == gateway.modem.record()
        gateway.modem.report("+33612345007", 7)
        gateway.wait_for("breaker.closed", cause="unreported")
        gateway.wait_for("reply.sent", count=2)


@side_by_side
def test_without_the_operator_s_wish_no_report_is_asked_for(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent")
        assert [False] == [part["report"] for part in gateway.modem.record()]


# --- calls --------------------------------------------------------------------------------


@side_by_side
def test_a_call_rings_out_where_it_is_to_ring_and_is_one_call_that_is_answered_once(directory: Path) -> None:
    with service(directory, {"replies": {"delay": ["6s", "6s"]}}) as gateway:
        gateway.wait_for("modem.registered")
        assert gateway.modem.call(KARIM, rings=8, seconds=0.5)
        gateway.wait_for("verdict.given", number=KARIM, kind="call")
        assert gateway.modem.state()["ringing"]
        wait_until(lambda: not gateway.modem.state()["ringing"])
        assert gateway.modem.call("", rings=2, seconds=0.5)
        hidden = gateway.wait_for("verdict.given", kind="call", count=2)
        assert ("", "declined", "hidden") == tuple(hidden[key] for key in ("number", "verdict", "reason"))
        gateway.wait_for("reply.sent", number=KARIM)
        assert [("call", KARIM), ("call", "")] == [(row.kind, row.number) for row in gateway.messages()]
        assert [KARIM] == [part["number"] for part in gateway.modem.record()]


@side_by_side
def test_a_call_is_ended_where_it_is_to_be_hung_up_and_answered_all_the_same(directory: Path) -> None:
    with service(directory, {"modem": {"calls": "hang_up"}}) as gateway:
        gateway.wait_for("modem.registered")
        assert gateway.modem.call(KARIM, rings=1000, seconds=1.0)
        wait_until(lambda: not gateway.modem.state()["ringing"])
        gateway.wait_for("reply.sent", number=KARIM)
        assert [("call", KARIM)] == [(row.kind, row.number) for row in gateway.messages()]
