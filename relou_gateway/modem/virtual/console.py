"""The virtual modem's terminal: a few words for people, made into requests of the control socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .control import Answer
from .pdu import Submit

HELP = """\
  sms NUMBER TEXT      somebody writes; NUMBER may be a name
  call [NUMBER]        somebody's phone makes this one ring; without NUMBER hidden
  credit AMOUNT        what is left on the SIM card
  network on|off       coverage
  send-seconds X       how long a send takes
  hang | drop | replug | clear
                       fall silent; be pulled; be plugged in again; be well again
  state | slots        what came, what waits, what was sent; what lies in the memories
  help | quit"""

Request = dict[str, Any]


def greeting(link: Path, control: Path | None) -> str:
    """Return what a person needs to know to use the modem that appeared at `link`."""
    lines = [
        f"A virtual modem is plugged in at {link}. Nothing that it sends leaves this machine.",
        "",
        "  relou-gateway   modem: {device: " + str(link) + "} in config.yaml",
        f"  gammu           device = {link} and connection = at115200 in ~/.gammurc; then `gammu identify`",
    ]
    if control:
        lines.append(f"  programs        one JSON object a line to the socket {control}")
    return "\n".join([*lines, "", HELP, ""])


def sent(submit: Submit, reference: int) -> str:
    """Return the line that says what was sent; nothing in it can move the cursor."""
    text = submit.content.text or submit.content.units.hex()
    shown = "".join(character if character.isprintable() else "·" for character in text)
    return f"sent to {submit.number}, reference {reference}: {shown}"


class Console:
    """Obeys typed lines; `ask` answers requests, `show` prints."""

    def __init__(self, ask: Callable[[Request], Answer], show: Callable[[str], None]) -> None:
        self._ask = ask
        self._show = show
        self._typed = ""

    def hear(self, text: str) -> None:
        """Take what was typed, which need not be whole lines."""
        *lines, self._typed = (self._typed + text).split("\n")
        for line in lines:
            self.obey(line.strip())

    def obey(self, line: str) -> None:
        """Do what one line says."""
        if line in {"help", "?"}:
            self._show(HELP)
        elif line:
            self._answer(line)

    def _answer(self, line: str) -> None:
        request = read(line)
        if request is None:
            self._show("I do not know that; `help` lists the words")
            return
        answer = self._ask(request)
        if not answer.pop("ok"):
            self._show(str(answer["error"]))
        elif "messages" in answer:
            self._show("\n".join(json.dumps(message) for message in answer["messages"]) or "nothing")
        else:
            self._show(json.dumps(answer) if answer else "done")


def read(line: str) -> Request | None:
    """Return the request that a typed line makes, None where it makes none."""
    word, *rest = line.split(maxsplit=2)
    make = _WORDS.get(word)
    return make(rest) if make else None


def _sms(words: Sequence[str]) -> Request | None:
    return {"do": "deliver", "number": words[0], "text": words[1]} if len(words) == 2 else None


def _call(words: Sequence[str]) -> Request | None:
    return {"do": "call", "number": words[0] if words else ""}


def _setting(name: str) -> Callable[[Sequence[str]], Request | None]:
    return lambda words: {"do": "set", name: words[0]} if len(words) == 1 else None


def _network(words: Sequence[str]) -> Request | None:
    registered = {"on": True, "off": False}.get(" ".join(words))
    return None if registered is None else {"do": "set", "registered": registered}


def _plain(**request: str) -> Callable[[Sequence[str]], Request | None]:
    return lambda words: None if words else dict(request)


_WORDS: dict[str, Callable[[Sequence[str]], Request | None]] = {
    "sms": _sms,
    "call": _call,
    "credit": _setting("credit"),
    "send-seconds": _setting("send_seconds"),
    "network": _network,
    "hang": _plain(do="fault", kind="hang"),
    **{word: _plain(do=word) for word in ("drop", "replug", "clear", "state", "slots", "quit")},
}
