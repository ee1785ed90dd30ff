"""Paper: the size, type and small print that all figures share, and how they become files."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike

from landmarks.analysis.findings import CurvePoint, Findings
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.styles import look

WIDTH = 7.0  # inches, two columns of a paper
DPI = 200
INK, FAINT = "#4D4D4D", "#E4E4E4"  # of small print and of what lies behind the data
# How many letters of DejaVu Sans fill the width, at the size of a title and of small print.
TITLE_LETTERS, PRINT_LETTERS = 89, 116
BESIDE = 5  # points from a marker to the dots of its seeds
STYLE: dict[Any, Any] = {
    # The others stand in where a browser shows the SVG and has no DejaVu; they are narrower.
    "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial", "sans-serif"],
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.5,
    "figure.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.handlelength": 2.8,
    # Text stays text, and the same figure is the same file: no random names.
    "svg.fonttype": "none",
    "svg.hashsalt": "landmarks",
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Everything drawn and written inside has the style of the project and of nobody's settings."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def sheet(title: str, height: float) -> Figure:
    """An empty figure of the width of a paper.

    Args:
        title: What it says; wrapped.
        height: Inches.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    lines = -(-len(title) // TITLE_LETTERS)
    wrapped = textwrap.fill(title, len(title) // lines + 8)  # lines of about the same length
    figure.suptitle(wrapped, x=0.01, ha="left")
    return figure


def small_print(figure: Figure, findings: Findings, *sentences: str) -> None:
    """Say below the figure what a reader must know of it."""
    said = ((NOT_PHOTOGRAPHS,) if findings.rendered_test else ()) + sentences
    text = textwrap.fill(" ".join(sentence for sentence in said if sentence), PRINT_LETTERS)
    figure.supxlabel(text, x=0.01, ha="left", fontsize=8, color=INK)


def seeds_of(points: Iterable[CurvePoint]) -> str:
    """A sentence on the seeds behind some points; empty without any."""
    each = {tuple(sorted(point.runs)) for point in points}
    every = sorted({seed for seeds in each for seed in seeds})
    if not every:
        return ""
    # Spaces that do not break, so that no line ends within the list.
    listed = ",\N{NO-BREAK SPACE}".join(map(str, every))
    names = f"Seed{'s' * (len(every) != 1)}\N{NO-BREAK SPACE}{listed}"
    return f"{names}." if len(each) == 1 else f"{names}, not all of them at every point."


def size_axis(ax: Axes, sizes: Sequence[int], label: str, *, room: float = 0.08) -> None:
    """A logarithmic axis with the sizes that were run as ticks.

    Args:
        ax: Whose x axis it is.
        sizes: Rising, above 0.
        label: Of the axis.
        room: Share of the axis that a number takes; one that would touch the first number or the
            next is left out.
    """
    low, high = sizes[0] / 1.25, sizes[-1] * 1.15  # on the left the dots of the first size too
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    least = (high / low) ** room
    names: list[str] = []
    above = float("inf")
    for size in reversed(sizes):
        is_apart = size == sizes[0] or (above / size > least and size / sizes[0] > least)
        names.append(f"{size:,}" if is_apart else "")
        above = size if is_apart else above
    ax.set_xticks(sizes, names[::-1])
    ax.minorticks_off()
    ax.set_xlabel(label)


def draw_curve(
    ax: Axes,
    strategy: str,
    points: Sequence[CurvePoint],
    at: Callable[[CurvePoint], int] = lambda point: point.n_real,
) -> None:
    """One strategy with its band; without any real face, a horizontal line.

    Args:
        ax: Where to.
        strategy: Name.
        points: Rising in x.
        at: Place of a point on the x axis.
    """
    its = look(strategy)
    for point in points:
        if at(point) == 0:
            band = (100 * point.mean.low, 100 * point.mean.high)
            ax.axhspan(*band, color=its.colour, alpha=0.08, linewidth=0)
            ax.axhline(100 * point.mean.value, color=its.colour, linestyle=its.dash)
    points = [point for point in points if at(point) > 0]
    x = [at(point) for point in points]
    value, low, high = (
        [100 * getattr(point.mean, part) for point in points] for part in ("value", "low", "high")
    )
    draw_band(ax, strategy, x, low, high)
    ax.plot(x, value, color=its.colour, linestyle=its.dash)
    for point in points:
        draw_mean(ax, strategy, at(point), 100 * point.mean.value, point.mean.seeds)


def draw_band(ax: Axes, strategy: str, x: ArrayLike, low: ArrayLike, high: ArrayLike) -> None:
    """Intervals at some sizes: a band, or a bar where there is one size and nothing to span."""
    colour = look(strategy).colour
    if np.size(x) == 1:
        ax.vlines(x, low, high, color=colour, linewidth=1.2, alpha=0.5)
    ax.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)


def draw_mean(ax: Axes, strategy: str, x: float, y: float, seeds: int) -> None:
    """The marker of a mean; open if it rests on one seed."""
    its = look(strategy)
    face = its.colour if seeds > 1 else "white"
    ax.plot(x, y, marker=its.marker, color=its.colour, markerfacecolor=face)


def draw_seeds(ax: Axes, strategy: str, x: float, values: Sequence[float]) -> None:
    """A dot for each seed, beside the marker of their mean; none where one seed is that marker."""
    if len(values) < 2:
        return
    at = [x] * len(values)
    beside = ax.transData + ScaledTranslation(-BESIDE / 72, 0, ax.figure.dpi_scale_trans)
    colour = look(strategy).colour
    ax.scatter(at, values, s=6, color=colour, alpha=0.5, linewidths=0, transform=beside)
    ax.update_datalim(np.column_stack([at, values]))  # a shifted scatter has no say in the limits


def handle(strategy: str, *, line: bool = True, marker: bool = True) -> Line2D:
    """The entry of a strategy in a legend."""
    its = look(strategy)
    entry = Line2D([], [], color=its.colour, marker=its.marker if marker else "none")
    entry.set(linestyle=its.dash if line else "none", label=its.label)
    return entry


def legend_beside(ax: Axes, handles: Sequence[Line2D]) -> None:
    """A legend to the right of the axes, where no data can be."""
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.02))


def save(figure: Figure, folder: Path, name: str) -> tuple[Path, Path]:
    """Write a figure as PNG and as SVG; the same figure gives the same bytes."""
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    figure.savefig(png, dpi=DPI, metadata={"Software": None})
    figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return png, svg
