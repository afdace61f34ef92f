"""Play the runs in parallel and print the tables; with --docs, write them there, and the pictures."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from relou_gateway.invent import SHAPES
from relou_gateway.simulation import Policy

from . import report
from .runs import Figures, Run, play

SEEDS = (101, 102, 103)
"""Nothing was tuned on these; the first is played unless `--seeds` says otherwise."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0, or 1 where a run broke a promise; a target that was missed only says so."""
    options = _options(arguments)
    pictures = None if options.docs is None else options.docs / "raids"
    if pictures is not None:
        pictures.mkdir(exist_ok=True)
    runs = list(_runs(options.shape, options.policy, options.seeds, pictures))
    found = _played(runs, options.jobs)
    text = report.report(found, pictures)
    print(text)
    if options.docs is not None:
        report.write(options.docs / "raids.md", text)
    return int(any(report.broken(found)))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.raids", description=__doc__)
    parser.add_argument("--shape", action="append", choices=SHAPES, help="this one; all without it")
    parser.add_argument("--policy", action="append", type=Policy, choices=Policy, help="all without it")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS[:1], help=f"of {SEEDS}, or any")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time")
    parser.add_argument("--docs", type=Path, help="where raids.md is, and raids/ for the pictures")
    return parser.parse_args(arguments)


def _runs(
    shapes: Sequence[str] | None,
    policies: Sequence[Policy] | None,
    seeds: Sequence[int],
    pictures: Path | None,
) -> Iterator[Run]:
    for shape in shapes or SHAPES:
        for policy in policies or Policy:
            for seed in seeds:
                drawn = seed == seeds[0] and (policy is Policy.FULL or shape == report.DRAWN_UNDER_ALL)
                yield Run(shape, policy, seed, pictures if drawn else None)


def _played(runs: Sequence[Run], jobs: int) -> list[Figures]:
    """Return the figures in the order of `runs`, whichever ended first."""
    found: dict[Run, Figures] = {}
    for figures in _finished(runs, jobs):
        found[figures.run] = figures
        run = figures.run
        print(
            f"{len(found)}/{len(runs)}  {run.shape}, {run.policy}, seed {run.seed}: {figures.seconds:.0f} s",
            file=sys.stderr,
        )
    return [found[run] for run in runs]


def _finished(runs: Sequence[Run], jobs: int) -> Iterable[Figures]:
    if jobs == 1:
        yield from map(play, runs)
        return
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        for future in as_completed([pool.submit(play, run) for run in runs]):
            yield future.result()


if __name__ == "__main__":
    sys.exit(main())
