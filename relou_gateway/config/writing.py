"""Settings as YAML text: a single value, settings in force, the whole commented example."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from .kinds import REQUIRED, Key, Optional, Plain, Record
from .schema import ROOT
from .settings import Sections, Settings

_WIDTH = 100

_DEFAULTS = "every key, with its default"
_CHOSEN = "every key; what is not said otherwise has its default"
_HEADER = """\
# The configuration of relou-gateway: {}.
#
# A key that is left out has its default. `relou-gateway config check` names every fault of
# this file, and `relou-gateway config show` tells what it means and what an answer costs.
# Durations: 90s 5m 12h 7d. Sizes: 500MB 2GB.
"""

_BARE = re.compile(r"(?!null$|Null$|NULL$)[A-Za-z0-9/+][A-Za-z0-9/+._-]*", re.ASCII)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n"}


def flow(value: Plain) -> str:
    """Return `value` as YAML on one line, in which nothing moves a terminal's cursor."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value:.9f}".rstrip("0").rstrip(".")
        case str():
            return value if _BARE.fullmatch(value) else f'"{"".join(map(_quotable, value))}"'
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case dict():
            return f"{{{', '.join(f'{flow(name)}: {flow(item)}' for name, item in value.items())}}}"


def _quotable(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def lines(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each line of `settings` as a file, and the dotted key that it sets, empty for a section.

    A PIN is not shown: its line says `set`.
    """
    sections = settings.sections()
    for each in ROOT.keys:
        written: Any = each.kind.write(getattr(sections, each.name))
        yield f"{each.name}:", ""
        for name, value in written.items():
            yield f"  {name}: {flow(value)}", f"{each.name}.{name}"


def as_file(settings: Settings) -> str:
    """Return a file that means exactly `settings`; raises ValueError if that would show a PIN."""
    if settings.modem.pin is not None:
        raise ValueError("a PIN is never written; use modem.pin_file")
    return "".join(f"{line}\n" for line, _ in lines(settings))


def example() -> str:
    """Return config.example.yaml."""
    return _whole(_DEFAULTS, ROOT.defaults())


def commented(sections: Sections) -> str:
    """Return config.example.yaml with the values of `sections`; raises ValueError as `as_file` does."""
    if sections.modem.pin is not None:
        raise ValueError("a PIN is never written; use modem.pin_file")
    return _whole(_CHOSEN, sections)


def section(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of those keys of a section that `values` holds, with their sentences."""
    found = next(each for each in ROOT.keys if each.name == name)
    yield from _comment(found.about, "")
    yield f"{name}:"
    yield from entries(name, values, "  ")


def entries(name: str, values: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Yield the same without the line of the section itself."""
    found = next(each for each in ROOT.keys if each.name == name)
    assert isinstance(found.kind, Record)
    for key in found.kind.keys:
        if key.name in values:
            yield from _key(key, values[key.name], indent)


def _whole(title: str, sections: Sections) -> str:
    lines = [_HEADER.rstrip().format(title)]
    for each in ROOT.keys:
        assert isinstance(each.kind, Record)
        held = getattr(sections, each.name)
        values = {key.name: getattr(held, key.name) for key in each.kind.keys}
        lines.extend(["", *section(each.name, values)])
    return "\n".join(lines) + "\n"


def _key(key: Key[Any], value: Any, indent: str) -> Iterator[str]:
    yield from _comment(key.about, indent)
    if value is REQUIRED:
        yield f"{indent}{key.example}"
        return
    yield from (f"{indent}#   {line}" for line in _alternative(key))
    written = key.kind.write(value)
    if isinstance(written, list) and len(flow(written)) > _WIDTH:
        yield f"{indent}{key.name}:"
        yield from (f"{indent}  - {flow(item)}" for item in written)
    else:
        yield f"{indent}{key.name}: {flow(written)}"


def _alternative(key: Key[Any]) -> Iterator[str]:
    """Yield the lines of another way to write a key, if there is one to show."""
    if key.example:
        yield key.example
    if isinstance(key.kind, Optional) and isinstance(key.kind.kind, Record):
        yield f"{key.name}:"
        for inner in key.kind.kind.keys:
            yield from _key(inner, inner.default, "  ")


def _comment(sentence: str, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(sentence, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
