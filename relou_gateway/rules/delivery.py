"""Which delivery report belongs to which message, and when all of a message has arrived.

The network names the message by the reference that the modem gave of a part, one of 256, and by its
recipient (23.040 ch. 9.2.3.6). Some modems tell no reference when they send, -1 then (gammu#87, #242).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

NO_REFERENCE = -1
"""Of a part of which the modem gave none."""

WINDOW = timedelta(days=3)
"""So long after a message its reports are awaited; an SMSC seldom tries for longer."""


class Candidate(NamedTuple):
    """A message to the number that a report names; `references` of its parts, in order."""

    id: int
    references: Sequence[int]


def reported_on(reference: int, candidates: Iterable[Candidate]) -> int | None:
    """Return the id of the message that a report is on; `candidates` come newest first.

    One of which a part has this reference is meant before one of which a reference is unknown.
    """
    known = list(candidates)
    for wanted in (reference, NO_REFERENCE):
        for each in known:
            if wanted in each.references:
                return each.id
    return None


def is_whole(references: Sequence[int], delivered: Collection[int]) -> bool:
    """Say whether all parts have arrived; `delivered` are the references of which a report said so."""
    arrived = set(delivered)
    told = {reference for reference in references if reference != NO_REFERENCE}
    untold = len(references) - len([each for each in references if each != NO_REFERENCE])
    return told <= arrived and len(arrived - told) >= untold
