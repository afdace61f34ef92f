"""Reads the memory that some modems keep for delivery reports alone (27.005 ch. 3.1, "SR").

libGammu knows of it and never reads it (at-sms.c, ATGEN_GetSMSLocation). Where it is full, modems
lose the next reports, or refuse them so that the network keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .at import AtFailure, Conversation
from .by_hand import reading
from .pdu_line import PduLine, listed

MEMORY = "SR"

EVERY_STATUS = 4
"""Of AT+CMGL in PDU mode: read or not (27.005 ch. 3.4.2)."""

LISTING = 10.0
"""Seconds that the list may take."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the memory showed, by slot, and how many slots it has.

    It is `complete` unless it counts more than it showed.
    """

    size: int
    lines: Mapping[int, PduLine]
    complete: bool = True


def look(talk: Conversation) -> Look | None:
    """Return what the memory for reports shows; None where the modem has none that can be read.

    The memory that was chosen before is chosen again. Raises `NoAnswer`.
    """
    try:
        if not _is_offered(talk):
            return None
        with reading(talk, MEMORY) as told:
            fill = re.match(r"\+CPMS: *(\d+) *, *(\d+)", told)
            lines = dict(listed(talk.ask(f"AT+CMGL={EVERY_STATUS}", LISTING)))
    except AtFailure:
        return None
    used, size = map(int, fill.groups()) if fill else (0, 0)
    return Look(max(len(lines), size), lines, complete=used <= len(lines))


def _is_offered(talk: Conversation) -> bool:
    """Tell whether the modem lists it among the memories that can be read, the first of three lists."""
    offered = " ".join(talk.ask("AT+CPMS=?")).partition(")")[0]
    return f'"{MEMORY}"' in offered
