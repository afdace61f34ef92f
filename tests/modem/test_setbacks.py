"""Which ports are set aside, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relou_gateway.modem.cell import Cell
from relou_gateway.modem.keeper import PROVEN
from relou_gateway.modem.port import ModemLost
from relou_gateway.modem.setbacks import ASIDE, FAILURES, Setbacks
from tests.modem.fakes import spec

PORT, OTHER = "/dev/ttyUSB0", "/dev/ttyUSB1"


class Bench:
    """Setbacks of cells with a fake driver, and a clock that only the test turns."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.setbacks = Setbacks(lambda: self.now)
        self._cells: dict[str, Cell] = {}

    def lose(self, cause: str = "hung", port: str = PORT) -> str | None:
        """Give out a cell that is lost; return the port that is set aside for it."""
        self.setbacks.given(port, self.lost(cause))
        return self.setbacks.newly_aside()

    def lost(self, cause: str) -> Cell:
        if cause not in self._cells:
            cell = self._cells[cause] = Cell(spec("Refusing", cause=cause, message="it fails"))
            with pytest.raises(ModemLost):
                cell.open()
        return self._cells[cause]

    def close(self) -> None:
        for cell in self._cells.values():
            cell.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    here = Bench()
    yield here
    here.close()


@pytest.mark.parametrize("cause", ["hung", "broken", "died"])
def test_a_port_that_fails_a_few_times_in_a_row_is_set_aside_for_a_while(bench: Bench, cause: str) -> None:
    assert [None] * (FAILURES - 1) + [PORT] == [bench.lose(cause) for _ in range(FAILURES)]
    assert {PORT} == bench.setbacks.aside()
    bench.now += ASIDE
    assert frozenset() == bench.setbacks.aside()


@pytest.mark.parametrize("cause", ["absent", "busy", "denied", "sim", "pin", "pin_wrong", "stopped"])
def test_what_another_port_could_not_better_counts_for_nothing(bench: Bench, cause: str) -> None:
    assert [None] * FAILURES == [bench.lose(cause) for _ in range(FAILURES)]


def test_each_port_is_counted_by_itself_and_told_once(bench: Bench) -> None:
    ports = [PORT, OTHER] * FAILURES
    assert [PORT, OTHER] == [told for port in ports if (told := bench.lose(port=port)) is not None]
    assert {PORT, OTHER} == bench.setbacks.aside()
    assert [None] * FAILURES == [bench.lose() for _ in range(FAILURES)]


def test_a_port_that_has_worked_for_a_minute_has_not_failed(bench: Bench) -> None:
    for _ in range(FAILURES - 1):
        bench.lose()
    bench.setbacks.given(PORT, bench.lost("hung"))
    bench.setbacks.works()  # which its first seconds do not prove
    bench.now += PROVEN
    bench.setbacks.works()
    assert bench.setbacks.newly_aside() is None, "its loss is the first again"
    assert [None] * (FAILURES - 2) + [PORT] == [bench.lose() for _ in range(FAILURES - 1)]
