"""An incoming call: it rings until it is taken, rejected, or the caller gives up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and how long he lets it ring. `number` is empty where he hides it.

    `says_end`: whether the modem says NO CARRIER when he gives up. Some do; Huawei's sticks
    do not (gammu#357).
    """

    number: str
    rings: int = 5
    seconds: float = 5.0
    says_end: bool = False

    @property
    def clip(self) -> str:
        """The +CLIP line of a ring; validity 1 is a number that the caller hides (27.007 ch. 7.6)."""
        return f'+CLIP: "{self.number}",{address_type(self.number)},,,,{0 if self.number else 1}'


def address_type(number: str) -> int:
    """Return 145 for an international number, 129 for another, 128 where there is none."""
    return (145 if number.startswith("+") else 129) if number else 128


class Ringing:
    """The one call that a modem can have. `ring` is called at each ring, `end` when he gives up."""

    def __init__(self) -> None:
        self.caller: Caller | None = None
        self.answered = False
        self._left = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, caller: Caller, ring: Callable[[Caller], None], end: Callable[[Caller], None]) -> bool:
        """Begin to ring; False where the line is busy."""
        if self.caller:
            return False
        self.caller, self.answered, self._left = caller, False, caller.rings
        self._next(ring, end)
        return True

    def answer(self) -> bool:
        """Take the call; False where none rings."""
        if not self.caller or self.answered:
            return False
        self._stop_timer()
        self.answered = True
        return True

    def stop(self) -> bool:
        """Reject or end the call; False where there is none."""
        self._stop_timer()
        there_was, self.caller, self.answered = self.caller is not None, None, False
        return there_was

    def _next(self, ring: Callable[[Caller], None], end: Callable[[Caller], None]) -> None:
        caller = self.caller
        if caller is None:
            return
        if not self._left:
            self.stop()
            end(caller)
            return
        self._left -= 1
        ring(caller)
        self._timer = asyncio.get_running_loop().call_later(caller.seconds, self._next, ring, end)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
