"""A SIM that lies idle: operators switch those off, after 70 days to 6 months without use.

Where the operator of the gateway wants it, an own number gets a message then: a row of the outbox as any
other, which goes through the same claim and the same caps. Else there is a warning.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import log
from ..log import Event as Happened
from ..rules import numbers, wording
from ..rules.balance import IDLE
from ..rules.policy import KeepAlive, Text
from ..rules.records import Moment, Purpose
from ..store import balance, outbox
from ..store.outbox import NewReply
from .gateway import Gateway

EXPIRES = timedelta(days=1)
"""How long a message to keep the SIM alive waits for its turn."""

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
    policy = gateway.policy
    cut = wording.compose(Text(rules.text), gsm7=policy.replies.gsm7)
    country = numbers.read(rules.to, policy.senders.country).country or ""
    new = NewReply(
        purpose=Purpose.KEEP_ALIVE,
        message_id=None,
        number=rules.to,
        country=country,
        text="".join(cut.parts),
        parts=len(cut.parts),
        cost=wording.cost(cut, policy.budget.price.of(country)),
        due_at=now.quota,
        expires_at=now.quota + EXPIRES,
        reason=f"nothing was sent for {idle.days} days",
    )
    with gateway.database.transaction("keep alive") as tx:
        reply_id = outbox.schedule(tx, new, now)
    log.say(Happened.SIM_KEEP_ALIVE_DUE, reply=reply_id, number=rules.to, days=idle.days)
