"""What is shown of a simulation: who came and who was answered, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ... import simulation
from ...rules.money import decimal
from ...rules.policy import Budget
from ...simulation import Outcome, Role, Summary

ORDINARY, FLOODER, OTHERS, INK = "#0072B2", "#D55E00", "#777777", "#222222"
"""Okabe and Ito's, which people with any colour vision can tell apart."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn; `roles` are by known number, None where nobody knows who was what.

    `shown` is from when until when, None for all of it. `answers_per_day` is the cap on answers,
    which is one on money too where every answer costs the same.
    """

    title: str
    outcomes: Sequence[Outcome]
    summary: Summary
    roles: Mapping[str, Role] | None
    budget: Budget
    shown: tuple[datetime, datetime] | None = None
    answers_per_day: int | None = None

    def shows(self, at: datetime) -> bool:
        """Say whether `at` lies within what is shown."""
        return self.shown is None or self.shown[0] <= at < self.shown[1]


@dataclass(frozen=True, slots=True)
class Series:
    """Moments of one kind, for stacking."""

    label: str
    colour: str
    times: Sequence[datetime]


def headline(picture: Picture) -> str:
    """Say in one line who was answered, and what that cost."""
    summary = picture.summary
    spent = f"{decimal(summary.cost)} {picture.budget.currency} spent"
    if summary.groups is None:
        return f"{summary.answered_senders:,} of {summary.senders:,} senders answered   ·   {spent}"
    ordinary, flooders = summary.groups[Role.ORDINARY], summary.groups[Role.FLOODER]
    said = []
    if ordinary.senders:
        answered, in_hour = (
            _percent(count, ordinary.senders) for count in (ordinary.answered, ordinary.answered_in_hour)
        )
        said.append(f"{answered} of {ordinary.senders:,} ordinary senders answered, {in_hour} within an hour")
    if flooders.senders:
        said.append(f"{flooders.answered:,} of {flooders.senders:,} flooders answered")
    return "   ·   ".join([*said, spent])


def _percent(count: int, of: int) -> str:
    """Return a share that says 100 % only where it is everyone, and 0 % only where it is nobody."""
    return f"{100 * count // of}%" if count in {0, of} else f"{count / of:.1%}"


def arrivals(picture: Picture) -> list[Series]:
    """Return when the messages and calls that are shown came in."""
    came = ((each.sender, each.line.at) for each in picture.outcomes if picture.shows(each.line.at))
    return _by_role(came, picture.roles)


def answers_sent(picture: Picture) -> list[Series]:
    """Return when the answers that are shown were sent."""
    sent = (
        (each.sender, each.answer.sent_at)
        for each in simulation.exchanges(picture.outcomes)
        if each.answer.sent_at is not None and picture.shows(each.answer.sent_at)
    )
    return _by_role(sent, picture.roles)


def first_contacts(picture: Picture) -> Series | None:
    """Return when each ordinary sender came first: as many answers as that were to go out."""
    if picture.roles is None:
        return None
    first: dict[str, datetime] = {}
    for each in picture.outcomes:
        if picture.roles.get(each.sender) is Role.ORDINARY:
            first.setdefault(each.sender, each.line.at)
    times = [at for at in first.values() if picture.shows(at)]
    return Series("ordinary senders who came", INK, times) if times else None


def _by_role(moments: Iterable[tuple[str, datetime]], roles: Mapping[str, Role] | None) -> list[Series]:
    """Return the moments of ordinary senders and of flooders; of all, where roles are not known."""
    if roles is None:
        return [Series("everyone", ORDINARY, [at for _, at in moments])]
    found: dict[Role | None, list[datetime]] = {None: [], Role.ORDINARY: [], Role.FLOODER: []}
    for sender, at in moments:
        found[roles.get(sender)].append(at)
    named = (
        ("ordinary senders", ORDINARY, Role.ORDINARY),
        ("flooders", FLOODER, Role.FLOODER),
        ("others", OTHERS, None),
    )
    return [Series(label, colour, found[role]) for label, colour, role in named if found[role] or role]


def span(series: Iterable[Series]) -> tuple[datetime, datetime]:
    """Return from when until when there is something to show: a minute at the least."""
    times = [at for each in series for at in each.times]
    start, end = min(times), max(times)
    return start, max(end, start + timedelta(minutes=1))
