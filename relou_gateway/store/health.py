"""Whether a database is whole, for those who ask before they trust it."""

from __future__ import annotations

from pathlib import Path

from .database import APPLICATION_ID, Connection

_HEADER = 100
_USER_VERSION, _APPLICATION = slice(60, 64), slice(68, 72)
"""Where they stand in the header of a file (sqlite.org/fileformat2.html, ch. 1.3), big-endian."""

MOST_FAULTS = 3


def damage(tx: Connection) -> list[str]:
    """Return what SQLite finds wrong with the file, three faults at the most; nothing where it is whole.

    Reads the whole file. Raises what `Database.snapshot` turns into a `StoreError`.
    """
    findings = [str(row[0]) for row in tx.execute(f"PRAGMA quick_check({MOST_FAULTS})")]
    return [] if findings == ["ok"] else findings


def version_of(path: Path) -> int | None:
    """Return the schema's version that the file at `path` bears, None where it is no database of ours.

    For a file that this program does not open; a change that still lies in its WAL is not seen.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except OSError:
        return None
    if int.from_bytes(header[_APPLICATION]) != APPLICATION_ID:
        return None
    return int.from_bytes(header[_USER_VERSION])
