"""Strangers' texts as SQLite can hold them, without loss.

libGammu gives UTF-16 as it came: half of an emoji, split over two parts, is a lone surrogate,
which is no Unicode text and which sqlite3 refuses (python-gammu#37).
"""

from __future__ import annotations

import re

_ENCODING = "utf-16-be"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def units(text: str) -> bytes:
    """Return the UTF-16 units of `text`, lone surrogates included."""
    return text.encode(_ENCODING, "surrogatepass")


def text(stored: bytes) -> str:
    """Return the text of UTF-16 units; halves that meet become one character again."""
    return stored.decode(_ENCODING, "surrogatepass")


def storable(received: str) -> tuple[str, bytes | None]:
    """Return `received` as storable text, and its units where that text alone would lose something."""
    if _encodes(received):
        return received, None
    whole = text(units(received))
    if _encodes(whole):
        return whole, None
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", whole), units(received)


def _encodes(received: str) -> bool:
    """Say whether a text has no surrogates: nearly all have none, and this is the quickest way to know."""
    try:
        received.encode()
    except UnicodeEncodeError:
        return False
    return True
