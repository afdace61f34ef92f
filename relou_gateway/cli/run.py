"""`run`: the daemon in the foreground."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from ..config import Settings
from .options import NotPossible, config_file, config_option, current_settings

VIRTUAL = "virtual"


@click.command()
@click.option(
    "--virtual",
    is_flag=True,
    help="Show it on the virtual modem with a small evening's traffic; a real modem is not touched.",
)
@config_option
def run(virtual: bool) -> None:
    """Run the gateway in the foreground until SIGTERM or Ctrl-C.

    Without any configuration it shows itself on the virtual modem, and sends nothing.
    """
    configuration = config_file()
    if virtual or configuration is None:
        sys.exit(_show(configuration))
    settings = current_settings()
    if settings.modem.device == VIRTUAL:
        sys.exit(_serve(settings, settings.storage.path.parent, demo=False))
    from .. import daemon  # noqa: PLC0415 - only this verb pays for the scheduler

    sys.exit(daemon.run(settings))


def _show(configuration: Path | None) -> int:
    from ..modem import discovery  # noqa: PLC0415
    from . import demo  # noqa: PLC0415

    settings = demo.prepare(configuration)
    demo.introduce(settings, configuration, discovery.candidates())
    code = _serve(settings, settings.storage.path.parent, demo=True)
    demo.summarise(settings)
    return code


def _serve(settings: Settings, folder: Path, *, demo: bool) -> int:
    """Run the daemon on a virtual modem of its own, which ends with it."""
    from .. import daemon  # noqa: PLC0415
    from ..modem.virtual import VirtualFailure, VirtualOptions, start_virtual  # noqa: PLC0415

    options = VirtualOptions(
        link=folder / "virtual-modem",
        control=folder / "virtual-modem.control",
        record=folder / "virtual-modem.jsonl",
        pin=settings.modem.pin,
        demo=demo,
    )
    with ExitStack() as house:
        try:
            house.enter_context(start_virtual(options))
        except (VirtualFailure, OSError) as error:
            raise NotPossible(str(error)) from error
        return daemon.run(settings, device=str(options.link))
