"""What an operator types to mean one sender, or all whose numbers begin alike.

Senders are known by E.164, short codes by their digits, names as they are. Whoever types a number
as he would dial it means the same sender; and a prefix of it, with `*` behind, the same senders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from . import numbers
from .numbers import Owner

_SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015\u2212]")
_DIALLED = re.compile(r"\+?[0-9]*")


class Unreadable(ValueError):
    """What was typed means nobody; the message says why, and what to write instead."""


def read(typed: str, country: str) -> str:
    """Return the pattern that `typed` means: a number as its sender is known, or a prefix with `*`.

    National forms are read as dialled in `country`: there 06* in FR is +336*. Raises `Unreadable`.
    """
    stripped = typed.strip()
    if stripped.endswith("*"):
        return f"{_prefix(stripped[:-1], country)}*"
    sender = numbers.read(stripped, country)
    if not sender.number:
        raise Unreadable("there is no number in it")
    if "*" in sender.number:
        raise Unreadable(f"{stripped!r}: a * can only stand at the end")
    if stripped.startswith("+") and sender.owner is Owner.SHORT_CODE:
        whole = f"+{sender.number}*"
        raise Unreadable(f"{stripped!r} is no whole number; write {whole} for all that begin with it")
    return sender.number


def countries_within(pattern: str, countries: Iterable[str]) -> list[str]:
    """Return those of `countries` of which `pattern` means every number, in alphabetical order."""
    if not pattern.endswith("*"):
        return []
    import phonenumbers  # noqa: PLC0415 - as in numbers

    return sorted(
        country
        for country in countries
        if f"+{phonenumbers.country_code_for_region(country)}".startswith(pattern[:-1])
    )


def _prefix(typed: str, country: str) -> str:
    """Return a prefix as numbers begin: from + on where it is dialled with 00 or the trunk prefix."""
    if "*" in typed:
        raise Unreadable(f"{typed + '*'!r}: a * can only stand at the end")
    dialled = _SEPARATORS.sub("", typed)
    if not _DIALLED.fullmatch(dialled):
        return typed  # names begin with anything
    if dialled.startswith("00"):
        return f"+{dialled[2:]}"
    import phonenumbers  # noqa: PLC0415 - as in numbers

    trunk = phonenumbers.ndd_prefix_for_region(country, strip_non_digits=True)
    if trunk and dialled.startswith(trunk):
        return f"+{phonenumbers.country_code_for_region(country)}{dialled.removeprefix(trunk)}"
    return dialled
