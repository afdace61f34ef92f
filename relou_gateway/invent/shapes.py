"""What happened to such numbers, and what could: the shapes of docs/raids.md."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from .people import DAY, HOUR, START, Scene, ordinary_days
from .raiders import (
    RAID_DAY,
    RAID_START,
    TextOf,
    block_prefixes,
    burst,
    days_around,
    flood_text,
    forum_raid,
    moments,
    own_text,
    raid,
    raid_moment,
)

Shape = Callable[[Scene], None]


def ordinary_week(scene: Scene) -> None:
    """Add a week of 200 ordinary senders a day."""
    ordinary_days(scene, 7)


def trolls(scene: Scene) -> None:
    """Add a few who send a thousand messages each."""
    days_around(scene)
    raid(scene, RAID_DAY, 2 * DAY)
    for _ in range(6):
        at = RAID_DAY + 2 * DAY * scene.rng.random()
        burst(scene, at, scene.fresh_number("flooder"), 1000, 25, flood_text)


def forum(scene: Scene) -> None:
    """Add a forum of 1,500 raiders, 28,000 messages in three days, most of them copied with small changes."""
    days_around(scene)
    forum_raid(scene, flood_text)


def forum_first_hour(scene: Scene) -> None:
    """Start the same in the first hour of the gateway's life: no ordinary day is known."""
    ordinary_days(scene, 4)
    forum_raid(scene, flood_text, START, 3 * DAY)


def forum_copying(scene: Scene) -> None:
    """Let raiders do the same, but copy what ordinary senders write in these days."""
    days_around(scene)
    forum_raid(scene, _copied(scene))


def four_hours(scene: Scene) -> None:
    """20,000 messages of 1,200 raiders in four hours of an evening: insults and copied phrases."""
    days_around(scene)
    evening = RAID_DAY + 11 * HOUR
    # Of the evening in 2017 that this is taken from, insults are all that was reported.
    forum_raid(scene, flood_text, evening, 4 * HOUR, raiders=1200, messages=20_000, gap=15, like_anyone=0.0)


def blocks(scene: Scene) -> None:
    """6,000 numbers from sixty blocks of ten thousand, one message each."""
    days_around(scene)
    raid(scene)
    _from_blocks(scene, block_prefixes(scene, 60))


def blocks_among_people(scene: Scene) -> None:
    """Do the same, but a fifth of the ordinary senders have numbers in the raiders' blocks."""
    prefixes = block_prefixes(scene, 60)
    days_around(scene, lambda: scene.rng.choice(prefixes) if scene.rng.random() < 0.2 else "")
    raid(scene)
    _from_blocks(scene, prefixes)


def callers(scene: Scene) -> None:
    """400 callers with 5 to 40 calls each."""
    days_around(scene)
    raid(scene)
    for start in moments(scene, 400):
        at, number = start, scene.fresh_number("flooder")
        for _ in range(scene.rng.randint(5, 40)):
            scene.call(at, number)
            at += timedelta(seconds=20 + scene.rng.expovariate(1 / 200))


def one_call(scene: Scene) -> None:
    """3,000 spoofed numbers with one call each: free for the raiders, paid by us."""
    days_around(scene)
    raid(scene)
    for at in moments(scene, 3000):
        scene.call(at, scene.fresh_number("flooder"))


def one_abusive(scene: Scene) -> None:
    """1,500 raiders with one abusive text of their own each."""
    days_around(scene)
    raid(scene)
    for at in moments(scene, 1500):
        scene.write(at, scene.fresh_number("flooder"), scene.corpus.abusive(scene.rng))


def human_tempo(scene: Scene) -> None:
    """1,500 raiders who write like people: one to four texts, minutes apart."""
    days_around(scene)
    raid(scene)
    for at in moments(scene, 1500):
        burst(scene, at, scene.fresh_number("flooder"), scene.rng.randint(1, 4), 240, own_text)


def launch(scene: Scene) -> None:
    """Tell the day the number is in the news: 10,000 curious people in two days, among 200 a day."""
    days_around(scene)
    span = timedelta(hours=48)
    raid(scene, span=span)
    for _ in range(10_000):
        at = raid_moment(scene.rng, RAID_START, span, [timedelta(0)])
        _curious(scene, at, scene.fresh_number("ordinary"))


def month(scene: Scene) -> None:
    """Spread 165 ordinary senders over 30 days; 1,500 raiders come on the third."""
    ordinary_days(scene, 30, 5.5)
    forum_raid(scene, flood_text, START + 2 * DAY + 5 * HOUR)
    scene.counted = None


def _copied(scene: Scene) -> TextOf:
    """Return what draws from the texts that ordinary senders write in the four days around the raid."""
    start, end = RAID_DAY - DAY, RAID_DAY + 3 * DAY
    seen = [
        event.text
        for event in scene.events
        if event.text and start <= event.at < end and event.number in scene.truth
    ]
    return lambda scene: scene.rng.choice(seen)


def _from_blocks(scene: Scene, prefixes: list[str]) -> None:
    for at in moments(scene, 6000):
        scene.write(at, scene.fresh_number("flooder", scene.rng.choice(prefixes)), flood_text(scene))


def _curious(scene: Scene, at: datetime, number: str) -> None:
    """Add somebody who tries whether it is true, most of them once, a quarter by a call."""
    rng = scene.rng
    for _ in range(rng.choices((1, 2, 3), (7, 2, 1))[0]):
        if rng.random() < 0.25:
            scene.call(at, number)
        else:
            draw = scene.corpus.ordinary if rng.random() < 0.5 else _trial
            scene.write(at, number, draw(rng))
        at += timedelta(seconds=10 + rng.expovariate(1 / 300))


def _trial(rng: random.Random) -> str:
    return rng.choice(
        ("test", "Test", "coucou", "allo ?", "c'est vrai ce numero ?", "bonjour", "hello", "salut")
    )
