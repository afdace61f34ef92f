"""What a suspicion says, signal by signal, in words.

A signal that has no words here is told by its name and figures: a ranking may learn a new one
before this page does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Formatter

from ..rules.ranking import Contribution

WORDS = {
    "surge": "strangers around his first message: {came}, where {expected} are ordinary",
    "volume": "messages and calls of his in all: {events}",
    "tempo": "messages and calls in his first ten minutes: {events}",
    "calls": "calls of his: {calls}",
    "copies": "other senders with the same or nearly the same words: {others}",
    "block": (
        "other new numbers alike but for the last two digits: {in_hundred}, "
        "but for the last four: {in_ten_thousand}"
    ),
    "operator_words": "words of his that the operator listed (raid.words): {words}",
    "met_before": "days between his first message and his latest: {days}",
    "habits": "how he writes and calls",
    "words": (
        "of {all} words and pieces of words, those that belong to the flood: {for_flood}, "
        "to ordinary days: {for_ordinary}"
    ),
}
"""A sentence for each signal; its figures stand in braces under their names."""

FIGURES = {
    "events0": "first ten minutes",
    "events1": "until half an hour",
    "events2": "until an hour",
    "events3": "until three hours",
    "calling": "calling or writing",
    "length": "length",
    "capitals": "capitals",
    "signs": "signs",
}
"""What the figures are called that stand behind a sentence."""

LITTLE = 0.005
"""What is less is shown as nothing."""


def largest_first(contributions: Iterable[Contribution]) -> list[Contribution]:
    """Return the signals, those that weigh most on top, whichever way they speak."""
    return sorted(contributions, key=lambda each: (-abs(each.log_odds), each.signal))


def in_words(contribution: Contribution) -> str:
    """Return what a signal saw, with its figures."""
    seen = dict(contribution.seen)
    sentence = WORDS.get(contribution.signal, "")
    names = {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
    if not sentence or not names <= seen.keys():
        told, names = contribution.signal.replace("_", " "), set()
    else:
        told = sentence.format_map({name: figure(seen[name]) for name in names})
    rest = _rest({name: value for name, value in seen.items() if name not in names})
    return f"{told} ({rest})" if rest else told


def direction(log_odds: float) -> str:
    """Say in words which way a signal speaks."""
    if abs(log_odds) < LITTLE:
        return "says nothing"
    return "speaks for a raid" if log_odds > 0 else "speaks against a raid"


def figure(value: float) -> str:
    """Return a number as people read it: with two digits behind the point at the most."""
    shown = f"{value:.2f}".rstrip("0").removesuffix(".")
    return "0" if shown == "-0" else shown


def _rest(seen: Mapping[str, float]) -> str:
    return ", ".join(
        f"{FIGURES.get(name, name.replace('_', ' '))} {figure(value)}" for name, value in seen.items()
    )
