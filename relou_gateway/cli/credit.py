"""`credit`: what the SIM holds, asked for at an operator's word.

No verb opens the modem of a gateway that is at work: it wishes for the question, in the database, and
the gateway puts it when it next looks.
"""

from __future__ import annotations

import time
from datetime import timedelta

import click

from ..config import Settings
from ..rules.balance import WISHES_APART
from ..rules.policy import Balance
from ..store import balance
from ..store import gateway as state
from ..store.database import Connection
from ..store.gateway import ModemSeen
from . import purse as purses
from .desk import Desk, at_desk
from .options import NotPossible, json_option, with_settings
from .output import harmless, print_json, say, when
from .purse import Purse

PATIENCE = timedelta(seconds=90)
"""How long an answer is waited for beyond a poll: a send that runs ends first, and USSD takes up to 40 s."""

LOOK_EVERY = 0.3
"""Seconds between two looks at whether the answer is there."""


@click.command()
@click.option("--ask", is_flag=True, help="Let the gateway ask the SIM's operator now; wait for the answer.")
@json_option
@with_settings
def credit(settings: Settings, ask: bool, as_json: bool) -> int:
    """Show what the SIM holds, as it was told last, or with --ask as it is told now.

    The gateway that is at work asks, with the code of budget.balance, two minutes after the last
    question at the soonest: until then what came of that one is shown. Exits with 1 where asking
    brings no credit, and says why.
    """
    with at_desk(settings) as desk:
        if ask:
            _ask(desk)
        with desk.database.snapshot() as tx:
            purse = purses.look(desk, tx)
        _show(desk, purse, as_json=as_json)
    return 1 if ask and purse.trouble is not None else 0


def _show(desk: Desk, purse: Purse, *, as_json: bool) -> None:
    limits = desk.settings.policy.budget
    if as_json:
        print_json({"currency": limits.currency, **purses.record(purse)})
    elif purse.credit is None and limits.balance is None:
        say("nobody asks for it: budget.balance in the configuration says how; `relou-gateway budget` counts")
    else:
        purses.show(desk, purse)


# --- asking -------------------------------------------------------------------------------


def _ask(desk: Desk) -> None:
    """Have the gateway ask, unless it did just now, and wait until it has; raises `NotPossible`."""
    rules = desk.settings.policy.budget.balance
    if rules is None:
        raise NotPossible("budget.balance does not say how to ask; set its ussd code and restart the gateway")
    if not desk.daemon_runs():
        raise NotPossible(
            "no gateway is at work, and nothing else opens its modem; start it, by its service or by "
            "`relou-gateway run`: it asks by itself as soon as it has a network"
        )
    with desk.database.transaction("credit") as tx:
        if _was_asked_just_now(desk, tx):
            return
        _refuse_without_network(state.modem(tx))
        balance.note_wish(tx, desk.now)
    _wait(desk, rules)


def _was_asked_just_now(desk: Desk, tx: Connection) -> bool:
    """Say, to whom asks as well, whether the last question is too young for another."""
    last = balance.last_asked(tx)
    if last is None or not timedelta(0) <= desk.now.wall - last < WISHES_APART:
        return False
    _remark(f"it was asked for at {when(last)}, and is again from {when(last + WISHES_APART)} on; till then:")
    return True


def _refuse_without_network(modem: ModemSeen) -> None:
    if modem.state == "starting":
        return  # it asks as soon as it can
    if modem.state != "ready":
        raise NotPossible(f"the gateway has no modem to ask with ({modem.state}): {modem.detail}")
    if not modem.registered:
        raise NotPossible("the modem has no network; the gateway asks by itself as soon as it has one")


def _wait(desk: Desk, rules: Balance) -> None:
    """Wait until the gateway has asked; raises `NotPossible` where it ends before or takes too long."""
    seconds = (desk.settings.modem.poll + PATIENCE).total_seconds()
    _remark(f"waiting for the gateway to ask with {rules.ussd}, {seconds:g} s at the most")
    deadline = time.monotonic() + seconds
    while _waits(desk):
        if not desk.daemon_runs():
            raise NotPossible("the gateway has ended meanwhile; it asks by itself when it is started again")
        if time.monotonic() > deadline:
            raise NotPossible(
                f"the gateway did not come to ask within {seconds:g} s; `relou-gateway status` says how it "
                "stands, and `relou-gateway credit` what it was told once it did"
            )
        time.sleep(LOOK_EVERY)


def _waits(desk: Desk) -> bool:
    with desk.database.snapshot() as tx:
        return balance.wished(tx) is not None


def _remark(line: str) -> None:
    """Say something on the way that is no part of the answer."""
    click.echo(harmless(line), err=True)
