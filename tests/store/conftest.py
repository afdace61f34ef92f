from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from relou_gateway.store.database import Connection, Database, create_or_migrate


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh database, made once and copied for each test: making one waits for the disk."""
    path = tmp_path_factory.mktemp("empty") / "gateway.db"
    create_or_migrate(path)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway.db"


@pytest.fixture
def database(empty_database: Path, path: Path) -> Iterator[Database]:
    shutil.copy(empty_database, path)
    with Database(path) as opened:
        yield opened


@pytest.fixture
def tx(database: Database) -> Iterator[Connection]:
    """One write transaction round the whole test; it is committed at its end."""
    database._connection.execute("PRAGMA synchronous = OFF")  # nobody cuts the power in here
    with database.transaction("test") as connection:
        yield connection


@pytest.fixture(scope="module")
def tx_for_properties(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """One transaction for all examples of a property; it is never committed."""
    path = tmp_path_factory.mktemp("properties") / "gateway.db"
    shutil.copy(empty_database, path)
    with Database(path) as opened, opened.snapshot() as connection:
        yield connection
