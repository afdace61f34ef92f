"""The real daemon on a machine whose clocks, USB ports and patience a test decides.

    python -m tests.support.displaced PROGRAM run --config FILE

What is decided stands in the file that `DISPLACED` names, and is read at every look at a clock,
so that a test turns clocks while the daemon runs. Clocks are offsets to the real ones: a host
that was suspended is one whose wall clock and CLOCK_BOOTTIME jumped while CLOCK_MONOTONIC did
not, which is what the kernel shows too (clock_gettime(2)). Every `datetime` of the process is
displaced, APScheduler's too: that one reckons in wall time.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from relou_gateway import clock
from relou_gateway.cli import main
from relou_gateway.clock import Sources
from relou_gateway.modem import cell, discovery, keeper
from relou_gateway.modem.cell import Deadlines
from relou_gateway.modem.discovery import Roots
from relou_gateway.pipeline import stuck
from relou_gateway.reach import Reach

DISPLACED = "DISPLACED"
ROOT = Path(__file__).resolve().parents[2]
_MILLISECONDS = 1000
_NANOSECONDS = 1_000_000

HURRIED = Deadlines(open=20, listing=6, delete=4, delete_by_hand=30, send=7, further_part=2, other=9, close=1)
"""For a story that has a minute: long enough for libGammu on a busy machine."""

HURRIED_PAUSE = 1.5
"""Seconds between two tries to open a modem, at the most, in such a story."""

HURRIED_BY_HAND = timedelta(seconds=3)
"""Time between two rounds of freeing slots by hand."""

HURRIED_SWEEP = timedelta(seconds=6)
"""Time between two sweeps, which look for the network too."""


@dataclass
class Displaced:
    """A machine as a test wants it: clocks in milliseconds beside the real ones.

    `roots` is the folder in which /dev, /sys and /proc are looked for; `hurried` shortens all
    deadlines and pauses.
    """

    path: Path
    wall: int = 0
    boottime: int = 0
    boot: str = "first boot"
    synchronised: bool = True
    hurried: bool = False
    roots: str | None = None
    prefix: tuple[str, ...] = field(default=(sys.executable, "-m", "tests.support.displaced"), repr=False)

    def __post_init__(self) -> None:
        self.write()

    @property
    def environ(self) -> Mapping[str, str]:
        """What the daemon's environment needs."""
        return {DISPLACED: str(self.path), "PYTHONPATH": str(ROOT)}

    def write(self) -> None:
        """Let the daemon see it, all at once."""
        fresh = self.path.with_suffix(".fresh")
        known = {name: value for name, value in asdict(self).items() if name not in {"path", "prefix"}}
        fresh.write_text(json.dumps(known), "utf-8")
        fresh.replace(self.path)

    # --- what happens to clocks -------------------------------------------------------------

    def step(self, by: timedelta, *, synchronised: bool = True) -> None:
        """Step the wall clock, as a time server or a person does."""
        self.wall += _milliseconds(by)
        self.synchronised = synchronised
        self.write()

    def set_wall(self, to: datetime, *, synchronised: bool) -> None:
        """Step the wall clock to a moment."""
        self.wall = round(to.timestamp() * _MILLISECONDS) - time.time_ns() // _NANOSECONDS
        self.synchronised = synchronised
        self.write()

    def put_right(self) -> None:
        """Let a time server have set the clock right."""
        self.step(timedelta(milliseconds=-self.wall))

    def suspend(self, span: timedelta) -> None:
        """Let the host have slept for so long."""
        self.boottime += _milliseconds(span)
        self.step(span, synchronised=self.synchronised)

    def reboot(self) -> None:
        """Be another boot, whose CLOCK_BOOTTIME begins at nothing."""
        self.boot += "'"
        self.boottime = -_boottime()
        self.write()


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _boottime() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // _NANOSECONDS


# --- inside the daemon ----------------------------------------------------------------------


def _displace(path: Path) -> None:
    """Turn the clocks of this process."""
    real_time, real_time_ns = time.time, time.time_ns

    def told(name: str) -> Any:
        return json.loads(path.read_text("utf-8"))[name]

    def shift() -> int:
        return int(told("wall"))

    class Shown(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, datetime)

    class DisplacedDatetime(datetime, metaclass=Shown):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.fromtimestamp(real_time() + shift() / _MILLISECONDS, tz)

    time.time = lambda: real_time() + shift() / _MILLISECONDS
    time.time_ns = lambda: real_time_ns() + shift() * _NANOSECONDS
    clock.kernel = lambda: Sources(
        boot_id=lambda: str(told("boot")),
        boottime=lambda: _boottime() + int(told("boottime")),
        wall=lambda: time.time_ns() // _NANOSECONDS,
        synchronised=lambda: bool(told("synchronised")),
    )
    import relou_gateway.daemon  # noqa: F401, PLC0415 - with it comes all that tells the time

    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()):
            if value is datetime and module.__name__ not in {"datetime", __name__}:
                setattr(module, name, DisplacedDatetime)


def _hurry() -> None:
    """Shorten deadlines and pauses."""
    for name, value in asdict(HURRIED).items():
        object.__setattr__(cell.DEADLINES, name, value)
    keeper.LONGEST_PAUSE = HURRIED_PAUSE
    stuck.AT_MOST_EVERY = HURRIED_BY_HAND
    from relou_gateway import daemon  # noqa: PLC0415 - its clocks had to be turned first

    daemon.SWEEP_EVERY = HURRIED_SWEEP


def _run(arguments: list[str]) -> None:
    path = Path(os.environ[DISPLACED])
    here = json.loads(path.read_text("utf-8"))
    if here["roots"] is not None:
        folder = Path(here["roots"])
        roots = Roots(folder / "dev", folder / "sys", folder / "proc")
        discovery.ROOTS = roots
        assert Reach.__init__.__kwdefaults__ is not None
        Reach.__init__.__kwdefaults__["roots"] = roots
    _displace(path)
    if here["hurried"]:
        _hurry()
    sys.argv = arguments
    main()


if __name__ == "__main__":
    _run(sys.argv[1:])
