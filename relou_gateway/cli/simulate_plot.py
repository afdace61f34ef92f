"""The picture of a simulation: what came in, who was answered, and what it cost against its caps.

Three panels over one time axis. matplotlib is heavy and optional; nothing but this imports it.
Colours are Okabe and Ito's, which people with any colour vision can tell apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import simulation
from ..rules.money import decimal
from ..rules.policy import MICRO, Budget
from ..simulation import Outcome, Role, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAY = timedelta(days=1)
MONTH = timedelta(days=30)
BINS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 10080)
)
MOST_BINS = 150
"""Finer ones are thinner than a line at 1200 pixels."""

ORDINARY, FLOODER, MONEY, EXCESS = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, FAINT = "#222222", "#777777"

_STYLE: dict[Any, Any] = {
    "font.size": 12,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same picture everywhere
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.parse_math": False,  # a file's name is no formula
    "svg.hashsalt": "relou-gateway",  # the same simulation gives the same bytes
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn; `roles` are by known number, None where nobody knows who was what."""

    title: str
    outcomes: Sequence[Outcome]
    summary: Summary
    roles: Mapping[str, Role] | None
    budget: Budget


@dataclass(frozen=True, slots=True)
class _Series:
    """Moments of one kind, for stacking."""

    label: str
    colour: str
    times: Sequence[datetime]


def possible() -> bool:
    """Say whether there is a matplotlib to draw with."""
    return find_spec("matplotlib") is not None


def draw(picture: Picture, path: Path) -> None:
    """Write the picture to `path`, as PNG or SVG by its ending; raises OSError where it cannot."""
    import matplotlib as mpl  # noqa: PLC0415 - see the module's docstring
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(12, 9), dpi=100)
        _fill(figure, picture)
        dated = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(path, metadata=dated)


def _fill(figure: Figure, picture: Picture) -> None:
    figure.text(0.075, 0.955, picture.title, fontsize=18, fontweight="bold")
    figure.text(0.075, 0.92, _headline(picture), fontsize=12.5)
    if not picture.outcomes:
        return
    panels = figure.subplots(3, 1, sharex=True, gridspec_kw={"height_ratios": (1.15, 1, 1)})
    figure.subplots_adjust(left=0.075, right=0.97, top=0.855, bottom=0.055, hspace=0.34)
    came, went = _arrivals(picture), _answers(picture)
    start, end = _span([*came, *went])
    width = next((bin_ for bin_ in BINS if (end - start) / bin_ <= MOST_BINS), BINS[-1])
    _stack(panels[0], f"Texts and calls that came in, per {_named(width)}", came, start, end, width)
    _stack(panels[1], f"Answers that went out, per {_named(width)}", went, start, end, width)
    _money(panels[2], picture, end)
    _dates(panels[2], start, end)


def _headline(picture: Picture) -> str:
    summary = picture.summary
    spent = f"{decimal(summary.cost)} {picture.budget.currency} spent"
    if summary.groups is None:
        return f"{summary.answered_senders:,} of {summary.senders:,} senders answered   ·   {spent}"
    ordinary, flooders = summary.groups[Role.ORDINARY], summary.groups[Role.FLOODER]
    said = []
    if ordinary.senders:
        answered, in_hour = (
            _percent(count, ordinary.senders) for count in (ordinary.answered, ordinary.answered_in_hour)
        )
        said.append(f"{answered} of {ordinary.senders:,} ordinary senders answered, {in_hour} within an hour")
    if flooders.senders:
        said.append(f"{flooders.answered:,} of {flooders.senders:,} flooders answered")
    return "   ·   ".join([*said, spent])


def _percent(count: int, of: int) -> str:
    """Return a share that says 100 % only where it is everyone, and 0 % only where it is nobody."""
    return f"{100 * count // of}%" if count in {0, of} else f"{count / of:.1%}"


def _arrivals(picture: Picture) -> list[_Series]:
    return _by_role(((each.sender, each.line.at) for each in picture.outcomes), picture.roles)


def _answers(picture: Picture) -> list[_Series]:
    sent = (
        (each.sender, each.answer.sent_at)
        for each in simulation.exchanges(picture.outcomes)
        if each.answer.sent_at is not None
    )
    return _by_role(sent, picture.roles)


def _by_role(moments: Iterable[tuple[str, datetime]], roles: Mapping[str, Role] | None) -> list[_Series]:
    """Return the moments of ordinary senders and of flooders; of all, where roles are not known."""
    if roles is None:
        return [_Series("everyone", ORDINARY, [at for _, at in moments])]
    found: dict[Role | None, list[datetime]] = {None: [], Role.ORDINARY: [], Role.FLOODER: []}
    for sender, at in moments:
        found[roles.get(sender)].append(at)
    named = (
        ("ordinary senders", ORDINARY, Role.ORDINARY),
        ("flooders", FLOODER, Role.FLOODER),
        ("others", FAINT, None),
    )
    return [_Series(label, colour, found[role]) for label, colour, role in named if found[role] or role]


def _span(series: Iterable[_Series]) -> tuple[datetime, datetime]:
    times = [at for each in series for at in each.times]
    start, end = min(times), max(times)
    return start, max(end, start + timedelta(minutes=1))


def _stack(
    axes: Axes, title: str, series: Sequence[_Series], start: datetime, end: datetime, width: timedelta
) -> None:
    """Draw counts per bin, one kind upon the other."""
    from matplotlib.dates import date2num  # noqa: PLC0415

    first = start - (start - datetime(1970, 1, 1, tzinfo=UTC)) % width
    bins = int((end - first) / width) + 1
    edges = [float(date2num(first + width * position)) for position in range(bins + 1)]
    below = [0] * bins
    for each in series:
        counted = Counter(int((at - first) / width) for at in each.times)
        above = [base + counted[position] for position, base in enumerate(below)]
        axes.stairs(above, edges, baseline=below, fill=True, color=each.colour, linewidth=0)
        below = above
    axes.set_title(title, pad=10)
    axes.set_ylim(0, max(1.0, max(below) * 1.08))
    _scale(axes, integer=True)
    _legend(axes, [(f"{each.label}: {len(each.times):,}", each.colour) for each in series])


def _legend(axes: Axes, entries: Sequence[tuple[str, str]]) -> None:
    """Name the colours at the right end of the title's line, where no data can be hidden."""
    from matplotlib.patches import Patch  # noqa: PLC0415

    axes.legend(
        handles=[Patch(color=colour, label=label) for label, colour in entries],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(entries),
        frameon=False,
        handlelength=1.0,
        handleheight=1.0,
        borderaxespad=0.2,
        columnspacing=1.6,
    )


def _money(axes: Axes, picture: Picture, end: datetime) -> None:
    """Draw what any 24 hours cost, against the cap of a day; of a month where it is not far away."""
    from matplotlib.dates import date2num  # noqa: PLC0415

    budget = picture.budget
    answers = [each.answer for each in simulation.exchanges(picture.outcomes)]
    times, totals = _falling(answers, DAY, end)
    top = max(totals, default=0)
    cap = budget.per_day
    exceeded = cap is not None and top > cap
    moments, spent = [float(date2num(at)) for at in times], [total / MICRO for total in totals]
    axes.fill_between(moments, spent, step="post", color=EXCESS if exceeded else MONEY, linewidth=0)
    if cap is not None and exceeded:
        within = [min(each, cap / MICRO) for each in spent]
        axes.fill_between(moments, within, step="post", color=MONEY, linewidth=0)
    axes.set_title(f"Money spent in the 24 hours before, {budget.currency}", pad=10)
    if cap is not None:
        top = max(top, cap)
        _cap_line(axes, cap)
    axes.set_ylim(0, max(top / MICRO * 1.2, 0.01))
    _scale(axes, integer=False)
    _legend(axes, [(_month(picture), MONEY), *([("above the cap", EXCESS)] if exceeded else [])])


def _cap_line(axes: Axes, cap: int) -> None:
    axes.axhline(cap / MICRO, color=INK, linestyle=(0, (5, 3)), linewidth=1.6)
    axes.annotate(
        f"the cap: {decimal(cap)}",
        (1, cap / MICRO),
        xycoords=("axes fraction", "data"),
        xytext=(-6, 6),
        textcoords="offset points",
        ha="right",
        fontsize=11,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
    )


def _scale(axes: Axes, *, integer: bool) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter  # noqa: PLC0415

    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=integer))
    if axes.get_ylim()[1] >= 10:  # below, the default shows as many decimals as it takes
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _month(picture: Picture) -> str:
    answers = [each.answer for each in simulation.exchanges(picture.outcomes)]
    most = max((total for _, total in simulation.rolling(answers, MONTH)), default=0)
    cap = picture.budget.per_month
    allowed = "" if cap is None else f" of {decimal(cap)} allowed"
    return f"at most {decimal(most)} in 30 days{allowed}"


def _falling(
    answers: Sequence[simulation.Answer], span: timedelta, end: datetime
) -> tuple[list[datetime], list[int]]:
    """Return a step line of the money in the `span` before: up with each answer, down when it leaves."""
    changes = Counter[datetime]()
    for answer in answers:
        if answer.sent_at is not None:
            changes[answer.sent_at] += answer.cost
            changes[answer.sent_at + span] -= answer.cost
    times, totals, total = [], [], 0
    for at in sorted(changes):
        total += changes[at]
        times.append(min(at, end))
        totals.append(total)
        if at >= end:
            break
    return times, totals


def _dates(axes: Axes, start: datetime, end: datetime) -> None:
    """Label the axis in the time of this machine."""
    from dateutil.tz import tzlocal  # noqa: PLC0415 - comes with matplotlib
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num  # noqa: PLC0415

    locator = AutoDateLocator(tz=tzlocal(), minticks=4, maxticks=10)
    axes.xaxis.set_major_locator(locator)
    formats = ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%H:%M:%S"]
    zeros = ["", "%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"]
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(locator, tz=tzlocal(), formats=formats, zero_formats=zeros, show_offset=False)
    )
    axes.set_xlim(float(date2num(start)), float(date2num(end)))


def _named(width: timedelta) -> str:
    minutes = width // timedelta(minutes=1)
    for unit, size in (("week", 10080), ("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes % size == 0:
            count = minutes // size
            return unit if count == 1 else f"{count} {unit}s"
    raise AssertionError("every width is whole minutes")
