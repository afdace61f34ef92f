"""`config check`, `config show`, `config example`: what the configuration says, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from ..config import ConfigError, Fault, Settings, load
from ..config.allowance import Allowance, daily, monthly
from ..config.schema import ROOT
from ..config.writing import example as example_text
from ..config.writing import lines
from ..rules import wording
from ..rules.money import decimal
from ..rules.policy import Text
from .options import NotPossible, config_file, config_option, json_option, with_settings
from .output import Column, money, print_json, say, table


@click.group()
@config_option
def config() -> None:
    """Check the configuration, or show what it means."""


@config.command()
@json_option
@config_option
def check(as_json: bool) -> None:
    """Name every fault at once, and what deserves a word.

    Exits with 2 if there is a fault, with 1 if there is no configuration.
    """
    path = config_file()
    if path is None:
        raise NotPossible("there is no configuration; `relou-gateway setup` makes one by questions")
    try:
        settings = load(path)
    except ConfigError as error:
        if not as_json:
            raise
        print_json({"path": path, "faults": list(map(_fault_json, error.faults)), "warnings": []})
        click.get_current_context().exit(2)
    if as_json:
        print_json({"path": path, "faults": [], "warnings": list(map(_fault_json, settings.warnings))})
        return
    for warning in settings.warnings:
        say(str(warning._replace(message=f"warning: {warning.message}")))
    say(f"{path}: no faults")


def _fault_json(fault: Fault) -> dict[str, object]:
    return {"line": fault.line, "key": fault.key, "message": fault.message}


@config.command()
def example() -> None:
    """Print every key with its default.

    It is a whole configuration, with a sentence on each key; put it into a file and change it.
    """
    click.echo(example_text(), nl=False)


# --- config show --------------------------------------------------------------------------


@config.command()
@json_option
@with_settings
def show(settings: Settings, as_json: bool) -> None:
    """Show the settings in force and what they cost.

    That is every key, what one answer costs with each text, and how many the caps allow.
    """
    answers = list(_answers(settings))
    if as_json:
        print_json(_as_json(settings, answers))
        return
    say(f"# {settings.path}" if settings.path else "# no configuration: all defaults")
    for line, key in lines(settings):
        say(f"{line}  # default" if key and key not in settings.given else line)
    say("")
    _show_answers(answers, settings.policy.budget.currency)


@dataclass(frozen=True, slots=True)
class _Destination:
    """One text to one country: what it costs, and how often the caps allow that."""

    country: str
    cost: int
    day: Allowance
    month: Allowance


@dataclass(frozen=True, slots=True)
class _Answer:
    """One text of the configuration: how it is sent, and to whom. `typed_parts` without rewriting."""

    name: str
    preview: wording.Preview
    typed_parts: int
    destinations: tuple[_Destination, ...]


def _answers(settings: Settings) -> Iterator[_Answer]:
    gsm7 = settings.policy.replies.gsm7
    for index, text in enumerate(settings.policy.replies.texts):
        preview = wording.preview(text, gsm7=gsm7, price=settings.policy.budget.price.default)
        typed = wording.compose(text, gsm7=False)
        destinations = tuple(_destinations(settings, text, preview.parts))
        yield _Answer(f"texts[{index}]", preview, len(typed.parts), destinations)


def _destinations(settings: Settings, text: Text, parts: int) -> Iterator[_Destination]:
    policy = settings.policy
    for country in sorted(policy.senders.answer):
        if wording.allowed([text], country):
            cost = parts * policy.budget.price.of(country)
            yield _Destination(
                country,
                cost,
                daily(policy, parts=parts, cost=cost),
                monthly(policy, parts=parts, cost=cost),
            )


def _show_answers(answers: list[_Answer], currency: str) -> None:
    table(
        [
            Column("answer"),
            Column("to"),
            Column("parts", right=True),
            Column("cost", right=True),
            Column("most a day"),
            Column("most in 30 days"),
        ],
        [
            (
                answer.name,
                to.country,
                answer.preview.parts,
                money(to.cost, currency),
                _told(to.day),
                _told(to.month),
            )
            for answer in answers
            for to in answer.destinations
        ],
    )
    for answer in answers:
        say("")
        for line in _remarks(answer):
            say(line)


def _told(allowance: Allowance) -> str:
    return "no cap" if allowance.answers is None else f"{allowance.answers} ({', '.join(allowance.because)})"


def _remarks(answer: _Answer) -> Iterator[str]:
    preview = answer.preview
    yield f"{answer.name} goes in {preview.alphabet} as: {preview.text}"
    if answer.typed_parts > preview.parts:
        yield f"  {answer.typed_parts} parts as typed, {preview.parts} as it goes"
    if preview.forcing and preview.septets is None:
        yield f"  one SMS holds 70 characters instead of 160, because of {', '.join(preview.forcing)}"


def _as_json(settings: Settings, answers: list[_Answer]) -> dict[str, object]:
    return {
        "path": settings.path,
        "settings": ROOT.write(settings.sections()),
        "given": settings.given,
        "currency": settings.policy.budget.currency,
        "texts": [_answer_json(answer) for answer in answers],
    }


def _answer_json(answer: _Answer) -> dict[str, object]:
    preview = asdict(answer.preview)
    del preview["cost"]
    countries = [_destination_json(to) for to in answer.destinations]
    return {**preview, "parts_as_typed": answer.typed_parts, "countries": countries}


def _destination_json(to: _Destination) -> dict[str, object]:
    return {
        "country": to.country,
        "cost": decimal(to.cost),
        "per_day": to.day.answers,
        "per_day_because": to.day.because,
        "per_month": to.month.answers,
        "per_month_because": to.month.because,
    }
