"""What the figures for a paper share: size, fonts, small print, curves, and how they are saved."""

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

from landmarks.analysis.contrasts import Interval
from landmarks.analysis.error_curves import CurvePoint
from landmarks.analysis.findings import Findings
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.styles import Style, style_of, tick_labels
from landmarks.storage.atomic import buffered_write

WIDTH = 7.0  # inches, two columns of a paper
DPI = 200
INK, FAINT = "#4D4D4D", "#E4E4E4"  # of small print and of the grid
# Number of characters of DejaVu Sans that fill the width, in a title and in small print.
TITLE_LETTERS, PRINT_LETTERS = 89, 116
BESIDE = 5  # points from a marker to the dots of its seeds
STYLE: dict[Any, Any] = {
    # The others are narrower, for a browser that shows the SVG without DejaVu.
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
    # Text stays text, and the same figure gives the same file: no random names.
    "svg.fonttype": "none",
    "svg.hashsalt": "landmarks",
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw and save in the style of the project, whatever the user's settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def sheet(title: str, height: float) -> Figure:
    """An empty figure of the width of a paper.

    Args:
        title: Wrapped to the width.
        height: Inches.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    lines = -(-len(title) // TITLE_LETTERS)
    wrapped = textwrap.fill(title, len(title) // lines + 8)  # lines of about the same length
    figure.suptitle(wrapped, x=0.01, ha="left")
    return figure


def small_print(figure: Figure, findings: Findings, *sentences: str) -> None:
    """Write notes below a figure."""
    notes = ((NOT_PHOTOGRAPHS,) if findings.rendered_test else ()) + sentences
    text = textwrap.fill(" ".join(note for note in notes if note), PRINT_LETTERS)
    figure.supxlabel(text, x=0.01, ha="left", fontsize=8, color=INK)


def seeds_of(points: Iterable[CurvePoint]) -> str:
    """A sentence on the seeds behind some points; empty without any."""
    each = {tuple(sorted(point.runs)) for point in points}
    every = sorted({seed for seeds in each for seed in seeds})
    if not every:
        return ""
    # No-break spaces, so that the list stays on one line.
    listed = ",\N{NO-BREAK SPACE}".join(map(str, every))
    names = f"Seed{'s' * (len(every) != 1)}\N{NO-BREAK SPACE}{listed}"
    return f"{names}." if len(each) == 1 else f"{names}, not all of them at every point."


def size_axis(ax: Axes, sizes: Sequence[int], label: str, *, room: float = 0.08) -> None:
    """A logarithmic axis with the sizes that were run as ticks.

    Args:
        ax: Whose x axis it is.
        sizes: Ascending, above 0.
        label: Of the axis.
        room: Share of the axis that a tick label takes; one that would overlap is left out.
    """
    ax.set_xscale("log")
    ax.set_xlim(sizes[0] / 1.25, sizes[-1] * 1.15)  # room for the dots of the first size
    ax.set_xticks(sizes, tick_labels(sizes, room))
    ax.minorticks_off()
    ax.set_xlabel(label)


def draw_curve(
    ax: Axes,
    strategy: str,
    points: Sequence[CurvePoint],
    at: Callable[[CurvePoint], int] = lambda point: point.n_real,
) -> None:
    """One strategy with its band; a horizontal line where no real face was used.

    Args:
        ax: Axes to draw on.
        strategy: Name.
        points: Ascending in x.
        at: Place of a point on the x axis.
    """
    style = style_of(strategy)
    for point in points:
        if at(point) == 0:
            value, low, high = point.mean.percent
            ax.axhspan(low, high, color=style.colour, alpha=0.08, linewidth=0)
            ax.axhline(value, color=style.colour, linestyle=style.dashes[0])
    points = [point for point in points if at(point) > 0]
    if not points:
        return
    x = [at(point) for point in points]
    value, low, high = np.transpose([point.mean.percent for point in points])
    draw_band(ax, strategy, x, low, high)
    ax.plot(x, value, color=style.colour, linestyle=style.dashes[0])
    for point in points:
        draw_mean(ax, strategy, at(point), 100 * point.mean.value, point.mean.seeds)


def draw_band(ax: Axes, strategy: str, x: ArrayLike, low: ArrayLike, high: ArrayLike) -> None:
    """Intervals at some sizes: a band, or a bar where there is only one size."""
    colour = style_of(strategy).colour
    if np.size(x) == 1:
        ax.vlines(x, low, high, color=colour, linewidth=1.2, alpha=0.5)
    ax.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)


def draw_interval(ax: Axes, style: Style, x: float, one: Interval, **more: Any) -> None:  # noqa: ANN401
    """An estimate with its interval as a bar, in per cent."""
    value, low, high = one.percent
    ends = [[value - low], [high - value]]
    ax.errorbar(x, value, ends, color=style.colour, elinewidth=1.2, capsize=2, **more)


def draw_mean(ax: Axes, strategy: str, x: float, y: float, seeds: int) -> None:
    """The marker of a mean; open if it is of one seed."""
    style = style_of(strategy)
    face = style.colour if seeds > 1 else "white"
    ax.plot(x, y, marker=style.marker, color=style.colour, markerfacecolor=face)


def draw_seeds(ax: Axes, strategy: str, x: float, values: Sequence[float]) -> None:
    """A dot for each seed beside the marker of their mean; none for a single seed."""
    if len(values) < 2:
        return
    at = [x] * len(values)
    beside = ax.transData + ScaledTranslation(-BESIDE / 72, 0, ax.figure.dpi_scale_trans)
    colour = style_of(strategy).colour
    ax.scatter(at, values, s=6, color=colour, alpha=0.5, linewidths=0, transform=beside)
    ax.update_datalim(np.column_stack([at, values]))  # a shifted scatter does not set limits


def handle(strategy: str, *, line: bool = True, marker: bool = True) -> Line2D:
    """A strategy's entry in a legend."""
    style = style_of(strategy)
    entry = Line2D([], [], color=style.colour, marker=style.marker if marker else "none")
    entry.set(linestyle=style.dashes[0] if line else "none", label=style.label)
    return entry


def legend_beside(ax: Axes, handles: Sequence[Line2D]) -> None:
    """A legend to the right of the axes, where no data can be."""
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.02))


def save(figure: Figure, folder: Path, name: str) -> tuple[Path, Path]:
    """Write a figure as PNG and as SVG; the same figure gives the same bytes."""
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    with buffered_write(png) as file:
        figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return png, svg
