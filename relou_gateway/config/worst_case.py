"""What the gateway can have spent at most in a time of which nobody knows anything any more."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import NamedTuple

from ..rules import budget, throttle, wording
from ..rules.policy import Policy
from ..rules.throttle import Cap, Unit
from .allowance import allowance


class Spent(NamedTuple):
    """So many answers to as many recipients, and what they can have come to; `cost` is micro-units."""

    answers: int
    parts: int
    cost: int


class _Size(NamedTuple):
    parts: int
    cost: int


def worst_case(policy: Policy, span: timedelta) -> Spent | None:
    """Return the most that can have gone out in `span` under the caps; None where nothing caps it.

    What fills every cap is not outdone by more: so there are never more answers than the highest cap counts.
    """
    span = max(span, throttle.MINUTE)
    caps = (*throttle.caps(policy.throttle), *budget.caps(policy.budget))
    if not caps:
        return None
    sizes = _sizes(policy)
    cheapest = _Size(min(each.parts for each in sizes), min(each.cost for each in sizes))
    dearest = _Size(max(each.parts for each in sizes), max(each.cost for each in sizes))
    possible = allowance(policy, parts=cheapest.parts, cost=cheapest.cost, span=span).answers
    answers = _least(possible, _highest(caps, Unit.ANSWERS, Unit.RECIPIENTS) or 1)
    parts = _least(_times(possible, dearest.parts), _filled(caps, Unit.PARTS, span))
    cost = _least(_times(possible, dearest.cost), _filled(caps, Unit.MONEY, span))
    return Spent(answers, max(answers, parts), cost)


def _sizes(policy: Policy) -> list[_Size]:
    """Return what one answer can be, over all texts and the countries that each may go to."""
    cuts = [(text, wording.compose(text, gsm7=policy.replies.gsm7)) for text in policy.replies.texts]
    return [
        _Size(len(cut.parts), wording.cost(cut, policy.budget.price.of(country)))
        for text, cut in cuts
        for country in policy.senders.answer
        if text.countries is None or country in text.countries
    ] or [_Size(1, 0)]


def _highest(caps: tuple[Cap, ...], *units: Unit) -> int | None:
    return max((cap.limit for cap in caps if cap.unit in units), default=None)


def _filled(caps: tuple[Cap, ...], unit: Unit, span: timedelta) -> int | None:
    """Return how much of `unit` fits into `span`, no more than what fills its highest cap."""
    windows = [cap.limit * max(1, math.ceil(span / cap.span)) for cap in caps if cap.unit is unit]
    return None if not windows else min(*windows, _highest(caps, unit) or 0)


def _times(answers: int | None, each: int) -> int | None:
    return None if answers is None else answers * each


def _least(*amounts: int | None) -> int:
    """Return the least of those that are known, 0 where none is: then no cap asks for it."""
    return min((each for each in amounts if each is not None), default=0)
