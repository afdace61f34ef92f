"""What raids are made of: when raiders join, how fast they write, what they write."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from .people import DAY, HOUR, MOBILE, START, Scene, moment_of_day, nobody, ordinary_days
from .texts import changed

RAID_DAY = START + 7 * DAY
RAID_START = RAID_DAY + 5 * HOUR
RAID_SPAN = timedelta(hours=67)
DAYS = 11
"""A week that the gateway knows as ordinary, the three days of the raid, and one after it."""

TextOf = Callable[[Scene], str]


def days_around(scene: Scene, prefix: Callable[[], str] = str) -> None:
    """Add the ordinary senders of the days before, of and after a raid."""
    ordinary_days(scene, DAYS, prefix=prefix)


def raid(scene: Scene, start: datetime = RAID_START, span: timedelta = RAID_SPAN) -> None:
    """Say when the raid is, and let some of it come from numbers that nobody may ever answer.

    Counted are those who came in the four days from the day before it, or longer if it lasts.
    """
    day_before = max(START, START + (start - START) // DAY * DAY - DAY)
    scene.raid = (start, start + span)
    scene.counted = (day_before, max(day_before + 4 * DAY, start + span))
    for _ in range(60):
        nobody(scene, start + span * scene.rng.random(), flood_text(scene))


def forum_raid(
    scene: Scene,
    text: TextOf,
    start: datetime = RAID_START,
    span: timedelta = RAID_SPAN,
    raiders: int = 1500,
    messages: int = 28_000,
    gap: float = 45,
    like_anyone: float = 1 / 12,
) -> None:
    """Add raiders with a heavy tail: a few send hundreds, `gap` seconds apart, some write as anyone would."""
    raid(scene, start, span)
    rng = scene.rng
    calm = [rng.random() < like_anyone for _ in range(raiders)]
    weights = [0.0 if each else min(rng.paretovariate(1.1), 60) for each in calm]
    scale = messages / sum(weights)
    for weight, at in zip(weights, moments(scene, raiders, start, span), strict=True):
        number = scene.fresh_number("flooder")
        if not weight:
            burst(scene, at, number, rng.randint(1, 2), 400, lambda scene: scene.corpus.ordinary(scene.rng))
        else:
            burst(scene, at, number, max(1, round(weight * scale)), gap, text)


def burst(scene: Scene, at: datetime, number: str, count: int, gap: float, text: TextOf) -> None:
    """Add `count` messages, `gap` seconds apart on the average; one in fifteen is a call."""
    for _ in range(count):
        if scene.rng.random() < 1 / 15:
            scene.call(at, number)
        else:
            scene.write(at, number, text(scene))
        at += timedelta(seconds=2 + scene.rng.expovariate(1 / gap))


# --- when ---------------------------------------------------------------------------------


def moments(
    scene: Scene, count: int, start: datetime = RAID_START, span: timedelta = RAID_SPAN
) -> list[datetime]:
    """Draw when `count` raiders join, in order."""
    waves = _waves(scene.rng, span)
    return sorted(raid_moment(scene.rng, start, span, waves) for _ in range(count))


def raid_moment(rng: random.Random, start: datetime, span: timedelta, waves: list[timedelta]) -> datetime:
    """Draw when a raider joins: half at an hour of the day, half with a wave that a forum post set off."""
    while True:
        if rng.random() < 0.5:
            at = moment_of_day(
                rng, start.replace(hour=0, minute=0, second=0) + rng.randrange(span.days + 2) * DAY
            )
        else:
            at = start + rng.choice(waves) + timedelta(seconds=rng.expovariate(1 / (3 * 3600)))
        if start <= at < start + span:
            return at


def _waves(rng: random.Random, span: timedelta) -> list[timedelta]:
    """Draw when posts call for the raid: at its start, and a few times later."""
    return [timedelta(0), *(span * rng.random() for _ in range(4))]


# --- what ---------------------------------------------------------------------------------


def flood_text(scene: Scene) -> str:
    """Return what most raiders send: a slogan of the forum with small changes, else words of their own."""
    if scene.rng.random() < 0.65:
        return changed(scene.rng.choice(scene.corpus.slogans()), scene.rng)
    return own_text(scene)


def own_text(scene: Scene) -> str:
    """Return what a raider makes up himself: abuse, and sometimes what anyone would write."""
    draw = scene.corpus.abusive if scene.rng.random() < 0.85 else scene.corpus.ordinary
    return draw(scene.rng)


def block_prefixes(scene: Scene, count: int) -> list[str]:
    """Draw the beginnings of `count` blocks of ten thousand mobile numbers."""
    return [f"+33{scene.rng.choice(MOBILE)}{scene.rng.randrange(1000):03}" for _ in range(count)]
