"""One shape under one policy: played, checked, counted and drawn."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from relou_gateway import log, simulation
from relou_gateway.cli import plot
from relou_gateway.config import Settings, load
from relou_gateway.invent import CORPORA, Event, Scene, invent
from relou_gateway.rules.records import Kind
from relou_gateway.simulation import Group, Outcome, Policy, Role, TraceLine

from . import promises

CONFIGURATION = Path(__file__).with_name("raids.yaml")
BY_DEFAULT = frozenset({"month"})
"""Shapes that are about the default configuration: its caps of a month."""

CORPUS = CORPORA["second"]
"""Nothing was tuned on it, nor on the seeds."""

SEND_TAKES = timedelta(seconds=4)
LARGEST_SVG = 150_000
"""Bytes; a picture that is larger is kept as PNG."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is played; the picture goes to `pictures`, nowhere where that is None."""

    shape: str
    policy: Policy
    seed: int
    pictures: Path | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of a run. Money is micro-units; `seconds` is how long it took.

    `counted` are the ordinary senders of the counted days, `in_raid` those who first came while
    raiders joined, None where there was no raid. `broken` names the promises that were.
    """

    run: Run
    cost: int
    peak_cost: int
    counted: Group
    in_raid: Group | None
    flooders: Group
    broken: Sequence[str]
    seconds: float


def play(run: Run) -> Figures:
    """Simulate `run`, look for broken promises, count, and draw."""
    log.set_up(level="error")
    began = time.monotonic()
    scene, settings = invent(run.shape, run.seed, CORPUS), settings_of(run.shape)
    outcomes = simulation.simulate(
        trace_of(scene), settings, run.policy, seed=run.seed, send_takes=SEND_TAKES
    )
    figures = count(run, scene, settings, outcomes, began)
    if run.pictures is not None:
        _draw(figures, scene, settings, outcomes)
    return figures


def count(run: Run, scene: Scene, settings: Settings, outcomes: Sequence[Outcome], began: float) -> Figures:
    """Return the figures of what became of `scene`; without any limit there are no promises to break."""
    roles = _roles(scene, settings)
    summary = simulation.summarise(outcomes, roles)
    assert summary.groups is not None
    limited = run.policy is not Policy.NONE
    return Figures(
        run=run,
        cost=summary.cost,
        peak_cost=summary.peak_day[0],
        counted=_ordinary_of(outcomes, roles, scene.counted) or summary.groups[Role.ORDINARY],
        in_raid=_ordinary_of(outcomes, roles, scene.raid),
        flooders=summary.groups[Role.FLOODER],
        broken=promises.broken(outcomes, settings, SEND_TAKES) if limited else (),
        seconds=time.monotonic() - began,
    )


@cache
def settings_of(shape: str) -> Settings:
    """Return the configuration under which `shape` is played."""
    return load(None if shape in BY_DEFAULT else CONFIGURATION)


def trace_of(scene: Scene) -> list[TraceLine]:
    """Return the events as the simulation reads them."""
    return [_line(position, event) for position, event in enumerate(scene.events, start=1)]


def picture_of(run: Run) -> str:
    """Return the name of the picture of `run`, without its ending."""
    return f"{run.shape}-{run.policy}"


def _line(position: int, event: Event) -> TraceLine:
    kind = Kind.CALL if event.kind == "call" else Kind.SMS
    return TraceLine(position, event.at, kind, event.number, event.text)


def _roles(scene: Scene, settings: Settings) -> dict[str, Role]:
    truth = {number: Role(role) for number, role in scene.truth.items()}
    return simulation.known_roles(truth, settings.policy.senders.country)


def _ordinary_of(
    outcomes: Sequence[Outcome], roles: Mapping[str, Role], span: tuple[datetime, datetime] | None
) -> Group | None:
    """Return how the ordinary senders fared who first came within `span`."""
    if span is None:
        return None
    start, end = span
    first_at: dict[str, datetime] = {}
    for outcome in outcomes:
        first_at.setdefault(outcome.sender, outcome.line.at)
    these = {sender: Role.ORDINARY for sender, at in first_at.items() if start <= at < end}
    theirs = {sender: role for sender, role in these.items() if roles.get(sender) is role}
    groups = simulation.summarise(outcomes, theirs).groups
    assert groups is not None
    return groups[Role.ORDINARY]


def _draw(figures: Figures, scene: Scene, settings: Settings, outcomes: Sequence[Outcome]) -> None:
    """Draw the counted days as SVG, or as PNG where that is too large; one of the two remains."""
    run = figures.run
    assert run.pictures is not None
    os.environ["TZ"] = "UTC"  # the same picture everywhere
    time.tzset()
    picture = _picture(figures, scene, settings, outcomes)
    vectors = run.pictures / f"{picture_of(run)}.svg"
    pixels = vectors.with_suffix(".png")
    plot.draw(picture, vectors)
    pixels.unlink(missing_ok=True)
    if vectors.stat().st_size > LARGEST_SVG:
        vectors.unlink()
        plot.draw(picture, pixels)


def _picture(figures: Figures, scene: Scene, settings: Settings, outcomes: Sequence[Outcome]) -> plot.Picture:
    """Return the picture of the counted days; its headline has the figures of the table."""
    start, end = shown = scene.counted or (outcomes[0].line.at, outcomes[-1].line.at)
    roles = _roles(scene, settings)
    within = [outcome for outcome in outcomes if start <= outcome.line.at < end]
    groups = {Role.ORDINARY: figures.counted, Role.FLOODER: figures.flooders}
    return plot.Picture(
        title=f"{figures.run.shape}  ·  policy {figures.run.policy}",
        outcomes=outcomes,
        summary=replace(simulation.summarise(within, roles), groups=groups),
        roles=roles,
        budget=settings.policy.budget,
        shown=shown,
        answers_per_day=settings.policy.throttle.per_day,
    )
