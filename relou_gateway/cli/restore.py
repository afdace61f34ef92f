"""`restore`: a backup in the place of a database that is damaged, or too new for this program."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ..config import Settings
from ..config.worst_case import worst_case
from ..rules.throttle import MONTH, Spending
from ..store import backup as copies
from ..store import gateway as state
from ..store import ledger, lock, restoring
from ..store.backup import Copy
from ..store.database import StoreError, time_of
from ..store.lock import AtWork
from ..store.restoring import Gap
from .desk import Desk, at_desk
from .options import NotPossible, json_option, with_settings
from .output import print_json, say, when
from .screen import count

DIRECTORY = "backups"
"""Beside the database: where backups are looked for unless one is named."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What was restored from what; `refused` are newer backups that are not whole, and why."""

    copy: Copy
    refused: list[str]
    aside: list[Path]
    gap: Gap
    span: timedelta


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Also where the database is whole.")
@json_option
@with_settings
def restore(settings: Settings, file: Path | None, yes: bool, as_json: bool) -> None:
    """Put a backup in the place of the database, which is set aside as it is and never deleted.

    FILE is a backup or a directory of backups, of which the newest that is whole is taken; without it the
    directory `backups` beside the database. What waited in the backup is held, since it may have been sent
    since, and what the caps allowed in the meantime counts as spent.
    """
    path = settings.storage.path
    with _alone(path):
        try:
            if not yes:
                _refuse_where_whole(path)
            done = _restore(settings, *_chosen(file or path.parent / DIRECTORY, path.stem))
        except StoreError as error:
            raise NotPossible(str(error)) from error
    if as_json:
        print_json(_record(done))
    else:
        _print(done)


# --- what is done -------------------------------------------------------------------------


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let no daemon be at work, nor begin."""
    try:
        with lock.held(path):
            _give_to(lock.beside(path), _owner(path))
            yield
    except AtWork as error:
        raise NotPossible(f"{error}; stop it first: `sudo systemctl stop relou-gateway`") from None
    except StoreError as error:
        raise NotPossible(str(error)) from error


def _refuse_where_whole(path: Path) -> None:
    """Refuse to set aside a database with which this program can work."""
    with suppress(StoreError):
        copies.verified(path)
        raise NotPossible(f"{path}: this database is whole; with --yes it is set aside all the same")


def _chosen(place: Path, stem: str) -> tuple[Copy, list[str]]:
    """Return the backup that is meant, or the newest whole one of a directory; and why not a newer one."""
    if not place.exists():
        raise NotPossible(f"{place}: there is no backup; name one: `relou-gateway restore FILE`")
    if not place.is_dir():
        return copies.verified(place), []
    refused: list[str] = []
    for each in reversed(copies.listed(place, stem)):
        try:
            return copies.verified(each), refused
        except StoreError as error:
            refused.append(str(error))
    found = "; ".join(refused) or f"no backup called {stem}-….db lies there"
    raise NotPossible(f"{place}: {found}; name a backup: `relou-gateway restore FILE`")


def _restore(settings: Settings, copy: Copy, refused: list[str]) -> _Done:
    path = settings.storage.path
    ready = restoring.make_ready(copy.path, path)
    try:
        gap, span = _close_gap(settings, ready, copy.knows_to)
        _give_to(ready, _owner(path))
        aside = restoring.put(ready, path, f"aside-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    finally:
        restoring.discard(ready)
    return _Done(copy, refused, aside, gap, span)


def _close_gap(settings: Settings, ready: Path, knows_to: datetime | None) -> tuple[Gap, timedelta]:
    """Take the time that the backup does not know for the worst; return what was done, and how long it is."""
    theirs = replace(settings, storage=replace(settings.storage, path=ready))
    with at_desk(theirs) as desk:
        span = max(_span(knows_to, desk.now.wall), _counted_span(desk))
        spent = worst_case(settings.policy, span)
        with desk.database.transaction("restore") as tx:
            wish = None if spent is None else Spending("", spent.parts, spent.cost, None)
            answers = 0 if spent is None else spent.answers
            gap = restoring.close_gap(tx, wish, answers, desk.now)
    return gap, span


def _counted_span(desk: Desk) -> timedelta:
    """Return how long it is by quota time, which within a boot no step of the wall clock deceives."""
    with desk.database.snapshot() as tx:
        latest, clock = ledger.latest_time(tx), state.clock(tx)
    known = [each for each in (latest, clock and time_of(clock.quota)) if each is not None]
    return desk.now.quota - max(known, default=desk.now.quota)


def _span(knows_to: datetime | None, wall: datetime) -> timedelta:
    """Return how long the backup knows nothing; as much as any cap counts where the clock says nonsense."""
    if knows_to is None or wall < knows_to:
        return MONTH
    return wall - knows_to


def _owner(path: Path) -> os.stat_result:
    """Return whose the database is or, where there is none, its directory."""
    return path.stat() if path.exists() else path.parent.stat()


def _give_to(path: Path, owner: os.stat_result) -> None:
    """Let a file belong to whom the database belonged, where root restores; who could use that can use it."""
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)
    path.chmod(stat.S_IMODE(owner.st_mode) & 0o666)


# --- what is said -------------------------------------------------------------------------


def _record(done: _Done) -> dict[str, object]:
    return {
        "path": done.copy.path,
        "knows_to": done.copy.knows_to,
        "unknown_seconds": round(done.span.total_seconds()),
        "refused": done.refused,
        "set_aside": [str(each) for each in done.aside],
        "held": done.gap.held,
        "in_doubt": done.gap.in_doubt,
        "counted": done.gap.counted,
    }


def _print(done: _Done) -> None:
    for each in done.refused:
        say(f"not taken: {each}")
    say(f"restored from {done.copy.path}")
    for old in done.aside:
        say(f"set aside: {old}")
    since = when(done.copy.knows_to) if done.copy.knows_to else "its beginning"
    say(f"lost is what came in, was sent and was ordered since {since}")
    if done.gap.held:
        say(f"{count(len(done.gap.held), 'reply')} that waited: held, for they may have been sent since;")
        say("  `relou-gateway queue --state held` shows them, `queue release` or `queue cancel` decides")
    if done.gap.in_doubt:
        say(f"{count(len(done.gap.in_doubt), 'reply')} that was being sent: in doubt")
    if done.gap.counted:
        say(f"{count(done.gap.counted, 'answer')} that the caps allowed since: counted as sent now")
    say("start the gateway again: `sudo systemctl start relou-gateway`")
