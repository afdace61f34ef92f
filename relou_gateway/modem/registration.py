"""Whether a network serves the modem, as AT+CREG and its kin say it (27.007 ch. 7.2, 10.1.20, 10.1.22).

AT+CREG tells of calls and SMS in 2G and 3G, AT+CGREG of data there, AT+CEREG of LTE. Where 2G and 3G
are closed, the first two say for ever that there is nothing, while SMS come and go over LTE. libGammu
asks for those two alone, and knows the states 0 to 5 alone (atgen.c, ATGEN_GetNetworkInfo,
ATGEN_ReplyGetNetworkLAC_CID). Those from 6 on came with LTE, where a modem is often registered for
nothing but SMS, or with calls less preferred.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

HOME = {1, 6, 9}
"""Registered at home: for all, for SMS alone, with calls not preferred."""

ROAMING = {5, 7, 10}
"""The same away from home."""

DENIED = 3

CIRCUIT, PACKET, LTE = "CREG", "CGREG", "CEREG"
"""Who tells, by the name of its command."""


class Registration(NamedTuple):
    """What the states say together."""

    registered: bool
    roaming: bool
    denied: bool


def registration(states: Iterable[int | None]) -> Registration:
    """Return what states say together, None being one that was not told.

    One network that serves is enough. Whether it takes SMS, none of them says for certain; a send does.
    """
    told = set(states)
    at_home = bool(told & HOME)
    registered = at_home or bool(told & ROAMING)
    return Registration(registered, registered and not at_home, not registered and DENIED in told)


def state_in(log: str, teller: str = CIRCUIT) -> int | None:
    """Return the state that libGammu's debug stream shows, the latest; None where there is none.

    Asked, a modem says its mode of telling before the state; unasked, the state alone.
    """
    said = re.compile(rf'^\d+ "\+{teller}: *(\d{{1,2}})(?: *, *(\d{{1,2}})(?!\w))?', re.MULTILINE)
    found = said.findall(log)
    return None if not found else int(found[-1][1] or found[-1][0])
