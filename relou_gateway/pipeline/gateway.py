"""What every step of the message's way works with."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..rules import admission, numbers
from ..rules.breaker import Breaker
from ..rules.coverage import Coverage
from ..rules.policy import KeepAlive, Policy
from ..rules.ranking import ByLot, Ranking
from ..rules.records import Moment, SlotAddress
from ..rules.throttle import Denial
from ..store import outbox
from ..store.database import Connection, Database
from ..store.outbox import Reply
from ..store.verdicts import Place


@dataclass(frozen=True, slots=True)
class Rest:
    """Why nobody needs to be asked again for a while: since then and until then nothing can go.

    It ends early where another program changed the database (`changes`), and where a reply
    became due that is not of one of the `sizes` (parts and cost) for which there is no room;
    but not where the ranking itself holds replies back (`sizes` is None).
    """

    since: datetime
    until: datetime
    sizes: frozenset[tuple[int, int]] | None
    changes: int


@dataclass
class Uncovered:
    """The modem has no network `since` then (quota time), and its radio was restarted so often."""

    since: datetime
    restarted_at: datetime | None = None
    restarts: int = 0


@dataclass
class Asking:
    """When the SIM's credit is asked for next: quota time, None as soon as there is a network.

    `in_vain` counts the questions in a row that brought no credit to send with; `trouble` is the
    failure, and `low` whether too low a credit, that was told last. `heeded` is the denial for want of
    credit of which the last question knew. `asked_at` is when that ended (quota time), and `wished` whether
    an operator wanted it.
    """

    next_at: datetime | None = None
    in_vain: int = 0
    trouble: str = ""
    low: bool = False
    heeded: Denial | None = None
    asked_at: datetime | None = None
    wished: bool = False


@dataclass
class Gateway:
    """What every step works with.

    `now` gives both clocks; `may_claim` says no once an orderly stop has begun; `ranking` says
    whose turn it is; `keep` is how long numbers and texts are remembered; `storage_max` is how many
    bytes the database may use before flooders' further texts are only counted (None: any); `roaming`
    allows sends in another operator's network; `bears` is how long the modem may be without network
    before its radio is restarted (None: for ever); `reports` says that delivery reports are asked
    for; `keep_alive` is what a SIM sends that would else lie idle. The rest is what the
    steps know besides the database: `rest` says until when nothing can go, `denied` why;
    `freed` are slots whose deletion the modem confirmed and the store does not know of yet,
    `unsure` those whose deletion may or may not have happened; `kept` maps those that could not be
    freed by hand to when that was tried, and `by_hand_at` is when it was last tried of any. `storing`
    and `judging` are what is being worked on, for whoever catches a fault of the program's, and
    `unstorable` are the slots on which that happened. `flowing` says that the last listing brought
    something, so that the network may have more for the slots that are free now. `heard_to` is the
    last verdict that the ranking heard, None before it heard any; `raid_since` is its word on
    whether a raid runs, and `asked_of_raid` says that it was asked; `told_to` is the last waiting
    reply whose suspicion was written down, and `forgot_at` when retention ran last. `coverage` is how
    the modem was last told to stand with the network, and `uncovered` is not None while it has none.
    `asking` is about the SIM's credit, and `told_of_idling` says that a SIM without use was told of.
    `breaker` is as it was last told of.
    """

    database: Database
    policy: Policy
    now: Callable[[], Moment]
    rng: random.Random
    ranking: Ranking = field(default_factory=ByLot)
    keep: timedelta = timedelta(days=90)
    storage_max: int | None = None
    may_claim: Callable[[], bool] = lambda: True
    roaming: bool = False
    bears: timedelta | None = timedelta(minutes=5)
    reports: bool = False
    keep_alive: KeepAlive | None = None
    freed: set[SlotAddress] = field(default_factory=set)
    unsure: set[SlotAddress] = field(default_factory=set)
    unstorable: set[SlotAddress] = field(default_factory=set)
    kept: dict[SlotAddress, datetime] = field(default_factory=dict)
    by_hand_at: datetime | None = None
    denied: Denial | None = None
    rest: Rest | None = None
    storing: SlotAddress | None = None
    judging: int | None = None
    flowing: bool = False
    heard_to: Place | None = None
    raid_since: datetime | None = None
    asked_of_raid: bool = False
    told_to: int = 0
    forgot_at: datetime | None = None
    coverage: Coverage | None = None
    uncovered: Uncovered | None = None
    asking: Asking = field(default_factory=Asking)
    told_of_idling: bool = False
    breaker: Breaker = None

    def take_up(self, address: SlotAddress | None) -> None:
        """Note which slot is being stored, None for none."""
        self.storing = address

    def canonical(self, received: str) -> str:
        """Return the number under which the sender of `received` is known."""
        return numbers.read(received, self.policy.senders.country).number


def push(tx: Connection, gateway: Gateway, waiting: Reply | None, latest: datetime) -> None:
    """Let a reply that waits keep its distance from a message, or from one more ring, at `latest`."""
    if waiting is not None:
        lower, _ = gateway.policy.replies.delay
        due_at = admission.pushed_due(waiting.due_at, waiting.created_at, latest, lower)
        if due_at > waiting.due_at:  # most of a talker's words push no further
            outbox.push(tx, waiting.id, due_at)
