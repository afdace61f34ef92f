"""What modems answer to AT commands that ask for one thing, read with all their differences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .at import AtFailure, Conversation


def known(talk: Conversation, command: str, timeout: float | None = None) -> tuple[str, ...]:
    """Return the lines that answer a command, none where the modem refuses it; raises `NoAnswer`."""
    try:
        return talk.ask(command, timeout)
    except AtFailure:
        return ()


def value(lines: Sequence[str]) -> str:
    """Return what stands behind the name of the first line that has one: `+CSQ: 21,99` is 21,99."""
    named = next((line for line in lines if ":" in line), "")
    return named.partition(":")[2].strip()


def plain(lines: Sequence[str]) -> str:
    """Return an answer that some modems give bare and others behind its name, in quotes or not."""
    text = lines[0] if lines else ""
    return re.sub(r"^\+\w+: *", "", text).strip().strip('"')[:80]


def digits(lines: Sequence[str]) -> str:
    """Return the number of a card or a modem that stands in an answer, empty where there is none."""
    found = re.search(r"\d{14,17}", " ".join(lines))
    return found[0] if found else ""


def readable(text: str) -> str:
    """Return a text that a modem set to UCS-2 shows as hex digits."""
    if len(text) >= 8 and re.fullmatch(r"(?:00[0-9A-Fa-f]{2})+", text):
        return bytes.fromhex(text).decode("utf-16-be")
    return text[:80]
