"""A stick in a cupboard: it falls off the bus, comes back elsewhere, is poisoned, locked, full, mute."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.modem.test_poison import POISON
from tests.support.daemon import STOP_WITHIN, Service, service
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM, JULIEN = "+33612345678", "+33687658642"
BACK_WITHIN = 30.0
"""Seconds from a replug to service, as the gateway promises."""


@contextmanager
def taken(tty: str) -> Iterator[None]:
    """Let the name of a pty that is gone be another one's, so that nothing comes back under it."""
    opened: list[int] = []
    try:
        while not Path(tty).exists():
            opened += os.openpty()
        yield
    finally:
        for descriptor in opened:
            os.close(descriptor)


def reasons(gateway: Service, cause: str) -> list[str]:
    return [lost["reason"] for lost in gateway.heard("modem.lost") if lost["cause"] == cause]


@side_by_side
def test_a_modem_pulled_in_the_middle_of_a_listing_is_back_under_another_name(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.modem.deliver(KARIM, "avant")
        gateway.wait_for("reply.sent", number=KARIM)
        gateway.modem.fault("hang", at="AT+CMGL")
        wait_until(lambda: gateway.modem.state()["hung"])
        before = gateway.modem.state()["device"]
        began = time.monotonic()
        gateway.modem.drop()
        gateway.wait_for("modem.lost", cause="absent")
        assert time.monotonic() - began < 10, "not only at the listing's deadline"
        gateway.modem.clear()
        with taken(before):
            gateway.modem.replug()
            assert before != gateway.modem.state()["device"]
            began = time.monotonic()
            gateway.wait_for("modem.ready", count=2)
            assert time.monotonic() - began < BACK_WITHIN
        gateway.modem.deliver(JULIEN, "après")
        gateway.wait_for("reply.sent", number=JULIEN)
        assert [KARIM, JULIEN] == [line["number"] for line in gateway.modem.record()]


@side_by_side
def test_poison_is_kept_with_its_pdu_and_leaves_the_sim(directory: Path) -> None:
    with service(directory) as gateway:
        for _ in range(3):
            gateway.modem.deliver_raw(POISON.hex())
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("slot.freed", count=3)
        gateway.wait_for("reply.sent", number=KARIM)
        wait_until(lambda: [] == gateway.modem.slots())
        with gateway.store() as tx:
            kept = [row[0] for row in tx.execute("SELECT raw FROM inbox WHERE kind = 'undecodable'")]
            assert [POISON] * 3 == kept
            assert 0 == tx.execute("SELECT COUNT(*) FROM slots").fetchone()[0]


@side_by_side
def test_a_wrong_pin_is_tried_once_whatever_is_restarted(directory: Path) -> None:
    config = {"modem": {"pin": "73519264"}}
    with service(directory, config, modem={"pin": "1234"}, start=False) as gateway:
        gateway.modem.set(tells_tries=False)
        for _ in range(2):
            gateway.start()
            gateway.wait_for("modem.lost", cause="pin_wrong")
            assert "correct modem.pin" in gateway.heard("modem.lost")[-1]["reason"]
            gateway.stop()
            assert b"73519264" not in gateway.output.raw
        assert 2 == gateway.modem.state()["pin_tries"]
        gateway.configure({"modem": {"pin": "1234"}})
        gateway.start()
        gateway.wait_for("modem.ready")
        assert [True] == [tried["accepted"] for tried in gateway.heard("sim.pin_tried")]


@side_by_side
def test_a_sim_that_is_missing_is_told_and_works_once_it_is_there(directory: Path) -> None:
    with service(directory, start=False) as gateway:
        gateway.modem.set(sim_fault="absent")
        gateway.start()
        gateway.wait_for("modem.lost", cause="sim")
        assert ["put one in" in reason for reason in reasons(gateway, "sim")] == [True]
        [status] = gateway.rows("status")
        assert "sim" == status["modem"]["state"]
        gateway.modem.set(sim_fault=None)
        gateway.wait_for("modem.ready")


@side_by_side
def test_a_memory_that_is_nearly_full_and_a_missing_smsc_are_told_and_shown(directory: Path) -> None:
    with service(directory, modem={"sim_slots": 10}, start=False) as gateway:
        gateway.modem.set(smsc="")
        gateway.modem.fault("refuse", at="AT+CMGD=", cms=500, count=None)
        for number in range(7):
            gateway.modem.deliver(f"+3361234560{number}", "Salut")
        gateway.start()
        assert 70 == gateway.wait_for("sim.filling")["percent"]
        gateway.wait_for("modem.smsc_missing")
        [status] = gateway.rows("status")
        assert "its memory is 70 % full; the SMSC's number is missing" in status["modem"]["detail"]


@side_by_side
def test_a_stop_while_a_mute_port_is_asked_takes_less_than_ten_seconds(directory: Path) -> None:
    with service(directory, start=False) as gateway:
        gateway.modem.fault("hang")
        gateway.start()
        gateway.wait_for("daemon.started")
        wait_until(lambda: any("probe_child" in each for each in gateway.processes()))
        ended = gateway.stop()
        assert (0, True) == (ended.code, ended.seconds < STOP_WITHIN)
        assert [] == gateway.processes()
