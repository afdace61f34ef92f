"""How the daemon gets at its modem: the right port, the right modem, and never a PIN too many."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.config.settings import Calls, ModemSettings
from relou_gateway.modem.cell import Cell
from relou_gateway.modem.keeper import Keeper
from relou_gateway.modem.port import ModemLost
from relou_gateway.modem.setbacks import ASIDE, FAILURES
from relou_gateway.reach import Reach
from relou_gateway.rules.records import Identity, Moment, Network
from relou_gateway.store import gateway as state
from relou_gateway.store.database import Database, create_or_migrate
from tests.modem.puppet import Puppet
from tests.modem.test_cell import once
from tests.modem.test_discovery import Machine
from tests.modem.test_probe import HUAWEI
from tests.support.virtual import Virtual, virtual_modem
from tests.support.waiting import wait_until
from tests.support.world import START

POLL = timedelta(seconds=5)


class Bench:
    """A reach on a machine of folders; the modems on it are virtual, or puppets."""

    def __init__(self, directory: Path) -> None:
        self.machine = Machine(directory / "machine")
        self.path = directory / "gateway.db"
        create_or_migrate(self.path)
        self.house = ExitStack()
        self.database = self.house.enter_context(Database(self.path))
        self.hurried = False
        self._directory = directory
        self._count = 0

    def virtual(self, **options: Any) -> Virtual:
        self._count += 1
        folder = self._directory / f"modem{self._count}"
        folder.mkdir()
        return self.house.enter_context(virtual_modem(folder, **options))

    def puppet(self, **more: Any) -> Puppet:
        return self.house.enter_context(Puppet({}, default=b"", **more))

    def plug(self, tty: str, device: str, **usb: Any) -> str:
        """Let a pty appear as a tty of a stick; return its path."""
        path = self.machine.plug(tty, usb.pop("vendor", "12d1"), **usb)
        path.unlink()
        path.symlink_to(Path(device).resolve())
        return str(path)

    def reach(
        self, device: str = "auto", pin: str | None = None, smsc: str | None = None, **more: Any
    ) -> Reach:
        settings = ModemSettings(device, "at115200", pin, None, POLL, Calls.RING, smsc)
        now = Moment(START, START)
        return Reach(
            settings,
            self.database,
            lambda: now,
            hurried=lambda: self.hurried,
            roots=self.machine.roots,
            **more,
        )

    def remember(self, imei: str, device: str = "", imsi: str = "") -> None:
        reach = self.reach(device or "/somewhere")
        reach.greeted(Identity("Relou", "Virtual", imei, imsi, "+33609001390"))

    def lost(self, reach: Reach) -> tuple[str, str]:
        with pytest.raises(ModemLost) as lost:
            reach.cell().close()
        return lost.value.cause, str(lost.value)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    here = Bench(tmp_path)
    yield here
    here.house.close()


def found(reach: Reach) -> str:
    reach.cell().close()
    return reach.device


def opened(reach: Reach) -> Cell:
    cell = reach.cell()
    cell.open()
    return cell


# --- which port -----------------------------------------------------------------------------


def test_of_several_ttys_of_a_stick_the_one_that_answers_and_does_messages_is_taken(bench: Bench) -> None:
    dumb = {name: answer for name, answer in HUAWEI.items() if "CMGF" not in name and "CPMS" not in name}
    only_data = bench.house.enter_context(Puppet(dumb))
    bench.plug("ttyUSB0", bench.puppet().device, interface=0)
    bench.plug("ttyUSB1", only_data.device, interface=1)
    right = bench.plug("ttyUSB2", bench.virtual().link, interface=2)
    assert right == found(bench.reach())


def test_the_port_that_was_right_last_time_is_asked_first(bench: Bench) -> None:
    silent = bench.puppet()
    bench.plug("ttyUSB0", silent.device, interface=0)
    right = bench.plug("ttyUSB2", bench.virtual().link, interface=2)
    bench.remember("350000000000006", right)
    assert right == found(bench.reach())
    assert [] == silent.heard


def test_under_another_name_the_same_interface_is_asked_first(bench: Bench) -> None:
    first = bench.plug("ttyUSB2", bench.virtual().link, interface=2)
    reach = bench.reach()
    assert first == found(reach)
    reach.greeted(Identity("Relou", "Virtual", "350000000000006", "", "+33609001390"))
    bench.machine.pull("ttyUSB2")
    silent = bench.puppet()
    bench.plug("ttyUSB4", silent.device, stick="1-3", interface=0)
    second = bench.plug("ttyUSB5", bench.virtual().link, stick="1-3", interface=2)
    assert second == found(bench.reach())
    assert [] == silent.heard


def test_a_port_of_something_else_is_never_spoken_to(bench: Bench) -> None:
    printer = bench.puppet()
    bench.plug("ttyUSB0", printer.device, vendor="0403")
    assert "absent" == bench.lost(bench.reach())[0]
    assert [] == printer.heard


def test_a_port_that_another_program_has_open_is_never_spoken_to_and_it_is_named(bench: Bench) -> None:
    port = bench.puppet()
    path = bench.plug("ttyUSB0", port.device)
    bench.machine.run(4711, "ModemManager", Path(path))
    cause, reason = bench.lost(bench.reach())
    assert ("busy", True, []) == (cause, "ModemManager (process 4711)" in reason, port.heard)


def test_without_any_modem_it_says_what_to_do(bench: Bench) -> None:
    cause, reason = bench.lost(bench.reach())
    assert ("absent", True) == (cause, "plug the modem in, or correct modem.device" in reason)


def test_a_stop_is_not_kept_waiting_by_the_search(bench: Bench) -> None:
    bench.plug("ttyUSB0", bench.puppet().device)
    bench.hurried = True
    assert "stopped" == bench.lost(bench.reach())[0]


# --- a port that answers and fails all the same ---------------------------------------------


class Clock:
    """A clock that only the test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def lose(reach: Reach, times: int = FAILURES) -> None:
    """Ask for a cell and lose it, so often."""
    for _ in range(times):
        cell = reach.cell()
        os.kill(cell.process_id, signal.SIGKILL)
        with pytest.raises(ModemLost):
            cell.open()


def test_a_port_that_loses_one_cell_after_the_other_gives_way_to_the_next_of_its_stick_for_a_while(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    first = bench.plug("ttyUSB0", bench.virtual().link, interface=0)
    second = bench.plug("ttyUSB1", bench.virtual().link, interface=1)
    bench.remember("350000000000006", first)
    clock = Clock()
    reach = bench.reach(clock=clock)
    lose(reach, FAILURES - 1)
    assert "port_aside" not in capsys.readouterr().out
    lose(reach, 1)
    assert (first, second) == (reach.device, found(reach))
    assert f"device={first}" in capsys.readouterr().out.partition("modem.port_aside")[2]
    clock.now += ASIDE
    assert first == found(reach)


def test_where_both_ttys_fail_the_first_is_tried_again(bench: Bench) -> None:
    first = bench.plug("ttyUSB0", bench.virtual().link, interface=0)
    second = bench.plug("ttyUSB1", bench.virtual().link, interface=1)
    reach = bench.reach()
    lose(reach, FAILURES * 2)
    assert (second, first) == (reach.device, found(reach))


def test_a_stick_that_answers_and_fails_gives_way_to_the_next_stick(bench: Bench) -> None:
    bench.plug("ttyUSB0", bench.house.enter_context(Puppet(HUAWEI)).device, stick="1-1", interface=0)
    bench.plug("ttyUSB1", bench.puppet().device, stick="1-1", interface=1)
    other = bench.plug("ttyUSB2", bench.virtual().link, stick="1-2")
    reach = bench.reach()
    lose(reach)
    assert other == found(reach)


def test_a_link_whose_tty_fails_gives_way_to_its_own_stick_alone(bench: Bench) -> None:
    tty = bench.plug("ttyUSB1", bench.virtual().link, stick="1-1", interface=1)
    bench.machine.roots.link.symlink_to(tty)
    bench.plug("ttyUSB0", bench.virtual().link, stick="1-0", interface=0)
    sibling = bench.plug("ttyUSB2", bench.virtual().link, stick="1-1", interface=2)
    reach = bench.reach()
    lose(reach)
    assert (str(bench.machine.roots.link), sibling) == (reach.device, found(reach))


def test_a_port_that_fails_is_used_on_where_there_is_no_other(bench: Bench) -> None:
    only = bench.plug("ttyUSB0", bench.virtual().link)
    reach = bench.reach()
    lose(reach, FAILURES + 1)
    assert only == found(reach)


# --- which modem ----------------------------------------------------------------------------


def test_among_several_modems_the_one_used_before_is_taken(bench: Bench) -> None:
    bench.plug("ttyUSB0", bench.virtual(imei="350000000000014").link, stick="1-1")
    ours = bench.plug("ttyUSB1", bench.virtual().link, stick="1-2")
    bench.remember("350000000000006")
    assert ours == found(bench.reach())


def test_another_modem_is_taken_where_it_is_the_only_one_and_that_is_told(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    other = bench.plug("ttyUSB0", bench.virtual(imei="350000000000014").link)
    bench.remember("350000000000006", imsi="208990123456789")
    reach = bench.reach()
    assert other == found(reach)
    reach.greeted(Identity("Relou", "Virtual", "350000000000014", "208011234567890", ""))
    said = capsys.readouterr().out
    assert "modem.changed" in said
    assert "before=350000000000006" in said
    assert "sim.changed" in said
    assert "208011234567890" not in said
    reach.greeted(Identity("Relou", "Virtual", "350000000000014", "208011234567890", ""))
    assert "changed" not in capsys.readouterr().out


def test_among_several_that_were_never_used_none_is_guessed(bench: Bench) -> None:
    for number, imei in enumerate(("350000000000014", "350000000000022")):
        bench.plug(f"ttyUSB{number}", bench.virtual(imei=imei).link, stick=f"1-{number}")
    bench.remember("350000000000006")
    cause, reason = bench.lost(bench.reach())
    assert ("absent", True) == (cause, "set modem.device" in reason)


def test_a_stick_that_comes_back_as_another_tty_is_taken_up_in_time(bench: Bench) -> None:
    modem = bench.virtual()
    bench.plug("ttyUSB0", modem.link, interface=0)
    reach = bench.reach()
    keeper = Keeper(reach.cell, random.Random(3), plugged=reach.plugged)
    bench.house.callback(keeper.close)
    keeper.modem()
    modem.fault("hang", at="AT+CMGL")
    pulling = once(lambda: modem.state()["hung"], modem.drop)
    with pytest.raises(ModemLost, match="unplugged"):
        keeper.modem().listing()
    pulling.join()
    bench.machine.pull("ttyUSB0")
    with pytest.raises(ModemLost):
        keeper.modem()
    modem.clear()
    modem.replug()
    other = bench.plug("ttyUSB5", modem.link, stick="1-3", interface=0)
    began = time.monotonic()
    wait_until(lambda: keeper.due)
    keeper.modem().listing()
    assert (other, True) == (reach.device, time.monotonic() - began < 30)


# --- the SIM --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "cause", "cure"),
    [
        ({"sim_fault": "absent"}, "sim", "there is no SIM in the modem"),
        ({"sim_fault": "failed"}, "sim", "clean its contacts"),
        ({"sim_fault": "busy"}, "sim", "the SIM is busy"),
        ({"pin": "1234"}, "pin", "set modem.pin"),
        ({"pin": "1234", "tries_left": 0}, "pin", "PUK"),
    ],
)
def test_a_sim_with_which_nothing_can_be_done_is_told_in_words(
    bench: Bench, settings: Mapping[str, Any], cause: str, cure: str
) -> None:
    modem = bench.virtual()
    for name, value in settings.items():
        modem.set(**{name: value})
    lost = bench.lost(bench.reach(modem.link))
    assert (cause, True) == (lost[0], cure in lost[1])


def test_the_right_pin_opens_the_sim_and_is_typed_again_and_stands_in_no_process(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    modem = bench.virtual(pin="73519264")
    modem.set(tells_tries=False)
    cell = opened(bench.reach(modem.link, pin="73519264"))
    process = Path(f"/proc/{cell.process_id}")
    assert b"73519264" not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    cell.close()
    modem.replug()
    bench.reach(modem.link, pin="73519264").cell().close()
    assert 3 == modem.state()["pin_tries"]
    assert "73519264" not in capsys.readouterr().out


def test_a_wrong_pin_is_tried_once_and_after_a_restart_not_again(bench: Bench) -> None:
    modem = bench.virtual(pin="1234")
    modem.set(tells_tries=False)  # so that nothing but our own memory saves the second try
    with pytest.raises(ModemLost) as lost:
        opened(bench.reach(modem.link, pin="4321"))
    assert "pin_wrong" == lost.value.cause
    for _ in range(3):
        assert "pin_wrong" == bench.lost(bench.reach(modem.link, pin="4321"))[0]
        modem.replug()
    assert 2 == modem.state()["pin_tries"]
    bench.reach(modem.link, pin="1234").cell().close()  # a corrected one is tried anew


def test_where_the_modem_tells_of_lost_tries_no_pin_is_tried_at_all(bench: Bench) -> None:
    modem = bench.virtual(pin="1234")
    modem.set(tries_left=2)
    cause, reason = bench.lost(bench.reach(modem.link, pin="1234"))
    assert ("pin", True, 2) == (cause, "only 2 of 3 tries" in reason, modem.state()["pin_tries"])


def test_a_pin_whose_outcome_was_never_learned_is_not_tried_again(bench: Bench) -> None:
    modem = bench.virtual(pin="1234")
    modem.set(tells_tries=False)
    bench.reach(
        modem.link, pin="1234"
    ).cell().close()  # the power failed before it was typed in, or behind it
    cause, reason = bench.lost(bench.reach(modem.link, pin="1234"))
    assert ("pin", True) == (cause, "in a phone" in reason)
    modem.set(tells_tries=True)
    bench.reach(modem.link, pin="1234").cell().close()


def test_a_pin_that_cannot_be_written_down_is_not_tried(bench: Bench) -> None:
    modem = bench.virtual(pin="1234")
    reach = bench.reach(modem.link, pin="4321")
    bench.database.close()
    with pytest.raises(Exception, match="closed"):
        reach.cell()
    assert 3 == modem.state()["pin_tries"]


def test_a_configured_modem_that_does_not_answer_is_left_to_libgammu_without_the_pin(bench: Bench) -> None:
    silent = bench.puppet()
    cell = bench.reach(silent.device, pin="1234").cell()
    assert "pin" not in cell._spec
    cell.close()


# --- what is told of a modem that works -----------------------------------------------------


def network(full: int | None) -> Network:
    return Network(registered=True, roaming=False, operator="", signal_percent=60, full_percent=full)


def detail(bench: Bench) -> str:
    with bench.database.snapshot() as tx:
        return state.modem(tx).detail


def test_a_memory_that_fills_up_is_told_once_and_shown_while_it_lasts(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    reach = bench.reach("/dev/modem")
    with bench.database.transaction("test") as tx:
        state.note_modem(tx, "ready", "", "/dev/modem", Moment(START, START))
    story = [(69, 0), (70, 1), (93, 1), (60, 1), (None, 1), (75, 1), (40, 1), (70, 2)]
    warnings = 0
    for percent, expected in story:
        reach.observed(network(percent))
        warnings += capsys.readouterr().out.count("sim.filling")
        assert expected == warnings, percent
    assert "its memory is 70 % full" == detail(bench)
    reach.observed(network(10))
    assert "" == detail(bench)


@pytest.mark.parametrize(("smsc", "warned"), [(None, True), ("+33609001390", False)])
def test_a_missing_smsc_is_told_unless_it_is_configured(
    bench: Bench, capsys: pytest.CaptureFixture[str], smsc: str | None, *, warned: bool
) -> None:
    reach = bench.reach("/dev/modem", smsc=smsc)
    reach.greeted(Identity("Relou", "Virtual", "350000000000006", "", ""))
    assert warned == ("modem.smsc_missing" in capsys.readouterr().out)
