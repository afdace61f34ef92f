"""A process of its own for what counts the things that its process holds open.

Stories of daemons run in threads beside the tests, and open and close files whenever they like.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path


def descriptors(process: int | str = "self") -> list[str]:
    """Return what a process holds open."""
    found = []
    for link in Path(f"/proc/{process}/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except FileNotFoundError:
            continue  # that of the iteration itself
    return sorted(found)


def left_open_by(action: Callable[..., None], *arguments: str) -> list[str]:
    """Run a function of a module in a fresh process; return what that holds open more than before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_more, action, *arguments).result()


def _more(action: Callable[..., None], *arguments: str) -> list[str]:
    before = descriptors()
    action(*arguments)
    return list((Counter(descriptors()) - Counter(before)).elements())
