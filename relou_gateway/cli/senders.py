"""`senders`: who wrote and called, how often, and what is remembered of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import click

from ..rules.records import WAITING
from ..store import counting, inbox
from ..store import queue as line
from ..store import senders as store
from ..store.counting import Counted
from ..store.inbox import Received
from ..store.outbox import Reply
from ..store.senders import Known
from . import patterns, queue
from .blocking import block, blocks, forget, unblock
from .desk import Desk, at_desk
from .messages import as_record as message_record
from .messages import ruling_in_words
from .options import NoSuchRow, config_option, current_settings, json_option
from .output import Column, print_json, say, when
from .screen import Coloured, Shown, count, field, happened, listing

MESSAGES_SHOWN = 30
"""Messages of one sender that people are shown unless they ask for more; programs get all."""


class _Story(NamedTuple):
    """All that is told of one sender; `messages` are all of his, newest last."""

    number: str
    known: Known | None
    blocked_by: tuple[str, ...]
    messages: list[Received]
    replies: list[Reply]
    counted: list[Counted]


@click.group(invoke_without_command=True)
@config_option
@click.option("--top", type=click.IntRange(1, 10**9), metavar="N", help="Only the N most active.")
@json_option
@click.pass_context
def senders(context: click.Context, top: int | None, as_json: bool) -> None:
    """Show everyone who wrote or called, the most active first."""
    if context.invoked_subcommand is None:
        with at_desk(current_settings()) as desk:
            _show_list(desk, "*", top, as_json=as_json)


@senders.command()
@click.argument("number", metavar="N")
@click.option("--limit", type=click.IntRange(1, 10**9), help="At most so many messages, the newest.")
@config_option
@json_option
def show(number: str, limit: int | None, as_json: bool) -> None:
    """Show a sender's story; with a prefix that ends in *, everyone whose number begins so."""
    settings = current_settings()
    pattern = patterns.one(number, settings)
    with at_desk(settings) as desk:
        if pattern.endswith("*"):
            if not _show_list(desk, pattern, limit, as_json=as_json):
                raise NoSuchRow(f"nobody is known whose number begins with {pattern[:-1]}")
            return
        story = _read(desk, pattern)
        if as_json:
            print_json(_story_record(desk, story, limit))
        else:
            _print_story(desk, story, limit or MESSAGES_SHOWN)


for verb in (block, unblock, forget, blocks):
    senders.add_command(verb)


def _read(desk: Desk, number: str) -> _Story:
    with desk.database.snapshot() as tx:
        known = store.listed(tx, number)
        story = _Story(
            number=number,
            known=known[0] if known else None,
            blocked_by=store.blocking(number, store.blocks(tx)),
            messages=inbox.messages(tx, number=number),
            replies=line.of_number(tx, number),
            counted=counting.counted(tx, number),
        )
    if not (known or story.messages or story.replies or number in story.blocked_by):
        raise NoSuchRow(f"nothing is known of {number}")
    return story


# --- for programs -------------------------------------------------------------------------


def _record(desk: Desk, known: Known) -> dict[str, object]:
    return {
        "number": known.number,
        "first_at": desk.wall(known.first_at),
        "last_at": desk.wall(known.last_at),
        "messages": known.messages,
        "calls": known.calls,
        "answers": known.answers,
        "answered_at": desk.wall(known.answered_at),
        "blocked_by": known.blocked_by,
        "stopped_at": known.stopped_wall,
        "muted_until": desk.wall(_muted_until(desk, known)),
        "mutes": known.mutes,
        "reply_id": known.waiting,
    }


def _story_record(desk: Desk, story: _Story, limit: int | None) -> dict[str, object]:
    nobody: dict[str, object] = {"number": story.number, "blocked_by": story.blocked_by}
    shown = story.messages if limit is None else story.messages[-limit:]
    return {
        **(nobody if story.known is None else _record(desk, story.known)),
        "history": [message_record(each) for each in shown],
        "replies": [queue.as_record(desk, each) for each in story.replies],
        "counted": [{"day": each.day.isoformat(), "messages": each.messages} for each in story.counted],
    }


# --- for people ---------------------------------------------------------------------------


def _show_list(desk: Desk, pattern: str, limit: int | None, *, as_json: bool) -> bool:
    """Show the senders whom `pattern` means; say whether there are any."""
    with desk.database.snapshot() as tx:
        found = store.listed(tx, pattern, limit)
    if as_json:
        for each in found:
            print_json(_record(desk, each))
    elif found:
        _print_table(desk, found)
    elif pattern == "*":
        say("nobody wrote or called yet")
    return bool(found)


def _print_table(desk: Desk, found: Sequence[Known]) -> None:
    columns = (
        Column("number"),
        Column("first seen"),
        Column("last seen"),
        Column("messages", right=True),
        Column("calls", right=True),
        Column("answers", right=True),
        Column("state", flexible=True),
    )
    listing(columns, [_cells(desk, each) for each in found])


def _cells(desk: Desk, known: Known) -> Sequence[Shown]:
    state = ", ".join(_states(desk, known))
    refused = known.blocked_by or known.stopped_wall or _muted_until(desk, known)
    return (
        known.number,
        desk.wall(known.first_at),
        desk.wall(known.last_at),
        known.messages,
        known.calls,
        known.answers,
        Coloured(state or "-", "yellow" if refused else None),
    )


def _states(desk: Desk, known: Known) -> list[str]:
    """Return what holds of a sender now, in few words."""
    states = []
    if known.blocked_by:
        states.append("blocked")
    if known.stopped_wall is not None:
        states.append("stopped")
    if (until := _muted_until(desk, known)) is not None:
        states.append(f"muted until {when(desk.wall(until))}")
    if known.waiting is not None:
        states.append(f"waiting (reply {known.waiting})")
    return states


def _muted_until(desk: Desk, known: Known) -> datetime | None:
    """Return until when (quota time) he is muted; None where he is not, or no more."""
    until = known.muted_until
    return until if until is not None and until > desk.now.quota else None


def _print_story(desk: Desk, story: _Story, limit: int) -> None:
    field("sender", story.number)
    if story.known is not None:
        _print_counts(desk, story.known)
    for day in story.counted:
        field("counted", f"{count(day.messages, 'text')} on {day.day}, not kept (storage.max)", "yellow")
    if story.blocked_by:
        field("blocked", f"by {', '.join(story.blocked_by)}", "yellow")
    if story.replies:
        say("")
        say("replies")
    for reply in story.replies:
        happened(when(reply.created_wall), f"reply {reply.id}: {_reply_in_words(desk, reply)}")
    if story.messages:
        say("")
        say("messages and calls")
    if (left_out := len(story.messages) - limit) > 0:
        say(f"  {left_out} older: `relou-gateway messages --sender {story.number}` has them all")
    for each in story.messages[-limit:]:
        happened(when(each.received_wall), _message_in_words(each))


def _print_counts(desk: Desk, known: Known) -> None:
    field("seen", f"first {when(desk.wall(known.first_at))}, last {when(desk.wall(known.last_at))}")
    field("wrote", f"{count(known.messages, 'message')}, {count(known.calls, 'call')}")
    latest = f", the latest {when(desk.wall(known.answered_at))}" if known.answered_at else ""
    field("answers", f"{known.answers}{latest}")
    if known.stopped_wall is not None:
        field("stopped", f"asked on {when(known.stopped_wall)} not to be answered", "yellow")
    if (until := _muted_until(desk, known)) is not None:
        field("muted", f"until {when(desk.wall(until))}, for the {_times(known.mutes)}", "yellow")
    elif known.mutes:
        field("muted", f"not now; {count(known.mutes, 'time')} before")


def _times(number: int) -> str:
    return {1: "first time", 2: "second time", 3: "third time"}.get(number, f"{number}th time")


def _reply_in_words(desk: Desk, reply: Reply) -> str:
    reason = f" ({reply.reason})" if reply.reason else ""
    if reply.sent_wall is not None:
        return f"{reply.state}{reason} at {when(reply.sent_wall)}"
    if reply.state in WAITING:
        return f"{reply.state}{reason}, due {when(desk.wall(reply.due_at))}"
    return f"{reply.state}{reason}"


def _message_in_words(row: Received) -> str:
    text = f": {row.text}" if row.text else ""
    return f"{row.kind} {row.id}, {ruling_in_words(row) or 'no verdict'}{text}"
