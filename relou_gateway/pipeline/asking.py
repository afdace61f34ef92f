"""Ask: what the SIM holds by the operator's word, now and then, and what that means.

Nothing is being sent meanwhile: one thread takes one step after the other. What is told makes the
gateway stop earlier than its caps, or go on; it never brings back a reply that expired (invariant 11).
What was told counts until something else is told, less all that was reserved since: a credit that
was low does not grow by being old.
"""

from __future__ import annotations

from datetime import timedelta

from .. import log
from ..log import Event as Happened
from ..modem.port import Modem, ModemLost, UssdFailed
from ..rules import balance, budget, money, wording
from ..rules.balance import Finding, Standing, Unread
from ..rules.policy import Balance, Policy
from ..store import balance as store
from ..store import gateway as state
from ..store import outbox
from ..store.database import Connection
from .gateway import Gateway

EVENTS = {
    Standing.FIRST: Happened.CREDIT_TOLD,
    Standing.AS_EXPECTED: Happened.CREDIT_TOLD,
    Standing.TOPPED_UP: Happened.CREDIT_TOPPED_UP,
    Standing.MORE: Happened.CREDIT_DIFFERS,
    Standing.LESS: Happened.CREDIT_DIFFERS,
}


def begin_asking(gateway: Gateway) -> None:
    """Forget what the SIM held where nobody asks for it any more: it would hold for ever."""
    if gateway.policy.budget.balance is not None:
        return
    with gateway.database.snapshot() as tx:
        anything = store.credit(tx) is not None or store.trouble(tx) is not None
    if anything:
        with gateway.database.transaction("balance") as tx:
            store.forget_credit(tx)


def ask_credit(gateway: Gateway, modem: Modem) -> None:
    """Ask for the SIM's credit if it is time; takes up to half a minute, and commits what it brought.

    A failure is told once and tried again after a growing pause, even one that cost the modem: no
    modem must be lost over and over to what is only advice. Raises `ModemLost`.
    """
    rules = gateway.policy.budget.balance
    if rules is None or not _is_due(gateway):
        return
    try:
        answer = modem.ussd(rules.ussd, rules.pattern)
    except UssdFailed as failed:
        _fail(gateway, rules, str(failed))
    except ModemLost as lost:
        if lost.cause != "stopped":
            _fail(gateway, rules, f"the modem was lost over the service code: {lost}")
        raise
    else:
        _take(gateway, rules, answer)


def _is_due(gateway: Gateway) -> bool:
    """Say whether it is time to ask: at start, every now and then, and soon after credit ran low."""
    now, asking = gateway.now().quota, gateway.asking
    if _is_held_back(gateway) and not asking.in_vain:
        asking.in_vain = 1
        asking.next_at = min(asking.next_at or now, now + balance.PAUSES[0])
    with gateway.database.snapshot() as tx:
        is_time = asking.next_at is None or now >= asking.next_at or _is_unknown(tx, gateway)
        return is_time and state.modem(tx).registered and not outbox.found_sending(tx)


def _is_held_back(gateway: Gateway) -> bool:
    """Say whether a claim found too little credit since the last question."""
    denied = gateway.denied
    if denied is None or denied is gateway.asking.heeded:
        return False
    return denied.cap == budget.floor(gateway.policy.budget)


def _is_unknown(tx: Connection, gateway: Gateway) -> bool:
    """Say whether what was told is another SIM's credit."""
    return not gateway.asking.in_vain and store.credit(tx) is None


def _take(gateway: Gateway, rules: Balance, answer: str) -> None:
    """Read an answer and write down what it says."""
    told = balance.read(answer, rules.pattern)
    if isinstance(told, Unread):
        _fail(gateway, rules, told.reason, answer)
        return
    with gateway.database.transaction("balance") as tx:
        found = store.note_credit(tx, told, gateway.now())
    gateway.rest = None  # what was too dear before may go now
    gateway.asking.trouble = ""
    _tell(gateway, told, found)
    limits = gateway.policy.budget
    low = budget.below_floor(told, _dearest(gateway.policy), limits)
    if low and not gateway.asking.low:
        keep = None if limits.keep is None else money.decimal(limits.keep)
        log.say(Happened.CREDIT_LOW, credit=money.decimal(told), keep=keep)
    gateway.asking.low = low
    _wait(gateway, rules, gateway.asking.in_vain + 1 if low else 0)


def _dearest(policy: Policy) -> int:
    """Return what the longest answer costs to where that is dearest."""
    parts = max(len(wording.compose(text, gsm7=policy.replies.gsm7).parts) for text in policy.replies.texts)
    return parts * max(map(policy.budget.price.of, policy.senders.answer))


def _tell(gateway: Gateway, told: int, found: Finding) -> None:
    """Log what was told, and how it compares with the ledger."""
    log.say(
        EVENTS[found.standing],
        credit=money.decimal(told),
        currency=gateway.policy.budget.currency,
        expected=None if found.expected is None else money.decimal(found.expected),
        reason=None if found.standing is Standing.AS_EXPECTED else found.words,
    )


def _fail(gateway: Gateway, rules: Balance, reason: str, answer: str = "") -> None:
    """Write down that a question brought no credit; the log hears of each cause once, and of no answer."""
    words = f'{reason}: "{answer}"' if answer else reason
    with gateway.database.transaction("balance") as tx:
        store.note_trouble(tx, words, gateway.now())
    pause = _wait(gateway, rules, gateway.asking.in_vain + 1)
    if reason != gateway.asking.trouble:
        log.say(Happened.CREDIT_UNKNOWN, reason=reason, retry_in=pause.total_seconds())
    gateway.asking.trouble = reason


def _wait(gateway: Gateway, rules: Balance, in_vain: int) -> timedelta:
    """Set the time of the next question, after so many in vain; return how long that is."""
    pause = balance.pause(rules.every, in_vain)
    gateway.asking.heeded = gateway.denied
    gateway.asking.in_vain, gateway.asking.next_at = in_vain, gateway.now().quota + pause
    return pause
