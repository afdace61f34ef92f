"""`messages`: everything that came in, with its verdict."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from ..config import Settings
from ..rules import numbers
from ..rules.records import Ruling
from ..store import inbox
from ..store.inbox import Received
from .desk import Desk, at_desk
from .options import json_option, with_settings
from .output import Column, print_json, table

FOLLOW_EVERY = 1.0
"""Seconds between two looks with --follow."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Since(click.ParamType[datetime]):
    """A time: how long ago (90s, 5m, 12h, 7d), a date, or a date with a time; local unless it says."""

    name = "T"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the aware time that `value` means."""
        if ago := re.fullmatch(r"(\d{1,6})([smhd])", value):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time: write 12h, 7d, 2026-03-06 or 2026-03-06T17:35", param, ctx)


@click.command()
@click.option("--sender", metavar="N", help="Only of this number, or prefix that ends in *.")
@click.option("--since", type=Since(), help="Only since then: 12h, 7d, 2026-03-06, 2026-03-06T17:35.")
@click.option(
    "--verdict", type=click.Choice([str(ruling) for ruling in Ruling]), help="Only with this verdict."
)
@click.option("--search", metavar="TEXT", help="Only with this in the text, in capitals or not.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest so many.")
@click.option("--follow", is_flag=True, help="Go on showing what comes, until Ctrl-C.")
@json_option
@with_settings
def messages(
    settings: Settings,
    sender: str | None,
    since: datetime | None,
    verdict: str | None,
    search: str | None,
    limit: int | None,
    follow: bool,
    as_json: bool,
) -> None:
    """Show every message and call that came in, newest last, with its verdict."""
    with at_desk(settings) as desk:
        number = None if sender is None else _number(sender, settings)

        def found(after_id: int, most: int | None) -> list[Received]:
            with desk.database.snapshot() as tx:
                return inbox.messages(
                    tx,
                    number=number,
                    since=since,
                    verdict=None if verdict is None else Ruling(verdict),
                    search=search,
                    after_id=after_id,
                    limit=most,
                )

        rows = found(0, limit)
        _show(rows, as_json=as_json)
        while follow:
            sys.stdout.flush()
            time.sleep(FOLLOW_EVERY)
            newer = _settled(desk, found(rows[-1].id if rows else 0, None))
            if newer:
                rows = newer
                _show(newer, as_json=as_json)


def _number(sender: str, settings: Settings) -> str:
    """Read a number as its sender would be known; a prefix stays as it is."""
    return sender if sender.endswith("*") else numbers.read(sender, settings.policy.senders.country).number


def _settled(desk: Desk, rows: Sequence[Received]) -> list[Received]:
    """Leave out what a running daemon will judge in a moment: it is shown once, with its verdict."""
    judged = [row for row in rows if row.verdict is not None or row.kind == "report"]
    return judged if desk.daemon_runs() else list(rows)


def _show(rows: Sequence[Received], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            print_json(_record(row))
        return
    columns = (
        Column("id", right=True),
        "received",
        "kind",
        "number",
        "verdict",
        "reason",
        Column("text", flexible=True),
    )
    table(
        columns,
        [
            (row.id, row.received_wall, row.kind, row.number, row.verdict, row.reason, row.text)
            for row in rows
        ],
    )


def _record(row: Received) -> dict[str, object]:
    return {
        "id": row.id,
        "kind": row.kind,
        "number": row.number,
        "text": row.text,
        "received_at": row.received_wall,
        "smsc_at": row.smsc_wall,
        "parts": row.parts,
        "verdict": row.verdict,
        "reason": row.reason or None,
        "reply_id": row.reply_id,
    }
