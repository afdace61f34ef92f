"""Asks a modem who it is and how it fares, in a few AT commands and a process of its own.

For finding the modem among several ttys, for what must be known before libGammu opens it (does
the SIM ask for its PIN, and how many tries are left?), and for `doctor`. The asking is done by
`probe_child`, which is killed at its deadline: a tty may hang in the kernel.
"""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from . import child

DEADLINE = 12.0
"""Seconds that a probe may take by default; a modem in good health needs one or two."""

FULL_DEADLINE = 30.0
"""The same with `full`: whether calls are forwarded is asked of the network."""

GLANCE = 0.2
"""Seconds between two looks at whether somebody is in a hurry."""

SPEED = 115200

LONGEST = 100_000
"""Bytes of a probe's answer that are read at the most."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a modem that answers says of itself. Texts are empty where it does not say.

    `sim` is `ready`, `pin`, `puk`, `pin2`, `puk2`, `network` (locked to another operator's
    SIM), `absent`, `failed`, `busy`, or `unknown`. `pin_tries` and `puk_tries` are the tries
    left, None where the modem does not tell. `denied` says that the network refused this SIM.
    `messages` says that it can do SMS in PDU mode. `memories` maps `SM` and `ME` to the slots used
    and the slots in all.

    The rest is asked only with `full`: `forwardings` are the numbers to which voice calls are
    forwarded, by when (`always`, `busy`, `no answer`, `not reachable`), None where the network did
    not tell; `can_ring` whether the modem tells who calls (+CLIP); `cnmi` the indications that it offers.
    """

    device: str
    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    imei: str = ""
    imsi: str = ""
    sim: str = "unknown"
    pin_tries: int | None = None
    puk_tries: int | None = None
    registered: bool = False
    roaming: bool = False
    denied: bool = False
    operator: str = ""
    signal_percent: int | None = None
    smsc: str = ""
    messages: bool = False
    memories: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    forwardings: Mapping[str, str] | None = None
    can_ring: bool | None = None
    cnmi: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the facts in terms of JSON."""
        return {"answers": True, **asdict(self)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned; raises TypeError, ValueError or LookupError for anything else."""
        memories = {name: (int(used), int(size)) for name, (used, size) in fields["memories"].items()}
        told = {name: value for name, value in fields.items() if name != "answers"}
        return cls(**{**told, "memories": memories})


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a device told nothing: `cause` is one of the port's `LOST_CAUSES`, `reason` has the cure."""

    device: str
    cause: str
    reason: str


def speed_of(connection: str) -> int | None:
    """Return the speed of a libGammu connection, as `at115200`; None where it is no serial AT line."""
    found = re.fullmatch(r"at(\d*)", connection)
    return None if found is None else int(found[1] or SPEED)


HUNG = "nothing on {0} answers as a modem does; if this is the modem, unplug it and plug it in again"
HURRIED = "the gateway is stopping"


def probe(
    device: str,
    *,
    deadline: float | None = None,
    speed: int = SPEED,
    full: bool = False,
    hurried: Callable[[], bool] = lambda: False,
) -> Facts | Silence:
    """Ask what answers at `device`, a path. Takes no longer than `deadline` seconds.

    The port is opened exclusively, and nothing is said on one that another program holds.
    Nothing is changed in the modem. `hurried` is asked every now and then whether to give up.
    """
    seconds = deadline or (FULL_DEADLINE if full else DEADLINE)
    ends = time.monotonic() + seconds
    arguments = [device, "--speed", str(speed), "--seconds", str(seconds), *(["--full"] if full else [])]
    try:
        process = child.start("probe_child", *arguments, stdout=subprocess.PIPE)
    except OSError as error:
        return Silence(device, "died", f"the probe does not start: {error}")
    try:
        return _read(process, device, ends, hurried)
    finally:
        process.kill()
        if process.stdout is not None:
            process.stdout.close()
        child.reap(process)


def _read(
    process: subprocess.Popen[bytes], device: str, ends: float, hurried: Callable[[], bool]
) -> Facts | Silence:
    assert process.stdout is not None
    answer, poll = b"", select.poll()
    poll.register(process.stdout, select.POLLIN)
    while (left := ends - time.monotonic()) > 0 and len(answer) < LONGEST:
        if hurried():
            return Silence(device, "stopped", HURRIED)
        if not poll.poll(1000 * min(left, GLANCE)):
            continue
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            return _understood(device, answer)
        answer += piece
    return Silence(device, "hung", HUNG.format(device))


def _understood(device: str, answer: bytes) -> Facts | Silence:
    try:
        fields = json.loads(answer)
        if fields["answers"]:
            return Facts.from_json(fields)
        return Silence(device, str(fields["cause"]), str(fields["reason"]))
    except (ValueError, TypeError, LookupError, AttributeError):
        return Silence(device, "died", f"the probe of {device} died")
