"""Frees slots that libGammu refuses to free, or knows nothing of, by AT commands of our own.

libGammu reads a message before it deletes it, and refuses where it cannot decode it (at-sms.c,
ATGEN_DeleteSMS): thirty such messages, and the SIM takes in no more. So the slot is read here as it
is, deleted only if it shows what was stored of it, and read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple, TypeVar

from .at import AtFailure, Conversation
from .pdu_line import PduLine, behind_header

Known = Callable[[PduLine], bool]
"""Says whether the line that a slot shows is the one that was stored."""

Key = TypeVar("Key", bound=Hashable)

INVALID_INDEX = 321
"""+CMS: there is no message in this slot (27.005 ch. 3.2.5)."""


class Place(NamedTuple):
    """A slot as AT names it: its memory and its index there (27.005 ch. 3.1)."""

    memory: str
    number: int


@contextmanager
def reading(talk: Conversation, memory: str) -> Iterator[str]:
    """Have AT read from this memory for a while; yield what the modem said of it.

    The memory that was chosen before is chosen again. Raises `AtFailure` where it does not have this one.
    """
    before = _chosen(talk)
    talk.ask("AT+CMGF=0")
    told = " ".join(talk.ask(f'AT+CPMS="{memory}"'))
    try:
        yield told
    finally:
        if before is not None:
            with suppress(AtFailure):
                talk.ask(f'AT+CPMS="{before}"')


def _chosen(talk: Conversation) -> str | None:
    try:
        found = re.match(r'\+CPMS: *"(\w+)"', " ".join(talk.ask("AT+CPMS?")))
    except AtFailure:
        return None
    return None if found is None else found[1]


def free(talk: Conversation, slots: Mapping[Key, tuple[Place, Known]]) -> frozenset[Key]:
    """Delete what lies in these slots; return those that certainly hold it no more.

    Raises `NoAnswer` where the modem fell silent: then one more slot may be free.
    """
    freed: list[Key] = []
    for memory in dict.fromkeys(place.memory for place, _ in slots.values()):
        here = [(key, place.number, known) for key, (place, known) in slots.items() if place.memory == memory]
        with suppress(AtFailure), reading(talk, memory):
            freed += [key for key, index, known in here if _free(talk, index, known)]
    return frozenset(freed)


def _free(talk: Conversation, index: int, known: Known) -> bool:
    try:
        line = _read(talk, index)
        if line is None:
            return True
        if not known(line):
            return False
        talk.ask(f"AT+CMGD={index}")
        left = _read(talk, index)
    except AtFailure:
        return False
    return left is None or not known(left)


def _read(talk: Conversation, index: int) -> PduLine | None:
    """Return what a slot shows, None for an empty one; raises `AtFailure` where it does not say."""
    try:
        lines = talk.ask(f"AT+CMGR={index}")
    except AtFailure as failure:
        if failure.family == "CMS" and failure.code == INVALID_INDEX:
            return None
        raise
    if not lines:
        return None
    line = behind_header(lines[0], lines[1:])
    if line is None:
        raise AtFailure("the slot shows no PDU")
    return line
