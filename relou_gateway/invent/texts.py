"""Texts as people type them: templates filled at random, then spelled as on a phone."""

from __future__ import annotations

import random
import re
from typing import Protocol

from .vocabulary import FIRST, SECOND, Vocabulary

_SLOT = re.compile(r"\{(\w+)\}")

_SHORT = {
    "c'est": "c",
    "est": "é",
    "que": "k",
    "quoi": "koi",
    "pas": "pa",
    "tout": "tt",
    "pour": "pr",
    "avec": "ac",
    "toi": "twa",
    "vous": "vs",
    "dans": "ds",
    "beaucoup": "bcp",
    "on": "n",
    "les": "lé",
    "de": "2",
    "qu'une": "kune",
}


class Corpus(Protocol):
    """Where the texts of a trace come from."""

    def ordinary(self, rng: random.Random) -> str:
        """Return what somebody writes to a number that he was given."""
        ...

    def abusive(self, rng: random.Random) -> str:
        """Return what a raider makes up himself."""
        ...

    def slogans(self) -> tuple[str, ...]:
        """Return what raiders copy from their forum."""
        ...


class Invented:
    """A corpus made of a `Vocabulary`."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def ordinary(self, rng: random.Random) -> str:
        """Return an ordinary text; one in fifty is angry, as people are."""
        if rng.random() < 0.02:
            return self.abusive(rng)
        return _typed(self._fill(rng.choice(self._vocabulary.ordinary), rng), rng)

    def abusive(self, rng: random.Random) -> str:
        """Return an abusive text; half of them also use words of ordinary days."""
        text = self._fill(rng.choice(self._vocabulary.abusive), rng)
        if rng.random() < 0.5:
            rest = self._fill(rng.choice(self._vocabulary.ordinary), rng)
            text = f"{rest} {text}" if rng.random() < 0.5 else f"{text} {rest}"
        return _typed(text, rng)

    def slogans(self) -> tuple[str, ...]:
        """Return the phrases that go round in the forum."""
        return self._vocabulary.slogans

    def _fill(self, template: str, rng: random.Random) -> str:
        slots = self._vocabulary.slots
        text = _SLOT.sub(lambda found: rng.choice(slots[found[1]]), template)
        if rng.random() < 0.25:  # names of people and places have a long tail that no list has
            text += " " + "".join(rng.choice(slots["syllable"]) for _ in range(rng.randint(2, 4)))
        return " ".join(text.split())


CORPORA: dict[str, Corpus] = {"first": Invented(FIRST), "second": Invented(SECOND)}
"""Rules are tuned on one and reported on the other."""


def changed(text: str, rng: random.Random) -> str:
    """Return `text` with one or two small changes, as those who copy make to look original."""
    for _ in range(rng.choice((0, 1, 1, 2))):
        text = rng.choice(_CHANGES)(text, rng)
    return text


def _typed(text: str, rng: random.Random) -> str:
    """Spell `text` as one sender would: phone spelling, typos, capitals, stretched vowels."""
    style = rng.random()
    words = text.split()
    if style < 0.4:
        words = [_SHORT.get(word, word) if rng.random() < 0.6 else word for word in words]
    words = [_typo(word, rng) if rng.random() < 0.05 else word for word in words]
    text = " ".join(words)
    if rng.random() < 0.35:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.04:
        text = text.upper()
    return text


def _typo(word: str, rng: random.Random) -> str:
    if len(word) < 3:
        return word
    place = rng.randrange(1, len(word))
    kind = rng.randrange(3)
    if kind == 0:
        return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
    return word[:place] + word[place + 1 :] if kind == 1 else word[:place] + word[place] * 2 + word[place:]


def _louder(text: str, rng: random.Random) -> str:
    return text.upper() if rng.random() < 0.3 else text + "!" * rng.randint(1, 5)


def _misspelt(text: str, rng: random.Random) -> str:
    words = text.split()
    place = rng.randrange(len(words))
    words[place] = _typo(words[place], rng)
    return " ".join(words)


def _longer(text: str, rng: random.Random) -> str:
    return f"{text} {rng.choice(('lol', 'mdr', '😂', 'gg', 'haha', 'xptdr', '#relou'))}"


def _spaced(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    return text[:place] + " " + text[place:]


_CHANGES = (_louder, _misspelt, _longer, _spaced)
