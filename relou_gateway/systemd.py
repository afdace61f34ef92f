"""Telling systemd how we are (sd_notify(3)); silent outside systemd."""

from __future__ import annotations

import os
import socket

PATIENCE = 1.0
"""Seconds that a listener gets to make room: its queue holds ten messages (unix(7))."""


def notify(*assignments: str) -> bool:
    """Send `READY=1`, `STATUS=…`, `WATCHDOG=1` and the like; say whether anyone listens.

    A dead or missing listener, or one that does not read, is no fault of ours: it neither
    raises nor makes us wait for longer than `PATIENCE`.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return False
    if address[0] == "@":  # an abstract socket, in systemd's way of writing it
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(PATIENCE)
            channel.connect(address)
            channel.sendall("\n".join(_one_line(each) for each in assignments).encode())
    except OSError:
        return False
    return True


def _one_line(assignment: str) -> str:
    """Return `assignment` so that nothing in it can pass for another one, or not be encoded."""
    return " ".join(assignment.encode(errors="replace").decode().splitlines())
