"""`backup`: a consistent copy of the database, also while the gateway works with it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from ..config import Settings
from ..store import backup as copies
from ..store.backup import Copy
from ..store.database import StoreError
from .desk import at_desk
from .options import NotPossible, json_option, with_settings
from .output import print_json, say
from .screen import count


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    type=click.IntRange(1, 10**6),
    metavar="N",
    help="FILE is a directory: keep the newest N backups that lie there, delete older ones.",
)
@json_option
@with_settings
def backup(settings: Settings, file: Path, keep: int | None, as_json: bool) -> None:
    """Copy the database into FILE, also while the gateway is at work, and read the copy through.

    Where FILE is a directory, the copy gets a name with the time in it. The copy has its name only once it
    is whole; where it cannot be made, nothing is left of it, and older ones stay.
    """
    into_directory = file.is_dir()
    if keep is not None and not into_directory:
        raise click.UsageError(f"--keep is for a directory of backups, and {file} is none")
    began = time.monotonic()
    with at_desk(settings) as desk:
        stem = settings.storage.path.stem
        target = copies.named(file, stem, datetime.now(UTC)) if into_directory else file
        made = copies.write(desk.database, target)
    deleted = [] if keep is None else _rotated(file, stem, keep)
    if as_json:
        print_json(_record(made, deleted, time.monotonic() - began))
    else:
        _print(made, deleted)


def _rotated(directory: Path, stem: str, keep: int) -> list[Path]:
    try:
        return copies.rotate(directory, stem, keep)
    except StoreError as error:
        raise NotPossible(f"the backup was made, but an older one cannot be deleted: {error}") from error


def _record(made: Copy, deleted: list[Path], seconds: float) -> dict[str, object]:
    return {
        "path": made.path,
        "bytes": made.octets,
        "schema": made.version,
        "knows_to": made.knows_to,
        "seconds": round(seconds, 3),
        "deleted": [str(each) for each in deleted],
    }


def _print(made: Copy, deleted: list[Path]) -> None:
    say(f"{made.path}: {made.octets / 1e6:.1f} MB, read through, and whole")
    if deleted:
        say(f"{count(len(deleted), 'older backup')} deleted")
