"""The grammar of AT command lines (V.250 ch. 5), and the answers that refuse one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar


class Form(Enum):
    """What a command line wants of a command."""

    EXECUTE = ""
    READ = "?"
    TEST = "=?"
    SET = "="


@dataclass(frozen=True, slots=True)
class Query:
    """One command of a line: `+CPMS="SM"` is name +CPMS, form SET, arguments ("SM",)."""

    name: str
    form: Form
    arguments: tuple[str, ...] = ()

    def number(self, place: int, default: int | None = None) -> int:
        """Return an argument as a number; raises `PlainError` where it is none."""
        text = self.arguments[place] if place < len(self.arguments) else ""
        if not text and default is not None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise PlainError
        return int(text)


class Refusal(Exception):
    """A final answer other than OK."""

    def __init__(self, line: str = "ERROR") -> None:
        super().__init__(line)
        self.line = line

    def answer(self, verbosity: int) -> str:  # noqa: ARG002 - CmeError heeds it
        """Return the answer; `verbosity` is AT+CMEE's."""
        return self.line


class PlainError(Refusal):
    """The command is unknown or badly written."""


class NoCarrier(Refusal):
    """There is no such connection."""

    def __init__(self) -> None:
        super().__init__("NO CARRIER")


class CmsError(Refusal):
    """The message service cannot (27.005 ch. 3.2.5)."""

    NOT_ALLOWED, BAD_PDU, PIN_REQUIRED, BAD_INDEX, NO_NETWORK = 302, 304, 311, 321, 331

    def __init__(self, code: int) -> None:
        super().__init__(f"+CMS ERROR: {code}")


class CmeError(Refusal):
    """The equipment cannot (27.007 ch. 9.2)."""

    NOT_ALLOWED, NO_SIM, PIN_REQUIRED, PUK_REQUIRED, SIM_FAILURE, SIM_BUSY = 3, 10, 11, 12, 13, 14
    BAD_PASSWORD, NO_NETWORK = 16, 30
    WORDS: Mapping[int, str] = {
        NOT_ALLOWED: "operation not allowed",
        NO_SIM: "SIM not inserted",
        PIN_REQUIRED: "SIM PIN required",
        PUK_REQUIRED: "SIM PUK required",
        SIM_FAILURE: "SIM failure",
        SIM_BUSY: "SIM busy",
        BAD_PASSWORD: "incorrect password",
        NO_NETWORK: "no network service",
    }

    def __init__(self, code: int) -> None:
        super().__init__(f"+CME ERROR: {code}")
        self.code = code

    def answer(self, verbosity: int) -> str:
        """Return ERROR at 0, the number at 1, the words at 2."""
        if not verbosity:
            return "ERROR"
        return (
            f"+CME ERROR: {self.WORDS[self.code]}"
            if verbosity == 2 and self.code in self.WORDS
            else self.line
        )


_BASIC = re.compile(r"D.*|S\d+(?:=\d*|\?)|&?[A-Z]\d*", re.IGNORECASE)
_EXTENDED = re.compile(r"""[+^$*%\#](?:[^;"]|"[^"]*"|")*""")
_NAME = re.compile(r"([+^$*%#][A-Z0-9]*)(=\?|=|\?|)(.*)", re.IGNORECASE | re.DOTALL)
_COMMA_OUTSIDE_QUOTES = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


def parse(line: str) -> list[Query]:
    """Return the commands of a line without its AT; raises `PlainError` for what is none."""
    rest, queries = line.strip().lstrip(";"), []
    while rest:
        extended = _EXTENDED.match(rest)
        found = extended or _BASIC.match(rest)
        if not found:
            raise PlainError
        queries.append(_extended(found[0]) if extended else _basic(found[0]))
        rest = rest[found.end() :].lstrip("; ")
    return queries


def _extended(text: str) -> Query:
    name, operator, arguments = _NAME.match(text).groups()  # type: ignore[union-attr]
    form = Form(operator)
    if arguments and form is not Form.SET:
        raise PlainError
    return Query(name.upper(), form, tuple(_split(arguments)) if form is Form.SET else ())


def _basic(text: str) -> Query:
    upper = text.upper()
    if upper.startswith("D"):
        return Query("D", Form.SET, (text[1:].rstrip(";"),))
    if upper.startswith("S"):
        return Query("S", Form.READ if upper.endswith("?") else Form.SET, (upper[1:],))
    name = upper.rstrip("0123456789")
    return Query(name, Form.SET, (upper[len(name) :],))


def _split(arguments: str) -> list[str]:
    return [argument.strip().strip('"') for argument in _COMMA_OUTSIDE_QUOTES.split(arguments)]


_State = TypeVar("_State")
Handler = Callable[[_State, Query], Sequence[str]]


class Vocabulary(Generic[_State]):
    """The commands that a modem knows, by name, each with its handler and its answer to `=?`."""

    def __init__(self, *parts: Vocabulary[_State]) -> None:
        self._handlers: dict[str, Handler[_State]] = {}
        self._tests: dict[str, str | None] = {}
        for part in parts:
            self._handlers |= part._handlers  # noqa: SLF001 - of the same class
            self._tests |= part._tests  # noqa: SLF001

    def command(self, *names: str, test: str | None = "") -> Callable[[Handler[_State]], Handler[_State]]:
        """Register a handler under `names`; it returns the lines before OK, or raises `Refusal`.

        `test` is what `=?` lists; with None the handler answers that too.
        """

        def register(handler: Handler[_State]) -> Handler[_State]:
            for name in names:
                self._handlers[name] = handler
                self._tests[name] = test
            return handler

        return register

    def obey(self, state: _State, query: Query) -> Sequence[str]:
        """Return the lines that answer `query`; raises `Refusal`."""
        if query.name not in self._handlers:
            raise PlainError
        test = self._tests[query.name]
        if query.form is Form.TEST and test is not None:
            return [f"{query.name}: {test}"] if test else []
        return self._handlers[query.name](state, query)
