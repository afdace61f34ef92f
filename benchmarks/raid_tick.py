"""What a raid costs the gateway: one claim among 10,000 who wait, and a simulated flood under each policy.

A claim reads every waiting reply, lets the ranking order them and asks the caps, so it is held
against the bare SELECT of the same rows; a simulation against the policy that decides nothing.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from relou_gateway import log, pipeline, simulation
from relou_gateway.clock import ManualClock
from relou_gateway.config import Settings, load
from relou_gateway.modem.scripted import ScriptedModem
from relou_gateway.pipeline import Gateway
from relou_gateway.pipeline.claiming import claim_next
from relou_gateway.rules.least_suspicious import LeastSuspicious
from relou_gateway.rules.records import Kind, Memory, Moment, Sms
from relou_gateway.simulation import Policy, TraceLine
from relou_gateway.store import outbox
from relou_gateway.store.database import Database

WAITING = 10_000
TICKS = 21
EVENTS = 2_000
EXAMPLE = Path(__file__).resolve().parents[1] / "config.example.yaml"
START = datetime(2026, 3, 6, 18, tzinfo=UTC)
WORDS = [
    "salut",
    "ca",
    "va",
    "tu",
    "fais",
    "quoi",
    "ce",
    "soir",
    "quand",
    "alors",
    "reponds",
    "stp",
    "demain",
]


def words(rng: random.Random) -> str:
    """Return a text of three to eight everyday words."""
    return " ".join(rng.choices(WORDS, k=rng.randint(3, 8)))


def besieged(database: Database, settings: Settings) -> Gateway:
    """Return a gateway to which 10,000 numbers of a few blocks wrote within four hours; all are due now."""
    rng, clock, modem = random.Random(0), ManualClock(START), ScriptedModem(slots={Memory.SIM: 250})
    rules = replace(settings.policy, replies=replace(settings.policy.replies, expire=timedelta(hours=12)))
    gateway = Gateway(database, rules, lambda: Moment(*clock.read()), rng, LeastSuspicious(rules.raid))
    for index in range(WAITING):
        number = f"+3361{index % 10}{index // 10:06}"
        modem.deliver(Sms(number, words(rng), clock.read().wall))
        clock.advance(timedelta(hours=4) / WAITING)
        if (index + 1) % 250 == 0:
            pipeline.receive(gateway, modem)
            pipeline.judge(gateway)
            while not pipeline.learn(gateway):
                pass
    clock.advance(timedelta(hours=1))
    return gateway


def milliseconds_of(step: Callable[[], object]) -> float:
    """Return the median time of `step` in milliseconds."""
    taken = []
    for _ in range(TICKS):
        began = time.perf_counter()
        step()
        taken.append(time.perf_counter() - began)
    return 1000 * median(taken)


def claim(gateway: Gateway) -> float:
    """Return the milliseconds of one claim; what it claims is settled outside of the time."""
    taken = []
    for _ in range(TICKS):
        began = time.perf_counter()
        claimed = claim_next(gateway)
        taken.append(time.perf_counter() - began)
        if claimed is not None:
            with gateway.database.transaction("C4 settle") as tx:
                outbox.settle_sent(tx, claimed.id, [1], gateway.now())
    return 1000 * median(taken)


def bare_select(database: Database) -> float:
    """Return the milliseconds that SQLite takes to give the rows that a claim looks at."""
    with database.snapshot() as tx:
        return milliseconds_of(
            lambda: tx.execute(
                "SELECT id, number, parts, cost FROM outbox WHERE state = 'scheduled' ORDER BY due_at"
            ).fetchall()
        )


def flood() -> list[TraceLine]:
    """Return a flood of 600 people over two days, half of it from ten of them."""
    rng = random.Random(0)
    moments = sorted(START + timedelta(days=2) * rng.random() for _ in range(EVENTS))
    senders = [rng.randrange(10) if rng.random() < 0.5 else rng.randrange(600) for _ in moments]
    return [
        TraceLine(line, at, Kind.SMS, f"+33612{sender:06}", words(rng))
        for line, (at, sender) in enumerate(zip(moments, senders, strict=True), start=1)
    ]


def simulated(trace: list[TraceLine], settings: Settings, policy: Policy) -> float:
    """Return how many events per second are simulated."""
    began = time.perf_counter()
    simulation.simulate(trace, settings, policy)
    return len(trace) / (time.perf_counter() - began)


def main() -> None:
    """Print times, rates and their ratios."""
    log.set_up(level="error")
    settings, trace = load(EXAMPLE), flood()
    with Database(None) as database:
        gateway = besieged(database, settings)
        bare, ours = bare_select(database), claim(gateway)
    print(f"SELECT of {WAITING} waiting replies  {bare:8.1f} ms")
    print(f"claim among {WAITING} of them       {ours:8.1f} ms        {ours / bare:.1f} times as long")
    simulated(trace[:100], settings, Policy.NONE)  # what is loaded with the first number is not measured
    rates = {policy: simulated(trace, settings, policy) for policy in Policy}
    for policy, rate in rates.items():
        slower = rates[Policy.NONE] / rate
        print(
            f"simulated, policy {policy:5}          {rate:8.0f} events/s  {slower:.1f} times the time of none"
        )


if __name__ == "__main__":
    main()
