"""The SIM's credit: read from what the operator answers, and held against our own reckoning.

The ledger rules; what the operator says is advice (gammu#513). It can stop us earlier than the caps
would, and it shows what no ledger of ours knows: reports and calls that cost, credit that ran out by
date, a top-up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from . import money
from .policy import MICRO

LONGEST = 200
"""Characters of an answer that are looked at: USSD carries 182 at most (23.038 ch. 5)."""

LITTLE = MICRO // 100
"""A difference up to this is none: operators round to two decimals."""

PAUSES = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 240))
"""Waits after the first, second … question that brought no amount, or one that is too low."""

WISHES_APART = timedelta(minutes=2)
"""From the end of a question to the next one that an operator wishes for: each may take half a minute."""

IDLE = timedelta(days=60)
"""Without use for 70 days to 6 months, prepaid SIMs are switched off; from here on that is told."""


# --- reading ------------------------------------------------------------------------------


class Unread(NamedTuple):
    """No amount could be read; `reason` says why, for the operator who wrote the pattern."""

    reason: str


def plain(answer: str) -> str:
    """Return what of an answer is looked at: its beginning, with ordinary spaces.

    All of Unicode's spaces and line breaks become one space each, other control characters none.
    """
    spaced = "".join(" " if each.isspace() else each for each in answer[:LONGEST])
    return "".join(each for each in spaced if unicodedata.category(each) not in {"Cc", "Cf"})


def find(answer: str, pattern: str) -> str | None:
    """Return what the one group of `pattern` finds in an answer.

    The pattern is the operator's and can be one that takes for ever: search in an answer only what
    was searched before where that can be broken off (`modem.service_code`).
    """
    found = re.search(pattern, plain(answer))
    return None if found is None else found[1]


def read(answer: str, pattern: str) -> int | Unread:
    """Return the amount in an operator's answer in micro-units, or why there is none."""
    found = find(answer, pattern)
    if found is None:
        return Unread("budget.balance.pattern finds nothing in the answer")
    amounts = list(_amounts(found))
    if len(amounts) != 1:
        return Unread(f"what budget.balance.pattern finds holds {len(amounts) or 'no'} amounts, not one")
    return amounts[0] if abs(amounts[0]) <= money.LARGEST else Unread("the amount is beyond all measure")


_AMOUNT = re.compile(
    r"""
    (?P<sign>[-−])?[ ]?
    (?:
        (?P<units>
            [0-9]{1,3} (?P<group>[ .,'’٬]) [0-9]{3} (?: (?P=group)[0-9]{3} )* (?![0-9])
            | [0-9]+
        )
        (?: [.,٫] (?P<decimals>[0-9]+) )?
        | [.,٫] (?P<alone>[0-9]+)
    )
    """,
    re.VERBOSE,
)


def _amounts(text: str) -> Iterator[int]:
    """Yield the amounts in what a pattern found; currencies and words between them do not count."""
    western = "".join(str(unicodedata.decimal(each, each)) for each in text)
    for found in _AMOUNT.finditer(western):
        units, decimals = _halves(found)
        amount = int(units) * MICRO + int(decimals[:6].ljust(6, "0"))
        yield -amount if found["sign"] else amount


def _halves(found: re.Match[str]) -> tuple[str, str]:
    """Return the digits before and behind the decimal separator.

    1.234 is a little more than 1, as operators mean it who count in thousandths. Whoever means a
    thousand is taken to have too little, which stops the gateway early, and never too late.
    """
    units, decimals = found["units"] or "0", found["decimals"] or found["alone"] or ""
    if not decimals and found["group"] in {".", ","} and units.count(found["group"]) == 1:
        units, _, decimals = units.partition(found["group"])
    return "".join(filter(str.isdigit, units)), decimals


# --- reckoning ----------------------------------------------------------------------------


class Standing(StrEnum):
    """How the credit that was told stands to what it should be."""

    FIRST = "first"
    AS_EXPECTED = "as_expected"
    TOPPED_UP = "topped_up"
    MORE = "more"
    LESS = "less"


class Finding(NamedTuple):
    """What a told credit means. `difference` is told less expected, in micro-units, None the first time."""

    standing: Standing
    expected: int | None
    difference: int | None
    words: str


def reconcile(before: int | None, spent: int, told: int, *, doubtful: int = 0) -> Finding:
    """Hold a credit that was just `told` against what our own ledger lets us expect.

    `before` is what was told the last time, None the first time; `spent` is what we reserved since then,
    and `doubtful` how much of it may never have left. All are micro-units.
    """
    if before is None:
        return Finding(Standing.FIRST, None, None, "told for the first time")
    expected = before - spent
    difference = told - expected
    if abs(difference) <= LITTLE:
        return Finding(Standing.AS_EXPECTED, expected, difference, "as the ledger has it")
    if difference < 0:
        return Finding(Standing.LESS, expected, difference, _why_less(-difference, spent, told))
    return _higher(expected, difference, spent, doubtful)


def _why_less(missing: int, spent: int, told: int) -> str:
    head = f"{money.decimal(missing)} less than the ledger has it"
    if told <= 0:
        return f"{head}: nothing is left; credit runs out by date, too"
    causes = "delivery reports, calls or a subscription may cost, or credit ran out by date"
    if spent:
        causes = f"budget.price may be too low for what is sent; {causes}"
    return f"{head}: {causes}"


def _higher(expected: int, difference: int, spent: int, doubtful: int) -> Finding:
    """Tell a top-up from parts that were cheaper than was reckoned: those never explain half of it."""
    head = f"{money.decimal(difference)} more than the ledger has it"
    if difference <= doubtful + LITTLE:
        words = f"{head}: some of what is in doubt was not charged"
    elif difference <= spent // 2:
        words = f"{head}: budget.price may be too high for what is sent, or the SIM was topped up"
    else:
        words = f"the SIM was topped up by about {money.decimal(difference)}"
        return Finding(Standing.TOPPED_UP, expected, difference, words)
    return Finding(Standing.MORE, expected, difference, words)


# --- asking -------------------------------------------------------------------------------


def pause(every: timedelta, in_vain: int) -> timedelta:
    """Return how long to wait with the next question, when `in_vain` in a row brought no credit to send with.

    `every` is how often it is asked on good days, and the longest wait of all.
    """
    if not in_vain:
        return every
    return min(every, PAUSES[in_vain - 1]) if in_vain <= len(PAUSES) else every
