"""The operator's verbs on a gateway that is at work."""

from __future__ import annotations

import json
import signal
from datetime import datetime, timedelta
from pathlib import Path

from tests.support.daemon import PROGRAM, Service, overheard, service
from tests.support.notify import listener
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM, JULIEN, MATHIEU = "+33612345678", "+33687654321", "+33798765005"


def states(gateway: Service) -> dict[str, str]:
    return {row["number"]: row["state"] for row in gateway.rows("queue")}


@side_by_side
def test_a_pause_stops_a_running_gateway_from_sending_until_it_ends(directory: Path) -> None:
    with service(directory, start=False) as gateway, listener(directory) as systemd:
        gateway.start(environ={"NOTIFY_SOCKET": systemd.address})
        gateway.wait_for("modem.ready")
        assert 0 == gateway.verb("pause", "--reason", "forum").returncode
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("verdict.given")
        systemd.wait_for("WATCHDOG=1", 4)  # its reply is due within two of these ticks
        assert ([], "forum") == (gateway.modem.record(), gateway.rows("status")[0]["paused"]["reason"])
        assert 0 == gateway.verb("resume").returncode
        gateway.wait_for("reply.sent")


@side_by_side
def test_the_operators_moves_reach_a_running_gateway(directory: Path) -> None:
    with service(directory, {"replies": {"review": "true"}}) as gateway:
        for number in (KARIM, JULIEN, MATHIEU):
            gateway.modem.deliver(number, "Salut")
        gateway.wait_for("verdict.given", count=3)
        assert dict.fromkeys((KARIM, JULIEN, MATHIEU), "held") == states(gateway)
        by_number = {row["number"]: str(row["id"]) for row in gateway.rows("queue")}
        gateway.verb("queue", "cancel", by_number[MATHIEU])
        gateway.verb("queue", "release", by_number[KARIM])
        gateway.wait_for("reply.sent", number=KARIM)
        gateway.modem.refuse_sends(cms=500)  # which says nothing about whether it left
        gateway.verb("queue", "release", by_number[JULIEN])
        gateway.wait_for("reply.in_doubt", number=JULIEN)
        assert {KARIM: "sent", JULIEN: "in_doubt", MATHIEU: "cancelled"} == states(gateway)
        assert 0 == gateway.verb("queue", "settle", by_number[JULIEN], "failed").returncode
        assert {KARIM: "sent", JULIEN: "failed", MATHIEU: "cancelled"} == states(gateway)
        assert [KARIM] == [line["number"] for line in gateway.modem.record()]


@side_by_side
def test_status_shows_a_gateway_that_is_at_work(directory: Path) -> None:
    with service(directory) as gateway:
        wait_until(lambda: gateway.database.exists() and gateway.heard("daemon.started"), 20)
        assert gateway.rows("status")[0]["modem"]["state"] in {"starting", "ready"}
        gateway.wait_for("modem.registered")
        modem = gateway.rows("status")[0]["modem"]
        assert ("ready", gateway.modem.link, "350000000000006", "Relou Mobile", True) == tuple(
            modem[key] for key in ("state", "device", "imei", "operator", "registered")
        )
        assert 0 < modem["signal_percent"] <= 100
        assert "at work" in gateway.verb("status").stdout


@side_by_side
def test_budget_tells_when_a_cap_that_binds_lets_go(directory: Path) -> None:
    with service(directory, {"throttle": {"per_hour": 1}}) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        sent = gateway.wait_for("reply.sent")
        gateway.modem.deliver(JULIEN, "Salut")
        gateway.wait_for("cap.reached", cap="throttle.per_hour")
        [cap] = gateway.rows("budget")
        assert (1, 0, 1, 0) == (cap["used"], cap["reserved"], cap["cap"], cap["left"])
        free_at, sent_at = datetime.fromisoformat(cap["free_at"]), datetime.fromisoformat(sent["timestamp"])
        assert abs(free_at - sent_at - timedelta(hours=1)) < timedelta(seconds=3)
        assert 1 == len(gateway.heard("cap.reached"))


@side_by_side
def test_messages_are_followed_with_the_verdict_of_a_running_gateway(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        follow = (PROGRAM, "messages", "--follow", "--json", "--config", gateway.config)
        with overheard(follow, gateway.environment()) as (process, output):
            gateway.modem.deliver(KARIM, "Salut")
            gateway.modem.deliver("36034", "Messagerie")
            wait_until(lambda: len(output.lines) == 2)
            process.send_signal(signal.SIGINT)
            assert 130 == process.wait(10)
        # A modem has two memories: which of two messages is read first is its own affair.
        shown = {row["text"]: row["verdict"] for row in map(json.loads, output.lines)}
        assert {"Salut": "reply", "Messagerie": "declined"} == shown
