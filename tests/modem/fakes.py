"""Drivers that a cell can be given instead of libGammu, most of them with bad manners."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from relou_gateway.modem import lte, service_code, stored_reports
from relou_gateway.modem.gammu_modem import GammuModem
from relou_gateway.modem.port import DeleteFailed, ModemLost
from relou_gateway.modem.scripted import ScriptedModem
from relou_gateway.rules.records import Listing, Network, SlotAddress, Sms

SECRET = "the words of a message"


def spec(driver: str = "Obedient", **settings: Any) -> dict[str, Any]:
    """Describe a driver of this module to a cell."""
    return {"driver": f"{__name__}:{driver}", "path": [str(Path(__file__).parents[2])], **settings}


class Obedient(ScriptedModem):
    """Works, and holds one message."""

    def __init__(self, **_: Any) -> None:
        super().__init__()
        self.deliver(Sms("+33612345678", "half an emoji \ud83d", None))


class Hanging(Obedient):
    """Hangs in everything that takes a while; says into `log` what it was doing."""

    def __init__(self, log: str = os.devnull, **_: Any) -> None:
        super().__init__()
        self._log = Path(log)

    def _hang(self, where: str) -> None:
        self._log.write_text(where)
        time.sleep(600)

    def listing(self) -> Listing:
        self._hang("listing")
        return super().listing()

    def send(
        self,
        number: str,
        parts: Sequence[str],
        *,
        unicode: bool,
        accepted: Callable[[int], object] | None = None,
    ) -> tuple[int, ...]:
        """Take the first part and hang in the second."""
        references = super().send(number, parts[:1], unicode=unicode, accepted=accepted)
        self._hang("send")
        return references

    def close(self) -> None:
        self._hang("close")


class HangingOpen(Obedient):
    """Never comes up."""

    def __init__(self) -> None:
        time.sleep(600)


class Refusing(Obedient):
    """Cannot be opened."""

    def __init__(self, cause: str = "absent", message: str = "it is not there") -> None:
        raise ModemLost(cause, message)


class Dying(Obedient):
    """Dies in various ways."""

    def listing(self) -> Listing:
        os.kill(os.getpid(), signal.SIGSEGV)
        return super().listing()

    def network(self) -> Network:
        raise KeyError(SECRET)

    def delete(self, address: SlotAddress) -> None:
        raise DeleteFailed(f"slot {address.location} stays")


class Garbling(Obedient):
    """Writes on every file descriptor that it has, the line to the daemon included."""

    def network(self) -> Network:
        for descriptor in range(3, 100):
            with suppress(OSError):
                os.write(descriptor, b"\x00\xff{not JSON\n")
        return super().network()


class Answerless(Obedient):
    """Waits for an answer that never comes."""

    def ussd(self, code: str, pattern: str) -> str:
        time.sleep(600)
        return super().ussd(code, pattern)


class Impatient(GammuModem):
    """libGammu that waits less than a second for the network's answer to a service code."""

    def __init__(self, **settings: Any) -> None:
        service_code.ANSWER_WITHIN, service_code.LISTEN_ON = 0.7, 0.6
        super().__init__(**settings)


class Prompt(GammuModem):
    """libGammu that does not wait until reports have come before it looks for them."""

    def __init__(self, **settings: Any) -> None:
        stored_reports.SETTLING = 0.0
        super().__init__(**settings)


class Restless(GammuModem):
    """libGammu that asks for LTE whenever there is a doubt, however lately it did."""

    def __init__(self, **settings: Any) -> None:
        lte.PAUSE = 0.0
        super().__init__(**settings)


class Noisy(Obedient):
    """Prints a lot."""

    def network(self) -> Network:
        for stream in (sys.stdout, sys.stderr):
            stream.write(SECRET * 100_000)
            stream.flush()
        return super().network()
