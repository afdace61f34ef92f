"""`run`: the daemon in the foreground."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..config import Settings
from ..store import lock
from .options import NotPossible, config_file, config_option, current_settings

VIRTUAL = "virtual"

SEND_SECONDS = 1.0
"""What a send takes in the show, beside libGammu's own 0.7: in service it takes about four."""


@click.command()
@click.option(
    "--virtual",
    is_flag=True,
    help="Show it on the virtual modem with a small evening's traffic; a real modem is not touched.",
)
@config_option
def run(virtual: bool) -> int:
    """Run the gateway in the foreground until SIGTERM or Ctrl-C.

    Without any configuration it shows itself on the virtual modem, and sends nothing.
    """
    configuration = config_file()
    if virtual or configuration is None:
        return _show(configuration)
    settings = current_settings()
    if settings.modem.device == VIRTUAL:
        return _serve(settings)
    from .. import daemon  # noqa: PLC0415 - only this verb pays for the scheduler

    return daemon.run(settings)


def _show(configuration: Path | None) -> int:
    from ..modem import discovery  # noqa: PLC0415
    from . import demo  # noqa: PLC0415

    settings = demo.prepare(configuration)
    demo.introduce(settings, configuration, discovery.candidates())
    sys.stdout.flush()  # what follows is the log, on standard error
    code = _serve(settings, demo=True, send_seconds=SEND_SECONDS)
    if code == 0:
        demo.summarise(settings)
    return code


def _serve(settings: Settings, *, demo: bool = False, send_seconds: float = 4.0) -> int:
    """Run the daemon on a virtual modem of its own, which ends with it."""
    from .. import daemon  # noqa: PLC0415
    from ..modem.virtual import VirtualFailure, VirtualOptions, start_virtual  # noqa: PLC0415

    database = settings.storage.path
    if lock.is_held(database):  # it has the virtual modem at this very link
        raise NotPossible(f"{database}: a gateway is at work on this database")
    if not database.parent.is_dir():
        raise NotPossible(f"{database.parent}: there is no such directory to keep the database in")
    options = VirtualOptions(
        link=database.with_name("virtual-modem"),
        control=database.with_name("virtual-modem.control"),
        record=database.with_name("virtual-modem.jsonl"),
        send_seconds=send_seconds,
        pin=settings.modem.read_pin(),
        demo=demo,
    )
    try:
        modem = start_virtual(options)
    except (VirtualFailure, OSError) as error:
        raise NotPossible(str(error)) from error
    with modem:
        return daemon.run(settings, device=str(options.link))
