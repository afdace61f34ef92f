"""What the caps come to: how many answers of one cost may leave in a day and in thirty."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from ..rules import budget, throttle
from ..rules.policy import Policy, Senders
from ..rules.throttle import DAY, MONTH, Cap, Unit


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
