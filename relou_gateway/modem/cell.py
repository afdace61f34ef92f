"""Runs any modem in a process of its own, which can be killed.

libGammu waits for up to 600 s, does not notice an unplug while it works, and has crashed on
what modems say (gammu#392, #136, #4, python-gammu#53). So the driver runs in a child process, the *cell*, and
each request to it has a deadline on the wall. A cell that misses one is killed; one that
survives even SIGKILL, because its tty hangs in the kernel, is abandoned and never waited for.
libGammu takes a pulled modem for a slow one; so while a request runs, its path is looked at.
After any loss the `Cell` is dead for good; `keeper` starts a fresh one.

Requests and answers are JSON lines on one socket (`wire`). It is also the lifeline: nobody but
the daemon holds its other end, and the cell ends itself when that closes, so that a daemon
which was killed never leaves a cell behind that still holds the modem.
"""

from __future__ import annotations

import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from ..rules.records import Identity, Listing, Network, SlotAddress
from . import child, wire
from .plug import Plug
from .port import InDoubt, ModemFailure, ModemLost, NotSent

Spec = Mapping[str, Any]
"""Which driver a cell runs, in terms of JSON: `{"driver": "gammu", "device": …}`; see `cell_child`."""

GLANCE = 0.2
"""Seconds between two looks at whether somebody is in a hurry, and whether the modem is still plugged in."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that a request may take; beyond them the cell is killed (DESIGN.md, Failures)."""

    open: float = 20
    listing: float = 60
    delete: float = 15
    delete_by_hand: float = 60
    restart_radio: float = 60
    ussd: float = 40
    send: float = 75
    further_part: float = 30
    other: float = 25
    close: float = 1


DEADLINES = Deadlines()

HUNG = "the modem does not answer; its process was killed"
LET_GO = "the modem was let go of"
PULLED = "{0} is gone: the modem was unplugged, or has reset itself"
HURRIED = "the gateway is stopping and could wait no longer; the modem's process was killed"


class Cell:
    """A modem in a killable child process: a `Modem` whose every request has a deadline.

    Requests come one at a time; a second thread waits for the first. `hurry` and `close`
    may be called by any thread at any time.
    """

    def __init__(self, spec: Spec, deadlines: Deadlines = DEADLINES) -> None:
        """Start the process. It opens the modem when `open` is called."""
        self._spec = spec
        self._deadlines = deadlines
        self._turn = threading.Lock()
        self._latest = float("inf")
        self._lost: ModemLost | None = None
        self._plug = Plug(str(spec["device"])) if "device" in spec else None
        self._process, self._socket = _start_child()
        self._lines = wire.Lines()
        self._inbox: list[wire.Wire] = []

    @classmethod
    def start(cls, spec: Spec, deadlines: Deadlines = DEADLINES) -> Self:
        """Start a cell and open its modem; raises `ModemLost`."""
        cell = cls(spec, deadlines)
        cell.open()
        return cell

    @property
    def process_id(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the cell can still be asked; becomes False once and for ever."""
        return self._lost is None

    @property
    def loss(self) -> ModemLost | None:
        """How the cell was lost, once it was."""
        return self._lost

    # --- the port ---------------------------------------------------------------------------

    def open(self) -> None:
        """Open the modem; raises `ModemLost` with what stands against it."""
        self._ask("open", {"spec": dict(self._spec)}, self._deadlines.open)

    def identify(self) -> Identity:
        """Return who the modem is; raises `ModemLost`."""
        identity: Identity = self._ask("identify", {}, self._deadlines.other)
        return identity

    def network(self) -> Network:
        """Return the state of the radio; raises `ModemLost`."""
        network: Network = self._ask("network", {}, self._deadlines.other)
        return network

    def listing(self) -> Listing:
        """Return all that both memories show; raises `ModemLost`."""
        listing: Listing = self._ask("listing", {}, self._deadlines.listing)
        return listing

    def delete(self, address: SlotAddress) -> None:
        """Delete one slot; raises `DeleteFailed`, or `ModemLost` where it may be deleted."""
        self._ask("delete", {"address": wire.address_to_wire(address)}, self._deadlines.delete)

    def delete_by_hand(self, slots: Mapping[SlotAddress, bytes]) -> frozenset[SlotAddress]:
        """Delete what libGammu refuses to delete; return what is free now; raises `ModemLost`."""
        arguments = {"slots": wire.prints_to_wire(slots)}
        freed: frozenset[SlotAddress] = self._ask("delete_by_hand", arguments, self._deadlines.delete_by_hand)
        return freed

    def restart_radio(self) -> None:
        """Switch the radio off and on; raises `ModemLost`."""
        self._ask("restart_radio", {}, self._deadlines.restart_radio)

    def ussd(self, code: str, pattern: str) -> str:
        """Dial a service code and return the answer; raises `UssdFailed` or `ModemLost`."""
        answer: str = self._ask("ussd", {"code": code, "pattern": pattern}, self._deadlines.ussd)
        return answer

    def send(
        self,
        number: str,
        parts: Sequence[str],
        *,
        unicode: bool,
        accepted: Callable[[int], object] | None = None,
    ) -> tuple[int, ...]:
        """Send one text; raises `NotSent`, `Refused` or `InDoubt`.

        A cell that is lost before it had the whole request has not touched the modem: that
        is `NotSent`. Lost later, it is `InDoubt`, with the parts that it reported before.
        """
        references: list[int] = []

        def taken(reference: int) -> None:
            references.append(reference)
            if accepted is not None:
                accepted(reference)

        arguments = {"number": number, "parts": list(parts), "unicode": unicode}
        seconds = self._deadlines.send + self._deadlines.further_part * (len(parts) - 1)
        with self._turn:
            try:
                self._write("send", arguments)
            except ModemLost as lost:
                raise NotSent(f"not sent: {lost}") from None
            try:
                sent: tuple[int, ...] = self._answer("send", seconds, taken)
            except ModemLost as lost:
                raise InDoubt(f"it is not known whether it left: {lost}", accepted=len(references)) from None
            return sent

    def close(self) -> None:
        """Let go of the modem and end the process; takes about a second at the most."""
        was_alive = self.alive
        if self._turn.acquire(blocking=False):
            try:
                self._ask_in_turn("close", {}, self._deadlines.close)
            except ModemLost:
                pass  # it was asked politely; now it goes anyway
            finally:
                self._turn.release()
        self._lose("stopped", LET_GO)
        if was_alive:
            self._lost = ModemLost("stopped", LET_GO)

    def hurry(self, seconds: float) -> None:
        """Let no request, neither the one under way nor a later one, outlast this many seconds.

        May be called in a signal handler, and again: the earliest moment counts.
        """
        self._latest = min(self._latest, time.monotonic() + seconds)

    # --- one request ------------------------------------------------------------------------

    def _ask(self, method: str, arguments: Mapping[str, Any], seconds: float) -> Any:
        with self._turn:
            return self._ask_in_turn(method, arguments, seconds)

    def _ask_in_turn(self, method: str, arguments: Mapping[str, Any], seconds: float) -> Any:
        self._write(method, arguments)
        return self._answer(method, seconds, _ignore)

    def _write(self, method: str, arguments: Mapping[str, Any]) -> None:
        """Give the child a request, wholly or not at all: it acts on complete lines only."""
        if self._lost is not None:
            raise ModemLost(self._lost.cause, str(self._lost))
        try:
            self._socket.sendall(wire.pack({"do": method, **arguments}))
        except OSError as error:
            raise self._lose("died", self._how_it_ended()) from error

    def _answer(self, method: str, seconds: float, taken: Callable[[int], object]) -> Any:
        try:
            return self._conclude(method, time.monotonic() + seconds, taken)
        except ModemLost as lost:
            raise self._lose(lost.cause, str(lost)) from None
        except ModemFailure:
            raise
        except wire.Garbled as error:
            raise self._lose("broken", f"the modem process talks nonsense: {error}") from error
        except BaseException:
            # an interrupt, or a fault in the caller's `accepted`: the answer that is still to
            # come would be taken for that of the next request
            self._lose("broken", "a request was broken off; its process was killed")
            raise

    def _conclude(self, method: str, deadline: float, taken: Callable[[int], object]) -> Any:
        while True:
            message = self._next_message(deadline)
            match message:
                case {"taken": int(reference)}:
                    taken(reference)
                case {"done": fields}:
                    return wire.result_from_wire(method, fields)
                case _:
                    raise wire.failure_from_wire(message)

    def _next_message(self, deadline: float) -> wire.Wire:
        while not self._inbox:
            if not self._wait_readable(deadline):
                raise self._why_not(deadline)
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                raise ModemLost("died", self._how_it_ended())
            self._inbox += self._lines.feed(data)
        return self._inbox.pop(0)

    def _wait_readable(self, deadline: float) -> bool:
        """Wait for the child; False when the request's time is up, or all requests', or the modem is gone."""
        poll = select.poll()
        try:
            poll.register(self._socket, select.POLLIN)
        except ValueError:
            return True  # closed by another thread; recv will tell
        while (left := min(deadline, self._latest) - time.monotonic()) > 0:
            if poll.poll(1000 * min(left, GLANCE)):
                return True
            if self._plug is not None and self._plug.pulled:
                break
        return bool(poll.poll(0))

    def _why_not(self, deadline: float) -> ModemLost:
        """Say why a request got no answer."""
        if self._plug is not None and self._plug.pulled:
            return ModemLost("absent", PULLED.format(self._plug.path))
        return ModemLost("stopped", HURRIED) if self._latest < deadline else ModemLost("hung", HUNG)

    # --- the end ----------------------------------------------------------------------------

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(child.REAPING)
        except subprocess.TimeoutExpired:
            return "the modem process closed its line"
        return (
            f"the modem process died of signal {-code}"
            if code < 0
            else f"the modem process ended with {code}"
        )

    def _lose(self, cause: str, message: str) -> ModemLost:
        """End the process for good and return the failure of this request and all later ones."""
        if self._lost is None:
            self._lost = ModemLost(cause, message)
        self._process.kill()
        self._socket.close()
        child.reap(self._process)
        return ModemLost(self._lost.cause, str(self._lost))


def _ignore(_reference: int) -> None:
    """Take no notice of a part that was accepted."""


def _start_child() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the child process; return it with our end of the socket to it.

    Neither its arguments nor its environment tell anything of the modem: the spec, which may
    hold a PIN, goes over the socket.
    """
    ours, theirs = socket.socketpair()
    try:
        process = child.start("cell_child", str(theirs.fileno()), pass_fds=(theirs.fileno(),))
    except OSError as error:
        ours.close()
        raise ModemLost("died", f"the modem process does not start: {error}") from error
    finally:
        theirs.close()
    return process, ours
