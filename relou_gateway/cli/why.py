"""`why`: how a message came to its verdict, and what its reply waits for, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from ..config import Settings
from ..rules import budget, throttle
from ..rules.admission import EXPLANATIONS, Reason
from ..rules.breaker import EXPLANATIONS as EXPLANATIONS_OF_A_STOP
from ..rules.ranking import Contribution
from ..rules.records import WAITING, Kind, Ruling, Status
from ..rules.throttle import Denial, Spending, Windows
from ..store import balance, breaker, ledger, outbox, queue, stories
from ..store import gateway as state
from ..store.breaker import Stopped
from ..store.database import Connection
from ..store.gateway import Pause, RaidSeen
from ..store.inbox import FAULTS_BEFORE_SHELVED
from ..store.ledger import Entry
from ..store.outbox import Reply
from ..store.queue import Place
from ..store.stories import Story
from . import history, signals
from .desk import Desk, at_desk
from .options import NoSuchRow, json_option, with_settings
from .output import Column, print_json, say, when
from .queue import COLOURS, ID
from .queue import as_record as reply_record
from .rulebook import RULES, Answer, asked
from .screen import count, field, happened, listing

RULINGS = {
    Ruling.REPLY: "a reply was scheduled",
    Ruling.JOINED: "joined",
    Ruling.DECLINED: "not answered",
}

RULE_WIDTH = max(map(len, RULES))


@dataclass(frozen=True, slots=True)
class _Picture:
    """All that is told, read in one moment; what has to do with a reply is empty where there is none."""

    story: Story
    reply: Reply | None
    history: list[Entry]
    place: Place | None
    denial: Denial | None
    lacks_credit: bool
    raid: RaidSeen | None
    answers_up_to: float | None
    paused: Pause | None
    stopped: Stopped | None
    runs: bool


@click.command()
@click.argument("message_id", type=ID, metavar="[ID]", required=False)
@click.option("--reasons", is_flag=True, help="Every reason that a verdict can have, with its explanation.")
@json_option
@with_settings
def why(settings: Settings, message_id: int | None, reasons: bool, as_json: bool) -> None:
    """Tell how message ID came to its verdict, rule by rule, and what its reply waits for."""
    if reasons == (message_id is not None):
        raise click.UsageError("name a message by its ID, or say --reasons")
    if message_id is None:
        _print_reasons(as_json=as_json)
        return
    with at_desk(settings) as desk:
        picture = _look(desk, message_id)
        if as_json:
            print_json(_record(desk, picture))
        else:
            _print_picture(desk, picture)


def _look(desk: Desk, message_id: int) -> _Picture:
    with desk.database.snapshot() as tx:
        story = stories.story(tx, message_id)
        if story is None:
            raise NoSuchRow(f"there is no message {message_id}")
        reply_id = story.message.reply_id
        reply = None if reply_id is None else outbox.get(tx, reply_id)
        waits = reply is not None and reply.state is Status.SCHEDULED
        return _Picture(
            story=story,
            reply=reply,
            history=[] if reply is None else ledger.of_reply(tx, reply.id),
            place=None if reply is None else queue.place(tx, reply, desk.now.quota),
            denial=_denial(desk, tx, reply) if reply is not None and waits else None,
            lacks_credit=reply is not None and waits and _lacks_credit(desk, tx, reply),
            raid=state.raid(tx),
            answers_up_to=state.answers_up_to(tx),
            paused=state.paused(tx),
            stopped=breaker.stopped(tx),
            runs=desk.daemon_runs(),
        )


def _denial(desk: Desk, tx: Connection, reply: Reply) -> Denial | None:
    """Return the cap that keeps this reply from going now, whoever's turn it is."""
    policy, now = desk.settings.policy, desk.now.quota
    caps = (*throttle.caps(policy.throttle), *budget.caps(policy.budget))
    windows = Windows(caps, ledger.spendings(tx, now - throttle.MONTH), now)
    return windows.denial(Spending(reply.number, reply.parts, reply.cost, None))


def _print_reasons(*, as_json: bool) -> None:
    if as_json:
        for reason in Reason:
            print_json({"reason": reason, "explanation": EXPLANATIONS[reason]})
        return
    columns = (Column("reason"), Column("explanation", flexible=True))
    listing(columns, [(reason, EXPLANATIONS[reason]) for reason in Reason])


def _lacks_credit(desk: Desk, tx: Connection, reply: Reply) -> bool:
    known = balance.credit(tx)
    limits = desk.settings.policy.budget
    return known is not None and budget.below_floor(known.left, reply.cost, limits)


# --- in words -----------------------------------------------------------------------------


def _explained(reason: str) -> str:
    """Return the sentence of a reason; of one that an older program gave, its name."""
    return EXPLANATIONS[Reason(reason)] if reason in set(Reason) else reason


def _verdict(story: Story) -> str:
    """Return the verdict and its reason in one sentence."""
    message = story.message
    if message.kind is Kind.REPORT:
        outcome = {True: "it arrived", False: "it did not arrive", None: "it does not say how that fared"}
        ours = "a message of ours" if message.reply_id is None else f"reply {message.reply_id}"
        return f"none: a delivery report on {ours} is not judged; {outcome[story.delivered]}"
    if message.verdict is None:
        if story.faults >= FAULTS_BEFORE_SHELVED:
            return f"none: judging it failed {count(story.faults, 'time')}; the log of the gateway says why"
        return "none yet: the gateway judges it when it next looks"
    return f"{RULINGS[message.verdict]}: {_explained(message.reason)}"


def _answer_in_words(answer: Answer) -> str:
    match answer.passed:
        case True:
            return f"passed     {answer.sentence}"
        case False:
            return f"spoke      {_explained(answer.reason)} ({answer.reason})"
    return "not asked"


def _position(place: Place) -> str:
    due = "none of them is due" if not place.due else f"{place.due} of them {_are(place.due)} due"
    return f"{_ordinal(place.position)} of {place.waiting} that {_wait(place.waiting)}; {due}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    teens = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teens else endings.get(number % 10, 'th')}"


def _what_it_waits_for(desk: Desk, picture: _Picture, reply: Reply) -> Iterator[str]:
    """Say all that keeps a scheduled or held reply from going, one sentence each."""
    if not picture.runs:
        yield "the gateway does not run: nothing is sent until it does"
    if picture.paused is not None:
        yield "sending is paused: `relou-gateway resume` ends that"
    if picture.stopped is not None:
        yield (
            f"sending stopped by itself: {EXPLANATIONS_OF_A_STOP[picture.stopped.cause]} "
            "`relou-gateway resume` ends that"
        )
    if reply.state is Status.HELD:
        yield f"it is held: `relou-gateway queue release {reply.id}` lets it go"
    if reply.due_at > desk.now.quota:
        yield f"its delay ends {when(desk.wall(reply.due_at))}"
    if picture.denial is not None:
        until = desk.wall(picture.denial.until)
        more = f"there is room again {when(until)}" if until else "it never has room for this reply"
        yield f"{picture.denial.cap.name} is used up: {more}"
    if picture.lacks_credit:
        yield "the SIM's credit would fall below budget.keep: it has to be topped up"
    suspicion = reply.suspicion or 0.0
    if picture.answers_up_to is not None:
        limit, his = signals.figure(picture.answers_up_to), signals.figure(suspicion)
        waits = "he waits" if suspicion > picture.answers_up_to else "he may go"
        yield f"answers go at the moment up to suspicion {limit}; his is {his}: {waits}"


# --- for people ---------------------------------------------------------------------------


def _print_picture(desk: Desk, picture: _Picture) -> None:
    story, message = picture.story, picture.story.message
    field(f"{message.kind} {message.id}", f"of {_sender(story)}, {when(message.received_wall)}")
    if message.kind is not Kind.CALL:
        field("text", message.text or ("forgotten" if story.forgotten else "empty"))
    judged = f", {when(story.judged_wall)}" if story.judged_wall else ""
    field("verdict", f"{_verdict(story)}{judged}")
    if message.verdict is not None:
        say("")
        say("rules, in their order")
        for answer in asked(message.verdict, message.reason):
            happened(answer.rule.replace("_", " ").ljust(RULE_WIDTH), _answer_in_words(answer))
    if picture.reply is not None:
        say("")
        _print_reply(desk, picture, picture.reply)


def _sender(story: Story) -> str:
    return story.message.number or ("a number that is forgotten" if story.forgotten else "a hidden number")


def _print_reply(desk: Desk, picture: _Picture, reply: Reply) -> None:
    reason = f" ({reply.reason})" if reply.reason else ""
    field(f"reply {reply.id}", f"{reply.state}{reason}", COLOURS.get(reply.state))
    if reply.state in WAITING:
        field("due", when(desk.wall(reply.due_at)))
        field("too late", when(desk.wall(reply.expires_at)))
        if picture.place is not None:
            field("place", _position(picture.place))
        waits_for = list(_what_it_waits_for(desk, picture, reply)) or ["its turn, which comes at once"]
        for number, sentence in enumerate(waits_for):
            field("" if number else "waits for", sentence)
        if picture.raid is not None:
            field("raid", f"runs since {when(picture.raid.since_wall)}", "yellow")
    if reply.delivered_wall is not None:
        field("delivered", when(reply.delivered_wall))
    _print_suspicion(reply)
    if reply.state not in WAITING:
        say("")
        history.tell(picture.history, desk.settings.policy.budget.currency)


def _print_suspicion(reply: Reply) -> None:
    if reply.suspicion is None:
        field("suspicion", "none is on record")
        return
    field("suspicion", f"{signals.figure(reply.suspicion)}, as the sum of what follows (log-odds)")
    for each in signals.largest_first(reply.signals):
        happened(f"{each.log_odds:+6.2f}", f"{signals.direction(each.log_odds)}: {signals.in_words(each)}")


# --- for programs -------------------------------------------------------------------------


def _record(desk: Desk, picture: _Picture) -> dict[str, object]:
    story, message, raid = picture.story, picture.story.message, picture.raid
    return {
        "id": message.id,
        "kind": message.kind,
        "number": message.number,
        "text": message.text,
        "received_at": message.received_wall,
        "smsc_at": message.smsc_wall,
        "parts": message.parts,
        "verdict": message.verdict,
        "reason": message.reason or None,
        "explanation": _verdict(story),
        "judged_at": story.judged_wall,
        "rules": [] if message.verdict is None else _rules(message.verdict, message.reason),
        "reply_id": message.reply_id,
        "reply": None if picture.reply is None else _reply_record(desk, picture, picture.reply),
        "raid": {"active": raid is not None, "since": raid and raid.since_wall},
        "answers_up_to": picture.answers_up_to,
        "paused": picture.paused is not None,
    }


def _rules(ruling: Ruling, reason: str) -> list[dict[str, object]]:
    return [
        {"rule": each.rule, "passed": each.passed, "reason": each.reason or None}
        for each in asked(ruling, reason)
    ]


def _reply_record(desk: Desk, picture: _Picture, reply: Reply) -> dict[str, object]:
    place: dict[str, int] | None = None if picture.place is None else picture.place._asdict()
    waits = reply.state in WAITING
    return {
        **reply_record(desk, reply),
        "expires_at": desk.wall(reply.expires_at),
        "place": place,
        "waits_for": list(_what_it_waits_for(desk, picture, reply)) if waits else [],
        "signals": _signals(reply.signals),
        "history": [history.as_record(each) for each in picture.history],
    }


def _signals(contributions: Sequence[Contribution]) -> list[dict[str, object]]:
    return [
        {
            "signal": each.signal,
            "log_odds": each.log_odds,
            "seen": dict(each.seen),
            "words": f"{signals.direction(each.log_odds)}: {signals.in_words(each)}",
        }
        for each in signals.largest_first(contributions)
    ]
