"""Receive: everything that one listing of the modem shows is stored, then deleted there (C1)."""

from __future__ import annotations

from dataclasses import replace

from .. import log
from ..log import Event as Happened
from ..modem.port import DeleteFailed, Modem
from ..rules.records import Listing, SlotAddress
from ..store import delivery, inbox, outbox
from ..store.delivery import Reported
from ..store.inbox import Taken
from . import breaking, sparing
from .gateway import Gateway, push
from .stuck import free_by_hand

REFUSALS_BEFORE_STUCK = 3
"""A slot that the modem refused to delete this often is freed by hand, and shown until then."""


def receive(gateway: Gateway, modem: Modem) -> Taken:
    """Take everything that one listing of the modem shows; then delete it there (C1).

    Nothing is deleted on the SIM before it is committed and synced (invariant 1).
    """
    listing = _without_unstorable(gateway, modem.listing())
    with gateway.database.transaction("C1 receive") as tx:
        now = gateway.now()
        inbox.forget_slots(tx, gateway.freed)
        counting_begins = sparing.look(tx, gateway, now)
        spare = sparing.only_count(tx, gateway, now)
        taken = inbox.take(tx, listing, now, gateway.canonical, gateway.unsure, gateway.take_up, spare)
        for number in taken.rang_again:
            push(tx, gateway, outbox.waiting_of(tx, number), now.quota)
        reports = delivery.match(tx, taken.messages, now)
        breaking.note_reports(tx, reports, now)
        stuck = set(inbox.stuck_slots(tx, REFUSALS_BEFORE_STUCK)) if taken.deletable else set()
    gateway.freed.clear()
    gateway.flowing = bool(taken.messages or taken.parts or taken.counted)
    sparing.tell(gateway, begins=counting_begins, counted=taken.counted)
    for address in taken.twins:
        log.say(Happened.SLOT_TWIN_ASSUMED, memory=address.memory, location=address.location)
    if taken.parts:
        log.say(Happened.PARTS_RECEIVED, parts=taken.parts)
    if taken.messages:
        log.say(Happened.SMS_RECEIVED, messages=len(taken.messages), last=taken.messages[-1])
    _tell_of_reports(gateway, reports)
    _delete(gateway, modem, [address for address in taken.deletable if address not in stuck])
    if stuck:
        shown = {slot.address: slot.fingerprint for slot in listing.slots if slot.address in stuck}
        free_by_hand(gateway, modem, shown)
    return taken


def _tell_of_reports(gateway: Gateway, reports: list[Reported]) -> None:
    """Log which of our messages arrived wholly, and which did not, or not yet."""
    for each in reports:
        if each.whole:
            log.say(Happened.REPLY_DELIVERED, reply=each.reply_id, message=each.message_id)
        elif not each.arrived and each.reply_id is not None:
            log.say(
                Happened.REPLY_UNDELIVERED, reply=each.reply_id, message=each.message_id, reason=each.text
            )
    if reports:
        breaking.tell(gateway)


def _without_unstorable(gateway: Gateway, listing: Listing) -> Listing:
    """Leave out the slots over which the program stumbled; they stay in the modem."""
    if not gateway.unstorable or gateway.unstorable.isdisjoint(slot.address for slot in listing.slots):
        return listing
    slots = tuple(slot for slot in listing.slots if slot.address not in gateway.unstorable)
    return replace(listing, slots=slots, complete=False)


def _delete(gateway: Gateway, modem: Modem, addresses: list[SlotAddress]) -> None:
    """Delete slots on the modem and forget those of which it confirmed that."""
    refused: list[SlotAddress] = []
    try:
        for address in addresses:
            # Unsure from here until the modem answers; it stays so if no answer comes.
            gateway.unsure.add(address)
            try:
                modem.delete(address)
                gateway.freed.add(address)
            except DeleteFailed:
                refused.append(address)
            gateway.unsure.discard(address)
    finally:
        if gateway.freed or refused:
            with gateway.database.transaction("C1 deleted") as tx:
                inbox.forget_slots(tx, gateway.freed)
                inbox.count_refusals(tx, refused)
            # Only now: what a full disk kept from being forgotten is forgotten with the next listing.
            gateway.freed.clear()
    for address in refused:
        log.say(Happened.SLOT_STUCK, memory=address.memory, location=address.location)
