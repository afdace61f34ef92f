"""`doctor`: one line per check, each fault with its cure; for someone who has never seen a modem."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from ..config import Settings
from .checks import case, host, modem, spending, storage, watched
from .checks.case import Case, Past
from .checks.finding import Finding, State, skipped
from .checks.machine import Machine
from .options import config_option, json_option
from .output import print_json
from .screen import count, field, painted, put

COLOURS = {State.OK: "green", State.WARNING: "yellow", State.FAILURE: "red", State.SKIPPED: None}

NO_PAST = "nothing is on record that would tell"


@click.command()
@click.option("--device", metavar="PATH", help="The modem to look at, instead of the configured one.")
@json_option
@config_option
def doctor(device: str | None, as_json: bool) -> int:
    """Find what keeps the gateway from its work, and say how to mend it.

    One line per check: ok, warning, failure, or skipped and why. Works before there is any
    configuration. A gateway that is at work is not disturbed: its modem is not opened. Exits
    with 1 if any check fails.
    """
    counts = dict.fromkeys(State, 0)
    for finding in examine(case.take(device, Machine())):
        counts[finding.state] += 1
        (_print if as_json else _show)(finding)
        sys.stdout.flush()  # a modem that is asked takes its time
    if not as_json:
        put(_summary(counts))
    return 1 if counts[State.FAILURE] else 0


def examine(visit: Case) -> Iterator[Finding]:
    """Yield every finding, as soon as it is known."""
    yield visit.configuration
    yield visit.gateway()
    yield _sending(visit.past)
    yield from modem.examine(visit)
    yield host.time(None if visit.past is None else visit.past.latest)
    yield host.power(visit.machine)
    yield _disconnects(visit.past)
    yield from _memory(visit.settings, visit.past, at_work=bool(visit.at_work))


def _sending(past: Past | None) -> Finding:
    return skipped("sending", NO_PAST) if past is None else watched.sending(past.paused, past.stopped)


def _disconnects(past: Past | None) -> Finding:
    return skipped("disconnects", NO_PAST) if past is None else watched.disconnects(past.losses)


def _memory(settings: Settings | None, past: Past | None, *, at_work: bool) -> Iterator[Finding]:
    if settings is None:
        checks = ("disk", "database", "ledger", "caps", "credit", "use")
        yield from (skipped(check, "there is no configuration to go by") for check in checks)
        return
    yield storage.disk(settings.storage)
    yield from storage.database(settings.storage.path, at_work=at_work)
    yield spending.caps(settings.policy)
    yield spending.credit(settings.policy.budget, None if past is None else past.credit)
    yield spending.use(settings.modem.keep_alive, None if past is None else past.idle)


# --- showing ------------------------------------------------------------------------------


def _print(finding: Finding) -> None:
    print_json({**finding._asdict(), "cure": finding.cure or None})


def _show(finding: Finding) -> None:
    colour = COLOURS[finding.state]
    label = f"{finding.state:<8} {finding.check:<14} "
    field(label, finding.found, colour)
    if finding.cure:
        field(" " * len(label), f"-> {finding.cure}")


def _summary(counts: dict[State, int]) -> str:
    wrong = [each for each in (State.FAILURE, State.WARNING) if counts[each]]
    if not wrong:
        return painted("nothing is wrong", "green")
    told = ", ".join(count(counts[each], each.value) for each in wrong)
    return painted(told, COLOURS[wrong[0]])
