"""What the pieces of the driver use of libGammu: `gammu_modem` alone knows how it is called."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .gammu_message import Message


class Machine(Protocol):
    """libGammu's state machine for one modem."""

    def open(self) -> None:
        """Take the modem, which costs 4 s; raises `ModemLost`."""

    def close(self) -> None:
        """Let go of the modem. On one that hangs this waits; the cell's deadline ends it."""

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call libGammu; raises `ModemLost` for a loss and `GammuError` for anything else.

        Where python-gammu fails over the answer it raises one of `CONVERSION_ERRORS`.
        """

    def ask_or(self, default: Any, method: str, *arguments: Any) -> Any:
        """Call libGammu for something that not every modem can; raises `ModemLost` alone."""

    def attempt(self, method: str, *arguments: Any) -> tuple[Any, str]:
        """Call libGammu; return what it gave, and the name of its error, which is empty for none."""

    def overheard(self) -> AbstractContextManager[Callable[[], str]]:
        """Turn the debug stream on; yield what returns all that it said."""

    def decode(self, pdu: bytes) -> tuple[Message | None, str]:
        """Return the message that a PDU holds, or None and the name of the error."""
