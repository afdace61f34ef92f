"""What the caps come to: how many answers of one cost may leave in a day and in thirty."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from ..rules import budget, throttle, wording
from ..rules.policy import Policy, Senders
from ..rules.throttle import DAY, MONTH, Cap, Unit
from ..rules.vigilance import Vigilance

STRANGERS_OF_CAPS = 0.8
"""The share of what the caps allow in a day that is expected to be people's on an ordinary one."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most so many answers in a span, because of these caps; None and none where nothing caps them."""

    answers: int | None
    because: tuple[str, ...]


def allowance(policy: Policy, *, parts: int, cost: int, span: timedelta) -> Allowance:
    """Return how many answers of `parts` parts and `cost` micro-units each may leave in any `span`.

    A shorter window is taken to be filled again and again. A cap on recipients counts for
    as many answers as the cooldown and the lifetime let each of them have.
    """
    most = {
        cap.name: times
        for cap in (*throttle.caps(policy.throttle), *budget.caps(policy.budget))
        if (times := _times(cap, policy.senders, parts, cost, span)) is not None
    }
    if not most:
        return Allowance(None, ())
    least = min(most.values())
    return Allowance(least, tuple(name for name, times in most.items() if times == least))


def daily(policy: Policy, *, parts: int, cost: int) -> Allowance:
    """Return the allowance of a day."""
    return allowance(policy, parts=parts, cost=cost, span=DAY)


def monthly(policy: Policy, *, parts: int, cost: int) -> Allowance:
    """Return the allowance of thirty days."""
    return allowance(policy, parts=parts, cost=cost, span=MONTH)


def strangers_per_day(policy: Policy) -> float:
    """Return how many new senders to expect in a day before any ordinary day is known.

    Caps are chosen for those who are to be answered: it is most of what the tighter of the day's and
    the month's allowance gives to a day, with the first text; where nothing caps, the usual default.
    """
    parts = len(wording.compose(policy.replies.texts[0], gsm7=policy.replies.gsm7).parts)
    cost = parts * policy.budget.price.default
    a_day = daily(policy, parts=parts, cost=cost).answers
    a_month = monthly(policy, parts=parts, cost=cost).answers
    if a_day is None or a_month is None:
        return Vigilance().strangers_per_day
    return max(0.01, round(STRANGERS_OF_CAPS * min(a_day, a_month / (MONTH / DAY)), 2))


def _times(cap: Cap, senders: Senders, parts: int, cost: int, span: timedelta) -> int | None:
    windows = max(1, math.ceil(span / cap.span))
    match cap.unit:
        case Unit.ANSWERS:
            return windows * cap.limit
        case Unit.RECIPIENTS:
            return windows * cap.limit * _answers_each(senders, span)
        case Unit.PARTS:
            return windows * (cap.limit // parts)
        case Unit.MONEY:
            return windows * (cap.limit // cost) if cost else None


def _answers_each(senders: Senders, span: timedelta) -> int:
    by_cooldown = math.ceil(span / senders.cooldown)
    return by_cooldown if senders.lifetime is None else min(by_cooldown, senders.lifetime)
