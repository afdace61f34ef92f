"""The course of a simulation: the real pipeline, rules and SQL, from one event to the next.

The daemon looks every `modem.poll`; so does this, but the looks at which there is nothing to see
are left out. A send takes its seconds and is followed by the next look at once, as in the daemon,
and so is a listing that left something in the slots; the sweep keeps its minute.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from .. import pipeline
from ..clock import ManualClock
from ..config import Settings
from ..pipeline import Gateway
from ..rules.admission import Reason
from ..rules.ranking import Ranking
from ..rules.records import Kind, Moment, Ruling, Status
from ..store import inbox, outbox, queue, schedule
from ..store.database import Database
from ..store.inbox import Received
from .outcome import Answer, Outcome
from .radio import TraceRadio
from .trace import Progress, TraceLine

SWEEP_EVERY = timedelta(minutes=1)

NOTHING_IS_FORGOTTEN = timedelta(days=400_000)
"""Retention changes no decision, but the outcomes need the numbers to the end."""


def run(
    trace: Sequence[TraceLine],
    settings: Settings,
    ranking: Ranking,
    rng: random.Random,
    send_takes: timedelta,
    progress: Progress,
) -> list[Outcome]:
    """Return what became of each line of `trace`, once every reply has ended."""
    if not trace:
        return []
    with Database(None) as database:
        course = _Course(trace, settings, database, ranking, rng, send_takes)
        course.run(progress)
        return course.outcomes()


class _Course:
    """One run: the clock, the radio and the gateway."""

    def __init__(
        self,
        trace: Sequence[TraceLine],
        settings: Settings,
        database: Database,
        ranking: Ranking,
        rng: random.Random,
        send_takes: timedelta,
    ) -> None:
        self._trace = trace
        self._poll = settings.modem.poll
        start = _whole_milliseconds(trace[0].at)
        self._clock = ManualClock(start)
        self._swept = start
        self._sweeps_from = start + SWEEP_EVERY
        self._radio = TraceRadio(trace=trace, clock=self._clock, send_takes=send_takes)
        self._gateway = Gateway(
            database=database,
            policy=settings.policy,
            now=lambda: Moment(*self._clock.read()),
            rng=rng,
            ranking=ranking,
            keep=NOTHING_IS_FORGOTTEN,
        )

    def run(self, progress: Progress) -> None:
        """Look, send and sweep until the trace is at its end and no reply waits."""
        while True:
            looked = self._now
            if not pipeline.send(self._gateway, self._radio) and not self._radio.holds_more:
                following = self._next_event(looked + self._poll)
                if following is None:
                    return
                self._clock.advance_to(_on_grid(looked, self._poll, following))
            if self._sweep_at(self._now):
                pipeline.sweep(self._gateway)
            progress(self._radio.position)

    @property
    def _now(self) -> datetime:
        return self._clock.read().quota

    def _next_event(self, next_look: datetime) -> datetime | None:
        """Return when something can happen next; None: nothing ever will.

        Where something comes in before `next_look`, nobody needs to ask what else there is.
        """
        comes_in = self._radio.next_at
        if comes_in is not None and comes_in <= next_look:
            return comes_in
        now = self._now
        with self._gateway.database.snapshot() as tx:
            expiry = schedule.next_expiry(tx)
            due = schedule.next_due(tx, now)
            waits = schedule.anything_due(tx, now)
        events = [comes_in, due, expiry and max(expiry, self._swept + SWEEP_EVERY)]
        if waits:
            rest = self._gateway.rest
            events.append(rest.until if rest is not None else now)
        return min((event for event in events if event is not None), default=None)

    def _sweep_at(self, now: datetime) -> bool:
        """Say whether a minute is over since the last sweep, and whether one would find something."""
        if now < self._sweeps_from:
            return False
        with self._gateway.database.snapshot() as tx:
            expiry = schedule.next_expiry(tx)
        # What is scheduled later expires later: until then, nobody needs to look again.
        expires = now + self._gateway.policy.replies.expire if expiry is None else expiry
        if expires > now:
            self._sweeps_from = max(expires, self._swept + SWEEP_EVERY)
            return False
        self._swept += (now - self._swept) // SWEEP_EVERY * SWEEP_EVERY
        self._sweeps_from = self._swept + SWEEP_EVERY
        return True

    # --- what became of it --------------------------------------------------------------------

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each line, from what the database holds at the end."""
        with self._gateway.database.snapshot() as tx:
            rows = inbox.messages(tx)
            answers = {reply.id: _answer(reply) for reply in queue.listed(tx)}
        found = _Rows(rows)
        outcomes = []
        for line in self._trace:
            sender = self._gateway.canonical(line.number)
            if line.kind is Kind.CALL:
                row = found.call(sender, self._radio.shown_at[line.line])
            else:
                row = found.sms()
            answer = None if row.reply_id is None else answers[row.reply_id]
            verdict, reason = found.ruling(row)
            outcomes.append(Outcome(line, sender, verdict, reason, answer))
        return outcomes


class _Rows:
    """Finds the row of the inbox that a line of the trace became."""

    def __init__(self, rows: Sequence[Received]) -> None:
        self._sms = iter([row for row in rows if row.kind is not Kind.CALL])
        self._calls: dict[str, list[Received]] = defaultdict(list)
        for row in rows:
            if row.kind is Kind.CALL:
                self._calls[row.number].append(row)
        self._told: set[int] = set()

    def sms(self) -> Received:
        """Return the next text: they are taken in as they come."""
        return next(self._sms)

    def call(self, sender: str, shown_at: datetime) -> Received:
        """Return the call that `sender`'s ring at `shown_at` belongs to: rings in a row are one call."""
        calls = self._calls[sender]
        return calls[bisect_right(calls, shown_at, key=lambda row: row.received_wall) - 1]

    def ruling(self, row: Received) -> tuple[Ruling | None, str]:
        """Return verdict and reason of a row's next line: a later ring joins what the first scheduled."""
        if row.id in self._told and row.verdict is Ruling.REPLY:
            return Ruling.JOINED, Reason.REPLY_WAITING
        self._told.add(row.id)
        return row.verdict, row.reason


def _answer(reply: outbox.Reply) -> Answer:
    sent_at = reply.sent_wall if reply.state is Status.SENT else None
    return Answer(reply.state, sent_at, reply.parts, reply.cost)


def _whole_milliseconds(at: datetime) -> datetime:
    """Return `at`, or the next millisecond: the store knows no less, and must not begin before the trace."""
    return at + timedelta(microseconds=-at.microsecond % 1000)


def _on_grid(looked: datetime, poll: timedelta, event: datetime) -> datetime:
    """Return the first look after the one at `looked` that comes no earlier than `event`."""
    return looked + max(1, -((looked - event) // poll)) * poll
