from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from relou_gateway.modem.cell import Cell, Deadlines
from relou_gateway.modem.keeper import Keeper
from relou_gateway.modem.port import ModemLost
from tests.modem.fakes import spec


class Bench:
    """A keeper of cells with a fake driver, and a clock that only the test turns."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.made: list[Cell] = []
        self.driver: dict[str, Any] = spec("Obedient")
        self.plugged = "our stick"
        self.keeper = Keeper(self._make, random.Random(7), lambda: self.now, plugged=lambda: self.plugged)

    def _make(self) -> Cell:
        self.made.append(Cell(self.driver, Deadlines(open=10, listing=0.3, close=0.3)))
        return self.made[-1]

    def refuse(self, cause: str = "hung") -> None:
        self.driver = spec("Refusing", cause=cause, message="it is not there")

    def lose(self) -> float:
        """Ask for the modem, which cannot be had; return the seconds until the next try."""
        with pytest.raises(ModemLost) as lost:
            self.keeper.modem()
        assert lost.value.retry_in is not None
        return lost.value.retry_in

    def kill(self) -> None:
        os.kill(self.made[-1].process_id, signal.SIGKILL)
        with pytest.raises(ModemLost):
            self.made[-1].listing()


@pytest.fixture
def bench() -> Iterator[Bench]:
    here = Bench()
    yield here
    here.keeper.close()


def test_the_same_cell_is_given_out_as_long_as_it_lives(bench: Bench) -> None:
    assert bench.keeper.state == "starting"
    assert bench.keeper.modem() is bench.keeper.modem()
    assert (bench.keeper.state, len(bench.made)) == ("ready", 1)


def test_a_lost_cell_is_replaced_after_a_pause_and_not_before(bench: Bench) -> None:
    first = bench.keeper.modem()
    bench.kill()
    left = bench.lose()
    assert bench.keeper.state == "waiting: died"
    assert 0.5 <= left <= 1.0
    bench.now += left - 0.01
    assert bench.lose() == pytest.approx(0.01)
    assert len(bench.made) == 1
    bench.now += 0.02
    assert bench.keeper.modem() is not first
    assert bench.keeper.state == "ready"


def test_the_loss_is_told_with_its_cause_as_long_as_it_lasts(bench: Bench) -> None:
    bench.refuse("busy")
    for _ in range(2):
        with pytest.raises(ModemLost, match="it is not there") as lost:
            bench.keeper.modem()
        assert lost.value.cause == "busy"
    assert (bench.keeper.state, len(bench.made)) == ("waiting: busy", 1)


def test_the_pause_doubles_up_to_a_minute(bench: Bench) -> None:
    bench.refuse()
    for longest in (1, 2, 4, 8, 16, 32, 60, 60):
        pause = bench.lose()
        assert longest / 2 <= pause <= longest
        bench.now += pause


def test_a_cell_that_lived_long_makes_its_loss_a_first_one(bench: Bench) -> None:
    bench.refuse()
    for _ in range(5):
        bench.now += bench.lose()
    bench.driver = spec("Obedient")
    bench.keeper.modem()
    bench.now += 61
    bench.keeper.modem()
    bench.kill()
    assert bench.lose() <= 1


def test_a_cell_that_is_lost_at_once_does_not(bench: Bench) -> None:
    bench.refuse()
    for _ in range(5):
        bench.now += bench.lose()
    bench.driver = spec("Obedient")
    bench.keeper.modem()
    bench.kill()
    assert bench.lose() > 10


def test_a_long_hang_is_no_proof_of_health(bench: Bench) -> None:
    bench.driver = spec("Hanging")
    for longest in (1, 2, 4):
        hanging = bench.keeper.modem()
        with pytest.raises(ModemLost):
            hanging.listing()
        bench.now += 60
        left = bench.lose()
        assert longest / 2 <= left <= longest
        bench.now += left


def test_the_pause_does_not_grow_while_the_modem_is_absent(bench: Bench) -> None:
    bench.refuse("absent")
    for _ in range(20):
        pause = bench.lose()
        assert 0.5 <= pause <= 2
        bench.now += pause


def test_a_modem_that_is_plugged_in_is_not_kept_waiting(bench: Bench) -> None:
    bench.refuse()
    for _ in range(6):
        bench.now += bench.lose()
    assert bench.lose() > 10
    bench.driver = spec("Obedient")
    bench.now += 0.5
    bench.plugged = "another stick"
    due = [bench.keeper.due]
    bench.now += 0.5
    due.append(bench.keeper.due)
    assert [False, True] == due, "it gets a second to come up"
    bench.keeper.modem()
    assert "ready" == bench.keeper.state


def test_a_wrong_pin_is_not_tried_again_by_itself(bench: Bench) -> None:
    bench.refuse("pin_wrong")
    assert bench.lose() == float("inf")
    bench.now += 1e9
    assert bench.lose() == float("inf")
    assert len(bench.made) == 1


def test_a_modem_at_work_is_not_looked_for(bench: Bench) -> None:
    bench.keeper.modem()
    bench.plugged = "another stick"
    due = [bench.keeper.due]
    bench.kill()
    due.append(bench.keeper.due)
    assert [False, True] == due, "only its loss is to be taken note of"


def test_a_hurry_holds_for_cells_to_come(bench: Bench) -> None:
    bench.driver = spec("HangingOpen")
    bench.keeper.hurry(0.3)
    with pytest.raises(ModemLost) as lost:
        bench.keeper.modem()
    assert lost.value.cause == "stopped"


def test_closing_ends_the_cell(bench: Bench) -> None:
    cell = bench.keeper.modem()
    bench.keeper.close()
    assert (bench.keeper.state, cell.alive) == ("stopped", False)
