"""Invariant 5: no cap is ever passed, and no pace, whatever happens; reckoned anew from the ledger.

What left and when is read from the ledger, row by row, and added up by brute force: nothing here
asks the rules how full a cap is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from relou_gateway import pipeline
from relou_gateway.modem.port import InDoubt, ModemLost, NotSent, Refused, SendFailure
from relou_gateway.modem.scripted import ScriptedModem, SendOutcome
from relou_gateway.pipeline import Gateway
from relou_gateway.rules import budget, throttle
from relou_gateway.rules.lifecycle import Event, IllegalMove
from relou_gateway.rules.policy import Budget, Policy, Prices, Text, Throttle
from relou_gateway.rules.ranking import ByLot
from relou_gateway.rules.records import Status
from relou_gateway.rules.shares import EVEN, Rhythm
from relou_gateway.rules.throttle import DAY, HOUR, Cap, Unit
from relou_gateway.store import gateway as state
from relou_gateway.store import outbox, senders
from relou_gateway.store.database import Database
from tests.support.world import MINUTE, World, mobile, policy

PRICE = 160_000
CARRY = 2.0
WIDE = policy(
    throttle=Throttle(
        per_minute=3,
        per_hour=8,
        per_day=20,
        recipients_per_month=90,
        parts_per_day=30,
        parts_per_month=200,
    ),
    budget=Budget("EUR", Prices(PRICE), 28 * PRICE, 180 * PRICE, keep=None, balance=None),
    replies={"delay": (MINUTE, MINUTE), "texts": (Text("non"), Text("n" * 400))},
    senders={"cooldown": timedelta(hours=20), "lifetime": None},
)
NARROW = replace(
    WIDE,
    throttle=replace(WIDE.throttle, per_minute=1, per_hour=2, per_day=5, recipients_per_month=30),
    budget=replace(WIDE.budget, per_day=9 * PRICE, per_month=60 * PRICE),
)
SOME = replace(WIDE, throttle=replace(WIDE.throttle, per_minute=None, per_hour=None, parts_per_day=6))
POLICIES = [replace(each, raid=replace(each.raid, carry_days=CARRY)) for each in (WIDE, NARROW, SOME)]
CROWD = st.integers(0, 60).map(mobile)
OUTCOMES = st.sampled_from(
    [
        NotSent("congestion", code=42),
        Refused("unknown subscriber", code=30),
        InDoubt("no answer"),
        NotSent("congestion", code=42, accepted=1),
        InDoubt("no answer", accepted=1),
    ]
)


class _Paced(ByLot):
    """The lot, beneath which the caps are paced."""

    def rhythm(self, now: datetime) -> Rhythm | None:  # noqa: ARG002
        return EVEN


class _PacedWorld(World):
    def _open(self) -> Gateway:
        gateway = super()._open()
        gateway.ranking = _Paced()
        return gateway


class _Death(BaseException):
    """What no step of the way may catch."""


class _Mortal:
    """A modem in whose hands the process dies, before or after the network took the message."""

    def __init__(self, modem: ScriptedModem, *, left: bool) -> None:
        self._modem = modem
        self._left = left

    def __getattr__(self, name: str) -> object:
        return getattr(self._modem, name)

    def send(self, number: str, parts: tuple[str, ...], *, unicode: bool) -> tuple[int, ...]:
        if self._left:
            self._modem.send(number, parts, unicode=unicode)
        raise _Death


@dataclass
class Reserved:
    """One reservation as the ledger tells it: what of it still counts, since when and until when."""

    id: int
    recipient: str
    parts: int
    cost: int
    claimed_at: datetime
    settled_at: datetime | None = None
    was_known: bool = False

    def counts(self, span: timedelta, moment: datetime) -> bool:
        return self.parts > 0 and (self.settled_at is None or moment < self.settled_at + span)

    def amount(self, unit: Unit) -> int:
        return {Unit.PARTS: self.parts, Unit.MONEY: self.cost}.get(unit, int(self.parts > 0))


class Caps(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 99), paced=st.booleans())
    def begin(self, seed: int, paced: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.paced = paced
        world = _PacedWorld if paced else World
        self.world = world(Path(self.folder.name), POLICIES[0], seed=seed)
        self.version = 0
        self.in_force: dict[int, tuple[int, Policy]] = {}
        self.operator = Database(self.world.path)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.operator.close()
            self.world.close()
            self.folder.cleanup()

    # --- what happens -----------------------------------------------------------------------

    @rule(numbers=st.lists(CROWD, min_size=3, max_size=25))
    def a_crowd_writes(self, numbers: list[str]) -> None:
        for number in numbers:
            self.world.text(number)
        self.world.receive()

    @rule(numbers=st.lists(CROWD, min_size=5, max_size=25, unique=True), minutes=st.integers(2, 40))
    def a_crowd_is_answered(self, numbers: list[str], minutes: int) -> None:
        self.a_crowd_writes(numbers)
        for _ in range(minutes):
            self.world.wait(1)
            self.world.send_all()

    @rule(minutes=st.sampled_from([0.5, 1, 59, 60, 60 * 12, 60 * 24, 60 * 24 * 15]))
    def time_passes(self, minutes: float) -> None:
        self.world.wait(minutes)
        self.world.send_all()

    @rule()
    def the_end_of_a_rest_comes(self) -> None:
        """At the very moment at which something may go, it is asked for."""
        if (rest := self.world.gateway.rest) is not None:
            self.world.clock.advance_to(rest.until)
            self.world.send_all()

    @rule(hours=st.sampled_from([-24 * 365, -48, -1, 1, 24 * 365]))
    def the_wall_clock_steps(self, hours: float) -> None:
        self.world.clock.step_wall(timedelta(hours=hours))
        self.world.send_all()

    @rule(which=st.integers(0, 2))
    def the_caps_are_changed(self, which: int) -> None:
        self.version += 1
        self.world.policy = POLICIES[which]
        self.world.restart()

    @rule(outcome=OUTCOMES)
    def a_send_goes_wrong(self, outcome: SendFailure) -> None:
        self.world.modem.send_script.append(SendOutcome(outcome, left=False))
        for _ in range(5):
            self.world.wait(1)
            with suppress(ModemLost):
                pipeline.send(self.world.gateway, self.world.modem)
        self.world.modem.send_script.clear()
        self.world.modem.recover()

    @rule(left=st.booleans())
    def it_crashes_while_it_sends(self, left: bool) -> None:
        self.world.wait(2)
        with suppress(_Death):
            pipeline.send(self.world.gateway, _Mortal(self.world.modem, left=left))  # type: ignore[arg-type]
        self.world.restart()

    @rule()
    def it_crashes(self) -> None:
        self.world.restart()
        self.world.send_all()

    @rule(
        reply_id=st.integers(1, 40),
        event=st.sampled_from([Event.HOLD, Event.RELEASE, Event.CANCEL, Event.SETTLE_SENT]),
    )
    def an_operator_moves(self, reply_id: int, event: Event) -> None:
        with suppress(IllegalMove, outbox.NoSuchReply), self.operator.transaction("move") as tx:
            outbox.operate(tx, reply_id, event, "by an operator", self.world.now())
        self.world.send_all()

    @rule()
    def an_operator_settles_all_doubts_as_failed(self) -> None:
        for reply in self.world.replies(Status.IN_DOUBT):
            with self.operator.transaction("move") as tx:
                outbox.operate(tx, reply.id, Event.SETTLE_FAILED, "by an operator", self.world.now())
        self.world.send_all()

    @rule(number=CROWD, minutes=st.integers(0, 3))
    def an_operator_blocks_for_a_while(self, number: str, minutes: int) -> None:
        pattern = f"{number[:-1]}*"
        with self.operator.transaction("block") as tx:
            senders.block(tx, pattern, self.world.now())
        self.world.wait(minutes)
        self.world.send_all()
        with self.operator.transaction("unblock") as tx:
            senders.unblock(tx, pattern)

    @rule(minutes=st.integers(0, 90))
    def an_operator_pauses_for_a_while(self, minutes: int) -> None:
        with self.operator.transaction("pause") as tx:
            state.pause(tx, "", self.world.now())
        self.world.wait(minutes)
        assert 0 == self.world.send_all()
        with self.operator.transaction("resume") as tx:
            state.resume(tx, self.world.now())
        self.world.send_all()

    # --- what must hold ---------------------------------------------------------------------

    @invariant()
    def no_cap_is_passed_at_any_claim(self) -> None:
        for claim, counting in self._claims():
            policy_then = self.in_force.setdefault(claim.id, (self.version, self.world.policy))[1]
            for cap in _caps(policy_then):
                inside = [each for each in counting if each.counts(cap.span, claim.claimed_at)]
                assert _brute(cap.unit, inside) <= cap.limit, (cap, claim)

    @invariant()
    def no_more_goes_at_once_than_the_pace_lets_save_up(self) -> None:
        """In no stretch of time more than what is saved up at most, and what accrues meanwhile."""
        if not self.paced:
            return
        claims = [claim for claim, _ in self._claims()]
        for cap in _caps(self.world.policy):
            now_in_force = [each for each in claims if self.in_force[each.id][0] == self.version]
            if cap.unit is Unit.RECIPIENTS:
                now_in_force = [each for each in now_in_force if not each.was_known]
            if cap.span >= HOUR:
                _assert_paced(cap, now_in_force)

    @invariant()
    def quota_time_never_goes_back(self) -> None:
        claims = [claim for claim, _ in self._claims()]
        assert all(earlier.claimed_at <= later.claimed_at for earlier, later in pairwise(claims))

    def _claims(self) -> Iterator[tuple[Reserved, list[Reserved]]]:
        """Yield each claim, with all reservations as they stood when it was made; then as they stand."""
        with self.world.gateway.database.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT ledger.event, ledger.at, ledger.reservation_id, ledger.parts, ledger.cost, recipient
                FROM ledger JOIN reservations ON reservations.id = ledger.reservation_id ORDER BY ledger.id
                """
            ).fetchall()
        found: dict[int, Reserved] = {}
        for event, at, number, parts, cost, recipient in rows:
            moment = datetime.fromtimestamp(at / 1000, self.world.now().quota.tzinfo)
            if event == "settled":
                found[number].settled_at = moment
            elif event == "released":
                found[number].parts -= parts
                found[number].cost -= cost
            else:
                known = any(
                    each.recipient == recipient and each.counts(throttle.MONTH, moment)
                    for each in found.values()
                )
                found[number] = Reserved(number, recipient, parts, cost, moment, was_known=known)
                yield found[number], list(found.values())


def _caps(policy: Policy) -> tuple[Cap, ...]:
    return (*throttle.caps(policy.throttle), *budget.caps(policy.budget))


def _brute(unit: Unit, inside: list[Reserved]) -> int:
    if unit is Unit.RECIPIENTS:
        return len({each.recipient for each in inside})
    return sum(each.amount(unit) for each in inside)


def _assert_paced(cap: Cap, claims: list[Reserved]) -> None:
    a_day = cap.limit * (DAY / cap.span)
    saved_up = cap.limit / 2 if cap.span <= DAY else CARRY * a_day
    for last in range(len(claims)):
        gone = 0.0
        for first in range(last, -1, -1):
            gone += claims[first].amount(cap.unit)
            accrued = a_day * ((claims[last].claimed_at - claims[first].claimed_at) / DAY)
            beyond = max(0.0, claims[last].amount(cap.unit) - saved_up)
            assert gone <= saved_up + accrued + beyond + 1e-3, (cap, claims[first], claims[last])


TestCaps = Caps.TestCase
TestCaps.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
