"""What would have become of a flood: the gateway over a recorded or invented trace.

    trace ─► course (the pipeline on a clock of its own) ─► outcomes ─► summary
             hook   (what others do, for comparison)

Nothing here opens the gateway's database or a modem: a simulation has its own of both.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from ..config import Settings
from ..rules import numbers
from ..rules.least_suspicious import LeastSuspicious
from ..rules.ranking import FirstCome, Ranking
from . import course, hook
from .outcome import Answer, Outcome, write_outcomes
from .summary import Exchange, Group, Summary, as_json, exchanges, quantile, rolling, summarise
from .trace import Progress, Role, TraceError, TraceLine, read_trace, read_truth

__all__ = [
    "Answer",
    "Exchange",
    "Group",
    "Outcome",
    "Policy",
    "Role",
    "Summary",
    "TraceError",
    "TraceLine",
    "as_json",
    "exchanges",
    "known_roles",
    "quantile",
    "read_trace",
    "read_truth",
    "rolling",
    "simulate",
    "summarise",
    "write_outcomes",
]


class Policy(StrEnum):
    """Who decides: nobody, the caps alone, or the gateway as it is."""

    NONE = "none"
    CAPS = "caps"
    FULL = "full"


def simulate(
    trace: Sequence[TraceLine],
    settings: Settings,
    policy: Policy,
    *,
    seed: int = 0,
    send_takes: timedelta = timedelta(seconds=4),
    progress: Progress = lambda _lines: None,
) -> list[Outcome]:
    """Return what becomes of each line of `trace`, in its order, once every reply has ended.

    The same trace, settings and seed give the same outcomes. `send_takes` is the time of one
    send, whatever its parts.
    """
    rng = random.Random(seed)  # noqa: S311 - a simulation must come out the same again
    if policy is Policy.NONE:
        return hook.run(trace, settings, rng, send_takes, progress)
    return course.run(trace, settings, _ranking(policy, settings), rng, send_takes, progress)


def known_roles(truth: Mapping[str, Role], country: str) -> dict[str, Role]:
    """Return `truth` by the numbers under which senders are known in `country`."""
    return {numbers.read(number, country).number: role for number, role in truth.items()}


def _ranking(policy: Policy, settings: Settings) -> Ranking:
    match policy:
        case Policy.CAPS:
            return FirstCome()
    return LeastSuspicious(settings.policy.raid)
