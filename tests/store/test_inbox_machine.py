"""Exactly-once intake under crashes between any two steps: a modem with few slots, and the store.

The modem is a model that knows each delivery by a number of its own, so that it can tell twins
apart, which the store cannot. A crash takes back the transaction that is open and loses all that
only the process knew; a lost answer leaves the process running and a delete unknown. At the end
every delivery is stored exactly once, but for twins that the store told of.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from functools import cache
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from relou_gateway.rules.records import Content, Part, Slot, SlotAddress
from relou_gateway.store import inbox, ledger, parts
from relou_gateway.store.database import Connection, Database, create_or_migrate
from tests.store.samples import at, canonical, listing, sim, slot, sms

SLOTS = 3


class Crash(Exception):
    """The process is gone."""


class ModemGone(Exception):
    """The modem does not answer any more; the process lives."""


class Delete(Enum):
    """How one delete ends."""

    DONE = auto()
    REFUSED = auto()
    DONE_UNANSWERED = auto()
    LOST_UNANSWERED = auto()
    DONE_AND_CRASH = auto()


class Commit(Enum):
    """How one transaction ends."""

    DONE = auto()
    CRASH_BEFORE = auto()
    CRASH_AFTER = auto()


class SlotModem:
    """Few slots, refilled at once from a network that holds back what does not fit."""

    def __init__(self) -> None:
        self.held: dict[SlotAddress, tuple[int, Content]] = {}
        self.waiting: deque[tuple[int, Content]] = deque()

    def deliver(self, serial: int, content: Content) -> None:
        self.waiting.append((serial, content))
        self._refill()

    def delete(self, address: SlotAddress) -> None:
        del self.held[address]
        self._refill()

    def shown(self) -> list[Slot]:
        return [slot(address, content) for address, (_, content) in sorted(self.held.items())]

    def _refill(self) -> None:
        for address in map(sim, range(SLOTS)):
            if address not in self.held and self.waiting:
                self.held[address] = self.waiting.popleft()


@cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "gateway.db"
        create_or_migrate(path)
        return path.read_bytes()


class IntakeMachine(RuleBasedStateMachine):
    """Deliveries and exchanges, each with the faults that Hypothesis likes."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="intake-"))
        (self.directory / "gateway.db").write_bytes(_empty_database())
        self.database = self._opened()
        self.modem = SlotModem()
        self.unsure: set[SlotAddress] = set()
        self.delivered: list[Content] = []
        self.believed: dict[SlotAddress, int] = {}
        self.twins_lost: Counter[Content] = Counter()

    def teardown(self) -> None:
        try:
            self._drain()
            self._everything_is_stored_once()
        finally:
            self.database.close()
            shutil.rmtree(self.directory)

    def _opened(self) -> Database:
        database = Database(self.directory / "gateway.db")
        database._connection.execute("PRAGMA synchronous = OFF")  # no power is cut in here
        return database

    # --- what happens -----------------------------------------------------------------------

    @rule(text=st.sampled_from(["Allo ?", "Allo ??"]), count=st.integers(1, 4))
    def people_write_the_same_few_words(self, text: str, count: int) -> None:
        for _ in range(count):
            self._deliver(sms(text))

    @rule(reference=st.integers(0, 1), part=st.integers(1, 2))
    def a_part_of_a_long_text_comes(self, reference: int, part: int) -> None:
        self._deliver(sms(f"<{len(self.delivered)}>", part=Part(reference, 2, part)))

    def _deliver(self, content: Content) -> None:
        self.modem.deliver(len(self.delivered), content)
        self.delivered.append(content)

    @rule(
        seen=st.none() | st.integers(0, SLOTS - 1),
        stored=st.sampled_from(Commit),
        deletes=st.lists(st.sampled_from(Delete), max_size=SLOTS),
        forgotten=st.sampled_from(Commit),
    )
    def the_gateway_receives(
        self, seen: int | None, stored: Commit, deletes: list[Delete], forgotten: Commit
    ) -> None:
        try:
            shown = self._take(seen, stored)
            self._delete(shown, deque(deletes), forgotten)
        except Crash:
            self._restart()

    @rule()
    def the_process_is_killed_while_it_waits(self) -> None:
        self._restart()

    # --- what the gateway does, step by step --------------------------------------------------

    @contextmanager
    def _transaction(self, end: Commit) -> Iterator[Connection]:
        with self.database.transaction("C1") as tx:
            yield tx
            if end is Commit.CRASH_BEFORE:
                raise Crash

    def _take(self, seen: int | None, end: Commit) -> list[Slot]:
        shown = self.modem.shown()[:seen]
        serials = {each.address: self.modem.held[each.address][0] for each in shown}
        with self._transaction(end) as tx:
            found = listing(*shown, complete=seen is None)
            taken = inbox.take(tx, found, at(), canonical, self.unsure)
        self._note_twins_lost(shown, taken.twins)
        kept = {} if seen is None else self.believed
        self.believed = {**kept, **serials}
        if end is Commit.CRASH_AFTER:
            raise Crash
        assert [each.address for each in shown] == list(taken.deletable)
        return shown

    def _note_twins_lost(self, shown: list[Slot], told: tuple[SlotAddress, ...]) -> None:
        """The sole exception: another delivery, equal to the one that was to be deleted there."""
        for each in shown:
            serial, content = self.modem.held[each.address]
            known = self.believed.get(each.address)
            if known not in {None, serial} and self.delivered[known or 0] == content:
                assert each.address in self.unsure
                assert each.address in told
                self.twins_lost[content] += 1

    def _delete(self, shown: list[Slot], outcomes: deque[Delete], end: Commit) -> None:
        deleted: list[SlotAddress] = []
        with suppress(ModemGone):
            for each in shown:
                outcome = outcomes.popleft() if outcomes else Delete.DONE
                self._delete_one(each.address, outcome, deleted)
        with self._transaction(end) as tx:
            inbox.forget_slots(tx, deleted)
        for address in deleted:
            self.believed.pop(address, None)
            self.unsure.discard(address)
        if end is Commit.CRASH_AFTER:
            raise Crash

    def _delete_one(self, address: SlotAddress, outcome: Delete, deleted: list[SlotAddress]) -> None:
        self.unsure.add(address)
        if outcome not in {Delete.REFUSED, Delete.LOST_UNANSWERED}:
            self.modem.delete(address)
        match outcome:
            case Delete.DONE:
                deleted.append(address)
            case Delete.REFUSED:
                self.unsure.discard(address)
            case Delete.DONE_UNANSWERED | Delete.LOST_UNANSWERED:
                raise ModemGone
            case Delete.DONE_AND_CRASH:
                raise Crash

    def _restart(self) -> None:
        self.database.close()
        self.database = self._opened()
        with self.database.snapshot() as tx:
            self.unsure = set(inbox.stuck_slots(tx, 0))

    # --- what must hold -----------------------------------------------------------------------

    @invariant()
    def the_store_believes_what_the_model_says(self) -> None:
        with self.database.snapshot() as tx:
            assert sorted(self.believed) == inbox.stuck_slots(tx, 0)

    def _drain(self) -> None:
        while self.modem.held:
            self.the_gateway_receives(None, Commit.DONE, [], Commit.DONE)
        with self.database.transaction("sweep") as tx:
            parts.give_up(tx, at(1).quota, at(1), canonical)

    def _everything_is_stored_once(self) -> None:
        with self.database.snapshot() as tx:
            stored = [row.text for row in inbox.messages(tx)]
            broken = [*ledger.broken_links(tx), *ledger.changed_contents(tx)]
        whole = Counter(text for text in stored if text.startswith("Allo"))
        assert Counter(_texts(self.delivered, "Allo")) - _by_text(self.twins_lost) == whole
        parts = "".join(text.replace("[…]", "") for text in stored if not text.startswith("Allo"))
        assert sorted(_texts(self.delivered, "<")) == sorted(f"{each}>" for each in parts.split(">")[:-1])
        assert [] == broken


def _texts(contents: list[Content], beginning: str) -> list[str]:
    texts = [getattr(content, "text", "") for content in contents]
    return [text for text in texts if text.startswith(beginning)]


def _by_text(contents: Counter[Content]) -> Counter[str]:
    return Counter(_texts(list(contents.elements()), "Allo"))


IntakeMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestIntake = IntakeMachine.TestCase
