"""The virtual modem as a thing: a stick, its line to the host, and what is broken about it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from random import Random

from .conversation import Conversation
from .faults import Faults
from .line import Line
from .stick import Stick


class Device:
    """One stick that can be plugged in under `link` and pulled again."""

    def __init__(self, stick: Stick, link: Path, random: Random) -> None:
        self.stick = stick
        self.faults = Faults()
        self._link = link
        self._random = random
        self._line: Line | None = None
        self._conversation: Conversation | None = None
        self._talk: asyncio.Task[None] | None = None
        self._chatter: asyncio.TimerHandle | None = None
        stick.say = self._say
        stick.network.arrived = stick.flow_in

    @property
    def line(self) -> Line | None:
        """The line while it is up."""
        return self._line

    def plug(self) -> None:
        """Power the stick and make its line appear; nothing changes if it is up."""
        if self._line is not None:
            return
        self._line = Line(self._link, self._hear)
        self._conversation = Conversation(self.stick, self.faults, self._line.write, self.unplug)
        self._talk = asyncio.get_running_loop().create_task(self._conversation.run())
        self._talk.add_done_callback(_raise_failure)
        self.stick.power_up()

    def rename(self, link: Path) -> None:
        """Come back under another name at the next `plug`."""
        self._link = link

    def unplug(self) -> None:
        """Let the line go down, in the middle of whatever is said; nothing changes if it is."""
        if self._line is None or self._talk is None:
            return
        self._talk.cancel()
        self._line.drop()
        self._line = self._conversation = self._talk = None
        self.stick.ringing.stop()

    def chatter(self, seconds: float) -> None:
        """Say ^RSSI every so often, whatever else is said, until `clear`."""
        self._stop_chatter()
        self._write(f"\r\n^RSSI:{self._random.randrange(32)}\r\n".encode())
        self._chatter = asyncio.get_running_loop().call_later(seconds, self.chatter, seconds)

    def garbage(self, length: int) -> None:
        """Put so many random octets on the line."""
        self._write(self._random.randbytes(length))

    def clear(self) -> None:
        """End all faults but a line that is down."""
        self.faults.clear()
        self._stop_chatter()
        self.stick.full = self.stick.no_network = False
        self.stick.flow_in()

    def _stop_chatter(self) -> None:
        if self._chatter:
            self._chatter.cancel()
        self._chatter = None

    def _hear(self, octets: bytes) -> None:
        if self._conversation:
            self._conversation.hear(octets)

    def _say(self, line: str) -> None:
        if self._conversation:
            self._conversation.say(line)

    def _write(self, octets: bytes) -> None:
        if self._line:
            self._line.write(octets)

    async def closed(self) -> None:
        """Wait until nothing of the device runs any more; for the end of the process."""
        talk = self._talk
        self.unplug()
        self._stop_chatter()
        if talk:
            with contextlib.suppress(asyncio.CancelledError):
                await talk


def _raise_failure(talk: asyncio.Task[None]) -> None:
    """Let a fault of this program reach the loop's exception handler: no client will hear of it."""
    if not talk.cancelled() and (failure := talk.exception()):
        raise failure
