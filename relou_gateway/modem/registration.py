"""Whether a network serves the modem, as AT+CREG and its kin say it (27.007 ch. 7.2).

libGammu knows the states 0 to 5 alone (atgen.c, ATGEN_ReplyGetNetworkLAC_CID). Those from 6 on
came with LTE, where a modem is often registered for nothing but SMS, or with calls less preferred.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HOME = {1, 6, 9}
"""Registered at home: for all, for SMS alone, with calls not preferred."""

ROAMING = {5, 7, 10}
"""The same away from home."""

DENIED = 3

_SAID = re.compile(r'^\d+ "\+CREG: *(\d{1,2})(?: *, *(\d{1,2})(?!\w))?', re.MULTILINE)


class Registration(NamedTuple):
    """What a state says."""

    registered: bool
    roaming: bool
    denied: bool


def registration(state: int | None) -> Registration:
    """Return what a state says, None being one that was not told."""
    return Registration(state in HOME | ROAMING, state in ROAMING, state == DENIED)


def state_in(log: str) -> int | None:
    """Return the state that libGammu's debug stream shows, the latest; None where there is none.

    Asked, a modem says its mode of telling before the state; unasked, the state alone.
    """
    found = _SAID.findall(log)
    return None if not found else int(found[-1][1] or found[-1][0])
