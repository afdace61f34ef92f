"""sd_notify: real datagram sockets, with a name in the file system and without one."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relou_gateway import systemd
from relou_gateway.systemd import notify

Listen = Callable[[str], socket.socket]


@pytest.fixture
def listen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listen]:
    """Bind a socket, and let it be the one that NOTIFY_SOCKET names."""
    opened: list[socket.socket] = []

    def bind(name: str) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        opened.append(listener)
        listener.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        return listener

    yield bind
    for listener in opened:
        listener.close()


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, listen: Listen, tmp_path: Path) -> socket.socket:
    name = str(tmp_path / "notify") if request.param == "path" else f"@relou-gateway-test-{os.getpid()}"
    return listen(name)


def test_what_is_said_arrives_in_one_datagram(listener: socket.socket) -> None:
    assert notify("READY=1", "STATUS=à l’écoute")
    assert notify("WATCHDOG=1")

    assert "READY=1\nSTATUS=à l’écoute".encode() == listener.recv(4096)
    assert b"WATCHDOG=1" == listener.recv(4096)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("one\nSTOPPING=1", "one STOPPING=1"),
        ("one\r\nMAINPID=1", "one MAINPID=1"),
        ("one\N{LINE SEPARATOR}two\x0bthree\x85four", "one two three four"),
        ("half \ud83d", "half ?"),
        ("", ""),
    ],
    ids=ascii,
)
def test_nothing_that_a_status_quotes_becomes_an_assignment_of_its_own(
    listener: socket.socket, status: str, expected: str
) -> None:
    assert notify(f"STATUS={status}", "WATCHDOG=1")

    assert f"STATUS={expected}\nWATCHDOG=1".encode() == listener.recv(4096)


@pytest.mark.parametrize(
    "address", [None, "", "notify", "vsock:2:1234", "/nowhere/at/all", "@nobody-is-there", "/" + "x" * 200]
)
def test_where_nobody_listens_it_says_so_and_does_not_fail(
    monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)

    assert not notify("READY=1")


def test_a_listener_that_is_gone_is_no_fault(listen: Listen, tmp_path: Path) -> None:
    listen(str(tmp_path / "notify")).close()

    assert not notify("WATCHDOG=1")


def test_a_file_that_is_no_socket_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "file"))

    assert not notify("WATCHDOG=1")


def test_a_listener_that_does_not_read_does_not_hold_us(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "PATIENCE", 0.05)
    begun = time.monotonic()
    while notify("WATCHDOG=1"):
        assert time.monotonic() - begun < 30
    assert time.monotonic() - begun < 30
    assert b"WATCHDOG=1" == listener.recv(4096)
    assert notify("READY=1")


def test_no_socket_stays_open(listener: socket.socket) -> None:
    open_files = Path("/proc/self/fd")
    before = len(list(open_files.iterdir()))
    for _ in range(5):
        notify("WATCHDOG=1")

    assert before == len(list(open_files.iterdir()))
    assert b"WATCHDOG=1" == listener.recv(4096)
