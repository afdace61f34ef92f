"""Slots that the modem will not delete: freed by hand, so that no message can close the SIM.

A message that the driver cannot decode may be one that it cannot delete either. It is stored, with
its PDU, but its slot takes nothing in any more. By hand means that the driver lets go of the modem for some
seconds; so it is done for all such slots at once, and not too often.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from .. import log
from ..log import Event as Happened
from ..modem.port import Modem
from ..rules.records import SlotAddress
from ..store import inbox
from .gateway import Gateway

EACH_SLOT_EVERY = timedelta(minutes=10)
"""A slot that could not be freed by hand is tried again after this time."""

AT_MOST_EVERY = timedelta(seconds=30)
"""Time between two rounds, whoever sends how many such messages."""


def free_by_hand(gateway: Gateway, modem: Modem, stuck: Mapping[SlotAddress, bytes]) -> None:
    """Free those of the stuck slots whose turn it is; `stuck` maps them to the fingerprints stored of them.

    Raises `ModemLost`; then it is not known which of them are free.
    """
    now = gateway.now().quota
    chosen = _chosen(gateway, stuck, now)
    if not chosen:
        return
    gateway.by_hand_at = now
    gateway.unsure.update(chosen)
    freed = modem.delete_by_hand(chosen)
    gateway.freed |= freed
    gateway.unsure.difference_update(chosen)
    gateway.kept.update(dict.fromkeys(chosen.keys() - freed, now))
    with gateway.database.transaction("C1 freed by hand") as tx:
        inbox.forget_slots(tx, gateway.freed)
    gateway.freed.clear()
    for address in chosen:
        event = Happened.SLOT_FREED if address in freed else Happened.SLOT_STUCK
        log.say(event, memory=address.memory, location=address.location, by="hand")


def _chosen(gateway: Gateway, stuck: Mapping[SlotAddress, bytes], now: datetime) -> dict[SlotAddress, bytes]:
    """Return the slots to try now; forget of those that are stuck no more when they were tried."""
    gateway.kept = {address: at for address, at in gateway.kept.items() if address in stuck}
    if gateway.by_hand_at is not None and now - gateway.by_hand_at < AT_MOST_EVERY:
        return {}
    return {
        address: fingerprint
        for address, fingerprint in stuck.items()
        if address not in gateway.kept or now - gateway.kept[address] >= EACH_SLOT_EVERY
    }
