"""The figures of a simulation: what it cost, who was answered, and how long they waited."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from ..rules.money import decimal
from ..rules.records import Ruling, Status
from .outcome import Answer, Outcome
from .trace import Role

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One reply and the line that scheduled it: who, when he came in, and what became of it."""

    sender: str
    asked_at: datetime
    answer: Answer


@dataclass(frozen=True, slots=True)
class Group:
    """The senders of one role: how many, how many got an answer, and how many within an hour."""

    senders: int
    answered: int
    answered_in_hour: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All figures. Money is micro-units; `waits` are seconds, sorted, of the answers that were sent.

    `peak_day` is the most of money, parts and answers that any 24 hours saw, each by itself.
    """

    messages: int
    senders: int
    replies: Mapping[Status, int]
    parts: int
    cost: int
    peak_day: tuple[int, int, int]
    answered_senders: int
    waits: Sequence[float]
    groups: Mapping[Role, Group] | None


def exchanges(outcomes: Iterable[Outcome]) -> list[Exchange]:
    """Return the replies, one each, in the order in which they were scheduled."""
    return [
        Exchange(outcome.sender, outcome.line.at, outcome.answer)
        for outcome in outcomes
        if outcome.verdict is Ruling.REPLY and outcome.answer is not None
    ]


def summarise(outcomes: Sequence[Outcome], roles: Mapping[str, Role] | None) -> Summary:
    """Return the figures; `roles` are by the number under which a sender is known."""
    found = exchanges(outcomes)
    sent = [each for each in found if each.answer.sent_at is not None]
    return Summary(
        messages=len(outcomes),
        senders=len({outcome.sender for outcome in outcomes if outcome.sender}),
        replies=Counter(each.answer.state for each in found),
        parts=sum(each.answer.parts for each in sent),
        cost=sum(each.answer.cost for each in sent),
        peak_day=_peak_day([each.answer for each in sent]),
        answered_senders=len({each.sender for each in sent}),
        waits=sorted(_wait(each) for each in sent),
        groups=None if roles is None else _groups(outcomes, sent, roles),
    )


def rolling(answers: Iterable[Answer], span: timedelta) -> list[tuple[datetime, int]]:
    """Return at each answer how much money the `span` that ends with it holds: what caps look at."""
    sent = _by_time(answers)
    costs = [answer.cost for _, answer in sent]
    return [(at, total) for (at, _), total in zip(sent, _rolling_sums(sent, costs, span), strict=True)]


def as_json(summary: Summary, currency: str, wall_seconds: float) -> dict[str, object]:
    """Return the summary with the names of the interface."""
    cost, parts, messages = summary.peak_day
    record: dict[str, object] = {
        "messages": summary.messages,
        "senders": summary.senders,
        "replies": {
            str(state): summary.replies[state]
            for state in (Status.SENT, Status.EXPIRED, Status.FAILED, Status.CANCELLED)
        },
        "parts": summary.parts,
        "cost": decimal(summary.cost),
        "currency": currency,
        "peak_day": {"cost": decimal(cost), "parts": parts, "messages": messages},
        "answered_senders": summary.answered_senders,
        "wait_seconds": {
            "median": quantile(summary.waits, 0.5),
            "p90": quantile(summary.waits, 0.9),
            "max": quantile(summary.waits, 1.0),
        },
    }
    if summary.groups is not None:
        ordinary, flooders = summary.groups[Role.ORDINARY], summary.groups[Role.FLOODER]
        record["ordinary"] = {
            "senders": ordinary.senders,
            "answered": ordinary.answered,
            "answered_in_hour": ordinary.answered_in_hour,
        }
        record["flooders"] = {"senders": flooders.senders, "answered": flooders.answered}
    return {**record, "wall_seconds": round(wall_seconds, 1)}


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value that `share` of `ordered` does not pass (nearest rank); None where there is none."""
    if not ordered:
        return None
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def _wait(exchange: Exchange) -> float:
    assert exchange.answer.sent_at is not None
    return round((exchange.answer.sent_at - exchange.asked_at).total_seconds(), 1)


def _groups(
    outcomes: Iterable[Outcome], sent: Iterable[Exchange], roles: Mapping[str, Role]
) -> dict[Role, Group]:
    first_at: dict[str, datetime] = {}
    for outcome in outcomes:
        first_at.setdefault(outcome.sender, outcome.line.at)
    answered_at: dict[str, datetime] = {}
    for exchange in sent:
        assert exchange.answer.sent_at is not None
        at = min(exchange.answer.sent_at, answered_at.get(exchange.sender, exchange.answer.sent_at))
        answered_at[exchange.sender] = at
    return {role: _group(role, roles, first_at, answered_at) for role in Role}


def _group(
    role: Role,
    roles: Mapping[str, Role],
    first_at: Mapping[str, datetime],
    answered_at: Mapping[str, datetime],
) -> Group:
    members = [sender for sender in first_at if roles.get(sender) is role]
    answered = [sender for sender in members if sender in answered_at]
    in_hour = [sender for sender in answered if answered_at[sender] - first_at[sender] <= HOUR]
    return Group(len(members), len(answered), len(in_hour))


def _peak_day(answers: Iterable[Answer]) -> tuple[int, int, int]:
    sent = _by_time(answers)
    costs, parts = [each.cost for _, each in sent], [each.parts for _, each in sent]
    peaks = [max(_rolling_sums(sent, amounts, DAY), default=0) for amounts in (costs, parts, [1] * len(sent))]
    return peaks[0], peaks[1], peaks[2]


def _by_time(answers: Iterable[Answer]) -> list[tuple[datetime, Answer]]:
    sent = [(answer.sent_at, answer) for answer in answers if answer.sent_at is not None]
    return sorted(sent, key=lambda each: each[0])


def _rolling_sums(
    sent: Sequence[tuple[datetime, Answer]], amounts: Sequence[int], span: timedelta
) -> list[int]:
    """Return the sum in (t - span, t] at the time t of each answer."""
    times = [at for at, _ in sent]
    totals = [0, *accumulate(amounts)]
    return [
        totals[position] - totals[bisect_right(times, at - span)]
        for position, at in enumerate(times, start=1)
    ]
