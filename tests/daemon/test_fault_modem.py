"""What modems do in the field, and how long it takes until the gateway is at work again.

Deadlines are those of `HURRIED`: the same road as with the real ones, in less time.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.daemon.test_fault_stop import cell, hung
from tests.support.daemon import Service, service
from tests.support.displaced import HURRIED, HURRIED_PAUSE, Displaced
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM, JULIEN, MATHIEU = "+33612345678", "+33687658642", "+33798765005"
OPENING = 20.0
"""Seconds that a probe and libGammu's Init take on a busy machine: 5 on an idle one."""


@contextmanager
def hurried(directory: Path, **modem: object) -> Iterator[Service]:
    machine = Displaced(directory / "machine.json", hurried=True)
    with service(directory, modem=modem, start=False) as gateway:
        gateway.start(prefix=machine.prefix, environ=machine.environ)
        gateway.wait_for("modem.ready")
        yield gateway


def is_outlived(gateway: Service, cause: str, trouble: Callable[[], object], within: float) -> None:
    """Let there be trouble; hold that it is told, that the modem is back in time, and that all was taken in.

    `within` are the seconds until it is noticed.
    """
    gateway.modem.deliver(KARIM, "avant")
    gateway.wait_for("reply.sent", number=KARIM)
    trouble()
    began = time.monotonic()
    gateway.modem.deliver(JULIEN, "pendant")
    gateway.wait_for("modem.lost", within + 5, cause=cause)
    gateway.modem.clear()
    gateway.wait_for("modem.ready", count=2)
    assert time.monotonic() - began < within + HURRIED_PAUSE + OPENING
    gateway.modem.deliver(MATHIEU, "après")
    for number in (JULIEN, MATHIEU):
        gateway.wait_for("reply.sent", number=number)
    # Which of two memories is read first after a loss, a modem does not promise.
    assert {"avant", "pendant", "après"} == {message.text for message in gateway.messages()}
    assert 3 == len(gateway.messages())
    assert sorted([KARIM, JULIEN, MATHIEU]) == sorted(line["number"] for line in gateway.modem.record())
    assert ([], []) == (gateway.heard("tick.failed"), gateway.broken_links())


@side_by_side
def test_a_cell_that_segfaults_is_replaced_and_loses_nothing(directory: Path) -> None:
    with hurried(directory) as gateway:
        is_outlived(gateway, "died", lambda: os.kill(cell(gateway), signal.SIGSEGV), 2)


@side_by_side
def test_a_cell_that_is_stopped_is_killed_at_its_deadline(directory: Path) -> None:
    with hurried(directory) as gateway:
        is_outlived(gateway, "hung", lambda: os.kill(cell(gateway), signal.SIGSTOP), HURRIED.listing)


@side_by_side
def test_lines_that_come_all_the_while_do_not_put_off_the_deadline(directory: Path) -> None:
    with hurried(directory) as gateway:

        def trouble() -> None:
            gateway.modem.ask("chatter", seconds=0.02)
            hung(gateway, "AT+CMGL")

        is_outlived(gateway, "hung", trouble, HURRIED.listing)


@side_by_side
def test_a_modem_that_refuses_every_listing_is_opened_afresh(directory: Path) -> None:
    with hurried(directory) as gateway:

        def trouble() -> None:
            gateway.modem.fault("refuse", at="AT+CPMS", cms=500, count=None)

        is_outlived(gateway, "sim", trouble, 12)


@side_by_side
def test_a_send_answered_with_an_error_although_it_left_is_never_repeated(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.modem.fault("refuse", at="<message>", executed=True)
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.in_doubt", number=KARIM)
        gateway.modem.deliver(KARIM, "Tu es là ?")
        gateway.modem.deliver(JULIEN, "Coucou")
        gateway.wait_for("reply.sent", number=JULIEN)
        gateway.wait_for("verdict.given", count=3)
        gateway.stop()
        gateway.start()
        gateway.modem.deliver(MATHIEU, "Bonjour")
        gateway.wait_for("reply.sent", number=MATHIEU)
        assert [KARIM, JULIEN, MATHIEU] == [line["number"] for line in gateway.modem.record()]


@side_by_side
def test_a_reply_that_does_not_go_lets_the_others_go(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.modem.refuse_sends(42)
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.postponed", number=KARIM)
        gateway.modem.deliver(JULIEN, "Coucou")
        gateway.wait_for("reply.sent", number=JULIEN)
        states = {reply.number: (reply.state, reply.attempts) for reply in gateway.replies()}
        assert {KARIM: ("scheduled", 1), JULIEN: ("sent", 1)} == states


@side_by_side
def test_a_delete_whose_answer_is_lost_costs_nothing_that_took_the_slot(directory: Path) -> None:
    texts = [f"message {index}" for index in range(6)]
    with hurried(directory, sim_slots=3, me_slots=0) as gateway:
        gateway.modem.fault("lose", at="AT+CMGD=")
        for text in texts:
            gateway.modem.deliver(KARIM, text)
        gateway.wait_for("modem.lost")
        gateway.wait_for("verdict.given", count=len(texts))
        wait_until(lambda: [] == gateway.modem.slots())
        assert texts == sorted(message.text for message in gateway.messages())
        gateway.wait_for("reply.sent")
        assert [KARIM] == [line["number"] for line in gateway.modem.record()]
