"""One gateway for one database."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from relou_gateway.store import lock
from relou_gateway.store.database import StoreError
from relou_gateway.store.lock import AtWork
from tests.support.waiting import wait_until

HOLDER = """
import sys, time
from pathlib import Path
from relou_gateway.store import lock
with lock.held(Path(sys.argv[1])):
    time.sleep(600)
"""


def test_nobody_is_at_work_where_there_is_nothing(tmp_path: Path) -> None:
    assert not lock.is_held(tmp_path / "gateway.db")
    assert [] == list(tmp_path.iterdir())


def test_a_second_one_is_refused_and_the_first_stays(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    with lock.held(path):
        with pytest.raises(AtWork, match="a gateway is at work on this database"), lock.held(path):
            pass
        assert lock.is_held(path)
    assert not lock.is_held(path)


def test_a_killed_gateway_leaves_nothing_that_somebody_must_remove(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)]) as holder:
        wait_until(lambda: lock.is_held(path))
        holder.kill()
        holder.wait()
    with lock.held(path):
        assert lock.is_held(path)


def test_those_who_look_all_the_while_keep_no_gateway_from_starting(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    lock.beside(path).touch()
    enough = threading.Event()

    def look() -> None:
        while not enough.is_set():
            lock.is_held(path)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        with lock.held(path):
            pass
    finally:
        enough.set()
        looking.join()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is it there, and ours"), lock.held(tmp_path / "no" / "gateway.db"):
        pass
