"""Drawing: three panels over one time axis, with matplotlib, which is heavy and optional.

Nothing but this imports it, and only once something is drawn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import simulation
from ...rules.money import decimal
from ...rules.policy import MICRO
from .picture import INK, Picture, Series, answers_sent, arrivals, first_contacts, headline, span
from .spending import cap_of_day, coarser, falling, month_in_words

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAY = timedelta(days=1)
BINS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 10080)
)
MOST_BINS = 150
"""Finer ones are thinner than a line at 1200 pixels."""

_TOO_PRECISE = re.compile(r"([ML] -?\d+\.\d\d)\d* (-?\d+\.\d\d)\d*")
"""A point of a path in SVG; a hundredth of a point is enough, and half as long."""

MONEY, EXCESS, FAINT = "#009E73", "#CC79A7", "#777777"

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


def draw(picture: Picture, path: Path) -> None:
    """Write the picture to `path`, as PNG or SVG by its ending; raises OSError where it cannot."""
    import matplotlib as mpl  # noqa: PLC0415 - see the module's head
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(12, 9), dpi=100)
        _fill(figure, picture)
        vectors = path.suffix.lower() == ".svg"
        figure.savefig(path, metadata={"Date": None} if vectors else {"Software": None})
    if vectors:
        drawn = path.read_text(encoding="utf-8")
        path.write_text(_TOO_PRECISE.sub(r"\1 \2", drawn), encoding="utf-8")


def _fill(figure: Figure, picture: Picture) -> None:
    figure.text(0.075, 0.955, picture.title, fontsize=18, fontweight="bold")
    figure.text(0.075, 0.92, headline(picture), fontsize=12.5)
    if not picture.outcomes:
        return
    panels = figure.subplots(3, 1, sharex=True, gridspec_kw={"height_ratios": (1.15, 1, 1)})
    figure.subplots_adjust(left=0.075, right=0.97, top=0.855, bottom=0.055, hspace=0.34)
    came, went = arrivals(picture), answers_sent(picture)
    start, end = picture.shown or span([*came, *went])
    width = next((bin_ for bin_ in BINS if (end - start) / bin_ <= MOST_BINS), BINS[-1])
    _stack(panels[0], f"Texts and calls that came in, per {_named(width)}", came, start, end, width)
    # Where even strangers that nobody answers got answers, so did everyone: the line would tell nothing.
    first = None if len(went) > 2 else first_contacts(picture)
    _stack(panels[1], f"Answers sent, per {_named(width)}", went, start, end, width, first)
    _money(panels[2], picture, start, end)
    _dates(panels[2], start, end)


def _named(width: timedelta) -> str:
    minutes = width // timedelta(minutes=1)
    for unit, size in (("week", 10080), ("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes % size == 0:
            count = minutes // size
            return unit if count == 1 else f"{count} {unit}s"
    raise AssertionError("every width is whole minutes")


def _stack(
    axes: Axes,
    title: str,
    series: Sequence[Series],
    start: datetime,
    end: datetime,
    width: timedelta,
    outline: Series | None = None,
) -> None:
    """Draw counts per bin, one kind upon the other, and those of `outline` as a line across them."""
    from matplotlib.dates import date2num  # noqa: PLC0415

    first = start - (start - datetime(1970, 1, 1, tzinfo=UTC)) % width
    bins = int((end - first) / width) + 1
    edges = [float(date2num(first + width * position)) for position in range(bins + 1)]
    below = [0] * bins
    for each in series:
        above = [base + count for base, count in zip(below, _binned(each, first, width, bins), strict=True)]
        axes.stairs(above, edges, baseline=below, fill=True, color=each.colour, linewidth=0)
        below = above
    top = max(below)
    if outline is not None:
        counts = _binned(outline, first, width, bins)
        axes.stairs(counts, edges, color=outline.colour, linewidth=1.2)
        top = max(top, *counts)
    axes.set_title(title, pad=10)
    axes.set_ylim(0, max(1.0, top * 1.08))
    _scale(axes, integer=True)
    named = [*series, *([outline] if outline is not None else [])]
    _legend(axes, [(f"{each.label}: {len(each.times):,}", each.colour) for each in named], outline)


def _binned(series: Series, first: datetime, width: timedelta, bins: int) -> list[int]:
    counted = Counter(int((at - first) / width) for at in series.times)
    return [counted[position] for position in range(bins)]


def _legend(axes: Axes, entries: Sequence[tuple[str, str]], outline: Series | None = None) -> None:
    """Name the colours at the right end of the title's line, where no data can be hidden."""
    from matplotlib.lines import Line2D  # noqa: PLC0415
    from matplotlib.patches import Patch  # noqa: PLC0415

    handles: list[Artist] = [Patch(color=colour, label=label) for label, colour in entries]
    if outline is not None:
        label, colour = entries[-1]
        handles[-1] = Line2D([], [], color=colour, linewidth=1.2, label=label)
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(entries),
        frameon=False,
        handlelength=1.0,
        handleheight=1.0,
        borderaxespad=0.2,
        columnspacing=1.6,
    )


def _money(axes: Axes, picture: Picture, start: datetime, end: datetime) -> None:
    """Draw what any 24 hours cost, against the cap of a day."""
    from matplotlib.dates import date2num  # noqa: PLC0415

    answers = [each.answer for each in simulation.exchanges(picture.outcomes)]
    times, totals = coarser(*falling(answers, DAY, end), start, end)
    top = max(totals, default=0)
    cap = cap_of_day(picture, answers)
    exceeded = cap is not None and top > cap
    moments, spent = [float(date2num(at)) for at in times], [total / MICRO for total in totals]
    axes.fill_between(moments, spent, step="post", color=EXCESS if exceeded else MONEY, linewidth=0)
    if cap is not None and exceeded:
        within = [min(each, cap / MICRO) for each in spent]
        axes.fill_between(moments, within, step="post", color=MONEY, linewidth=0)
    axes.set_title(f"Money spent in the 24 hours before, {picture.budget.currency}", pad=10)
    if cap is not None:
        top = max(top, cap)
        _cap_line(axes, cap)
    axes.set_ylim(0, max(top / MICRO * 1.2, 0.01))
    _scale(axes, integer=False)
    _legend(axes, [(month_in_words(picture), MONEY), *([("above the cap", EXCESS)] if exceeded else [])])


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
