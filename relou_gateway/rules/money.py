"""Amounts of money: integer micro-units inside, decimal strings where people and programs read them."""

from __future__ import annotations

import re

from .policy import MICRO

LARGEST = 10**9 * MICRO
"""Beyond any budget, and far inside the 64 bits of a database integer."""

_AMOUNT = re.compile(r"(?P<units>[0-9]{1,9})(?:\.(?P<decimals>[0-9]{1,6}))?", re.ASCII)


def micros(text: str) -> int:
    """Return the micro-units of a plain decimal such as "0.16": exact, never through a float.

    Raises ValueError for anything else: signs, commas, exponents, more than six decimals.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError("not a decimal amount")
    return int(match["units"]) * MICRO + int((match["decimals"] or "").ljust(6, "0"))


def decimal(amount: int) -> str:
    """Return `amount` micro-units as a decimal with two to six places: 160_000 is "0.16"."""
    sign = "-" if amount < 0 else ""
    units, rest = divmod(abs(amount), MICRO)
    return f"{sign}{units}.{f'{rest:06}'.rstrip('0').ljust(2, '0')}"
