"""What could be reached by who knew more than a gateway can: counted from the traces, not simulated."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from relou_gateway.invent import Scene, invent
from relou_gateway.invent.people import DAY, HOUR

from .runs import CORPUS, settings_of

SHAPE = "one-ordinary"
FORUMS = ("forum", "forum-first-hour", "forum-copying")
QUIET = 2
"""Messages and calls up to which a raider of a forum may write as anyone would."""

WAIT = timedelta(minutes=30)
"""How long an answer waits to see who comes again."""


def sentence(seed: int) -> str:
    """Return the derivation with the numbers of the shape."""
    scene, cap = invent(SHAPE, seed, CORPUS), settings_of(SHAPE).policy.throttle.per_day
    assert scene.raid is not None
    assert scene.counted is not None
    assert cap is not None
    came = _contacts(scene)
    ordinary = {number: at for number, at in came.items() if scene.truth.get(number) == "ordinary"}
    counted = sum(scene.counted[0] <= at[0] < scene.counted[1] for at in ordinary.values())
    people = [at for at in ordinary.values() if scene.raid[0] <= at[0] < scene.raid[1]]
    again = sum(len(at) > 1 and at[1] - at[0] <= WAIT for at in people)
    raiders = sum(role == "flooder" for role in scene.truth.values())
    span = scene.raid[1] - scene.raid[0]
    tokens = cap * span / DAY
    by_lot = min(1.0, tokens / (len(people) + raiders))
    rest = (tokens - again) / (len(people) - again + raiders)
    waited = (again + (len(people) - again) * rest) / len(people)

    def of_all(share: float) -> str:
        return f"{(counted - len(people) * (1 - share)) / counted:.2f}"

    return (
        f"In the {span // HOUR} hours of `{SHAPE}` (seed {seed}) {len(people)} ordinary senders and "
        f"{raiders:,} raiders come, and there are {cap} × {span // HOUR} / 24 = {tokens:.0f} answers. By lot "
        f"each has a chance of {tokens:.0f} / ({len(people)} + {raiders:,}) = {by_lot:.2f}, which makes "
        f"{of_all(by_lot)} over the four days. Of the ordinary senders {again} write or call again within "
        f"{WAIT // timedelta(minutes=1)} minutes, and no raider does: with these first and a lot among the "
        f"rest it is {waited:.2f}, and {of_all(waited)} over the four days."
    )


def of_forums(seed: int, shapes: Iterable[str]) -> str:
    """Return how people would fare if only those raiders were not told apart who write no more than they."""
    told = [f"`{shape}` {_if_all_others_were_known(shape, seed)}" for shape in shapes if shape in FORUMS]
    if not told:
        return ""
    return (
        "In the forums one raider in twelve writes one or two texts as anyone would. If every other raider "
        "were known from his first word on, and these few stood in line with the people, first come, first "
        f"served, it would be (seed {seed}): {', '.join(told)}. No answer would go to any other raider."
    )


def _if_all_others_were_known(shape: str, seed: int) -> str:
    scene, policy = invent(shape, seed, CORPUS), settings_of(shape).policy
    cap, (lower, upper) = policy.throttle.per_day, policy.replies.delay
    assert cap is not None
    assert scene.counted is not None
    came = {number: at for number, at in _contacts(scene).items() if number in scene.truth}
    line = {
        number: at for number, at in came.items() if scene.truth[number] == "ordinary" or len(at) <= QUIET
    }
    due = sorted((at[0] + (lower + upper) / 2, number) for number, at in line.items())
    waits = _served(due, cap, policy.replies.expire)
    people = [
        number
        for number, at in line.items()
        if scene.truth[number] == "ordinary" and scene.counted[0] <= at[0] < scene.counted[1]
    ]
    answered = sum(number in waits for number in people)
    in_hour = sum(waits.get(number, DAY) + (lower + upper) / 2 <= HOUR for number in people)
    return f"{answered / len(people):.3f} / {in_hour / len(people):.3f}"


def _served(due: Sequence[tuple[datetime, str]], cap: int, expire: timedelta) -> dict[str, timedelta]:
    """Return how long after he was due each is answered, under `cap` answers in any day."""
    waits: dict[str, timedelta] = {}
    sent: deque[datetime] = deque(maxlen=cap)
    for at, number in due:
        goes = at if len(sent) < cap else max(at, sent[0] + DAY)
        if goes - at <= expire:
            waits[number] = goes - at
            sent.append(goes)
    return waits


def _contacts(scene: Scene) -> dict[str, list[datetime]]:
    came: dict[str, list[datetime]] = {}
    for event in scene.events:
        came.setdefault(event.number, []).append(event.at)
    return came
