"""The invariants of the message's way, under any order of arrivals, outcomes, crashes and moves."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from relou_gateway import pipeline
from relou_gateway.modem.port import InDoubt, ModemLost, NotSent, Refused, SendFailure
from relou_gateway.modem.scripted import ScriptedModem, SendOutcome, delete_refused, delete_unanswered
from relou_gateway.rules.lifecycle import Event, IllegalMove
from relou_gateway.rules.policy import Budget, Prices, Text, Throttle
from relou_gateway.rules.records import Status
from relou_gateway.store import gateway as state
from relou_gateway.store import ledger, outbox
from tests.support.world import MINUTE, World, mobile, policy

COOLDOWN = timedelta(hours=20)
LIFETIME = 2
LOWER = 3 * MINUTE
PRICE = 160_000
THROTTLE = Throttle(
    per_minute=1, per_hour=3, per_day=5, recipients_per_month=6, parts_per_day=12, parts_per_month=None
)
BUDGET = Budget("EUR", Prices(PRICE), per_day=11 * PRICE, per_month=30 * PRICE, keep=None, balance=None)
WAITING = {Status.SCHEDULED, Status.HELD}
RULES = policy(
    throttle=THROTTLE,
    budget=BUDGET,
    replies={"texts": (Text("non"), Text("n" * 400))},
    senders={"cooldown": COOLDOWN, "lifetime": LIFETIME},
)
SENDERS = st.integers(0, 9).map(mobile)
OUTCOMES = st.sampled_from(
    [
        NotSent("congestion", code=42),
        Refused("unknown subscriber", code=30),
        InDoubt("no answer"),
        NotSent("congestion", code=42, accepted=1),
        InDoubt("no answer", accepted=1),
    ]
)


class _Death(BaseException):
    """What no step of the way may catch."""


class _Mortal:
    """A modem in whose hands the process dies, just after the network took the message."""

    def __init__(self, modem: ScriptedModem) -> None:
        self._modem = modem

    def __getattr__(self, name: str) -> object:
        return getattr(self._modem, name)

    def send(self, number: str, parts: tuple[str, ...], *, unicode: bool) -> tuple[int, ...]:
        self._modem.send(number, parts, unicode=unicode)
        raise _Death


@dataclass(frozen=True)
class Left:
    """What the network took of one send, and when."""

    at: datetime
    number: str
    parts: int


class MessagesWay(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 99))
    def begin(self, seed: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name), RULES, seed=seed)
        self.delivered = 0
        self.left: list[Left] = []
        self.first: dict[str, datetime] = {}
        self.latest: dict[str, datetime] = {}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()
            self.folder.cleanup()

    # --- what happens -----------------------------------------------------------------------

    @rule(numbers=st.lists(SENDERS, min_size=1, max_size=8), text=st.sampled_from(["Salut", "Réponds !"]))
    def some_write(self, numbers: list[str], text: str) -> None:
        for number in numbers:
            self.world.text(number, text)
            self.world.receive()
            self._heard(number)

    @rule(number=SENDERS)
    def one_wants_no_answer(self, number: str) -> None:
        self.world.text(number, "STOP")
        self.world.receive()
        self._heard(number)

    @rule(number=SENDERS)
    def he_calls(self, number: str) -> None:
        before = len(self.world.messages())
        self.world.modem.call(number)
        self.world.receive()
        self._heard(number, is_new=len(self.world.messages()) > before)

    @rule(minutes=st.sampled_from([0.1, 1, 3, 31, 61, 60 * 13, 60 * 24 + 1]))
    def time_passes(self, minutes: float) -> None:
        self.world.wait(minutes)

    @rule(minutes=st.integers(1, 15), step=st.sampled_from([0.5, 1.0]))
    def the_daemon_ticks(self, minutes: int, step: float) -> None:
        for _ in range(int(minutes / step)):
            self.world.wait(step)
            self._send_one()
            self._send_one()

    @rule(hours=st.sampled_from([-48, -1, 1, 24 * 365]))
    def the_wall_clock_steps(self, hours: float) -> None:
        self.world.clock.step_wall(timedelta(hours=hours))

    @rule(outcome=OUTCOMES, left=st.booleans())
    def a_send_goes_wrong(self, outcome: SendFailure, left: bool) -> None:
        doubtful = left and isinstance(outcome, InDoubt)
        self.world.modem.send_script.append(SendOutcome(outcome, left=doubtful))
        for _ in range(12):
            if self.world.modem.send_script:
                self.world.wait(1)
                self._send_one()
        self.world.modem.send_script.clear()

    @rule()
    def it_crashes_while_it_sends(self) -> None:
        """The modem takes the message; nobody lives to write that down."""
        self.world.wait(5)
        before = len(self.world.modem.accepted)
        now = self.world.now().quota
        with suppress(_Death):
            pipeline.send(self.world.gateway, _Mortal(self.world.modem))  # type: ignore[arg-type]
        self.world.restart()
        self._note_left(before, now)

    @rule(outcome=st.sampled_from([delete_refused(), delete_unanswered()]), number=SENDERS)
    def a_delete_goes_wrong(self, outcome: object, number: str) -> None:
        self.world.modem.delete_script.append(outcome)  # type: ignore[arg-type]
        self.world.text(number, "…")
        with suppress(ModemLost):
            self.world.receive()
        self.world.modem.delete_script.clear()
        self.world.modem.recover()
        self.world.receive()
        self._heard(number)

    @rule()
    def it_crashes(self) -> None:
        self.world.restart()

    @rule()
    def it_sweeps(self) -> None:
        pipeline.sweep(self.world.gateway)

    @rule(reply_id=st.integers(1, 12), event=st.sampled_from([Event.HOLD, Event.RELEASE, Event.CANCEL]))
    def an_operator_moves(self, reply_id: int, event: Event) -> None:
        with suppress(IllegalMove, outbox.NoSuchReply), self.world.gateway.database.transaction("move") as tx:
            outbox.operate(tx, reply_id, event, "by an operator", self.world.now())

    @rule(reply_id=st.integers(1, 12))
    def an_operator_settles_as_sent(self, reply_id: int) -> None:
        with suppress(IllegalMove, outbox.NoSuchReply), self.world.gateway.database.transaction("move") as tx:
            outbox.operate(tx, reply_id, Event.SETTLE_SENT, "by an operator", self.world.now())

    @rule(minutes=st.integers(1, 20))
    def an_operator_pauses_for_a_while(self, minutes: int) -> None:
        with self.world.gateway.database.transaction("pause") as tx:
            state.pause(tx, "", self.world.now())
        before = len(self.left)
        self.world.wait(minutes)
        self._send_one()
        assert len(self.left) == before
        with self.world.gateway.database.transaction("resume") as tx:
            state.resume(tx, self.world.now())

    def _heard(self, number: str, *, is_new: bool = True) -> None:
        if not is_new:  # one more ring of the same call
            return
        self.delivered += 1
        waiting = [each for each in self.world.replies() if each.number == number and each.state in WAITING]
        if waiting:
            self.first[number] = waiting[0].created_at
            self.latest[number] = self.world.now().quota

    def _send_one(self) -> None:
        before = len(self.world.modem.accepted)
        now = self.world.now().quota
        with suppress(ModemLost):
            pipeline.send(self.world.gateway, self.world.modem)
        self.world.modem.recover()
        self._note_left(before, now)

    def _note_left(self, before: int, now: datetime) -> None:
        for sent in self.world.modem.accepted[before:]:
            self._not_too_soon(sent.number, now)
            self.left.append(Left(now, sent.number, len(sent.parts)))

    def _not_too_soon(self, number: str, now: datetime) -> None:
        """Invariant 12."""
        assert now >= min(self.latest[number] + LOWER, self.first[number] + 30 * MINUTE)

    # --- what must hold ---------------------------------------------------------------------

    @invariant()
    def every_message_is_stored_once(self) -> None:
        assert len(self.world.messages()) == self.delivered

    @invariant()
    def no_cap_is_passed_by_what_left(self) -> None:
        for end in self.left:
            for span, answers, parts in (
                (MINUTE, 1, None),
                (60 * MINUTE, 3, None),
                (timedelta(days=1), 5, 11),
            ):
                inside = [each for each in self.left if end.at - span < each.at <= end.at]
                assert len(inside) <= answers
                assert parts is None or sum(each.parts for each in inside) <= parts
            month = {each.number for each in self.left if end.at - timedelta(days=30) < each.at <= end.at}
            assert len(month) <= 6

    @invariant()
    def nobody_gets_two_answers_in_a_cooldown_or_more_than_a_lifetime(self) -> None:
        for number in {each.number for each in self.left}:
            times = [each.at for each in self.left if each.number == number]
            assert len(times) <= LIFETIME
            assert all(later - earlier >= COOLDOWN for earlier, later in pairwise(times))

    @invariant()
    def what_left_is_counted_and_the_chain_holds(self) -> None:
        with self.world.gateway.database.snapshot() as tx:
            spendings = ledger.spendings(tx, self.world.now().quota - timedelta(days=36500))
            assert ledger.broken_links(tx) == []
        assert sum(each.parts for each in spendings) >= sum(each.parts for each in self.left)


TestMessagesWay = MessagesWay.TestCase
TestMessagesWay.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
