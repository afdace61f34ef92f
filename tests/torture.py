"""`make torture`: the crash suite by the thousand. Prints its seed and how often each point was hit.

    python -m tests.torture [--kills N] [--seed S] [--at-once K]

It fails if an audit fails, or if one commit point was never hit.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.doomed import all_points
from tests.support.ordeal import Ordeal

KILLS_IN_ONE = 16
"""Kills of one gateway before it is drained and audited."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--at-once", type=int, default=12)
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}: {wanted.kills} kills, {wanted.at_once} gateways at once", flush=True)
    seeds = [wanted.seed + index for index in range(-(-wanted.kills // KILLS_IN_ONE))]
    hits: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(wanted.at_once) as pool:
        for done, more in enumerate(pool.map(lambda seed: _suffer(Path(folder), seed), seeds), 1):
            hits += more
            print(f"{done} of {len(seeds)} gateways audited, {hits.total()} kills", flush=True)
    names = [*map(str, all_points()), "random moment"]
    for name in names:
        print(f"{hits[name]:6} {name}")
    missed = [name for name in names if not hits[name]]
    print(f"never hit: {', '.join(missed)}" if missed else "every point was hit; every audit agrees")
    return bool(missed)


def _suffer(folder: Path, seed: int) -> Counter[str]:
    """Kill one gateway at points drawn by lot, a quarter of the times at no point at all."""
    rng = random.Random(seed)
    points = all_points()
    with Ordeal(folder / str(seed), seed) as ordeal:
        for _ in range(KILLS_IN_ONE):
            if rng.random() < 0.25:
                ordeal.strike_at_random()
            else:
                ordeal.strike_at(rng.choice(points))
        assert ordeal.drain() == 0, f"seed {seed}: the last stop was not in order"
        ordeal.audit()
        return ordeal.hits


if __name__ == "__main__":
    sys.exit(main())
