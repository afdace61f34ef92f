"""A modem of a script, in process: for the simulation and for the pipeline's tests.

It keeps the port's contract as a real modem does, the nasty parts included: slots are few, a
freed one is refilled at once from what waits in the network, and answers can be lost although
the modem obeyed. Nothing in it takes time; `advance` tells a simulated clock how long a send
would have taken.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..rules.records import (
    Call,
    Content,
    Identity,
    Listing,
    Memory,
    Network,
    Slot,
    SlotAddress,
)
from .port import DeleteFailed, InDoubt, ModemFailure, ModemLost, NotSent, SendFailure, UssdFailed

IDENTITY = Identity("Relou", "Scripted", "356938035643809", "208011234567890", "+33609001390")
RADIO = Network(registered=True, roaming=False, operator="20801", signal_percent=60)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the network took of one send: at least one part."""

    number: str
    parts: tuple[str, ...]
    unicode: bool
    references: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """How one send ends.

    `failure` None is success. Parts before the failing one, `failure.accepted` of them, are
    taken. `left` tells what only the network knows: that the failing part left all the same.
    `lost` makes the modem vanish afterwards.
    """

    failure: SendFailure | None = None
    left: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class DeleteOutcome:
    """How one delete ends. `done` tells whether the slot is free, whatever the answer says."""

    failure: DeleteFailed | ModemLost | None = None
    done: bool = True


def lost_answer() -> SendOutcome:
    """Return the outcome in which the first part leaves and the modem's answer is lost."""
    return SendOutcome(InDoubt("the modem does not answer"), left=True, lost=True)


def delete_refused() -> DeleteOutcome:
    """Return the outcome in which the modem says that it did not delete."""
    return DeleteOutcome(DeleteFailed("the modem refused to delete the slot"), done=False)


def delete_unanswered() -> DeleteOutcome:
    """Return the outcome in which the modem deletes and its answer is lost."""
    return DeleteOutcome(ModemLost("hung", "the modem does not answer"))


_DELETED = DeleteOutcome()


@dataclass
class ScriptedModem:
    """A `Modem` that does what `send_script` and `delete_script` say, and else works.

    `send_seconds` is what one part takes; `advance` is called with the seconds of each send.
    What is `poison` can be deleted by hand alone. `accepted` and `deleted` are the network's and
    the modem's own record, for asserting; `restarts` counts those of the radio.
    `ussd_script` are the answers to service codes, and `dialled` are the codes.
    """

    slots: Mapping[Memory, int] = field(default_factory=lambda: {Memory.SIM: 30, Memory.MODEM: 0})
    send_seconds: float = 0.0
    advance: Callable[[float], object] | None = None
    identity: Identity = IDENTITY
    radio: Network = RADIO
    complete: bool = True
    send_script: deque[SendOutcome] = field(default_factory=deque)
    delete_script: deque[DeleteOutcome] = field(default_factory=deque)
    accepted: list[Accepted] = field(default_factory=list)
    deleted: list[Slot] = field(default_factory=list)
    poison: set[Content] = field(default_factory=set)
    restarts: int = 0
    ussd_script: deque[str | ModemFailure] = field(default_factory=deque)
    dialled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._held: dict[SlotAddress, Slot] = {}
        self._free: list[tuple[int, SlotAddress]] = []
        self._waiting: deque[Content] = deque()
        self._calls: list[Call] = []
        self._lost: ModemLost | None = None
        self._reference = 0
        cards = {Memory.SIM: self.identity.imsi, Memory.MODEM: self.identity.imei}
        for memory in Memory:  # the SIM is filled first, and in each memory the lowest slot
            for location in range(1, self.slots.get(memory, 0) + 1):
                address = SlotAddress(cards[memory], memory, location)
                heapq.heappush(self._free, (len(self._free), address))
        self._rank = {address: rank for rank, address in self._free}

    # --- the network's side -----------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many messages the network holds back because no slot is free."""
        return len(self._waiting)

    def deliver(self, content: Content) -> None:
        """Let a message come in: to the first free slot, or to wait in the network."""
        self._waiting.append(content)
        self._refill()

    def call(self, number: str) -> None:
        """Let somebody's phone ring us; `number` is empty where he hides it."""
        self._calls.append(Call(number))

    def lose(self, cause: str = "absent", message: str = "the modem was unplugged") -> None:
        """Make the modem vanish; every method fails until `recover`."""
        self._lost = ModemLost(cause, message)

    def recover(self) -> None:
        """Bring the modem back with all that lies in its slots."""
        self._lost = None
        self._refill()

    def _refill(self) -> None:
        while self._waiting and self._free and self._lost is None:
            _, address = heapq.heappop(self._free)
            content = self._waiting.popleft()
            self._held[address] = Slot(address, fingerprint(content), content)

    # --- the port ---------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return `identity`."""
        self._check()
        return self.identity

    def network(self) -> Network:
        """Return `radio`."""
        self._check()
        return self.radio

    def listing(self) -> Listing:
        """Return what the slots hold, by memory and location, and the calls since the last listing."""
        self._check()
        calls, self._calls = tuple(self._calls), []
        held = sorted(self._held.values(), key=lambda slot: self._rank[slot.address])
        cards = (self.identity.imsi, self.identity.imei)
        return Listing(tuple(held), calls, self.complete, cards)

    def delete(self, address: SlotAddress) -> None:
        """Free a slot as `delete_script` says; raises `DeleteFailed` for an empty one."""
        self._check()
        outcome = self.delete_script.popleft() if self.delete_script else self._natural(address)
        if outcome.done:
            self._free_slot(address)
        if isinstance(outcome.failure, ModemLost):
            self._lost = outcome.failure
        if outcome.failure is not None:
            raise outcome.failure

    def _natural(self, address: SlotAddress) -> DeleteOutcome:
        if self.poison and address in self._held and self._held[address].content in self.poison:
            return delete_refused()
        return _DELETED

    def delete_by_hand(self, slots: Mapping[SlotAddress, bytes]) -> frozenset[SlotAddress]:
        """Free those of `slots` that show what they showed; return them, and those that are empty.

        One that could not even be read, `Undecodable` without a PDU, cannot be recognised.
        """
        self._check()
        held = {address: self._held[address] for address in slots if address in self._held}
        unchanged = [address for address, slot in held.items() if slots[address] == slot.fingerprint]
        known = [address for address in unchanged if getattr(held[address].content, "pdu", b"") is not None]
        for address in known:
            self._free_slot(address)
        return frozenset([*known, *(slots.keys() - held.keys())])

    def restart_radio(self) -> None:
        """Count it."""
        self._check()
        self.restarts += 1

    def ussd(self, code: str, pattern: str) -> str:  # noqa: ARG002 - the script says what fits
        """Answer as `ussd_script` says; the network refuses what it does not know of."""
        self._check()
        self.dialled.append(code)
        answer = (
            self.ussd_script.popleft() if self.ussd_script else UssdFailed("the network refused the code")
        )
        if isinstance(answer, ModemLost):
            self._lost = answer
        if isinstance(answer, ModemFailure):
            raise answer
        return answer

    def send(
        self,
        number: str,
        parts: Sequence[str],
        *,
        unicode: bool,
        accepted: Callable[[int], object] | None = None,
    ) -> tuple[int, ...]:
        """Send as `send_script` says; raises `NotSent` when the modem is lost already."""
        if self._lost is not None:
            raise NotSent(f"not sent: {self._lost}")
        outcome = self.send_script.popleft() if self.send_script else SendOutcome()
        taken = len(parts) if outcome.failure is None else outcome.failure.accepted
        left = taken + 1 if outcome.left and taken < len(parts) else taken
        references = tuple(self._next_reference() for _ in range(left))
        if left:
            self.accepted.append(Accepted(number, tuple(parts[:left]), unicode, references))
        for reference in references[:taken]:
            if accepted is not None:
                accepted(reference)
        if self.advance is not None:
            self.advance(self.send_seconds * min(taken + 1, len(parts)))
        if outcome.lost:
            self.lose()
        if outcome.failure is not None:
            raise outcome.failure
        return references

    def close(self) -> None:
        """Do nothing: nothing is held."""

    def _check(self) -> None:
        if self._lost is not None:
            raise ModemLost(self._lost.cause, str(self._lost))

    def _free_slot(self, address: SlotAddress) -> None:
        slot = self._held.pop(address, None)
        if slot is None:
            raise DeleteFailed("the slot is empty")
        self.deleted.append(slot)
        heapq.heappush(self._free, (self._rank[address], address))
        self._refill()

    def _next_reference(self) -> int:
        self._reference = (self._reference + 1) % 256
        return self._reference


def fingerprint(content: Content) -> bytes:
    """Return a hash of all that a content shows."""
    return hashlib.sha256(repr(content).encode("utf-8", "surrogatepass")).digest()
