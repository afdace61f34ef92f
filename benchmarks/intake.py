"""Messages taken in, judged and synced per second, against the floor: one synced commit for each.

The modem costs nothing here, so that what is seen is the gateway's own share. A real stick
shows 10 to 25 messages per second.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import tempfile
import time
from pathlib import Path

import structlog

from relou_gateway import pipeline
from relou_gateway.clock import QuotaClock
from relou_gateway.config import load
from relou_gateway.modem.scripted import ScriptedModem
from relou_gateway.pipeline import Gateway
from relou_gateway.rules.records import Memory, Moment, Sms
from relou_gateway.store.database import Database, create_or_migrate

MESSAGES = 2000
SENDERS = 400
EXAMPLE = Path(__file__).resolve().parents[1] / "config.example.yaml"


def floor(folder: Path) -> float:
    """Return how many rows per second SQLite stores with a synced commit for each."""
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (text)")
    began = time.perf_counter()
    for index in range(MESSAGES):
        connection.execute("INSERT INTO t VALUES (?)", (f"message {index}",))
    rate = MESSAGES / (time.perf_counter() - began)
    connection.close()
    return rate


def gateway(folder: Path) -> float:
    """Return how many messages per second go from the modem's slots to their verdicts."""
    create_or_migrate(folder / "gateway.db")
    clock = QuotaClock(None)
    modem = ScriptedModem(slots={Memory.SIM: 30, Memory.MODEM: 0})
    with Database(folder / "gateway.db") as database:
        here = Gateway(database, load(EXAMPLE).policy, lambda: Moment(*clock.read()), random.Random(0))
        for index in range(MESSAGES):
            number = f"+3361234{index % SENDERS:04}"
            modem.deliver(Sms(number, f"message {index}", here.now().wall))
        began = time.perf_counter()
        while modem.listing().slots:
            pipeline.receive(here, modem)
            pipeline.judge(here)
        return MESSAGES / (time.perf_counter() - began)


def main() -> None:
    """Print both rates and their ratio."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare, ours = floor(folder), gateway(folder)
    print(f"a synced commit for each row    {bare:8.0f} rows/s")
    print(f"received, judged and scheduled  {ours:8.0f} messages/s  {ours / bare:.2f} of the floor")


if __name__ == "__main__":
    main()
