"""A stop within ten seconds in every state that a modem can be in; the plainer ones are in test_stop."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.daemon.test_fault_time import IN_1970
from tests.daemon.test_modem_trouble import held
from tests.daemon.test_stop import assert_in_order
from tests.modem.test_poison import POISON
from tests.support.daemon import STOP_WITHIN, Service, service
from tests.support.displaced import Displaced
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM = "+33612345678"


def cell(gateway: Service) -> int:
    """Return the process id of the modem's cell."""
    return next(pid for pid, command in gateway.process_ids() if "cell_child" in command)


def hung(gateway: Service, at: str, *, executed: bool = False) -> None:
    """Let the modem hang in a command, and wait until it does."""
    gateway.modem.fault("hang", at=at, executed=executed)
    wait_until(lambda: gateway.modem.state()["hung"], 20)


@side_by_side
def test_a_stop_while_libgammu_opens_a_modem_that_fell_silent(directory: Path) -> None:
    with service(directory, start=False) as gateway:
        gateway.modem.fault("hang", at="AT+CPROT")  # which only libGammu asks for, and not our probe
        gateway.start()
        wait_until(lambda: gateway.modem.state()["hung"], 20)
        assert_in_order(gateway, gateway.stop())


@side_by_side
def test_a_stop_while_the_cell_is_stopped(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        os.kill(cell(gateway), signal.SIGSTOP)
        gateway.modem.deliver(KARIM, "Salut")
        assert_in_order(gateway, gateway.stop())


@side_by_side
def test_a_stop_while_a_modem_hangs_and_its_line_never_falls_silent(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        gateway.modem.ask("chatter", seconds=0.02)
        hung(gateway, "AT+CPMS")
        assert_in_order(gateway, gateway.stop())


@side_by_side
def test_a_stop_while_a_delete_hangs_repeats_and_loses_nothing(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        gateway.modem.deliver(KARIM, "Salut")
        hung(gateway, "AT+CMGD", executed=True)
        assert_in_order(gateway, gateway.stop())
        gateway.modem.clear()
        gateway.start()
        gateway.wait_for("reply.sent", number=KARIM)
        assert ["Salut"] == [message.text for message in gateway.messages()]


@side_by_side
def test_a_stop_while_a_modem_hangs_before_it_took_the_message_leaves_it_in_doubt(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        hung(gateway, "<message>")
        assert_in_order(gateway, gateway.stop())
        assert (["in_doubt"], []) == ([reply.state for reply in gateway.replies()], gateway.modem.record())


@side_by_side
def test_a_stop_while_a_slot_is_freed_by_hand(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        # libGammu reads the slot but never deletes it, so that whoever says CMGD does so by hand
        gateway.modem.fault("hang", at="AT+CMGD=")
        gateway.modem.deliver_raw(POISON.hex())
        wait_until(lambda: gateway.modem.state()["hung"], 20)
        ended = gateway.stop()
        assert (0, True, []) == (ended.code, ended.seconds < STOP_WITHIN, gateway.processes())


@side_by_side
def test_a_stop_between_two_tries_to_open_a_modem_and_while_another_program_holds_it(directory: Path) -> None:
    with service(directory, start=False) as gateway:
        with held(gateway.modem.link):
            gateway.start()
            gateway.wait_for("modem.lost", cause="busy")
            assert_in_order(gateway, gateway.stop())
        gateway.modem.set(sim_fault="failed")
        gateway.start()
        gateway.wait_for("modem.lost", cause="sim")
        assert_in_order(gateway, gateway.stop())


@side_by_side
def test_a_stop_in_a_flood_of_garbage_and_after_a_step_of_the_clock(directory: Path) -> None:
    machine = Displaced(directory / "machine.json")
    with service(directory, start=False) as gateway:
        gateway.start(prefix=machine.prefix, environ=machine.environ)
        gateway.wait_for("modem.ready")
        gateway.modem.ask("garbage", length=50_000)
        machine.set_wall(IN_1970, synchronised=False)
        assert_in_order(gateway, gateway.stop())
