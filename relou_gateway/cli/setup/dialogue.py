"""Asking: on a terminal, from a pipe, or not at all where the answers are given."""

from __future__ import annotations

import getpass
import io
import shutil
import sys
import termios
import textwrap
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NoReturn, TypeVar

from ..options import NotPossible, WrongInput
from ..output import harmless
from ..screen import WIDEST, put
from .words import Language, Say

T = TypeVar("T")


class Wrong(ValueError):
    """An answer that cannot be taken, and the sentence that says why."""

    def __init__(self, why: Say, **fields: object) -> None:
        super().__init__(why.name)
        self.why = why
        self.fields = fields


class Manner(Enum):
    """Where answers come from. Only a person is asked again after a wrong one."""

    TERMINAL = "terminal"
    PIPE = "pipe"
    DEFAULTS = "defaults"


class Dialogue:
    """Asks and tells in one language. `given` are answers that the command line brought, by option."""

    def __init__(self, language: Language, manner: Manner, given: Mapping[str, str]) -> None:
        self.language = language
        self.manner = manner
        self._given = given
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="surrogateescape")  # what is not UTF-8 is a wrong answer, no fault

    def phrase(self, what: Say, **fields: object) -> str:
        """Return a sentence, with what strangers may have in its fields made harmless."""
        return what.to(self.language).format(**{name: harmless(str(value)) for name, value in fields.items()})

    def tell(self, what: Say, **fields: object) -> None:
        """Print a sentence, wrapped on a terminal."""
        for line in self._wrapped(self.phrase(what, **fields)):
            put(line)

    def gap(self) -> None:
        """Print an empty line between two groups of questions."""
        put("")

    def ask(
        self,
        what: Say,
        default: T,
        shown: str,
        read: Callable[[str], T],
        *,
        option: str = "",
        **fields: object,
    ) -> T:
        """Return what `read` makes of the answer; nothing typed is `default`, which is told as `shown`.

        `read` raises `Wrong` for what cannot be taken: then a person is asked again, and a script ends.
        """
        question = f"{self.phrase(what, **fields)} [{harmless(shown)}]: "
        if option in self._given:
            put(question + harmless(self._given[option]))
            return self._read_once(self._given[option], read)
        while True:
            answer = self._line(question)
            if not answer:
                return default
            if self.manner is Manner.PIPE:
                return self._read_once(answer, read)
            try:
                return read(answer)
            except Wrong as wrong:
                self.tell(wrong.why, **wrong.fields)

    def given(self, option: str) -> str | None:
        """Return what the command line says for an option, None where it does not."""
        return self._given.get(option)

    def agree(self, what: Say, *, default: bool = True, **fields: str) -> bool:
        """Ask for a yes or a no."""
        yes, no = Say.YES.to(self.language), Say.NO.to(self.language)
        shown = f"{yes.upper()}/{no}" if default else f"{yes}/{no.upper()}"
        return self.ask(what, default, shown, _yes_or_no, **fields)

    def secret(self, what: Say, **fields: object) -> str:
        """Return a line that is not shown while it is typed; empty without one."""
        question = f"{self.phrase(what, **fields)}: "
        if self.manner is Manner.TERMINAL:
            try:
                return getpass.getpass(question).strip()
            except EOFError:
                raise KeyboardInterrupt from None
        put(question)
        return self._next() if self.manner is Manner.PIPE else ""

    def paragraph(self, what: Say) -> str:
        """Return several lines, up to an empty one."""
        self.tell(what)
        lines: list[str] = []
        while line := self._next():
            lines.append(line)
        if self.manner is Manner.TERMINAL:  # what was pasted behind an empty line answers no question
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        return "\n".join(lines)

    def sorry(self, wrong: Wrong) -> None:
        """Tell what is wrong with an answer; a script ends here."""
        if self.manner is not Manner.TERMINAL:
            self.refuse(wrong)
        self.tell(wrong.why, **wrong.fields)

    def refuse(self, wrong: Wrong) -> NoReturn:
        """End with what is wrong."""
        raise WrongInput([self.phrase(wrong.why, **wrong.fields)]) from None

    def item(self, text: str) -> None:
        """Print one line of a list, made harmless."""
        put(f"  {harmless(text)}")

    def quote(self, what: Say, text: str) -> None:
        """Print a sentence, and below it a text in its lines."""
        self.tell(what)
        for line in text.split("\n"):
            for piece in self._wrapped(harmless(line), indent="  "):
                put(piece)

    def _line(self, question: str) -> str:
        if self.manner is Manner.DEFAULTS:
            put(question)
            return ""
        *above, last = self._wrapped(question)
        for line in above:
            put(line)
        sys.stdout.write(last.rstrip() + " ")
        answer = self._next()
        if self.manner is Manner.PIPE:
            put(harmless(answer))
        return answer

    def _next(self) -> str:
        sys.stdout.flush()
        line = sys.stdin.readline()
        if line:
            return line.strip()
        if self.manner is Manner.PIPE:
            raise NotPossible(f"{Say.ENDED.to(self.language)}; {Say.NOTHING_WRITTEN.to(self.language)}")
        raise KeyboardInterrupt  # Ctrl-D means the same

    def _read_once(self, answer: str, read: Callable[[str], T]) -> T:
        try:
            return read(answer)
        except Wrong as wrong:
            self.refuse(wrong)

    @staticmethod
    def _wrapped(text: str, indent: str = "") -> list[str]:
        """Return `text` in lines that fit on a terminal; in a pipe, in one."""
        if not sys.stdout.isatty():
            return [indent + text]
        width = max(20, min(shutil.get_terminal_size().columns, WIDEST))
        return textwrap.wrap(
            text, width, initial_indent=indent, subsequent_indent=indent or "  ", break_on_hyphens=False
        ) or [""]


def _yes_or_no(answer: str) -> bool:
    known = {"y": True, "yes": True, "o": True, "oui": True, "n": False, "no": False, "non": False}
    try:
        return known[answer.lower()]
    except KeyError:
        raise Wrong(Say.WRONG_YES_NO) from None
