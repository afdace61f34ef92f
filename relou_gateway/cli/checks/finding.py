"""What a check found."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """How a check came out; `skipped` says that it could not be made, and why."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


class Finding(NamedTuple):
    """One line of `doctor`. `cure` is what to do, on one line; empty where nothing is wrong.

    `found` and `cure` may hold what a modem or another program says of itself: strangers' text.
    """

    check: str
    state: State
    found: str
    cure: str = ""


def ok(check: str, found: str) -> Finding:
    """Return that all is well."""
    return Finding(check, State.OK, found)


def warning(check: str, found: str, cure: str) -> Finding:
    """Return what works, but will not for long, or not as well as it could."""
    return Finding(check, State.WARNING, found, cure)


def failure(check: str, found: str, cure: str) -> Finding:
    """Return what keeps the gateway from its work."""
    return Finding(check, State.FAILURE, found, cure)


def skipped(check: str, reason: str) -> Finding:
    """Return that this check could not be made, and why."""
    return Finding(check, State.SKIPPED, reason)
