"""What a text is compared by: its words, pieces of words, and runs of letters.

Everything is a 32-bit number: the same in each process (no hash randomisation), small in memory,
and no stranger's text is kept. Time and size are linear in the first `LETTERS` characters and
bounded whatever they are: there is no backtracking expression and no search in what was typed.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from zlib import crc32

LETTERS = 480
"""Characters of a text that are looked at: three SMS; who floods says it in the first."""

WORDS = 30
PIECES = 60
RUNS = 40
RUN = 14
"""Letters in a row that must agree for two texts to count as copied: longer than everyday phrases."""

RUN_SAMPLE = 4
"""One run in this many is kept, chosen by its hash, so that two texts keep the same ones."""

_WORD = re.compile(r"[^\W_]+|[^\w\s]")
_STRETCHED = re.compile(r"(.)\1+", re.DOTALL)
_PLAIN_SIGNS = frozenset(".,;:!?'\"()-/")


@dataclass(frozen=True, slots=True)
class Phrasing:
    """One text as numbers: `words` (with pieces of words) and `runs`; `manner` has percents.

    `manner` is length in characters, capitals among letters and signs among characters.
    """

    words: array[int]
    runs: array[int]
    manner: tuple[int, int, int]


def phrasing(text: str) -> Phrasing:
    """Return what `text` is compared by."""
    head = text[:LETTERS]
    plain = _plain(head)
    words = [word[:24] for word in islice(_significant(plain), WORDS)]
    letters = "".join(word for word in words if word[0].isalnum())
    marks = [f"w{word}" for word in words]
    marks += islice((f"p{piece}" for word in words for piece in _pieces(word)), PIECES)
    return Phrasing(_hashed(marks), _runs(letters), _manner(head, len(text)))


def word_marks(words: Iterable[str]) -> frozenset[int]:
    """Return the numbers under which `words`, as an operator typed them, are found in texts."""
    return frozenset(mark(f"w{each[:24]}") for word in words for each in _significant(_plain(word)))


def mark(text: str) -> int:
    """Return the number of `text`: CRC-32, fast and the same everywhere; a collision costs little."""
    return crc32(text.encode("utf-8", "surrogatepass"))


def _plain(text: str) -> str:
    """Return `text` without accents, case and stretched letters ("Saluuut" is "salut")."""
    split = unicodedata.normalize("NFKD", text.casefold())[: 2 * LETTERS]
    return _STRETCHED.sub(r"\1", "".join(char for char in split if not unicodedata.combining(char)))


def _significant(plain: str) -> Iterator[str]:
    return (word for word in _WORD.findall(plain) if word not in _PLAIN_SIGNS)


def _pieces(word: str) -> Iterator[str]:
    """Yield runs of four within a word and its edges: they see through endings and misspellings."""
    framed = f"_{word}_"
    return (framed[at : at + 4] for at in range(len(framed) - 3)) if len(word) > 2 else iter(())


def _runs(letters: str) -> array[int]:
    every = (mark(letters[at : at + RUN]) for at in range(len(letters) - RUN + 1))
    return array("L", sorted({*islice((run for run in every if run % RUN_SAMPLE == 0), RUNS)}))


def _hashed(marks: list[str]) -> array[int]:
    return array("L", sorted({mark(each) for each in marks}))


def _manner(text: str, length: int) -> tuple[int, int, int]:
    letters = sum(char.isalpha() for char in text)
    capitals = sum(char.isupper() for char in text)
    signs = sum(not char.isalnum() and not char.isspace() for char in text)
    return length, 100 * capitals // max(1, letters), 100 * signs // max(1, len(text))
