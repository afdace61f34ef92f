"""Who has the line of the modem: libGammu, or we ourselves for what libGammu cannot do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .at import CannotOpen, Conversation, NoAnswer
from .gammu_machine import Machine
from .port import ModemLost

Done = TypeVar("Done")


class Line:
    """The line of the modem at `device`, which nobody has at first.

    `speed` is None where AT is not what is spoken there: then nothing is ever done by hand.
    """

    def __init__(self, machine: Machine, device: str, speed: int | None) -> None:
        self._machine = machine
        self._device = device
        self._speed = speed
        self._has_machine = False
        self._talk: Conversation | None = None

    def open(self) -> None:
        """Let libGammu have the line, which costs 4 s; raises `ModemLost`."""
        self._let_go()
        self._machine.open()
        self._has_machine = True

    def close(self) -> None:
        """Let nobody have it. On a modem that hangs this waits; the cell's deadline ends it."""
        self._let_go()
        self._machine.close()
        self._has_machine = False

    def give_back(self) -> None:
        """Let libGammu have the line again, if it has not, with all that it needs; raises `ModemLost`."""
        if self._has_machine:
            return
        self.open()
        # once asked for its memories, a modem that falls silent is noticed in 20 s, not in 600
        self._machine.ask_or(None, "GetSMSStatus")
        self._machine.ask_or(None, "SetIncomingCall", True)

    def by_hand(self, work: Callable[[Conversation], Done], *, keep: bool = False) -> Done | None:
        """Have `work` done while libGammu does not have the line; return None where AT is not spoken.

        With `keep` the conversation goes on, for what is to be done next. Whoever is done has to
        `give_back`. Raises `ModemLost`.
        """
        if self._speed is None:
            return None
        if self._has_machine:
            self.close()
        try:
            done = work(self._talk or self._greeted(self._speed))
        except CannotOpen as error:
            raise ModemLost(error.cause, str(error)) from None
        except NoAnswer as error:
            self._let_go()
            raise ModemLost("hung", f"while AT was spoken by hand: {error}") from None
        if not keep:
            self._let_go()
        return done

    def _greeted(self, speed: int) -> Conversation:
        self._talk = Conversation(self._device, speed)
        self._talk.greet()
        return self._talk

    def _let_go(self) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()
