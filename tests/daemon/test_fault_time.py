"""A clock that is years off, steps, or stands still while the host sleeps: nothing is lost or freed early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relou_gateway.rules.records import Status
from tests.support.daemon import STOP_WITHIN, Section, Service, service
from tests.support.displaced import Displaced
from tests.support.notify import Listener, listener
from tests.support.together import side_by_side

KARIM, JULIEN, MATHIEU = "+33612345678", "+33687654321", "+33798765005"
IN_1970 = datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON = 12.0
"""Seconds within which a tick follows a step: libGammu's sends and the watcher's second are in it."""

ONE_AN_HOUR: Mapping[str, Section] = {"throttle": {"per_hour": 1}}


class Displacement:
    """A gateway on a machine whose clocks can be turned."""

    def __init__(self, gateway: Service, machine: Displaced, systemd: Listener) -> None:
        self.gateway, self.machine, self.systemd = gateway, machine, systemd

    def start(self) -> None:
        self.gateway.start(
            prefix=self.machine.prefix,
            environ={**self.machine.environ, "NOTIFY_SOCKET": self.systemd.address},
        )
        self.gateway.wait_for("modem.ready")

    def write(self, number: str) -> None:
        self.gateway.modem.deliver(number, f"de {number}")
        self.gateway.wait_for("verdict.given", SOON, number=number)

    def write_and_be_answered(self, number: str) -> None:
        self.write(number)
        self.gateway.wait_for("reply.sent", SOON, number=number)

    def write_and_wait_in_vain(self, number: str) -> None:
        """Write, and hold that nothing goes although it is due."""
        self.write(number)
        self.nothing_goes()

    def nothing_goes(self) -> None:
        before = self.gateway.modem.record()
        self.systemd.wait_for("WATCHDOG=1", 3)  # a reply is due within two of these ticks
        assert before == self.gateway.modem.record()

    def wake_up(self, wall: datetime) -> None:
        """Stop, and boot with a wall clock that nobody has set."""
        self.gateway.stop()
        self.machine.reboot()
        self.machine.set_wall(wall, synchronised=False)
        self.start()

    def answered(self) -> list[str]:
        return [line["number"] for line in self.gateway.modem.record()]


@contextmanager
def displaced(directory: Path, config: Mapping[str, Section] | None = None) -> Iterator[Displacement]:
    with service(directory, config, start=False) as gateway, listener(directory) as systemd:
        here = Displacement(gateway, Displaced(directory / "machine.json"), systemd)
        here.start()
        yield here


# --- steps while it runs --------------------------------------------------------------------


def goes_on_after(step: timedelta, directory: Path) -> None:
    with displaced(directory) as here:
        here.machine.step(step)
        here.gateway.wait_for("clock.stepped", 5)
        here.write_and_be_answered(KARIM)
        here.machine.put_right()
        here.gateway.wait_for("clock.stepped", 5, count=2)
        here.write_and_be_answered(JULIEN)
        ended = here.gateway.stop()
        assert (0, True) == (ended.code, ended.seconds < STOP_WITHIN)
        assert [] == here.gateway.heard("tick.failed")


@side_by_side
def test_the_ticks_go_on_after_steps_back_and_forward_by_a_year(directory: Path) -> None:
    goes_on_after(-400 * DAY, directory)


@side_by_side
def test_the_ticks_go_on_after_steps_forward_by_sixty_years_and_back(directory: Path) -> None:
    goes_on_after(60 * 365 * DAY, directory)


@side_by_side
def test_no_step_of_the_wall_clock_frees_a_cap_or_lets_a_reply_expire(directory: Path) -> None:
    config: dict[str, Section] = {"throttle": {"per_hour": 1}, "replies": {"expire": "2h"}}
    with displaced(directory, config) as here:
        here.write_and_be_answered(KARIM)
        here.write_and_wait_in_vain(JULIEN)
        for count, step in enumerate((9 * HOUR, -30 * HOUR, 400 * DAY, -400 * DAY), 1):
            here.machine.step(step)
            here.gateway.wait_for("clock.stepped", 5, count=count)
        here.write_and_wait_in_vain(MATHIEU)
        assert ([KARIM], []) == (here.answered(), here.gateway.heard("reply.expired"))
        assert {Status.SENT, Status.SCHEDULED} == {reply.state for reply in here.gateway.replies()}


# --- a host that sleeps ---------------------------------------------------------------------


@side_by_side
def test_after_a_sleep_what_is_due_goes_what_is_too_late_expires_and_caps_are_free(directory: Path) -> None:
    config: dict[str, Section] = {"throttle": {"per_hour": 1}, "replies": {"expire": "12h"}}
    with displaced(directory, config) as here:
        here.write_and_be_answered(KARIM)
        here.write_and_wait_in_vain(JULIEN)
        here.machine.suspend(3 * HOUR)
        here.gateway.wait_for("reply.sent", SOON, number=JULIEN)
        here.write_and_wait_in_vain(MATHIEU)
        here.machine.suspend(13 * HOUR)
        here.gateway.wait_for("reply.expired", SOON)
        here.machine.suspend(DAY)
        here.nothing_goes()
        assert [KARIM, JULIEN] == here.answered(), "expired stays expired"


# --- a clock nobody set ---------------------------------------------------------------------


@side_by_side
def test_a_machine_that_wakes_up_in_1970_frees_nothing_by_learning_the_time(directory: Path) -> None:
    with displaced(directory, ONE_AN_HOUR) as here:
        here.write_and_be_answered(KARIM)
        here.wake_up(IN_1970)
        here.gateway.wait_for("clock.implausible")
        here.write_and_wait_in_vain(JULIEN)
        here.machine.suspend(HOUR / 2)  # which the boot's clock knows, whatever the year
        here.nothing_goes()
        here.machine.set_wall(datetime.now(UTC) + HOUR / 2, synchronised=True)
        here.nothing_goes()
        here.machine.suspend(HOUR / 2)
        here.gateway.wait_for("reply.sent", SOON, number=JULIEN)
        years = [message.received_wall.year for message in here.gateway.messages()]
        assert [datetime.now(UTC).year, 1970] == years


@side_by_side
def test_the_time_that_a_machine_was_off_is_made_up_for_once_it_knows_the_time(directory: Path) -> None:
    with displaced(directory, ONE_AN_HOUR) as here:
        here.write_and_be_answered(KARIM)
        here.wake_up(IN_1970)
        here.write_and_wait_in_vain(JULIEN)
        here.machine.set_wall(datetime.now(UTC) + 3 * HOUR, synchronised=True)
        here.gateway.wait_for("reply.sent", SOON, number=JULIEN)


@side_by_side
def test_a_clock_that_is_years_ahead_at_boot_and_never_synchronised_frees_nothing(directory: Path) -> None:
    with displaced(directory, ONE_AN_HOUR) as here:
        here.write_and_be_answered(KARIM)
        here.wake_up(datetime.now(UTC) + 900 * DAY)
        here.write_and_wait_in_vain(JULIEN)
        [cap] = here.gateway.rows("budget")
        assert ("throttle.per_hour", 0) == (cap["window"], cap["left"])
        assert [] == here.gateway.broken_links()
