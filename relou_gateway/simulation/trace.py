"""A trace: what came in, one JSON object per line, in order of time; and its truth, if it is known.

Traces come from strangers as much as messages do: every line is checked, every fault is named
with its line, and nothing in a text or number is anything but data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from ..config import Fault
from ..rules.records import Kind

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(3000, 1, 1, tzinfo=UTC)
"""Beyond these, windows and expiries would leave what times can express."""

FAULTS_SHOWN = 100
"""A file that is no trace at all has a fault on every line."""


class Role(StrEnum):
    """What a sender really was."""

    ORDINARY = "ordinary"
    FLOODER = "flooder"


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One text or call. `line` counts from 1; `number` is as the trace has it; a call has no `text`."""

    line: int
    at: datetime
    kind: Kind
    number: str
    text: str


class TraceError(Exception):
    """A file that is no trace, or no truth; its text is one line for each fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        found = list(faults)
        shown = [str(fault) for fault in found[:FAULTS_SHOWN]]
        if len(found) > FAULTS_SHOWN:
            shown.append(f"{found[0].path}: and {len(found) - FAULTS_SHOWN} faults more")
        super().__init__("\n".join(shown))


class _Bad(ValueError):
    """What is wrong with one key of one line; the whole line where `key` is None."""

    def __init__(self, key: str | None, message: str) -> None:
        super().__init__(message)
        self.key = key


def read_trace(path: Path) -> list[TraceLine]:
    """Return the lines of the trace at `path`; raises `TraceError` with every fault, and OSError."""
    lines: list[TraceLine] = []
    faults: list[Fault] = []
    latest = EARLIEST
    with path.open("rb") as file:  # by bytes: U+2028 and its like end no line of JSON
        for position, raw in enumerate(file, start=1):
            try:
                line = _line(position, raw, latest)
            except _Bad as bad:
                faults.append(Fault(path, position, bad.key, str(bad)))
            else:
                latest = line.at
                lines.append(line)
    if faults:
        raise TraceError(faults)
    return lines


def read_truth(path: Path) -> dict[str, Role]:
    """Return who was what, by number as written; raises `TraceError` with every fault, and OSError."""
    try:
        given = _object(path.read_bytes())
    except _Bad as bad:
        raise TraceError([Fault(path, None, bad.key, str(bad))]) from None
    roles = {str(role): role for role in Role}
    wrong = [
        Fault(path, None, number, f"expected {' or '.join(roles)}")
        for number, role in given.items()
        if not isinstance(role, str) or role not in roles
    ]
    if wrong:
        raise TraceError(wrong)
    return {number: roles[str(role)] for number, role in given.items()}


def _line(position: int, raw: bytes, latest: datetime) -> TraceLine:
    record = _object(raw)
    at = _time(record)
    if at < latest:
        raise _Bad("at", f"out of order: {latest.isoformat()} stands before it")
    kind = _kind(record)
    text = _string(record, "text") if kind is Kind.SMS else ""
    return TraceLine(position, at, kind, _string(record, "number"), text)


def _object(raw: bytes) -> Mapping[str, object]:
    try:
        record = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise _Bad(None, "not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _Bad(None, f"not JSON: {error.msg} at column {error.colno}") from None
    except (RecursionError, ValueError):  # nested without end, or a number of thousands of digits
        raise _Bad(None, "not JSON that anyone could have meant") from None
    if not isinstance(record, dict):
        raise _Bad(None, "expected a JSON object")
    return record


def _string(record: Mapping[str, object], key: str) -> str:
    value = _given(record, key)
    if not isinstance(value, str):
        raise _Bad(key, "expected a string")
    return value


def _given(record: Mapping[str, object], key: str) -> object:
    if key not in record:
        raise _Bad(key, "missing")
    return record[key]


def _kind(record: Mapping[str, object]) -> Kind:
    known: dict[object, Kind] = {"sms": Kind.SMS, "call": Kind.CALL}
    value = _string(record, "kind")
    if value not in known:
        raise _Bad("kind", "expected sms or call")
    return known[value]


def _time(record: Mapping[str, object]) -> datetime:
    try:
        at = datetime.fromisoformat(_string(record, "at"))
    except _Bad:
        raise
    except ValueError:
        raise _Bad("at", "expected an ISO 8601 time such as 2026-03-06T17:35:51+00:00") from None
    if at.tzinfo is None:
        raise _Bad("at", "a time without its zone; write +00:00 behind it")
    if not EARLIEST <= at < LATEST:
        raise _Bad("at", f"expected a time from {EARLIEST.year} to {LATEST.year - 1}")
    return at.astimezone(UTC)


Progress = Callable[[int], None]
"""Is told how many lines of the trace are dealt with."""
