"""The show: the real gateway on the virtual modem, with a small evening's traffic.

Everything but the radio is real. It has a database and a configuration of its own, made anew
each time, so that it can never touch those of a gateway in service.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import yaml
from click import echo

from ..config import Settings, load
from ..rules.money import decimal
from ..rules.records import Kind, Ruling, Status
from ..store import inbox, outbox
from ..store.database import Database
from .output import say

DELAYS = ["4s", "9s"]
POLL = "1s"


def home() -> Path:
    """Return where the show keeps its files."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "relou-gateway" / "demo"


def prepare(configuration: Path | None) -> Settings:
    """Empty the show's folder and write its configuration: yours, if any, on the virtual modem."""
    folder = home()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    # Every scalar stays the text that it was: the schema types it, here as there.
    given = yaml.load(configuration.read_text("utf-8"), yaml.BaseLoader) if configuration else {}  # noqa: S506
    changed: dict[str, dict[str, object]] = {
        "modem": {"device": "virtual", "poll": POLL},
        "replies": {"delay": DELAYS},
        "storage": {"path": str(folder / "gateway.db")},
    }
    for section, keys in changed.items():
        given[section] = {**(given.get(section) or {}), **keys}
    for key in ("pin", "pin_file"):
        given["modem"].pop(key, None)
    target = folder / "config.yaml"
    target.write_text(yaml.safe_dump(given, allow_unicode=True, sort_keys=False), "utf-8")
    return load(target)


def introduce(settings: Settings, configuration: Path | None, seen: list[str]) -> None:
    """Say what is about to be shown, and how to use a real modem instead."""
    texts = (
        f"the texts and limits of {configuration}" if configuration else "no configuration, so the defaults"
    )
    echo("relou-gateway on a virtual modem: a small evening's traffic, nothing leaves this machine.")
    say(f"It has {texts}; delays are shortened to {DELAYS[0]} to {DELAYS[1]} (in service: minutes).")
    if seen:
        echo("Real modems that this machine has, none of which is touched:")
        for device in seen:
            say(f"    {device}")
    else:
        echo("This machine shows no real modem.")
    echo("To use a real one: cp config.example.yaml config.yaml, set modem.device, and start again.")
    say(f"Database and configuration of the show: {settings.storage.path.parent}")
    echo("Ctrl-C ends it.\n")


def summarise(settings: Settings) -> None:
    """Say what happened, and which verbs tell more."""
    with Database(settings.storage.path) as database, database.snapshot() as tx:
        rows = inbox.messages(tx)
        counts = outbox.counts(tx)
        sent = [reply for reply in outbox.listed(tx) if reply.state is Status.SENT]
    senders = Counter(row.number for row in rows if row.kind in {Kind.SMS, Kind.CALL})
    verdicts = Counter(row.verdict for row in rows if row.verdict is not None)
    parts, cost = sum(reply.parts for reply in sent), sum(reply.cost for reply in sent)
    echo("\nWhat happened:")
    say(f"    {len(rows)} messages and calls of {len(senders)} senders came in")
    say(f"    {', '.join(f'{verdicts[ruling]} {ruling}' for ruling in Ruling)}")
    currency = settings.policy.budget.currency
    say(f"    {counts[Status.SENT]} answers left: {parts} SMS, {decimal(cost)} {currency}")
    if senders:
        loudest, times = senders.most_common(1)[0]
        answers = sum(reply.number == loudest for reply in sent)
        say(f"    the loudest, {loudest}, wrote {times} times and got {answers} answer{'s' * (answers != 1)}")
    echo("See more with:")
    for verb in ("status", "messages", "queue", "queue show 1", "budget"):
        say(f"    {_program()} {verb} --config {settings.path}")


def _program() -> str:
    """Return how a person types the program here: `make run` does not put it on the path."""
    return "relou-gateway" if shutil.which("relou-gateway") else ".venv/bin/relou-gateway"
