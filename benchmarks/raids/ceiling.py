"""What anyone could reach against raiders who each write one ordinary text: counted, not simulated."""

from __future__ import annotations

from datetime import datetime, timedelta

from relou_gateway.invent import invent
from relou_gateway.invent.people import DAY, HOUR

from .runs import CORPUS, settings_of

SHAPE = "one-ordinary"
WAIT = timedelta(minutes=30)
"""How long an answer waits to see who comes again."""


def sentence(seed: int) -> str:
    """Return the derivation with the numbers of the shape."""
    scene, cap = invent(SHAPE, seed, CORPUS), settings_of(SHAPE).policy.throttle.per_day
    assert scene.raid is not None
    assert scene.counted is not None
    assert cap is not None
    came: dict[str, list[datetime]] = {}
    for event in scene.events:
        came.setdefault(event.number, []).append(event.at)
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
