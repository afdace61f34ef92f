"""What those may try who have read this program."""

from __future__ import annotations

import random
from datetime import datetime
from itertools import cycle

from . import costly
from .people import DAY, START, Scene, moment_of_day, ordinary_days
from .raiders import (
    RAID_DAY,
    burst,
    days_around,
    flood_text,
    forum_raid,
    moments,
    own_text,
    raid,
)

A_DAY_CAP = 240
"""Answers in 24 hours under which the shapes are compared."""


def one_ordinary(scene: Scene) -> None:
    """1,500 raiders with one ordinary, friendly text each: nothing tells them apart but time."""
    days_around(scene)
    raid(scene)
    for at in moments(scene, 1500):
        scene.write(at, scene.fresh_number("flooder"), scene.corpus.ordinary(scene.rng))


def poisoning_control(scene: Scene) -> None:
    """Leave the poison out: what `poisoning` is compared with, the same people at the same hours."""
    days_around(scene)
    forum_raid(scene, flood_text)


def poisoning(scene: Scene) -> None:
    """Let raiders teach it wrongly: their words in the quiet week, ordinary openers while they raid.

    Twenty scouts a day, no more than fit under the caps, write what the raid will write, so that it
    looks like what people write. Then each raider opens with an ordinary text, and half of what
    follows is ordinary too, so that what people write looks like the raid.
    """
    poisoning_control(scene)
    rng = scene.rng
    opened: set[str] = set()
    scene.events.sort(key=lambda event: event.at)
    for position, event in enumerate(scene.events):
        if event.kind != "sms" or scene.truth.get(event.number) != "flooder":
            continue
        if event.number not in opened or rng.random() < 0.5:
            scene.events[position] = event._replace(text=scene.corpus.ordinary(rng))
        opened.add(event.number)
    for day in range(7):
        for _ in range(20):
            burst(scene, _on_day(rng, day), scene.fresh_number("flooder"), rng.randint(1, 2), 400, flood_text)


def drip(scene: Scene) -> None:
    """Fresh numbers at exactly the rate of the tokens, for two weeks, one text each."""
    ordinary_days(scene, 22)
    raid(scene, RAID_DAY, 14 * DAY)
    for position in range(14 * A_DAY_CAP):
        at = RAID_DAY + position * DAY / A_DAY_CAP
        scene.write(at, scene.fresh_number("flooder"), own_text(scene))


def spellings(scene: Scene) -> None:
    """Let every number arrive in several spellings, people's and raiders': +33 6…, 0033 6…, 06…."""
    days_around(scene)
    forum_raid(scene, flood_text)
    spelled = (str, lambda number: "00" + number[1:], lambda number: "0" + number[3:], _spaced)
    scene.events[:] = [
        event._replace(number=scene.rng.choice(spelled)(event.number))
        if event.number in scene.truth
        else event
        for event in scene.events
    ]


def costly_texts(scene: Scene) -> None:
    """300 raiders with 3,000 texts that take long to read: up to 10,000 characters without a word."""
    days_around(scene)
    kinds = cycle(range(len(costly.KINDS)))
    forum_raid(scene, lambda scene: costly.text(scene.rng, next(kinds)), raiders=300, messages=3_000)


def _on_day(rng: random.Random, day: int) -> datetime:
    while True:
        at = moment_of_day(rng, START.replace(hour=0) + (day + rng.randrange(2)) * DAY)
        if START + day * DAY <= at < START + (day + 1) * DAY:
            return at


def _spaced(number: str) -> str:
    return f"{number[:3]} {number[3]} {number[4:6]} {number[6:8]} {number[8:10]} {number[10:]}"
