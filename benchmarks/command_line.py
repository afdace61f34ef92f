"""How long a verb takes to start, as a ratio to the bare interpreter in the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("relou-gateway"))
EXAMPLE = str(Path(__file__).resolve().parents[1] / "config.example.yaml")
RUNS = 9


def seconds(*command: str) -> float:
    """Return the median time of a command, whatever it answers."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Print each verb's start in seconds and as a multiple of `python -c pass`."""
    floor = seconds(sys.executable, "-c", "pass")
    print(f"{'python -c pass':<28} {floor:.3f} s")
    for verb in ("--help", "queue --help", "status", "config check"):
        taken = seconds(PROGRAM, "--config", EXAMPLE, *verb.split())
        print(f"relou-gateway {verb:<14} {taken:.3f} s  {taken / floor:4.1f} times the floor")


if __name__ == "__main__":
    main()
