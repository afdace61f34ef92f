"""The real daemon, with a death sentence: at the n-th time that it reaches one point, a SIGKILL.

    python -m tests.support.doomed CONFIG DEVICE [POINT NTH]

POINT is `WHO STEP WHEN`: WHO dies (`daemon` or `cell`), STEP is the name of a transaction or a
request to the modem, WHEN is `before`, `during` (requests) or `after`. A line `HIT` is written
to standard output just before.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relou_gateway import daemon
from relou_gateway.config import load
from relou_gateway.modem.cell import Cell
from relou_gateway.store.database import Database

TRANSACTIONS = (
    "C1 receive",
    "C1 deleted",
    "C2 judge",
    "C3 claim",
    "C4 settle",
    "recover",
    "sweep",
    "clock",
    "modem",
)
REQUESTS = ("listing", "delete", "send")
DURING = 0.4
"""Seconds into a request: libGammu takes 0.7 for a send alone."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where death strikes."""

    who: str
    step: str
    when: str

    def __str__(self) -> str:
        return f"{self.who} {self.step} {self.when}"


def all_points() -> list[Point]:
    """Return every point at which the crash suite kills."""
    commits = [Point("daemon", step, when) for step in TRANSACTIONS for when in ("before", "after")]
    requests = [
        Point(who, step, when)
        for who in ("daemon", "cell")
        for step in REQUESTS
        for when in ("before", "during", "after")
        if step == "send" or when != "during"
    ]
    return commits + requests


class _Sentence:
    """Counts how often the point is reached, and strikes at the n-th time."""

    def __init__(self, point: Point, nth: int) -> None:
        self.point = point
        self._left = nth

    def reached(self, step: str, when: str, strike: Callable[[], None]) -> None:
        if (step, when) != (self.point.step, self.point.when):
            return
        self._left -= 1
        if self._left == 0:
            sys.stdout.write("HIT\n")
            sys.stdout.flush()
            strike()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _condemn(sentence: _Sentence) -> None:
    commit = Database._commit

    def doomed_commit(self: Database, name: str) -> None:
        sentence.reached(name, "before", _die)
        commit(self, name)
        sentence.reached(name, "after", _die)

    Database._commit = doomed_commit  # type: ignore[method-assign]
    for step in REQUESTS:
        setattr(Cell, step, _doomed_request(sentence, step, getattr(Cell, step)))


def _doomed_request(sentence: _Sentence, step: str, request: Callable[..., Any]) -> Callable[..., Any]:
    def doomed(self: Cell, *arguments: Any, **named: Any) -> Any:
        def strike() -> None:
            os.kill(self.process_id if sentence.point.who == "cell" else os.getpid(), signal.SIGKILL)

        def strike_later() -> None:
            timer = threading.Timer(DURING, strike)
            timer.daemon = True
            timer.start()

        sentence.reached(step, "before", strike)
        sentence.reached(step, "during", strike_later)
        result = request(self, *arguments, **named)
        sentence.reached(step, "after", strike)
        return result

    return doomed


def main(arguments: list[str]) -> int:
    config, device, *doom = arguments
    if doom:
        who, *step, when = doom[0].split()
        _condemn(_Sentence(Point(who, " ".join(step), when), int(doom[1])))
    return daemon.run(load(Path(config)), device=device)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
