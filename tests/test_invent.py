"""What the shapes promise, counted in their traces."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from relou_gateway.invent import CORPORA, SHAPES, Event, Scene, invent, write
from relou_gateway.invent.costly import KINDS, LONGEST
from relou_gateway.invent.people import DAY, START
from relou_gateway.invent.raiders import RAID_DAY, RAID_START
from relou_gateway.rules import numbers
from relou_gateway.rules.numbers import Owner, Sender

AROUND_A_RAID = sorted(set(SHAPES) - {"ordinary-week", "forum-first-hour", "launch", "month", "drip"})


@cache
def shape(name: str) -> Scene:
    return invent(name, 101)


@cache
def read(number: str) -> Sender:
    return numbers.read(number, "FR")


def known(event: Event) -> Sender:
    return read(event.number)


def by_role(scene: Scene, role: str) -> dict[str, list[Event]]:
    """The contacts of each sender of a role, by known number."""
    contacts: dict[str, list[Event]] = defaultdict(list)
    for event in scene.events:
        if scene.truth.get(number := known(event).number) == role:
            contacts[number].append(event)
    return contacts


def flood(name: str) -> dict[str, list[Event]]:
    return by_role(shape(name), "flooder")


def first_days(contacts: dict[str, list[Event]]) -> Counter[int]:
    """How many senders came first on each day of the trace."""
    return Counter((events[0].at - START) // DAY for events in contacts.values())


# --- all of them --------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_comes_out_the_same_for_the_same_seed_and_in_order_of_time(name: str) -> None:
    one, again = invent(name, 101), shape(name)
    times = [event.at for event in one.events]
    assert (again.events, again.truth, sorted(times)) == (one.events, one.truth, times)


@pytest.mark.parametrize("name", SHAPES)
def test_the_truth_names_every_person_in_france_who_comes_and_nobody_else(name: str) -> None:
    scene = shape(name)
    people = {
        known(event).number
        for event in scene.events
        if known(event).owner is Owner.PERSON and known(event).country == "FR"
    }
    assert people == set(scene.truth)


@pytest.mark.parametrize("name", SHAPES)
def test_some_come_in_whom_nobody_may_ever_answer(name: str) -> None:
    scene = shape(name)
    others = [known(event) for event in scene.events if known(event).number not in scene.truth]
    assert {
        (Owner.NAME, None),
        (Owner.SHORT_CODE, None),
        (Owner.PREMIUM, "FR"),
        (Owner.FIXED, "FR"),
        (Owner.PERSON, "DE"),
        (Owner.HIDDEN, None),
    } == {(other.owner, other.country) for other in others}


@pytest.mark.parametrize("name", AROUND_A_RAID)
def test_seven_ordinary_days_come_before_a_raid_and_one_after_it(name: str) -> None:
    scene = shape(name)
    days = first_days(by_role(scene, "ordinary"))
    assert set(range(11)) == set(days)
    assert all(150 <= count <= 250 for count in days.values())
    assert scene.raid is not None
    start, end = scene.raid
    assert RAID_DAY <= start < end <= RAID_DAY + 3 * DAY
    joined = [events[0].at for events in by_role(scene, "flooder").values()]
    early = 140 if name == "poisoning" else 0
    assert (early, 0) == (sum(at < start for at in joined), sum(at >= end for at in joined))


@pytest.mark.parametrize("name", AROUND_A_RAID)
def test_the_last_day_before_a_raid_and_its_three_days_are_counted(name: str) -> None:
    assert (RAID_DAY - DAY, RAID_DAY + 3 * DAY) == shape(name).counted


def test_the_corpora_share_no_slogan_and_hardly_a_text() -> None:
    first, second = CORPORA["first"], CORPORA["second"]
    assert set() == set(first.slogans()) & set(second.slogans())
    texts = [{event.text for event in invent("forum", 101, corpus).events} for corpus in (first, second)]
    assert len(texts[0] & texts[1]) < 0.001 * len(texts[0])


def test_a_trace_and_its_truth_are_written_as_simulate_reads_them(tmp_path: Path) -> None:
    trace, truth = write(invent("trolls", 1), tmp_path / "new")
    lines = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    roles = json.loads(truth.read_text(encoding="utf-8"))
    assert {"ordinary", "flooder"} == set(roles.values())
    assert set(roles) <= {line["number"] for line in lines}


# --- each of them -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "raiders", "messages"),
    [
        ("trolls", 6, (6000, 6000)),
        ("forum", 1500, (27_500, 28_500)),
        ("forum-first-hour", 1500, (27_500, 28_500)),
        ("forum-copying", 1500, (27_500, 28_500)),
        ("four-hours", 1200, (19_500, 20_500)),
        ("blocks", 6000, (6000, 6000)),
        ("blocks-among-people", 6000, (6000, 6000)),
        ("callers", 400, (8000, 10_000)),
        ("one-call", 3000, (3000, 3000)),
        ("one-abusive", 1500, (1500, 1500)),
        ("human-tempo", 1500, (3500, 4000)),
        ("one-ordinary", 1500, (1500, 1500)),
        ("month", 1500, (27_500, 28_500)),
        ("poisoning", 1640, (27_500, 28_900)),
        ("drip", 3360, (3360, 3360)),
        ("spellings", 1500, (27_500, 28_500)),
        ("costly-texts", 300, (2900, 3100)),
    ],
)
def test_a_raid_has_its_size(name: str, raiders: int, messages: tuple[int, int]) -> None:
    contacts = flood(name)
    assert raiders == len(contacts)
    assert messages[0] <= sum(map(len, contacts.values())) <= messages[1]


def test_an_ordinary_week_has_200_a_day_and_no_flooder() -> None:
    scene = shape("ordinary-week")
    assert (1400, {"ordinary"}, None) == (len(scene.truth), set(scene.truth.values()), scene.raid)


def test_half_of_the_ordinary_senders_come_again() -> None:
    contacts = by_role(shape("ordinary-week"), "ordinary")
    assert 0.45 < sum(len(events) > 1 for events in contacts.values()) / len(contacts) < 0.55


def test_a_twelfth_of_a_forum_writes_like_anyone() -> None:
    few = [events for events in flood("forum").values() if len(events) <= 2]
    assert 0.06 < len(few) / 1500 < 0.12


def test_twenty_thousand_messages_come_in_little_more_than_four_hours() -> None:
    times = [event.at for events in flood("four-hours").values() for event in events]
    assert sum(at < RAID_DAY + timedelta(hours=15) for at in times) > 0.9 * len(times)


def test_a_raid_from_the_first_hour_knows_no_ordinary_day() -> None:
    assert min(events[0].at for events in flood("forum-first-hour").values()) - START < timedelta(hours=1)


def test_blocks_are_sixty_and_people_may_live_in_them() -> None:
    assert 60 == len({number[:8] for number in flood("blocks")})
    prefixes = {number[:8] for number in flood("blocks-among-people")}
    ordinary = list(by_role(shape("blocks-among-people"), "ordinary"))
    assert 0.15 < sum(number[:8] in prefixes for number in ordinary) / len(ordinary) < 0.25


def test_callers_only_call_five_to_forty_times() -> None:
    contacts = flood("callers").values()
    assert {"call"} == {event.kind for events in contacts for event in events}
    assert all(5 <= len(events) <= 40 for events in contacts)


def test_raiders_at_a_human_tempo_write_one_to_four_times_minutes_apart() -> None:
    contacts = flood("human-tempo").values()
    assert {1, 2, 3, 4} == {len(events) for events in contacts}
    gaps = sorted(after.at - before.at for events in contacts for before, after in pairwise(events))
    assert timedelta(minutes=2) < gaps[len(gaps) // 2] < timedelta(minutes=4)


def test_a_launch_brings_ten_thousand_curious_people_in_two_days() -> None:
    days = first_days(by_role(shape("launch"), "ordinary"))
    assert 12_200 == sum(days.values())
    assert days[7] + days[8] + days[9] > 10_000


def test_a_month_has_five_or_six_people_a_day_and_its_raid_on_the_third() -> None:
    scene = shape("month")
    ordinary = by_role(scene, "ordinary")
    assert (165, 30) == (len(ordinary), max(first_days(ordinary)) + 1)
    assert {2, 3, 4} == set(first_days(by_role(scene, "flooder")))
    assert scene.counted is None


def test_the_drip_is_one_fresh_number_for_each_token_of_the_day() -> None:
    times = [event.at for (event,) in flood("drip").values()]
    assert {timedelta(minutes=6)} == {after - before for before, after in pairwise(times)}
    assert 14 * DAY == times[-1] - times[0] + timedelta(minutes=6)


def test_spellings_are_of_the_same_senders() -> None:
    scene = shape("spellings")
    spelled = defaultdict(set)
    for event in scene.events:
        spelled[known(event).number].add(event.number)
    busy = [number for number, events in flood("spellings").items() if len(events) >= 30]
    assert {4} == {len(spelled[number]) for number in busy}


# --- poisoning ----------------------------------------------------------------------------


def test_poison_changes_nothing_of_what_ordinary_senders_do() -> None:
    with_it, without = shape("poisoning"), shape("poisoning-control")
    assert by_role(without, "ordinary") == by_role(with_it, "ordinary")
    assert (without.raid, without.counted) == (with_it.raid, with_it.counted)


def test_scouts_write_in_the_quiet_week_what_the_raid_will_write() -> None:
    scouts = [events for events in flood("poisoning").values() if events[0].at < RAID_START]
    assert {20} == set(Counter((events[0].at - START) // DAY for events in scouts).values())
    raid_texts = {event.text for events in flood("poisoning-control").values() for event in events}
    texts = [event.text for events in scouts for event in events if event.text]
    assert sum(text in raid_texts for text in texts) > 0.15 * len(texts)  # the rest has changes of its own


def test_poisoners_open_with_an_ordinary_text_and_mix_what_follows() -> None:
    abusive = {
        (number, event.at): event.text
        for number, events in flood("poisoning-control").items()
        for event in events
        if event.text
    }
    openers, later = Counter[bool](), Counter[bool]()
    for number, events in flood("poisoning").items():
        texts = [event for event in events if event.text and (number, event.at) in abusive]
        kept = [event.text == abusive[number, event.at] for event in texts]
        openers.update(kept[:1])
        later.update(kept[1:])
    assert openers[True] <= 0.01 * openers[False]
    assert 0.48 < later[True] / later.total() < 0.52


# --- texts that cost ----------------------------------------------------------------------


def test_costly_texts_are_as_long_as_they_may_be_and_of_every_kind() -> None:
    lengths = [len(event.text) for events in flood("costly-texts").values() for event in events if event.text]
    assert LONGEST == max(lengths)
    assert sum(length > 0.9 * LONGEST for length in lengths) > 0.7 * len(lengths)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_costly_text_is_longer_than_a_long_message_could_be(kind: Callable[[random.Random], str]) -> None:
    assert 0.9 * LONGEST < len(kind(random.Random(1))) <= LONGEST
