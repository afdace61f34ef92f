"""A test to an operator's phone: a row of the outbox, with the same claim and caps as any other."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ...config.settings import Settings
from ...rules import wording
from ...rules.policy import Text
from ...rules.records import Purpose
from ...store import lock, outbox
from ...store.database import create_or_migrate
from ...store.lock import AtWork
from ...store.own_messages import own_message
from ..desk import at_desk
from .files import hand_over

REASON = "a test that setup was asked for"


def order(settings: Settings, number: str, text: str) -> int:
    """Schedule a test to `number` (E.164, a person's phone); return its id in the queue.

    The database is made where there is none. Raises StoreError and NotPossible where it cannot be used.
    """
    path = settings.storage.path
    if not path.exists():
        _make(path)
    with at_desk(settings) as desk, desk.database.transaction("setup test") as tx:
        new = own_message(Purpose.TEST, number, text, settings.policy, desk.now, gsm7=True, reason=REASON)
        return outbox.schedule(tx, new, desk.now)


def cost(settings: Settings, text: str) -> int:
    """Return what a test costs at the default price, in micro-units."""
    return wording.cost(wording.compose(Text(text), gsm7=True), settings.policy.budget.price.default)


def _make(path: Path) -> None:
    """Make the database, unless a gateway that starts just now does it."""
    with suppress(AtWork), lock.held(path):
        hand_over(lock.beside(path))
        if not path.exists():
            create_or_migrate(path)
            hand_over(path)
