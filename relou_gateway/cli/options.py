"""Options, arguments and failures that the verbs share.

A verb that needs the settings asks for them by decorator or, in a group, by call:

    @click.command()                        @click.group(invoke_without_command=True)
    @json_option                            @config_option
    @with_settings                          @click.pass_context
    def status(settings, as_json): ...      def queue(context): ... current_settings() ...
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Concatenate, ParamSpec, TypeVar

import click

from .. import config
from .output import harmless

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
_Function = TypeVar("_Function", bound=Callable[..., Any] | click.Command)

_FILE = "relou_gateway.config_file"
_SETTINGS = "relou_gateway.settings"


class NotPossible(click.ClickException):
    """What was asked for cannot be done now; exit 1. The message says why, and what to do."""

    exit_code = 1

    def format_message(self) -> str:
        """Return the message, with whatever a stranger has in it made harmless."""
        return harmless(self.message)


class NoSuchRow(NotPossible):
    """The row that was named is not there; exit 3."""

    exit_code = 3


class WrongInput(click.ClickException):
    """What was typed or given in a list cannot be read; exit 2. Each fault is told on a line of its own."""

    exit_code = 2

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the faults, with whatever a stranger has in them made harmless."""
        for fault in self.faults:
            click.echo(f"Error: {harmless(fault)}", file=file, err=file is None)


def _remember(context: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.meta[_FILE] = value
        context.meta.pop(_SETTINGS, None)


def config_option(function: _Function) -> _Function:
    """Add `--config FILE`, which may stand before or after any verb; the last one counts."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        expose_value=False,
        is_eager=True,
        callback=_remember,
        help="The configuration; without it $RELOU_CONFIG, ./config.yaml or /etc/relou-gateway/config.yaml.",
    )(function)


def json_option(function: _Function) -> _Function:
    """Add `--json`, which reaches the verb as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="JSON for programs instead of columns.")(
        function
    )


def config_file() -> Path | None:
    """Return the configuration file that holds for this call, None if there is none."""
    return config.find(click.get_current_context().meta.get(_FILE), os.environ)


def current_settings() -> config.Settings:
    """Return the settings that hold for this call, read once; without a file all defaults.

    Raises ConfigError, which `main` prints, with exit code 2.
    """
    meta = click.get_current_context().meta
    if _SETTINGS not in meta:
        meta[_SETTINGS] = config.load(config_file())
    settings: config.Settings = meta[_SETTINGS]
    return settings


def with_settings(
    function: Callable[Concatenate[config.Settings, _Parameters], _Result],
) -> Callable[_Parameters, _Result]:
    """Add `--config` and call the verb with the settings as its first argument."""

    @config_option
    @functools.wraps(function)
    def verb(*arguments: _Parameters.args, **options: _Parameters.kwargs) -> _Result:
        return function(current_settings(), *arguments, **options)

    return verb
