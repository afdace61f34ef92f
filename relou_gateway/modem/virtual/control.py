"""The virtual modem's control socket: one JSON object a line, each answered by one.

A request names what it wants in `do`; the answer has `ok`, and `error` where that is false.

    {"do": "deliver", "number": "+33612345678", "text": "laisse-moi t'expliquer"}
    {"do": "fault", "kind": "lose", "at": "<message>", "count": 2}

deliver, deliver_part, deliver_binary, deliver_raw, report (`mail` says what each
takes), call, push_ussd, set, state, slots, empty, fault, garbage, chatter, clear, drop, replug (where it
names a `link`, the modem comes back under that), quit.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...rules.money import decimal, micros
from . import mail
from .call import Caller
from .device import Device
from .faults import Fault, FaultKind
from .stick import SIM_FAULTS, Stick

Request = Mapping[str, Any]
Answer = dict[str, Any]

LONGEST_REQUEST = 1 << 20


class Control:
    """Answers requests about one device; `stop` ends the process."""

    def __init__(self, device: Device, stop: Callable[[], None]) -> None:
        self._device = device
        self._stop = stop
        self._reference = 0
        self._verbs: dict[str, Callable[[Request], Answer]] = {
            "deliver": self._deliver,
            "deliver_part": lambda request: self._arrive(mail.part(request)),
            "deliver_binary": lambda request: self._arrive(mail.binary(request)),
            "deliver_raw": self._deliver_raw,
            "report": lambda request: self._arrive(mail.report(request)),
            "call": self._call,
            "push_ussd": self._push_ussd,
            "set": self._set,
            "state": self._state,
            "empty": lambda _: self._do(self._device.stick.empty),
            "slots": self._slots,
            "fault": self._fault,
            "garbage": lambda request: self._do(self._device.garbage, int(request["length"])),
            "chatter": lambda request: self._do(self._device.chatter, float(request.get("seconds", 0.2))),
            "clear": lambda _: self._do(self._device.clear),
            "drop": lambda _: self._do(self._device.unplug),
            "replug": self._replug,
            "quit": lambda _: self._do(self._stop),
        }

    def ask(self, request: Request) -> Answer:
        """Answer one request; a bad one is answered with `ok` false and the `error` in words."""
        verb = self._verbs.get(str(request.get("do")))
        if verb is None:
            return _bad(f"`do` is one of {', '.join(sorted(self._verbs))}")
        try:
            return {"ok": True} | verb(request)
        except KeyError as missing:
            return _bad(f"{missing} is missing")
        except (ValueError, TypeError, ArithmeticError) as wrong:
            return _bad(str(wrong))

    async def serve(self, path: Path) -> asyncio.Server:
        """Listen at `path`, which only its owner may open."""
        before = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._talk, path, limit=LONGEST_REQUEST)
        finally:
            os.umask(before)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self._read(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):  # ValueError: a line beyond the limit
            pass
        finally:
            writer.close()

    def _read(self, line: bytes) -> Answer:
        try:
            request = json.loads(line)
        except ValueError as wrong:
            return _bad(f"no JSON: {wrong}")
        return self.ask(request) if isinstance(request, dict) else _bad("a request is a JSON object")

    def _do(self, act: Callable[..., None], *arguments: float | str) -> Answer:
        act(*arguments)
        return {}

    # --- messages and calls -------------------------------------------------------------

    def _arrive(self, pdus: list[bytes]) -> Answer:
        return {"serials": [self._device.stick.network.deliver(pdu) for pdu in pdus]}

    def _deliver(self, request: Request) -> Answer:
        """Deliver a text, under the `reference` given or the next one."""
        self._reference = (self._reference + 1) % 256
        reference = int(request.get("reference", self._reference))
        return self._arrive(mail.text(request, reference)) | {"reference": reference}

    def _deliver_raw(self, request: Request) -> Answer:
        """Deliver `pdu` (hex) as it stands, however broken; the modem shows it as `line` if that is given."""
        line = None if request.get("line") is None else str(request["line"])
        return {"serials": [self._device.stick.network.deliver(bytes.fromhex(request["pdu"]), line)]}

    def _call(self, request: Request) -> Answer:
        """Ring: `number` (none where hidden), `rings`, `seconds` from one to the next, `says_end`."""
        caller = Caller(
            str(request.get("number") or ""),
            int(request.get("rings", 5)),
            float(request.get("seconds", 5.0)),
            bool(request.get("says_end")),
        )
        return {"rings": self._device.stick.ring(caller)}

    def _push_ussd(self, request: Request) -> Answer:
        """Let the network say `text` unasked, with `status` 0, or 1 where it wants an answer."""
        return self._do(self._device.stick.push_ussd, int(request.get("status", 0)), str(request["text"]))

    # --- state --------------------------------------------------------------------------

    def _set(self, request: Request) -> Answer:
        """Set what the request names; see `_SETTINGS`."""
        fresh = {key: value for key, value in request.items() if key != "do"}
        if unknown := sorted(fresh.keys() - _SETTINGS):
            raise ValueError(f"cannot set {', '.join(unknown)}; only {', '.join(_SETTINGS)}")
        stick = self._device.stick
        for key, value in fresh.items():
            owner, kind = _SETTINGS[key]
            setattr(owner(stick), key, kind(value))
        if "pin" in fresh:
            stick.sim.renew()
        stick.flow_in()
        return {}

    def _state(self, _: Request) -> Answer:
        """Tell how much arrived and where it is, and what was sent."""
        stick, network, line = self._device.stick, self._device.stick.network, self._device.line
        return {
            "delivered": network.delivered,
            "waiting": len(network.waiting),
            "stored": stick.stored,
            "deleted": stick.deleted,
            "accepted": network.accepted,
            "credit": None if network.credit is None else decimal(network.credit),
            "registered": stick.registered,
            "used": {memory: slots.used for memory, slots in stick.memories.items()},
            "slots": {memory: slots.capacity for memory, slots in stick.memories.items()},
            "device": line.device if line else None,
            "clients": line.clients if line else 0,
            "commands": stick.commands,
            "hung": self._device.faults.hung,
            "faults": len(self._device.faults.armed),
            "pin_tries": stick.sim.tries_left,
            "ringing": stick.ringing.caller is not None,
            "radio_starts": stick.radio_starts,
            "ussd_on": bool(stick.session.ussd),
            "ussd_open": stick.session.ussd_open,
        }

    def _slots(self, _: Request) -> Answer:
        memories = self._device.stick.memories
        return {
            "messages": [
                {
                    "memory": memory,
                    "location": location,
                    "serial": stored.serial,
                    "status": stored.status,
                    "pdu": stored.pdu.hex(),
                }
                for memory, slots in memories.items()
                for location, stored in slots.listing()
            ]
        }

    # --- faults -------------------------------------------------------------------------

    def _fault(self, request: Request) -> Answer:
        """Make a fault: `kind`, and how it strikes (see `Fault`); `hang` without `at` strikes now."""
        kind = request["kind"]
        if kind in {"full", "no_network"}:
            setattr(self._device.stick, kind, True)
        elif kind == FaultKind.HANG and "at" not in request:
            self._device.faults.hung = True
        else:
            self._device.faults.armed.append(_read_fault(request))
        return {}

    def _replug(self, request: Request) -> Answer:
        """Plug it in again, where `link` is given under that name from now on."""
        self._device.unplug()
        if "link" in request:
            self._device.rename(Path(str(request["link"])))
        self._device.plug()
        return {}


def _bad(error: str) -> Answer:
    return {"ok": False, "error": error}


def _read_fault(request: Request) -> Fault:
    return Fault(
        kind=FaultKind(request["kind"]),
        at=str(request.get("at", "")),
        skip=int(request.get("skip", 0)),
        count=_or_none(int)(request.get("count", 1)),
        executed=bool(request.get("executed")),
        cms=_or_none(int)(request.get("cms")),
        cme=_or_none(int)(request.get("cme")),
    )


def _or_none(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else kind(value)


def _money(value: Any) -> int:
    return micros(str(value))


def _of_coverage(stick: Stick) -> object:
    return stick.network.coverage


def _of_network(stick: Stick) -> object:
    return stick.network


def _of_sim(stick: Stick) -> object:
    return stick.sim


def _of_stick(stick: Stick) -> object:
    return stick


def _sim_fault(value: Any) -> str | None:
    if value is not None and value not in SIM_FAULTS:
        raise ValueError(f"a SIM's fault is one of {', '.join(SIM_FAULTS)}")
    return None if value is None else str(value)


_SETTINGS: Mapping[str, tuple[Callable[[Stick], object], Callable[[Any], Any]]] = {
    "registered": (_of_coverage, bool),
    "roaming": (_of_coverage, bool),
    "denied": (_of_coverage, bool),
    "sms_only": (_of_coverage, bool),
    "lte_only": (_of_coverage, bool),
    "lost_network": (_of_stick, bool),
    "operator": (_of_coverage, str),
    "signal": (_of_coverage, int),
    "credit": (_of_network, _or_none(_money)),
    "price": (_of_network, _money),
    "no_credit_code": (_of_network, int),
    "send_seconds": (_of_network, float),
    "report_seconds": (_of_network, _or_none(float)),
    "ussd_seconds": (_of_network, float),
    "ussd_answer": (_of_network, _or_none(str)),
    "ussd_status": (_of_network, int),
    "ussd_line": (_of_network, _or_none(str)),
    "forwarding": (_of_network, _or_none(str)),
    "smsc": (_of_stick, str),
    "imei": (_of_stick, str),
    "imsi": (_of_sim, str),
    "pin": (_of_sim, _or_none(str)),
    "tries_left": (_of_sim, int),
    "tells_tries": (_of_sim, bool),
    "sim_fault": (_of_sim, _sim_fault),
}
"""What can be set: whose attribute it is, and how its value is read.

A PIN is asked for at once, with all its tries.
"""
