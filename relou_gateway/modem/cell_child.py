"""The inside of a modem cell: a child process that runs one driver and does as `cell` says.

Started as `python -I -m relou_gateway.modem.cell_child FD`, where FD is its end of a socket.
The first request opens the modem that its spec describes:

- `{"driver": "gammu", "device": "/dev/…", "connection": "at115200"}`, and `pin`, `smsc` and `calls` if wanted
- `{"driver": "package.module:name", "path": ["/…"], …}`: any callable that returns a `Modem` for
  the remaining keys; `path` goes to the front of `sys.path`. For tests.

A thread does nothing but read the socket. When the daemon's end closes, it ends the process on
the spot, whatever libGammu is doing: it releases the interpreter's lock while it waits.
"""

from __future__ import annotations

import importlib
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import wire
from .port import Modem, ModemFailure, ModemLost

DRIVERS = {"gammu": "relou_gateway.modem.gammu_modem:GammuModem"}


def main() -> None:
    """Serve one modem until the daemon closes the line or the modem is lost."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # the daemon stops in order, and its cell with it; a signal to the whole group would
        # cut short a send that has seven seconds left
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as line:
        requests: queue.SimpleQueue[wire.Wire] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(line, requests), daemon=True).start()
        _serve(requests, lambda message: line.sendall(wire.pack(message)))
    os._exit(0)  # without waiting for the thread, or for what libGammu left behind


def _read(line: socket.socket, requests: queue.SimpleQueue[wire.Wire]) -> None:
    lines = wire.Lines()
    try:
        while data := line.recv(65536):
            for request in lines.feed(data):
                requests.put(request)
    finally:
        os._exit(0)


def _serve(requests: queue.SimpleQueue[wire.Wire], reply: Callable[[wire.Wire], None]) -> None:
    modem: Modem | None = None
    while True:
        request = requests.get()
        method = request.pop("do")
        try:
            if modem is None:
                modem = _open(**request["spec"])
                result = None
            else:
                result = _METHODS[method](modem, request, reply)
        except ModemFailure as failure:
            reply(wire.failure_to_wire(failure))
            if isinstance(failure, ModemLost):
                return
        except Exception as error:  # noqa: BLE001 - a fault of the driver is a death of the cell, told
            reply(wire.failure_to_wire(ModemLost("died", _place(error))))
            return
        else:
            reply({"done": wire.result_to_wire(method, result)})
        if method == "close":
            return


def _open(driver: str, path: list[str] | None = None, **settings: Any) -> Modem:
    sys.path[:0] = path or []
    module, _, name = DRIVERS.get(driver, driver).partition(":")
    try:
        make = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise ModemLost("broken", f"the modem's driver cannot be loaded: {error}") from error
    modem: Modem = make(**settings)
    return modem


def _send(modem: Modem, request: wire.Wire, reply: Callable[[wire.Wire], None]) -> tuple[int, ...]:
    return modem.send(
        request["number"],
        request["parts"],
        unicode=request["unicode"],
        accepted=lambda reference: reply({"taken": reference}),
    )


_METHODS: dict[str, Callable[[Modem, wire.Wire, Callable[[wire.Wire], None]], Any]] = {
    "identify": lambda modem, _request, _reply: modem.identify(),
    "network": lambda modem, _request, _reply: modem.network(),
    "listing": lambda modem, _request, _reply: modem.listing(),
    "delete": lambda modem, request, _reply: modem.delete(wire.address_from_wire(request["address"])),
    "delete_by_hand": lambda modem, request, _reply: modem.delete_by_hand(
        wire.prints_from_wire(request["slots"])
    ),
    "restart_radio": lambda modem, _request, _reply: modem.restart_radio(),
    "ussd": lambda modem, request, _reply: modem.ussd(request["code"], request["pattern"]),
    "send": _send,
    "close": lambda modem, _request, _reply: modem.close(),
}


def _place(error: Exception) -> str:
    """Tell what broke and where, without the error's own words: they may quote a text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"the driver broke: {type(error).__name__}{where}"


if __name__ == "__main__":
    main()
