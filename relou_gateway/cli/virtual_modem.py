"""The verb `virtual-modem`: a modem on a pty, for trying things out and for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..rules.money import micros

PATH = click.Path(path_type=Path, dir_okay=False)


def _money(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    """Return an amount in micro-units; refuse what is none."""
    try:
        return micros(value)
    except ValueError as wrong:
        raise click.BadParameter(f"{wrong}: {value}") from wrong


@click.command("virtual-modem")
@click.option("--link", required=True, type=PATH, help="Where the modem appears, as a link to its pty.")
@click.option("--control", type=PATH, help="A unix socket for requests, one JSON object a line.")
@click.option("--record", type=PATH, help="A file that gets one JSON line for every part that it sends.")
@click.option(
    "--send-seconds", type=click.FloatRange(0), default=4.0, show_default=True, help="How long a send takes."
)
@click.option(
    "--credit",
    callback=_money,
    metavar="EUR",
    default="20.00",
    show_default=True,
    help="What is on the SIM card.",
)
@click.option(
    "--price", callback=_money, metavar="EUR", default="0.16", show_default=True, help="What one part costs."
)
@click.option(
    "--sim-slots", type=click.IntRange(0, 255), default=30, show_default=True, help="Messages the SIM holds."
)
@click.option(
    "--me-slots", type=click.IntRange(0, 9999), default=100, show_default=True, help="Those the modem holds."
)
@click.option("--imei", default="350000000000006", show_default=True)
@click.option("--imsi", default="208990123456789", show_default=True)
@click.option("--pin", help="The SIM card's PIN; without it none is asked for.")
@click.option("--seed", type=int, default=0, show_default=True, help="For garbage and the demonstration.")
@click.option("--demo", is_flag=True, help="Play a small evening's traffic.")
@click.option("--lifeline", type=int, metavar="FD", help="End when this file descriptor does.")
def virtual_modem(**options: Any) -> int:
    """Run a virtual modem until Ctrl-C.

    Any program that speaks to AT modems may open the link: the gateway, gammu, gammu-smsd.
    """
    import asyncio  # noqa: PLC0415 - other verbs must not pay for these

    from ..modem.virtual import VirtualOptions  # noqa: PLC0415
    from ..modem.virtual.process import serve  # noqa: PLC0415

    try:
        ended_well = asyncio.run(serve(VirtualOptions(**options), terminal=sys.stdin.isatty()))
    except OSError as failed:
        raise click.ClickException(f"cannot plug in the virtual modem: {failed}") from failed
    return 0 if ended_well else 1
