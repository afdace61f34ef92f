"""What systemd hears, and what a terminal or a journal shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.daemon import PROGRAM, service
from tests.support.notify import listener
from tests.support.terminal import terminal
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM = "+33612345678"


@side_by_side
def test_systemd_hears_of_start_ticks_state_and_stop(directory: Path) -> None:
    with service(directory, start=False) as gateway, listener(directory) as systemd:
        gateway.start(environ={"NOTIFY_SOCKET": systemd.address})
        gateway.wait_for("modem.ready")
        systemd.wait_for("WATCHDOG=1", 2)
        gateway.stop()
        assert (1, 1) == (systemd.count("READY=1"), systemd.count("STOPPING=1"))
        assert ["READY=1", "STATUS=started, polling every 1 s"] == systemd.told[0]
        # A tick that runs when the signal comes still ends, and says so.
        assert ["STOPPING=1"] in systemd.told[-2:]
        assert ["WATCHDOG=1", "STATUS=working"] in systemd.told


@side_by_side
def test_a_tick_that_hangs_feeds_no_watchdog(directory: Path) -> None:
    with service(directory, start=False) as gateway, listener(directory) as systemd:
        gateway.start(environ={"NOTIFY_SOCKET": systemd.address})
        gateway.wait_for("modem.ready")
        gateway.modem.fault("hang", at="AT+CMGL")
        wait_until(lambda: gateway.modem.state()["hung"])
        fed = systemd.count("WATCHDOG=1")
        gateway.stop()  # waits seven seconds for the listing
        assert fed + 1 >= systemd.count("WATCHDOG=1")


@side_by_side
def test_systemd_hears_that_the_modem_is_missing(directory: Path) -> None:
    nowhere = str(directory / "nothing")
    with (
        service(directory, {"modem": {"device": nowhere}}, plugged=False, start=False) as gateway,
        listener(directory) as systemd,
    ):
        gateway.start(environ={"NOTIFY_SOCKET": systemd.address})
        gateway.wait_for("modem.lost")
        systemd.wait_for("WATCHDOG=1", 2)
        assert f"STATUS=no modem (absent: {nowhere} does not exist" in "\n".join(systemd.told[-1])


@side_by_side
def test_in_a_pipe_every_line_is_json_with_masked_numbers(directory: Path) -> None:
    with service(directory, {"log": {"level": "info", "numbers": "masked"}}) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent")
        gateway.stop()
        told = [json.loads(line) for line in gateway.output.lines]
        assert {"event", "level", "timestamp"} <= set.intersection(*(set(each) for each in told))
        assert {"+336…78"} == {each["number"] for each in told if "number" in each}
        assert KARIM.encode() not in gateway.output.raw


@side_by_side
def test_on_a_terminal_the_log_is_for_people_and_ctrl_c_ends_it(directory: Path) -> None:
    with service(directory, start=False) as gateway:
        command: list[str | Path] = [PROGRAM, "run", "--config", gateway.config]
        with terminal(command, directory, gateway.environment()) as screen:
            gateway.modem.deliver(KARIM, "Salut")
            wait_until(lambda: "reply.sent" in screen.shown, 30)
            screen.type("\x03")
            assert 0 == screen.process.wait(10)
            shown = re.sub(r"\x1b\[[0-9;]*m", "", screen.shown)
            assert re.search(r"^\d\d:\d\d:\d\d \[info\] modem\.ready ", shown, re.MULTILINE)
            assert ([], True) == (re.findall(r"^\{", shown, re.MULTILINE), "daemon.stopped" in shown)
        assert (True, []) == (gateway.lock_is_free(), gateway.processes())
