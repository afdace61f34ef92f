"""The virtual modem itself: its identity, its SIM, its memories and what clients have set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ...rules.records import Memory
from .at import CmeError, CmsError
from .call import Caller, Ringing
from .charset import write_ussd
from .network import SMSC, Network, Waiting
from .slots import REPORTS, Memories, Slots, Stored

MANUFACTURER, MODEL, REVISION = "Relou", "Virtual", "1.0"
"""A name that libGammu has no exceptions for, so that it uses its generic AT driver."""

PIN_TRIES, PUK_TRIES = 3, 10

SIM_FAULTS = {"absent": CmeError.NO_SIM, "failed": CmeError.SIM_FAILURE, "busy": CmeError.SIM_BUSY}
"""What can be wrong with a SIM, and the +CME code; the +CMS code is 300 higher (27.005 ch. 3.2.5)."""


USSD_WITHOUT_TEXT = {4, 5}
"""Not supported, and timed out: all that there is to say (27.007 ch. 7.15)."""


@dataclass(slots=True)
class Session:
    """What clients set by AT commands and a power cycle forgets."""

    echo: bool = True
    verbosity: int = 0
    charset: str = "GSM"
    reading: str = Memory.SIM
    writing: Memory = Memory.SIM
    receiving: Memory = Memory.SIM
    indications: tuple[int, ...] = (0, 0, 0, 0, 0)
    caller_number: bool = False
    call_waiting: int = 0
    extended_ring: bool = False
    registration_levels: dict[str, int] = field(default_factory=dict)
    operator_format: int = 0
    ussd: int = 0
    ussd_open: bool = False


@dataclass(slots=True)
class Sim:
    """The card. `pin` None asks for none; `locked` until the PIN was entered.

    `sim_fault` is one of `SIM_FAULTS`. `tells_tries` says whether the modem tells the tries left:
    not all do.
    """

    imsi: str = "208990123456789"
    pin: str | None = None
    puk: str = "12345678"
    tries_left: int = PIN_TRIES
    puk_tries_left: int = PUK_TRIES
    locked: bool = False
    sim_fault: str | None = None
    tells_tries: bool = True

    def power_up(self) -> None:
        """Ask for the PIN again, as after every loss of power."""
        self.locked = self.pin is not None

    def renew(self) -> None:
        """Be as another card with the same IMSI: all tries, and the PIN asked for."""
        self.tries_left = PIN_TRIES
        self.power_up()

    @property
    def state(self) -> str:
        """What it waits for, as AT+CPIN? says it; raises `CmeError` for a SIM that does not work."""
        if self.sim_fault is not None:
            raise CmeError(SIM_FAULTS[self.sim_fault])
        if not self.locked:
            return "READY"
        return "SIM PIN" if self.tries_left else "SIM PUK"

    def unblock(self, puk: str, pin: str) -> None:
        """Give the PUK and a new PIN; raises `CmeError` for a wrong one, which costs one of ten tries."""
        if puk != self.puk or not self.puk_tries_left:
            self.puk_tries_left = max(0, self.puk_tries_left - 1)
            raise CmeError(CmeError.BAD_PASSWORD)
        self.pin, self.tries_left, self.puk_tries_left, self.locked = pin, PIN_TRIES, PUK_TRIES, False

    def unlock(self, pin: str) -> None:
        """Try a PIN; raises `CmeError` for a wrong one, which costs one of three tries."""
        if not self.tries_left:
            raise CmeError(CmeError.PUK_REQUIRED)
        if pin != self.pin:
            self.tries_left -= 1
            raise CmeError(CmeError.BAD_PASSWORD if self.tries_left else CmeError.PUK_REQUIRED)
        self.tries_left = PIN_TRIES
        self.locked = False


@dataclass(slots=True)
class Stick:
    """One virtual modem, with counts of the command lines, arrivals and deletions that it saw.

    `power` is AT+CFUN's. `say` writes an unsolicited line to whoever is connected.

    `full` and `no_network` are faults: nothing more fits, whatever the slots show, and the
    network is gone, whatever its coverage. `lost_network` is one that only a radio which is switched
    off and on finds again.
    """

    network: Network
    memories: Memories
    sim: Sim = field(default_factory=Sim)
    imei: str = "350000000000006"
    smsc: str = SMSC
    session: Session = field(default_factory=Session)
    ringing: Ringing = field(default_factory=Ringing)
    power: int = 1
    full: bool = False
    no_network: bool = False
    lost_network: bool = False
    radio_starts: int = 0
    commands: int = 0
    stored: int = 0
    deleted: int = 0
    say: Callable[[str], None] = lambda _: None

    def power_up(self) -> None:
        """Forget what clients had set, and ask for the PIN again."""
        self.ringing.stop()
        self.session = Session()
        self.switch(0)
        self.switch(1)
        self.sim.power_up()
        self.flow_in()

    def switch(self, power: int) -> None:
        """Switch the radio as AT+CFUN says; one that goes on looks for its network."""
        if power == 1 and self.power != 1:
            self.lost_network = False
            self.radio_starts += 1
        self.power = power

    @property
    def registered(self) -> bool:
        """Whether the network serves this modem now."""
        coverage = self.network.coverage
        gone = self.no_network or self.lost_network or coverage.denied
        covered = coverage.registered and not gone
        usable = not self.sim.locked and self.sim.sim_fault is None
        return covered and usable and self.power == 1

    def flow_in(self) -> None:
        """Let waiting messages in for as long as the memory for new ones has a free slot."""
        while self.registered and not self.full and (arrived := self._next_that_fits()) is not None:
            memory = self._memory_for(arrived)
            location = self.memories[memory].free()
            assert location is not None
            self.network.waiting.remove(arrived)
            self.memories[memory].messages[location] = Stored(arrived.serial, arrived.pdu, line=arrived.line)
            self.stored += 1
            self._indicate(memory, location, arrived.is_report)

    def _next_that_fits(self) -> Waiting | None:
        """Return the first that waits and has room; without any room none is looked at."""
        room = {memory for memory in (self.session.receiving, REPORTS) if self._has_room(memory)}
        waiting = self.network.waiting if room else ()
        return next((arrived for arrived in waiting if self._memory_for(arrived) in room), None)

    def _has_room(self, memory: str) -> bool:
        return memory in self.memories and self.memories[memory].free() is not None

    def _memory_for(self, arrived: Waiting) -> str:
        """Return where it goes: a modem with a memory for reports puts them nowhere else."""
        has_own = REPORTS in self.memories and arrived.is_report
        return REPORTS if has_own else self.session.receiving

    def _indicate(self, memory: str, location: int, is_report: bool) -> None:
        _, messages, _, reports, _ = self.session.indications
        if is_report and reports:
            self.say(f'+CDSI: "{memory}",{location}')
        if not is_report and messages:
            self.say(f'+CMTI: "{memory}",{location}')

    def empty(self) -> None:
        """Take all messages away, those that wait too; the counts stay."""
        self.network.waiting.clear()
        for slots in self.memories.values():
            slots.messages.clear()

    def readable(self) -> Slots:
        """Return the memory that AT+CPMS chose for reading; raises `CmsError` with a locked SIM."""
        self.require_pin()
        return self.memories[self.session.reading]

    def delete(self, location: int) -> None:
        """Delete one slot, which the network may fill again at once."""
        if self.readable().messages.pop(location, None) is None:
            raise CmsError(CmsError.BAD_INDEX)
        self.deleted += 1
        self.flow_in()

    def require_coverage(self) -> None:
        """Raise `CmsError` where nothing can be sent: no network, or no credit for a part."""
        self.require_pin()
        if not self.registered:
            raise CmsError(CmsError.NO_NETWORK)
        if not self.network.has_credit():
            raise CmsError(self.network.no_credit_code)

    def ring(self, caller: Caller) -> bool:
        """Let `caller`'s phone make this one ring; False where the line is busy or there is no network."""
        return self.registered and self.ringing.start(caller, self._say_ring, self._say_end)

    def _say_ring(self, caller: Caller) -> None:
        self.say("+CRING: VOICE" if self.session.extended_ring else "RING")
        if self.session.caller_number:
            self.say(caller.clip)

    def _say_end(self, caller: Caller) -> None:
        if caller.says_end:
            self.say("NO CARRIER")

    def answer_ussd(self) -> None:
        """Let the network answer a service code, later, in the charset that the client chose."""
        answer, line = self.network.ussd_text(), self.network.ussd_line
        if line is None and answer is not None:
            line = self._ussd_line(self.network.ussd_status, answer)
        if line is not None and self.session.ussd:
            asyncio.get_running_loop().call_later(self.network.ussd_seconds, self._say_ussd, line)

    def push_ussd(self, status: int, text: str) -> None:
        """Let the network say something of its own accord, as to an advert."""
        if self.session.ussd:
            self.say(f"+CUSD: {self._ussd_line(status, text)}")

    def _ussd_line(self, status: int, text: str) -> str:
        bare = status in USSD_WITHOUT_TEXT
        return str(status) if bare else f"{status},{write_ussd(text, self.session.charset)}"

    def _say_ussd(self, line: str) -> None:
        self.session.ussd_open = line.startswith("1")
        self.say(f"+CUSD: {line}")

    def require_pin(self) -> None:
        """Raise `CmsError` while the SIM waits for its PIN, or does not work."""
        if self.sim.sim_fault is not None:
            raise CmsError(300 + SIM_FAULTS[self.sim.sim_fault])
        if self.sim.locked:
            raise CmsError(CmsError.PIN_REQUIRED)
