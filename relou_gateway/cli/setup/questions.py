"""The questions: each takes the settings as they stand, and returns them with its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from ...config import allowance
from ...config.settings import Sections
from ...config.values import DURATION
from ...rules import wording
from ...rules.money import decimal
from ...rules.policy import Policy, Prices, Text
from ..output import money
from . import answers
from .dialogue import Dialogue, Wrong
from .places import currency_of, text_of
from .words import Say

SAFE = timedelta(minutes=1)
"""Below this an answer may come while he still stands beside her; the same as in config/checks.py."""

Question = Callable[[Dialogue, Sections], Sections]


def changed(sections: Sections, section: str, **values: Any) -> Sections:
    """Return the settings with some keys of one section set."""
    return sections._replace(**{section: replace(getattr(sections, section), **values)})


# --- who is answered ----------------------------------------------------------------------


def moved(sections: Sections, to: str) -> Sections:
    """Return the settings with the SIM at home in another country.

    What was proposed for the country before is proposed for this one: who is answered, currency, text.
    """
    before = sections.senders.country
    if sections.senders.answer == {before}:
        sections = changed(sections, "senders", answer=frozenset({to}))
    if sections.budget.currency == currency_of(before):
        sections = changed(sections, "budget", currency=currency_of(to))
    if sections.replies.texts == (Text(text_of(before)),):
        sections = changed(sections, "replies", texts=(Text(text_of(to)),))
    return changed(sections, "senders", country=to)


def _country(talk: Dialogue, sections: Sections) -> Sections:
    now = sections.senders.country
    return moved(sections, talk.ask(Say.COUNTRY, now, now, answers.country, option="country"))


def _answered(talk: Dialogue, sections: Sections) -> Sections:
    now = sections.senders.answer
    chosen = talk.ask(Say.ANSWERED, now, ", ".join(sorted(now)), answers.countries, option="answer")
    return changed(sections, "senders", answer=chosen)


# --- what it costs, and what it says ------------------------------------------------------


def _currency(talk: Dialogue, sections: Sections) -> Sections:
    now = sections.budget.currency
    return changed(
        sections, "budget", currency=talk.ask(Say.CURRENCY, now, now, answers.currency, option="currency")
    )


def _price(talk: Dialogue, sections: Sections) -> Sections:
    prices, currency = sections.budget.price, sections.budget.currency
    price = talk.ask(
        Say.PRICE, prices.default, decimal(prices.default), answers.amount, option="price", currency=currency
    )
    return changed(sections, "budget", price=Prices(price, prices.by_country))


def _text(talk: Dialogue, sections: Sections) -> Sections:
    texts = sections.replies.texts
    given = talk.given("text")
    if given is not None:
        texts = (Text(_message_of(talk, given)),)
    while True:
        for text in texts:
            _show_text(talk, sections, text)
        if given is not None or _keeps(talk, len(texts)):
            break
        typed = _typed(talk)
        texts = texts if typed is None else (Text(typed),)
    sections = changed(sections, "replies", texts=texts)
    return _alphabet(talk, sections)


def _keeps(talk: Dialogue, count: int) -> bool:
    return talk.agree(Say.TEXT_KEEP) if count == 1 else talk.agree(Say.TEXTS_KEEP, count=str(count))


def _message_of(talk: Dialogue, given: str) -> str:
    try:
        return answers.message(given)
    except Wrong as wrong:
        talk.refuse(wrong)


def _typed(talk: Dialogue) -> str | None:
    """Return the text that is typed, None for one that cannot be sent, which is told."""
    try:
        return answers.message(talk.paragraph(Say.TEXT_TYPE))
    except Wrong as wrong:
        talk.sorry(wrong)
        return None


class _Costs(NamedTuple):
    """Parts of a text as typed and in the plain alphabet, and the price of one in micro-units."""

    typed: int
    plain: int
    price: int


def _costs(sections: Sections, text: Text) -> _Costs:
    typed, plain = (len(wording.compose(text, gsm7=gsm7).parts) for gsm7 in (False, True))
    return _Costs(typed, plain, max(map(sections.budget.price.of, sections.senders.answer)))


def _show_text(talk: Dialogue, sections: Sections, text: Text) -> None:
    talk.quote(Say.TEXT_IS, text.text)
    costs, currency = _costs(sections, text), sections.budget.currency
    talk.tell(
        Say.TEXT_COSTS if costs.plain < costs.typed else Say.TEXT_COSTS_ALIKE,
        typed=costs.typed,
        typed_cost=money(costs.typed * costs.price, currency),
        plain=costs.plain,
        plain_cost=money(costs.plain * costs.price, currency),
    )


def _alphabet(talk: Dialogue, sections: Sections) -> Sections:
    """Propose the cheaper way to write the text, where there is one."""
    every = [_costs(sections, text) for text in sections.replies.texts]
    if all(costs.plain == costs.typed for costs in every):
        return sections
    return changed(sections, "replies", gsm7=talk.agree(Say.PLAIN))


# --- how long it waits --------------------------------------------------------------------


def _delay(talk: Dialogue, sections: Sections) -> Sections:
    expire, now = sections.replies.expire, sections.replies.delay
    while True:
        chosen = talk.ask(
            Say.DELAY,
            now,
            delay_form(now),
            lambda answer: answers.delay(answer, below=expire),
            option="delay",
        )
        if chosen[0] >= SAFE:
            break
        talk.tell(Say.SOON)
        if talk.given("delay") is not None or talk.agree(Say.SOON_ANYWAY, default=chosen == now):
            break
    return changed(sections, "replies", delay=chosen)


def delay_form(delay: tuple[timedelta, timedelta]) -> str:
    """Return a delay as people write it: 3m 10m."""
    return " ".join(delay_ends(delay))


def delay_ends(delay: tuple[timedelta, timedelta]) -> tuple[str, str]:
    """Return both ends of a delay as people write them: 3m, 10m."""
    shortest, longest = delay
    return str(DURATION.form(shortest)), str(DURATION.form(longest))


# --- how much goes out --------------------------------------------------------------------


def _answer_cost(sections: Sections) -> int:
    """Return what the dearest answer costs, in micro-units."""
    every = (_costs(sections, text) for text in sections.replies.texts)
    return max((each.plain if sections.replies.gsm7 else each.typed) * each.price for each in every)


def _per_month(talk: Dialogue, sections: Sections) -> Sections:
    return _limit(talk, sections, "per_month", Say.PER_MONTH)


def _per_day(talk: Dialogue, sections: Sections) -> Sections:
    return _limit(talk, sections, "per_day", Say.PER_DAY)


def _limit(talk: Dialogue, sections: Sections, key: str, question: Say) -> Sections:
    """Ask for a cap on money, and tell how many answers it buys."""
    cost, currency = _answer_cost(sections), sections.budget.currency
    now: int | None = getattr(sections.budget, key)

    def enough(answer: str) -> int | None:
        limit = answers.amount_or_none(answer)
        if limit is not None and limit < cost:
            raise Wrong(Say.TOO_LITTLE, cost=money(cost, currency))
        return limit

    shown = talk.phrase(Say.NONE) if now is None else decimal(now)
    limit = talk.ask(question, now, shown, enough, option=key, currency=currency)
    if limit is not None and cost:
        talk.tell(Say.BUYS, answers=limit // cost)
    return changed(sections, "budget", **{key: limit})


def _recipients(talk: Dialogue, sections: Sections) -> Sections:
    now = sections.throttle.recipients_per_month
    shown = talk.phrase(Say.NONE) if now is None else str(now)
    chosen = talk.ask(Say.RECIPIENTS, now, shown, answers.whole_or_none, option="recipients")
    sections = changed(sections, "throttle", recipients_per_month=chosen)
    _tell_allowance(talk, sections)
    return sections


def _tell_allowance(talk: Dialogue, sections: Sections) -> None:
    """Tell how many answers all caps together allow."""
    policy = Policy(sections.replies, sections.senders, sections.throttle, sections.budget, sections.raid)
    cost = _answer_cost(sections)
    parts = max(len(wording.compose(text, gsm7=policy.replies.gsm7).parts) for text in policy.replies.texts)
    day, month = (
        talk.phrase(Say.NO_LIMIT) if span.answers is None else span.answers
        for span in (
            allowance.daily(policy, parts=parts, cost=cost),
            allowance.monthly(policy, parts=parts, cost=cost),
        )
    )
    talk.tell(Say.ALLOWED, day=day, month=month)


# --- numbers ------------------------------------------------------------------------------


def _own(talk: Dialogue, sections: Sections) -> Sections:
    now, country = sections.senders.own, sections.senders.country
    needed = sections.modem.keep_alive and sections.modem.keep_alive.to

    def read(answer: str) -> tuple[str, ...]:
        found = answers.phones(answer, country)
        if needed is not None and needed not in found:
            raise Wrong(Say.KEEP_ALIVE_GOES_THERE, number=needed)
        return found

    return changed(sections, "senders", own=talk.ask(Say.OWN, now, _listed(talk, now), read, option="own"))


def _never(talk: Dialogue, sections: Sections) -> Sections:
    now, country = sections.senders.never, sections.senders.country
    never = talk.ask(
        Say.NEVER, now, _listed(talk, now), lambda answer: answers.patterns(answer, country), option="never"
    )
    return changed(sections, "senders", never=never)


def _listed(talk: Dialogue, values: tuple[str, ...]) -> str:
    return ", ".join(values) or talk.phrase(Say.NONE)


GROUPS: tuple[tuple[Question, ...], ...] = (
    (_country, _answered),
    (_currency, _price, _text),
    (_delay,),
    (_per_month, _per_day, _recipients),
    (_own, _never),
)
"""In the order in which they are asked; between two groups stands an empty line."""


def ask_all(talk: Dialogue, sections: Sections) -> Sections:
    """Ask every question; return the settings with the answers."""
    for group in GROUPS:
        talk.gap()
        for question in group:
            sections = question(talk, sections)
    return sections


def differences(before: Sections, after: Sections) -> dict[str, dict[str, Any]]:
    """Return the keys in which two settings differ, by section, with the later values."""
    found = {name: dict(_differing(getattr(before, name), getattr(after, name))) for name in Sections._fields}
    return {name: values for name, values in found.items() if values}


def _differing(before: object, after: object) -> Iterator[tuple[str, Any]]:
    for name in before.__dataclass_fields__:  # type: ignore[attr-defined] # every section is a dataclass
        if getattr(before, name) != getattr(after, name):
            yield name, getattr(after, name)
