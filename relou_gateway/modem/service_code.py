"""A talk with the network by service codes (USSD, 22.090): which of what it says is the answer.

On the line an answer looks like what the network says of its own accord. So the one that counts
is the first in which the caller's pattern is found; after another text a little time remains. What modems
do not decode for us is read in the ways that modems are known to garble it (gammu#513).
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ..rules import balance
from .port import UssdFailed

ANSWER_WITHIN = 25.0
"""Seconds in which the network has to answer. Nothing ever says that it will not."""

LISTEN_ON = 5.0
"""Seconds that are left for the answer when the network said something else before it."""

SEARCH_WITHIN = 1.0
"""Seconds of computing after which the search for a pattern is broken off."""

REFUSALS = {
    "NotSupported": "the network refused the service code; budget.balance.ussd may be another operator's",
    "Timeout": "the network gave up on the service code",
    "AnotherClient": "another program talks to the network by service codes",
}
"""What libGammu calls the outcomes 4, 5 and 3 of +CUSD (27.007 ch. 7.15)."""

MENU = "the network answers with a menu; set budget.balance.ussd to the code that leads to the credit at once"

SHORTEST_HEX = 8
"""Digits from which on a text of hex digits alone is taken for octets, and not for an amount."""

PLAIN_ENOUGH = 0.1
"""Share of letters with accents and the like in a text that may be meant; in nonsense it is a third."""

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_GSM7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet (23.038 ch. 6.2.1); of its extension nothing but the euro matters here."""


class Dialogue:
    """Hears what the network says after a code was dialled, and knows when to stop listening.

    `now` is when, in seconds of a monotonic clock. `pattern` is a regular expression with one group.
    """

    def __init__(self, pattern: str, now: float) -> None:
        self._pattern = pattern
        self._until = now + ANSWER_WITHIN
        self._answer: str | None = None
        self._other = ""
        self._menu = False
        self._refusal: str | None = None

    def hear(self, status: str, text: str, now: float) -> None:
        """Take in what the network says; `status` is libGammu's word for it. Raises `UssdFailed`."""
        if self.is_over(now):
            return
        if status in REFUSALS:
            self._refusal = REFUSALS[status]
            return
        for reading in readings(text):
            if _finds(self._pattern, reading):
                self._answer = reading
                return
        if text:
            self._other = self._other or next(readings(text))
            self._until = min(self._until, now + LISTEN_ON)
        self._menu = self._menu or status == "ActionNeeded"

    def is_over(self, now: float) -> bool:
        """Say whether there is nothing more to wait for."""
        return self._answer is not None or self._refusal is not None or now >= self._until

    def conclude(self) -> str:
        """Return the answer, or else the first text that came in its place; raises `UssdFailed`."""
        if self._answer is not None:
            return self._answer
        if self._refusal is not None:
            raise UssdFailed(self._refusal)
        if self._menu:
            raise UssdFailed(MENU)
        if not self._other:
            raise UssdFailed(f"the network did not answer the service code in {ANSWER_WITHIN:g} s")
        return self._other


def readings(text: str) -> Iterator[str]:
    """Yield a text in the ways in which it may be meant, the likeliest first.

    Some modems hand through as hex digits what they should decode: UCS-2, or septets packed into
    octets (gammu, tests/at-ussd). The latter libGammu may have taken for UCS-2.
    """
    bare = text.strip().strip('"')
    ways = [bare]
    if len(bare) >= SHORTEST_HEX and _HEX.fullmatch(bare):
        octets = bytes.fromhex(bare)
        ways = sorted([octets.decode("utf-16-be", "replace"), _unpacked(octets)], key=_strangeness)
    elif bare and _strangeness(bare) > PLAIN_ENOUGH:
        unpacked = _unpacked(bare.encode("utf-16-be", "surrogatepass"))
        ways += [unpacked] if _strangeness(unpacked) <= PLAIN_ENOUGH else []
    yield from map(balance.plain, ways)


def _strangeness(text: str) -> float:
    """Return which part of a text is not of the letters and digits that any answer has."""
    return sum(not each.isascii() or not each.isprintable() for each in text) / len(text)


def _unpacked(octets: bytes) -> str:
    """Return septets that were packed into octets (23.038 ch. 6.1.2.3)."""
    bits = int.from_bytes(octets, "little")
    septets = (_GSM7[bits >> 7 * place & 0x7F] for place in range(len(octets) * 8 // 7))
    return "".join(septets).replace("\x1be", "€")


# --- a search that ends ---------------------------------------------------------------------


class _TooLong(Exception):
    """The search took too long."""


def _finds(pattern: str, text: str) -> bool:
    """Say whether a pattern is found in a text; raises `UssdFailed` where that takes too long.

    A search cannot be broken off but by a signal, which it looks for now and then; so this works in a
    process's main thread alone, as in a cell. Its time is that of computing: on a busy machine it
    finds no less.
    """
    try:
        with _limited(SEARCH_WITHIN):
            return balance.find(text, pattern) is not None
    except _TooLong:
        raise UssdFailed("budget.balance.pattern takes too long on the answer; make it simpler") from None


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGVTALRM, _break_off)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _break_off(_number: int, _frame: FrameType | None) -> None:
    raise _TooLong
