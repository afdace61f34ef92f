"""`queue`: the replies, and the operator's moves on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import click

from ..rules.lifecycle import Event, IllegalMove, sources
from ..rules.money import decimal
from ..rules.records import WAITING, Ruling, Status
from ..store import inbox, ledger, outbox
from ..store.ledger import Entry
from ..store.outbox import NoSuchReply, Reply
from .desk import Desk, at_desk
from .options import NoSuchRow, NotPossible, config_option, current_settings, json_option
from .output import Column, money, print_json, say, when
from .screen import Coloured, Shown, count, field, happened, listing

STATES = click.Choice([str(state) for state in Status])

ID = click.IntRange(0, 2**63 - 1, clamp=True)
"""A row's number; beyond the largest there is no row either."""

BY_AN_OPERATOR = "by an operator"

VERBS = {
    Event.HOLD: "held",
    Event.RELEASE: "released",
    Event.CANCEL: "cancelled",
    Event.SETTLE_SENT: "settled",
    Event.SETTLE_FAILED: "settled",
}
"""What is done to a reply by an operator's move."""

COLOURS = {
    Status.SENT: "green",
    Status.SENDING: "cyan",
    Status.IN_DOUBT: "yellow",
    Status.FAILED: "red",
    Status.EXPIRED: "red",
}


@click.group(invoke_without_command=True)
@config_option
@click.option("--state", type=STATES, help="Only replies in this state.")
@click.option("--limit", type=click.IntRange(1, 10**9), help="At most so many.")
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
@click.argument("reply_id", type=ID, metavar="ID")
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
    @click.argument("reply_ids", type=ID, nargs=-1, metavar="[ID]...")
    @click.option("--all", "every", is_flag=True, help="All replies that this can be done to.")
    @config_option
    def move(reply_ids: tuple[int, ...], every: bool) -> None:
        if every == bool(reply_ids):
            raise click.UsageError("name replies by their ID, or say --all")
        with at_desk(current_settings()) as desk:
            if every:
                moved = len(_move_all(desk, event))
                none = f"there is none that can be {VERBS[event]}"
                say(f"{count(moved, 'reply')}: {done}" if moved else none)
            else:
                for reply_id in _move(desk, reply_ids, event):
                    say(f"reply {reply_id} is {done}")

    return move


hold = _mover(Event.HOLD, "held", "Keep replies back until they are released.")
release = _mover(Event.RELEASE, "scheduled", "Let held replies go when they are due.")
cancel = _mover(Event.CANCEL, "cancelled", "Never send these replies.")


@queue.command()
@click.argument("reply_id", type=ID, metavar="ID")
@click.argument("outcome", type=click.Choice(["sent", "failed"]))
@config_option
def settle(reply_id: int, outcome: str) -> None:
    """Say what became of a reply in doubt: sent, or failed, which gives its cost back."""
    event = Event.SETTLE_SENT if outcome == "sent" else Event.SETTLE_FAILED
    with at_desk(current_settings()) as desk:
        _move(desk, [reply_id], event)
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


def _move(desk: Desk, reply_ids: Iterable[int], event: Event) -> Sequence[int]:
    """Move all of the named replies, or none of them."""
    named = list(dict.fromkeys(reply_ids))
    with desk.database.transaction(f"queue {event}") as tx:
        for reply_id in named:
            try:
                outbox.operate(tx, reply_id, event, BY_AN_OPERATOR, desk.now)
            except NoSuchReply:
                raise NoSuchRow(f"there is no reply {reply_id}; nothing was changed") from None
            except IllegalMove as illegal:
                raise NotPossible(_refusal(reply_id, illegal)) from None
    return named


def _refusal(reply_id: int, illegal: IllegalMove) -> str:
    possible = " or ".join(str(state) for state in sources(illegal.event))
    return (
        f"reply {reply_id} is {illegal.status}; only one that is {possible} can be {VERBS[illegal.event]}; "
        "nothing was changed"
    )


def _move_all(desk: Desk, event: Event) -> Sequence[int]:
    with desk.database.transaction(f"queue {event} --all") as tx:
        found = outbox.ids_in(tx, sources(event))
        for reply_id in found:
            outbox.operate(tx, reply_id, event, BY_AN_OPERATOR, desk.now)
    return found


# --- for people ---------------------------------------------------------------------------


def _print_table(desk: Desk, replies: Sequence[Reply]) -> None:
    if not replies:
        say("no reply")
        return
    columns = (
        Column("id", right=True),
        Column("state"),
        Column("number"),
        Column("due"),
        Column("sent"),
        Column("tries", right=True),
        Column("parts", right=True),
        Column("cost", right=True),
        Column("reason", flexible=True),
    )
    listing(columns, [_cells(desk, reply) for reply in replies])


def _cells(desk: Desk, reply: Reply) -> Sequence[Shown]:
    return (
        reply.id,
        Coloured(reply.state, COLOURS.get(reply.state)),
        reply.number or None,
        desk.wall(reply.due_at),
        reply.sent_wall,
        reply.attempts,
        reply.parts,
        money(reply.cost, desk.settings.policy.budget.currency),
        reply.reason or None,
    )


def _print_reply(desk: Desk, reply: Reply, answered: Sequence[int], history: Sequence[Entry]) -> None:
    reason = f" ({reply.reason})" if reply.reason else ""
    field(f"reply {reply.id}", f"{reply.state}{reason}", COLOURS.get(reply.state))
    field("to", reply.number or "forgotten")
    field("answers", ", ".join(f"message {each}" for each in answered) or "nothing")
    field("due", when(desk.wall(reply.due_at)))
    if reply.state in WAITING:
        field("too late", when(desk.wall(reply.expires_at)))
    if reply.sent_wall:
        field("sent", when(reply.sent_wall))
    currency = desk.settings.policy.budget.currency
    field("costs", f"{money(reply.cost, currency)} for {count(reply.parts, 'part')}")
    field("text", reply.text or "forgotten")
    say("")
    say("history")
    for entry in history:
        happened(when(entry.wall), _in_words(entry, currency))


def _in_words(entry: Entry, currency: str) -> str:
    """Return one line of a reply's story."""
    reason = f" ({entry.reason})" if entry.reason else ""
    amount = f"{count(entry.parts, 'part')}, {money(entry.cost, currency)}"
    match entry.event, entry.state:
        case "judged", Ruling.REPLY:
            return f"message {entry.message_id} asked for it{reason}"
        case "judged", _:
            return f"message {entry.message_id} {entry.state} it{reason}"
        case "reserved", _:
            return f"reserved {amount}"
        case "released", _:
            return f"given back {amount}"
        case "settled", _:
            return f"spent {amount}" if entry.parts else "reservation closed"
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
