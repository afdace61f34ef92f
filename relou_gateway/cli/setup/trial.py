"""A test to an operator's phone: a row of the outbox, with the same claim and caps as any other."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from ...config.settings import Settings
from ...rules import numbers, wording
from ...rules.policy import Text
from ...rules.records import Moment, Purpose
from ...store import lock, outbox
from ...store.database import create_or_migrate
from ...store.lock import AtWork
from ...store.outbox import NewReply
from ..desk import at_desk
from .files import hand_over

EXPIRES = timedelta(days=1)
"""How long a test waits for a gateway that runs."""

REASON = "a test that setup was asked for"


def order(settings: Settings, number: str, text: str) -> int:
    """Schedule a test to `number` (E.164, a person's phone); return its id in the queue.

    The database is made where there is none. Raises StoreError and NotPossible where it cannot be used.
    """
    path = settings.storage.path
    if not path.exists():
        _make(path)
    with at_desk(settings) as desk, desk.database.transaction("setup test") as tx:
        return outbox.schedule(tx, _row(settings, number, text, desk.now), desk.now)


def cost(settings: Settings, text: str) -> int:
    """Return what a test costs at the default price, in micro-units."""
    return wording.cost(wording.compose(Text(text), gsm7=True), settings.policy.budget.price.default)


def _row(settings: Settings, number: str, text: str, now: Moment) -> NewReply:
    policy = settings.policy
    cut = wording.compose(Text(text), gsm7=True)
    country = numbers.read(number, policy.senders.country).country or ""
    return NewReply(
        purpose=Purpose.TEST,
        message_id=None,
        number=number,
        country=country,
        text="".join(cut.parts),
        parts=len(cut.parts),
        cost=wording.cost(cut, policy.budget.price.of(country)),
        due_at=now.quota,
        expires_at=now.quota + EXPIRES,
        reason=REASON,
    )


def _make(path: Path) -> None:
    """Make the database, unless a gateway that starts just now does it."""
    with suppress(AtWork), lock.held(path):
        hand_over(lock.beside(path))
        if not path.exists():
            create_or_migrate(path)
            hand_over(path)
