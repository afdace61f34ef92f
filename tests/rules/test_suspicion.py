from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relou_gateway.invent import CORPORA, invent
from relou_gateway.rules.phrasing import PIECES, RUNS, WORDS, phrasing
from relou_gateway.rules.records import Kind
from relou_gateway.rules.signals import WORDS_CLIP
from relou_gateway.rules.suspicion import UNKNOWN, Memory
from relou_gateway.rules.vigilance import Vigilance

START = datetime(2026, 3, 6, 6, tzinfo=UTC)
RAID = 7 * 24 + 5
"""Hours after which the invented raids begin."""


def remembered(name: str, hours: float, seed: int = 3, vigilance: Vigilance | None = None) -> Memory:
    memory = Memory(vigilance or Vigilance())
    for event in invent(name, seed, CORPORA["first"]).events:
        if event.at > START + timedelta(hours=hours):
            break
        memory.observe(event.number, Kind(event.kind), event.text, event.at)
    return memory


def signals(memory: Memory, number: str, now: datetime) -> dict[str, float]:
    return {part.signal: part.log_odds for part in memory.suspicion(number, now).contributions}


def test_a_number_that_never_came_is_unknown() -> None:
    assert Memory(Vigilance()).suspicion("+33600000000", START) == UNKNOWN


def test_a_thousand_messages_are_plain_flooding() -> None:
    memory = Memory(Vigilance())
    for second in range(1000):
        memory.observe("+33600000000", Kind.SMS, "coucou", START + timedelta(seconds=second))
    now = START + timedelta(seconds=1000)
    assert (True, 6.0) == (
        memory.plain_flooding("+33600000000"),
        signals(memory, "+33600000000", now)["volume"],
    )


def test_the_score_is_the_sum_of_its_contributions() -> None:
    memory = remembered("human-tempo", RAID + 6)
    now = START + timedelta(hours=RAID + 6)
    wrong = [
        number
        for number in invent("human-tempo", 3, CORPORA["first"]).truth
        if abs(
            (found := memory.suspicion(number, now)).score
            - sum(part.log_odds for part in found.contributions)
        )
        > 1e-9
    ]
    assert wrong == []


def test_copied_phrases_count_and_everyday_words_do_not() -> None:
    memory = Memory(Vigilance())
    for sender in range(20):
        at = START + timedelta(minutes=sender)
        memory.observe(f"+336{sender:02}112233", Kind.SMS, "Salut ça va ?", at)
        memory.observe(f"+337{sender:02}445566", Kind.SMS, "La revanche des lourdauds a commencé!", at)
    now = START + timedelta(minutes=20)
    assert (False, 3.5) == (
        "copies" in signals(memory, "+33600112233", now),
        signals(memory, "+33700445566", now)["copies"],
    )


def test_one_sender_has_one_vote_however_often_he_repeats_himself() -> None:
    memory = Memory(Vigilance())
    for second in range(50):
        memory.observe(
            "+33600000001", Kind.SMS, "la revanche des lourdauds", START + timedelta(seconds=second)
        )
    assert "copies" not in signals(memory, "+33600000001", START + timedelta(minutes=1))


def test_neighbouring_numbers_that_appear_together_are_a_block() -> None:
    memory = Memory(Vigilance())
    for last in range(20):
        memory.observe(f"+3361234{last * 400:04}", Kind.CALL, "", START + timedelta(minutes=last))
    assert signals(memory, "+33612340000", START + timedelta(hours=1))["block"] == 3.5


def test_an_operators_words_are_found_whatever_their_spelling() -> None:
    memory = Memory(Vigilance(words=("Trufflonne",)))
    memory.observe("+33600000001", Kind.SMS, "sale TRÙFFLOOONNE", START)
    assert signals(memory, "+33600000001", START)["operator_words"] > 0


def test_words_of_the_flood_are_learned_and_stay_below_their_cap() -> None:
    memory = remembered("one-abusive", RAID + 14)
    truth = invent("one-abusive", 3, CORPORA["first"]).truth
    now = START + timedelta(hours=RAID + 14)
    words = {role: [] for role in ("ordinary", "flooder")}  # type: dict[str, list[float]]
    for number, role in truth.items():
        if (value := signals(memory, number, now).get("words")) is not None:
            words[role].append(value)
    mean = {role: sum(values) / len(values) for role, values in words.items()}
    assert (True, True) == (
        mean["flooder"] - mean["ordinary"] > 2.0,
        max(abs(value) for values in words.values() for value in values) <= WORDS_CLIP,
    )


def test_replaying_the_same_events_gives_the_same_memory_in_any_process() -> None:
    code = (
        "from datetime import timedelta\n"
        "from tests.rules.test_suspicion import START, remembered\n"
        "from relou_gateway.invent import CORPORA, invent\n"
        "memory = remembered('forum-first-hour', 2)\n"
        "print([memory.suspicion(each, START + timedelta(hours=2)).score for each in"
        " sorted(invent('forum-first-hour', 3, CORPORA['first']).truth)])\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.booleans(), st.text(max_size=700), st.integers(-3600, 7200)),
        max_size=60,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_text_and_any_step_of_the_clock_is_taken_in(events: list[tuple[int, bool, str, int]]) -> None:
    memory, at = Memory(Vigilance(senders=10, words_known=50, phrases_known=50)), START
    for sender, call, text, step in events:
        at += timedelta(seconds=step)
        memory.observe(f"+3360000{sender:04}", Kind.CALL if call else Kind.SMS, text, at)
    scores = memory.scores([f"+3360000{sender:04}" for sender in range(31)], at)
    assert all(-40 < score < 40 for score in scores)


def test_strangers_cannot_make_the_memory_grow_without_bound() -> None:
    memory = Memory(Vigilance(senders=200, words_known=1000, phrases_known=1000))
    rng = random.Random(1)
    for count in range(1000):
        text = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(400))
        memory.observe(f"+336{count:08}", Kind.SMS, text, START + timedelta(seconds=10 * count))
    assert all(held <= limit for held, limit in memory.sizes().values())


def test_a_raid_from_the_first_hour_leaves_people_to_learn_from() -> None:
    memory = remembered("forum-first-hour", 12)
    now = START + timedelta(hours=12)
    truth = invent("forum-first-hour", 3, CORPORA["first"]).truth
    scores = {role: [] for role in ("ordinary", "flooder")}  # type: dict[str, list[float]]
    for number, role in truth.items():
        if (found := memory.suspicion(number, now)) != UNKNOWN:
            scores[role].append(found.score)
    people = sorted(scores["ordinary"])
    beaten = sum(people[int(len(people) * 0.9)] < each for each in scores["flooder"])
    assert beaten > 0.8 * len(scores["flooder"])


def test_who_says_quietly_what_loud_ones_copy_is_not_called_a_copyist() -> None:
    memory = Memory(Vigilance())
    phrase = "je suis devant la gare avec mon frere"
    for sender in range(30):
        for second in range(12):
            at = START + timedelta(minutes=sender, seconds=second)
            memory.observe(f"+336{sender:02}112233", Kind.SMS, phrase, at)
    memory.observe("+33799887766", Kind.SMS, phrase, START + timedelta(minutes=40))
    now = START + timedelta(minutes=41)
    assert (
        "copies" in signals(memory, "+33600112233", now),
        "copies" in signals(memory, "+33799887766", now),
    ) == (
        True,
        False,
    )


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "abcdefghij" * 1_000,
        "e\u0301\u0323\u0306" * 3_000,
        "\ufdfa" * 10_000,
        "\u0301" * 10_000,
        "x " * 5_000,
        "!?.," * 2_500,
        "\ud83d\ude00" * 2_000,
        "\n\t\x00" * 3_000,
    ],
    ids=[
        "one letter",
        "no space",
        "accents",
        "one becomes eighteen",
        "only accents",
        "short words",
        "signs",
        "pairs",
        "blanks",
    ],
)
def test_no_text_costs_more_than_its_share_of_time_and_memory(text: str) -> None:
    begun = time.process_time()
    for _ in range(20):
        found = phrasing(text)
    took = (time.process_time() - begun) / 20
    assert (True, True, True) == (took < 0.02, len(found.words) <= WORDS + PIECES, len(found.runs) <= RUNS)


def test_a_hundred_thousand_senders_leave_no_more_than_is_allowed() -> None:
    memory = Memory(Vigilance(senders=500, words_known=2000, phrases_known=2000))
    for count in range(100_000):
        kind = Kind.CALL if count % 50 else Kind.SMS
        text = f"{count:x} zebre {count % 97:b} {count * 7919 % 10007:o}" if kind is Kind.SMS else ""
        memory.observe(f"+336{count:08}", kind, text, START + timedelta(seconds=count / 40))
    held = memory.sizes()
    assert all(have <= limit for have, limit in held.values()), held


def test_what_was_asked_meanwhile_changes_nothing_that_is_learned() -> None:
    live, replayed = Memory(Vigilance()), Memory(Vigilance())
    events = [
        event
        for event in invent("forum-first-hour", 5, CORPORA["first"]).events
        if event.at < START + timedelta(hours=3)
    ]
    for count, event in enumerate(events):
        for memory in (live, replayed):
            memory.observe(event.number, Kind(event.kind), event.text, event.at)
        if count % 5 == 0:
            later = event.at + timedelta(seconds=count % 400)
            upto = min(later, events[min(count + 1, len(events) - 1)].at)
            live.advance(upto)
            live.scores([each.number for each in events[max(0, count - 40) : count]], upto)
            live.forecast(upto)
    now = events[-1].at + timedelta(hours=1)
    numbers = sorted({event.number for event in events})
    assert [live.suspicion(each, now) for each in numbers] == [
        replayed.suspicion(each, now) for each in numbers
    ]
