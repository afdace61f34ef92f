"""Spare the disk: where storage.max is reached, further texts of flooders are only counted (invariant 14).

A text is only counted where keeping it would change nothing that matters: not the first ones of anybody,
no wish to be left alone, none that would be answered. What it does besides, it does all the same:
its sender's total grows, and a reply that waits for him keeps its distance.
"""

from __future__ import annotations

from datetime import timedelta

from .. import log
from ..log import Event as Happened
from ..rules import admission, numbers, wording
from ..rules.admission import Message, Past
from ..rules.numbers import Sender
from ..rules.records import Kind, Moment, Ruling
from ..store import counting, outbox, senders
from ..store.arrivals import OnlyCount, keep_all
from ..store.database import Connection
from .gateway import Gateway, push

MANY, IN = 20, timedelta(days=1)
"""Who sent so much within that time is a flooder, as far as the disk is concerned: enough to judge him by."""


def look(tx: Connection, gateway: Gateway, now: Moment) -> bool | None:
    """Say True if flooders' texts are only counted from now on, False if no longer, None if neither."""
    return None if gateway.storage_max is None else counting.look(tx, gateway.storage_max, now)


def tell(gateway: Gateway, *, begins: bool | None, counted: int) -> None:
    """Log that counting began or ended, once, and how many texts were only counted just now."""
    if begins is not None:
        event = Happened.STORAGE_MAX_REACHED if begins else Happened.STORAGE_HAS_ROOM
        log.say(event, max_bytes=gateway.storage_max)
    if counted:
        log.say(Happened.TEXTS_COUNTED, texts=counted)


def only_count(tx: Connection, gateway: Gateway, now: Moment) -> OnlyCount:
    """Return what says of a text that comes whether it is only counted; then it writes the text's effects."""
    if gateway.storage_max is None or counting.since(tx) is None:
        return keep_all
    many = max(MANY, gateway.policy.raid.mute_after or 0)  # so that muting still sees who sends too much

    def spare(kind: Kind, received_number: str, text: str) -> bool:
        sender = numbers.read(received_number, gateway.policy.senders.country)
        if counting.recent(tx, sender.number, now.quota - IN, many) < many:
            return False
        waiting = outbox.waiting_of(tx, sender.number)
        past = senders.past(tx, sender.number, waiting=waiting is not None)
        if _matters(gateway, Message(kind, sender, text), past, now):
            return False
        if sender.number:
            senders.note(tx, sender.number, kind, now.quota)
        push(tx, gateway, waiting, now.quota)
        return True

    return spare


def _matters(gateway: Gateway, message: Message, past: Past, now: Moment) -> bool:
    """Say whether more would come of a message than a line in a list."""
    if _is_first_stop(gateway, message.sender, message.text, past):
        return True
    return admission.judge(message, past, gateway.policy, now.quota).ruling is Ruling.REPLY


def _is_first_stop(gateway: Gateway, sender: Sender, text: str, past: Past) -> bool:
    return bool(
        sender.number and not past.stopped and wording.is_stop(text, gateway.policy.replies.stop_words)
    )
