"""What can befall a gateway, one context manager each: entered it has struck, left it is over.

What lasts goes on in between, so that something else can strike meanwhile. A mishap raises `Missed`
where it found nothing to strike in time, as a lost answer of a send does while nothing is sent; it is
tried again later then. All that is left to chance comes from the soak's lot.

Alone, a mishap has to be told of. While another one is about, `one_more` bears that it is not: a daemon that
cannot write learns late of a stick that was pulled.
"""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.daemon.test_store_trouble import full_disk, locked
from tests.support.daemon import STOP_WITHIN
from tests.support.outages import Missed, cleared_afterwards, no_network, operators_block, radio_gone_astray

if TYPE_CHECKING:
    from tests.support.soaking import Soak

Mishap = Callable[["Soak"], AbstractContextManager[None]]

LINES = ("AT+CPMS", "AT+CMGL", "AT+CMGR", "AT+CMGD", "AT+CMGS", "<message>", "AT+CSQ", "AT+CREG?")
"""Beginnings of command lines at which something can go wrong; the last two are asked for rarely."""

CODES = (38, 41, 47, 21, 28, 500, 332, 331)
"""+CMS errors that mean later, never, and nobody knows (3GPP 24.011 annex E, 27.005 ch. 3.2.5)."""


# --- the modem ------------------------------------------------------------------------------


@contextmanager
def hang(soak: Soak) -> Iterator[None]:
    at = soak.lot.choice(LINES[: 6 if soak.machine.hurried else None])
    soak.modem.fault("hang", at=at, executed=soak.lot.random() < 0.5)
    with _hung(soak):
        yield


@contextmanager
def hang_while_it_babbles(soak: Soak) -> Iterator[None]:
    soak.modem.ask("chatter", seconds=0.05)
    soak.modem.fault("hang", at="AT+CMGL")
    with _hung(soak):
        yield


@contextmanager
def _hung(soak: Soak) -> Iterator[None]:
    """Wait until it hangs, and let it hang until that was noticed."""
    with cleared_afterwards(soak):
        soak.awaited(lambda: soak.modem.state()["hung"])
        with soak.one_more("modem.lost"):
            yield


@contextmanager
def babble(soak: Soak) -> Iterator[None]:
    with cleared_afterwards(soak):
        soak.modem.ask("chatter", seconds=0.02)
        yield
        soak.lasts(2, 20)


@contextmanager
def garbage(soak: Soak) -> Iterator[None]:
    soak.modem.ask("garbage", length=soak.lot.randrange(20, 5000))
    yield


@contextmanager
def lost_answer_of_a_send(soak: Soak) -> Iterator[None]:
    with _spent(soak, "lose", at="<message>"):
        yield


@contextmanager
def refused_send(soak: Soak) -> Iterator[None]:
    with _spent(soak, "refuse", at="<message>", cms=soak.lot.choice(CODES)):
        yield


@contextmanager
def lost_answer_of_a_delete(soak: Soak) -> Iterator[None]:
    with _spent(soak, "lose", at="AT+CMGD="):
        yield


@contextmanager
def refused_deletes(soak: Soak) -> Iterator[None]:
    with _spent(soak, "refuse", at="AT+CMGD=", cms=500, count=soak.lot.choice((1, 4))):
        yield


@contextmanager
def _spent(soak: Soak, kind: str, **fault: object) -> Iterator[None]:
    """Arm a fault, and wait until it has struck as often as it can."""
    with cleared_afterwards(soak):
        soak.modem.fault(kind, **fault)
        soak.awaited(lambda: not soak.modem.state()["faults"])
        yield


@contextmanager
def poison(soak: Soak) -> Iterator[None]:
    for _ in range(soak.lot.randrange(1, 5)):
        soak.bustle.poisoner()
    yield


# --- the SIM --------------------------------------------------------------------------------


@contextmanager
def full_sim(soak: Soak) -> Iterator[None]:
    with cleared_afterwards(soak):
        soak.modem.fault("full")
        for _ in range(30):
            soak.bustle.write()
        yield
        soak.lasts(2, 20)


@contextmanager
def sim_taken_out(soak: Soak) -> Iterator[None]:
    try:
        with soak.one_more("modem.lost"):
            soak.modem.set(sim_fault="absent")
        yield
    finally:
        soak.modem.set(sim_fault=None)


# --- the bus --------------------------------------------------------------------------------


@contextmanager
def pulled(soak: Soak) -> Iterator[None]:
    try:
        if soak.two_at_once or soak.lot.random() < 0.5:
            soak.modem.drop()
        else:
            at = soak.lot.choice(LINES[:4])
            soak.modem.fault("drop", at=at, executed=soak.lot.random() < 0.5)
            soak.awaited(lambda: soak.modem.state()["device"] is None)
        yield
        soak.lasts(0.5, 10)
    finally:
        soak.modem.replug()


@contextmanager
def back_under_another_name(soak: Soak) -> Iterator[None]:
    try:
        soak.modem.drop()
        yield
        soak.lasts(0.5, 10)
    finally:
        soak.modem.ask("replug", link=str(soak.another_name()))


@contextmanager
def reset_by_itself(soak: Soak) -> Iterator[None]:
    soak.modem.replug()
    yield


@contextmanager
def held_by_another_program(soak: Soak) -> Iterator[None]:
    with _snatched(soak), soak.one_more("modem.lost", cause="busy"):
        yield
        soak.lasts(0.5, 10)


@contextmanager
def _snatched(soak: Soak) -> Iterator[None]:
    """Have the modem's tty as another serial program does, from the cell's end on."""
    tty = os.open(soak.modem.state()["device"], os.O_RDWR | os.O_NOCTTY)
    try:
        with soak.one_more("modem.lost", cause="died"):
            os.kill(soak.cell(), signal.SIGKILL)
            soak.awaited(lambda: _is_locked_by_us(tty), 3)
        yield
    finally:
        os.close(tty)


def _is_locked_by_us(tty: int) -> bool:
    try:
        fcntl.flock(tty, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# --- processes ------------------------------------------------------------------------------


@contextmanager
def cell_segfaults(soak: Soak) -> Iterator[None]:
    _strike_cell(soak, signal.SIGSEGV)
    yield


@contextmanager
def cell_killed(soak: Soak) -> Iterator[None]:
    _strike_cell(soak, signal.SIGKILL)
    yield


def _strike_cell(soak: Soak, number: signal.Signals) -> None:
    with soak.one_more("modem.lost", cause="died"):
        try:
            os.kill(soak.cell(), number)
        except ProcessLookupError:  # what else is about was quicker
            raise Missed from None


@contextmanager
def cell_stopped(soak: Soak) -> Iterator[None]:
    cell = soak.cell()
    with soak.one_more("modem.lost"):
        os.kill(cell, signal.SIGSTOP)
        yield
    alive = dict(soak.gateway.process_ids())
    assert soak.two_at_once or cell not in alive, "a cell that was stopped is still there"


@contextmanager
def daemon_killed(soak: Soak) -> Iterator[None]:
    soak.lasts(0, 3)
    soak.gateway.kill()
    soak.start()
    yield


@contextmanager
def daemon_restarted(soak: Soak) -> Iterator[None]:
    if not soak.two_at_once and soak.lot.random() < 0.5:
        soak.modem.fault("hang", at=soak.lot.choice(LINES[:2]))
        with suppress(Missed):
            soak.awaited(lambda: soak.modem.state()["hung"], 5)
    ended = soak.gateway.stop()
    assert (0, True) == (ended.code, ended.seconds < STOP_WITHIN), ended
    if not soak.two_at_once:
        soak.modem.clear()
    soak.start()
    yield


# --- the host -------------------------------------------------------------------------------


@contextmanager
def clock_steps(soak: Soak) -> Iterator[None]:
    step = timedelta(days=soak.lot.choice((-400, -1, -0.2, 0.2, 1, 400, 20_000)))
    with soak.one_more("clock.stepped"):
        soak.machine.step(step)
    try:
        yield
        soak.lasts(0, 5)
    finally:
        with soak.one_more("clock.stepped"):
            soak.machine.step(-step)


@contextmanager
def host_sleeps(soak: Soak) -> Iterator[None]:
    with soak.one_more("clock.stepped"):
        soak.sleep(timedelta(minutes=soak.lot.randrange(5, 100)))
    yield


@contextmanager
def disk_full(soak: Soak) -> Iterator[None]:
    with full_disk(soak.gateway):
        with soak.one_more("store.failed"):
            soak.bustle.write()
        yield
        soak.lasts(0.5, 10)


@contextmanager
def database_locked(soak: Soak) -> Iterator[None]:
    with locked(soak.gateway):
        with soak.one_more("store.failed"):
            soak.bustle.write()
        yield


MISHAPS: Mapping[str, Mishap] = {
    "hang in a command": hang,
    "hang while the line never falls silent": hang_while_it_babbles,
    "line that never falls silent": babble,
    "garbage on the line": garbage,
    "lost answer of a send": lost_answer_of_a_send,
    "refused send": refused_send,
    "lost answer of a delete": lost_answer_of_a_delete,
    "refused deletes": refused_deletes,
    "undeletable messages": poison,
    "no network": no_network,
    "network that only a restarted radio finds": radio_gone_astray,
    "sends refused until the breaker opens": operators_block,
    "SIM full": full_sim,
    "SIM taken out": sim_taken_out,
    "pulled and plugged in again": pulled,
    "back under another name": back_under_another_name,
    "modem resets itself": reset_by_itself,
    "tty held by another program": held_by_another_program,
    "cell segfaults": cell_segfaults,
    "cell killed": cell_killed,
    "cell stopped": cell_stopped,
    "daemon killed": daemon_killed,
    "daemon restarted": daemon_restarted,
    "wall clock steps": clock_steps,
    "host sleeps": host_sleeps,
    "disk full": disk_full,
    "database locked": database_locked,
}

ENDS_THE_DAEMON = frozenset({"daemon killed", "daemon restarted"})
