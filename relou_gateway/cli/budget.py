"""`budget`: what is spent, reserved and left of each cap, and when more comes free."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..config import Settings
from ..rules import budget as money_caps
from ..rules import throttle
from ..rules.money import decimal
from ..rules.throttle import Standing, Unit
from ..store import ledger
from ..store.database import Connection
from . import purse as purses
from .desk import Desk, at_desk
from .options import json_option, with_settings
from .output import Column, print_json, say
from .screen import Coloured, Shown, listing


@click.command()
@json_option
@with_settings
def budget(settings: Settings, as_json: bool) -> None:
    """Show what is spent, reserved and left in each window, and when more comes free."""
    with at_desk(settings) as desk:
        with desk.database.snapshot() as tx:
            found = standings(desk, tx)
            purse = purses.look(desk, tx)
        if as_json:
            for each in found:
                print_json(_record(desk, each))
        else:
            _print_table(desk, found)
            purses.show(desk, purse)


def standings(desk: Desk, tx: Connection) -> list[Standing]:
    """Return how full each cap is at this moment."""
    policy = desk.settings.policy
    spendings = ledger.spendings(tx, desk.now.quota - throttle.MONTH)
    caps = (*throttle.caps(policy.throttle), *money_caps.caps(policy.budget))
    return [throttle.standing(cap, spendings, desk.now.quota) for cap in caps]


def amount(standing: Standing, value: int) -> int | str:
    """Return what a cap counts as JSON shows it: money as a decimal string, the rest as a number."""
    return decimal(value) if standing.cap.unit is Unit.MONEY else value


def _record(desk: Desk, each: Standing) -> dict[str, object]:
    return {
        "window": each.cap.name,
        "used": amount(each, each.used),
        "reserved": amount(each, each.reserved),
        "cap": amount(each, each.cap.limit),
        "left": amount(each, each.left),
        "free_at": desk.wall(each.free_at),
    }


def _print_table(desk: Desk, found: list[Standing]) -> None:
    if not found:
        say("no cap is set; throttle and budget in the configuration set them")
        return
    amounts = [Column(name, right=True) for name in ("used", "reserved", "left", "cap")]
    columns = [Column("window"), Column("of"), *amounts, Column("more at")]
    listing(columns, [_cells(desk, each) for each in found])


def _cells(desk: Desk, each: Standing) -> Sequence[Shown]:
    is_money = each.cap.unit is Unit.MONEY
    return (
        each.cap.name.partition(".")[2],
        desk.settings.policy.budget.currency if is_money else str(each.cap.unit),
        amount(each, each.used),
        amount(each, each.reserved),
        Coloured(str(amount(each, each.left)), None if each.left else "red"),
        amount(each, each.cap.limit),
        desk.wall(each.free_at),
    )
