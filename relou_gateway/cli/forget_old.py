"""`forget-old`: retention now, also while the gateway is at work."""

from __future__ import annotations

from datetime import datetime

import click

from ..config import Settings
from ..store import forgetting
from ..store.forgetting import Old
from .desk import Desk, at_desk
from .options import json_option, with_settings
from .output import print_json, say, when
from .screen import count


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be forgotten, and forget nothing.")
@json_option
@with_settings
def forget_old(settings: Settings, dry_run: bool, as_json: bool) -> None:
    """Forget numbers and texts that are older than storage.keep, now; counts and verdicts stay.

    The gateway does so by itself once an hour; it is not held up.
    """
    with at_desk(settings) as desk:
        before = desk.now.quota - settings.storage.keep
        old = _look(desk, before) if dry_run else _forget(desk, before)
        since = desk.wall(before)
    if as_json:
        print_json(_record(old, since, dry_run=dry_run))
    else:
        _print(old, since, dry_run=dry_run)


def _look(desk: Desk, before: datetime) -> Old:
    with desk.database.snapshot() as tx:
        return forgetting.old(tx, before)


def _forget(desk: Desk, before: datetime) -> Old:
    """Forget in small steps, between which the daemon comes to its own."""
    old, more = Old(), True
    while more:
        with desk.database.transaction("forget old") as tx:
            step = forgetting.forget_old(tx, before)
        old, more = old + step, step.more
    return old


def _record(old: Old, since: datetime | None, *, dry_run: bool) -> dict[str, object]:
    return {
        "before": since,
        "messages": old.messages,
        "replies": old.replies,
        "senders": old.senders,
        "counted": old.counted,
        "dry_run": dry_run,
    }


def _print(old: Old, since: datetime | None, *, dry_run: bool) -> None:
    would = "would be forgotten" if dry_run else "forgotten"
    if not old.rows:
        say(f"nothing is older than {when(since)}")
        return
    parts = [(old.messages, "message"), (old.replies, "reply"), (old.senders, "sender")]
    told = ", ".join(count(number, noun) for number, noun in parts if number)
    say(f"{told or 'counts of texts'} from before {when(since)}: {would}")
    if old.counted:
        say(f"{count(old.counted, 'counted text')}: nobody's any more")
