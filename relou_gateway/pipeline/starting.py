"""Start, and what a fault of the program's leaves: nothing stays half done."""

from __future__ import annotations

from .. import log
from ..log import Event as Happened
from ..store import inbox, outbox
from .asking import begin_asking
from .gateway import Gateway
from .receiving import REFUSALS_BEFORE_STUCK


def recover(gateway: Gateway) -> None:
    """Take up what an earlier process left (before the first tick).

    A reply found `sending` may have left: it is in doubt. Every slot that the store still
    believes in may have been deleted: it is unsure.
    """
    settle_orphan(gateway, "found sending at start")
    begin_asking(gateway)
    with gateway.database.snapshot() as tx:
        stuck = inbox.stuck_slots(tx, REFUSALS_BEFORE_STUCK)
        gateway.unsure.update(set(inbox.stuck_slots(tx, 0)).difference(stuck))


def settle_orphan(gateway: Gateway, reason: str) -> None:
    """Put a reply that is marked `sending` while nobody sends it in doubt: it may have left."""
    with gateway.database.snapshot() as tx:
        if not outbox.found_sending(tx):
            return
    with gateway.database.transaction("recover") as tx:
        found = outbox.found_sending(tx)
        for reply_id in found:
            outbox.settle_in_doubt(tx, reply_id, reason, 0, None, gateway.now())
    for reply_id in found:
        log.say(Happened.REPLY_IN_DOUBT, reply=reply_id, reason=reason)


def push_away(gateway: Gateway) -> None:
    """Put aside what a fault of the program struck, so that the others need not wait for it.

    A slot stays in the modem until the next start; a message waits behind the others, and
    after some faults for good.
    """
    if gateway.storing is not None:
        gateway.unstorable.add(gateway.storing)
        log.say(Happened.SLOT_UNSTORABLE, memory=gateway.storing.memory, location=gateway.storing.location)
        gateway.storing = None
    if gateway.judging is not None:
        with gateway.database.transaction("push away") as tx:
            inbox.note_fault(tx, gateway.judging)
        log.say(Happened.MESSAGE_SHELVED, message=gateway.judging)
        gateway.judging = None
