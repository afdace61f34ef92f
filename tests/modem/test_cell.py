from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.modem.cell import DEADLINES, Cell, Deadlines
from relou_gateway.modem.port import DeleteFailed, InDoubt, ModemLost, NotSent
from relou_gateway.modem.scripted import IDENTITY, RADIO
from relou_gateway.rules.records import Memory, SlotAddress, Sms
from tests.modem.fakes import SECRET, spec
from tests.support.alone import descriptors, left_open_by
from tests.support.waiting import wait_until

ADDRESS = SlotAddress(IDENTITY.imsi, Memory.SIM, 1)
QUICK = Deadlines(open=10, listing=0.4, delete=0.4, send=0.4, further_part=0.3, other=5, close=0.4)


@contextmanager
def cell(driver: str = "Obedient", deadlines: Deadlines = QUICK, **settings: Any) -> Iterator[Cell]:
    running = Cell.start(spec(driver, **settings), deadlines)
    try:
        yield running
    finally:
        running.close()


def is_gone(process_id: int) -> bool:
    """Whether a process has ended with all its threads; one that only waits to be reaped has."""
    process = Path(f"/proc/{process_id}")
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z" and len(list((process / "task").iterdir())) == 1
    except OSError:
        return True


def seconds_of(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def once(condition: Callable[[], object], action: Callable[[], object]) -> threading.Thread:
    """Do something in another thread as soon as a condition holds."""

    def wait_and_act() -> None:
        wait_until(condition)
        action()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def send(to: Cell, *parts: str, accepted: Callable[[int], object] | None = None) -> tuple[int, ...]:
    return to.send("+33612345678", parts, unicode=False, accepted=accepted)


def test_a_modem_in_a_cell_answers_as_it_would_without() -> None:
    with cell() as modem:
        assert modem.identify() == IDENTITY
        assert modem.network() == RADIO
        listing = modem.listing()
        assert Sms("+33612345678", "half an emoji \ud83d", None) == listing.slots[0].content
        modem.delete(listing.slots[0].address)
        assert modem.listing().slots == ()
        assert send(modem, "one", "two") == (1, 2)


def test_the_deadlines_are_those_of_the_design() -> None:
    expected = Deadlines(
        open=20, listing=60, delete=15, delete_by_hand=60, send=75, further_part=30, other=25, close=1
    )
    assert expected == DEADLINES


def test_a_request_that_hangs_is_killed_at_its_deadline() -> None:
    with cell("Hanging") as modem:
        with pytest.raises(ModemLost, match="does not answer") as lost:
            assert seconds_of(modem.listing) < 2
        assert lost.value.cause == "hung"
        assert is_gone(modem.process_id)


def test_a_lost_cell_stays_lost_and_says_so_at_once() -> None:
    with cell("Hanging") as modem:
        with pytest.raises(ModemLost):
            modem.listing()
        for request in (modem.identify, modem.network, modem.listing, lambda: modem.delete(ADDRESS)):
            with pytest.raises(ModemLost, match="does not answer"):
                request()
        assert (modem.alive, modem.loss and modem.loss.cause) == (False, "hung")


def test_a_cell_that_does_not_come_up_is_killed_too() -> None:
    modem = Cell(spec("HangingOpen"), Deadlines(open=0.5))
    with pytest.raises(ModemLost) as lost:
        modem.open()
    assert (lost.value.cause, is_gone(modem.process_id)) == ("hung", True)


def test_what_stands_against_opening_is_told_with_its_cause() -> None:
    with pytest.raises(ModemLost, match="plug it in") as lost:
        Cell.start(spec("Refusing", cause="absent", message="plug it in"))
    assert lost.value.cause == "absent"


def test_a_driver_that_is_not_installed_is_named() -> None:
    with pytest.raises(ModemLost, match="No module named 'libgammu_of_old'") as lost:
        Cell.start({"driver": "libgammu_of_old:Modem"})
    assert lost.value.cause == "broken"


def test_a_crash_is_a_loss_that_names_the_signal() -> None:
    with cell("Dying") as modem:
        with pytest.raises(ModemLost, match=f"signal {signal.SIGSEGV.value}") as lost:
            modem.listing()
        assert lost.value.cause == "died"


def test_a_fault_in_the_driver_is_told_without_the_words_that_it_may_quote() -> None:
    with cell("Dying") as modem, pytest.raises(ModemLost, match=r"KeyError at fakes\.py") as lost:
        modem.network()
    assert lost.value.cause == "died"
    assert SECRET not in str(lost.value)


def test_a_refused_delete_is_no_loss() -> None:
    with cell("Dying") as modem:
        with pytest.raises(DeleteFailed, match="slot 1 stays"):
            modem.delete(ADDRESS)
        assert modem.identify() == IDENTITY


def test_a_cell_that_talks_nonsense_is_lost() -> None:
    with cell("Garbling") as modem:
        with pytest.raises(ModemLost) as lost:
            modem.network()
        assert (lost.value.cause, is_gone(modem.process_id)) == ("broken", True)


def test_what_a_driver_prints_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    with cell("Noisy") as modem:
        assert modem.network() == RADIO
    assert capfd.readouterr() == ("", "")


# --- sending --------------------------------------------------------------------------------


def test_a_send_that_hangs_is_in_doubt_and_counts_the_parts_that_were_taken() -> None:
    taken: list[int] = []
    with cell("Hanging") as modem:
        with pytest.raises(InDoubt) as doubt:
            send(modem, "one", "two", accepted=taken.append)
        assert (doubt.value.accepted, taken, modem.alive) == (1, [1], False)


def test_each_further_part_gets_more_time() -> None:
    with cell("Hanging") as modem, pytest.raises(InDoubt):
        assert seconds_of(lambda: send(modem, "one", "two", "three")) > 0.9


def test_a_cell_killed_while_it_sends_leaves_a_doubt(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with cell("Hanging", DEADLINES, log=str(log)) as modem:
        failures: list[Exception] = []
        thread = threading.Thread(target=_send_into, args=(modem, failures))
        thread.start()
        wait_until(lambda: log.exists() and log.read_text() == "send")
        os.kill(modem.process_id, signal.SIGKILL)
        thread.join(5)
        assert [InDoubt] == [type(failure) for failure in failures]
        assert [getattr(failure, "accepted", None) for failure in failures] == [1]


def _send_into(modem: Cell, failures: list[Exception]) -> None:
    try:
        send(modem, "one", "two")
    except Exception as failure:  # noqa: BLE001 - whatever it is, the test looks at it
        failures.append(failure)


def test_a_send_to_a_dead_cell_is_certainly_not_sent() -> None:
    with cell() as modem:
        os.kill(modem.process_id, signal.SIGKILL)
        assert select.select([modem._socket], [], [], 5)[0], "its end of the line is closed"
        for _ in range(2):
            with pytest.raises(NotSent):
                send(modem, "one")
        assert not modem.alive


def test_a_send_that_the_caller_breaks_off_costs_the_cell() -> None:
    def broken(_reference: int) -> None:
        raise ZeroDivisionError

    with cell() as modem:
        with pytest.raises(ZeroDivisionError):
            send(modem, "one", "two", accepted=broken)
        # its answer would be taken for that of the next request
        assert not modem.alive


# --- stopping -------------------------------------------------------------------------------


def test_a_request_under_way_can_be_hurried(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with cell("Hanging", DEADLINES, log=str(log)) as modem:
        timer = once(log.exists, lambda: modem.hurry(0.3))
        with pytest.raises(InDoubt, match="stopping"):
            assert seconds_of(lambda: send(modem, "one", "two")) < 5
        timer.join()


def test_a_signal_handler_can_hurry_the_request_that_it_interrupts(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with cell("Hanging", DEADLINES, log=str(log)) as modem:
        before = signal.signal(signal.SIGUSR1, lambda *_: modem.hurry(0.2))
        try:
            timer = once(log.exists, lambda: os.kill(os.getpid(), signal.SIGUSR1))
            with pytest.raises(ModemLost) as lost:
                modem.listing()
            timer.join()
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert lost.value.cause == "stopped"


def test_a_later_request_is_hurried_as_well() -> None:
    with cell("Hanging", DEADLINES) as modem:
        modem.hurry(0.3)
        assert modem.identify() == IDENTITY
        with pytest.raises(ModemLost):
            assert seconds_of(modem.listing) < 2


def test_closing_ends_the_process_even_if_the_modem_cannot_let_go() -> None:
    modem = Cell.start(spec("Hanging"), QUICK)
    assert seconds_of(modem.close) < 2
    assert is_gone(modem.process_id)
    with pytest.raises(ModemLost) as lost:
        modem.identify()
    assert lost.value.cause == "stopped"


def test_closing_does_not_wait_for_a_request_under_way(tmp_path: Path) -> None:
    log = tmp_path / "log"
    modem = Cell.start(spec("Hanging", log=str(log)), DEADLINES)
    failures: list[Exception] = []
    thread = threading.Thread(target=_send_into, args=(modem, failures))
    thread.start()
    wait_until(log.exists)
    assert seconds_of(modem.close) < 2
    thread.join(5)
    assert [InDoubt] == [type(failure) for failure in failures]


def test_the_signals_that_stop_a_daemon_leave_its_cell_alone() -> None:
    with cell() as modem:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(modem.process_id, number)
        assert modem.identify() == IDENTITY
        assert os.getsid(modem.process_id) != os.getsid(0)


def test_a_cell_that_survives_being_killed_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    # no process can be made to hang in the kernel at will; a kill that does nothing looks the same
    with cell("Hanging") as modem:
        monkeypatch.setattr(subprocess.Popen, "kill", lambda _: None)
        os.kill(modem.process_id, signal.SIGSTOP)
        with pytest.raises(ModemLost):
            assert seconds_of(modem.listing) < 2
        assert not is_gone(modem.process_id)
        os.kill(modem.process_id, signal.SIGKILL)
        wait_until(lambda: is_gone(modem.process_id))
        with cell():
            assert not Path(f"/proc/{modem.process_id}").exists(), "the next cell reaps it"


# --- pulled in the middle -------------------------------------------------------------------


PATIENT = Deadlines(listing=60, send=60)


@pytest.mark.parametrize("how", ["gone", "another device in its place", "its link leads elsewhere"])
def test_a_modem_that_is_pulled_in_the_middle_of_a_request_is_lost_at_once(tmp_path: Path, how: str) -> None:
    device, log = tmp_path / "device", tmp_path / "log"
    for name in ("tty0", "tty1"):
        (tmp_path / name).touch()
    device.symlink_to("tty0")

    def pull() -> None:
        if how == "gone":
            device.unlink()
        elif how == "its link leads elsewhere":
            (tmp_path / "link").symlink_to("tty1")
            (tmp_path / "link").rename(device)
        else:
            (tmp_path / "tty1").rename(tmp_path / "tty0")

    with cell("Hanging", PATIENT, device=str(device), log=str(log)) as modem:
        pulling = once(log.exists, pull)
        with pytest.raises(ModemLost, match="unplugged") as lost:
            assert seconds_of(modem.listing) < 5
        pulling.join()
        assert lost.value.cause == "absent"
        assert is_gone(modem.process_id)


def test_a_modem_that_is_pulled_while_it_sends_leaves_a_doubt(tmp_path: Path) -> None:
    device, log = tmp_path / "device", tmp_path / "log"
    device.touch()
    with cell("Hanging", PATIENT, device=str(device), log=str(log)) as modem:
        pulling = once(log.exists, device.unlink)
        with pytest.raises(InDoubt) as doubt:
            assert seconds_of(lambda: send(modem, "one", "two")) < 5
        pulling.join()
        assert doubt.value.accepted == 1


# --- what is left behind --------------------------------------------------------------------


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "in a request"])
def test_a_daemon_that_is_killed_leaves_no_cell(tmp_path: Path, *, busy: bool) -> None:
    note = tmp_path / "process"
    log = tmp_path / "log"
    program = (
        "import pathlib, sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from relou_gateway.modem.cell import Cell; from tests.modem.fakes import spec\n"
        "cell = Cell.start(spec('Hanging', log=sys.argv[3]))\n"
        "pathlib.Path(sys.argv[2]).write_text(f'{cell.process_id} ')\n"
        f"{'cell.listing()' if busy else 'time.sleep(600)'}\n"
    )
    root = str(Path(__file__).parents[2])
    daemon = subprocess.Popen([sys.executable, "-c", program, root, str(note), str(log)])
    try:
        wait_until(lambda: note.exists() and note.read_text().endswith(" "))
        wait_until(lambda: not busy or log.exists())
    finally:
        daemon.kill()
        daemon.wait()
    wait_until(lambda: is_gone(int(note.read_text())), 1)


def fifty_cells() -> None:
    for number in range(50):
        modem = Cell(spec("Obedient"), QUICK)
        if number % 5 == 0:
            modem.open()
        if number % 2 == 0:
            os.kill(modem.process_id, signal.SIGKILL)
            with pytest.raises(ModemLost):
                modem.identify()
        modem.close()
        assert not Path(f"/proc/{modem.process_id}").exists()


def test_fifty_cells_leave_no_descriptor_and_no_process() -> None:
    assert [] == left_open_by(fifty_cells)


def test_nothing_of_the_modem_stands_where_others_can_read_it() -> None:
    with cell("Obedient", pin="4711") as modem:
        process = Path(f"/proc/{modem.process_id}")
        assert b"4711" not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        assert [os.devnull] * 3 == [name for name in descriptors(modem.process_id) if "/" in name]


def test_a_cell_inherits_nothing_but_its_line(tmp_path: Path) -> None:
    with (tmp_path / "database").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        with cell() as modem:
            held = descriptors(modem.process_id)
    assert [os.devnull] * 3 == [name for name in held if not name.startswith("socket:")]
