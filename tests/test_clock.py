"""Quota time: it never goes back, and never faster than time itself, whatever the wall clock does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.clock import EPOCH, Anchor, ManualClock, QuotaClock, Reading, Sources, kernel

MILLISECOND = timedelta(milliseconds=1)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
TODAY = (datetime(2026, 3, 6, 18, 0, tzinfo=UTC) - EPOCH) // MILLISECOND


def at(milliseconds: int) -> datetime:
    return EPOCH + milliseconds * MILLISECOND


@dataclass
class Machine:
    """A computer with its clocks. `now` is true time, which nobody in it knows; all in milliseconds.

    `tick` is how long each look at a clock takes.
    """

    now: int = TODAY
    booted_at: int = TODAY - HOUR
    boot: int = 1
    offset: int = 0
    synchronised: bool = True
    tick: int = 0

    def sources(self) -> Sources:
        return Sources(
            boot_id=lambda: f"boot {self.boot}",
            boottime=self._ticking(lambda: self.now - self.booted_at),
            wall=self._ticking(lambda: self.now + self.offset),
            synchronised=lambda: self.synchronised,
        )

    def _ticking(self, look: Callable[[], int]) -> Callable[[], int]:
        def looked() -> int:
            self.now += self.tick
            return look()

        return looked

    def passes(self, milliseconds: int) -> None:
        """Let time pass, awake or suspended: CLOCK_BOOTTIME does not care."""
        self.now += milliseconds

    def step_wall(self, by: int) -> None:
        """Set the wall clock by hand: the kernel calls it unsynchronised from then on."""
        self.offset += by
        self.synchronised = False

    def synchronise(self) -> None:
        self.offset, self.synchronised = 0, True

    def reboot(self, off_for: int, wall: int | None = None) -> None:
        """Be off for a while; wake up at the wall time `wall`, or right and synchronised."""
        self.now += off_for
        self.booted_at, self.boot = self.now, self.boot + 1
        self.synchronise()
        if wall is not None:
            self.step_wall(wall - self.now)


def started(machine: Machine, saved: Anchor | None = None, not_before: datetime | None = None) -> QuotaClock:
    return QuotaClock(saved, not_before, machine.sources())


def quota(clock: QuotaClock) -> int:
    return (clock.read().quota - EPOCH) // MILLISECOND


# --- within a boot ------------------------------------------------------------------------


def test_the_first_clock_of_all_begins_at_wall_time() -> None:
    machine = Machine()

    assert Reading(at(TODAY), at(TODAY)) == started(machine).read()


def test_steps_of_the_wall_clock_do_not_move_quota_time() -> None:
    machine = Machine()
    clock = started(machine)
    for step in (-DAY, 400 * DAY, -TODAY):
        machine.step_wall(step)
        assert (TODAY, machine.now + machine.offset) == (
            quota(clock),
            (clock.read().wall - EPOCH) // MILLISECOND,
        )


def test_a_suspended_host_counts_the_time_it_slept() -> None:
    machine = Machine()
    clock = started(machine)
    machine.passes(9 * HOUR)

    assert TODAY + 9 * HOUR == quota(clock)


def test_a_new_process_in_the_same_boot_goes_on_by_the_boots_clock_alone() -> None:
    machine = Machine()
    saved = started(machine).anchor()
    machine.step_wall(500 * DAY)
    machine.passes(5 * MINUTE)

    assert TODAY + 5 * MINUTE == quota(started(machine, saved))


def test_a_boot_clock_that_went_back_is_taken_as_no_time() -> None:
    machine = Machine()
    clock = started(machine)
    machine.passes(HOUR)
    assert TODAY + HOUR == quota(clock)
    saved = clock.anchor()
    machine.booted_at += 90 * MINUTE  # a checkpoint of a virtual machine was restored

    assert [TODAY + HOUR] * 2 == [quota(clock), quota(started(machine, saved))]


# --- across boots -------------------------------------------------------------------------


def test_across_boots_with_a_trusted_clock_the_time_off_counts() -> None:
    machine = Machine()
    saved = started(machine).anchor()
    machine.reboot(3 * DAY)

    assert TODAY + 3 * DAY == quota(started(machine, saved))


@pytest.mark.parametrize(
    "wall", [0, TODAY - DAY, TODAY, TODAY + DAY, TODAY + 400 * DAY], ids=["1970", "-1d", "0", "+1d", "+400d"]
)
def test_across_boots_with_a_clock_nobody_set_the_time_off_is_no_time_at_all(wall: int) -> None:
    machine = Machine()
    saved = started(machine).anchor()
    machine.reboot(3 * DAY, wall)
    clock = started(machine, saved)
    machine.passes(MINUTE)

    assert TODAY + MINUTE == quota(clock)


def test_when_the_time_comes_late_the_time_off_is_made_up_for() -> None:
    machine = Machine()
    saved = started(machine).anchor()
    machine.reboot(3 * DAY, wall=0)
    clock = started(machine, saved)
    machine.passes(20 * MINUTE)
    machine.synchronise()
    machine.passes(MINUTE)

    assert TODAY + 21 * MINUTE == quota(clock)
    assert TODAY + 3 * DAY + 21 * MINUTE == clock.anchor().quota
    machine.passes(MINUTE)
    assert TODAY + 3 * DAY + 22 * MINUTE == quota(clock)


def test_it_is_made_up_for_once() -> None:
    machine = Machine()
    saved = started(machine).anchor()
    machine.reboot(3 * DAY, wall=0)
    clock = started(machine, saved)
    machine.synchronise()
    clock.anchor()
    machine.offset = 50 * DAY  # a time server that lies
    clock.anchor()

    assert TODAY + 3 * DAY == quota(clock)


def test_what_passes_while_it_is_made_up_for_is_not_counted_twice() -> None:
    machine = Machine()
    saved = started(machine).anchor()
    machine.reboot(3 * DAY, wall=0)
    clock = started(machine, saved)
    machine.synchronise()
    machine.tick = 1000
    clock.anchor()
    machine.tick = 0

    assert machine.now - 10_000 <= quota(clock) <= machine.now


@pytest.mark.parametrize("late", [False, True], ids=["synchronised at start", "synchronised later"])
def test_a_clock_that_was_not_trusted_when_it_was_saved_cannot_tell_how_long_the_machine_was_off(
    late: bool,
) -> None:
    machine = Machine()
    machine.step_wall(-DAY)
    saved = started(machine).anchor()
    machine.reboot(3 * DAY, wall=0 if late else None)
    clock = started(machine, saved)
    machine.synchronise()
    clock.anchor()

    assert saved.quota == quota(clock)


def test_a_trusted_clock_that_is_earlier_than_the_saved_one_frees_nothing() -> None:
    machine = Machine()
    saved = replace(started(machine).anchor(), wall=TODAY + 9 * DAY)
    machine.reboot(3 * DAY)

    assert TODAY == quota(started(machine, saved))


def test_a_machine_that_wakes_up_in_1970_for_the_first_time_just_counts_on() -> None:
    machine = Machine()
    machine.step_wall(-TODAY)
    clock = started(machine)
    machine.passes(MINUTE)
    machine.synchronise()
    machine.passes(MINUTE)

    assert Reading(at(2 * MINUTE), at(TODAY + 2 * MINUTE)) == clock.read()
    saved = clock.anchor()
    assert (2 * MINUTE, TODAY + 2 * MINUTE, True) == (saved.quota, saved.wall, saved.wall_trusted)
    machine.reboot(DAY)
    assert 2 * MINUTE + DAY == quota(started(machine, saved))


# --- what is on record --------------------------------------------------------------------


def test_no_clock_goes_behind_what_is_on_record() -> None:
    machine = Machine()
    saved = started(machine).anchor()
    clock = started(machine, saved, not_before=at(TODAY + HOUR))

    assert TODAY + HOUR == quota(clock)
    machine.passes(MINUTE)
    assert TODAY + HOUR + MINUTE == quota(clock)


def test_a_saved_anchor_from_the_future_is_gone_on_from() -> None:
    machine = Machine()
    saved = replace(started(machine).anchor(), quota=TODAY + 900 * DAY)

    assert TODAY + 900 * DAY == quota(started(machine, saved))


def test_where_there_is_a_record_but_no_anchor_what_passed_since_is_not_known() -> None:
    machine = Machine()

    assert TODAY - 5 * DAY == quota(started(machine, None, not_before=at(TODAY - 5 * DAY)))
    assert TODAY + 5 * DAY == quota(started(machine, None, not_before=at(TODAY + 5 * DAY)))


def test_an_anchor_says_all_that_the_next_process_needs() -> None:
    machine = Machine()
    clock = started(machine)
    machine.passes(HOUR)
    machine.step_wall(-7)

    assert (
        Anchor(
            boot_id="boot 1",
            boottime=2 * HOUR,
            quota=TODAY + HOUR,
            wall=TODAY + HOUR - 7,
            wall_trusted=False,
        )
        == clock.anchor()
    )


# --- properties ---------------------------------------------------------------------------

SPANS = st.sampled_from([0, 1, 7, MINUTE, HOUR, 3 * DAY])
WALLS = st.sampled_from([0, 1, TODAY - DAY, TODAY, TODAY + HOUR, TODAY + 900 * DAY])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("passes"), SPANS),
        st.tuples(st.just("step_wall"), st.sampled_from([-900 * DAY, -DAY, -1, 1, DAY, 900 * DAY])),
        st.tuples(st.just("synchronise")),
        st.tuples(st.just("reboot"), SPANS, st.none() | WALLS),
        st.tuples(st.just("save")),
        st.tuples(st.just("restart")),
        st.tuples(st.just("stop and start")),
    ),
    max_size=30,
)


@given(STEPS, st.integers(0, 3), WALLS)
def test_quota_time_never_goes_back_and_never_faster_than_time(
    steps: list[tuple[Any, ...]], tick: int, first_wall: int
) -> None:
    machine = Machine(tick=tick)
    machine.step_wall(first_wall - machine.now)
    clock, saved = started(machine), None
    begun, first = machine.now, quota(clock)
    before = first
    for step, *arguments in steps:
        if step in {"save", "stop and start"}:
            saved = clock.anchor()
        elif step != "restart":
            getattr(machine, step)(*arguments)
        if step in {"reboot", "restart", "stop and start"}:
            clock = started(machine, saved, not_before=at(before))
        now = quota(clock)
        assert now >= before
        assert now - first <= machine.now - begun
        before = now


@given(STEPS)
def test_on_a_machine_that_always_knows_the_time_and_saves_it_nothing_is_lost(
    steps: list[tuple[Any, ...]],
) -> None:
    machine = Machine()
    clock = started(machine)
    for step, *arguments in steps:
        if step == "reboot":
            saved = clock.anchor()
            machine.reboot(arguments[0])
            clock = started(machine, saved, not_before=at(quota(clock)))
        elif step == "passes":
            machine.passes(*arguments)
        elif step == "step_wall":
            machine.step_wall(*arguments)
            machine.synchronise()

    assert machine.now == quota(clock)


# --- the kernel's clocks ------------------------------------------------------------------


def test_the_kernels_clocks_are_those_of_this_machine() -> None:
    sources = kernel()

    assert 36 == len(sources.boot_id())
    assert abs(sources.wall() - time.time() * 1000) < 1000
    assert abs(sources.boottime() - time.clock_gettime(time.CLOCK_BOOTTIME) * 1000) < 1000
    assert sources.synchronised() in {True, False}


def test_the_kernels_clock_goes_on() -> None:
    clock = QuotaClock(None)
    first = clock.read()
    saved = clock.anchor()
    deadline = time.monotonic() + 10
    while clock.read().quota == first.quota:
        assert time.monotonic() < deadline

    assert clock.read().quota > first.quota
    assert QuotaClock(saved).read().quota >= first.quota


# --- the clock that is turned by hand -----------------------------------------------------


def test_a_manual_clock_stands_still_until_it_is_turned() -> None:
    clock = ManualClock(at(TODAY))

    assert [Reading(at(TODAY), at(TODAY))] * 2 == [clock.read(), clock.read()]
    clock.advance(timedelta(minutes=1))
    assert Reading(at(TODAY + MINUTE), at(TODAY + MINUTE)) == clock.read()
    clock.step_wall(timedelta(hours=-1))
    assert Reading(at(TODAY + MINUTE), at(TODAY + MINUTE - HOUR)) == clock.read()
    clock.advance_to(at(TODAY + HOUR))
    assert Reading(at(TODAY + HOUR), at(TODAY)) == clock.read()
    clock.advance_to(at(TODAY))
    assert Reading(at(TODAY + HOUR), at(TODAY)) == clock.read()
