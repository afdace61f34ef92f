"""`pause` and `resume`."""

from __future__ import annotations

import click

from ..config import Settings
from ..store import gateway as state
from .desk import at_desk
from .options import with_settings
from .output import say


@click.command()
@click.option("--reason", default="", help="Why; `status` shows it.")
@with_settings
def pause(settings: Settings, reason: str) -> None:
    """Stop sending at once; receiving continues. A message that is being sent is not taken back."""
    with at_desk(settings) as desk, desk.database.transaction("pause") as tx:
        state.pause(tx, reason, desk.now)
    say("paused: nothing is sent until `relou-gateway resume`")


@click.command()
@with_settings
def resume(settings: Settings) -> None:
    """Send again."""
    with at_desk(settings) as desk, desk.database.transaction("resume") as tx:
        was_paused = state.resume(tx, desk.now)
    say("sending again" if was_paused else "was not paused")
