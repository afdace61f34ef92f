"""Watch the network: tell once how the modem stands with it, and have it look afresh in the end."""

from __future__ import annotations

from datetime import timedelta

from .. import log
from ..log import Event as Happened
from ..modem.port import Modem
from ..rules import coverage
from ..rules.records import Network
from ..store import gateway as state
from .gateway import Gateway, Uncovered

REGISTRATION_HOLDS = timedelta(minutes=1)
"""Nothing is claimed unless the modem was seen registered this recently."""


def observe(gateway: Gateway, modem: Modem) -> Network:
    """Ask the modem for its network, and remember the answer for those who ask.

    A modem that was without for too long has its radio switched off and on. Raises `ModemLost`.
    """
    network = modem.network()
    with gateway.database.transaction("modem") as tx:
        before = state.modem(tx).registered
        state.note_network(tx, network, gateway.now())
    _tell(gateway, network, before=before)
    if network.registered:
        gateway.uncovered = None
    else:
        _bear(gateway, modem)
    return network


def begin_afresh(gateway: Gateway) -> None:
    """Give a modem that was opened just now its time to find a network."""
    if gateway.uncovered is not None:
        gateway.uncovered.since = gateway.now().quota


def covered(gateway: Gateway, modem: Modem) -> bool:
    """Say whether anything may be sent in the network in which the modem was seen of late, or is now."""
    with gateway.database.snapshot() as tx:
        seen = state.modem(tx)
    if seen.registered_at is not None and gateway.now().quota - seen.registered_at < REGISTRATION_HOLDS:
        return gateway.roaming or not seen.roaming
    return coverage.may_send(observe(gateway, modem), roaming=gateway.roaming)


def _tell(gateway: Gateway, network: Network, *, before: bool) -> None:
    """Log how the modem stands with the network, where that is news."""
    found = coverage.coverage(network)
    news = found is not gateway.coverage or before != network.registered
    gateway.coverage = found
    if not news:
        return
    reason = coverage.trouble(network, roaming=gateway.roaming)
    happened = Happened.MODEM_REGISTERED if network.registered else Happened.MODEM_UNREGISTERED
    log.say(happened, operator=network.operator, signal_percent=network.signal_percent, reason=reason)


def _bear(gateway: Gateway, modem: Modem) -> None:
    """Be without network for a while, and then have the modem look for it afresh, ever less often."""
    now = gateway.now().quota
    without = gateway.uncovered = gateway.uncovered or Uncovered(now)
    due = coverage.restart_at(without.since, gateway.bears, without.restarted_at, without.restarts)
    if due is None or now < due:
        return
    without.restarted_at, without.restarts = now, without.restarts + 1
    log.say(Happened.MODEM_RADIO_RESTARTED, times=without.restarts, since=without.since.isoformat())
    modem.restart_radio()
