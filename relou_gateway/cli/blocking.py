"""The operator's moves on senders: `senders block`, `unblock`, `forget`, and the list of blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from ..rules.admission import Reason
from ..rules.lifecycle import Event
from ..rules.records import WAITING, Status
from ..store import forgetting, ledger, senders
from ..store import queue as line
from ..store.database import Connection
from ..store.forgetting import Forgotten
from . import patterns
from .desk import Desk, at_desk
from .moves import AT_ONCE, batches, move_all, move_some
from .options import NoSuchRow, config_option, current_settings, json_option
from .output import Column, print_json, say
from .screen import count, listing

TOLD_ONE_BY_ONE = 20
"""Numbers that people are told of one by one; of more, how many."""


class _Blocked(NamedTuple):
    """What a block did: which patterns are new, which replies it cancelled, which is past recall."""

    new: list[str]
    already: list[str]
    cancelled: list[int]
    sending: list[int]


class _Lifted(NamedTuple):
    """What became of blocks that were to be lifted; `through` are those that hold on, by pattern."""

    lifted: list[str]
    absent: list[str]
    through: dict[str, tuple[str, ...]]


@click.command()
@patterns.named
@patterns.yes_option
@config_option
@json_option
def block(typed: tuple[str, ...], file: Path | None, yes: bool, as_json: bool) -> None:
    """Never answer these numbers, or prefixes that end in *; what waits for them is cancelled."""
    settings = current_settings()
    meant = patterns.several(typed, file, settings)
    patterns.refuse_everyone(meant, settings, yes=yes)
    with at_desk(settings) as desk:
        done = _block(desk, meant)
    if as_json:
        print_json(done._asdict())
    else:
        _print_blocked(done)


@click.command()
@patterns.named
@config_option
@json_option
def unblock(typed: tuple[str, ...], file: Path | None, as_json: bool) -> int:
    """Lift blocks, as they were made; exit 1 where a number stays blocked through a prefix."""
    settings = current_settings()
    meant = patterns.several(typed, file, settings)
    with at_desk(settings) as desk:
        done = _unblock(desk, meant)
    if as_json:
        print_json(done._asdict())
    else:
        _print_lifted(done)
    return 1 if done.through else 0


@click.command()
@patterns.named
@patterns.yes_option
@config_option
@json_option
def forget(typed: tuple[str, ...], file: Path | None, yes: bool, as_json: bool) -> None:
    """Forget texts and numbers of these senders, but for what STOP, blocks and lifetimes need."""
    settings = current_settings()
    meant = patterns.several(typed, file, settings)
    patterns.refuse_everyone(meant, settings, yes=yes)
    with at_desk(settings) as desk:
        done = list(_forget(desk, _known(desk, meant)))
        with desk.database.snapshot() as tx:
            blocked = senders.blocks(tx)
    for each in done if as_json else ():
        print_json(_forgotten_record(each, each.number in blocked))
    if not as_json:
        _print_forgotten(done, blocked=[each.number for each in done if each.number in blocked])


@click.command()
@config_option
@json_option
def blocks(as_json: bool) -> None:
    """List the numbers and prefixes that are blocked."""
    with at_desk(current_settings()) as desk, desk.database.snapshot() as tx:
        found = senders.blocks(tx)
    if as_json:
        for pattern, since in found.items():
            print_json({"pattern": pattern, "since": since})
    elif found:
        listing([Column("number or prefix"), Column("since")], list(found.items()))
    else:
        say("nobody is blocked")


# --- what is done -------------------------------------------------------------------------


def _block(desk: Desk, meant: Sequence[str]) -> _Blocked:
    """Block all that is meant, and cancel what waits for them in the same transaction.

    Where a prefix has very many waiting, the rest follows in transactions of its own: it is
    blocked already, and the daemon judges each sender again before it sends.
    """
    done = _Blocked([], [], [], [])
    waiting: list[int] = []
    for some in batches(meant):
        with desk.database.transaction("senders block") as tx:
            new = [pattern for pattern in some if senders.block(tx, pattern, desk.now)]
            found = sorted(
                {reply_id for pattern in some for reply_id in line.replies_to(tx, pattern, WAITING)}
            )
            done.cancelled.extend(move_some(tx, desk, found[:AT_ONCE], Event.CANCEL, Reason.BLOCKED))
            for pattern in some:
                done.sending.extend(line.replies_to(tx, pattern, [Status.SENDING]))
            _write(tx, desk, "blocked", new, "pattern")
        done.new.extend(new)
        done.already.extend(pattern for pattern in some if pattern not in new)
        waiting += found[AT_ONCE:]
    done.cancelled.extend(move_all(desk, waiting, Event.CANCEL, Reason.BLOCKED))
    return done


def _unblock(desk: Desk, meant: Sequence[str]) -> _Lifted:
    done = _Lifted([], [], {})
    for some in batches(meant):
        with desk.database.transaction("senders unblock") as tx:
            lifted = [pattern for pattern in some if senders.unblock(tx, pattern)]
            _write(tx, desk, "unblocked", lifted, "pattern")
        done.lifted.extend(lifted)
        done.absent.extend(pattern for pattern in some if pattern not in lifted)
    with desk.database.snapshot() as tx:
        left = senders.blocks(tx)
    for pattern in meant:
        if through := senders.blocking(pattern.removesuffix("*"), left):
            done.through[pattern] = through
    return done


def _known(desk: Desk, meant: Sequence[str]) -> list[str]:
    """Return the numbers that are meant, each once; refuse all where one of them is unknown."""
    found: dict[str, None] = {}
    with desk.database.snapshot() as tx:
        for pattern in meant:
            numbers = forgetting.numbers(tx, pattern)
            if not numbers:
                raise NoSuchRow(f"nothing is known of {pattern}; nothing was forgotten")
            found |= dict.fromkeys(numbers)
    return list(found)


def _forget(desk: Desk, numbers: Sequence[str]) -> Iterator[Forgotten]:
    for some in batches(numbers):
        with desk.database.transaction("senders forget") as tx:
            done = [forgetting.forget(tx, number, desk.now) for number in some]
            _write(tx, desk, "forgotten", done, "sender")
        yield from done


def _write(tx: Connection, desk: Desk, event: str, them: Sequence[object], noun: str) -> None:
    """Tell the ledger, which must not know numbers, how many were meant."""
    if them:
        ledger.write(tx, event, desk.now, reason=count(len(them), noun))


# --- what is said -------------------------------------------------------------------------


def _say_each(them: Sequence[str], what: str) -> None:
    """Say `what` of each of them; of many, only how many they are."""
    if len(them) > TOLD_ONE_BY_ONE:
        say(f"{len(them)} numbers and prefixes: {what}")
    else:
        for each in them:
            say(f"{each}: {what}")


def _print_blocked(done: _Blocked) -> None:
    _say_each(done.new, "blocked")
    _say_each(done.already, "was blocked already")
    if not (done.new or done.already):
        say("there is nothing in the list")
    if done.cancelled:
        say(f"{count(len(done.cancelled), 'reply')} that waited: cancelled")
    for reply_id in done.sending:
        say(f"reply {reply_id} is on its way already and is not taken back")


def _print_lifted(done: _Lifted) -> None:
    _say_each(done.lifted, "not blocked any more")
    _say_each([pattern for pattern in done.absent if pattern not in done.through], "was not blocked")
    for pattern, through in done.through.items():
        way_out = " ".join(f"'{each}'" for each in through)
        say(f"{pattern}: stays blocked through {', '.join(through)}; `senders unblock {way_out}` lifts that")


def _forgotten_record(each: Forgotten, blocked: bool) -> dict[str, object]:
    return {
        "number": each.number,
        "messages": each.messages,
        "replies": each.replies,
        "cancelled": each.cancelled,
        "sending": each.sending,
        "in_doubt": each.in_doubt,
        "unjudged": each.unjudged,
        "still_known": each.still_known,
        "blocked": blocked,
    }


def _print_forgotten(done: Sequence[Forgotten], blocked: Sequence[str]) -> None:
    if len(done) > TOLD_ONE_BY_ONE:
        messages, replies = sum(each.messages for each in done), sum(each.replies for each in done)
        say(f"{len(done)} senders: {_amount(messages, replies)} forgotten")
    for each in done if len(done) <= TOLD_ONE_BY_ONE else ():
        say(f"{each.number}: {_amount(each.messages, each.replies)} forgotten")
    if cancelled := sum(len(each.cancelled) for each in done):
        say(f"{count(cancelled, 'reply')} that waited: cancelled")
    kept = [each.number for each in done if each.still_known]
    _say_each(kept, "number and counts stay, for an answer, a STOP or a mute must not be forgotten")
    _say_each(blocked, f"stays listed as {Reason.BLOCKED}; `senders unblock` ends that")
    for each in done:
        _print_left(each)


def _print_left(each: Forgotten) -> None:
    """Say what of a sender could not be forgotten yet."""
    for reply_id in each.sending:
        say(f"reply {reply_id} is being sent and is kept: forget again in a minute")
    for reply_id in each.in_doubt:
        say(f"reply {reply_id} is in doubt and is kept: settle it (`queue settle {reply_id} …`), then again")
    if each.unjudged:
        say(f"{count(each.unjudged, 'message')} of {each.number} without a verdict yet: forget again later")


def _amount(messages: int, replies: int) -> str:
    return f"{count(messages, 'message')} and {count(replies, 'reply')}"
