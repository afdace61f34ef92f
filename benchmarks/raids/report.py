"""The tables of docs/raids.md, from the figures of runs, and their place in the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from relou_gateway.invent import SHAPES
from relou_gateway.rules.policy import MICRO
from relou_gateway.simulation import Group, Policy

from . import ceiling, promises
from .runs import Figures, picture_of

BEGIN = "<!-- what `make raids` found: begin -->"
END = "<!-- what `make raids` found: end -->"


DRAWN_UNDER_ALL = "forum"
"""Its picture is drawn under each policy and stands in the page; those of the others under `full`."""


class Target(NamedTuple):
    """The least share of ordinary senders answered, and answered within an hour; None: no matter."""

    answered: float
    in_hour: float | None


TARGETS = {
    "ordinary-week": Target(0.995, 0.98),
    "trolls": Target(0.99, 0.98),
    "forum": Target(0.985, 0.95),
    "forum-first-hour": Target(0.98, 0.95),
    "forum-copying": Target(0.97, 0.93),
    "four-hours": Target(0.99, 0.97),
    "blocks": Target(0.99, 0.97),
    "callers": Target(0.99, 0.97),
    "one-call": Target(0.96, 0.92),
    "one-abusive": Target(0.94, 0.85),
    "human-tempo": Target(0.90, 0.86),
    "one-ordinary": Target(0.60, None),
}

POISON, CONTROL, LOSS = "poisoning", "poisoning-control", 0.02
"""What poison may cost ordinary senders, as a share of them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A shape under a policy, its seeds taken together: senders are summed up, money is the most of any."""

    cost: int
    peak_cost: int
    counted: Group
    in_raid: Group | None
    flooders: Group


Table = Mapping[tuple[str, Policy], Shown]


def report(found: Sequence[Figures], pictures: Path | None = None) -> str:
    """Return what stands between the two marks of the page; `pictures` is where the runs drew theirs."""
    seeds = sorted({figures.run.seed for figures in found})
    table = _together(found)
    blocks = [
        f"{'Seeds' if len(seeds) > 1 else 'Seed'} {', '.join(map(str, seeds))}, the second corpus.",
        "\n".join(_people(table)),
        "\n".join(_money(table)),
        *_poison(table),
        *filter(None, [ceiling.of_forums(seeds[0], _shapes(table))]),
        *(ceiling.sentence(seeds[0]) for shape in _shapes(table) if shape == ceiling.SHAPE),
        *_promises(found),
        *(_pictures(found, pictures) if pictures is not None else ()),
    ]
    return "\n\n".join(blocks)


def write(page: Path, text: str) -> None:
    """Put `text` between the marks of `page`; raises ValueError where they are missing."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no {BEGIN} … {END}")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def broken(found: Sequence[Figures]) -> Iterator[str]:
    """Name each promise that some run broke, with the run."""
    spent = {(each.run.shape, each.run.seed, each.run.policy): each.cost for each in found}
    for each in found:
        run, faults = each.run, list(each.broken)
        caps = spent.get((run.shape, run.seed, Policy.CAPS))
        if run.policy is Policy.FULL and caps is not None:
            faults += promises.dearer(each.cost, caps)
        yield from (f"{run.shape}, seed {run.seed}, {run.policy}: {fault}" for fault in faults)


# --- seeds taken together -----------------------------------------------------------------


def _together(found: Iterable[Figures]) -> Table:
    runs: dict[tuple[str, Policy], list[Figures]] = {}
    for each in found:
        runs.setdefault((each.run.shape, each.run.policy), []).append(each)
    return {key: _shown(of_seeds) for key, of_seeds in runs.items()}


def _shown(of_seeds: Sequence[Figures]) -> Shown:
    in_raid = [each.in_raid for each in of_seeds if each.in_raid is not None]
    return Shown(
        cost=max(each.cost for each in of_seeds),
        peak_cost=max(each.peak_cost for each in of_seeds),
        counted=_sum([each.counted for each in of_seeds]),
        in_raid=_sum(in_raid) if in_raid else None,
        flooders=_sum([each.flooders for each in of_seeds]),
    )


def _sum(groups: Sequence[Group]) -> Group:
    return Group(
        sum(group.senders for group in groups),
        sum(group.answered for group in groups),
        sum(group.answered_in_hour for group in groups),
    )


def _shapes(table: Table) -> list[str]:
    played = {shape for shape, _ in table}
    return [shape for shape in SHAPES if shape in played]


# --- tables -------------------------------------------------------------------------------


def _people(table: Table) -> Iterator[str]:
    yield "| shape | ordinary senders | none | caps | full | full, those of the raid's hours | target | |"
    yield "|---|---|---|---|---|---|---|---|"
    for shape in _shapes(table):
        under = {policy: table.get((shape, policy)) for policy in Policy}
        counted = next(shown.counted for shown in under.values() if shown is not None)
        full = under[Policy.FULL]
        cells = [
            f"`{shape}`",
            f"{counted.senders:,}",
            *(_shares(None if shown is None else shown.counted) for shown in under.values()),
            _shares(None if full is None else full.in_raid),
            *_target(shape, full),
        ]
        yield f"| {' | '.join(cells)} |"


def _shares(group: Group | None) -> str:
    if group is None or not group.senders:
        return "–"
    return f"{group.answered / group.senders:.3f} / {group.answered_in_hour / group.senders:.3f}"


def _target(shape: str, full: Shown | None) -> tuple[str, str]:
    target = TARGETS.get(shape)
    if target is None:
        return "–", ""
    said = f"{target.answered} / {target.in_hour}" if target.in_hour else f"more than {target.answered}"
    return said, "" if full is None else "met" if met(target, full.counted) else "**missed**"


def met(target: Target, group: Group) -> bool:
    """Say whether the ordinary senders of `group` fared as well as the target asks."""
    if target.in_hour is None:  # it asks for more than a lot gives
        return group.answered > target.answered * group.senders
    enough_in_hour = group.answered_in_hour >= target.in_hour * group.senders
    return enough_in_hour and group.answered >= target.answered * group.senders


def _money(table: Table) -> Iterator[str]:
    policies = list(Policy)
    names = [*(f"{policy}: money" for policy in policies), *(f"{policy}: flooders" for policy in policies)]
    yield f"| shape | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for shape in _shapes(table):
        under = [table.get((shape, policy)) for policy in policies]
        cells = [*(_spent(shown) for shown in under), *(_reached(shown) for shown in under)]
        yield f"| `{shape}` | {' | '.join(cells)} |"


def _spent(shown: Shown | None) -> str:
    return "–" if shown is None else f"{shown.cost / MICRO:,.2f} ({shown.peak_cost / MICRO:,.2f})"


def _reached(shown: Shown | None) -> str:
    if shown is None or not shown.flooders.senders:
        return "–"
    return f"{shown.flooders.answered:,} of {shown.flooders.senders:,}"


# --- sentences ----------------------------------------------------------------------------


def _poison(table: Table) -> Iterator[str]:
    """Tell what the poison cost, where shape and control were both played."""
    with_it, without = (table.get((shape, Policy.FULL)) for shape in (POISON, CONTROL))
    if with_it is None or without is None:
        return
    shares = [each.counted.answered / each.counted.senders for each in (without, with_it)]
    loss = shares[0] - shares[1]
    lost = f"{100 * loss:.1f} points" if loss > 0 else "nothing"
    yield (
        f"By the poison ordinary senders lose {lost} ({shares[0]:.3f} without it, "
        f"{shares[1]:.3f} with it); no more than {100 * LOSS:.0f} are allowed: "
        f"{'met' if loss <= LOSS else '**missed**'}."
    )


def _promises(found: Sequence[Figures]) -> Iterator[str]:
    checked = sum(each.run.policy is not Policy.NONE for each in found)
    faults = list(broken(found))
    if faults:
        yield "\n".join(["**Broken promises:**", "", *(f"- {fault}" for fault in faults)])
    elif checked:
        yield (
            f"Checked in each of the {checked} runs under `caps` and `full`, from what became of every "
            "message: no cap passed in any window, nobody answered before his delay or twice in a cooldown, "
            "no short code, name, landline, premium or foreign number answered, and under `full` never more "
            "money than under `caps`. All of it held."
        )


# --- pictures -----------------------------------------------------------------------------


def _pictures(found: Iterable[Figures], folder: Path) -> Iterator[str]:
    """Show what was drawn of the shape that has a picture of each policy, and link the others."""
    links = []
    for run in dict.fromkeys(each.run for each in found if each.run.pictures is not None):
        (path,) = folder.glob(f"{picture_of(run)}.*")
        where = f"{folder.name}/{path.name}"
        if run.shape == DRAWN_UNDER_ALL:
            yield f"![{run.shape} under the policy {run.policy}]({where})"
        else:
            links.append(f"[{run.shape}]({where})")
    if links:
        yield f"The others under `full`: {', '.join(links)}."
