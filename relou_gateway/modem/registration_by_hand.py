"""Where the modem is registered, by AT commands of our own: in LTE, too, for which libGammu never asks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .answers import known, readable, value
from .at import Conversation
from .registration import CIRCUIT, LTE, PACKET


def states(talk: Conversation) -> Mapping[str, int]:
    """Return the state by who tells it, without those that the modem does not know; raises `NoAnswer`."""
    told = {teller: _state(talk, teller) for teller in (LTE, CIRCUIT, PACKET)}
    return {teller: state for teller, state in told.items() if state is not None}


def _state(talk: Conversation, teller: str) -> int | None:
    said = re.match(r"\d+ *, *(\d{1,2})\b", value(known(talk, f"AT+{teller}?")))
    return None if said is None else int(said[1])


def operator(talk: Conversation) -> str:
    """Return the operator's name, or his code, empty where there is none; raises `NoAnswer`."""
    name = re.search(r'"([^"]*)"', value(known(talk, "AT+COPS?")))
    return "" if name is None else readable(name[1])
