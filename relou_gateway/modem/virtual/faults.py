"""How the virtual modem can be told to fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .at import CmeError, CmsError, PlainError, Refusal

MESSAGE = "<message>"
"""What a fault waits for that strikes when the PDU of AT+CMGS was given with Ctrl-Z."""


class FaultKind(StrEnum):
    """What happens at a command."""

    HANG = "hang"
    """The modem says nothing any more, and forgets what it hears, until the fault is cleared."""
    DROP = "drop"
    """The line goes down as if the stick was pulled, until it is plugged in again."""
    REFUSE = "refuse"
    """The command is answered with an error, and not obeyed."""
    LOSE = "lose"
    """The command is obeyed, and its answer is lost."""


@dataclass(slots=True)
class Fault:
    """One fault that waits for its command.

    It strikes commands whose line begins with `at` (without regard to case; "" is every
    line), after `skip` of them, `count` times (None: until cleared). `executed` says that the
    command is obeyed first. `cms` or `cme` is the code of a refusal; neither is a plain ERROR.
    """

    kind: FaultKind
    at: str = ""
    skip: int = 0
    count: int | None = 1
    executed: bool = False
    cms: int | None = None
    cme: int | None = None

    def strikes(self, event: str, *, executed: bool) -> bool:
        """Tell whether it strikes `event` now; counts down."""
        late = self.executed or self.kind is FaultKind.LOSE
        if late is not executed or self.count == 0 or not event.upper().startswith(self.at.upper()):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.count is not None:
            self.count -= 1
        return True

    def error(self) -> Refusal:
        """Return the answer of a refusal."""
        if self.cms is not None:
            return CmsError(self.cms)
        return PlainError() if self.cme is None else CmeError(self.cme)


@dataclass(slots=True)
class Faults:
    """The faults that wait, and what is wrong at this moment."""

    armed: list[Fault] = field(default_factory=list)
    hung: bool = False

    def strike(self, event: str, *, executed: bool) -> Fault | None:
        """Return the fault that strikes a command before or after it is obeyed."""
        struck = next((fault for fault in self.armed if fault.strikes(event, executed=executed)), None)
        self.armed = [fault for fault in self.armed if fault.count != 0]
        return struck

    def clear(self) -> None:
        """Be well again."""
        self.armed.clear()
        self.hung = False
