"""Texts made to cost time or memory to whoever compares, folds or counts them."""

from __future__ import annotations

import random
from collections.abc import Callable

LONGEST = 10_000
"""Characters; more than 255 parts of a long message cannot carry much more (3GPP 23.040 ch. 9.2.3.24.1)."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MARKS = "\u0300\u0301\u0302\u0308\u0316\u0323\u0327\u0330\u0345\u035c"


def _one_word(rng: random.Random) -> str:
    """Every run of letters is a new one, and there is no space."""
    return _drawn(rng, _LETTERS, LONGEST)


def _one_letter(rng: random.Random) -> str:
    return rng.choice(_LETTERS) * LONGEST


def _stretched(rng: random.Random) -> str:
    """Every copy has other lengths, and folds to the same few letters."""
    word = rng.choice(("salut", "coucou", "reponds")) * 4
    return "".join(letter * rng.randint(400, 1000) for letter in word)[:LONGEST]


def _marked(rng: random.Random) -> str:
    """Hundreds of combining marks on a letter, in an order that normalising has to sort."""
    return "".join(letter + _drawn(rng, _MARKS, 249) for letter in _drawn(rng, _LETTERS, LONGEST // 250))


def _new_words(rng: random.Random) -> str:
    """Thousands of words that nobody wrote before."""
    letters = _drawn(rng, _LETTERS, LONGEST)
    return " ".join(letters[start : start + 3] for start in range(0, LONGEST - 3, 4))


def _expanding(rng: random.Random) -> str:
    """One character that compatibility decomposition makes eighteen (U+FDFA), among others."""
    return _drawn(rng, "\ufdfa\ufdfb\u3316\u33a5", LONGEST)


def _joined(rng: random.Random) -> str:
    """Emoji glued to one another, beyond the first 65,536 characters."""
    return "\u200d".join(_drawn(rng, "👩👨👧🏽🏿❤", LONGEST // 2))


def _drawn(rng: random.Random, alphabet: str, count: int) -> str:
    """Draw `count` characters at once: thousands one by one would take longer than the raid."""
    drawn = {byte: alphabet[byte % len(alphabet)] for byte in range(256)}
    return rng.randbytes(count).decode("latin-1").translate(drawn)


KINDS: tuple[Callable[[random.Random], str], ...] = (
    _one_word,
    _one_letter,
    _stretched,
    _marked,
    _new_words,
    _expanding,
    _joined,
)


def text(rng: random.Random, kind: int) -> str:
    """Return a text of at most `LONGEST` characters of the given one of `KINDS`."""
    return KINDS[kind](rng)
