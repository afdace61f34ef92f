"""Which two mishaps can sensibly befall a gateway at once: the first strikes, lasts, and the second strikes.

Two of one ground never do: each would end the other, or has no place for it. What waits for the modem to
do something comes first, since it would wait in vain while there is no modem or nothing can be written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BUS = frozenset({"pulled and plugged in again", "back under another name", "modem resets itself"})
CELL = frozenset({"cell segfaults", "cell killed"})
DAEMON = frozenset({"daemon killed", "daemon restarted"})
HOST = frozenset({"wall clock steps", "disk full", "database locked"})

SECOND = BUS | CELL | DAEMON | HOST
"""What strikes at once, whatever else is about."""

OF_ITS_OWN_GROUND: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(BUS, BUS),
    **dict.fromkeys(CELL | DAEMON | {"cell stopped"}, CELL | DAEMON),
    **dict.fromkeys(HOST | {"host sleeps"}, HOST),
}

UNSUITABLE: Mapping[str, frozenset[str]] = {
    # there may be no cell just then
    "pulled and plugged in again": CELL,
    "back under another name": CELL,
    "tty held by another program": CELL | BUS,
    "SIM taken out": CELL,
    # a daemon that starts on it refuses, and is started again by systemd, which is not here
    "database locked": DAEMON,
}


def pairs(mishaps: Sequence[str]) -> list[tuple[str, str]]:
    """Return all pairs of these, the one that strikes first before the other."""
    return [(first, second) for first in mishaps for second in mishaps if _can_coincide(first, second)]


def _can_coincide(first: str, second: str) -> bool:
    excluded = OF_ITS_OWN_GROUND.get(first, frozenset()) | UNSUITABLE.get(first, frozenset())
    return second in SECOND - excluded
