"""The virtual modem: an AT modem on a pty, in a process of its own.

`start_virtual` starts it for the daemon (`device: virtual`) and for tests; the verb
`virtual-modem` is the same process in a terminal. From the pty outward it is real: libGammu
speaks AT to it, and so does any other program that knows modems. Behind it are a SIM card
with few slots, a network that holds back what does not fit, and a credit that runs out.

    process             event loop, signals, the end
      control           requests of programs; mail makes their messages
      console           words of people; demo plays an evening
      device            the stick, plugged in or pulled
        line            the pty and its link
        conversation    lines in, echo and answers out
          at            the grammar of AT lines
          sms_commands, radio_commands, charset
        stick           identity, SIM, what clients have set
          slots         the memories
          call          a call that rings
          network       messages that wait, credit, the record of what was sent
        faults          how it is told to fail
    pdu, septets        its own codec of SMS
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

START_SECONDS = 15.0
STOP_SECONDS = 5.0


class VirtualFailure(Exception):
    """The virtual modem did not start, or refused a request."""


@dataclass(frozen=True, slots=True)
class VirtualOptions:
    """What the virtual modem is and costs.

    `link` becomes a symbolic link to the pty; `control` a unix socket; `record` gets a line
    for every part that was accepted. `credit` (None never ends) and `price` are micro-units.
    `pin` is the SIM's, None asks for none. With `sr_slots` the modem keeps delivery reports in a
    memory of their own. At the end of the file descriptor `lifeline` the
    process ends. `seed` makes garbage and the demonstration repeatable.
    """

    link: Path
    control: Path | None = None
    record: Path | None = None
    send_seconds: float = 4.0
    credit: int | None = 20_000_000
    price: int = 160_000
    sim_slots: int = 30
    me_slots: int = 100
    sr_slots: int = 0
    imei: str = "350000000000006"
    imsi: str = "208990123456789"
    pin: str | None = None
    seed: int = 0
    demo: bool = False
    lifeline: int | None = None

    def to_json(self) -> str:
        """Return the options as text, for the command line of the process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        for name in ("link", "control", "record"):
            fields[name] = fields[name] and Path(fields[name])
        return cls(**fields)


class VirtualModem:
    """A virtual modem that runs; `start_virtual` makes one."""

    def __init__(self, process: subprocess.Popen[bytes], options: VirtualOptions, lifeline: int) -> None:
        self._process = process
        self._lifeline = lifeline
        self.options = options

    @property
    def link(self) -> Path:
        """The device to give to whoever speaks to modems."""
        return self.options.link

    @property
    def control(self) -> Path | None:
        """The control socket."""
        return self.options.control

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Send one request to the control socket and return its answer.

        Raises `VirtualFailure` where the modem refuses, OSError where nobody is there.
        """
        if self.control is None:
            raise VirtualFailure("this virtual modem has no control socket")
        return ask(self.control, do, **request)

    def stop(self) -> None:
        """End the process: politely, then not. The link and the socket are gone afterwards."""
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def ask(control: Path, do: str, **request: Any) -> dict[str, Any]:
    """Send one request to a control socket; see `VirtualModem.ask`."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(START_SECONDS)
        connection.connect(str(control))
        connection.sendall(json.dumps({"do": do, **request}).encode() + b"\n")
        with connection.makefile("rb") as answers:
            answer: dict[str, Any] = json.loads(answers.readline() or b"{}")
    if not answer.get("ok"):
        raise VirtualFailure(str(answer.get("error", "the virtual modem went away")))
    return answer


def start_virtual(options: VirtualOptions) -> VirtualModem:
    """Start the virtual modem and wait until its link can be opened.

    It ends when it is stopped, and when this process ends in whatever way. Raises
    `VirtualFailure` where it does not come up.
    """
    options.link.unlink(missing_ok=True)  # of one that was killed; else it would look ready at once
    theirs, ours = os.pipe()
    try:
        process = _spawn(replace(options, lifeline=theirs), theirs)
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    modem = VirtualModem(process, options, ours)
    try:
        _wait_for_link(modem)
    except VirtualFailure:
        modem.stop()
        raise
    return modem


def _spawn(options: VirtualOptions, lifeline: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-I", "-m", f"{__package__}.process"],
        pass_fds=(lifeline,),
        stdin=subprocess.PIPE,
        # Ctrl-C in the terminal is for the gateway, which still needs its modem to stop in order
        start_new_session=True,
    )
    assert process.stdin is not None
    with process.stdin as options_of_the_child:
        options_of_the_child.write(options.to_json().encode())
    return process


def _wait_for_link(modem: VirtualModem) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not modem.link.is_symlink():
        if not modem.alive or time.monotonic() > deadline:
            raise VirtualFailure(f"the virtual modem did not come up at {modem.link}")
        time.sleep(0.01)
