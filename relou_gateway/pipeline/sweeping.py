"""Sweep: what is too late expires, what lacks parts is given up, what is too old is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import log
from ..log import Event as Happened
from ..store import inbox, outbox, parts, senders
from ..store.database import Connection
from . import breaking
from .gateway import Gateway
from .learning import tell

PART_PATIENCE = timedelta(minutes=10)
"""How long a long text may lack a part before what has come is taken as the message."""

FORGET_EVERY = timedelta(hours=1)


def sweep(gateway: Gateway) -> None:
    """Expire what is too late, give up message parts, forget what is too old."""
    now = gateway.now()
    with gateway.database.transaction("sweep") as tx:
        expired = outbox.expire(tx, now)
        incomplete = parts.give_up(tx, now.quota - PART_PATIENCE, now, gateway.canonical)
        forgotten = _forget(tx, gateway, now.quota)
        breaking.look(tx, gateway, now)
    tell(gateway)
    breaking.tell(gateway)
    for reply_id in expired:
        log.say(Happened.REPLY_EXPIRED, reply=reply_id)
    for message_id in incomplete:
        log.say(Happened.PARTS_GIVEN_UP, message=message_id)
    if forgotten:
        log.say(Happened.RETENTION_APPLIED, rows=forgotten)


def _forget(tx: Connection, gateway: Gateway, now: datetime) -> int:
    """Forget what is too old, once an hour since it looks at whole tables; return how many rows."""
    if gateway.forgot_at is not None and now < gateway.forgot_at + FORGET_EVERY:
        return 0
    gateway.forgot_at, before = now, now - gateway.keep
    forgotten = inbox.forget_before(tx, before) + outbox.forget_before(tx, before)
    return forgotten + senders.forget_before(tx, before)
