"""Who sends and when: ordinary people on ordinary days, and the clock of a raid."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from .texts import Corpus

START = datetime(2026, 3, 6, 6, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

# Share of a day's strangers by hour from midnight UTC: few at dawn, most when people go out.
DAILY_CURVE = (
    5,
    4,
    2.5,
    1.5,
    0.8,
    0.5,
    0.6,
    1,
    1.6,
    2.2,
    2.8,
    3.4,
    4,
    4,
    3.8,
    4,
    4.6,
    5.6,
    6.8,
    7.8,
    8.6,
    9,
    8.4,
    7,
)

_MOBILE = ("60", "61", "62", "64", "65", "66", "67", "68", "73", "74", "75", "76", "77", "78")


class Event(NamedTuple):
    """One line of a trace; `text` is empty for a call."""

    at: datetime
    kind: str
    number: str
    text: str


@dataclass
class Scene:
    """A trace in the making: its events, its truth (number → ordinary or flooder), its means."""

    rng: random.Random
    corpus: Corpus
    events: list[Event] = field(default_factory=list)
    truth: dict[str, str] = field(default_factory=dict)

    def write(self, at: datetime, number: str, text: str) -> None:
        """Add a text message."""
        self.events.append(Event(at, "sms", number, text))

    def call(self, at: datetime, number: str) -> None:
        """Add a call."""
        self.events.append(Event(at, "call", number, ""))

    def fresh_number(self, role: str, prefix: str = "") -> str:
        """Return a French mobile number that nobody has yet, beginning with `prefix`, for `role`."""
        while True:
            start = prefix or "+33" + self.rng.choice(_MOBILE)
            number = start + "".join(str(self.rng.randrange(10)) for _ in range(12 - len(start)))
            if number not in self.truth:
                self.truth[number] = role
                return number


def moment_of_day(rng: random.Random, midnight: datetime) -> datetime:
    """Draw a moment of the day that starts at `midnight`, as the daily curve has it."""
    hour = rng.choices(range(24), DAILY_CURVE)[0]
    return midnight + timedelta(seconds=(hour + rng.random()) * 3600)


def people(scene: Scene, count: int, start: datetime, days: float, prefix: Callable[[], str] = str) -> None:
    """Add `count` ordinary senders over `days` from `start`: half of them write or call again."""
    rng = scene.rng
    end = start + days * DAY
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(count):
        while not start <= (at := moment_of_day(rng, midnight + rng.randrange(int(days) + 2) * DAY)) < end:
            pass
        person(scene, at, scene.fresh_number("ordinary", prefix()))


def person(scene: Scene, at: datetime, number: str) -> None:
    """Add one ordinary sender's story, which begins at `at`."""
    rng = scene.rng
    again = 0 if rng.random() < 0.5 else min(1 + int(rng.expovariate(1.1)), 5)
    for contact in range(again + 1):
        if rng.random() < (0.12 if contact == 0 else 0.25):
            scene.call(at, number)
        else:
            scene.write(at, number, scene.corpus.ordinary(rng))
        at += timedelta(
            seconds=rng.choices(
                (_exponential(rng, 90), _exponential(rng, 1200), _exponential(rng, 14400)), (4, 4, 3)
            )[0]
        )


def raid_moment(rng: random.Random, start: datetime, span: timedelta, waves: list[timedelta]) -> datetime:
    """Draw when a raider joins: half at an hour of the day, half with a wave that a forum post set off."""
    while True:
        if rng.random() < 0.5:
            at = moment_of_day(
                rng, start.replace(hour=0, minute=0, second=0) + rng.randrange(span.days + 2) * DAY
            )
        else:
            at = start + rng.choice(waves) + timedelta(seconds=_exponential(rng, 3 * 3600))
        if start <= at < start + span:
            return at


def waves_of(rng: random.Random, span: timedelta) -> list[timedelta]:
    """Draw when posts call for the raid: at its start, and a few times later."""
    return [timedelta(0), *(span * rng.random() for _ in range(4))]


def _exponential(rng: random.Random, mean: float) -> float:
    return rng.expovariate(1 / mean)
