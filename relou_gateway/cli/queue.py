"""`queue`: the replies, and the operator's moves on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click

from ..rules.lifecycle import Event, IllegalMove, sources
from ..rules.money import decimal
from ..rules.records import Status
from ..store import inbox, ledger, outbox
from ..store.ledger import Entry
from ..store.outbox import NoSuchReply, Reply
from .desk import Desk, at_desk
from .options import NoSuchRow, NotPossible, config_option, current_settings, json_option
from .output import Column, money, print_json, say, table, when

STATES = click.Choice([str(state) for state in Status])


@click.group(invoke_without_command=True)
@config_option
@click.option("--state", type=STATES, help="Only replies in this state.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
@click.pass_context
def queue(context: click.Context, state: str | None, limit: int | None, as_json: bool) -> None:
    """Show the replies: those that wait first, next to go on top, then the others, newest first."""
    if context.invoked_subcommand is not None:
        return
    with at_desk(current_settings()) as desk:
        with desk.database.snapshot() as tx:
            replies = outbox.listed(tx, None if state is None else Status(state), limit)
        if as_json:
            for reply in replies:
                print_json(as_record(desk, reply))
        else:
            _print_table(desk, replies)


@queue.command()
@click.argument("reply_id", type=int, metavar="ID")
@config_option
@json_option
def show(reply_id: int, as_json: bool) -> None:
    """Show one reply with its whole history."""
    with at_desk(current_settings()) as desk:
        with desk.database.snapshot() as tx:
            try:
                reply = outbox.get(tx, reply_id)
            except NoSuchReply:
                raise NoSuchRow(f"there is no reply {reply_id}") from None
            history = ledger.of_reply(tx, reply_id)
            answered = inbox.ids_of_reply(tx, reply_id)
        if as_json:
            record = as_record(desk, reply)
            print_json(
                {**record, "message_ids": answered, "history": [_entry_record(each) for each in history]}
            )
        else:
            _print_reply(desk, reply, answered, history)


def _mover(event: Event, done: str, summary: str) -> Callable[..., None]:
    """Make the verb of one operator's move: on the replies named, or on all that it is legal for."""

    @queue.command(event.value, help=summary)
    @click.argument("reply_ids", type=int, nargs=-1, metavar="[ID]...")
    @click.option("--all", "every", is_flag=True, help="All replies that this can be done to.")
    @config_option
    def move(reply_ids: tuple[int, ...], every: bool) -> None:
        if every == bool(reply_ids):
            raise click.UsageError("name replies by their ID, or say --all")
        with at_desk(current_settings()) as desk:
            moved = _move_all(desk, event) if every else _move(desk, reply_ids, event, done)
        for reply_id in moved:
            say(f"reply {reply_id} is {done}")
        if every and not moved:
            say("there is none")

    return move


hold = _mover(Event.HOLD, "held", "Keep replies back until they are released.")
release = _mover(Event.RELEASE, "scheduled", "Let held replies go when they are due.")
cancel = _mover(Event.CANCEL, "cancelled", "Never send these replies.")


@queue.command()
@click.argument("reply_id", type=int, metavar="ID")
@click.argument("outcome", type=click.Choice(["sent", "failed"]))
@config_option
def settle(reply_id: int, outcome: str) -> None:
    """Say what became of a reply in doubt: sent, or failed, which gives its cost back."""
    event = Event.SETTLE_SENT if outcome == "sent" else Event.SETTLE_FAILED
    with at_desk(current_settings()) as desk:
        _move(desk, [reply_id], event, outcome)
    say(f"reply {reply_id} is {outcome}")


def as_record(desk: Desk, reply: Reply) -> dict[str, Any]:
    """Return a reply as JSON shows it; times are wall time, `cost` is a decimal string."""
    return {
        "id": reply.id,
        "kind": reply.purpose,
        "message_id": reply.message_id,
        "number": reply.number,
        "state": reply.state,
        "text": reply.text,
        "parts": reply.parts,
        "cost": decimal(reply.cost),
        "created_at": reply.created_wall,
        "due_at": desk.wall(reply.due_at),
        "attempts": reply.attempts,
        "sent_at": reply.sent_wall,
        "delivered_at": reply.delivered_wall,
        "reason": reply.reason,
        "suspicion": reply.suspicion,
    }


def _move(desk: Desk, reply_ids: Sequence[int], event: Event, done: str) -> Sequence[int]:
    """Move all of the named replies, or none of them."""
    try:
        with desk.database.transaction(f"queue {event}") as tx:
            for reply_id in reply_ids:
                outbox.operate(tx, reply_id, event, "by an operator", desk.now)
    except NoSuchReply as missing:
        raise NoSuchRow(f"there is no reply {missing.args[0]}; nothing was changed") from None
    except IllegalMove as illegal:
        raise NotPossible(
            f"a reply that is {illegal.status} cannot become {done}; nothing was changed"
        ) from None
    return reply_ids


def _move_all(desk: Desk, event: Event) -> Sequence[int]:
    with desk.database.transaction(f"queue {event} --all") as tx:
        found = outbox.ids_in(tx, sources(event))
        for reply_id in found:
            outbox.operate(tx, reply_id, event, "by an operator", desk.now)
    return found


def _print_table(desk: Desk, replies: Sequence[Reply]) -> None:
    columns = (
        Column("id", right=True),
        "state",
        "number",
        "due",
        "sent",
        Column("tries", right=True),
        Column("parts", right=True),
        Column("cost", right=True),
        Column("reason", flexible=True),
    )
    currency = desk.settings.policy.budget.currency
    table(
        columns,
        [
            (
                reply.id,
                reply.state,
                reply.number,
                desk.wall(reply.due_at),
                reply.sent_wall,
                reply.attempts,
                reply.parts,
                money(reply.cost, currency),
                reply.reason,
            )
            for reply in replies
        ],
    )


def _print_reply(desk: Desk, reply: Reply, answered: Sequence[int], history: Sequence[Entry]) -> None:
    say(f"reply {reply.id} to {reply.number}: {reply.state}{f' ({reply.reason})' if reply.reason else ''}")
    say(f"  answers   {', '.join(f'message {each}' for each in answered) or '-'}")
    say(f"  due       {when(desk.wall(reply.due_at))}, too late {when(desk.wall(reply.expires_at))}")
    say(f"  costs     {money(reply.cost, desk.settings.policy.budget.currency)}, parts: {reply.parts}")
    say(f"  text      {reply.text}")
    say("history")
    for entry in history:
        say(f"  {when(entry.wall)}  {_in_words(desk, entry)}")


def _in_words(desk: Desk, entry: Entry) -> str:
    reason = f" ({entry.reason})" if entry.reason else ""
    cost = money(entry.cost, desk.settings.policy.budget.currency)
    match entry.event:
        case "judged":
            return f"message {entry.message_id} judged: {entry.state}{reason}"
        case "reserved" | "released":
            return f"{entry.event} {entry.parts} part(s), {cost}"
        case "settled":
            return f"spent {entry.parts} part(s), {cost}" if entry.parts else "reservation closed"
    return f"{entry.state}{reason}"


def _entry_record(entry: Entry) -> dict[str, str | int | datetime | None]:
    return {
        "at": entry.wall,
        "event": entry.event,
        "message_id": entry.message_id,
        "state": entry.state,
        "reason": entry.reason,
        "parts": entry.parts,
        "cost": decimal(entry.cost),
    }
