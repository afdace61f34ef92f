"""The command line: `relou-gateway VERB`. Each verb's module is imported when the verb is used.

Exit codes: 0 done, 1 not possible now, 2 wrong use or configuration, 3 no such row, 130 for Ctrl-C.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NamedTuple

import click

from .. import __version__
from ..config import ConfigError
from .options import config_option
from .output import harmless


class Verb(NamedTuple):
    """Where a verb lies, and its sentence for the list: the list must import none of them."""

    module: str
    attribute: str
    sentence: str


VERBS: Mapping[str, Verb] = {
    "setup": Verb("setup", "setup", "Set the gateway up by questions, and write its configuration."),
    "run": Verb("run", "run", "Run the gateway in the foreground, until Ctrl-C or SIGTERM."),
    "status": Verb("status", "status", "One screen: modem, queue, credit, caps, last events."),
    "queue": Verb("queue", "queue", "The replies: those that wait, those that went, and your moves."),
    "messages": Verb("messages", "messages", "Every message and call that came in, with its verdict."),
    "why": Verb("why", "why", "How a message came to its verdict, rule by rule, and its reply's place."),
    "senders": Verb("senders", "senders", "Who wrote and called; block, unblock and forget senders."),
    "budget": Verb("budget", "budget", "What is spent, reserved and left of each cap."),
    "credit": Verb("credit", "credit", "What the SIM holds; --ask has its operator asked now."),
    "pause": Verb("pause", "pause", "Stop sending at once; receiving continues."),
    "resume": Verb("pause", "resume", "Send again."),
    "simulate": Verb("simulate", "simulate", "What would become of a flood: a trace, recorded or invented."),
    "backup": Verb("backup", "backup", "A consistent copy of the database, also while the gateway works."),
    "restore": Verb("restore", "restore", "A backup in the place of a damaged database, which is set aside."),
    "forget-old": Verb("forget_old", "forget_old", "Forget what is older than storage.keep, now."),
    "doctor": Verb("doctor", "doctor", "What keeps it from its work, and how to mend it."),
    "config": Verb("config", "config", "Check the configuration, or show what it means."),
    "virtual-modem": Verb("virtual_modem", "virtual_modem", "Run a virtual modem on its own."),
}


class Verbs(click.Group):
    """A group that knows its verbs by name and imports the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one verb, None for an unknown name."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        command = getattr(import_module(f"{__name__}.{verb.module}"), verb.attribute)
        assert isinstance(command, click.Command)
        _take_config(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse an unknown verb with the nearest known one."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = get_close_matches(args[0], VERBS, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"there is no verb `{harmless(args[0])}`{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs with the sentences of the table."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.sentence) for name, verb in VERBS.items()])


def _take_config(command: click.Command) -> None:
    """Let `command`, and what lies below it, take `--config` even where its author left it out."""
    if not any("--config" in parameter.opts for parameter in command.params):
        config_option(command)
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _take_config(each)


@click.group(cls=Verbs, subcommand_metavar="VERB [ARGUMENTS]...")
@config_option
@click.version_option(__version__, prog_name="relou-gateway")
def program() -> None:
    """Answer for the anti-relou number, so that no raid can drain it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its code; the entry point of the console script."""
    _print_anything()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader left, as `head` does
        _silence()
        code = 1
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    """Run one verb and return its exit code: what it returned, if that is a number, else 0."""
    try:
        code = program.main(arguments, prog_name="relou-gateway", standalone_mode=False)
    except click.Abort:
        return 130
    except click.ClickException as failure:
        failure.show()
        return failure.exit_code
    except ConfigError as error:
        for fault in error.faults:
            click.echo(harmless(str(fault)), err=True)
        return 2
    return code if type(code) is int else 0


def _print_anything() -> None:
    """Let no character fail on a terminal whose encoding lacks it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _silence() -> None:
    """Point standard output at nothing, so that the last flush of the interpreter cannot fail."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
