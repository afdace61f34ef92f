"""`messages`: everything that came in, with its verdict."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import click

from ..config import Settings
from ..rules.records import Kind, Ruling
from ..store import counting, inbox
from ..store.inbox import Received
from . import patterns
from .desk import Desk, at_desk
from .options import json_option, with_settings
from .output import Column, print_json, say
from .screen import Shown, Stream, count, listing

FOLLOW_EVERY = 1.0
"""Seconds between two looks with --follow."""

LOOKS = 10
"""So often a message without a verdict is looked at before it is shown as it is."""

COLUMNS = (
    Column("id", right=True),
    Column("received"),
    Column("kind"),
    Column("number"),
    Column("verdict"),
    Column("text", flexible=True),
)
WIDTHS = (5, 8, 4, 12, 20, 0)
"""Of the columns while more may follow; no width holds for the text."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Since(click.ParamType[datetime]):
    """A time: how long ago (90s, 5m, 12h, 7d), a date, or a date with a time; local unless it says."""

    name = "T"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the aware time that `value` means."""
        try:
            if ago := re.fullmatch(r"([0-9]{1,9})([smhd])", value):
                return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time: write 12h, 7d, 2026-03-06 or 2026-03-06T17:35", param, ctx)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages are wanted; None wants all. `sender` is as its owner is known, or ends in `*`."""

    sender: str | None
    since: datetime | None
    verdict: Ruling | None
    search: str | None


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
    wanted = Filter(
        sender=None if sender is None else patterns.one(sender, settings),
        since=since,
        verdict=None if verdict is None else Ruling(verdict),
        search=search,
    )
    with at_desk(settings) as desk:
        if follow:
            _follow(desk, wanted, limit, _shower(as_json=as_json))
            return
        rows = _found(desk, wanted, limit=limit)
        if as_json:
            for row in rows:
                print_json(as_record(row))
        elif rows:
            listing(COLUMNS, [_cells(row) for row in rows])
        else:
            say("no message")
        if not as_json:
            _tell_of_counted(desk, wanted.sender)


def _found(desk: Desk, wanted: Filter, *, after_id: int = 0, limit: int | None = None) -> list[Received]:
    with desk.database.snapshot() as tx:
        return inbox.messages(
            tx,
            number=wanted.sender,
            since=wanted.since,
            verdict=wanted.verdict,
            search=wanted.search,
            after_id=after_id,
            limit=limit,
        )


def _tell_of_counted(desk: Desk, sender: str | None) -> None:
    """Say how many texts are in no list, since storage.max was reached when they came."""
    with desk.database.snapshot() as tx:
        counted = counting.total(tx, sender or "*")
    if counted:
        say(f"besides, {count(counted, 'text')} of flooders only counted: `senders show` says whose")


# --- follow -------------------------------------------------------------------------------


def _follow(desk: Desk, wanted: Filter, limit: int | None, show: Callable[[Received], None]) -> None:
    """Show the newest `limit` (None: all), and then what comes, until Ctrl-C."""
    news, all_verdicts = News(), replace(wanted, verdict=None)
    most = limit
    while True:
        fresh = news.fresh(_found(desk, all_verdicts, after_id=news.shown_to), judged_soon=desk.daemon_runs())
        right = [row for row in fresh if wanted.verdict in {None, row.verdict}]
        for row in right if most is None else right[-most:]:
            show(row)
        most = None
        sys.stdout.flush()
        time.sleep(FOLLOW_EVERY)


class News:
    """Picks, at each look, the rows that were not shown yet; all up to `shown_to` were.

    One that a running daemon will judge in a moment is left for a later look, so that it is
    shown once and with its verdict. If none comes in `LOOKS` looks, it is shown without.
    """

    def __init__(self) -> None:
        self.shown_to = 0
        self._shown: set[int] = set()
        self._looks: Counter[int] = Counter()

    def fresh(self, rows: Sequence[Received], *, judged_soon: bool) -> list[Received]:
        """Return those of `rows`, all that there are beyond `shown_to`, that are to be shown now."""
        unknown = [row for row in rows if row.id not in self._shown]
        self._looks.update(row.id for row in unknown)
        fresh = [row for row in unknown if not judged_soon or self._is_settled(row)]
        self._shown.update(row.id for row in fresh)
        for row in rows:
            if row.id not in self._shown:
                break
            self.shown_to = row.id
        self._shown = {each for each in self._shown if each > self.shown_to}
        return fresh

    def _is_settled(self, row: Received) -> bool:
        return row.verdict is not None or row.kind is Kind.REPORT or self._looks[row.id] > LOOKS


def _shower(*, as_json: bool) -> Callable[[Received], None]:
    if as_json:
        return lambda row: print_json(as_record(row))
    stream = Stream(COLUMNS, WIDTHS)
    return lambda row: stream.show(_cells(row))


# --- one row ------------------------------------------------------------------------------


def _cells(row: Received) -> Sequence[Shown]:
    return (
        row.id,
        row.received_wall,
        row.kind,
        row.number or None,
        ruling_in_words(row),
        row.text or None,
    )


def ruling_in_words(row: Received) -> str | None:
    """Return the verdict, and its reason where that says more than the verdict alone; of a report on what."""
    if row.kind is Kind.REPORT and row.reply_id is not None:
        return f"on reply {row.reply_id}"
    return f"{row.verdict}: {row.reason}" if row.verdict is Ruling.DECLINED else row.verdict


def as_record(row: Received) -> dict[str, object]:
    """Return a message as JSON shows it; times are wall time."""
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
