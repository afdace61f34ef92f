"""Sweep: what is too late expires, what lacks parts is given up, what is too old is forgotten."""

from __future__ import annotations

from datetime import timedelta

from .. import log
from ..log import Event as Happened
from ..store import inbox, outbox, parts, senders
from .gateway import Gateway

PART_PATIENCE = timedelta(minutes=10)
"""How long a long text may lack a part before what has come is taken as the message."""


def sweep(gateway: Gateway) -> None:
    """Expire what is too late, give up message parts, forget what is too old."""
    now = gateway.now()
    with gateway.database.transaction("sweep") as tx:
        expired = outbox.expire(tx, now)
        incomplete = parts.give_up(tx, now.quota - PART_PATIENCE, now, gateway.canonical)
        before = now.quota - gateway.keep
        forgotten = inbox.forget_before(tx, before) + outbox.forget_before(tx, before)
        forgotten += senders.forget_before(tx, before)
    for reply_id in expired:
        log.say(Happened.REPLY_EXPIRED, reply=reply_id)
    for message_id in incomplete:
        log.say(Happened.PARTS_GIVEN_UP, message=message_id)
    if forgotten:
        log.say(Happened.RETENTION_APPLIED, rows=forgotten)
