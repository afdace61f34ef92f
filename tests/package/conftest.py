from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.package.building import build_package, fetch_wheels
from tests.package.clean_root import ONLY_TO_BUILD, CleanRoot, on_this_machine, strap

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Made:
    """What all tests of the package begin with, made once. Only to be copied."""

    builder: CleanRoot
    """A clean system with what `make install` asks for."""
    target: CleanRoot
    """One with nothing but what the package depends on."""
    package: Path
    wheels: Path
    """The libraries, so that nothing within a clean root needs a network."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Processes that share the tests share this too: the first makes it, the last takes it away."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "debian"
    user = folder / f"user-{os.getpid()}"
    with alone(folder):
        if not any(folder.glob("user-*")):
            make(folder)
        user.touch()
    builder = CleanRoot(folder / "builder")
    (package,) = (folder / "dist").glob("*.deb")
    yield Made(builder, builder.copied(folder / "target"), package, folder / "wheels")
    with alone(folder):
        user.unlink()
        if not any(folder.glob("user-*")):
            on_this_machine("rm", "-rf", *(str(path) for path in folder.iterdir()))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no other process be in this block with this folder."""
    folder.mkdir(exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def make(folder: Path) -> None:
    """Fetch, build and strap what `Made` tells of, where nothing of it is there."""
    if any(folder.iterdir()):  # an earlier try that failed
        on_this_machine("rm", "-rf", *(str(path) for path in folder.iterdir()))
    with ThreadPoolExecutor() as side_by_side:
        suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
        strapping = side_by_side.submit(strap, folder / "builder", suite)
        build_package(folder / "dist", fetch_wheels(folder / "wheels"))
        builder = strapping.result()
    named = f"$(dpkg-query -W -f '${{Package}} ' {' '.join(ONLY_TO_BUILD)})"
    builder.copy(folder / "target").run("sh", "-c", f"dpkg --purge --force-depends {named}")


def live_an_evening(root: CleanRoot) -> dict[str, Any]:
    """Configure the virtual modem, let a man write to it, and return what was seen (see evening.py)."""
    root.put(HERE / "evening.yaml", "/tmp/evening.yaml")
    root.put(HERE / "evening.py", "/tmp/evening.py")
    configured = "/etc/relou-gateway/config.yaml"
    root.run("install", "-m", "640", "-o", "root", "-g", "relou", "/tmp/evening.yaml", configured)
    printed = root.run("/usr/bin/python3", "-I", "/tmp/evening.py")
    seen: dict[str, Any] = json.loads(printed)
    return seen


NOT_OURS = ("/proc", "/dev", "/tmp", "/var/log", "/var/cache", "/var/lib/dpkg", "/home")


def everything(root: CleanRoot) -> set[str]:
    """Return all that lies in `root`, each with its mode and owner, and all who may own something.

    Backups that the tools for accounts make are none of ours, nor is what dpkg writes down.
    """
    pruned = [word for place in NOT_OURS for word in ("-path", place, "-o")]
    found = root.run("find", "/", "(", *pruned[:-1], ")", "-prune", "-o", "-printf", "%m %u:%g %p %l\n")
    accounts = root.run("cat", "/etc/passwd", "/etc/group")
    return {line for line in (found + accounts).splitlines() if not line.rstrip().endswith("-")}
