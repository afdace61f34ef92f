"""What the operators decided: the part of the configuration that rules are judged by.

`config` reads these records from YAML, `pipeline` receives them as arguments. Keys, units
and defaults are those of config.example.yaml; None switches a limit off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from .vigilance import Vigilance

MICRO = 1_000_000
"""Micro-units in one unit of the currency."""


@dataclass(frozen=True, slots=True)
class Text:
    """One answer. `countries` limits it to senders of these ISO 3166 countries; None: all."""

    text: str
    countries: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Replies:
    """How an answer is made and when it goes."""

    delay: tuple[timedelta, timedelta]
    expire: timedelta
    texts: tuple[Text, ...]
    gsm7: bool
    to_calls: bool
    review: bool
    stop_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Senders:
    """Who is answered. `never` and `own` hold E.164 numbers; `never` also prefixes."""

    country: str
    answer: frozenset[str]
    cooldown: timedelta
    lifetime: int | None
    never: tuple[str, ...]
    own: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Throttle:
    """Caps on answers, recipients and parts; a month is 30 days, all windows roll."""

    per_minute: int | None
    per_hour: int | None
    per_day: int | None
    recipients_per_month: int | None
    parts_per_day: int | None
    parts_per_month: int | None


@dataclass(frozen=True, slots=True)
class Prices:
    """The price of one part in micro-units, by the recipient's ISO 3166 country."""

    default: int
    by_country: Mapping[str, int] = field(default_factory=dict)

    def of(self, country: str | None) -> int:
        """Return the price of one part to `country`."""
        return self.by_country.get(country or "", self.default)


@dataclass(frozen=True, slots=True)
class Balance:
    """How the SIM's credit is asked for: a USSD code, a pattern with one group, how often."""

    ussd: str
    pattern: str
    every: timedelta


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A message to an own number (E.164) where nothing was sent for so long: unused SIMs are switched off."""

    to: str
    every: timedelta
    text: str


@dataclass(frozen=True, slots=True)
class Budget:
    """Caps on money, in micro-units of `currency`."""

    currency: str
    price: Prices
    per_day: int | None
    per_month: int | None
    keep: int | None
    balance: Balance | None


@dataclass(frozen=True, slots=True)
class Policy:
    """All that the operators decided about answering."""

    replies: Replies
    senders: Senders
    throttle: Throttle
    budget: Budget
    raid: Vigilance = field(default_factory=Vigilance)
