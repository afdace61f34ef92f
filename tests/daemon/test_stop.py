"""An orderly stop: within ten seconds in every state, with exit code 0 and nothing left behind."""

from __future__ import annotations

import signal
from pathlib import Path

from relou_gateway.rules.records import Status
from relou_gateway.store.database import Database
from tests.support.daemon import STOP_WITHIN, Ended, Section, Service, service
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM, JULIEN = "+33612345678", "+33687654321"


def assert_in_order(gateway: Service, ended: Ended) -> None:
    """Hold that this was an orderly stop: in time, all is told, the lock is free, no process is left."""
    assert ended.seconds < STOP_WITHIN
    assert (0, "daemon.stopped") == (ended.code, gateway.output.events[-1]["event"])
    assert ([], True) == (gateway.processes(), gateway.lock_is_free())


@side_by_side
def test_sigterm_ends_an_idle_gateway(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        assert_in_order(gateway, gateway.stop())
        [status] = gateway.rows("status")
        assert ("stopped", False) == (status["modem"]["state"], status["modem"]["registered"])


@side_by_side
def test_sigint_ends_an_idle_gateway(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        assert_in_order(gateway, gateway.stop(signal.SIGINT))


@side_by_side
def test_a_stop_while_the_modem_is_being_opened(directory: Path) -> None:
    with service(directory) as gateway:
        wait_until(lambda: gateway.modem.state()["commands"] > 2, 20)
        assert gateway.heard("modem.ready") == []
        assert_in_order(gateway, gateway.stop())


@side_by_side
def test_a_stop_while_the_modem_hangs_in_a_listing(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        gateway.modem.fault("hang", at="AT+CMGL")
        wait_until(lambda: gateway.modem.state()["hung"])
        assert_in_order(gateway, gateway.stop())


@side_by_side
def test_a_stop_without_any_modem(directory: Path) -> None:
    missing = {"modem": {"device": str(directory / "nothing")}}
    with service(directory, missing, plugged=False) as gateway:
        gateway.wait_for("modem.lost", cause="absent")
        assert_in_order(gateway, gateway.stop())


@side_by_side
def test_a_stop_while_a_long_send_runs_leaves_it_in_doubt_and_claims_no_other(directory: Path) -> None:
    with service(directory, modem={"send_seconds": 30}) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        gateway.modem.deliver(JULIEN, "Coucou")
        gateway.wait_for("reply.claimed")
        assert_in_order(gateway, gateway.stop())
        doubtful, waiting = sorted(gateway.replies(), key=lambda reply: reply.state)
        assert (Status.IN_DOUBT, 1) == (doubtful.state, doubtful.attempts)
        assert (Status.SCHEDULED, 0) == (waiting.state, waiting.attempts)
        assert 1 == len(gateway.heard("reply.claimed"))


@side_by_side
def test_what_is_in_doubt_counts_as_spent(directory: Path) -> None:
    caps: dict[str, Section] = {"throttle": {"per_day": 5}, "budget": {"price": "0.16", "per_day": "1.00"}}
    with service(directory, caps, modem={"send_seconds": 30}) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.claimed")
        [before] = [row for row in gateway.rows("budget") if row["window"] == "budget.per_day"]
        assert ("0.00", "0.16", "0.84") == (before["used"], before["reserved"], before["left"])
        gateway.stop()
        assert {"throttle.per_day": 1, "budget.per_day": "0.16"} == {
            row["window"]: row["used"] for row in gateway.rows("budget")
        }


@side_by_side
def test_a_stop_while_another_program_holds_the_database(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        with Database(gateway.database) as held, held.transaction("held by a test"):
            gateway.modem.deliver(KARIM, "Salut")
            ended = gateway.stop()
        assert ended.seconds < STOP_WITHIN
        assert (0, [], True) == (ended.code, gateway.processes(), gateway.lock_is_free())
        assert 0 == gateway.modem.state()["deleted"]
