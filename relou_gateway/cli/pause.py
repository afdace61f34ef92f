"""`pause` and `resume`."""

from __future__ import annotations

import click

from ..config import Settings
from ..rules.records import Status
from ..store import breaker, queue
from ..store import gateway as state
from .desk import at_desk
from .options import with_settings
from .output import harmless, say
from .screen import count


@click.command()
@click.option("--reason", default="", help="Why; `status` shows it.")
@with_settings
def pause(settings: Settings, reason: str) -> None:
    """Stop sending at once; receiving continues. A message that is being sent is not taken back."""
    with at_desk(settings) as desk, desk.database.transaction("pause") as tx:
        before = state.paused(tx)
        state.pause(tx, harmless(reason) or (before.reason if before else ""), desk.now)
        counts = queue.counts(tx)
    say("paused already" if before else "paused: nothing is sent until `relou-gateway resume`")
    if counts[Status.SENDING]:
        say("one reply is on its way already and is not taken back")


@click.command()
@with_settings
def resume(settings: Settings) -> None:
    """Send again, whether an operator paused it or the gateway stopped by itself."""
    with at_desk(settings) as desk, desk.database.transaction("resume") as tx:
        was_paused = breaker.close(tx, desk.now) | state.resume(tx, desk.now)
        waiting = queue.counts(tx)[Status.SCHEDULED]
    say(f"sending again: {count(waiting, 'reply')} scheduled" if was_paused else "was not paused")
