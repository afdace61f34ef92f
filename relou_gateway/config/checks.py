"""What single keys cannot tell: settings that contradict each other, and settings that deserve a word.

Each check yields findings; the first key that stands in the file tells the line.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from ..rules import budget, money, throttle, wording
from ..rules.policy import Text
from ..rules.throttle import Unit
from .settings import Calls, LogNumbers, Sections


class Finding(NamedTuple):
    """What is the matter between these keys, all that it depends on."""

    keys: tuple[str, ...]
    message: str


Check = Callable[[Sections], Iterator[Finding]]

_SAFE_DELAY = timedelta(minutes=1)
_LATE = timedelta(hours=24)
_SELDOM = timedelta(minutes=1)
_MANY = 6
_IDLE = timedelta(days=70)
_OFTEN = timedelta(minutes=10)


def _two_pins(sections: Sections) -> Iterator[Finding]:
    if sections.modem.pin is not None and sections.modem.pin_file is not None:
        yield Finding(("modem.pin_file", "modem.pin"), "modem.pin is set as well; keep one of the two")


def _expired_before_due(sections: Sections) -> Iterator[Finding]:
    if sections.replies.expire <= sections.replies.delay[1]:
        keys = ("replies.expire", "replies.delay")
        yield Finding(keys, "a reply would expire before its delay is over; expire must be longer than delay")
    if sections.raid.delay is not None and sections.replies.expire <= sections.raid.delay[1]:
        keys = ("raid.delay", "replies.expire")
        yield Finding(keys, "a reply would expire before its delay is over; replies.expire must be longer")


def _forgotten_too_soon(sections: Sections) -> Iterator[Finding]:
    for name, span in (
        ("senders.cooldown", sections.senders.cooldown),
        ("replies.expire", sections.replies.expire),
        ("raid.mute_for", sections.raid.mute_for),
    ):
        if sections.storage.keep < span:
            message = f"storage.keep is shorter than {name}: numbers are forgotten too soon"
            yield Finding(("storage.keep", name), message)


def _country_without_text(sections: Sections) -> Iterator[Finding]:
    for country in sorted(sections.senders.answer):
        if not wording.allowed(sections.replies.texts, country):
            keys = ("senders.answer", "replies.texts")
            yield Finding(keys, f"no text in replies.texts is for {country}; add one, or remove {country}")


def _unsendable(sections: Sections) -> Iterator[Finding]:
    for index, text in enumerate(sections.replies.texts):
        try:
            wording.compose(text, gsm7=sections.replies.gsm7)
        except ValueError as error:
            yield Finding((f"replies.texts[{index}]",), str(error))


def _never_affordable(sections: Sections) -> Iterator[Finding]:
    """Find texts of which not even one answer fits under a cap."""
    for index, country, parts in _dearest_answers(sections):
        cost = parts * sections.budget.price.of(country)
        answer = f"one answer with replies.texts[{index}] to {country}"
        keys = (f"replies.texts[{index}]", "budget.price", "senders.answer", "replies.gsm7")
        for cap in throttle.caps(sections.throttle):
            if cap.unit is Unit.PARTS and parts > cap.limit:
                message = f"{answer} has {parts} parts, {cap.name} is {cap.limit}: none could ever go"
                yield Finding((cap.name, *keys), message)
        for cap in budget.caps(sections.budget):
            if cost > cap.limit:
                prices = f"costs {money.decimal(cost)}, {cap.name} is {money.decimal(cap.limit)}"
                yield Finding((cap.name, *keys), f"{answer} {prices}: none could ever go")


def _dearest_answers(sections: Sections) -> Iterator[tuple[int, str, int]]:
    """Yield of each text that somebody can get its index, the dearest country for it, and its parts."""
    for index, text in enumerate(sections.replies.texts):
        countries = [each for each in sorted(sections.senders.answer) if wording.allowed([text], each)]
        if countries:
            with suppress(ValueError):  # _unsendable tells
                parts = len(wording.compose(text, gsm7=sections.replies.gsm7).parts)
                yield index, max(countries, key=sections.budget.price.of), parts


def _keep_alive(sections: Sections) -> Iterator[Finding]:
    """Find a keep-alive message to a stranger, and one that could not be sent."""
    keep_alive = sections.modem.keep_alive
    if keep_alive is None:
        return
    if keep_alive.to not in sections.senders.own:
        message = "it may only go to an own number: put this one into senders.own, or take one from there"
        yield Finding(("modem.keep_alive.to", "senders.own"), message)
    try:
        wording.compose(Text(keep_alive.text), gsm7=sections.replies.gsm7)
    except ValueError as error:
        yield Finding(("modem.keep_alive.text",), str(error))


def _mutes_everyone(sections: Sections) -> Iterator[Finding]:
    if sections.raid.mute_after == 1:
        yield Finding(("raid.mute_after",), "a raid would mute everyone who writes; null mutes nobody")


CONTRADICTIONS: tuple[Check, ...] = (
    _two_pins,
    _expired_before_due,
    _forgotten_too_soon,
    _country_without_text,
    _unsendable,
    _never_affordable,
    _keep_alive,
    _mutes_everyone,
)


def _soon(sections: Sections) -> Iterator[Finding]:
    for key, delay in (("replies.delay", sections.replies.delay), ("raid.delay", sections.raid.delay)):
        if delay is not None and delay[0] < _SAFE_DELAY:
            message = "an answer may come within a minute, while he still stands beside her: a danger to her"
            yield Finding((key,), message)


def _late(sections: Sections) -> Iterator[Finding]:
    if sections.replies.expire > _LATE:
        message = "an answer may come more than a day late, when nobody knows any more what it is about"
        yield Finding(("replies.expire",), message)


def _hangs_up(sections: Sections) -> Iterator[Finding]:
    if sections.modem.calls is Calls.HANG_UP:
        message = "who is hung up on at once knows that this is no ordinary phone"
        yield Finding(("modem.calls",), message)


def _seldom(sections: Sections) -> Iterator[Finding]:
    if sections.modem.poll > _SELDOM:
        yield Finding(
            ("modem.poll",), "a SIM holds few messages; the more seldom it is read, the sooner it is full"
        )


def _no_money_cap(sections: Sections) -> Iterator[Finding]:
    for name, limit in (("per_day", sections.budget.per_day), ("per_month", sections.budget.per_month)):
        if limit is None:
            yield Finding(
                (f"budget.{name}",), "switched off: no amount of money ends the sending in that time"
            )


def _free_parts(sections: Sections) -> Iterator[Finding]:
    if any(sections.budget.price.of(country) == 0 for country in sections.senders.answer):
        message = "a part that costs nothing is held back by no cap on money, only by those of throttle"
        yield Finding(("budget.price",), message)


def _idle_for_long(sections: Sections) -> Iterator[Finding]:
    keep_alive = sections.modem.keep_alive
    if keep_alive is not None and keep_alive.every > _IDLE:
        message = "some operators switch a SIM off that sent nothing for 70 days"
        yield Finding(("modem.keep_alive.every",), message)


def _asks_often(sections: Sections) -> Iterator[Finding]:
    balance = sections.budget.balance
    if balance is not None and balance.every < _OFTEN:
        message = "the modem does nothing else for up to half a minute each time it asks for the credit"
        yield Finding(("budget.balance.every",), message)


def _mutes_soon(sections: Sections) -> Iterator[Finding]:
    if sections.raid.mute_after is not None and 1 < sections.raid.mute_after < _MANY:
        message = "ordinary people, too, send or ring a few times in an hour; in a raid they would be muted"
        yield Finding(("raid.mute_after",), message)


def _nothing_for_the_suspicious(sections: Sections) -> Iterator[Finding]:
    if sections.raid.kept_share == 1:
        message = "all is kept back: once tokens grow short, whoever seems suspicious gets no answer"
        yield Finding(("raid.kept_share",), message)


def _unused_text(sections: Sections) -> Iterator[Finding]:
    for index, text in enumerate(sections.replies.texts):
        if not any(wording.allowed([text], country) for country in sections.senders.answer):
            message = "no country in senders.answer gets this text"
            yield Finding((f"replies.texts[{index}]", "senders.answer"), message)


def _whole_numbers_logged(sections: Sections) -> Iterator[Finding]:
    if sections.log.numbers is LogNumbers.FULL:
        yield Finding(("log.numbers",), "whole phone numbers are written to the log, which others may read")


WARNINGS: tuple[Check, ...] = (
    _soon,
    _late,
    _hangs_up,
    _seldom,
    _no_money_cap,
    _free_parts,
    _idle_for_long,
    _asks_often,
    _mutes_soon,
    _nothing_for_the_suspicious,
    _unused_text,
    _whole_numbers_logged,
)


def pin_readable_by_others(sections: Sections, path: Path) -> Iterator[Finding]:
    """Find a PIN in a file that every user of the machine can read."""
    if sections.modem.pin is None:
        return
    try:
        mode = path.stat().st_mode
    except OSError:  # a pipe, or gone since it was read
        return
    if stat.S_ISREG(mode) and mode & stat.S_IROTH:
        message = f"every user of this machine can read this file; chmod o-r {path}, or use modem.pin_file"
        yield Finding(("modem.pin",), message)
