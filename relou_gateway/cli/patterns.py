"""Which senders are meant: numbers and prefixes as operators type them, or in a list."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ..config import Settings
from ..rules import prefixes
from ..rules.prefixes import Unreadable
from .options import WrongInput

_Function = TypeVar("_Function", bound=Callable[..., Any])

SEVERAL = "[N|-]..."


def named(function: _Function) -> _Function:
    """Add `N…|-` and `--file PATH` to a verb; they reach it as `typed` and `file`."""
    listed = click.option(
        "--file",
        type=click.Path(path_type=Path, dir_okay=False, exists=True, readable=True),
        metavar="PATH",
        help="Numbers and prefixes, one on each line; # begins a comment.",
    )
    with_list: _Function = listed(function)
    return click.argument("typed", nargs=-1, metavar=SEVERAL)(with_list)


def yes_option(function: _Function) -> _Function:
    """Add `--yes`: everyone of a country, or of all, is meant."""
    return click.option("--yes", is_flag=True, help="Even a prefix that means everyone is meant.")(function)


def one(typed: str, settings: Settings) -> str:
    """Return what `typed` means: a number as its sender is known, or a prefix that ends in `*`."""
    try:
        return prefixes.read(_decoded(typed), settings.policy.senders.country)
    except Unreadable as unreadable:
        raise WrongInput([str(unreadable)]) from None


def several(typed: Sequence[str], file: Path | None, settings: Settings) -> list[str]:
    """Return what is named, each once; all faults of it are told at once."""
    if not typed and file is None:
        raise click.UsageError("name senders by their numbers, by - for standard input, or by --file")
    found, faults = [], []
    for place, text in _pieces(typed, file):
        try:
            found.append(prefixes.read(text, settings.policy.senders.country))
        except Unreadable as unreadable:
            faults.append(f"{place}{unreadable}")
    if faults:
        raise WrongInput([*faults, "nothing was changed"])
    return list(dict.fromkeys(found))


def refuse_everyone(patterns: Sequence[str], settings: Settings, *, yes: bool) -> None:
    """Let a prefix that means everyone in a country that is answered pass only with `--yes`."""
    for pattern in patterns:
        countries = prefixes.countries_within(pattern, settings.policy.senders.answer)
        if countries and not yes:
            raise click.UsageError(
                f"{pattern} means everyone in {', '.join(countries)}; say --yes if that is meant"
            )


def _pieces(typed: Sequence[str], file: Path | None) -> Iterator[tuple[str, str]]:
    """Yield each number or prefix with the place where it stands."""
    for each in typed:
        if each == "-":
            yield from _lines("standard input", sys.stdin.buffer.read())
        else:
            yield "", _decoded(each)
    if file is not None:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise click.UsageError(f"{file}: {error.strerror}") from None
        yield from _lines(str(file), content)


def _lines(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Yield what stands on each line; behind # stands a comment."""
    for number, line in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if text:
            yield f"{name}:{number}: ", text


def _decoded(typed: str) -> str:
    """Return an argument without the lone surrogates that stand for bytes that are no text."""
    return typed.encode(errors="surrogateescape").decode(errors="replace")
