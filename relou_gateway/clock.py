"""Quota time: what windows, delays and expiry are reckoned in.

A Raspberry Pi has no battery clock: it may wake up years off and step when the network
comes. Within a boot, quota time advances by CLOCK_BOOTTIME alone, which counts suspension
and knows no steps. Across boots it advances by the wall clock's difference, but only where
the kernel called the clock synchronised at both ends, and never backwards. Whatever is not
known is taken as no time at all: then windows last longer, and nothing is freed too early.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class Reading(NamedTuple):
    """Both clocks at one instant: quota time and wall time."""

    quota: datetime
    wall: datetime


PLAUSIBLE_FROM = datetime(2026, 1, 1, tzinfo=UTC)
"""The program is younger than this; a wall clock that is older has not been set yet."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where quota time stood at some instant; all in milliseconds, `quota` and `wall` since 1970.

    `wall_trusted` says that the kernel called the wall clock synchronised then.
    """

    boot_id: str
    boottime: int
    quota: int
    wall: int
    wall_trusted: bool


@dataclass(frozen=True, slots=True)
class Sources:
    """Where time comes from; tests give their own."""

    boot_id: Callable[[], str]
    boottime: Callable[[], int]
    wall: Callable[[], int]
    synchronised: Callable[[], bool]


def kernel() -> Sources:
    """Return the clocks of this machine."""
    return Sources(
        boot_id=lambda: Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        boottime=lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
        wall=lambda: time.time_ns() // 1_000_000,
        synchronised=_synchronised,
    )


class QuotaClock:
    """The gateway's clock, continued from where an earlier process left it."""

    def __init__(
        self, saved: Anchor | None, not_before: datetime | None = None, sources: Sources | None = None
    ) -> None:
        """Continue from `saved`; `not_before` is the latest quota time on record anywhere."""
        self._sources = sources or kernel()
        self._floor = 0 if not_before is None else (not_before - EPOCH) // _MILLISECOND
        self._saved = saved
        self._anchor = self._continue(saved, recorded=not_before is not None)

    def read(self) -> Reading:
        """Return both clocks now. Quota time never goes back, not even by a millisecond."""
        quota = self._anchor.quota + max(0, self._sources.boottime() - self._anchor.boottime)
        self._floor = max(quota, self._floor)
        return Reading(_time(self._floor), _time(self._sources.wall()))

    def anchor(self) -> Anchor:
        """Return what the next process needs to go on from here.

        Where the clock has become synchronised since the start, the time that the machine was
        off is made up for now.
        """
        if not self._anchor.wall_trusted and self._sources.synchronised():
            self._catch_up()
        # Quota time first: what passes between these lines must be lost, not counted twice.
        quota = (self.read().quota - EPOCH) // _MILLISECOND
        return replace(
            self._anchor,
            boottime=self._sources.boottime(),
            quota=quota,
            wall=self._sources.wall(),
            wall_trusted=self._sources.synchronised(),
        )

    def _continue(self, saved: Anchor | None, *, recorded: bool) -> Anchor:
        trusted = self._sources.synchronised()
        wall = self._sources.wall()
        here = Anchor(self._sources.boot_id(), self._sources.boottime(), wall, wall, trusted)
        if saved is None:
            return replace(here, quota=self._floor) if recorded else here
        if saved.boot_id == here.boot_id:
            elapsed = here.boottime - saved.boottime
        else:
            elapsed = here.wall - saved.wall if saved.wall_trusted and trusted else 0
        return replace(here, quota=max(saved.quota + max(0, elapsed), self._floor))

    def _catch_up(self) -> None:
        """Add the time the machine was off, now that both ends of it are known."""
        saved, here = self._saved, self._anchor
        self._anchor = replace(here, wall_trusted=True)
        if saved is None or not saved.wall_trusted or saved.boot_id == here.boot_id:
            return
        passed = self._sources.wall() - saved.wall
        awake = self._sources.boottime() - here.boottime
        self._anchor = replace(self._anchor, quota=max(here.quota, saved.quota + passed - awake))


class ManualClock:
    """A clock that stands still until it is turned by hand; for tests and simulation."""

    def __init__(self, start: datetime) -> None:
        """Let quota and wall time both begin at `start`."""
        self._quota = self._wall = start

    def read(self) -> Reading:
        """Return both clocks."""
        return Reading(self._quota, self._wall)

    def advance(self, by: timedelta) -> None:
        """Let time pass on both clocks."""
        self._quota += by
        self._wall += by

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until quota time is `moment`, if it is not past it."""
        self.advance(max(timedelta(0), moment - self._quota))

    def step_wall(self, by: timedelta) -> None:
        """Step the wall clock alone, as a time server or a person does."""
        self._wall += by


def _time(stored: int) -> datetime:
    return EPOCH + stored * _MILLISECOND


def _synchronised() -> bool:
    """Ask the kernel whether some daemon keeps the wall clock right: adjtimex(2), reading only."""
    library = ctypes.CDLL(None, use_errno=True)
    # struct timex begins with `modes`, 0 for "change nothing"; 512 bytes hold all of it anywhere.
    state: int = library.adjtimex(ctypes.create_string_buffer(512))
    return 0 <= state < _TIME_ERROR
