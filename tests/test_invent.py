from __future__ import annotations

import json
from pathlib import Path

import pytest

from relou_gateway.invent import SHAPES, invent, write


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_comes_out_the_same_for_the_same_seed_and_in_order_of_time(name: str) -> None:
    one, again = invent(name, 5), invent(name, 5)
    times = [event.at for event in one.events]
    assert (again.events, sorted(times)) == (one.events, times)


def test_a_trace_and_its_truth_are_written_as_simulate_reads_them(tmp_path: Path) -> None:
    trace, truth = write(invent("trolls", 1), tmp_path / "new")
    lines = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    roles = json.loads(truth.read_text(encoding="utf-8"))
    assert ({"ordinary", "flooder"}, set()) == (
        set(roles.values()),
        {line["number"] for line in lines} - set(roles),
    )
