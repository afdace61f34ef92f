"""`status`: one screen."""

from __future__ import annotations

from dataclasses import dataclass

import click

from ..config import Settings
from ..rules.money import decimal
from ..rules.records import Status
from ..rules.throttle import Standing, Unit
from ..store import gateway as state
from ..store import inbox, ledger, outbox
from ..store.database import SCHEMA_VERSION
from ..store.gateway import ModemSeen, Pause
from ..store.ledger import Entry
from .budget import amount, standings
from .desk import Desk, at_desk
from .options import json_option, with_settings
from .output import iso, print_json, say, when

SHOWN = (Status.SCHEDULED, Status.HELD, Status.SENDING, Status.IN_DOUBT)
LAST_EVENTS = 8


@dataclass(frozen=True, slots=True)
class _Picture:
    """All that the screen shows, read in one moment."""

    runs: bool
    modem: ModemSeen
    counts: dict[Status, int]
    caps: list[Standing]
    paused: Pause | None
    parts_waiting: int
    stuck: int
    events: list[Entry]
    size: int


@click.command()
@json_option
@with_settings
def status(settings: Settings, as_json: bool) -> None:
    """Show modem, queue, credit, caps and last events on one screen."""
    with at_desk(settings) as desk:
        picture = _look(desk)
        if as_json:
            print_json(_record(desk, picture))
        else:
            _print_screen(desk, picture)


def _look(desk: Desk) -> _Picture:
    with desk.database.snapshot() as tx:
        modem, counts, paused = state.modem(tx), outbox.counts(tx), state.paused(tx)
        parts, stuck, events = (
            inbox.parts_waiting(tx),
            len(inbox.stuck_slots(tx, 1)),
            ledger.newest(tx, LAST_EVENTS),
        )
    size = desk.settings.storage.path.stat().st_size
    return _Picture(desk.daemon_runs(), modem, counts, standings(desk), paused, parts, stuck, events, size)


def _record(desk: Desk, picture: _Picture) -> dict[str, object]:
    modem, runs = picture.modem, picture.runs
    caps = {each.cap.name: each for each in picture.caps}
    return {
        "modem": {
            "state": modem.state if runs else "stopped",
            "device": modem.device,
            "imei": modem.imei,
            "operator": modem.operator,
            "signal_percent": modem.signal_percent if runs else None,
            "registered": runs and modem.registered,
            "detail": modem.detail,
        },
        "queue": {str(each): picture.counts[each] for each in SHOWN},
        "budget": {
            "currency": desk.settings.policy.budget.currency,
            **_money("day", caps.get("budget.per_day")),
            **_money("month", caps.get("budget.per_month")),
            "credit": None,
        },
        "throttle": {
            each.cap.name.removeprefix("throttle."): {"used": each.used + each.reserved, "left": each.left}
            for each in picture.caps
            if each.cap.unit is not Unit.MONEY
        },
        "raid": {"active": False, "since": None},
        "paused": None
        if picture.paused is None
        else {"since": iso(picture.paused.since), "reason": picture.paused.reason},
        "database": {
            "path": str(desk.settings.storage.path),
            "schema": SCHEMA_VERSION,
            "bytes": picture.size,
        },
    }


def _money(window: str, standing: Standing | None) -> dict[str, str | None]:
    if standing is None:
        return {f"spent_{window}": None, f"left_{window}": None}
    return {
        f"spent_{window}": decimal(standing.used + standing.reserved),
        f"left_{window}": decimal(standing.left),
    }


def _print_screen(desk: Desk, picture: _Picture) -> None:
    say(f"gateway   {_gateway_line(picture)}")
    say(f"modem     {_modem_line(picture)}")
    say(f"queue     {', '.join(f'{picture.counts[each]} {each}' for each in SHOWN)}")
    if picture.parts_waiting:
        say(f"          {picture.parts_waiting} part(s) of longer texts wait for the rest")
    if picture.stuck:
        say(f"          {picture.stuck} slot(s) of the modem cannot be deleted")
    for index, each in enumerate(picture.caps):
        say(f"{'caps' if index == 0 else '':<9} {_cap_line(desk, each)}")
    say(f"database  {desk.settings.storage.path} ({picture.size / 1e6:.1f} MB, schema {SCHEMA_VERSION})")
    for index, entry in enumerate(picture.events):
        say(f"{'lately' if index == 0 else '':<9} {when(entry.wall)}  {_event_line(entry)}")


def _gateway_line(picture: _Picture) -> str:
    if picture.paused is not None:
        reason = f": {picture.paused.reason}" if picture.paused.reason else ""
        return f"paused since {when(picture.paused.since)}{reason}; `relou-gateway resume` ends it"
    return "at work" if picture.runs else "not running"


def _modem_line(picture: _Picture) -> str:
    modem = picture.modem
    if not picture.runs or modem.state == "stopped":
        return f"stopped, last seen {when(modem.seen_wall)}"
    if modem.state != "ready":
        return f"{modem.state}: {modem.detail}"
    signal = "unknown signal" if modem.signal_percent is None else f"signal {modem.signal_percent} %"
    network = (
        f"{modem.operator or 'registered'}, {signal}" if modem.registered else "not registered in any network"
    )
    return f"{modem.device}, IMEI {modem.imei}, {network}"


def _cap_line(desk: Desk, each: Standing) -> str:
    unit = desk.settings.policy.budget.currency if each.cap.unit is Unit.MONEY else str(each.cap.unit)
    used = each.used + each.reserved
    more = f", more at {when(desk.wall(each.free_at))}" if each.left == 0 and each.free_at else ""
    return f"{each.cap.name:<30} {amount(each, used)} of {amount(each, each.cap.limit)} {unit}{more}"


def _event_line(entry: Entry) -> str:
    subject = (
        f"reply {entry.reply_id}"
        if entry.reply_id
        else f"message {entry.message_id}"
        if entry.message_id
        else ""
    )
    reason = f" ({entry.reason})" if entry.reason else ""
    words = " ".join(
        each for each in (subject, entry.event if entry.event != "reply" else "", entry.state) if each
    )
    return words + reason
