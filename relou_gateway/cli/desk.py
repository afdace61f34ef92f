"""The database, opened for one verb, and the clock that the daemon and the operators share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..clock import Anchor, QuotaClock
from ..config import Settings
from ..rules.records import Moment
from ..store import gateway as state
from ..store import ledger, lock
from ..store.database import Database, StoreError
from .options import NotPossible


@dataclass(frozen=True, slots=True)
class Desk:
    """What a verb works at: the database, and this moment on both clocks."""

    settings: Settings
    database: Database
    now: Moment

    @property
    def offset(self) -> timedelta:
        """What to add to a quota time to show it as wall time.

        In whole seconds, since the two clocks are not read at the very same instant: a row must
        not show another time at each look.
        """
        return timedelta(seconds=round((self.now.wall - self.now.quota).total_seconds()))

    def wall(self, quota: datetime | None) -> datetime | None:
        """Return a quota time as people are shown it."""
        return None if quota is None else quota + self.offset

    def daemon_runs(self) -> bool:
        """Say whether a gateway is at work on this database."""
        return lock.is_held(self.settings.storage.path)


@contextmanager
def at_desk(settings: Settings) -> Iterator[Desk]:
    """Open the database for one verb; what stands against it ends the verb with a clear line."""
    try:
        with Database(settings.storage.path) as database:
            with database.snapshot() as tx:
                row, latest = state.clock(tx), ledger.latest_time(tx)
            saved = None
            if row is not None:
                saved = Anchor(*row)
            yield Desk(settings, database, Moment(*QuotaClock(saved, latest).read()))
    except StoreError as error:
        raise NotPossible(str(error)) from error
