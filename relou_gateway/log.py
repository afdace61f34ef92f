"""One line per event: for people on a terminal, as JSON under systemd.

Every event has one name, and all names stand in `Event`. Fields named `number` are masked
unless the operator asks otherwise; texts and PINs have no field at all, so they cannot be
logged by mistake. What strangers sent is made printable before anything renders it.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from enum import StrEnum
from typing import Any, TextIO, cast

import structlog


class Event(StrEnum):
    """All that the gateway tells of itself."""

    DAEMON_STARTED = "daemon.started"
    DAEMON_STOPPING = "daemon.stopping"
    DAEMON_STOPPED = "daemon.stopped"
    DAEMON_REFUSED = "daemon.refused"
    CONFIG_WARNING = "config.warning"
    DATABASE_MADE = "database.made"
    DATABASE_MIGRATED = "database.migrated"
    STORE_FAILED = "store.failed"
    STORE_RECOVERED = "store.recovered"
    TICK_FAILED = "tick.failed"
    CLOCK_STEPPED = "clock.stepped"
    CLOCK_IMPLAUSIBLE = "clock.implausible"
    MODEM_READY = "modem.ready"
    MODEM_LOST = "modem.lost"
    MODEM_UNREGISTERED = "modem.unregistered"
    MODEM_REGISTERED = "modem.registered"
    MODEM_RADIO_RESTARTED = "modem.radio_restarted"
    SMS_RECEIVED = "sms.received"
    PARTS_RECEIVED = "parts.received"
    PARTS_GIVEN_UP = "parts.given_up"
    SLOT_TWIN_ASSUMED = "slot.twin_assumed"
    SLOT_STUCK = "slot.stuck"
    SLOT_FREED = "slot.freed"
    MODEM_CHANGED = "modem.changed"
    MODEM_PORT_ASIDE = "modem.port_aside"
    MODEM_SMSC_MISSING = "modem.smsc_missing"
    SIM_CHANGED = "sim.changed"
    SIM_FILLING = "sim.filling"
    SIM_IDLE = "sim.idle"
    SIM_PIN_TRIED = "sim.pin_tried"
    SLOT_UNSTORABLE = "slot.unstorable"
    MESSAGE_SHELVED = "message.shelved"
    VERDICT_GIVEN = "verdict.given"
    CAP_REACHED = "cap.reached"
    CAP_FREE = "cap.free"
    CREDIT_LOW = "credit.low"
    CREDIT_TOLD = "credit.told"
    CREDIT_TOPPED_UP = "credit.topped_up"
    CREDIT_DIFFERS = "credit.differs"
    CREDIT_UNKNOWN = "credit.unknown"
    SIM_KEEP_ALIVE_DUE = "sim.keep_alive_due"
    BREAKER_OPENED = "breaker.opened"
    BREAKER_CLOSED = "breaker.closed"
    REPLY_CANCELLED = "reply.cancelled"
    REPLY_CLAIMED = "reply.claimed"
    REPLY_SENT = "reply.sent"
    REPLY_DELIVERED = "reply.delivered"
    REPLY_UNDELIVERED = "reply.undelivered"
    REPLY_POSTPONED = "reply.postponed"
    REPLY_FAILED = "reply.failed"
    REPLY_IN_DOUBT = "reply.in_doubt"
    REPLY_EXPIRED = "reply.expired"
    RAID_BEGAN = "raid.began"
    RAID_ENDED = "raid.ended"
    SENDER_MUTED = "sender.muted"
    EXCHANGE_CLOSED = "exchange.closed"
    RETENTION_APPLIED = "retention.applied"
    STORAGE_MAX_REACHED = "storage.max_reached"
    STORAGE_HAS_ROOM = "storage.has_room"
    TEXTS_COUNTED = "texts.counted"


_WARNINGS = {
    Event.CONFIG_WARNING,
    Event.CLOCK_STEPPED,
    Event.CLOCK_IMPLAUSIBLE,
    Event.MODEM_LOST,
    Event.MODEM_UNREGISTERED,
    Event.MODEM_RADIO_RESTARTED,
    Event.PARTS_GIVEN_UP,
    Event.SLOT_TWIN_ASSUMED,
    Event.SLOT_STUCK,
    Event.MODEM_CHANGED,
    Event.MODEM_PORT_ASIDE,
    Event.MODEM_SMSC_MISSING,
    Event.SIM_CHANGED,
    Event.SIM_FILLING,
    Event.SIM_IDLE,
    Event.CAP_REACHED,
    Event.CREDIT_LOW,
    Event.CREDIT_DIFFERS,
    Event.CREDIT_UNKNOWN,
    Event.BREAKER_OPENED,
    Event.BREAKER_CLOSED,
    Event.REPLY_FAILED,
    Event.REPLY_IN_DOUBT,
    Event.RAID_BEGAN,
    Event.RAID_ENDED,
    Event.STORAGE_MAX_REACHED,
}
_ERRORS = {
    Event.DAEMON_REFUSED,
    Event.STORE_FAILED,
    Event.TICK_FAILED,
    Event.SLOT_UNSTORABLE,
    Event.MESSAGE_SHELVED,
}
_DETAILS = {Event.REPLY_CLAIMED, Event.PARTS_RECEIVED, Event.TEXTS_COUNTED}

_SHORTEST = 10
"""Of a shorter number the ends would be all of it, or nearly so."""

_FORBIDDEN = frozenset({"text", "pin", "data", "raw"})

Fields = MutableMapping[str, Any]

# Without the values of variables: those hold texts, numbers and the PIN (invariant 13).
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def say(event: Event, **fields: object) -> None:
    """Log one event; fields that are None are left out.

    Raises `ValueError` for a field that must never reach a log.
    """
    if not _FORBIDDEN.isdisjoint(fields):
        raise ValueError(f"{event}: a field of {sorted(_FORBIDDEN)} is never logged")
    level = level_of(event)
    # Asked of the class: to build a logger that then drops the event takes ten times as long, and in
    # a flood there are thousands of those.
    if not structlog.get_config()["wrapper_class"].is_enabled_for(None, level):
        return
    told = {name: value for name, value in fields.items() if value is not None}
    structlog.get_logger().log(level, str(event), **told)


def level_of(event: Event) -> int:
    """Return the level of an event, as `logging` numbers it."""
    if event in _ERRORS:
        return logging.ERROR
    if event in _WARNINGS:
        return logging.WARNING
    return logging.DEBUG if event in _DETAILS else logging.INFO


def masked(number: str) -> str:
    """Return `number` with its middle hidden: enough to tell two apart, not enough to dial."""
    if not number.startswith("+") or len(number) < _SHORTEST:
        return f"{number[:2]}…" if number else ""
    return f"{number[:4]}…{number[-2:]}"


def printable(text: str) -> str:
    """Return `text` with every character that does not print as itself escaped (invariant 9)."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


def set_up(
    *, level: str = "info", form: str = "auto", numbers: str = "masked", stream: TextIO | None = None
) -> None:
    """Set how events are shown from now on.

    `form` is `json`, `text`, or `auto`: JSON where systemd's journal or a pipe reads. `numbers`
    is `masked` or `full`.
    """
    out = sys.stderr if stream is None else stream
    people = form == "text" or (form == "auto" and out.isatty() and "JOURNAL_STREAM" not in os.environ)
    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if people else "iso", utc=not people),
        *([_mask] if numbers == "masked" else []),
        _make_printable,
        *(_for_people(out) if people else [_TRACEBACKS, structlog.processors.JSONRenderer()]),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Unfailing(out))),
        cache_logger_on_first_use=False,
    )


def _for_people(out: TextIO) -> list[Any]:
    return [
        structlog.dev.ConsoleRenderer(
            colors=out.isatty() and "NO_COLOR" not in os.environ,
            pad_event_to=20,
            pad_level=False,
            sort_keys=False,
            exception_formatter=_plain_traceback,
        )
    ]


def _plain_traceback(out: TextIO, exc_info: Any) -> None:
    """Write a traceback, indented: what was raised may quote a stranger, and must not look like an event."""
    written = io.StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    out.write("\n  ".join(printable(line) for line in written.getvalue().rstrip().split("\n")))


class _Unfailing:
    """A stream whose faults are nobody's: a full disk under the log must not stop the gateway."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, line: str) -> int:
        """Write `line` if that can be."""
        with suppress(OSError, ValueError):
            return self._out.write(line)
        return 0

    def flush(self) -> None:
        """Hand on what was written if that can be."""
        with suppress(OSError, ValueError):
            self._out.flush()


def _mask(_logger: object, _method: str, fields: Fields) -> Fields:
    if isinstance(number := fields.get("number"), str):
        fields["number"] = masked(number)
    return fields


def _make_printable(_logger: object, _method: str, fields: Fields) -> Fields:
    for key, value in fields.items():
        if isinstance(value, str):
            fields[key] = printable(value)
    return fields
