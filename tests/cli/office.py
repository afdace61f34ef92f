"""What an operator sits before: a gateway's database with a past, a configuration, and the program."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from relou_gateway import log
from relou_gateway.clock import QuotaClock
from relou_gateway.modem.port import InDoubt
from relou_gateway.modem.scripted import SendOutcome
from relou_gateway.rules.policy import Budget, Prices, Throttle
from relou_gateway.rules.records import Status
from relou_gateway.store import gateway as state
from relou_gateway.store.gateway import ClockRow
from tests.support.world import World, policy

from .program import Program

KARIM, JULIEN, MATHIEU, LUCAS = "+33612345678", "+33687654321", "+33798765005", "+32470123456"

CONFIG = """
throttle: {per_minute: null, per_hour: 3, per_day: 10, recipients_per_month: 20, parts_per_day: 30}
budget: {price: 0.16, per_day: 1.00, per_month: null}
storage: {path: gateway.db}
"""
CAPS = Throttle(None, 3, 10, 20, 30, None)
MONEY = Budget("EUR", Prices(160_000), 1_000_000, None, 2_000_000, None)


@contextmanager
def opened(folder: Path, program: Program) -> Iterator[Office]:
    """Make an office; what the gateway logs meanwhile is no output of the program's."""
    log.set_up(stream=io.StringIO())
    office = Office(folder, program)
    try:
        yield office
    finally:
        office.world.close()
        structlog.reset_defaults()


class Office:
    """The program in a folder that has a configuration; `world` made the database in it."""

    def __init__(self, folder: Path, program: Program) -> None:
        self.folder = folder
        self.program = program
        self.world = World(folder, policy(throttle=CAPS, budget=MONEY))
        self.began = datetime.now(UTC) - timedelta(minutes=55)
        self.world.clock.advance_to(self.began)
        self._start_clock()
        (folder / "config.yaml").write_text(CONFIG)

    def _start_clock(self) -> None:
        """Let quota time be what the wall says, as on a machine whose clock was always right."""
        anchor = QuotaClock(None).anchor()
        with self.world.gateway.database.transaction("clock") as tx:
            state.save_clock(
                tx, ClockRow(anchor.boot_id, anchor.boottime, anchor.wall, anchor.wall, wall_trusted=True)
            )

    def __call__(self, *arguments: str) -> str:
        """Run a verb that has to succeed; return what it wrote."""
        code = self.program(*arguments)
        assert (0, "") == (code, self.program.err)
        return self.program.out

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a verb with --json; return what its lines say."""
        return [json.loads(line) for line in self(*arguments, "--json").splitlines()]

    def row(self, *arguments: str) -> dict[str, Any]:
        """Run a verb with --json that has a single answer."""
        [only] = self.rows(*arguments)
        return only

    def refused(self, *arguments: str) -> tuple[int, str]:
        """Run a verb that fails; return its exit code and its one line."""
        code = self.program(*arguments)
        assert self.program.out == ""
        return code, self.program.err.strip()

    # --- a past -----------------------------------------------------------------------------

    def wrote(self, number: str, text: str = "Salut, c'est Karim") -> None:
        self.world.text(number, text)
        self.world.receive()

    def sent(self, number: str) -> None:
        """Let somebody write, and get his answer eleven minutes later."""
        self.wrote(number)
        self.world.wait(11)
        self.world.send_all()

    def in_doubt(self, number: str, reason: str = "the modem fell silent") -> None:
        """Let somebody write, whose answer may have left or not."""
        self.wrote(number)
        self.world.wait(11)
        self.world.modem.send_script.append(SendOutcome(InDoubt(reason), left=True))
        self.world.send_all()

    def states(self) -> dict[int, Status]:
        return {reply.id: reply.state for reply in self.world.replies()}
