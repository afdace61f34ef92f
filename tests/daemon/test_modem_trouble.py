"""A modem that is missing, busy, forbidden, pulled, noisy or locked: told in one line, and outlived."""

from __future__ import annotations

import fcntl
import os
import termios
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.daemon import Service, service
from tests.support.notify import listener
from tests.support.together import side_by_side
from tests.support.virtual import virtual_modem

KARIM, JULIEN = "+33612345678", "+33687658642"
WITHOUT_ROOTS_RIGHTS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Root may open whatever he likes, unless he is told not to."""


def told_once(gateway: Service, cause: str, cure: str) -> None:
    """Hold that the loss was told in one line that names the cure, and without a traceback."""
    [lost] = gateway.heard("modem.lost")
    assert (cause, True) == (lost["cause"], cure in lost["reason"])
    assert ([], False) == (gateway.heard("tick.failed"), b"Traceback" in gateway.output.raw)


# --- not there, not ours --------------------------------------------------------------------


@side_by_side
def test_a_missing_modem_is_told_once_and_works_as_soon_as_it_is_there(directory: Path) -> None:
    config = {"modem": {"device": str(directory / "modem")}}
    with service(directory, config, plugged=False) as gateway, listener(directory) as systemd:
        gateway.process.terminate()
        gateway.exit_code()
        gateway.start(environ={"NOTIFY_SOCKET": systemd.address})
        gateway.wait_for("modem.lost")
        systemd.wait_for("WATCHDOG=1", 3)
        told_once(gateway, "absent", "plug the modem in, or correct modem.device")
        assert [] == [each for each in gateway.processes() if "virtual" in each]
        with virtual_modem(directory) as modem:
            modem.deliver(KARIM, "Salut")
            gateway.wait_for("reply.sent", number=KARIM)
            gateway.stop()


@contextmanager
def held(path: str) -> Iterator[None]:
    """Hold a tty as another serial program does."""
    tty = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(tty, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.ioctl(tty, termios.TIOCEXCL)
        yield
    finally:
        os.close(tty)


@side_by_side
def test_a_modem_that_another_program_holds_is_told_once_and_works_when_it_lets_go(directory: Path) -> None:
    with service(directory, start=False) as gateway, listener(directory) as systemd:
        with held(gateway.modem.link):
            gateway.start(environ={"NOTIFY_SOCKET": systemd.address})
            gateway.wait_for("modem.lost")
            systemd.wait_for("WATCHDOG=1", 3)
            told_once(gateway, "busy", "another program may hold it")
        gateway.wait_for("modem.ready")


@side_by_side
def test_a_modem_that_we_may_not_open_is_told_once_and_works_when_we_may(directory: Path) -> None:
    prefix = WITHOUT_ROOTS_RIGHTS if os.getuid() == 0 else ()
    with service(directory, start=False) as gateway, listener(directory) as systemd:
        tty = Path(gateway.modem.link).resolve()
        tty.chmod(0)
        gateway.start(prefix=prefix, environ={"NOTIFY_SOCKET": systemd.address})
        gateway.wait_for("modem.lost")
        systemd.wait_for("WATCHDOG=1", 3)
        told_once(gateway, "denied", "join its group, which is often dialout")
        tty.chmod(0o600)
        gateway.wait_for("modem.ready")


# --- pulled and noisy -----------------------------------------------------------------------


@side_by_side
def test_a_modem_that_is_pulled_and_plugged_again_loses_and_repeats_nothing(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.modem.deliver(KARIM, "before")
        gateway.wait_for("reply.sent", number=KARIM)
        gateway.modem.drop()
        gateway.wait_for("modem.lost", 10)  # also in the middle of a request
        gateway.modem.deliver(JULIEN, "meanwhile")
        gateway.modem.replug()
        gateway.wait_for("modem.ready", count=2)
        gateway.modem.deliver(JULIEN, "after")
        gateway.wait_for("reply.sent", number=JULIEN)
        gateway.wait_for("verdict.given", count=3)
        assert {"before", "meanwhile", "after"} == {message.text for message in gateway.messages()}
        assert 3 == len(gateway.messages())
        assert [KARIM, JULIEN] == [line["number"] for line in gateway.modem.record()]


@side_by_side
def test_a_modem_that_is_pulled_while_it_deletes_loses_and_repeats_nothing(directory: Path) -> None:
    numbers = [f"+3361234560{index}" for index in range(5)]
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        gateway.modem.fault("drop", at="AT+CMGD", skip=2, executed=True)
        for number in numbers:
            gateway.modem.deliver(number, f"de {number}")
        gateway.wait_for("modem.lost")
        gateway.modem.replug()
        for number in numbers:
            gateway.wait_for("reply.sent", number=number)
        assert sorted(f"de {number}" for number in numbers) == sorted(
            message.text for message in gateway.messages()
        )
        assert Counter(numbers) == Counter(line["number"] for line in gateway.modem.record())


@side_by_side
def test_fifty_kilobytes_of_garbage_on_the_line_lose_nothing(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.modem.deliver(KARIM, "before")
        gateway.wait_for("verdict.given", count=1)
        gateway.modem.deliver(KARIM, "between")
        gateway.modem.ask("garbage", length=50_000)
        gateway.modem.deliver(JULIEN, "after")
        gateway.wait_for("reply.sent", 90, number=JULIEN)
        gateway.wait_for("reply.sent", 90, number=KARIM)
        texts = sorted(message.text for message in gateway.messages())
        assert ["after", "before", "between"] == texts
        assert 2 == len(gateway.modem.record())
        assert [] == gateway.heard("tick.failed")


# --- locked ---------------------------------------------------------------------------------


@side_by_side
def test_the_right_pin_opens_the_sim(directory: Path) -> None:
    config = {"modem": {"pin": "9753"}}
    with service(directory, config, modem={"pin": "9753"}) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent")
        assert 3 == gateway.modem.state()["pin_tries"]
        assert b"9753" not in gateway.output.raw


@side_by_side
def test_a_wrong_pin_is_tried_once_and_never_again(directory: Path) -> None:
    config = {"modem": {"pin": "8642"}}
    with (
        service(directory, config, modem={"pin": "9753"}, start=False) as gateway,
        listener(directory) as systemd,
    ):
        gateway.start(environ={"NOTIFY_SOCKET": systemd.address})
        gateway.wait_for("modem.lost")
        # any other loss is followed by a new try within a second, and that takes five
        systemd.wait_for("WATCHDOG=1", 7)
        told_once(gateway, "pin_wrong", "the SIM refused the PIN; correct modem.pin")
        assert 2 == gateway.modem.state()["pin_tries"]
        assert b"8642" not in gateway.output.raw


@side_by_side
def test_a_sim_that_asks_for_a_pin_that_nobody_gave_is_told_with_the_cure(directory: Path) -> None:
    with service(directory, modem={"pin": "9753"}) as gateway:
        gateway.wait_for("modem.lost")
        told_once(gateway, "pin", "set modem.pin, or remove the PIN in a phone")
        assert 3 == gateway.modem.state()["pin_tries"]
        [status] = gateway.rows("status")
        assert "pin" == status["modem"]["state"]
