"""`kill -9` of the daemon and of its modem cell at every commit point, through the real libGammu."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.doomed import Point, all_points
from tests.support.ordeal import Ordeal

AT_ONCE = 11
"""Ordeals side by side: opening a modem is four seconds of libGammu's sleep."""


def batched(points: Sequence[Point], size: int) -> Iterator[Sequence[Point]]:
    for start in range(0, len(points), size):
        yield points[start : start + size]


@pytest.mark.timeout(400)
def test_a_kill_at_any_commit_point_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    points = all_points()
    chunks = list(batched(points, -(-len(points) // AT_ONCE)))

    def suffer(index: int, chunk: Sequence[Point]) -> Counter[str]:
        with Ordeal(tmp_path / str(index), seed=index) as ordeal:
            for point in chunk:
                ordeal.strike_at(point)
            ordeal.strike_at_random()
            assert ordeal.drain() == 0
            ordeal.audit()
            return ordeal.hits

    with ThreadPoolExecutor(len(chunks)) as pool:
        hits = sum(pool.map(suffer, range(len(chunks)), chunks), Counter[str]())
    assert [str(point) for point in points if not hits[str(point)]] == []
