"""What libGammu cannot tell the radio, by AT commands of our own: start afresh, keep the reports."""

from __future__ import annotations

from contextlib import suppress

from .at import AtFailure, Conversation

OFF, ON = 4, 1
"""Of AT+CFUN (27.007 ch. 8.2): 4 switches the radio off and, unlike 0, leaves the SIM its power."""

SWITCHING = 15.0
"""Seconds that the radio may take to be switched; sticks have been seen to need ten."""

STORED = 2
"""Of AT+CNMI's fourth value, <ds>: delivery reports are stored like messages (27.005 ch. 3.4.1)."""


def restart(talk: Conversation) -> None:
    """Switch the radio off and on; one that cannot be switched off is told to be on all the same.

    Raises `NoAnswer` where the modem falls silent over it.
    """
    for level in (OFF, ON):
        with suppress(AtFailure):
            talk.ask(f"AT+CFUN={level}", SWITCHING)


def keep_reports(talk: Conversation) -> None:
    """Have delivery reports stored where messages are, so that a listing shows them.

    Most modems drop them else. The other values stay as the modem has them; one that refuses is
    left as it is. Raises `NoAnswer`.
    """
    with suppress(AtFailure, ValueError, IndexError):
        mode, messages, broadcasts, *_ = _indications(talk)
        talk.ask(f"AT+CNMI={mode},{messages},{broadcasts},{STORED}")


def _indications(talk: Conversation) -> list[int]:
    """Return the values of AT+CNMI; raises `AtFailure`, ValueError or IndexError for no such answer."""
    _, _, values = talk.ask("AT+CNMI?")[0].partition(":")
    return [int(value) for value in values.split(",")]
