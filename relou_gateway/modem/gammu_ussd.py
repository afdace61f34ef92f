"""Service codes through libGammu, which only dials: what the network says comes whenever it likes."""

from __future__ import annotations

import time
from collections import deque

from .gammu_errors import GammuError
from .gammu_machine import Machine
from .port import UssdFailed
from .service_code import Dialogue

SAID_AT_MOST = 20
"""Texts of the network's that are kept until somebody listens; beyond these the oldest go."""

LISTENING_PAUSE = 0.1
"""Seconds between two looks for an answer: on a modem that was unplugged a look takes no time at all."""


class ServiceCodes:
    """Dials service codes; `heard` is to be called with whatever the network says."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._said: deque[tuple[str, str]] = deque(maxlen=SAID_AT_MOST)

    def heard(self, status: str, text: str) -> None:
        """Take note of what the network says, with libGammu's word for its kind."""
        self._said.append((status, text))

    def dial(self, code: str, pattern: str) -> str:
        """Dial and return the answer; see `port.Modem.ussd`. Raises `UssdFailed` or `ModemLost`.

        What had been said before the code was dialled is no answer.
        """
        try:
            self._machine.ask("SetIncomingUSSD", True)
            self._machine.ask_or(0, "ReadDevice")
            self._said.clear()
            self._machine.ask("DialService", code)
            return self._listen(Dialogue(pattern, time.monotonic()))
        except GammuError as error:
            raise UssdFailed(f"the modem did not take the service code ({error.name})") from None
        finally:
            self._machine.ask_or(None, "SetIncomingUSSD", False)  # this ends the session as well

    def _listen(self, dialogue: Dialogue) -> str:
        """Hear what the network says until the dialogue is over; return the answer."""
        while not dialogue.is_over(time.monotonic()):
            self._machine.ask_or(0, "ReadDevice")
            while self._said:
                dialogue.hear(*self._said.popleft(), time.monotonic())
            time.sleep(LISTENING_PAUSE)
        return dialogue.conclude()
