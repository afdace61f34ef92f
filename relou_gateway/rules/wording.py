"""Which text, in which alphabet, how many parts, what it costs.

An SMS carries 140 octets: 160 characters of the GSM 7-bit alphabet, but only 70 of UCS-2 as
soon as one character is outside of it. A longer text goes in parts, each with a header of 6
octets and a price of its own. So one ’ in place of ' can more than double what an answer
costs. The gateway cuts by itself and sends each part alone: what is counted here is what leaves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from .policy import Text

DEFAULT_TEXT = (
    "Bonjour ! Si vous lisez ce message c’est que vous avez mis une femme mal à l’aise. "
    "Avec vous, elle ne s’est pas sentie en sécurité. Ce n’est pas très compliqué : si une "
    "femme vous dit “non”, inutile d’insister. Apprenez à respecter la liberté des femmes et "
    "leurs décisions. Merci."
)
"""What the founders of 2017 answered: 280 characters, 5 parts as typed, 2 when rewritten."""

# --- the alphabet -------------------------------------------------------------------------

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"  # 0x00-0x1F; 0x1B is the escape, no character
    " !\"#¤%&'()*+,-./0123456789:;<=>?"  # 0x20-0x3F
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"  # 0x40-0x5F
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"  # 0x60-0x7F
)
"""The GSM 7-bit default alphabet (3GPP 23.038 ch. 6.2.1): one septet each."""

_EXTENSION = "\f^{}\\[~]|€"
"""Its extension table (ch. 6.2.1.1): an escape and one septet each."""

_SEPTETS = dict.fromkeys(_BASIC, 1) | dict.fromkeys(_EXTENSION, 2)

# Capacity of one message, and of each part beside the 6 octets of its concatenation header
# (23.040 ch. 9.2.3.24.1): 140 and 134 octets of 7-bit septets or of 16-bit units.
_SINGLE_SEPTETS, _PART_SEPTETS = 160, 153
_SINGLE_UNITS, _PART_UNITS = 70, 67
MAX_PARTS = 255
"""The header counts the parts in one octet."""

# --- rewriting ----------------------------------------------------------------------------

_TYPOGRAPHY = {
    "'": "’‘‚‛′´`ʼ‹›",
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−•·‧∙",  # · as in étudiant·e·s, for which a hyphen is as old
    " ": "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\u0085\u2028\u2029",
    "...": "…",
    "oe": "œ",
    "OE": "Œ",
    "SS": "ẞ",
    "ff": "ﬀ",
    "fi": "ﬁ",
    "fl": "ﬂ",
    "ffi": "ﬃ",
    "ffl": "ﬄ",
}
"""What stands for each of these characters in the alphabet."""

_ACCENTS = {
    "a": "áâã",
    "c": "ç",  # the alphabet has only the capital
    "e": "êë",
    "i": "íîï",
    "o": "óôõ",
    "u": "úû",
    "y": "ýÿ",
    "A": "ÀÁÂÃ",
    "E": "ÈÊË",
    "I": "ÌÍÎÏ",
    "O": "ÒÓÔÕ",
    "U": "ÙÚÛ",
    "Y": "ÝŸ",
}
"""Accented letters of western Europe that the alphabet lacks.

There a word without its accents is still read as the same word. Further letters are left
out on purpose: in Turkish, Vietnamese and others the plain letter makes another word.
"""

_PLAIN = str.maketrans(
    {lacking: plain for plain, all_lacking in (_TYPOGRAPHY | _ACCENTS).items() for lacking in all_lacking}
)

# Soft hyphen, zero-width and direction marks, byte order mark, choice of an emoji's look.
_INVISIBLE = dict.fromkeys(
    [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFE0E, 0xFE0F, 0xFEFF]
)

_NO_BREAK = "\u00a0\u202f"
"""French sets such a space inside its quotation marks; it belongs to the mark, not to the words."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A text as it is sent. The parts joined are the text; `unicode` says UCS-2, else GSM 7-bit."""

    parts: tuple[str, ...]
    unicode: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What one answer comes to, for people.

    `text` is what leaves, `typed` what was configured; `septets` is None in UCS-2. `cost` is
    in micro-units. `forcing` names the characters that keep the text out of the GSM alphabet,
    as in "U+1F642 SLIGHTLY SMILING FACE": the ones to mend where the price matters.
    """

    typed: str
    text: str
    alphabet: str
    parts: int
    characters: int
    septets: int | None
    cost: int
    forcing: tuple[str, ...]


class Lot(Protocol):
    """The part of `random.Random` that draws one of several."""

    def choice(self, seq: Sequence[Text], /) -> Text:
        """Return one of `seq`, which is not empty."""


# --- which text ---------------------------------------------------------------------------


def allowed(texts: Iterable[Text], country: str | None) -> tuple[Text, ...]:
    """Return those of `texts` that a sender of `country` may get."""
    return tuple(text for text in texts if text.countries is None or country in text.countries)


def choose(texts: Iterable[Text], country: str | None, rng: Lot) -> Text | None:
    """Draw one of the texts that a sender of `country` may get; None where there is none."""
    candidates = allowed(texts, country)
    return rng.choice(candidates) if candidates else None


# --- in which alphabet --------------------------------------------------------------------


def septets(text: str) -> int | None:
    """Return how many septets `text` takes; None if a character is not in the GSM alphabet."""
    if not _SEPTETS.keys() >= set(text):
        return None
    return sum(_SEPTETS[character] for character in text)


def to_gsm7(text: str) -> str:
    """Return `text` with the same words in the GSM alphabet, or as it is if that cannot be.

    Nothing is half rewritten: a text that needs UCS-2 for an emoji keeps its ’ as well.
    """
    plain = _rewritten(text)
    return text if septets(plain) is None else plain


def _rewritten(text: str) -> str:
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    for space in _NO_BREAK:
        text = text.replace(f"«{space}", "«").replace(f"{space}»", "»")
    return text.translate(_PLAIN)


# --- how many parts -----------------------------------------------------------------------


def cut(text: str) -> Cut:
    """Return `text` in the fewest parts that an SMS allows, neither escape nor surrogate pair split.

    Raises ValueError for a text that is empty, needs more than `MAX_PARTS`, or holds what
    cannot be sent: a NUL, at which libGammu ends the text, or half a surrogate pair.
    """
    _refuse_unsendable(text)
    unicode = septets(text) is None
    if unicode:
        units = [1 if character <= "\uffff" else 2 for character in text]
        parts = _packed(text, units, _SINGLE_UNITS, _PART_UNITS)
    else:
        sizes = [_SEPTETS[character] for character in text]
        parts = _packed(text, sizes, _SINGLE_SEPTETS, _PART_SEPTETS)
    if len(parts) > MAX_PARTS:
        raise ValueError(f"the text needs {len(parts)} parts, an SMS can have {MAX_PARTS}; shorten it")
    return Cut(parts, unicode)


def compose(text: Text, *, gsm7: bool) -> Cut:
    """Return how `text` is sent, rewritten for the GSM alphabet if `gsm7`.

    Rewriting may lengthen (… becomes three characters); where it would cost more parts than
    UCS-2, the text stays as typed. Raises ValueError as `cut` does.
    """
    typed = cut(text.text)
    plain = to_gsm7(text.text)
    if not gsm7 or not plain:
        return typed
    rewritten = cut(plain)
    return rewritten if len(rewritten.parts) <= len(typed.parts) else typed


def _refuse_unsendable(text: str) -> None:
    if not text:
        raise ValueError("the text is empty; an SMS needs at least one character")
    for place, character in enumerate(text, start=1):
        if character == "\0":
            raise ValueError(f"character {place} of the text is a NUL, which ends it there; remove it")
        if "\ud800" <= character <= "\udfff":
            raise ValueError(f"character {place} of the text is half a surrogate pair; write the whole one")


def _packed(text: str, sizes: Sequence[int], single: int, each: int) -> tuple[str, ...]:
    """Fill parts of `each` from the left; one part if all fits in `single`."""
    if sum(sizes) <= single:
        return (text,)
    starts, used = [0], 0
    for place, size in enumerate(sizes):
        if used + size > each:
            starts.append(place)
            used = 0
        used += size
    ends = [*starts[1:], len(text)]
    return tuple(text[start:end] for start, end in zip(starts, ends, strict=True))


# --- what it costs ------------------------------------------------------------------------


def cost(cut: Cut, price: int) -> int:
    """Return what sending `cut` costs at `price` for one part, both in micro-units."""
    return len(cut.parts) * price


def preview(text: Text, *, gsm7: bool, price: int) -> Preview:
    """Return what sending `text` comes to; `price` of one part in micro-units. Raises as `cut` does."""
    composed = compose(text, gsm7=gsm7)
    sent = "".join(composed.parts)
    return Preview(
        typed=text.text,
        text=sent,
        alphabet="UCS-2" if composed.unicode else "GSM 7-bit",
        parts=len(composed.parts),
        characters=len(sent),
        septets=septets(sent),
        cost=cost(composed, price),
        forcing=_forcing(text.text, gsm7=gsm7),
    )


def _forcing(typed: str, *, gsm7: bool) -> tuple[str, ...]:
    """Name each character, once and in order, that no rewriting brings into the alphabet."""
    text = _rewritten(typed) if gsm7 else typed
    return tuple(_named(character) for character in dict.fromkeys(text) if character not in _SEPTETS)


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"


# --- what he may answer -------------------------------------------------------------------

_LONGEST_STOP = 160
"""Who asks to be left alone needs no second part; and strangers choose what is normalised here."""


def is_stop(text: str, stop_words: Iterable[str]) -> bool:
    """Say whether `text` is one of `stop_words` and nothing else.

    Case, accents, width and whatever stands round the word do not matter: « stop » ! is STOP.
    """
    said = _bare(text.strip()[: _LONGEST_STOP + 1])
    return said != "" and any(said == _bare(word.strip()[: _LONGEST_STOP + 1]) for word in stop_words)


_NOT_ASCII = re.compile("[^\0-\x7f]")
_FROM_LETTER_TO_LETTER = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)


@lru_cache(maxsize=256)  # every message is asked about twice, and each time against the same few words
def _bare(text: str) -> str:
    """Return the words of `text` alone, without case and accents; empty if it is too long for that."""
    if len(text) > _LONGEST_STOP:
        return ""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = _NOT_ASCII.sub(_without_marks, decomposed).casefold()
    # A stop word may also be a sign, such as 🛑: what has no letters is compared whole.
    words = _FROM_LETTER_TO_LETTER.search(letters)
    return " ".join((words[0] if words else letters).split())


def _without_marks(found: re.Match[str]) -> str:
    return "" if unicodedata.category(found[0]) in {"Mn", "Cf"} else found[0]
