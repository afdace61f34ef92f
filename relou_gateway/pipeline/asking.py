"""Ask: what the SIM holds by the operator's word, now and then or when somebody wants to know.

Nothing is being sent meanwhile: one thread takes one step after the other. What is told makes the
gateway stop earlier than its caps, or go on; it never brings back a reply that expired (invariant 11).
What was told counts until something else is told, less all that was reserved since: a credit that
was low does not grow by being old.
"""

from __future__ import annotations

from datetime import datetime, timedelta

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
from .gateway import Asking, Gateway

EVENTS = {
    Standing.FIRST: Happened.CREDIT_TOLD,
    Standing.AS_EXPECTED: Happened.CREDIT_TOLD,
    Standing.TOPPED_UP: Happened.CREDIT_TOPPED_UP,
    Standing.MORE: Happened.CREDIT_DIFFERS,
    Standing.LESS: Happened.CREDIT_DIFFERS,
}

UNKNOWN_HOW = "the gateway was started without budget.balance; restart it, so that it knows the code"
"""What an operator is told who wishes for a question after he wrote into the configuration how to ask."""


def begin_asking(gateway: Gateway) -> None:
    """Forget what the SIM held where nobody asks for it any more: it would hold for ever."""
    if gateway.policy.budget.balance is not None:
        return
    with gateway.database.snapshot() as tx:
        anything = (store.credit(tx), store.trouble(tx), store.wished(tx))
    if any(each is not None for each in anything):
        with gateway.database.transaction("balance") as tx:
            store.forget_credit(tx)


def ask_credit(gateway: Gateway, modem: Modem) -> None:
    """Ask for the SIM's credit if it is time or wished for; takes half a minute at most, commits the outcome.

    A failure is told once and tried again after a growing pause, even one that cost the modem: no
    modem must be lost over and over to what is only advice. Raises `ModemLost`.
    """
    rules = gateway.policy.budget.balance
    if rules is None:
        _turn_down(gateway)
        return
    if not _is_due(gateway):
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


def _turn_down(gateway: Gateway) -> None:
    """Tell whoever wishes for a question that this gateway knows of no way to ask."""
    with gateway.database.snapshot() as tx:
        if store.wished(tx) is None:
            return
    with gateway.database.transaction("balance") as tx:
        store.note_trouble(tx, UNKNOWN_HOW, gateway.now())


def _is_due(gateway: Gateway) -> bool:
    """Say whether to ask: at start, every now and then, soon after credit ran low, and when wished for."""
    now, asking = gateway.now().quota, gateway.asking
    if _is_held_back(gateway) and not asking.in_vain:
        asking.in_vain = 1
        asking.next_at = min(asking.next_at or now, now + balance.PAUSES[0])
    with gateway.database.snapshot() as tx:
        is_time = asking.next_at is None or now >= asking.next_at or _is_unknown(tx, gateway)
        asking.wished = not is_time and _is_granted(tx, asking, now)
        return (is_time or asking.wished) and state.modem(tx).registered and not outbox.found_sending(tx)


def _is_granted(tx: Connection, asking: Asking, now: datetime) -> bool:
    """Say whether somebody wishes for a question, and the last one is long enough ago.

    A wish that comes too early waits. So wishes, however many, leave the modem to the messages.
    """
    early = asking.asked_at is not None and now - asking.asked_at < balance.WISHES_APART
    return not early and store.wished(tx) is not None


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
    _wait(gateway, rules, in_vain=low)


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
    pause = _wait(gateway, rules, in_vain=True)
    if reason != gateway.asking.trouble:
        log.say(Happened.CREDIT_UNKNOWN, reason=reason, retry_in=pause.total_seconds())
    gateway.asking.trouble = reason


def _wait(gateway: Gateway, rules: Balance, *, in_vain: bool) -> timedelta:
    """Set the time of the next question; return how long that is. One that was wished for delays no other."""
    asking, now = gateway.asking, gateway.now().quota
    if not in_vain:
        asking.in_vain = 0
    elif not asking.wished or not asking.in_vain:
        asking.in_vain += 1
    pause = balance.pause(rules.every, asking.in_vain)
    asking.heeded, asking.asked_at, asking.next_at = gateway.denied, now, now + pause
    return pause
