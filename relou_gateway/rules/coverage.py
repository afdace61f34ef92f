"""What follows from how the modem stands with the network: may be sent, what is told, when to try afresh."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from .records import Network


class Coverage(StrEnum):
    """How the modem stands with the network (27.007 ch. 7.2)."""

    HOME = "home"
    ROAMING = "roaming"
    NONE = "none"
    DENIED = "denied"


TROUBLES: Mapping[Coverage, str] = MappingProxyType(
    {
        Coverage.ROAMING: "it is in another operator's network, where messages may cost more; "
        "nothing is sent unless modem.roaming is true",
        Coverage.NONE: "it has no network; if this stays so, look at the antenna and the place",
        Coverage.DENIED: "the network refuses this SIM; ask the operator whether it is active and paid for",
    }
)
"""What the operator is told, and what he can do."""

LACKS_CENTRE = "the SMSC's number is missing; set modem.smsc"
"""What the operator is told of a SIM that does not know its message centre: nothing can be sent."""

PAUSES = (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=3))
"""Between one restart of the radio and the next; the last one again and again."""


def coverage(network: Network) -> Coverage:
    """Return how the modem stands with the network."""
    if network.registered:
        return Coverage.ROAMING if network.roaming else Coverage.HOME
    return Coverage.DENIED if network.denied else Coverage.NONE


def may_send(network: Network, *, roaming: bool) -> bool:
    """Say whether anything may be sent; `roaming` allows it in another operator's network."""
    return network.registered and (roaming or not network.roaming)


def trouble(network: Network, *, roaming: bool) -> str | None:
    """Return what the operator should know, None where all is well; `roaming` as above."""
    found = coverage(network)
    return None if found is Coverage.ROAMING and roaming else TROUBLES.get(found)


def restart_at(
    lost_since: datetime, after: timedelta | None, restarted_at: datetime | None, restarts: int
) -> datetime | None:
    """Return when the radio is to be switched off and on; None: never.

    It is without network since `lost_since`, `after` is how long that is borne, and there were
    `restarts` since it last had one, or began, the last of them at `restarted_at`.
    """
    if after is None:
        return None
    if restarted_at is None or not restarts:
        return lost_since + after
    return max(lost_since + after, restarted_at + PAUSES[min(restarts, len(PAUSES)) - 1])
