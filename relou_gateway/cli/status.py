"""`status`: one screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from ..config import Settings
from ..rules.breaker import EXPLANATIONS
from ..rules.money import decimal
from ..rules.records import Ruling, Status
from ..rules.throttle import Standing, Unit
from ..store import breaker, counting, inbox, ledger, parts, queue, schedule
from ..store import gateway as state
from ..store.breaker import Stopped
from ..store.counting import Room
from ..store.database import SCHEMA_VERSION
from ..store.gateway import ModemSeen, Pause, RaidSeen
from ..store.ledger import Entry
from . import purse as purses
from .budget import amount, standings
from .desk import Desk, at_desk
from .options import json_option, with_settings
from .output import iso, print_json, say, when
from .purse import Purse
from .screen import at_a_glance, bar, count, field, happened, painted, put

SHOWN = (Status.SCHEDULED, Status.HELD, Status.SENDING, Status.IN_DOUBT)
LAST_EVENTS = 8
BOOKKEEPING = {"reserved", "settled", "released"}
"""Rows of the ledger that say no more than the change of state beside them."""

LOOKED_AT = 60
"""Rows of the ledger among which the last events are found."""

SAID = {
    "raid_began": "a raid began",
    "raid_ended": "a raid ended",
    "breaker_opened": "sending stopped by itself",
    "breaker_closed": "sending goes on",
    "counting_began": "storage.max is reached: flooders' texts are only counted",
    "counting_ended": "there is room again: all texts are kept",
    "restored": "restored from a backup",
}
"""Events of the gateway itself, in words."""

NEARLY_FULL = 0.8
STUCK_FROM = 3
"""Refused deletions after which a slot of the modem is left alone."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """All that the screen shows, read in one moment."""

    runs: bool
    modem: ModemSeen
    counts: dict[Status, int]
    next_due: datetime | None
    caps: list[Standing]
    purse: Purse
    paused: Pause | None
    stopped: Stopped | None
    raid: RaidSeen | None
    answers_up_to: float | None
    parts_waiting: int
    stuck: int
    events: list[Entry]
    size: int
    room: Room


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
        return _Picture(
            runs=desk.daemon_runs(),
            modem=state.modem(tx),
            counts=queue.counts(tx),
            next_due=desk.wall(schedule.next_due(tx)),
            caps=standings(desk, tx),
            purse=purses.look(desk, tx),
            paused=state.paused(tx),
            stopped=breaker.stopped(tx),
            raid=state.raid(tx),
            answers_up_to=state.answers_up_to(tx),
            parts_waiting=parts.waiting(tx),
            stuck=len(inbox.stuck_slots(tx, STUCK_FROM)),
            events=_events(ledger.newest(tx, LOOKED_AT)),
            size=desk.settings.storage.path.stat().st_size,
            room=counting.room(tx),
        )


def _events(entries: list[Entry]) -> list[Entry]:
    """Return the last events that a person wants to see: not what another says already."""
    judged = {entry.message_id for entry in entries if entry.event == "judged"}

    def is_news(entry: Entry) -> bool:
        if entry.event == "received":
            return entry.message_id not in judged
        # the verdict told of the reply when it was made; later moves of it cost nothing
        return entry.event not in BOOKKEEPING and not (entry.event == "reply" and entry.cost)

    return [entry for entry in entries if is_news(entry)][-LAST_EVENTS:]


# --- for programs -------------------------------------------------------------------------


def _record(desk: Desk, picture: _Picture) -> dict[str, object]:
    caps = {each.cap.name: each for each in picture.caps}
    paused = picture.paused
    return {
        "modem": _modem_record(picture),
        "queue": {str(each): picture.counts[each] for each in SHOWN},
        "budget": {
            "currency": desk.settings.policy.budget.currency,
            **_money("day", caps.get("budget.per_day")),
            **_money("month", caps.get("budget.per_month")),
            **purses.record(picture.purse),
        },
        "throttle": {
            each.cap.name.removeprefix("throttle."): {"used": each.used + each.reserved, "left": each.left}
            for each in picture.caps
            if each.cap.unit is not Unit.MONEY
        },
        "raid": {
            "active": picture.raid is not None,
            "since": None if picture.raid is None else iso(picture.raid.since_wall),
        },
        "paused": None if paused is None else {"since": iso(paused.since), "reason": paused.reason},
        "breaker": _breaker_record(picture.stopped),
        "database": {
            "path": str(desk.settings.storage.path),
            "schema": SCHEMA_VERSION,
            "bytes": picture.size,
            "used": picture.room.used,
            "max": desk.settings.storage.max,
            "counting_since": picture.room.counting_since and iso(picture.room.counting_since),
            "counted": picture.room.counted,
        },
    }


def _breaker_record(stopped: Stopped | None) -> dict[str, object] | None:
    if stopped is None:
        return None
    return {
        "cause": stopped.cause,
        "reason": EXPLANATIONS[stopped.cause],
        "since": iso(stopped.since),
        "until": iso(stopped.until),
        "times": stopped.times,
        "trial": stopped.trial,
    }


def _modem_record(picture: _Picture) -> dict[str, object]:
    modem, runs = picture.modem, picture.runs
    return {
        "state": modem.state if runs else "stopped",
        "device": modem.device,
        "imei": modem.imei,
        "operator": modem.operator,
        "signal_percent": modem.signal_percent if runs else None,
        "registered": runs and modem.registered,
        "roaming": runs and modem.registered and modem.roaming,
        "detail": modem.detail,
    }


def _money(window: str, standing: Standing | None) -> dict[str, str | None]:
    if standing is None:
        return {f"spent_{window}": None, f"left_{window}": None}
    return {
        f"spent_{window}": decimal(standing.used + standing.reserved),
        f"left_{window}": decimal(standing.left),
    }


# --- for people ---------------------------------------------------------------------------


def _print_screen(desk: Desk, picture: _Picture) -> None:
    field("gateway", *_gateway_line(picture))
    field("modem", *_modem_line(picture))
    field("queue", _queue_line(picture))
    field("raid", *_raid_line(picture))
    for trouble in filter(None, (*_troubles(picture), purses.idling(desk, picture.purse))):
        field("", trouble, "yellow")
    field("database", f"{desk.settings.storage.path}, {picture.size / 1e6:.1f} MB")
    if picture.room.counting_since is not None:
        since = when(picture.room.counting_since)
        field("", f"storage.max is reached: since {since} flooders' texts are only counted", "yellow")
    if picture.room.counted:
        field("", f"{count(picture.room.counted, 'text')} of flooders only counted, not kept")
    purses.show(desk, picture.purse)
    say("")
    _print_caps(desk, picture.caps)
    if picture.events:
        say("")
        put(painted("lately", bold=True))
    for entry in picture.events:
        happened(at_a_glance(entry.wall), _event_line(entry))


def _gateway_line(picture: _Picture) -> tuple[str, str]:
    if not picture.runs:
        return "not running; `relou-gateway run` or its service starts it", "red"
    if picture.paused is not None:
        reason = f": {picture.paused.reason}" if picture.paused.reason else ""
        since = when(picture.paused.since)
        return f"receiving only, paused since {since}{reason}; `relou-gateway resume` ends it", "yellow"
    if picture.stopped is not None:
        return stopped_in_words(picture.stopped), "red"
    return "at work", "green"


def stopped_in_words(stopped: Stopped) -> str:
    """Say why nothing is sent, until when, and how to end it."""
    next_try = (
        f"until {at_a_glance(stopped.until)}, then one is tried"
        if stopped.trial is None
        else f"reply {stopped.trial} is being tried"
    )
    return (
        f"receiving only, stopped by itself since {when(stopped.since)} {next_try}: "
        f"{EXPLANATIONS[stopped.cause]} `relou-gateway resume` sends again at once"
    )


def _modem_line(picture: _Picture) -> tuple[str, str | None]:
    modem = picture.modem
    if not picture.runs or modem.state == "stopped":
        return f"not watched since {when(modem.seen_wall)}", None
    if modem.state == "starting":
        return f"{modem.device} is being opened", None
    if modem.state != "ready":
        return f"{modem.state}: {modem.detail}", "red"
    if not modem.registered:
        return f"{modem.device}, not registered in any network", "red"
    signal = "" if modem.signal_percent is None else f", signal {modem.signal_percent} %"
    return f"{modem.operator or 'registered'}{signal}, {modem.device}, IMEI {modem.imei}", "green"


def _queue_line(picture: _Picture) -> str:
    shown = [f"{picture.counts[each]} {each}" for each in SHOWN if picture.counts[each]]
    if picture.next_due is None:
        return ", ".join(shown) or "nothing waits"
    is_over = picture.next_due < datetime.now(UTC)
    shown[0] += f" ({'the first was' if is_over else 'next'} due {at_a_glance(picture.next_due)})"
    return ", ".join(shown)


def _raid_line(picture: _Picture) -> tuple[str, str | None]:
    limit = picture.answers_up_to
    tokens = "" if limit is None else f"; answers go now to those of suspicion {limit:.1f} or less"
    if picture.raid is None:
        return f"none{tokens}", None
    return f"since {when(picture.raid.since_wall)}{tokens}", "yellow"


def _troubles(picture: _Picture) -> Iterator[str]:
    if picture.runs and picture.modem.state == "ready" and picture.modem.detail:
        yield f"modem: {picture.modem.detail}"
    if picture.counts[Status.IN_DOUBT]:
        yield "in doubt: `relou-gateway queue --state in_doubt`, then `queue settle ID sent` or `failed`"
    if picture.counts[Status.HELD]:
        yield "held: `relou-gateway queue --state held`, then `queue release ID` or `cancel ID`"
    if picture.parts_waiting:
        yield f"{count(picture.parts_waiting, 'part')} of longer texts came in; the rest is missing yet"
    if picture.stuck:
        yield f"{count(picture.stuck, 'slot')} of the modem cannot be deleted, and take room"


def _print_caps(desk: Desk, caps: list[Standing]) -> None:
    if not caps:
        field("caps", "none is set: nothing but its delay holds an answer back", "yellow")
        return
    put(painted("caps", bold=True))
    width = max(len(each.cap.name) for each in caps)
    for each in caps:
        used = each.used + each.reserved
        share = used / each.cap.limit if each.cap.limit else 1.0
        colour = "red" if each.left == 0 else "yellow" if share >= NEARLY_FULL else "green"
        put(f"  {each.cap.name:<{width}}  {painted(bar(share, 10), colour)}  {_cap_words(desk, each, used)}")


def _cap_words(desk: Desk, each: Standing, used: int) -> str:
    unit = desk.settings.policy.budget.currency if each.cap.unit is Unit.MONEY else str(each.cap.unit)
    more = f", more at {at_a_glance(desk.wall(each.free_at))}" if each.left == 0 and each.free_at else ""
    return f"{amount(each, used)} of {amount(each, each.cap.limit)} {unit}{more}"


def _event_line(entry: Entry) -> str:
    reason = f" ({entry.reason})" if entry.reason else ""
    match entry.event, entry.state:
        case "received", kind:
            return f"message {entry.message_id}: {kind} came in"
        case "judged", Ruling.REPLY | Ruling.JOINED as ruling:
            verb = "asked for" if ruling == Ruling.REPLY else "joined"
            return f"message {entry.message_id}: {verb} reply {entry.reply_id}{reason}"
        case "credit", _:
            return f"the SIM holds {decimal(entry.cost)}{reason}"
        case "judged", ruling:
            return f"message {entry.message_id}: {ruling}{reason}"
        case "reply", reply_state:
            return f"reply {entry.reply_id}: {reply_state}{reason}"
    return f"{SAID.get(entry.event, entry.event)}{reason}"
