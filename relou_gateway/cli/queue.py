"""`queue`: the replies, and the operator's moves on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import click

from ..rules.lifecycle import Event, IllegalMove, sources
from ..rules.money import decimal
from ..rules.records import WAITING, Status
from ..store import delivery, inbox, ledger, outbox
from ..store import queue as line
from ..store.database import Connection
from ..store.delivery import Said
from ..store.forgetting import BY_AN_OPERATOR
from ..store.outbox import NoSuchReply, Reply
from . import history, patterns
from .desk import Desk, at_desk
from .moves import move_all
from .options import NoSuchRow, NotPossible, config_option, current_settings, json_option
from .output import Column, money, print_json, say, when
from .screen import Coloured, Shown, count, field, listing

STATES = click.Choice([str(state) for state in Status])

ID = click.IntRange(0, 2**63 - 1, clamp=True)
"""A row's number; beyond the largest there is no row either."""

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
            wanted = None if state is None else Status(state)
            replies = line.listed(tx, wanted, limit, now=desk.now.quota)
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
            reply = _found(tx, reply_id)
            past = ledger.of_reply(tx, reply_id)
            answered = inbox.ids_of_reply(tx, reply_id)
            said = delivery.said_of(tx, reply_id)
        if as_json:
            told = [history.as_record(each) for each in past]
            reports = [_said_record(each) for each in said]
            shown = {"message_ids": answered, "reports": reports, "history": told}
            print_json({**as_record(desk, reply), **shown})
        else:
            _print_reply(desk, reply, answered, said)
            history.tell(past, desk.settings.policy.budget.currency)


class Filters(NamedTuple):
    """Which replies are meant by what they are like; None lets everything through."""

    state: str | None
    sender: str | None
    above: float | None


def _mover(event: Event, done: str, summary: str) -> Callable[..., None]:
    """Make the verb of one operator's move: on the replies named, or on all that it is legal for."""
    states = click.Choice([str(state) for state in sources(event)])

    @queue.command(event.value, help=summary)
    @click.argument("reply_ids", type=ID, nargs=-1, metavar="[ID]...")
    @click.option("--all", "every", is_flag=True, help="All replies that this can be done to.")
    @click.option("--state", type=states, help="Those in this state.")
    @click.option("--sender", metavar="N", help="Those to this number, or to a prefix that ends in *.")
    @click.option("--above", type=float, metavar="X", help="Those of a suspicion above this.")
    @click.option("--dry-run", is_flag=True, help="Only list those that it would be done to.")
    @config_option
    @json_option
    def move(
        reply_ids: tuple[int, ...],
        every: bool,
        state: str | None,
        sender: str | None,
        above: float | None,
        dry_run: bool,
        as_json: bool,
    ) -> None:
        filters = Filters(state, sender, above)
        if (every or filters != Filters(None, None, None)) == bool(reply_ids):
            raise click.UsageError(
                "name replies by their ID, or choose them by --state, --sender or --above, or say --all"
            )
        with at_desk(current_settings()) as desk:
            if dry_run:
                found = list(reply_ids) or _chosen(desk, event, filters)
                _print_intended(desk, event, done, found, as_json=as_json)
            elif reply_ids:
                _print_named(_move(desk, reply_ids, event), done, as_json=as_json)
            else:
                moved = move_all(desk, _chosen(desk, event, filters), event, BY_AN_OPERATOR)
                _print_moved(event, done, moved, as_json=as_json)

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


def _said_record(said: Said) -> dict[str, Any]:
    return {"at": said.received_wall, "arrived": said.arrived, "text": said.text}


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


def _chosen(desk: Desk, event: Event, filters: Filters) -> list[int]:
    """Return the replies that the move is legal for and that the filters let through."""
    states = sources(event) if filters.state is None else (Status(filters.state),)
    pattern = None if filters.sender is None else patterns.one(filters.sender, desk.settings)
    with desk.database.snapshot() as tx:
        return line.chosen(tx, states, pattern, filters.above)


def _intended(desk: Desk, event: Event, reply_ids: Iterable[int]) -> list[Reply]:
    """Return the replies that would be moved; what would be refused is refused."""
    with desk.database.snapshot() as tx:
        found = [_found(tx, reply_id) for reply_id in dict.fromkeys(reply_ids)]
    for reply in found:
        if reply.state not in sources(event):
            raise NotPossible(_refusal(reply.id, IllegalMove(reply.state, event)))
    return found


def _found(tx: Connection, reply_id: int) -> Reply:
    try:
        return outbox.get(tx, reply_id)
    except NoSuchReply:
        raise NoSuchRow(f"there is no reply {reply_id}") from None


# --- what was moved -----------------------------------------------------------------------


def _print_intended(desk: Desk, event: Event, done: str, reply_ids: Iterable[int], *, as_json: bool) -> None:
    found = _intended(desk, event, reply_ids)
    if as_json:
        print_json({"state": done, "moved": [], "would_move": [reply.id for reply in found]})
        return
    if found:
        _print_table(desk, found)
    say(f"{count(len(found), 'reply')} would be {VERBS[event]}")


def _print_named(moved: Sequence[int], done: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"state": done, "moved": moved})
        return
    for reply_id in moved:
        say(f"reply {reply_id} is {done}")


def _print_moved(event: Event, done: str, moved: Sequence[int], *, as_json: bool) -> None:
    if as_json:
        print_json({"state": done, "moved": moved})
        return
    none = f"there is none that can be {VERBS[event]}"
    say(f"{count(len(moved), 'reply')}: {done}" if moved else none)


# --- for people ---------------------------------------------------------------------------


def _print_table(desk: Desk, replies: Sequence[Reply]) -> None:
    if not replies:
        say("no reply")
        return
    reported = any(reply.delivered_wall for reply in replies)  # few operators are asked for that
    columns = (
        Column("id", right=True),
        Column("state"),
        Column("number"),
        Column("due"),
        Column("sent"),
        *([Column("delivered")] if reported else []),
        Column("parts", right=True),
        Column("cost", right=True),
        Column("suspicion", right=True),
        Column("reason", flexible=True),
    )
    listing(columns, [_cells(desk, reply, reported=reported) for reply in replies])


def _cells(desk: Desk, reply: Reply, *, reported: bool) -> Sequence[Shown]:
    return (
        reply.id,
        Coloured(reply.state, COLOURS.get(reply.state)),
        reply.number or None,
        desk.wall(reply.due_at),
        reply.sent_wall,
        *([reply.delivered_wall] if reported else []),
        reply.parts,
        money(reply.cost, desk.settings.policy.budget.currency),
        None if reply.suspicion is None else f"{reply.suspicion:.1f}",
        reply.reason or None,
    )


def _print_reply(desk: Desk, reply: Reply, answered: Sequence[int], said: Sequence[Said]) -> None:
    reason = f" ({reply.reason})" if reply.reason else ""
    field(f"reply {reply.id}", f"{reply.state}{reason}", COLOURS.get(reply.state))
    field("to", reply.number or "forgotten")
    field("answers", ", ".join(f"message {each}" for each in answered) or "nothing")
    field("due", when(desk.wall(reply.due_at)))
    if reply.state in WAITING:
        field("too late", when(desk.wall(reply.expires_at)))
    if reply.sent_wall:
        field("sent", when(reply.sent_wall))
    if reply.delivered_wall:
        field("delivered", when(reply.delivered_wall))
    currency = desk.settings.policy.budget.currency
    field("costs", f"{money(reply.cost, currency)} for {count(reply.parts, 'part')}")
    field("text", reply.text or "forgotten")
    if reply.suspicion is not None:
        field("suspicion", f"{reply.suspicion:.1f}; `relou-gateway why {reply.message_id}` tells where from")
    for number, each in enumerate(said):
        field("" if number else "reports", f"{when(each.received_wall)}: {each.text}")
    say("")
