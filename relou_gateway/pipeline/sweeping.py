"""Sweep: what is too late expires, what lacks parts is given up, what is too old is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import log
from ..log import Event as Happened
from ..store import forgetting, outbox, parts
from ..store.database import Connection
from ..store.forgetting import Old
from . import breaking, sparing
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
        spare = sparing.only_count(tx, gateway, now)
        incomplete = parts.give_up(tx, now.quota - PART_PATIENCE, now, gateway.canonical, spare)
        old = _forget(tx, gateway, now.quota)
        breaking.look(tx, gateway, now)
    tell(gateway)
    breaking.tell(gateway)
    for reply_id in expired:
        log.say(Happened.REPLY_EXPIRED, reply=reply_id)
    for message_id in incomplete:
        log.say(Happened.PARTS_GIVEN_UP, message=message_id)
    if old.rows:
        log.say(Happened.RETENTION_APPLIED, rows=old.rows)


def _forget(tx: Connection, gateway: Gateway, now: datetime) -> Old:
    """Forget what is too old: once an hour, since it looks at whole tables, and again where there is more."""
    if gateway.forgot_at is not None and now < gateway.forgot_at + FORGET_EVERY:
        return Old()
    old = forgetting.forget_old(tx, now - gateway.keep)
    if not old.more:
        gateway.forgot_at = now
    return old
