"""`simulate`: the gateway over a recorded or invented flood; neither its database nor a modem is touched."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click

from .. import log, simulation
from ..config import Settings
from ..rules.records import Status
from ..simulation import Group, Outcome, Policy, Role, Summary, TraceError, TraceLine
from ..simulation.trace import Progress
from .options import NotPossible, current_settings, json_option
from .output import Column, harmless, money, print_json, say, table, when

PICTURES = (".png", ".svg")

POLICIES = {
    Policy.NONE: "no limits, every message is answered at once",
    Policy.CAPS: "the caps, first come, first served",
    Policy.FULL: "the gateway as it is",
}

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("trace", type=_FILE, required=False)
@click.option("--outcomes", type=_FILE, metavar="FILE", help="Write what became of each line there, as JSON.")
@click.option("--plot", type=_FILE, metavar="FILE", help="Draw a picture there: FILE.png or FILE.svg.")
@click.option("--truth", type=_FILE, metavar="FILE", help="Who was what: number to ordinary or flooder.")
@click.option(
    "--policy",
    type=click.Choice([str(policy) for policy in Policy]),
    default=str(Policy.FULL),
    help="full: the gateway as it is; caps: the caps, first come, first served; none: answers everything.",
)
@click.option("--seed", type=int, default=0, metavar="N", help="The same seed gives the same result.")
@click.option(
    "--send-seconds",
    type=click.FloatRange(0, 3600),
    default=4.0,
    metavar="S",
    help="What one send takes; 4 on a real modem.",
)
@click.option("--invent", "shape", metavar="NAME", help="Write a trace of this shape; `list` tells which.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Where to.")
@json_option
def simulate(
    trace: Path | None,
    outcomes: Path | None,
    plot: Path | None,
    truth: Path | None,
    policy: str,
    seed: int,
    send_seconds: float,
    shape: str | None,
    out: Path | None,
    as_json: bool,
) -> int | None:
    """Show what becomes of a recorded or invented flood: who is answered, when, and at what cost.

    The real pipeline, rules and SQL run over TRACE on a clock of their own, with this
    configuration's texts and limits. Nothing is sent; storage.path and the modem are not touched.
    """
    if shape is not None:
        if trace is not None:
            raise click.UsageError("--invent writes a trace; it reads none")
        _invent(shape, out, seed)
        return None
    if trace is None:
        raise click.UsageError("which TRACE? `simulate --invent forum --out DIR` makes one")
    if out is not None:
        raise click.UsageError("--out belongs to --invent")
    _check_targets(outcomes, plot)
    log.set_up(level="error")
    began = time.monotonic()
    settings = current_settings()
    try:
        lines, roles = _read(trace, truth, settings)
    except TraceError as error:
        for fault in str(error).splitlines():
            click.echo(harmless(fault), err=True)
        return 2
    found = _run(lines, settings, Policy(policy), seed, send_seconds)
    summary = simulation.summarise(found, roles)
    if outcomes is not None:
        _write_outcomes(outcomes, found)
    if plot is not None:
        _draw(plot, trace, found, summary, roles, settings, Policy(policy))
    currency = settings.policy.budget.currency
    if as_json:
        print_json(simulation.as_json(summary, currency, time.monotonic() - began))
    else:
        _show(lines, summary, Policy(policy), currency)
    return None


def _invent(shape: str, out: Path | None, seed: int) -> None:
    from .. import invent  # noqa: PLC0415 - its vocabulary is long, and only this needs it

    if shape == "list":
        for name, make in invent.SHAPES.items():
            say(f"{name:22} {(make.__doc__ or '').strip()}")
        return
    if shape not in invent.SHAPES:
        raise click.UsageError(f"there is no shape {shape!r}; there are {', '.join(invent.SHAPES)}")
    if out is None:
        raise click.UsageError("--invent needs --out DIR to write to")
    try:
        trace, truth = invent.write(invent.invent(shape, seed), out)
    except OSError as error:
        raise NotPossible(f"{out}: {error.strerror or error}") from error
    say(f"{trace} and {truth}")


def _check_targets(outcomes: Path | None, plot: Path | None) -> None:
    """Refuse at once what would fail after a minute's work."""
    if plot is not None:
        if plot.suffix.lower() not in PICTURES:
            raise click.UsageError(f"--plot {plot}: expected a name that ends in {' or '.join(PICTURES)}")
        from . import plot as pictures  # noqa: PLC0415

        if not pictures.possible():
            raise NotPossible("--plot needs matplotlib: pip install 'relou-gateway[plot]'")
    for target in (outcomes, plot):
        if target is not None and not target.parent.is_dir():
            raise NotPossible(f"{target.parent}: there is no such directory")


def _read(
    trace: Path, truth: Path | None, settings: Settings
) -> tuple[list[TraceLine], dict[str, Role] | None]:
    try:
        lines = simulation.read_trace(trace)
        roles = None if truth is None else simulation.read_truth(truth)
    except OSError as error:
        raise NotPossible(f"{error.filename}: {error.strerror}") from error
    if roles is None:
        return lines, None
    return lines, simulation.known_roles(roles, settings.policy.senders.country)


def _run(
    lines: list[TraceLine], settings: Settings, policy: Policy, seed: int, send_seconds: float
) -> list[Outcome]:
    with _progress_bar(len(lines)) as progress:
        return simulation.simulate(
            lines,
            settings,
            policy,
            seed=seed,
            send_takes=timedelta(milliseconds=round(send_seconds * 1000)),
            progress=progress,
        )


@contextmanager
def _progress_bar(lines: int) -> Iterator[Progress]:
    """Yield what shows the progress on a terminal, and does nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console  # noqa: PLC0415 (only a terminal pays for it)
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("simulating", total=lines)

        def show(done: int) -> None:
            bar.update(task, completed=done)

        yield show


def _write_outcomes(path: Path, outcomes: list[Outcome]) -> None:
    try:
        with path.open("w", encoding="ascii") as out:
            simulation.write_outcomes(outcomes, out)
    except OSError as error:
        raise NotPossible(f"{path}: {error.strerror or error}") from error


def _draw(
    path: Path,
    trace: Path,
    outcomes: list[Outcome],
    summary: Summary,
    roles: dict[str, Role] | None,
    settings: Settings,
    policy: Policy,
) -> None:
    from . import plot as pictures  # noqa: PLC0415

    # `--invent` writes DIR/trace.jsonl: then the directory has the name.
    name = trace.resolve().parent.name if trace.stem == "trace" else trace.stem
    picture = pictures.Picture(
        title=f"{name}  ·  {POLICIES[policy]}",
        outcomes=outcomes,
        summary=summary,
        roles=roles,
        budget=settings.policy.budget,
    )
    try:
        pictures.draw(picture, path)
    except OSError as error:
        raise NotPossible(f"{path}: {error.strerror or error}") from error


# --- for people ---------------------------------------------------------------------------


def _show(lines: list[TraceLine], summary: Summary, policy: Policy, currency: str) -> None:
    span = f", {when(lines[0].at)} to {when(lines[-1].at)}" if lines else ""
    say(f"{summary.messages} messages and calls of {summary.senders} senders{span}")
    say(f"policy {policy}: {POLICIES[policy]}")
    sys.stdout.write("\n")
    table(("what", Column("figure", right=True), "of that"), _figures(summary, currency))
    if summary.groups is not None:
        sys.stdout.write("\n")
        columns = (Column(name, right=True) for name in ("senders", "answered", "within an hour"))
        table(("who", *columns), [_group(role, group) for role, group in summary.groups.items()])


def _figures(summary: Summary, currency: str) -> Iterator[tuple[str, str | int | None, str]]:
    cost, parts, messages = summary.peak_day
    yield "answers sent", summary.replies[Status.SENT], f"to {summary.answered_senders} senders"
    yield "parts", summary.parts, f"at most {parts} in 24 h"
    yield "money", money(summary.cost, currency), f"at most {money(cost, currency)} in 24 h"
    yield "busiest 24 h", messages, "answers"
    for state, why in (
        (Status.EXPIRED, "waited longer than replies.expire"),
        (Status.FAILED, ""),
        (Status.CANCELLED, "asked not to be answered, or blocked"),
    ):
        if count := summary.replies[state]:
            yield f"answers {state}", count, why
    for name, share in (("median wait", 0.5), ("90 % waited at most", 0.9), ("longest wait", 1.0)):
        yield name, _minutes(simulation.quantile(summary.waits, share)), ""


def _minutes(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _group(role: Role, group: Group) -> tuple[str, int, str, str]:
    name = {Role.ORDINARY: "ordinary senders", Role.FLOODER: "flooders"}[role]
    return name, group.senders, _share(group.answered, group), _share(group.answered_in_hour, group)


def _share(count: int, group: Group) -> str:
    return f"{count} ({count / group.senders:.1%})" if group.senders else str(count)
