"""The money that answers cost, as a line over time: what any span before a moment has cost."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from ... import simulation
from ...rules.money import decimal
from .picture import Picture

MONTH = timedelta(days=30)
STEPS = 240
"""Steps of the line of money: finer ones are hardly seen, and make the file large."""


def falling(
    answers: Sequence[simulation.Answer], span: timedelta, end: datetime
) -> tuple[list[datetime], list[int]]:
    """Return a step line of the money in the `span` before: up with each answer, down when it leaves."""
    changes = Counter[datetime]()
    for answer in answers:
        if answer.sent_at is not None:
            changes[answer.sent_at] += answer.cost
            changes[answer.sent_at + span] -= answer.cost
    times, totals, total = [], [], 0
    for at in sorted(changes):
        total += changes[at]
        times.append(min(at, end))
        totals.append(total)
        if at >= end:
            break
    return times, totals


def coarser(
    times: Sequence[datetime], totals: Sequence[int], start: datetime, end: datetime
) -> tuple[list[datetime], list[int]]:
    """Return the step line from `start` to `end` in `STEPS` steps, each as high as the line ever is in it."""
    edges = [start + (end - start) / STEPS * step for step in range(STEPS + 1)]
    heights = []
    for edge, following in pairwise(edges):
        held, until = bisect_right(times, edge) - 1, bisect_left(times, following)
        heights.append(max(totals[max(0, held) : until], default=0))
    return edges, [*heights, heights[-1]]


def cap_of_day(picture: Picture, answers: Iterable[simulation.Answer]) -> int | None:
    """Return the most money that any 24 hours may cost; None: nothing says so."""
    caps = [] if picture.budget.per_day is None else [picture.budget.per_day]
    costs = {answer.cost for answer in answers if answer.sent_at is not None}
    if picture.answers_per_day is not None and len(costs) == 1:
        caps.append(picture.answers_per_day * costs.pop())
    return min(caps, default=None)


def month_in_words(picture: Picture) -> str:
    """Say how much any 30 days cost at the most, and what they may."""
    answers = [each.answer for each in simulation.exchanges(picture.outcomes)]
    most = max((total for _, total in simulation.rolling(answers, MONTH)), default=0)
    cap = picture.budget.per_month
    allowed = "" if cap is None else f" of {decimal(cap)} allowed"
    return f"at most {decimal(most)} in 30 days{allowed}"
