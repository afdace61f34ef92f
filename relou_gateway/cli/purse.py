"""What `status`, `budget` and `credit` say of what the SIM holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..rules import budget
from ..rules.balance import IDLE
from ..rules.money import decimal
from ..store import balance
from ..store.balance import Credit, Trouble
from ..store.database import Connection
from .desk import Desk
from .output import iso
from .screen import at_a_glance, field

STALE = 2
"""After so many times `budget.balance.every` it is said that a credit is old; it counts all the same."""


@dataclass(frozen=True, slots=True)
class Purse:
    """The SIM's credit as far as anybody knows, why it was not told last, and how long the SIM lies idle."""

    credit: Credit | None
    trouble: Trouble | None
    idle: timedelta


def look(desk: Desk, tx: Connection) -> Purse:
    """Read what is known."""
    since = balance.idle_since(tx)
    idle = timedelta(0) if since is None else desk.now.quota - since
    return Purse(balance.credit(tx), balance.trouble(tx), idle)


def record(purse: Purse) -> dict[str, str | None]:
    """Return what programs read: `credit` is what should be left now."""
    credit, trouble = purse.credit, purse.trouble
    words = {
        "credit_trouble": None if trouble is None else trouble.words,
        "credit_trouble_at": None if trouble is None else iso(trouble.asked_wall),
    }
    if credit is None:
        names = ("credit", "credit_told", "credit_told_at", "credit_expected", "credit_difference")
        return {**dict.fromkeys(names), **words}
    return {
        "credit": decimal(credit.left),
        "credit_told": decimal(credit.told),
        "credit_told_at": iso(credit.told_wall),
        "credit_expected": None if credit.expected is None else decimal(credit.expected),
        "credit_difference": credit.words,
        **words,
    }


def show(desk: Desk, purse: Purse) -> None:
    """Print what people read; nothing where nobody asks for the credit."""
    lines = list(_lines(desk, purse))
    for label, (text, colour) in zip(["credit", *[""] * len(lines)], lines, strict=False):
        field(label, text, colour)


def idling(desk: Desk, purse: Purse) -> str | None:
    """Return a warning where the SIM lies idle and nothing is done about it."""
    if purse.idle < IDLE or desk.settings.modem.keep_alive is not None:
        return None
    return f"nothing was sent for {purse.idle.days} days: idle SIMs are switched off; set modem.keep_alive"


def _lines(desk: Desk, purse: Purse) -> Iterator[tuple[str, str | None]]:
    limits = desk.settings.policy.budget
    if purse.credit is not None:
        yield _amount(desk, purse.credit)
        yield from _remarks(desk, purse.credit)
    elif limits.balance is not None:
        yield "not known yet; the gateway asks when it has a network", None
    if purse.trouble is not None:
        at = at_a_glance(purse.trouble.asked_wall)
        yield f"it could not be told at {at}: {purse.trouble.words}", "yellow"


def _amount(desk: Desk, credit: Credit) -> tuple[str, str]:
    """Return what is left, and against what it is held."""
    limits = desk.settings.policy.budget
    told = f"{decimal(credit.told)} told at {at_a_glance(credit.told_wall)}"
    head = f"{decimal(credit.left)} {limits.currency} ({told}, {decimal(credit.spent)} spent since)"
    if limits.keep is None:
        return head, "green"
    if budget.below_floor(credit.left, limits.price.default, limits):
        return f"{head}; sending has stopped to keep {decimal(limits.keep)}: top the SIM up", "red"
    return f"{head}; sending stops at {decimal(limits.keep)}", "green"


def _remarks(desk: Desk, credit: Credit) -> Iterator[tuple[str, str | None]]:
    """Yield how what was told differs from the ledger, and that it is old."""
    if credit.expected is not None and credit.words and credit.expected != credit.told:
        yield f"{decimal(credit.expected)} was expected: {credit.words}", None
    rules = desk.settings.policy.budget.balance
    age = _age(desk.now.wall, credit)
    if rules is not None and age > STALE * rules.every:
        yield f"that is {_words(age)} old; it counts until another is told", "yellow"


def _age(now: datetime, credit: Credit) -> timedelta:
    return now - credit.told_wall


def _words(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
