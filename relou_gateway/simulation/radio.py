"""The modem of a simulation: it receives what the trace says, when the clock says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..clock import ManualClock
from ..modem.scripted import ScriptedModem
from ..rules.records import Kind, Listing, Sms
from .trace import TraceLine


@dataclass(kw_only=True)
class TraceRadio(ScriptedModem):
    """Lets everything in that came until the clock's moment; each send takes `send_takes`.

    `shown_at` tells for each line of the trace that was a call when a listing first showed it.
    """

    trace: Sequence[TraceLine]
    clock: ManualClock
    send_takes: timedelta
    shown_at: dict[int, datetime] = field(default_factory=dict)
    position: int = 0

    @property
    def next_at(self) -> datetime | None:
        """When the next line of the trace comes in; None at its end."""
        return self.trace[self.position].at if self.position < len(self.trace) else None

    @property
    def holds_more(self) -> bool:
        """Whether another listing would show something already: slots are few."""
        return bool(self._held)

    def listing(self) -> Listing:
        """Return what came until now and was not deleted."""
        now = self.clock.read().quota
        while (at := self.next_at) is not None and at <= now:
            self._come_in(self.trace[self.position], now)
            self.position += 1
        return super().listing()

    def send(
        self,
        number: str,
        parts: Sequence[str],
        *,
        unicode: bool,
        accepted: Callable[[int], object] | None = None,
    ) -> tuple[int, ...]:
        """Send, which takes its time: nothing is received meanwhile."""
        self.clock.advance(self.send_takes)
        return super().send(number, parts, unicode=unicode, accepted=accepted)

    def _come_in(self, line: TraceLine, now: datetime) -> None:
        if line.kind is Kind.CALL:
            self.shown_at[line.line] = now
            self.call(line.number)
        else:
            self.deliver(Sms(line.number, line.text, line.at))
