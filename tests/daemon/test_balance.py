"""A gateway that asks for its SIM's credit: daemon, libGammu, virtual modem and network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relou_gateway.rules.balance import WISHES_APART
from relou_gateway.rules.records import Moment, Purpose
from relou_gateway.store import balance
from relou_gateway.store.database import Database
from tests.support.daemon import Section, Service, service
from tests.support.displaced import Displaced
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM, JULIEN, OWN = "+33612345678", "+33687654321", "+33700000001"
ASKS = {"budget": {"keep": "2.00", "price": "0.16", "balance": {"ussd": "#123#", "every": "3s"}}}


@side_by_side
def test_the_credit_is_asked_for_held_against_the_ledger_and_heeded(directory: Path) -> None:
    with service(directory, ASKS, modem={"credit": 2_200_000}) as gateway:
        first = gateway.wait_for("credit.told")
        assert ("2.20", "told for the first time") == (first["credit"], first["reason"])
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent", number=KARIM)
        gateway.wait_for("credit.told", credit="2.04", expected="2.04")
        assert "2.04" == gateway.rows("status")[0]["budget"]["credit"]
        gateway.modem.deliver(JULIEN, "Salut")
        gateway.wait_for("credit.low")
        assert "sending has stopped to keep 2.00: top the SIM up" in gateway.verb("status").stdout
        gateway.modem.set(credit="12.04")
        gateway.wait_for("credit.topped_up", credit="12.04")
        gateway.wait_for("reply.sent", number=JULIEN)
        assert [KARIM, JULIEN] == [line["number"] for line in gateway.modem.record()]
        assert [] == gateway.broken_links()


@side_by_side
def test_an_operator_has_it_asked_for_now(directory: Path) -> None:
    seldom: dict[str, Section] = {"budget": {"balance": {"ussd": "#123#", "every": "12h"}}}
    with service(directory, seldom, modem={"credit": 5_000_000}, start=False) as gateway:
        machine = Displaced(directory / "machine.json")
        machine.step(timedelta(minutes=-10))  # so that the verb takes the first question for an old one
        gateway.start(prefix=machine.prefix, environ=machine.environ)
        gateway.wait_for("credit.told", credit="5.00")
        gateway.modem.set(credit="3.21")
        machine.suspend(WISHES_APART)  # and so does the daemon
        done = gateway.verb("credit", "--ask")
        assert (0, True) == (done.returncode, done.stdout.startswith("credit      3.21 EUR (3.21 told at "))
        assert done.stderr.startswith("waiting for the gateway to ask with #123#, ")
        gateway.modem.set(ussd_line="4")
        machine.suspend(WISHES_APART)
        done = gateway.verb("credit", "--ask", "--json")
        shown = json.loads(done.stdout)
        assert (1, "3.21") == (done.returncode, shown["credit"])
        assert shown["credit_trouble"].startswith("the network refused the service code")


@side_by_side
def test_a_network_that_answers_nonsense_keeps_nobody_from_his_answer(directory: Path) -> None:
    with service(directory, ASKS, start=False) as gateway:
        gateway.modem.set(ussd_line="4")
        gateway.start()
        refused = gateway.wait_for("credit.unknown")
        assert refused["reason"].startswith("the network refused the service code")
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent", number=KARIM)
        assert "the network refused the service code" in gateway.verb("status").stdout


@side_by_side
def test_a_sim_that_lies_idle_sends_to_an_own_number(directory: Path) -> None:
    kept: dict[str, Section] = {
        "modem": {"keep_alive": {"to": OWN, "text": "tout va bien"}},
        "senders": {"own": [OWN]},
    }
    with service(directory, kept) as gateway:
        gateway.wait_for("modem.registered")
        gateway.stop()
        past = datetime.now(UTC) - timedelta(days=61)
        with Database(gateway.database) as database, database.transaction("idle") as tx:
            tx.execute("UPDATE gateway SET idle_at = NULL")
            balance.note_idle(tx, Moment(past, past))
        gateway.start()
        gateway.wait_for("sim.keep_alive_due")
        gateway.wait_for("reply.sent", number=OWN)
        assert [("tout va bien", OWN)] == [(line["text"], line["number"]) for line in gateway.modem.record()]
        (sent,) = gateway.replies()
        assert Purpose.KEEP_ALIVE is sent.purpose


def modem_waits(gateway: Service) -> bool:
    """Say whether the daemon waits for the network's answer now."""
    return bool(gateway.modem.state()["ussd_on"])


@side_by_side
def test_a_gateway_that_waits_for_the_network_stops_in_time(directory: Path) -> None:
    with service(directory, ASKS, start=False) as gateway:
        gateway.modem.set(ussd_answer=None)
        gateway.start()
        wait_until(lambda: modem_waits(gateway), 20)
        ended = gateway.stop()
        assert (0, True) == (ended.code, ended.seconds < 10)
        assert None is gateway.rows("status")[0]["budget"]["credit_trouble"]


@side_by_side
def test_a_modem_that_is_pulled_while_it_is_asked_is_not_asked_again_at_once(directory: Path) -> None:
    seldom: dict[str, Section] = {"budget": {"balance": {"ussd": "#123#", "every": "1h"}}}
    with service(directory, seldom, start=False) as gateway:
        gateway.modem.set(ussd_answer=None)
        gateway.start()
        wait_until(lambda: modem_waits(gateway), 20)
        gateway.modem.drop()
        gateway.wait_for("credit.unknown")
        gateway.modem.set(ussd_line='0,"Solde 12,34 EUR",15')
        gateway.modem.replug()
        gateway.wait_for("modem.ready", count=2)
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent", number=KARIM)
        assert not gateway.heard("credit.told")
