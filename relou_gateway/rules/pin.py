"""May this PIN be typed into this SIM? After three wrong ones a SIM asks for its PUK (gammu#458)."""

from __future__ import annotations

from dataclasses import dataclass

ALL_TRIES = 3
"""Tries that a SIM gives, and gives anew after a right PIN (ETSI TS 102 221 ch. 9.5.1)."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a PIN. `unanswered` counts the tries since then of which nobody knows how they ended."""

    refused: bool = False
    accepted: bool = False
    unanswered: int = 0


def objection(tried: Tried | None, tries_left: int | None) -> str | None:
    """Return why the PIN must not be tried, None if it may.

    `tries_left` is what the modem tells, None where it does not. A PIN is tried once: then it
    was right, or is never tried again. Where it is not known how a try ended, the modem's word that no
    try was lost clears it, or else that the same PIN was right before, once.
    """
    if tried is not None and tried.refused:
        return "the SIM has refused this PIN before; correct modem.pin: three wrong ones close it"
    if tries_left is not None:
        if tries_left >= ALL_TRIES:
            return None
        return f"only {tries_left} of {ALL_TRIES} tries are left; type the right PIN once in a phone"
    if tried is None or tried.unanswered == 0 or (tried.accepted and tried.unanswered < 2):
        return None
    return "it is not known whether the SIM took this PIN; type it once in a phone, or remove it there"
