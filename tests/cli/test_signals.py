"""Suspicions in words, those that no page knows yet among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.cli import signals
from relou_gateway.rules.ranking import Contribution
from relou_gateway.rules.records import Kind
from relou_gateway.rules.suspicion import Memory
from relou_gateway.rules.vigilance import Vigilance

figures = st.floats(-1e6, 1e6) | st.integers(-(10**9), 10**9)


@pytest.mark.parametrize(
    ("signal", "seen", "words"),
    [
        (
            "surge",
            {"came": 120, "expected": 8.333},
            "strangers around his first message: 120, where 8.33 are ordinary",
        ),
        ("volume", {"events": 9}, "messages and calls of his in all: 9"),
        ("copies", {"others": 12.5}, "other senders with the same or nearly the same words: 12.5"),
        ("volume", {"events": 9, "odd_key": 2}, "messages and calls of his in all: 9 (odd key 2)"),
        ("volume", {"number": 9}, "volume (number 9)"),
        ("met_before", {}, "met before"),
        ("brand_new", {"thing": 1.5}, "brand new (thing 1.5)"),
        ("brand_new", {}, "brand new"),
        (
            "habits",
            {"events0": 0.3, "odd_habit": -0.25},
            "how he writes and calls (first ten minutes 0.3, odd habit -0.25)",
        ),
    ],
)
def test_a_signal_is_told_with_its_figures(signal: str, seen: dict[str, float], words: str) -> None:
    assert words == signals.in_words(Contribution(signal, 1.0, tuple(seen.items())))


@given(st.text(max_size=9), figures, st.dictionaries(st.text(max_size=9), figures, max_size=4))
def test_whatever_a_ranking_says_is_told(signal: str, log_odds: float, seen: dict[str, float]) -> None:
    told = signals.in_words(Contribution(signal, log_odds, tuple(seen.items())))
    assert all(name.replace("_", " ") in told for name in seen if name not in signals.FIGURES)


@pytest.mark.parametrize(
    ("log_odds", "said"),
    [
        (2.2, "speaks for a raid"),
        (-0.01, "speaks against a raid"),
        (0.0, "says nothing"),
        (0.004, "says nothing"),
    ],
)
def test_the_sign_is_told_in_words(log_odds: float, said: str) -> None:
    assert said == signals.direction(log_odds)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(120, "120"), (100.0, "100"), (1.5, "1.5"), (3.204, "3.2"), (-0.001, "0"), (0, "0"), (-7, "-7")],
)
def test_a_figure_has_no_more_digits_than_people_need(value: float, shown: str) -> None:
    assert shown == signals.figure(value)


def test_the_largest_come_first_whichever_way_they_speak() -> None:
    those = [
        Contribution(name, odds, ()) for name, odds in {"a": 1.0, "b": -3.0, "c": 2.0, "d": -1.0}.items()
    ]
    assert ["b", "c", "a", "d"] == [each.signal for each in signals.largest_first(those)]


def test_all_signals_of_the_ranking_have_words_for_themselves_and_their_figures() -> None:
    memory = Memory(Vigilance(words=("relou",)))
    at = datetime(2026, 3, 6, tzinfo=UTC)
    for minute in range(200):
        number = f"+3361234{minute % 50:04}"
        memory.observe(number, Kind.SMS, "tu es relou avec ton numéro", at + timedelta(minutes=minute))
        memory.observe(number, Kind.CALL, "", at + timedelta(minutes=minute, days=2))
    now = at + timedelta(days=3)
    for each in memory.suspicion("+33612340007", now).contributions:
        assert each.signal in signals.WORDS, each
        assert signals.in_words(each).startswith(signals.WORDS[each.signal].partition("{")[0]), each
