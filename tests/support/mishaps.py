"""What can befall a gateway, one function each: it strikes, lasts for a while, and is over.

A mishap raises `Missed` where it found nothing to strike in time, as a lost answer of a send does
while nothing is sent; it is tried again later then. All that is left to chance comes from the
soak's lot.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.daemon.test_store_trouble import full_disk, locked
from tests.support.daemon import STOP_WITHIN

if TYPE_CHECKING:
    from tests.support.soaking import Soak

Mishap = Callable[["Soak"], None]

LINES = ("AT+CPMS", "AT+CMGL", "AT+CMGR", "AT+CMGD", "AT+CMGS", "<message>", "AT+CSQ", "AT+CREG?")
"""Beginnings of command lines at which something can go wrong; the last two are asked for rarely."""

CODES = (38, 41, 47, 21, 28, 500, 332, 331)
"""+CMS errors that mean later, never, and nobody knows (3GPP 24.011 annex E, 27.005 ch. 3.2.5)."""


class Missed(Exception):
    """There was nothing to strike."""


# --- the modem ------------------------------------------------------------------------------


def hang(soak: Soak) -> None:
    at = soak.lot.choice(LINES[: 6 if soak.machine.hurried else None])
    soak.modem.fault("hang", at=at, executed=soak.lot.random() < 0.5)
    _awaited(soak, lambda: soak.modem.state()["hung"])
    _until_it_is_noticed(soak)
    soak.modem.clear()


def hang_while_it_babbles(soak: Soak) -> None:
    soak.modem.ask("chatter", seconds=0.05)
    soak.modem.fault("hang", at="AT+CMGL")
    _awaited(soak, lambda: soak.modem.state()["hung"])
    _until_it_is_noticed(soak)
    soak.modem.clear()


def babble(soak: Soak) -> None:
    soak.modem.ask("chatter", seconds=0.02)
    soak.lasts(2, 20)
    soak.modem.clear()


def garbage(soak: Soak) -> None:
    soak.modem.ask("garbage", length=soak.lot.randrange(20, 5000))


def lost_answer_of_a_send(soak: Soak) -> None:
    soak.modem.fault("lose", at="<message>")
    _awaited(soak, lambda: not soak.modem.state()["faults"])


def refused_send(soak: Soak) -> None:
    soak.modem.fault("refuse", at="<message>", cms=soak.lot.choice(CODES))
    _awaited(soak, lambda: not soak.modem.state()["faults"])


def lost_answer_of_a_delete(soak: Soak) -> None:
    soak.modem.fault("lose", at="AT+CMGD=")
    _awaited(soak, lambda: not soak.modem.state()["faults"])


def refused_deletes(soak: Soak) -> None:
    soak.modem.fault("refuse", at="AT+CMGD=", cms=500, count=soak.lot.choice((1, 4)))
    _awaited(soak, lambda: not soak.modem.state()["faults"])


def poison(soak: Soak) -> None:
    for _ in range(soak.lot.randrange(1, 5)):
        soak.bustle.poisoner()


# --- SIM and network ------------------------------------------------------------------------


def no_network(soak: Soak) -> None:
    soak.modem.fault("no_network")
    soak.lasts(3, 40)
    soak.modem.clear()


def full_sim(soak: Soak) -> None:
    soak.modem.fault("full")
    for _ in range(30):
        soak.bustle.write()
    soak.lasts(2, 20)
    soak.modem.clear()


def sim_taken_out(soak: Soak) -> None:
    soak.modem.set(sim_fault="absent")
    _until_it_is_noticed(soak)
    soak.modem.set(sim_fault=None)


# --- the bus --------------------------------------------------------------------------------


def pulled(soak: Soak) -> None:
    if soak.lot.random() < 0.5:
        soak.modem.drop()
    else:
        at = soak.lot.choice(LINES[:4])
        soak.modem.fault("drop", at=at, executed=soak.lot.random() < 0.5)
        _awaited(soak, lambda: soak.modem.state()["device"] is None)
    soak.lasts(0.5, 10)
    soak.modem.replug()


def back_under_another_name(soak: Soak) -> None:
    soak.modem.drop()
    soak.lasts(0.5, 10)
    soak.modem.ask("replug", link=str(soak.another_name()))


def reset_by_itself(soak: Soak) -> None:
    soak.modem.replug()


def held_by_another_program(soak: Soak) -> None:
    with _snatched(soak), soak.one_more("modem.lost", cause="busy"):
        soak.lasts(0.5, 10)


@contextmanager
def _snatched(soak: Soak) -> Iterator[None]:
    """Have the modem's tty as another serial program does, from the cell's end on."""
    with soak.one_more("modem.lost", cause="died"):
        tty = os.open(soak.modem.state()["device"], os.O_RDWR | os.O_NOCTTY)
        os.kill(soak.cell(), signal.SIGKILL)
        _awaited(soak, lambda: _is_locked_by_us(tty), 3)
    try:
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


def cell_segfaults(soak: Soak) -> None:
    _strike_cell(soak, signal.SIGSEGV)


def cell_killed(soak: Soak) -> None:
    _strike_cell(soak, signal.SIGKILL)


def _strike_cell(soak: Soak, number: signal.Signals) -> None:
    with soak.one_more("modem.lost", cause="died"):
        os.kill(soak.cell(), number)


def cell_stopped(soak: Soak) -> None:
    cell = soak.cell()
    with soak.one_more("modem.lost"):
        os.kill(cell, signal.SIGSTOP)
    assert cell not in dict(soak.gateway.process_ids()), "a cell that was stopped is still there"


def daemon_killed(soak: Soak) -> None:
    soak.lasts(0, 3)
    soak.gateway.kill()
    soak.start()


def daemon_restarted(soak: Soak) -> None:
    if soak.lot.random() < 0.5:
        soak.modem.fault("hang", at=soak.lot.choice(LINES[:2]))
        with suppress(Missed):
            _awaited(soak, lambda: soak.modem.state()["hung"], 5)
    ended = soak.gateway.stop()
    soak.modem.clear()
    assert (0, True) == (ended.code, ended.seconds < STOP_WITHIN), ended
    soak.start()


# --- the host -------------------------------------------------------------------------------


def clock_steps(soak: Soak) -> None:
    days = soak.lot.choice((-400, -1, -0.2, 0.2, 1, 400, 20_000))
    for step in (days, -days):
        with soak.one_more("clock.stepped"):
            soak.machine.step(timedelta(days=step))
        soak.lasts(0, 5)


def host_sleeps(soak: Soak) -> None:
    """Sleep when all that came is stored: a long text must not lack a part for hours."""
    with soak.bustle.silence():
        _awaited(soak, soak.nothing_is_half_in)
        with soak.one_more("clock.stepped"):
            soak.machine.suspend(timedelta(minutes=soak.lot.randrange(5, 100)))


def disk_full(soak: Soak) -> None:
    with full_disk(soak.gateway):
        with soak.one_more("store.failed"):
            soak.bustle.write()
        soak.lasts(0.5, 10)


def database_locked(soak: Soak) -> None:
    with locked(soak.gateway), soak.one_more("store.failed"):
        soak.bustle.write()


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

ENDS_THE_DAEMON = {"daemon killed", "daemon restarted"}


def _awaited(soak: Soak, condition: Callable[[], object], seconds: float | None = None) -> None:
    """Wait until it struck; raises `Missed`, with nothing left armed, where it does not in time."""
    deadline = time.monotonic() + (seconds or soak.patience)
    while not condition():
        if time.monotonic() > deadline:
            soak.modem.clear()
            raise Missed
        soak.end_of_the_daemon()
        time.sleep(0.05)


def _until_it_is_noticed(soak: Soak) -> None:
    with soak.one_more("modem.lost"):
        pass
