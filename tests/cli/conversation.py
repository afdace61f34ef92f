"""`setup` as a person has it: questions on a terminal, each answered once it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.terminal import Terminal, terminal
from tests.support.waiting import wait_until

from .program import COMMAND, surroundings

ENTER = "\n"
INTERRUPT = "\x03"
PATIENCE = 60.0


class Conversation:
    """One run of `setup`. `questions` are those that were asked, in their order."""

    def __init__(self, here: Terminal) -> None:
        self._here = here
        self._heard = 0
        self.questions: list[str] = []

    @property
    def shown(self) -> str:
        """All that stands on the terminal, its lines joined where they were wrapped."""
        return re.sub(r"\s+", " ", self._here.shown.replace("\u00a0", " "))

    @property
    def lines(self) -> list[str]:
        return self._here.shown.splitlines()

    def question(self) -> str | None:
        """Return the next question, None at the end."""
        wait_until(lambda: self._asks() or self._here.process.poll() is not None, PATIENCE)
        if not self._asks():
            self._here.output.join()
            return None
        told = self._here.shown[self._heard :]
        self._heard += len(told)
        paragraph = re.split(r"\r?\n", told.rstrip())
        self.questions.append(" ".join(paragraph[-3:]).replace("\u00a0", " "))
        return self.questions[-1]

    def _asks(self) -> bool:
        return self._here.shown[self._heard :].endswith(": ")

    def type(self, keys: str) -> None:
        """Type `keys`; a lone surrogate is the byte that it stands for."""
        self._here.type_bytes(keys.encode(errors="surrogateescape"))

    def echoes(self) -> bool:
        """Say whether the terminal shows what is typed."""
        return self._here.echoes()

    def answer(self, replies: Mapping[str, list[str]] | None = None) -> int:
        """Answer each question by what is meant for it, else by Enter; return the exit code."""
        left = {part: list(several) for part, several in (replies or {}).items()}
        while (question := self.question()) is not None:
            meant = next((part for part in left if part in question and left[part]), None)
            self.type((left[meant].pop(0) if meant else "") + ENTER)
        assert {} == {part: several for part, several in left.items() if several}, self._here.shown
        return self._here.process.wait(PATIENCE)

    def interrupt(self, place: int, key: str = INTERRUPT) -> int:
        """Answer so many questions by Enter and strike Ctrl-C at the next one; return the exit code."""
        for _ in range(place):
            if self.question() is not None:
                self.type(ENTER)
        if self.question() is not None:
            self.type(key)
        code = self._here.process.wait(PATIENCE)
        self._here.output.join()
        return code


@contextmanager
def conversation(
    folder: Path, *arguments: str | Path, language: str = "en_FR.UTF-8"
) -> Iterator[Conversation]:
    environ = surroundings(folder) | {"LC_ALL": "", "LC_MESSAGES": "", "LANG": language}
    command = [*COMMAND, "setup", "--config", folder / "config.yaml", *arguments]
    with terminal(command, folder, environ, 100) as here:
        yield Conversation(here)
