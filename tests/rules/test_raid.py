from __future__ import annotations

import random

from relou_gateway.rules.arrivals import Arrivals
from relou_gateway.rules.raid import Watch
from relou_gateway.rules.vigilance import Vigilance

HOUR, DAY = 3600.0, 86_400.0


def watched(per_hour: list[float], seed: int = 1, vigilance: Vigilance | None = None) -> Watch:
    rng = random.Random(seed)
    vigilance = vigilance or Vigilance()
    arrivals = Arrivals(vigilance.strangers_per_day)
    watch = Watch(arrivals, vigilance)
    for hour, rate in enumerate(per_hour):
        at = hour * HOUR
        while rate and (at := at + rng.expovariate(rate / HOUR)) < (hour + 1) * HOUR:
            watch.advance(at)
            arrivals.event(at)
            arrivals.stranger(at)
            watch.look(at)
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
        watch.look(at)
        watch.advance(at)
    back = 3 * DAY + 6 * HOUR
    for one in range(50):
        arrivals.event(back + one)
        arrivals.stranger(back + one)
        watch.look(back + one)
        watch.advance(back + one)
    watch.advance(back + 2 * HOUR)
    assert watch.raids == []


def test_a_raid_that_sleeps_at_night_and_pauses_for_a_day_is_one_raid() -> None:
    raid = [rate * 3 if 12 <= hour <= 22 else rate for hour, rate in enumerate(day())]
    spells = watched(day() * 7 + raid * 3 + day() * 2).raids
    assert [(True, True)] == [
        (each.since < 8 * DAY, each.until is not None and 9.5 * DAY < each.until < 10.5 * DAY)
        for each in spells
    ]


def test_a_raid_is_over_when_no_wave_was_seen_for_longer_than_a_night() -> None:
    burst = [rate + (40 if 12 <= hour <= 15 else 0) for hour, rate in enumerate(day())]
    watch = watched(day() * 3 + burst + day()[:20])
    assert watch.current is None
    assert watched(day() * 3 + burst + day()[:6]).current is not None


def test_what_lasts_for_two_weeks_is_how_things_are_now() -> None:
    doubled = [rate * 2.5 for rate in day()]
    watch = watched(day() * 7 + doubled * 20)
    assert (1, None) == (len(watch.raids), watch.current)


def test_a_quiet_gateway_raises_no_alarm_when_it_was_expected_to_be_busy_or_quiet() -> None:
    few = [rate / 40 for rate in day()] * 14
    alarms = [
        watched(few, seed, Vigilance(strangers_per_day=assumed)).raids
        for seed in range(2)
        for assumed in (190.0, 5.0)
    ]
    assert [[]] * 4 == alarms


def test_a_busy_gateway_raises_no_alarm_on_its_first_days() -> None:
    assert [[]] * 8 == [watched(day() * 2, seed).raids for seed in range(8)]


def test_found_flooders_keep_a_raid_going_that_brings_few_strangers() -> None:
    watch = watched(day() * 7)
    at = 7 * DAY
    for hour in range(48):
        for _ in range(8):
            watch.flooder(at)
        at += HOUR
        watch.advance(at)
        assert hour < 6 or watch.current is not None


def test_the_hours_of_a_day_are_known_once_whole_days_are() -> None:
    known = [watched(day() * days)._arrivals.hours() for days in (1, 5)]
    assert () == known[0]
    assert max(known[1]) == max(known[1][18:23])


def test_hours_of_a_raid_are_no_ordinary_hours() -> None:
    raid = [rate + 60 if hour < 6 else rate for hour, rate in enumerate(day())]
    hours = watched(day() * 6 + raid + day() * 2)._arrivals.hours()
    assert max(hours[:6]) < max(hours[18:23])
