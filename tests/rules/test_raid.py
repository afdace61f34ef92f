from __future__ import annotations

import random

from relou_gateway.rules.arrivals import Arrivals
from relou_gateway.rules.raid import Watch
from relou_gateway.rules.vigilance import Vigilance

HOUR, DAY = 3600.0, 86_400.0


def watched(per_hour: list[float], seed: int = 1) -> Watch:
    rng = random.Random(seed)
    vigilance = Vigilance()
    arrivals = Arrivals(vigilance.strangers_per_day)
    watch = Watch(arrivals, vigilance)
    for hour, rate in enumerate(per_hour):
        at = hour * HOUR
        while rate and (at := at + rng.expovariate(rate / HOUR)) < (hour + 1) * HOUR:
            watch.advance(at)
            arrivals.event(at)
            arrivals.stranger(at)
    watch.advance(len(per_hour) * HOUR)
    return watch


def day() -> list[float]:
    return [4, 2, 2, 1, 1, 1, 2, 4, 6, 8, 8, 8, 9, 9, 9, 9, 10, 12, 14, 16, 18, 18, 16, 10]


def test_two_ordinary_weeks_are_no_raid() -> None:
    assert [watched(day() * 14, seed).raids for seed in range(4)] == [[]] * 4


def test_a_raid_begins_within_an_hour_and_ends_by_itself() -> None:
    raid = [rate + 40 for rate in day()]
    spells = watched(day() * 3 + raid + day() * 2).raids
    assert [(72, True)] == [
        (round(each.since / HOUR), each.until is not None and each.until < 5 * DAY) for each in spells
    ]


def test_a_raid_from_the_first_hour_is_found_without_any_ordinary_day() -> None:
    assert [True] == [each.since < 3 * HOUR for each in watched([40.0] * 12).raids]


def test_a_backlog_after_an_outage_is_no_raid() -> None:
    vigilance = Vigilance()
    arrivals = Arrivals(vigilance.strangers_per_day)
    watch = Watch(arrivals, vigilance)
    for at in range(0, int(3 * DAY), 430):
        arrivals.event(at)
        arrivals.stranger(at)
        watch.advance(at)
    back = 3 * DAY + 6 * HOUR
    for one in range(50):
        arrivals.event(back + one)
        arrivals.stranger(back + one)
        watch.advance(back + one)
    watch.advance(back + 2 * HOUR)
    assert watch.raids == []
