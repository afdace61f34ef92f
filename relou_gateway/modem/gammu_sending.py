"""What is sent through libGammu: one text, part by part."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from .gammu_machine import Machine
from .gammu_message import concatenation_header, escaped
from .gammu_stream import failure_of_send


class Sender:
    """Sends texts. `smsc` overrides the SMSC of the SIM; `reports` asks for a report on each part."""

    def __init__(self, machine: Machine, smsc: str | None, *, reports: bool) -> None:
        self._machine = machine
        self._smsc = {"Number": smsc, "Format": "Text", "Validity": "Max"} if smsc else {"Location": 1}
        self._type = "Status_Report" if reports else "Submit"
        self._reference = random.SystemRandom().randrange(256)

    def send(
        self, number: str, parts: Sequence[str], *, unicode: bool, accepted: Callable[[int], object]
    ) -> tuple[int, ...]:
        """Send one text; see `port.Modem.send`. Raises `NotSent`, `Refused` or `InDoubt`."""
        if len(parts) > 1:
            self._reference = (self._reference + 1) % 256
        references: list[int] = []
        for place, text in enumerate(parts, 1):
            message = {
                "Type": self._type,
                "Number": number,
                "Text": escaped(text) if unicode else text,
                "Coding": "Unicode_No_Compression" if unicode else "Default_No_Compression",
                "SMSC": self._smsc,
                "UDH": concatenation_header(self._reference, len(parts), place) if len(parts) > 1 else None,
            }
            references.append(self._send_part(message, taken=place - 1))
            accepted(references[-1])
        return tuple(references)

    def _send_part(self, message: dict[str, Any], taken: int) -> int:
        """Send one part and return its reference; `taken` parts of the text went before it."""
        with self._machine.overheard() as overheard:
            reference, error = self._machine.attempt("SendSMS", message)
            if error:
                raise failure_of_send(error, overheard(), taken)
        return int(reference)
