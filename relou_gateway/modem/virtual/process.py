"""The virtual modem's process: `python -m relou_gateway.modem.virtual.process`.

Its options come as JSON on standard input. It ends at SIGTERM and SIGINT, and when whoever
started it is no more: a pipe that it was given then comes to its end, so that even a `kill -9`
leaves no orphan.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

from ...rules.records import Memory
from . import VirtualOptions
from .console import Console, greeting, sent
from .control import Control
from .demo import play
from .device import Device
from .network import Network
from .slots import REPORTS, Memories, Slots
from .stick import Sim, Stick

_READ = 4096


def build(options: VirtualOptions) -> Device:
    """Return the device that `options` describe, not plugged in yet."""
    network = Network(
        record=options.record, credit=options.credit, price=options.price, send_seconds=options.send_seconds
    )
    memories: Memories = {Memory.SIM: Slots(options.sim_slots), Memory.MODEM: Slots(options.me_slots)}
    if options.sr_slots:
        memories[REPORTS] = Slots(options.sr_slots)
    stick = Stick(network, memories, Sim(options.imsi, options.pin), options.imei)
    return Device(stick, options.link, Random(options.seed))  # noqa: S311 - garbage, no secrets


async def serve(options: VirtualOptions, *, terminal: bool = False) -> bool:
    """Be a modem until a signal, `quit` or the lifeline's end; False where a fault of its own ended it.

    `terminal` takes commands of a person from standard input, and says what is sent.
    """
    device = build(options)
    end = _End(options.lifeline)
    control = Control(device, end.reach)
    async with contextlib.AsyncExitStack() as stack:
        if options.control:
            server = await control.serve(options.control)
            stack.callback(options.control.unlink, missing_ok=True)
            stack.callback(server.close)
        stack.push_async_callback(device.closed)
        device.plug()  # behind the socket, so that who sees the link may use the rest
        if terminal:
            stack.enter_context(_terminal(options, device, control, end))
        if options.demo:
            story = asyncio.create_task(play(control.ask, Random(options.seed)))  # noqa: S311
            stack.callback(story.cancel)
        await end.reached.wait()
    return not end.failed


class _End:
    """Waits for whatever ends the process."""

    def __init__(self, lifeline: int | None) -> None:
        self.reached = asyncio.Event()
        self.failed = False
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._fail)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.reach)
        if lifeline is not None:
            loop.add_reader(lifeline, self._read_lifeline, lifeline)

    def reach(self) -> None:
        """End the process soon."""
        self.reached.set()

    def _read_lifeline(self, lifeline: int) -> None:
        if not os.read(lifeline, _READ):
            asyncio.get_running_loop().remove_reader(lifeline)
            self.reach()

    def _fail(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Let a fault of this program end it visibly: a modem that is half alive misleads every test."""
        loop.default_exception_handler(context)
        self.failed = True
        self.reach()


@contextlib.contextmanager
def _terminal(options: VirtualOptions, device: Device, control: Control, end: _End) -> Iterator[None]:
    """Take a person's commands from standard input while the context lasts."""
    loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()
    console = Console(control.ask, _show)
    device.stick.network.sent = lambda submit, reference: _show(sent(submit, reference))
    _show(greeting(options.link, options.control))

    def read() -> None:
        typed = os.read(stdin, _READ)
        console.hear(typed.decode(errors="replace"))
        if not typed:  # Ctrl-D
            end.reach()

    loop.add_reader(stdin, read)
    try:
        yield
    finally:
        loop.remove_reader(stdin)


def _show(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run with the options that come as JSON on standard input; return the exit code.

    Not as an argument: everyone on the machine may read those, and a PIN is among them.
    """
    try:
        return 0 if asyncio.run(serve(VirtualOptions.from_json(sys.stdin.read()))) else 1
    except OSError as failed:
        sys.stderr.write(f"cannot plug in the virtual modem: {failed}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
