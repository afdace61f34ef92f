"""The show: the real gateway on the virtual modem, with a small evening's traffic.

Everything but the radio is real. It has a database and a configuration of its own, made anew
each time, so that it can never touch those of a gateway in service.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ..config import Settings, load
from ..config.writing import as_file
from ..rules.records import Kind, Ruling, Status
from ..store import inbox, lock, queue
from ..store.database import Database
from ..store.inbox import Received
from .options import NotPossible
from .output import money, say
from .screen import count, field

DELAYS = (timedelta(seconds=4), timedelta(seconds=9))
POLL = timedelta(seconds=1)


def home() -> Path:
    """Return where the show keeps its files."""
    state = os.environ.get("XDG_STATE_HOME", "")
    # a relative one is to be ignored (XDG Base Directory Specification)
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "relou-gateway" / "demo"


def prepare(configuration: Path | None) -> Settings:
    """Empty the show's folder and write its configuration: yours, if any, on the virtual modem.

    Raises `ConfigError` with the faults of yours, `NotPossible` where a show runs already.
    """
    yours = load(configuration)
    folder = home()
    database = folder / "gateway.db"
    if lock.is_held(database):
        raise NotPossible("a show is running already; Ctrl-C in its terminal ends it")
    target = folder / "config.yaml"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        target.write_text(as_file(_on_the_virtual_modem(yours, database)), "utf-8")
    except OSError as error:
        raise NotPossible(f"{folder}: the show cannot keep its files there: {error.strerror}") from error
    settings = load(target)
    # that its delays are a danger in service is said in the introduction
    others = tuple(warning for warning in settings.warnings if warning.key != "replies.delay")
    return replace(settings, warnings=others)


def _on_the_virtual_modem(yours: Settings, database: Path) -> Settings:
    """Return your settings with another modem, another database and short delays."""
    modem = replace(yours.modem, device="virtual", poll=POLL, pin=None, pin_file=None)
    policy = replace(yours.policy, replies=replace(yours.policy.replies, delay=DELAYS))
    return replace(yours, modem=modem, policy=policy, storage=replace(yours.storage, path=database))


def introduce(settings: Settings, configuration: Path | None, seen: Sequence[str]) -> None:
    """Say what is about to be shown, and how to use a real modem instead."""
    assert settings.path is not None, "the show has a configuration of its own"
    say("relou-gateway on a virtual modem: a small evening's traffic. Nothing leaves this machine.")
    say("")
    whose = f"those of {configuration}" if configuration else "the defaults: there is no configuration"
    field("texts, caps", whose)
    shortest, longest = (delay.seconds for delay in DELAYS)
    field("delays", f"{shortest} to {longest} s, for the show; in service an answer waits for minutes")
    field("modems", f"{', '.join(seen)}: not touched" if seen else "this machine shows no real one")
    field("", f"to use one: `{_program()} setup`, then start again")
    field("look on", f"in another terminal: {_verb('status', settings.path)}")
    field("end", "Ctrl-C")
    say("")


def summarise(settings: Settings) -> None:
    """Say what happened, and which verbs tell more."""
    assert settings.path is not None, "the show has a configuration of its own"
    with Database(settings.storage.path) as database, database.snapshot() as tx:
        rows = [row for row in inbox.messages(tx) if row.kind in {Kind.SMS, Kind.CALL}]
        counts = queue.counts(tx)
        sent = queue.listed(tx, Status.SENT)
    parts, cost = sum(reply.parts for reply in sent), sum(reply.cost for reply in sent)
    spent = f"{count(parts, 'SMS')}, {money(cost, settings.policy.budget.currency)}"
    say("")
    say("What happened")
    calls = sum(row.kind is Kind.CALL for row in rows)
    field("came in", f"{count(len(rows) - calls, 'text')}, {count(calls, 'call')}, from {_senders(rows)}")
    field("verdicts", _verdicts(rows))
    field("answered", f"{count(len(sent), 'sender')}: {spent}")
    left = {status: counts[status] for status in (Status.SCHEDULED, Status.IN_DOUBT) if counts[status]}
    if left:
        field("left over", ", ".join(f"{number} {status}" for status, number in left.items()))
    if rows:
        field("loudest", _loudest(rows, [reply.number for reply in sent]))
    say("")
    say("See more")
    for verb in ("status", "messages", "queue", "queue show 1", "budget"):
        say(f"  {_verb(verb, settings.path)}")


def _senders(rows: Sequence[Received]) -> str:
    return count(len({row.number for row in rows}), "sender")


def _verdicts(rows: Sequence[Received]) -> str:
    rulings = Counter(row.verdict for row in rows)
    reasons = Counter(row.reason for row in rows if row.verdict is Ruling.DECLINED)
    why = ", ".join(f"{reason} {number}" for reason, number in reasons.most_common())
    return (
        f"{rulings[Ruling.REPLY]} are to be answered, {rulings[Ruling.JOINED]} joined one that was waiting, "
        f"{rulings[Ruling.DECLINED]} declined{f' ({why})' if why else ''}"
    )


def _loudest(rows: Sequence[Received], answered: Sequence[str]) -> str:
    loudest, times = Counter(row.number for row in rows).most_common(1)[0]
    answers = answered.count(loudest)
    return f"{loudest} came {count(times, 'time')} and got {count(answers, 'answer')}"


def _verb(verb: str, path: Path) -> str:
    return f"{_program()} {verb} --config {shlex.quote(str(path))}"


def _program() -> str:
    """Return how a person types the program here: `make run` does not put it on the path."""
    return "relou-gateway" if shutil.which("relou-gateway") else shlex.quote(sys.argv[0])
