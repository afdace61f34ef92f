"""The least suspicious first: a small raid, told event by event."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from relou_gateway.rules.admission import Reason, Verdict
from relou_gateway.rules.least_suspicious import LeastSuspicious
from relou_gateway.rules.ranking import Heard, Waiting
from relou_gateway.rules.records import Kind, Ruling
from relou_gateway.rules.shares import EVEN
from relou_gateway.rules.throttle import DAY, Cap, Spending, Unit, Windows
from relou_gateway.rules.vigilance import Vigilance

START = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
TEN_A_DAY = (Cap("throttle.per_day", Unit.ANSWERS, DAY, 10),)
KARIM = "+33611111111"


def windows(caps: Sequence[Cap], now: datetime, spendings: Sequence[Spending] = ()) -> Windows:
    return Windows(caps, spendings, now)


def say(
    ranking: LeastSuspicious, number: str, text: str, at: datetime, reason: Reason = Reason.FIRST_CONTACT
) -> None:
    ruling = Ruling.DECLINED if reason is Reason.NAME else Ruling.REPLY
    ranking.heard(Heard(number, Kind.SMS, text, at, Verdict(ruling, reason)))


def raided() -> tuple[LeastSuspicious, list[Waiting], datetime]:
    """Eighty write one phrase ten times each within minutes; Karim writes once."""
    ranking = LeastSuspicious(Vigilance(strangers_per_day=8))
    flood = [f"+3362{index:07}" for index in range(80)]
    for round_ in range(10):
        for index, number in enumerate(flood):
            at = START + timedelta(seconds=60 * round_ + index * 0.5)
            say(ranking, number, f"vous êtes vraiment toutes les mêmes bande de nulles {index % 3}", at)
    now = START + timedelta(minutes=11)
    say(ranking, KARIM, "Coucou, on s'est vus hier au marché, tu vas bien ?", now)
    waiting = [Waiting(index, number, 1, 160_000, ready=True) for index, number in enumerate([*flood, KARIM])]
    return ranking, waiting, now + timedelta(minutes=5)


def numbers(chosen: Sequence[Waiting]) -> list[str]:
    return [each.number for each in chosen]


def test_in_quiet_times_everyone_who_is_ready_goes_at_once() -> None:
    ranking = LeastSuspicious(Vigilance(strangers_per_day=8))
    say(ranking, KARIM, "Salut", START)
    waiting = [
        Waiting(1, KARIM, 1, 160_000, ready=True),
        Waiting(2, "+33622222222", 1, 160_000, ready=False),
    ]
    assert [KARIM] == numbers(ranking.order(waiting, windows(TEN_A_DAY, START), START, random.Random(0)))


def test_in_a_raid_a_person_goes_and_the_flooders_are_held_back() -> None:
    ranking, waiting, now = raided()
    assert [KARIM] == numbers(ranking.order(waiting, windows(TEN_A_DAY, now), now, random.Random(0)))


def test_asking_again_changes_nothing() -> None:
    ranking, waiting, now = raided()
    first = ranking.order(waiting, windows(TEN_A_DAY, now), now, random.Random(0))
    assert first == ranking.order(waiting, windows(TEN_A_DAY, now), now, random.Random(1))


def test_adverts_teach_nothing() -> None:
    ranking, untaught = LeastSuspicious(Vigilance()), LeastSuspicious(Vigilance())
    for index in range(500):
        say(ranking, f"Pub{index}", "Soldes", START + timedelta(seconds=index), Reason.NAME)
    now = START + timedelta(minutes=9)
    for each in (ranking, untaught):
        say(each, KARIM, "Soldes", now)
    assert untaught.suspicion(KARIM, now) == ranking.suspicion(KARIM, now)
    assert None is ranking.raid_since(now)


def test_nothing_that_waits_is_nobody_to_choose() -> None:
    assert () == LeastSuspicious(Vigilance()).order([], windows(TEN_A_DAY, START), START, random.Random(0))


def people_of(days: int, ranking: LeastSuspicious) -> datetime:
    """Let forty come each day, most of them between 18 and 22 o'clock UTC; return the midnight after."""
    midnight = START.replace(hour=0, minute=0)
    minutes = [*range(8 * 60, 18 * 60, 40), *range(18 * 60, 22 * 60, 10)]
    for day in range(days):
        for person, minute in enumerate(minutes):
            at = midnight + timedelta(days=day, minutes=minute)
            say(ranking, f"+336{(day * 40 + person) * 7919 % 100_000_000:08}", "Salut, c'est Karim", at)
    last = midnight + timedelta(days=days, minutes=1)
    say(ranking, KARIM, "Tu dors ?", last)
    return last


def test_a_days_share_is_spread_evenly_until_whole_days_are_known() -> None:
    ranking = LeastSuspicious(Vigilance(strangers_per_day=40))
    assert EVEN is ranking.rhythm(people_of(1, ranking))


def test_a_days_share_follows_the_hours_of_ordinary_days() -> None:
    ranking = LeastSuspicious(Vigilance(strangers_per_day=40))
    midnight = people_of(4, ranking).replace(minute=0).timestamp()
    rhythm = ranking.rhythm(datetime.fromtimestamp(midnight, UTC))
    evening = rhythm.days(midnight + 18 * 3600, midnight + 22 * 3600)
    assert evening > 0.4
    assert rhythm is ranking.rhythm(datetime.fromtimestamp(midnight + 60, UTC))


def test_ten_thousand_who_wait_are_ordered_in_a_moment() -> None:
    ranking = LeastSuspicious(Vigilance())
    for index in range(10_000):
        say(
            ranking,
            f"+336{index * 37 % 100_000_000:08}",
            "Bande de nulles",
            START + timedelta(seconds=index / 8),
        )
    now = START + timedelta(minutes=40)
    waiting = [
        Waiting(index, f"+336{index * 37 % 100_000_000:08}", 1, 160_000, ready=True)
        for index in range(10_000)
    ]
    spendings = [Spending(f"+337{n:08}", 1, 160_000, START - timedelta(minutes=5 * n)) for n in range(3000)]
    caps = (Cap("throttle.per_day", Unit.ANSWERS, DAY, 240),)
    ranking.order(waiting, windows(caps, now, spendings), now, random.Random(0))
    took = []
    for tick in range(10):
        moment = now + timedelta(seconds=5 * tick)
        asked = windows(caps, moment, spendings)
        begun = time.process_time()
        ranking.order(waiting, asked, moment, random.Random(0))
        took.append(time.process_time() - begun)
    assert min(took) < 0.1
