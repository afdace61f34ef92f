"""Which tty is it? The paths at which a modem may be, best first.

Only names are looked at; nothing is opened, so that no port that belongs to something else is
disturbed.
"""

from __future__ import annotations

from pathlib import Path

LINK = Path("/dev/relou-modem")
"""The link that udev/ makes for a known modem; it outlives a renumbering of ttyUSB."""

BY_ID = Path("/dev/serial/by-id")
"""Links that the system makes by maker, model and serial number."""


def candidates(link: Path = LINK, by_id: Path = BY_ID) -> list[str]:
    """Return the paths at which a modem may be: our own link, else the by-id links in their order.

    A stick shows several ttys; its first interface is the one for AT commands more often than
    not, and the names sort by it.
    """
    if link.exists():
        return [str(link)]
    try:
        return sorted(str(path) for path in by_id.iterdir())
    except OSError:
        return []
