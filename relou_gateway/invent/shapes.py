"""The shapes of docs/raids.md: what happened to such numbers, and what those who know the source may try."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from .people import DAY, HOUR, START, Scene, people, raid_moment, waves_of
from .texts import changed

Shape = Callable[[Scene], None]

PER_DAY = 200
RAID_START = START + DAY + 5 * HOUR
RAID_SPAN = timedelta(hours=67)

TextOf = Callable[[Scene], str]
Moment = Callable[[], datetime]


def ordinary_week(scene: Scene) -> None:
    """Add a week of 200 ordinary senders a day."""
    people(scene, 7 * PER_DAY, START, 7)


def trolls(scene: Scene) -> None:
    """Add a few who send a thousand messages each."""
    _four_days(scene)
    for _ in range(6):
        number = scene.fresh_number("flooder")
        at = START + DAY + 2 * DAY * scene.rng.random()
        _burst(scene, at, number, 1000, 25, _flood_text)


def forum(scene: Scene) -> None:
    """Add a forum of 1,500 raiders, 28,000 messages in three days, most of them copied with small changes."""
    _four_days(scene)
    _forum(scene, RAID_START, RAID_SPAN, _flood_text)


def forum_first_hour(scene: Scene) -> None:
    """Start the same in the first hour of the gateway's life: no ordinary day is known."""
    _four_days(scene)
    _forum(scene, START, timedelta(days=3), _flood_text)


def forum_copying(scene: Scene) -> None:
    """Let raiders do the same, but copy what ordinary senders wrote."""
    _four_days(scene)
    seen = [event.text for event in scene.events if event.text]
    _forum(scene, RAID_START, RAID_SPAN, lambda scene: scene.rng.choice(seen))


def four_hours(scene: Scene) -> None:
    """20,000 messages of 1,200 raiders in four hours of an evening."""
    _four_days(scene)
    _forum(scene, START + DAY + 11 * HOUR, 4 * HOUR, _flood_text, raiders=1200, messages=20_000)


def blocks(scene: Scene) -> None:
    """6,000 numbers from sixty blocks of ten thousand, one message each."""
    _four_days(scene)
    prefixes = _block_prefixes(scene, 60)
    for at in _moments(scene, 6000):
        scene.write(at, scene.fresh_number("flooder", scene.rng.choice(prefixes)), _flood_text(scene))


def blocks_among_people(scene: Scene) -> None:
    """Do the same, but a fifth of the ordinary senders have numbers in the raiders' blocks."""
    prefixes = _block_prefixes(scene, 60)
    people(
        scene, 4 * PER_DAY, START, 4, lambda: scene.rng.choice(prefixes) if scene.rng.random() < 0.2 else ""
    )
    for at in _moments(scene, 6000):
        scene.write(at, scene.fresh_number("flooder", scene.rng.choice(prefixes)), _flood_text(scene))


def callers(scene: Scene) -> None:
    """400 callers with 5 to 40 calls each."""
    _four_days(scene)
    for start in _moments(scene, 400):
        at, number = start, scene.fresh_number("flooder")
        for _ in range(scene.rng.randint(5, 40)):
            scene.call(at, number)
            at += timedelta(seconds=20 + scene.rng.expovariate(1 / 200))


def one_call(scene: Scene) -> None:
    """3,000 spoofed numbers with one call each: free for the raiders, paid by us."""
    _four_days(scene)
    for at in _moments(scene, 3000):
        scene.call(at, scene.fresh_number("flooder"))


def one_abusive(scene: Scene) -> None:
    """1,500 raiders with one abusive text of their own each."""
    _four_days(scene)
    for at in _moments(scene, 1500):
        scene.write(at, scene.fresh_number("flooder"), scene.corpus.abusive(scene.rng))


def human_tempo(scene: Scene) -> None:
    """1,500 raiders who write like people: one to four texts, minutes apart."""
    _four_days(scene)
    for at in _moments(scene, 1500):
        _burst(scene, at, scene.fresh_number("flooder"), scene.rng.randint(1, 4), 240, _own_text)


def one_ordinary(scene: Scene) -> None:
    """1,500 raiders with one ordinary, friendly text each: nothing tells them apart but time."""
    _four_days(scene)
    for at in _moments(scene, 1500):
        scene.write(at, scene.fresh_number("flooder"), scene.corpus.ordinary(scene.rng))


def launch(scene: Scene) -> None:
    """Tell the day the number is in the news: 10,000 curious people in two days, among 200 a day."""
    _four_days(scene)
    for _ in range(10_000):
        at = raid_moment(scene.rng, RAID_START, timedelta(hours=48), [timedelta(0)])
        scene.write(at, scene.fresh_number("ordinary"), _curious_text(scene))


def poisoning(scene: Scene) -> None:
    """Raiders who know the source write ordinary openers, before and during their raid."""
    _four_days(scene)
    for _ in range(60):
        at = START + DAY * scene.rng.random()
        scene.write(at, scene.fresh_number("flooder"), _flood_text(scene))
    _forum(scene, RAID_START, RAID_SPAN, _poison_text)


def drip(scene: Scene) -> None:
    """Fresh numbers at exactly the rate of the tokens, for two weeks, one text each."""
    people(scene, 18 * PER_DAY, START, 18)
    at = START + 3 * DAY
    while at < START + 17 * DAY:
        scene.write(at, scene.fresh_number("flooder"), _own_text(scene))
        at += DAY / 240


def spellings(scene: Scene) -> None:
    """Raiders and people whose numbers arrive in several spellings: +33 6…, 0033 6…, 06…."""
    forum(scene)
    spelled = (str, lambda number: "00" + number[1:], lambda number: "0" + number[3:], _spaced)
    scene.events[:] = [
        event._replace(number=scene.rng.choice(spelled)(event.number)) for event in scene.events
    ]


SHAPES: dict[str, Shape] = {
    "ordinary-week": ordinary_week,
    "trolls": trolls,
    "forum": forum,
    "forum-first-hour": forum_first_hour,
    "forum-copying": forum_copying,
    "four-hours": four_hours,
    "blocks": blocks,
    "callers": callers,
    "one-call": one_call,
    "one-abusive": one_abusive,
    "human-tempo": human_tempo,
    "one-ordinary": one_ordinary,
    "launch": launch,
    "poisoning": poisoning,
    "drip": drip,
    "blocks-among-people": blocks_among_people,
    "spellings": spellings,
}


def _four_days(scene: Scene) -> None:
    people(scene, 4 * PER_DAY, START, 4)


def _forum(
    scene: Scene,
    start: datetime,
    span: timedelta,
    text: TextOf,
    raiders: int = 1500,
    messages: int = 28_000,
    like_anyone: float = 1 / 12,
) -> None:
    """Add raiders with a heavy tail: a few send hundreds, some (`like_anyone`) write as anyone would."""
    rng = scene.rng
    weights = [min(rng.paretovariate(1.1), 60) for _ in range(raiders)]
    scale = messages / sum(weights)
    for weight, at in zip(weights, _moments(scene, raiders, start, span), strict=True):
        number = scene.fresh_number("flooder")
        if rng.random() < like_anyone:
            _burst(scene, at, number, rng.randint(1, 2), 400, lambda scene: scene.corpus.ordinary(scene.rng))
        else:
            _burst(scene, at, number, max(1, round(weight * scale)), 45, text)


def _moments(
    scene: Scene, count: int, start: datetime = RAID_START, span: timedelta = RAID_SPAN
) -> list[datetime]:
    waves = waves_of(scene.rng, span)
    return sorted(raid_moment(scene.rng, start, span, waves) for _ in range(count))


def _burst(scene: Scene, at: datetime, number: str, count: int, gap: float, text: TextOf) -> None:
    """Add `count` messages, `gap` seconds apart on the average; one in fifteen is a call."""
    for _ in range(count):
        if scene.rng.random() < 1 / 15:
            scene.call(at, number)
        else:
            scene.write(at, number, text(scene))
        at += timedelta(seconds=2 + scene.rng.expovariate(1 / gap))


def _flood_text(scene: Scene) -> str:
    if scene.rng.random() < 0.65:
        return changed(scene.rng.choice(scene.corpus.slogans()), scene.rng)
    return _own_text(scene)


def _own_text(scene: Scene) -> str:
    draw = scene.corpus.abusive if scene.rng.random() < 0.85 else scene.corpus.ordinary
    return draw(scene.rng)


def _poison_text(scene: Scene) -> str:
    return scene.corpus.ordinary(scene.rng) if scene.rng.random() < 0.5 else _flood_text(scene)


def _curious_text(scene: Scene) -> str:
    if scene.rng.random() < 0.5:
        return scene.rng.choice(
            ("test", "Test", "coucou", "allo ?", "c'est vrai ce numero ?", "bonjour", "hello", "salut")
        )
    return scene.corpus.ordinary(scene.rng)


def _block_prefixes(scene: Scene, count: int) -> list[str]:
    return ["+336" + "".join(str(scene.rng.randrange(10)) for _ in range(4)) for _ in range(count)]


def _spaced(number: str) -> str:
    return f"{number[:3]} {number[3]} {number[4:6]} {number[6:8]} {number[8:10]} {number[10:]}"
