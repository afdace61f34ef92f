"""How the daemon gets at its modem: which port, which modem, which state of its SIM, which PIN.

Everything that must be settled before libGammu opens the port is settled here, by a probe that
can be killed (`modem.probe`) and by what the database remembers. Whatever stands against it is
`ModemLost`, in words that tell what to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import log
from .config import ConfigError
from .config.settings import ModemSettings
from .log import Event
from .modem import discovery
from .modem.cell import Cell, Spec
from .modem.discovery import Port, Roots
from .modem.holders import holders
from .modem.port import ModemLost
from .modem.probe import Facts, Silence, probe, speed_of
from .modem.setbacks import Setbacks
from .rules import coverage
from .rules.pin import objection
from .rules.records import Identity, Moment, Network
from .store import modems
from .store.database import Database
from .store.modems import Remembered

AUTO = "auto"

PROBE_SECONDS = 8.0
"""Seconds that one port gets to tell what it is."""

FULL_FROM, CALM_BELOW = 70, 50
"""Percent of the memory for messages: told from the one on, and again only once it was below the other."""

SIM_TROUBLES = {
    "pin": ("pin", "the SIM asks for its PIN; set modem.pin, or remove the PIN in a phone"),
    "puk": ("pin", "the SIM is blocked and asks for its PUK; unblock it in a phone"),
    "pin2": ("pin", "the SIM asks for its PIN2; unblock it in a phone"),
    "puk2": ("pin", "the SIM asks for its PUK2; unblock it in a phone"),
    "network": (
        "sim",
        "the modem is locked to another operator's SIM; use one of that operator, or unlock it",
    ),
    "absent": ("sim", "there is no SIM in the modem; put one in, and plug the modem in again"),
    "failed": ("sim", "the SIM does not work; clean its contacts, or replace it"),
    "busy": ("sim", "the SIM is busy; if this stays so, unplug the modem and plug it in again"),
}
"""States of a SIM with which nothing can be done: cause and cure."""

BUSY = "{0} cannot be opened; another program may hold it"
FAILS_ON = "it answers, and hangs or breaks over and over; for a while other ports are tried first"
NOTHING_FOUND = (
    f"no modem is to be seen: nothing at {discovery.LINK}, and no USB device of a known maker; "
    "plug the modem in, or correct modem.device"
)


class Reach:
    """Makes cells that are ready to be opened, and knows what became of them.

    `override` is used instead of the configured device. `hurried` says that the gateway stops. `clock`
    is monotonic, in seconds.
    """

    def __init__(
        self,
        settings: ModemSettings,
        database: Database,
        now: Callable[[], Moment],
        *,
        override: str | None = None,
        hurried: Callable[[], bool] = lambda: False,
        roots: Roots = discovery.ROOTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._database = database
        self._now = now
        self._configured = override or settings.device
        self._hurried = hurried
        self._roots = roots
        self._setbacks = Setbacks(clock)
        self._port = Port("")
        self._full = False
        self._lacks_centre = False

    @property
    def device(self) -> str:
        """The path at which the modem is, was, or was looked for last."""
        return self._port.path or self._configured

    def plugged(self) -> tuple[object, ...]:
        """Return what changes when something is plugged in or pulled that may be the modem."""
        return discovery.plugged(self._configured, self._roots)

    # --- before it is opened ----------------------------------------------------------------

    def cell(self) -> Cell:
        """Find the modem and return a cell for it, not open yet; raises `ModemLost`."""
        pin = self._configured_pin()
        if self._configured != AUTO:
            return self._cell(self._ask_configured(), pin)
        if (path := self._setbacks.newly_aside()) is not None:
            log.say(Event.MODEM_PORT_ASIDE, device=path, reason=FAILS_ON)
        cell = self._cell(self._find(), pin)
        self._setbacks.given(self.device, cell)
        return cell

    def _cell(self, facts: Facts | None, pin: str | None) -> Cell:
        spec: Spec = {
            "driver": "gammu",
            "device": self.device,
            "connection": self._settings.connection,
            "smsc": self._settings.smsc,
            "calls": self._settings.calls,
            "reports": self._settings.reports,
        }
        if facts is None:
            return Cell(spec)  # libGammu may still get an answer; the SIM's PIN is not risked on it
        if facts.sim == "pin" and pin is not None:
            return self._unlocking(spec, facts, pin)
        if facts.sim in SIM_TROUBLES:
            raise ModemLost(*SIM_TROUBLES[facts.sim])
        return Cell(spec)

    def _configured_pin(self) -> str | None:
        try:
            return self._settings.read_pin()
        except ConfigError as error:
            raise ModemLost("pin", str(error)) from error

    def _ask_configured(self) -> Facts | None:
        """Ask the modem at the configured path; None where it does not say what it is."""
        self._port = Port(self._configured)
        if not Path(self._configured).exists():
            raise ModemLost(
                "absent", f"{self._configured} does not exist; plug the modem in, or correct modem.device"
            )
        answer = self._probe(self._port)
        if isinstance(answer, Silence) and answer.cause in {"absent", "busy", "denied", "stopped"}:
            raise ModemLost(answer.cause, answer.reason)
        return answer if isinstance(answer, Facts) else None

    def _find(self) -> Facts:
        """Ask the ports that may be the modem's; those that were set aside only where no other will do."""
        with self._database.snapshot() as tx:
            known = modems.last(tx)
        search = _Search(known)
        ports, aside = discovery.ports(self._roots), self._setbacks.aside()
        if aside:
            ports += [other for port in ports if not port.stick for other in self._beside(port)]
            self._ask(search, [port for port in ports if port.path not in aside])
            ports = [port for port in ports if port.path in aside]
        if not aside or not search.may_end():
            self._ask(search, ports)
        self._port, facts = search.chosen()
        return facts

    def _beside(self, link: Port) -> list[Port]:
        return discovery.beside(link.path, self._roots)

    def _ask(self, search: _Search, ports: list[Port]) -> None:
        """Ask these ports until the one that was used last answers."""
        for port in _in_order(ports, search.known):
            if search.has_stick(port):
                continue  # it has answered on another of its ports
            answer = self._probe(port)
            if isinstance(answer, Silence):
                search.silences.append(answer)
            elif answer.messages:
                search.answers[port.path] = (port, answer)
                if search.known is None or answer.imei == search.known.imei:
                    break

    def _probe(self, port: Port) -> Facts | Silence:
        """Ask one port, unless another program has it open."""
        speed = speed_of(self._settings.connection)
        if self._hurried():
            return Silence(port.path, "stopped", "the gateway is stopping")
        if speed is None:
            return Silence(
                port.path, "broken", f"AT commands are not spoken over {self._settings.connection}"
            )
        # whoever serves a pty holds it too, so that only a real port tells who else has it
        if port.stick and (others := self._holders(port)):
            return Silence(port.path, "busy", BUSY.format(port.path) + others)
        answer = probe(port.path, deadline=PROBE_SECONDS, speed=speed, hurried=self._hurried)
        if isinstance(answer, Silence) and answer.cause == "busy":
            return Silence(port.path, "busy", answer.reason + self._holders(port))
        return answer

    def _holders(self, port: Port) -> str:
        """Name the programs that have a port open, as far as we may know."""
        others = holders(port.path, self._roots.proc)
        return f": {', '.join(map(str, others))}; stop that" if others else ""

    # --- the PIN ----------------------------------------------------------------------------

    def _unlocking(self, spec: Spec, facts: Facts, pin: str) -> Cell:
        """Return a cell that types in the PIN, which is on disk as tried from here on."""
        with self._database.snapshot() as tx:
            tried = modems.pin_tried(tx, facts.imei, pin)
        if (against := objection(tried, facts.pin_tries)) is not None:
            cause = "pin_wrong" if tried is not None and tried.refused else "pin"
            raise ModemLost(cause, against)
        with self._database.transaction("pin") as tx:
            row_id = modems.note_pin_try(tx, facts.imei, pin, self._now())

        def settle(accepted: bool) -> None:
            with self._database.transaction("pin") as tx:
                modems.note_pin_outcome(tx, row_id, accepted=accepted)
            log.say(Event.SIM_PIN_TRIED, accepted=accepted)

        return UnlockingCell({**spec, "pin": pin}, settle)

    # --- once it is open --------------------------------------------------------------------

    def greeted(self, identity: Identity) -> None:
        """Take note of who the modem is; tell if it is another one, or has another SIM, than last time."""
        with self._database.transaction("modem") as tx:
            known = modems.last(tx)
            if identity.imei:
                modems.note_used(tx, identity, self.device, self._port.interface, self._now())
        self._lacks_centre = not identity.smsc and not self._settings.smsc
        if self._lacks_centre:
            log.say(
                Event.MODEM_SMSC_MISSING,
                reason="nothing can be sent; set modem.smsc to the operator's number",
            )
        if known is None:
            return
        if identity.imei and identity.imei != known.imei:
            log.say(Event.MODEM_CHANGED, before=known.imei, now=identity.imei, model=identity.model)
        if identity.imsi and identity.imsi != known.imsi:
            log.say(Event.SIM_CHANGED, reason="the modem holds another SIM than last time")

    def observed(self, network: Network) -> None:
        """Take note of how full the memory is; tell once when it fills up."""
        self._setbacks.works()
        percent = network.full_percent
        if percent is not None and percent >= FULL_FROM and not self._full:
            self._full = True
            log.say(Event.SIM_FILLING, percent=percent)
        elif percent is not None and percent < CALM_BELOW:
            self._full = False
        troubles = [f"its memory is {percent} % full"] if self._full else []
        troubles += [coverage.LACKS_CENTRE] if self._lacks_centre else []
        radio = coverage.trouble(network, roaming=self._settings.roaming)
        troubles += [] if radio is None else [radio]
        with self._database.transaction("modem") as tx:
            modems.note_fill(tx, percent, "; ".join(troubles))


class UnlockingCell(Cell):
    """A cell whose opening types in the PIN; `settle` hears whether the SIM took it, where that is known."""

    def __init__(self, spec: Spec, settle: Callable[[bool], object]) -> None:
        super().__init__(spec)
        self._settle = settle

    def open(self) -> None:
        """Open the modem; raises `ModemLost`."""
        try:
            super().open()
        except ModemLost as lost:
            if lost.cause == "pin_wrong":
                self._settle(False)
            raise
        self._settle(True)


def _in_order(ports: list[Port], known: Remembered | None) -> list[Port]:
    """Return the ports, first the one that was the right one last time, or its like on each stick."""
    if known is None:
        return ports
    return sorted(ports, key=lambda port: (port.path != known.device, port.interface != known.interface))


@dataclass
class _Search:
    """What the ports have said so far; `known` is the modem that was used last."""

    known: Remembered | None
    answers: dict[str, tuple[Port, Facts]] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)

    def has_stick(self, port: Port) -> bool:
        """Tell whether the stick of this port has answered."""
        return bool(port.stick) and port.stick in {other.stick for other, _ in self.answers.values()}

    def may_end(self) -> bool:
        """Tell whether there is nothing left to look for."""
        try:
            self.chosen()
        except ModemLost as lost:
            return lost.cause == "stopped"
        return True

    def chosen(self) -> tuple[Port, Facts]:
        """Return the known modem, else the only one; raises `ModemLost` where there is none, or a choice."""
        found = list(self.answers.values())
        ours = [each for each in found if self.known is None or each[1].imei == self.known.imei]
        if ours:
            return ours[0]
        if len(found) == 1:
            return found[0]
        if found:
            where = ", ".join(self.answers)
            raise ModemLost(
                "absent", f"none of the modems at {where} is the one used before; set modem.device to one"
            )
        for cause in ("stopped", "busy", "denied", "hung"):
            if told := [silence for silence in self.silences if silence.cause == cause]:
                raise ModemLost(cause, told[0].reason)
        raise ModemLost("absent", self.silences[0].reason if self.silences else NOTHING_FOUND)
