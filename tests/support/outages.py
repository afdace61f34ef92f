"""Mishaps of the network: gone for a while, gone until the radio is restarted, and an operator's block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from relou_gateway.rules.breaker import PAUSES, REJECTED_AT_MOST
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from tests.support.soaking import Soak

BLOCKS = (8, 21, 28, 30, 50)
"""+CMS errors by which a network bars a SIM (3GPP 24.011 annex E)."""

NEXT_MINUTE = 60.0
"""Seconds that a cap of the gateway's may keep it from sending, besides all else."""


LONGEST_DELAY = 3
"""Seconds until an answer is due."""


class Missed(Exception):
    """There was nothing to strike."""


@contextmanager
def cleared_afterwards(soak: Soak) -> Iterator[None]:
    """Have the modem be well again afterwards, whatever came between."""
    try:
        yield
    finally:
        soak.modem.clear()


@contextmanager
def no_network(soak: Soak) -> Iterator[None]:
    with cleared_afterwards(soak):
        soak.modem.fault("no_network")
        yield
        soak.lasts(3, 40)


@contextmanager
def radio_gone_astray(soak: Soak) -> Iterator[None]:
    """Lose the network until the gateway has switched the radio off and on."""
    soak.awaited(soak.is_registered)
    before = soak.modem.state()["radio_starts"]
    try:
        with soak.one_more("modem.registered"), soak.one_more("modem.radio_restarted"):
            soak.modem.set(lost_network=True)
            yield
        modem = soak.modem.state()
        assert soak.two_at_once or (modem["registered"], modem["radio_starts"]) == (True, before + 1)
    finally:
        soak.modem.set(lost_network=False)


@contextmanager
def operators_block(soak: Soak) -> Iterator[None]:
    """Refuse every send until the breaker opens; it is closed by an operator, or by a trial that passes.

    A trial may be refused before. The block is over for a while before anything is sent again.
    """
    with cleared_afterwards(soak):
        with soak.one_more("breaker.opened"):
            soak.modem.refuse_sends(soak.lot.choice(BLOCKS), count=None)
            for _ in range(REJECTED_AT_MOST + 3):
                soak.bustle.write()
            soak.awaited(soak.breaker, NEXT_MINUTE + soak.patience)
        yield
        if soak.lot.random() < 0.5:
            _a_trial_is_refused(soak)
    _receives_and_sends_nothing(soak)
    with soak.one_more("reply.sent"), soak.one_more("breaker.closed"):
        if soak.lot.random() < 0.5:
            soak.verb("resume")
        else:
            _let_the_pause_pass(soak)
        soak.bustle.write()
        wait_until(lambda: soak.breaker() is None, NEXT_MINUTE + soak.patience)


def _a_trial_is_refused(soak: Soak) -> None:
    before = _times(soak)
    _let_the_pause_pass(soak)
    wait_until(lambda: _times(soak) > before, NEXT_MINUTE + soak.patience)


def _times(soak: Soak) -> int:
    """Return how often it opened in a row."""
    breaker = soak.breaker()
    assert breaker is not None, "the breaker closed although nothing was accepted"
    return breaker.times


def _let_the_pause_pass(soak: Soak) -> None:
    """Let the host sleep for so long: nobody writes meanwhile, and the breaker's time goes on."""
    soak.sleep(PAUSES[_times(soak) - 1] + timedelta(minutes=1))


def _receives_and_sends_nothing(soak: Soak) -> None:
    """Hold that a message is judged, and that no answer leaves although it is due and would pass."""
    accepted = soak.modem.state()["accepted"]
    number = soak.bustle.write()
    soak.gateway.wait_for("verdict.given", soak.patience, number=number)
    soak.lasts(LONGEST_DELAY + 1, LONGEST_DELAY + 5)
    assert (True, accepted) == (soak.breaker() is not None, soak.modem.state()["accepted"])
