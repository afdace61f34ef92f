"""Frees slots that libGammu refuses to free, by AT commands of our own.

libGammu reads a message before it deletes it, and refuses where it cannot decode it (at-sms.c,
ATGEN_DeleteSMS): thirty such messages, and the SIM takes in no more. So the slot is read here as it
is, deleted only if it shows what was stored of it, and read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..rules.records import Memory, SlotAddress
from .at import AtFailure, Conversation

Known = Callable[[bytes], bool]
"""Says whether a PDU is the one that was stored."""

INVALID_INDEX = 321
"""+CMS: there is no message in this slot (27.005 ch. 3.2.5)."""

_PDU = re.compile(r"(?:[0-9A-Fa-f]{2})+")


def free(talk: Conversation, slots: Mapping[SlotAddress, Known]) -> frozenset[SlotAddress]:
    """Delete what lies in these slots; return those that certainly hold it no more.

    Raises `NoAnswer` where the modem fell silent: then one more slot may be free.
    """
    freed: list[SlotAddress] = []
    for memory in Memory:
        here = [address for address in slots if address.memory is memory]
        if here and _chosen(talk, memory):
            freed += [address for address in here if _free(talk, address.location, slots[address])]
    return frozenset(freed)


def _chosen(talk: Conversation, memory: Memory) -> bool:
    """Choose the memory to work in; tell whether the modem has it."""
    try:
        talk.ask("AT+CMGF=0")
        talk.ask(f'AT+CPMS="{memory}"')
    except AtFailure:
        return False
    return True


def _free(talk: Conversation, location: int, known: Known) -> bool:
    try:
        pdu = _read(talk, location)
        if pdu is None:
            return True
        if not known(pdu):
            return False
        talk.ask(f"AT+CMGD={location}")
        left = _read(talk, location)
    except AtFailure:
        return False
    return left is None or not known(left)


def _read(talk: Conversation, location: int) -> bytes | None:
    """Return the PDU that a slot shows, None for an empty one; raises `AtFailure` where it does not say."""
    try:
        lines = talk.ask(f"AT+CMGR={location}")
    except AtFailure as failure:
        if failure.family == "CMS" and failure.code == INVALID_INDEX:
            return None
        raise
    if not lines:
        return None
    for line in lines:
        if found := _PDU.match(line):
            return bytes.fromhex(found[0])
    raise AtFailure("the slot shows no PDU")
