"""A SIM that lies idle: operators switch those off, after 70 days to 6 months without use.

Where the operator of the gateway wants it, an own number gets a message then: a row of the outbox as any
other, which goes through the same claim and the same caps. Else there is a warning.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import log
from ..log import Event as Happened
from ..rules.balance import IDLE
from ..rules.policy import KeepAlive
from ..rules.records import Moment, Purpose
from ..store import balance, outbox
from ..store.own_messages import own_message
from .gateway import Gateway

AGAIN = timedelta(days=3)
"""Time from one that did not leave, or may not have, to the next."""


def keep_alive(gateway: Gateway) -> None:
    """Schedule a message to an own number where nothing was sent for too long, or warn."""
    now = gateway.now()
    with gateway.database.snapshot() as tx:
        since, last = balance.idle_since(tx), balance.last_keep_alive(tx)
    if since is None:
        with gateway.database.transaction("keep alive") as tx:
            balance.note_idle(tx, now)
        return
    idle, rules = now.quota - since, gateway.keep_alive
    if rules is None:
        _warn(gateway, idle)
    elif idle >= rules.every and _may_again(last, now.quota):
        _schedule(gateway, rules, idle, now)


def _may_again(last: datetime | None, now: datetime) -> bool:
    return last is None or now - last >= AGAIN


def _warn(gateway: Gateway, idle: timedelta) -> None:
    """Tell once that the SIM lies idle."""
    if idle >= IDLE and not gateway.told_of_idling:
        reason = "nothing was sent for so long; modem.keep_alive keeps a SIM from being switched off"
        log.say(Happened.SIM_IDLE, days=idle.days, reason=reason)
    gateway.told_of_idling = idle >= IDLE


def _schedule(gateway: Gateway, rules: KeepAlive, idle: timedelta, now: Moment) -> None:
    """Put the message into the outbox."""
    new = own_message(
        Purpose.KEEP_ALIVE,
        rules.to,
        rules.text,
        gateway.policy,
        now,
        gsm7=gateway.policy.replies.gsm7,
        reason=f"nothing was sent for {idle.days} days",
    )
    with gateway.database.transaction("keep alive") as tx:
        reply_id = outbox.schedule(tx, new, now)
    log.say(Happened.SIM_KEEP_ALIVE_DUE, reply=reply_id, number=rules.to, days=idle.days)
