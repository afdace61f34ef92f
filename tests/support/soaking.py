"""A soak: one gateway, everybody who writes to it, and one mishap after another, or two at once.

The real daemon with the real libGammu on a virtual modem that hangs on a machine of folders, as a
stick hangs on a Raspberry Pi: found by `device: auto`, under another name each time it comes back.
"""

from __future__ import annotations

import math
import random
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from relou_gateway.pipeline.stuck import EACH_SLOT_EVERY
from relou_gateway.rules.breaker import Breaker
from relou_gateway.rules.records import Status
from relou_gateway.store import breaker, inbox, parts, queue
from relou_gateway.store import gateway as state
from tests.modem.test_discovery import Machine
from tests.support import reckoning
from tests.support.bustle import Bustle
from tests.support.coincidences import pairs
from tests.support.daemon import PROGRAM, STOP_WITHIN, Output, Section, Service
from tests.support.displaced import Displaced
from tests.support.gauge import Gauge
from tests.support.mishaps import ENDS_THE_DAEMON, MISHAPS
from tests.support.outages import LONGEST_DELAY, Missed
from tests.support.virtual import Virtual, virtual_modem
from tests.support.waiting import wait_until

NAMES = tuple(f"ttyUSB{number}" for number in range(8))
HUAWEI = "12d1"

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
PER_MINUTE, PER_HOUR, PER_DAY = 15, 700, 5000
"""Answers, answers, and money in whole units."""

CONFIG: Mapping[str, Section] = {
    "modem": {"device": "auto", "poll": "1s", "radio_restart": "5s"},
    "replies": {
        "delay": ["1s", f"{LONGEST_DELAY}s"],
        "texts": ["Un non est un non.", "Un non est un non. " * 9],
    },
    "throttle": {"per_minute": PER_MINUTE, "per_hour": PER_HOUR},
    "budget": {"price": "0.16", "per_day": f"{PER_DAY}.00"},
    # a raid would hold nearly all of these people back: they come in one block, and write alike
    "raid": {"suspicious": 50, "flooding": 50, "kept_share": 0, "alarm": 1000, "mute_after": None},
}

PATIENCE, HURRIED_PATIENCE = 200.0, 40.0
"""Seconds until a mishap is noticed, and until the gateway is at work again behind it: the longest
deadline and the longest pause, and what libGammu takes for opening a modem."""

ROUNDS = 3
"""Rounds after which a mishap that never struck is one that cannot."""

SINGLES_TO_A_PAIR = 3
"""In a round: so many mishaps alone for each two at once."""

ONE_HIDES_THE_OTHER, HURRIED_HIDES = 20.0, 4.0
"""Seconds for which a mishap that is not alone waits to be told of: the other one may keep it from that."""

Befalling = tuple[str, ...]
"""The names of what strikes: one mishap, or two at once, in that order."""

FROM_THE_BUS = {"pulled and plugged in again", "back under another name", "modem resets itself"}
BACK_WITHIN = 30.0
"""Seconds from a replug to service, as the gateway promises."""


@dataclass
class Soak:
    """One gateway in trouble; `seed` decides all that is left to chance, but not how fast things go."""

    directory: Path
    seed: int
    hurried: bool = False
    mishaps: Sequence[str] = tuple(MISHAPS)
    struck: Counter[Befalling] = field(default_factory=Counter)
    recovery: dict[Befalling, list[float]] = field(default_factory=lambda: defaultdict(list))
    tell: Callable[[str], object] = lambda _: None
    two_at_once: bool = False
    _house: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self._order = self.lot = random.Random(f"mishaps {self.seed}")
        self.patience = HURRIED_PATIENCE if self.hurried else PATIENCE
        self._outputs: list[Output] = []
        self._gauges: list[Gauge] = []
        folders = Machine(self.directory / "machine")
        for number, name in enumerate(NAMES):
            folders.plug(name, HUAWEI, stick=f"1-1.{number}").unlink()
        self._dev = folders.roots.dev
        self.machine = Displaced(
            self.directory / "machine.json", hurried=self.hurried, roots=str(folders.root)
        )
        self.modem: Virtual = self._house.enter_context(
            virtual_modem(
                self.directory,
                link=self._dev / NAMES[0],
                send_seconds=0.3,
                credit=None,
                sim_slots=15,
                me_slots=15,
            )
        )
        self._name = NAMES[0]
        self.bustle = Bustle(self.modem, self.seed, 2.5 if self.hurried else 6.0)
        self.gateway = Service(self.directory, self.modem, CONFIG)
        self._house.callback(self.gateway.end)
        self._house.callback(self.bustle.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._house.close()

    # --- the course -------------------------------------------------------------------------

    def run(self, time_is_up: Callable[[], bool]) -> None:
        """Let one mishap follow the other, each once in a round, until `time_is_up`; then audit.

        It goes on until each has struck, but for three rounds at the most.
        """
        self.start()
        self._recovered(())
        self.bustle.start()
        rounds = 0
        while (self.never() and rounds < ROUNDS) or not time_is_up():
            rounds += 1
            for names in self._round():
                if not time_is_up() or self._is_wanted(names):
                    self._befall(names)
        self._finish()

    def never(self) -> list[str]:
        """Name the mishaps that never struck; two at once are one of them."""
        singles = [name for name in self.mishaps if not self.struck[name,]]
        return singles + (["two at once"] if pairs(self.mishaps) and not self.coincided else [])

    @property
    def coincided(self) -> int:
        """How often two struck at once."""
        return sum(count for names, count in self.struck.items() if len(names) > 1)

    def _is_wanted(self, names: Befalling) -> bool:
        """Say whether it has to strike although time is up."""
        return not self.struck[names] if len(names) == 1 else not self.coincided

    def _round(self) -> list[Befalling]:
        """Return each mishap once, and some pairs.

        Those that end the daemon come first, so that the next one lives long.
        """
        possible = pairs(self.mishaps)
        drawn: list[Befalling] = [(name,) for name in self.mishaps]
        drawn += self._order.sample(possible, min(len(possible), len(drawn) // SINGLES_TO_A_PAIR))
        self._order.shuffle(drawn)
        return sorted(drawn, key=ENDS_THE_DAEMON.isdisjoint)

    def _befall(self, names: Befalling) -> None:
        began, what = time.monotonic(), " + ".join(names)
        # a lot of its own: one that found nothing to strike, sooner or later, draws less than it would have
        self.lot = random.Random(f"{what} {self.struck[names]} {self.seed}")
        self.two_at_once = len(names) > 1
        try:
            with ExitStack() as about:
                for name in names:
                    about.enter_context(MISHAPS[name](self))
                    self.lasts(0, 2 * self.two_at_once)
                self.struck[names] += 1
        except Missed:
            self.tell(f"{what}: nothing to strike")
            return
        finally:
            self.two_at_once = False
        took = self._recovered(names)
        self.tell(f"{what}: {time.monotonic() - began:.1f} s, at work again after {took:.1f} s")

    def _recovered(self, names: Befalling) -> float:
        """Return the seconds until the gateway had judged a message of somebody who was never seen."""
        began = time.monotonic()
        number = self.bustle.write()
        self.gateway.wait_for("verdict.given", self.patience, number=number)
        took = time.monotonic() - began
        self.recovery[names].append(took)
        assert FROM_THE_BUS.isdisjoint(names) or len(names) > 1 or took < BACK_WITHIN, f"{names}: {took} s"
        wait_until(self._is_as_ever, 20)
        self._gauges[-1].read()
        return took

    def _is_as_ever(self) -> bool:
        """Say whether there are the daemon and its cell, and no other process."""
        kinds = sorted(
            "cell" if "cell_child" in command else "daemon" for _, command in self.gateway.process_ids()
        )
        return kinds == ["cell", "daemon"]

    # --- what mishaps use -------------------------------------------------------------------

    def start(self) -> None:
        """Start the daemon, and take its measure from now on."""
        self.gateway.start(prefix=self.machine.prefix, environ=self.machine.environ)
        self._outputs.append(self.gateway.output)
        self._gauges.append(Gauge(self.gateway.process.pid))

    def lasts(self, shortest: float, longest: float) -> None:
        """Let it last for a while: in a hurry for the shorter times."""
        span = self.lot.uniform(shortest, longest)
        time.sleep(shortest + (span - shortest) / 10 if self.hurried else span)

    @contextmanager
    def one_more(self, event: str, **fields: object) -> Iterator[None]:
        """Hold that the daemon tells of what is done within, once more; wait a while, where two are about."""
        output, wanted = self.gateway.output, {"event": event, **fields}.items()

        def told() -> int:
            return sum(wanted <= each.items() for each in self.gateway.output.events)

        before = told()
        yield
        if not self.two_at_once:
            output.wait_for(event, self.patience, before + 1, **fields)
            return
        deadline = time.monotonic() + (HURRIED_HIDES if self.hurried else ONE_HIDES_THE_OTHER)
        while time.monotonic() < deadline:
            if told() > (before if output is self.gateway.output else 0):
                return
            time.sleep(0.1)

    def awaited(self, condition: Callable[[], object], seconds: float | None = None) -> None:
        """Wait until it struck; raises `Missed`, with nothing left armed, where it does not in time."""
        deadline = time.monotonic() + (seconds or self.patience)
        while not condition():
            if time.monotonic() > deadline:
                self.modem.clear()
                raise Missed
            self.end_of_the_daemon()
            time.sleep(0.05)

    def sleep(self, span: timedelta) -> None:
        """Suspend the host when all that came is stored: a long text must not lack a part for hours."""
        with self.bustle.silence():
            wait_until(self.nothing_is_half_in, self.patience)
            self.machine.suspend(span)

    def verb(self, *arguments: str) -> None:
        """Let an operator run a verb on this machine, with its clocks."""
        command: list[str | Path] = [
            *self.machine.prefix,
            PROGRAM,
            *arguments,
            "--config",
            self.gateway.config,
        ]
        environ = {**self.gateway.environment(), **self.machine.environ}
        subprocess.run(command, cwd=self.directory, env=environ, timeout=60, check=True, capture_output=True)

    def cell(self) -> int:
        """Return the process id of the modem's cell."""
        wait_until(self._is_as_ever, self.patience)
        return next(pid for pid, command in self.gateway.process_ids() if "cell_child" in command)

    def another_name(self) -> Path:
        self._name = self.lot.choice([name for name in NAMES if name != self._name])
        return self._dev / self._name

    def end_of_the_daemon(self) -> None:
        """Fail where the daemon ended although nobody asked it to."""
        assert self.gateway.process.poll() is None, "the daemon ended by itself:\n" + "\n".join(
            self.gateway.output.lines[-50:]
        )

    def is_registered(self) -> bool:
        """Say whether the gateway believes that its modem has a network."""
        with self.gateway.store() as tx:
            return state.modem(tx).registered

    def breaker(self) -> Breaker:
        """Return how the gateway's breaker stands, None where it is closed."""
        with self.gateway.store() as tx:
            return breaker.breaker(tx)

    def nothing_is_half_in(self) -> bool:
        """Say whether all that the network took is stored, whatever of it still lies in the modem."""
        modem = self.modem.state()
        with self.gateway.store() as tx:
            believed = tx.execute("SELECT COUNT(*) FROM slots").fetchone()[0]
            return (modem["waiting"], sum(modem["used"].values()), parts.waiting(tx)) == (0, believed, 0)

    def everything_is_in(self) -> bool:
        """Say whether all is stored, judged and gone from the modem, and nothing is being sent."""
        if any(self.modem.state()["used"].values()) or not self.nothing_is_half_in():
            return False
        with self.gateway.store() as tx:
            return not inbox.unjudged(tx, 1) and not queue.counts(tx)[Status.SENDING]

    # --- the end ----------------------------------------------------------------------------

    def _finish(self) -> None:
        """Let everything come in, stop in order, and hold all records against each other."""
        self.bustle.stop()
        self.modem.clear()
        # a slot that could not be freed by hand is tried again after this time
        self.sleep(EACH_SLOT_EVERY)
        wait_until(self.everything_is_in, self.patience)
        ended = self.gateway.stop()
        assert (0, True) == (ended.code, ended.seconds < STOP_WITHIN), ended
        assert [] == self.gateway.process_ids()
        self._audit()
        faults = [
            each for output in self._outputs for each in output.events if each["event"] == "tick.failed"
        ]
        assert [] == faults
        assert [] == [growth for gauge in self._gauges for growth in gauge.growth()]

    def _audit(self) -> None:
        record: list[Mapping[str, Any]] = list(self.modem.record())
        money = {DAY: PER_DAY * 1_000_000}
        with self.gateway.store() as tx:
            reckoning.everything_came_in_once(tx, self.bustle)
            reckoning.every_part_is_accounted_for(tx, record, self.bustle)
            reckoning.no_cap_was_passed(tx, {MINUTE: PER_MINUTE, HOUR: PER_HOUR}, money)
            reckoning.the_chain_is_whole(tx)
            states = Counter(str(reply.state) for reply in queue.listed(tx))
        self.tell(
            f"{self.bustle.texts.total()} texts came in, {len(record)} parts left; replies: "
            + ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        )
        assert record, "nobody was ever answered"

    def readings(self) -> str:
        """Return what the daemon that lived longest took at first and at the end."""
        gauge = max(self._gauges, key=lambda each: len(each.readings))
        return f"{gauge.readings[0]} … {gauge.readings[-1]} ({len(gauge.readings)} readings)"

    def slowest(self, names: Befalling) -> float:
        """Return the longest that it took until the gateway was at work again."""
        return max(self.recovery[names], default=math.nan)
