"""What the crash suite and `make torture` do to the gateway, and how they judge it afterwards.

One ordeal is one virtual modem, one database and a series of daemons that are killed. Its end
is an audit of three records against each other: what the modem says that it delivered and
accepted, what the outbox says, and what the ledger says.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from relou_gateway.rules.records import Status
from relou_gateway.store import inbox, ledger, parts, queue
from relou_gateway.store.database import Connection, Database
from tests.support.doomed import Point
from tests.support.virtual import Virtual, virtual_modem

PER_MINUTE = 12
ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
modem: {{poll: 1s}}
replies:
  delay: [1s, 2s]
  texts: ["{text}"]
throttle: {{per_minute: {per_minute}, per_hour: null, per_day: null, recipients_per_month: null}}
budget: {{per_day: null, per_month: null}}
storage: {{path: "{database}"}}
log: {{level: debug, format: json, numbers: full}}
"""
TWO_PARTS = "Un non est un non. " * 9
DRAINED_WITHIN = 150.0
ROUND_WITHIN = 25.0


@dataclass
class Ordeal:
    """A gateway that is killed again and again; `seed` decides all that is left to chance."""

    directory: Path
    seed: int
    hits: Counter[str] = field(default_factory=Counter)
    delivered: list[str] = field(default_factory=list)
    house: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.rng = random.Random(self.seed)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.modem: Virtual = self.house.enter_context(
            virtual_modem(self.directory, send_seconds=0.3, sim_slots=8, me_slots=8)
        )
        self.config = self.directory / "config.yaml"
        self.database = self.directory / "gateway.db"
        self.config.write_text(
            CONFIG.format(text=TWO_PARTS.strip(), per_minute=PER_MINUTE, database=self.database), "utf-8"
        )
        self.log = self.house.enter_context((self.directory / "daemon.log").open("ab"))
        self.numbers = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.house.close()

    # --- traffic ----------------------------------------------------------------------------

    def deliver(self, senders: int) -> None:
        """Let some people write: short and long texts, sometimes two, each text the only one of its kind."""
        for _ in range(senders):
            self.numbers += 1
            number = f"+3361{self.seed % 1000:03}{self.numbers:04}"
            for _ in range(self.rng.choice((1, 1, 2))):
                text = f"texte {len(self.delivered)} " + self.rng.choice(("", "é" * 200, "😀" * 90))
                self.modem.deliver(number, text)
                self.delivered.append(text)

    # --- rounds -----------------------------------------------------------------------------

    def strike_at(self, point: Point) -> None:
        """Run a daemon until it, or its cell, was killed at `point`; count the hit."""
        if point.step == "recover":  # it has work only after a death in the middle of a send
            self.strike_at(Point("daemon", "C3 claim", "after"))
        self.deliver(2)
        daemon = self._start(str(point), "1")
        try:
            hit = self._wait_for_hit(daemon)
            if hit and point.who == "cell":
                time.sleep(self.rng.uniform(0.5, 2.5))
        finally:
            self._end(daemon)
        self.hits[str(point)] += hit

    def strike_at_random(self) -> None:
        """Kill a daemon, with or without its cell, at some moment of its work."""
        self.deliver(2)
        daemon = self._start()
        time.sleep(self.rng.uniform(0.2, 8.5))
        daemon.kill()
        daemon.wait()
        self._end(daemon)
        self.hits["random moment"] += 1

    def drain(self) -> int:
        """Let a daemon live until all is received, judged and sent or in doubt; return its exit code."""
        daemon = self._start()
        try:
            deadline = time.monotonic() + DRAINED_WITHIN
            while not self._drained():
                assert daemon.poll() is None, f"the daemon ended by itself: see {self.log.name}"
                assert time.monotonic() < deadline, f"not drained in time: see {self.log.name}"
                time.sleep(0.2)
            daemon.send_signal(signal.SIGTERM)
            return daemon.wait(10)
        finally:
            self._end(daemon)

    def _start(self, *doom: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.doomed", str(self.config), self.modem.link, *doom],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            start_new_session=True,
        )

    def _wait_for_hit(self, daemon: subprocess.Popen[bytes]) -> bool:
        timer = _after(ROUND_WITHIN, daemon)
        try:
            assert daemon.stdout is not None
            return daemon.stdout.readline() == b"HIT\n"
        finally:
            timer.cancel()

    def _end(self, daemon: subprocess.Popen[bytes]) -> None:
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                raise
        daemon.wait()
        assert daemon.stdout is not None
        daemon.stdout.close()

    def _drained(self) -> bool:
        modem = self.modem.state()
        if modem["waiting"] or modem["delivered"] != modem["deleted"] or not self.database.exists():
            return False
        with Database(self.database) as database, database.snapshot() as tx:
            counts = queue.counts(tx)
            waits = counts[Status.SCHEDULED] + counts[Status.SENDING]
            return not waits and not inbox.unjudged(tx, 1) and not parts.waiting(tx)

    # --- the audit --------------------------------------------------------------------------

    def audit(self) -> None:
        """Hold the modem's record, the outbox and the ledger against each other."""
        with Database(self.database) as database, database.snapshot() as tx:
            self._nothing_lost_and_nothing_twice(tx)
            self._outbox_agrees_with_the_modem(tx)
            self._no_cap_was_passed(tx)
            assert ledger.broken_links(tx) == []
            assert ledger.changed_contents(tx) == []

    def _nothing_lost_and_nothing_twice(self, tx: Connection) -> None:
        stored = Counter(row.text for row in inbox.messages(tx))
        assert stored == Counter(self.delivered)

    def _outbox_agrees_with_the_modem(self, tx: Connection) -> None:
        accepted: dict[str, int] = defaultdict(int)
        for line in self.modem.record():
            accepted[line["number"]] += 1
        replies = queue.listed(tx)
        assert len({reply.number for reply in replies}) == len(replies)
        for reply in replies:
            left = accepted.pop(reply.number, 0)
            counted = _counted(tx, reply.id)
            if reply.state is Status.SENT:
                assert (left, counted) == (reply.parts, reply.parts)
            else:
                assert reply.state is Status.IN_DOUBT, f"reply {reply.id} is {reply.state}"
                assert reply.accepted <= left <= counted <= reply.parts
        assert accepted == {}, "the modem accepted what the outbox does not know"

    def _no_cap_was_passed(self, tx: Connection) -> None:
        """Recount the cap from the ledger alone, at the moment of every claim."""
        rows = tx.execute("SELECT at, event, reservation_id, parts FROM ledger ORDER BY id").fetchall()
        settled: dict[int, int | None] = {}
        for row in rows:
            if row["event"] == "reserved":
                settled[row["reservation_id"]] = None
                counting = [at for at in settled.values() if at is None or at > row["at"] - 60_000]
                assert len(counting) <= PER_MINUTE
            elif row["event"] == "settled":
                settled[row["reservation_id"]] = row["at"]
        sent = sorted(datetime.fromisoformat(line["at"]) for line in self.modem.record())
        for index, at in enumerate(sent):
            inside = [other for other in sent[index:] if other - at < timedelta(minutes=1)]
            assert len(inside) <= 2 * PER_MINUTE  # parts: two to an answer


def _counted(tx: Connection, reply_id: int) -> int:
    row = tx.execute("SELECT SUM(parts) FROM reservations WHERE reply_id = ?", (reply_id,)).fetchone()
    return int(row[0] or 0)


def _after(seconds: float, daemon: subprocess.Popen[bytes]) -> threading.Timer:
    """Let a daemon that never reaches its point end in order, so that nobody waits for ever."""
    timer = threading.Timer(seconds, daemon.terminate)
    timer.daemon = True
    timer.start()
    return timer
