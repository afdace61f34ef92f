"""An evening at an installed gateway, as root of the clean root lives it: a man writes, operators look on.

Runs there, by the system's Python and with nothing of ours: the daemon as the user relou, as its unit
starts it; the verbs as `olga`, who is in the group relou. It prints one JSON object of what was seen.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATE = Path("/var/lib/relou-gateway")
CONTROL = STATE / "virtual-modem.control"
HIM = "+33612345678"
SECONDS = 60.0


def start(user: str, *arguments: str, umask: int) -> subprocess.Popen[str]:
    """Start the program as `user`, in the groups that /etc/group gives him."""
    account = pwd.getpwnam(user)
    return subprocess.Popen(
        ["relou-gateway", *arguments],
        cwd="/",
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[group.gr_gid for group in grp.getgrall() if user in group.gr_mem],
        umask=umask,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def verb(user: str, *arguments: str) -> tuple[int, str]:
    """Run a verb to its end; return its exit code and what it printed."""
    process = start(user, *arguments, umask=0o022)
    printed, _ = process.communicate(timeout=SECONDS)
    return process.returncode, printed


def listed(*arguments: str) -> list[dict[str, Any]]:
    """Return the rows that a listing verb shows to an operator."""
    code, printed = verb("olga", *arguments, "--json")
    assert code == 0, printed
    return [json.loads(line) for line in printed.splitlines()]


def deliver(text: str) -> None:
    """Let him write to our number."""
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(str(CONTROL))
        channel.sendall(json.dumps({"do": "deliver", "number": HIM, "text": text}).encode() + b"\n")
        answer = json.loads(channel.makefile().readline())
    assert answer["ok"], answer


def until(condition: Callable[[], object], daemon: subprocess.Popen[str]) -> None:
    """Wait for `condition`, for as long as the daemon lives and for `SECONDS` at most."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert daemon.poll() is None, daemon.communicate()[0]
        assert time.monotonic() < deadline, f"waited in vain: {listed('messages')} {listed('queue')}"
        time.sleep(0.2)


def his_replies() -> list[dict[str, Any]]:
    """Return the replies to him."""
    return [row for row in listed("queue") if row["number"] == HIM]


def spend(daemon: subprocess.Popen[str]) -> dict[str, Any]:
    """Let him write once, and the gateway answer while operators look on and meddle."""
    until(CONTROL.exists, daemon)
    until(lambda: verb("olga", "status")[0] == 0, daemon)
    assert verb("olga", "pause", "--reason", "we are asleep")[0] == 0
    deliver("Tu fais quoi ?")
    until(his_replies, daemon)
    [status] = listed("status")
    stranger, _ = verb("stan", "status", "--config", "/tmp/evening.yaml")
    assert verb("olga", "resume")[0] == 0
    until(lambda: [row["state"] for row in his_replies()] == ["sent"], daemon)
    return {"paused": status["paused"], "stranger": stranger}


def main() -> None:
    """Start the daemon, spend an evening with it, stop it, and tell."""
    for user, groups in {"olga": "relou", "stan": "users"}.items():
        subprocess.run(["useradd", "--groups", groups, user], check=False, capture_output=True)
    daemon = start("relou", "run", umask=0o007)
    try:
        seen = spend(daemon)
        daemon.send_signal(signal.SIGTERM)
        log, _ = daemon.communicate(timeout=SECONDS)
    finally:
        daemon.kill()
    files = {path.name: [oct(path.stat().st_mode & 0o7777), path.group()] for path in STATE.iterdir()}
    told = {"code": daemon.returncode, "log": log, "files": files, "messages": listed("messages"), **seen}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    os.umask(0o022)
    main()
