"""Who sends and when: ordinary people on ordinary days, and those who are no people at all."""

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

PER_DAY = 200
"""Ordinary senders of a day: what the targets assume."""

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

MOBILE = ("60", "61", "62", "64", "65", "66", "67", "68", "73", "74", "75", "76", "77", "78")


Span = tuple[datetime, datetime]
"""From, until."""


class Event(NamedTuple):
    """One line of a trace; `text` is empty for a call."""

    at: datetime
    kind: str
    number: str
    text: str


@dataclass
class Scene:
    """A trace in the making: its events, its truth (number → ordinary or flooder), its means.

    Who is no person (a short code, a name, a premium number) or lives abroad has no truth.
    `raid` is when raiders join, None where nobody does; `counted` is when the ordinary senders
    first came that its figures are about, None where that is the whole trace.
    """

    rng: random.Random
    corpus: Corpus
    events: list[Event] = field(default_factory=list)
    truth: dict[str, str] = field(default_factory=dict)
    raid: Span | None = None
    counted: Span | None = None

    def write(self, at: datetime, number: str, text: str) -> None:
        """Add a text message."""
        self.events.append(Event(at, "sms", number, text))

    def call(self, at: datetime, number: str) -> None:
        """Add a call."""
        self.events.append(Event(at, "call", number, ""))

    def fresh_number(self, role: str, prefix: str = "") -> str:
        """Return a French mobile number that nobody has yet, beginning with `prefix`, for `role`."""
        while True:
            start = prefix or "+33" + self.rng.choice(MOBILE)
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


def ordinary_days(scene: Scene, days: int, a_day: float = PER_DAY, prefix: Callable[[], str] = str) -> None:
    """Add `days` from the start: `a_day` ordinary senders each, and four contacts that are no person."""
    people(scene, round(days * a_day), START, days, prefix)
    for _ in range(4 * days):
        nobody(scene, START + days * DAY * scene.rng.random(), scene.corpus.ordinary(scene.rng))


def nobody(scene: Scene, at: datetime, text: str) -> None:
    """Add a contact of one who is never answered: a name, a service, a premium or foreign number."""
    rng = scene.rng
    digits = f"{rng.randrange(10**6):06}"
    number = rng.choice(
        ("INFO SMS", "38" + digits[:3], "+33899" + digits, "+33140" + digits, "+49151" + digits + "12")
    )
    if rng.random() < 0.1:
        scene.call(at, "")  # the number is withheld
    else:
        scene.write(at, number, text)


def _exponential(rng: random.Random, mean: float) -> float:
    return rng.expovariate(1 / mean)
