"""What people type, read by the kinds of the configuration, but with more patience.

A small letter, a comma in an amount, a number as it is dialled: what can only mean one thing is taken.
Each function raises `Wrong` for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from ...config import values
from ...config.settings import PIN
from ...rules import numbers, wording
from ...rules.numbers import Owner
from .dialogue import Wrong
from .words import Say

NOTHING = frozenset({"-", "none", "aucun", "aucune", "null"})
"""Answers that mean none; Enter cannot, for it takes the default."""

_DURATIONS = re.compile(r"[0-9]+\s?[a-z]+|[^\s,;–-]+")

SHOWN = 40
"""Characters of a wrong answer that are shown again."""


def country(answer: str) -> str:
    """Return a country's code."""
    try:
        return values.COUNTRY.parse(answer.upper())
    except ValueError:
        raise Wrong(Say.WRONG_COUNTRY, answer=_short(answer)) from None


def countries(answer: str) -> frozenset[str]:
    """Return the codes of one country or more, between commas or blanks."""
    return frozenset(map(country, re.findall(r"[^\s,;]+", answer) or [answer]))


def currency(answer: str) -> str:
    """Return a currency's code."""
    signs = {"€": "EUR", "£": "GBP", "$": "USD"}
    try:
        return values.CURRENCY.parse(signs.get(answer, answer.upper()))
    except ValueError:
        raise Wrong(Say.WRONG_CURRENCY, answer=_short(answer)) from None


def amount(answer: str) -> int:
    """Return micro-units."""
    try:
        return values.AMOUNT.parse(answer.replace(",", "."))
    except ValueError:
        raise Wrong(Say.WRONG_AMOUNT, answer=_short(answer)) from None


def amount_or_none(answer: str) -> int | None:
    """Return micro-units, None for no limit."""
    return None if answer.lower() in NOTHING else amount(answer)


def whole_or_none(answer: str) -> int | None:
    """Return a whole number from 1, None for no limit."""
    try:
        return None if answer.lower() in NOTHING else values.WHOLE.parse(answer)
    except ValueError:
        raise Wrong(Say.WRONG_WHOLE, answer=_short(answer)) from None


def delay(answer: str, *, below: timedelta) -> tuple[timedelta, timedelta]:
    """Return the two ends of a delay, both `below` the time after which a reply expires."""
    wrong = Wrong(Say.WRONG_DELAY, answer=_short(answer), expire=values.DURATION.form(below))
    try:
        ends = [
            values.DURATION.parse("".join(each.split())) for each in _DURATIONS.findall(answer.strip("[]"))
        ]
    except ValueError:
        raise wrong from None
    if len(ends) not in {1, 2} or not ends[0] <= ends[-1] < below:
        raise wrong
    return ends[0], ends[-1]


def message(answer: str) -> str:
    """Return a text that can be sent."""
    try:
        text = values.MESSAGE.parse(answer)
        wording.cut(text)
    except ValueError:
        raise Wrong(Say.WRONG_TEXT) from None
    return text


def pin(answer: str) -> str:
    """Return a PIN, which no fault shows."""
    if not re.fullmatch(PIN, answer, re.ASCII):
        raise Wrong(Say.WRONG_PIN)
    return answer


def phones(answer: str, country: str) -> tuple[str, ...]:
    """Return numbers in E.164; without + they are read as dialled in `country`."""
    return _several(answer, lambda each: _phone(each, country))


def patterns(answer: str, country: str) -> tuple[str, ...]:
    """Return numbers in E.164 and prefixes that end in a star."""
    return _several(answer, lambda each: _pattern(each, country))


def mobile(answer: str, country: str) -> str | None:
    """Return the number of a person's phone, None for none."""
    if answer.lower() in NOTHING:
        return None
    found = numbers.read(answer, country)
    if found.owner is not Owner.PERSON:
        raise Wrong(Say.WRONG_MOBILE, answer=_short(answer))
    return found.number


def _several(answer: str, read: Callable[[str], str]) -> tuple[str, ...]:
    if answer.lower() in NOTHING:
        return ()
    return tuple(dict.fromkeys(read(each.strip()) for each in re.split("[,;]", answer) if each.strip()))


def _phone(answer: str, country: str) -> str:
    found = numbers.read(answer, country)
    try:
        return values.NUMBER.parse(found.number)
    except ValueError:
        raise Wrong(Say.WRONG_NUMBER, answer=_short(answer)) from None


def _pattern(answer: str, country: str) -> str:
    if not answer.endswith("*"):
        return _phone(answer, country)
    try:
        return values.PREFIX.parse(answer)
    except ValueError:
        raise Wrong(Say.WRONG_NUMBER, answer=_short(answer)) from None


def _short(answer: str) -> str:
    return answer if len(answer) <= SHOWN else f"{answer[: SHOWN - 1]}…"
