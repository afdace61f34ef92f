"""The composition root: opens store and modem, recovers, lets the scheduler tick, stops in order.

One worker thread does all the work, one tick after the other, so that no two steps of the
message's way ever run at once. The main thread only waits: for a signal, and for the wall
clock to step.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import astuple
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from . import __version__, log, pipeline, systemd
from .clock import PLAUSIBLE_FROM, Anchor, QuotaClock
from .config import Settings
from .log import Event
from .modem.cell import Cell
from .modem.keeper import Keeper
from .modem.port import ModemLost
from .pipeline import Gateway
from .reach import Reach
from .rules.least_suspicious import LeastSuspicious
from .rules.records import Moment
from .store import gateway as state
from .store import ledger, lock, losses, queue
from .store.database import SCHEMA_VERSION, Database, StoreError, before_version, create_or_migrate
from .store.gateway import ClockRow

STOP_WITHIN = 9.0
"""Seconds from a signal to the end; systemd and people are promised ten."""

LAST_SEND = 7.0
"""Seconds that a request to the modem gets to end once an orderly stop has begun."""

SWEEP_EVERY = timedelta(minutes=1)
LOOK_EVERY = timedelta(seconds=1)
WATCH_EVERY = 1.0
CLOCK_STEP = 2.0
"""Seconds by which the wall clock may run ahead of or behind the monotonic one within a watch."""


def run(settings: Settings, *, device: str | None = None, ready: Callable[[], None] | None = None) -> int:
    """Run the gateway until SIGTERM or SIGINT; return the exit code.

    `device` overrides the configured one (the virtual modem's link); `ready` is called once
    the ticks have begun. 0 after an orderly stop, 1 where it cannot start.
    """
    log.set_up(level=settings.log.level, form=settings.log.format, numbers=settings.log.numbers)
    stop = threading.Event()
    with _signals(stop):
        try:
            with ExitStack() as house:
                _Daemon(settings, device, stop, house).run(ready)
        except StoreError as error:
            log.say(Event.DAEMON_REFUSED, reason=str(error))
            return 1
    return 0


class _Daemon:
    """What lives from start to stop. `house` closes everything in the order opposite to opening."""

    def __init__(
        self, settings: Settings, device: str | None, stop: threading.Event, house: ExitStack
    ) -> None:
        self._settings = settings
        self._stop = stop
        self._end_anyway = threading.Timer(STOP_WITHIN, _end_now)
        self._end_anyway.daemon = True
        house.callback(self._end_anyway.cancel)
        path = settings.storage.path
        house.enter_context(lock.held(path))
        self._told_of_store = False
        before = create_or_migrate(path)
        if before == 0:
            log.say(Event.DATABASE_MADE, path=str(path))
        elif before < SCHEMA_VERSION:
            kept = before_version(path, SCHEMA_VERSION)
            log.say(Event.DATABASE_MIGRATED, path=str(path), version=SCHEMA_VERSION, copy=str(kept))
        self._database = house.enter_context(Database(path))
        self._clock = _continued_clock(self._database)
        rng = random.SystemRandom()
        self._gateway = Gateway(
            database=self._database,
            policy=settings.policy,
            now=self._now,
            rng=rng,
            ranking=LeastSuspicious(settings.policy.raid),
            keep=settings.storage.keep,
            storage_max=settings.storage.max,
            roaming=settings.modem.roaming,
            bears=settings.modem.radio_restart,
            reports=settings.modem.reports,
            keep_alive=settings.modem.keep_alive,
            may_claim=lambda: not stop.is_set(),
        )
        self._reach = Reach(settings.modem, self._database, self._now, override=device, hurried=stop.is_set)
        self._keeper = Keeper(self._reach.cell, rng, plugged=self._reach.plugged)
        house.callback(self._keeper.close)
        self._greeted: Cell | None = None
        self._lost = ""
        self._working = threading.Lock()
        # A tick that takes longer than the interval is no event here: the next one follows it.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def run(self, ready: Callable[[], None] | None) -> None:
        """Recover, tick until told to stop, and stop in order."""
        self._announce()
        pipeline.recover(self._gateway)
        with self._database.transaction("start") as tx:
            state.note_modem(tx, "starting", "", self._reach.device, self._now())
        poll = self._settings.modem.poll
        self._every(poll, "exchange", self._exchange)
        self._every(SWEEP_EVERY, "sweep", self._sweep)
        self._scheduler.add_job(self._look, _Every(LOOK_EVERY), next_run_time=datetime.now(UTC))
        self._scheduler.start()
        systemd.notify("READY=1", f"STATUS=started, polling every {poll.total_seconds():g} s")
        log.say(Event.DAEMON_STARTED, version=__version__, database=str(self._settings.storage.path))
        if ready is not None:
            ready()
        self._watch_clock()
        self._shut_down()

    def _announce(self) -> None:
        for warning in self._settings.warnings:
            log.say(Event.CONFIG_WARNING, key=warning.key, reason=warning.message)
        wall = self._clock.read().wall
        if wall < PLAUSIBLE_FROM:
            log.say(Event.CLOCK_IMPLAUSIBLE, wall=wall.isoformat())

    def _now(self) -> Moment:
        return Moment(*self._clock.read())

    # --- ticks ------------------------------------------------------------------------------

    def _every(self, interval: timedelta, name: str, step: Callable[[], bool]) -> None:
        self._scheduler.add_job(
            self._tick, _Every(interval), (name, step), id=name, next_run_time=datetime.now(UTC)
        )

    def _tick(self, name: str, step: Callable[[], bool]) -> None:
        """Do one step. Whatever goes wrong ends here, and the next tick begins afresh."""
        with self._working:
            if self._stop.is_set():
                return
            try:
                more = step()
                self._store_works()
            except ModemLost as lost:
                more = False
                self._modem_lost(lost)
            except StoreError as error:
                more = False
                self._store_failed(error)
            except Exception as error:  # noqa: BLE001 - the tick's edge: a fault of ours must not end the service
                more = False
                self._fault(name, error)
            # An end is an end: a known failure feeds the watchdog too, a hang does not.
            systemd.notify("WATCHDOG=1", f"STATUS={self._status_line()}")
        if more and not self._stop.is_set():
            with suppress(JobLookupError):  # the scheduler was shut down just now
                self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    def _exchange(self) -> bool:
        """Receive, judge and send one reply; True asks for the next tick at once: there may be more."""
        pipeline.settle_orphan(self._gateway, "what became of it could not be written")
        pipeline.judge(self._gateway)
        pipeline.learn(self._gateway)
        modem = self._keeper.modem()
        if modem is not self._greeted:
            self._greet(modem)
        pipeline.ask_credit(self._gateway, modem)
        return pipeline.send(self._gateway, modem) or self._gateway.flowing

    def _sweep(self) -> bool:
        pipeline.sweep(self._gateway)
        pipeline.keep_alive(self._gateway)
        self._save_clock()
        if self._greeted is not None and self._greeted.alive:
            self._reach.observed(pipeline.observe(self._gateway, self._greeted))
        return False

    def _look(self) -> None:
        """Take up a modem that was plugged in at once, however long the poll's interval is.

        This is no tick: it works with nothing, so that it neither feeds the watchdog nor proves
        that the store is well.
        """
        if self._keeper.due:
            with suppress(JobLookupError):  # the scheduler was shut down just now
                self._scheduler.modify_job("exchange", next_run_time=datetime.now(UTC))

    def _greet(self, modem: Cell) -> None:
        """Learn who a fresh modem is."""
        identity = modem.identify()
        with self._database.transaction("modem") as tx:
            state.note_modem(tx, "ready", "", self._reach.device, self._now())
            state.note_identity(tx, identity)
        self._greeted, self._lost = modem, ""
        log.say(
            Event.MODEM_READY, device=self._reach.device, maker=identity.manufacturer, model=identity.model
        )
        self._reach.greeted(identity)
        pipeline.begin_afresh(self._gateway)
        self._reach.observed(pipeline.observe(self._gateway, modem))

    # --- what can go wrong ------------------------------------------------------------------

    def _modem_lost(self, lost: ModemLost) -> None:
        """Write down a loss, and say it once for each new cause."""
        was_at_work, self._greeted = self._greeted is not None, None
        if (told := f"{lost.cause}: {lost}") == self._lost:
            return
        self._lost = told
        log.say(Event.MODEM_LOST, device=self._reach.device, cause=lost.cause, reason=str(lost))
        try:
            with self._database.transaction("modem") as tx:
                state.note_modem(tx, lost.cause, str(lost), self._reach.device, self._now())
                if was_at_work and lost.cause != "stopped":
                    losses.note(tx, lost.cause, self._now())
        except StoreError as error:
            self._store_failed(error)

    def _store_failed(self, error: StoreError) -> None:
        if not self._told_of_store:
            log.say(Event.STORE_FAILED, reason=str(error))
        self._told_of_store = True

    def _store_works(self) -> None:
        if self._told_of_store:
            log.say(Event.STORE_RECOVERED)
        self._told_of_store = False

    def _fault(self, name: str, error: Exception) -> None:
        """Take note of a fault of the program's; push away the row that it struck."""
        log.say(Event.TICK_FAILED, tick=name, reason=type(error).__name__, exc_info=error)
        try:
            pipeline.push_away(self._gateway)
            pipeline.settle_orphan(self._gateway, "the program failed while sending")
        except StoreError as broken:
            self._store_failed(broken)

    def _status_line(self) -> str:
        if self._told_of_store:
            return "the database cannot be written"
        if self._lost:
            return f"no modem ({self._lost})"
        if self._gateway.breaker is not None:
            return f"receiving only, sending stopped by itself ({self._gateway.breaker.cause})"
        return "working" if self._gateway.raid_since is None else "working, a raid runs"

    # --- clock ------------------------------------------------------------------------------

    def _save_clock(self) -> None:
        anchor = self._clock.anchor()
        with self._database.transaction("clock") as tx:
            state.save_clock(tx, ClockRow(*astuple(anchor)))

    def _watch_clock(self) -> None:
        """Wait for the stop; let the jobs run now whenever the wall clock stepped.

        APScheduler reckons in wall time: after a step back of a day, the next run would be a
        day away.
        """
        offset = time.time() - time.monotonic()
        while not self._stop.wait(WATCH_EVERY):
            step = time.time() - time.monotonic() - offset
            if abs(step) > CLOCK_STEP:
                offset += step
                log.say(Event.CLOCK_STEPPED, seconds=round(step, 1))
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(UTC))

    # --- stop -------------------------------------------------------------------------------

    def _shut_down(self) -> None:
        """Let the tick that runs end, within bounds; a send that does not becomes `in_doubt`."""
        systemd.notify("STOPPING=1")
        log.say(Event.DAEMON_STOPPING)
        began = time.monotonic()
        self._end_anyway.start()
        self._keeper.hurry(LAST_SEND)
        self._scheduler.shutdown(wait=False)
        with self._working:  # waits for the tick that runs; none begins any more
            counts = self._write_end()
        log.say(Event.DAEMON_STOPPED, seconds=round(time.monotonic() - began, 1), **counts)

    def _write_end(self) -> dict[str, int]:
        """Write how things stand at the end; return how many replies are in which state."""
        try:
            self._save_clock()
            with self._database.transaction("modem") as tx:
                state.note_modem(tx, "stopped", "", self._reach.device, self._now())
            with self._database.snapshot() as tx:
                return {str(status): count for status, count in queue.counts(tx).items() if count}
        except StoreError as error:
            self._store_failed(error)
            return {}


class _Every(BaseTrigger):  # type: ignore[misc] # APScheduler ships no types
    """Fires again this long after now.

    APScheduler's own trigger counts from the last run, and lists every run that was missed: when a
    machine that woke up in 1970 learns the time, that is more than any memory holds.
    """

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """Return when to run next, now being `now`."""
        return now + self._interval


def _end_now() -> None:
    """End the process on the spot: only a disk or a locked database can take this long.

    The cell ends with it, and the next start finds whatever could not be written.
    """
    log.say(Event.TICK_FAILED, tick="stop", reason="the last step did not end in time")
    os._exit(0)


def _continued_clock(database: Database) -> QuotaClock:
    with database.snapshot() as tx:
        row, latest = state.clock(tx), ledger.latest_time(tx)
    if row is None:
        return QuotaClock(None, latest)
    return QuotaClock(Anchor(*row), latest)


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM, SIGINT and SIGHUP ask for an orderly stop."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
