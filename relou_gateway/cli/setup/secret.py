"""The PIN: asked for where the SIM wants it, never shown, never tried here.

The gateway tries it once, and writes down that it did before it does (rules/pin.py, store/modems.py).
"""

from __future__ import annotations

from pathlib import Path

from ...config.settings import Sections
from ...modem.probe import Facts
from ...rules.pin import ALL_TRIES
from ...store import modems
from ...store.database import Database, StoreError
from . import answers
from .dialogue import Dialogue, Manner, Wrong
from .modem import VIRTUAL, Found
from .questions import changed
from .words import Say


def is_wanted(found: Found) -> bool:
    """Say whether to ask for a PIN: the SIM does, or there is no modem yet that could tell."""
    if found.at_work or found.device == VIRTUAL:
        return False
    return found.facts is None or found.facts.sim == "pin"


def from_file(sections: Sections, path: Path) -> Sections:
    """Return the settings with the PIN in the file at `path`; raises ConfigError where it holds none."""
    sections = changed(sections, "modem", pin=None, pin_file=path.absolute())
    sections.modem.read_pin()
    return sections


def ask(talk: Dialogue, sections: Sections, facts: Facts | None) -> str | None:
    """Return the PIN that was typed, None for none or the one that is set already."""
    tries = None if facts is None else facts.pin_tries
    if tries is not None and tries < ALL_TRIES:
        talk.tell(Say.PIN_FEW, tries=tries)
    is_set = sections.modem.pin is not None or sections.modem.pin_file is not None
    while True:
        typed = talk.secret(Say.PIN, otherwise=talk.phrase(Say.PIN_KEPT if is_set else Say.NONE))
        if not typed:
            return None
        try:
            pin = _checked(talk, typed, sections, facts)
        except Wrong as wrong:
            talk.sorry(wrong)
        else:
            talk.tell(Say.PIN_LATER)
            return pin


def _checked(talk: Dialogue, typed: str, sections: Sections, facts: Facts | None) -> str:
    pin = answers.pin(typed)
    # Typed blind, and a slip costs one of three tries.
    if talk.manner is Manner.TERMINAL and talk.secret(Say.PIN_AGAIN) != pin:
        raise Wrong(Say.PIN_DIFFERS)
    if facts is not None and _was_refused(sections.storage.path, facts.imei, pin):
        raise Wrong(Say.PIN_REFUSED)
    return pin


def _was_refused(database: Path, imei: str, pin: str) -> bool:
    """Say whether the SIM in this modem has refused this PIN before."""
    try:
        with Database(database) as opened, opened.snapshot() as tx:
            tried = modems.pin_tried(tx, imei, pin)
    except (StoreError, OSError):  # no database yet, so that it was never tried
        return False
    return tried is not None and tried.refused
