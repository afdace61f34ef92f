"""A gateway in a test: the real pipeline and database, a scripted modem, a clock turned by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from relou_gateway import pipeline
from relou_gateway.clock import ManualClock
from relou_gateway.modem.port import ModemLost
from relou_gateway.modem.scripted import ScriptedModem
from relou_gateway.pipeline import Gateway
from relou_gateway.rules.policy import Budget, Policy, Prices, Replies, Senders, Text, Throttle
from relou_gateway.rules.records import Moment, Part, Sms, Status
from relou_gateway.store import inbox, ledger, outbox, queue
from relou_gateway.store.database import Database, create_or_migrate
from relou_gateway.store.inbox import Received
from relou_gateway.store.outbox import Reply

START = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

UNLIMITED = Throttle(None, None, None, None, None, None)
FREE = Budget("EUR", Prices(160_000), None, None, None, None)


def policy(
    *,
    throttle: Throttle = UNLIMITED,
    budget: Budget = FREE,
    replies: dict[str, Any] | None = None,
    senders: dict[str, Any] | None = None,
) -> Policy:
    """A policy without caps, as France would have it; sections can be changed key by key."""
    return Policy(
        replies=replace(
            Replies(
                delay=(3 * MINUTE, 10 * MINUTE),
                expire=timedelta(hours=12),
                texts=(Text("Un non est un non."),),
                gsm7=True,
                to_calls=True,
                review=False,
                stop_words=("STOP",),
            ),
            **(replies or {}),
        ),
        senders=replace(
            Senders(
                country="FR",
                answer=frozenset({"FR"}),
                cooldown=timedelta(days=7),
                lifetime=2,
                never=(),
                own=(),
            ),
            **(senders or {}),
        ),
        throttle=throttle,
        budget=budget,
    )


def mobile(index: int) -> str:
    """A French mobile number; the same index gives the same number."""
    return f"+336{index:08}"


class World:
    """Everything that a story in time needs."""

    def __init__(self, directory: Path, rules: Policy | None = None, *, seed: int = 0) -> None:
        self.path = directory / "gateway.db"
        self.clock = ManualClock(START)
        self.modem = ScriptedModem()
        self.policy = rules or policy()
        self.seed = seed
        create_or_migrate(self.path)
        self.gateway = self._open()

    def _open(self) -> Gateway:
        gateway = Gateway(
            database=Database(self.path),
            policy=self.policy,
            now=self.now,
            rng=random.Random(self.seed),
        )
        pipeline.recover(gateway)
        return gateway

    def close(self) -> None:
        self.gateway.database.close()

    def restart(self) -> None:
        """Lose all that is not in the database, as a crash does."""
        self.close()
        self.gateway = self._open()

    def now(self) -> Moment:
        return Moment(*self.clock.read())

    def text(self, number: str, text: str = "Salut, c'est Karim", part: Part | None = None) -> None:
        self.modem.deliver(Sms(number, text, self.now().wall, part))

    def receive(self) -> None:
        pipeline.receive(self.gateway, self.modem)
        pipeline.judge(self.gateway)
        pipeline.learn(self.gateway)

    def send_all(self) -> int:
        """Send whatever may go at this moment, while there is a modem; return how many were tried."""
        tries = 0
        with suppress(ModemLost):
            while pipeline.send(self.gateway, self.modem):
                tries += 1
        return tries

    def wait(self, minutes: float) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    # --- what can be seen -------------------------------------------------------------------

    def messages(self) -> list[Received]:
        with self.gateway.database.snapshot() as tx:
            return inbox.messages(tx)

    def replies(self, state: Status | None = None) -> list[Reply]:
        with self.gateway.database.snapshot() as tx:
            return sorted(queue.listed(tx, state), key=lambda reply: reply.id)

    def reply(self, reply_id: int = 1) -> Reply:
        with self.gateway.database.snapshot() as tx:
            return outbox.get(tx, reply_id)

    def verdicts(self) -> list[tuple[str | None, str]]:
        return [(row.verdict, row.reason) for row in self.messages()]

    def answered(self) -> Sequence[str]:
        """The numbers that the network took a message for, in order."""
        return [sent.number for sent in self.modem.accepted]

    def spent(self) -> tuple[int, int]:
        """Parts and money of all reservations, settled and open."""
        with self.gateway.database.snapshot() as tx:
            spendings = ledger.spendings(tx, START - timedelta(days=365))
        return sum(each.parts for each in spendings), sum(each.cost for each in spendings)

    def broken_links(self) -> list[int]:
        with self.gateway.database.snapshot() as tx:
            return ledger.broken_links(tx)
