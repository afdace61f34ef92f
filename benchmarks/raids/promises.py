"""What no run may ever do, looked for in what became of each message, not in what the gateway believes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from relou_gateway.config import Settings
from relou_gateway.rules import numbers
from relou_gateway.rules.money import decimal
from relou_gateway.rules.numbers import Owner
from relou_gateway.rules.policy import Policy
from relou_gateway.rules.records import Ruling
from relou_gateway.simulation import Outcome

MINUTE, HOUR, DAY, MONTH = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=30)

LONGEST_DEFERRAL = timedelta(minutes=30)
"""Who goes on writing puts his answer off for no longer than this after his first message (invariant 12)."""

Sent = tuple[datetime, Outcome]


def broken(outcomes: Sequence[Outcome], settings: Settings, send_takes: timedelta) -> list[str]:
    """Return each promise that the run broke, in words; none for a good run."""
    sent = sorted(_sent(outcomes), key=lambda each: each[0])
    seen_within = send_takes + settings.modem.poll
    return [
        *_caps_passed(sent, settings.policy),
        *_no_person(sent, settings.policy),
        *_too_early(sent, outcomes, settings.policy, seen_within),
        *_too_soon_again(sent, settings.policy),
    ]


def _sent(outcomes: Sequence[Outcome]) -> Iterator[Sent]:
    for outcome in outcomes:
        if outcome.verdict is Ruling.REPLY and outcome.answer and outcome.answer.sent_at:
            yield outcome.answer.sent_at, outcome


# --- caps ---------------------------------------------------------------------------------


def _caps_passed(sent: Sequence[Sent], policy: Policy) -> Iterator[str]:
    """Name each cap that some half-open window passed, with the most that one held."""
    throttle, budget = policy.throttle, policy.budget
    answers = [(at, 1) for at, _ in sent]
    parts = [(at, outcome.answer.parts) for at, outcome in sent if outcome.answer]
    money = [(at, outcome.answer.cost) for at, outcome in sent if outcome.answer]
    capped = (
        ("answers in a minute", answers, MINUTE, throttle.per_minute),
        ("answers in an hour", answers, HOUR, throttle.per_hour),
        ("answers in a day", answers, DAY, throttle.per_day),
        ("parts in a day", parts, DAY, throttle.parts_per_day),
        ("parts in a month", parts, MONTH, throttle.parts_per_month),
        ("micro-units in a day", money, DAY, budget.per_day),
        ("micro-units in a month", money, MONTH, budget.per_month),
    )
    for name, amounts, span, cap in capped:
        if cap is not None and (most := _most(amounts, span)) > cap:
            yield f"{most} {name}, allowed are {cap}"
    recipients = _most_recipients(sent)
    if throttle.recipients_per_month is not None and recipients > throttle.recipients_per_month:
        yield f"{recipients} recipients in a month, allowed are {throttle.recipients_per_month}"


def _most(amounts: Sequence[tuple[datetime, int]], span: timedelta) -> int:
    """Return the most that any half-open window of `span` holds."""
    most = held = first = 0
    for at, amount in amounts:
        held += amount
        while at - amounts[first][0] >= span:
            held -= amounts[first][1]
            first += 1
        most = max(most, held)
    return most


def _most_recipients(sent: Sequence[Sent]) -> int:
    held: Counter[str] = Counter()
    most = first = 0
    for at, outcome in sent:
        held[outcome.sender] += 1
        while at - sent[first][0] >= MONTH:
            held[sent[first][1].sender] -= 1
            first += 1
        most = max(most, len(+held))
    return most


# --- who and when -------------------------------------------------------------------------


def _no_person(sent: Sequence[Sent], policy: Policy) -> Iterator[str]:
    """Name each answer that went to anything but a person's phone in an allowed country (invariant 7)."""
    for _, outcome in sent:
        whose = numbers.read(outcome.line.number, policy.senders.country)
        if whose.owner is not Owner.PERSON or whose.country not in policy.senders.answer:
            yield f"line {outcome.line.line}: answered {whose.owner} of {whose.country}"


def _too_early(
    sent: Sequence[Sent], outcomes: Sequence[Outcome], policy: Policy, seen_within: timedelta
) -> Iterator[str]:
    """Name each answer sooner than the lower delay after the sender's latest message (invariant 12).

    What came in the last `seen_within` may not have been seen before the answer was on its way.
    """
    came: dict[str, list[datetime]] = defaultdict(list)
    for outcome in outcomes:
        came[outcome.sender].append(outcome.line.at)
    for at, outcome in sent:
        latest = max(seen for seen in came[outcome.sender] if seen <= at - seen_within)
        earliest = min(latest + policy.replies.delay[0], outcome.line.at + LONGEST_DEFERRAL)
        if at < earliest:
            yield f"line {outcome.line.line}: answered {earliest - at} before its delay was over"


def _too_soon_again(sent: Sequence[Sent], policy: Policy) -> Iterator[str]:
    """Name each second answer within the cooldown (invariant 6)."""
    answered: dict[str, list[datetime]] = defaultdict(list)
    for at, outcome in sent:
        answered[outcome.sender].append(at)
    for sender, times in answered.items():
        for before, after in pairwise(times):
            if after - before < policy.senders.cooldown:
                yield f"{sender}: answered again after {after - before}"


def dearer(full: int, caps: int) -> list[str]:
    """Return the promise that is broken where `full` micro-units are more than the caps alone spend."""
    return [f"{decimal(full)} spent, {decimal(caps)} under the caps alone"] if full > caps else []
