"""The virtual modem's memories: a SIM card and a modem, with few slots each, and one for reports."""

from __future__ import annotations

from dataclasses import dataclass, field

REPORTS = "SR"
"""The memory for delivery reports alone, which not every modem has (27.005 ch. 3.1)."""

UNREAD, READ = 0, 1
"""`<stat>` of received messages in PDU mode (27.005 ch. 3.1)."""


@dataclass(slots=True)
class Stored:
    """A message in a slot. `serial` is the network's own count of it.

    `line` is what a faulty modem shows instead of the PDU.
    """

    serial: int
    pdu: bytes
    status: int = UNREAD
    line: str | None = None

    @property
    def shown(self) -> str:
        """The line in which it is shown."""
        return self.pdu.hex().upper() if self.line is None else self.line


@dataclass(slots=True)
class Slots:
    """One memory; locations begin at 1, and a new message takes the lowest free one."""

    capacity: int
    messages: dict[int, Stored] = field(default_factory=dict)

    @property
    def used(self) -> int:
        """How many slots hold a message."""
        return len(self.messages)

    def free(self) -> int | None:
        """Return the lowest free location."""
        taken = self.messages
        return next((place for place in range(1, self.capacity + 1) if place not in taken), None)

    def listing(self) -> list[tuple[int, Stored]]:
        """Return all messages with their locations, in the order of the locations."""
        return sorted(self.messages.items(), key=lambda item: item[0])


Memories = dict[str, Slots]
"""By the names that AT+CPMS knows: those of `Memory`, and `REPORTS` where there is one."""
