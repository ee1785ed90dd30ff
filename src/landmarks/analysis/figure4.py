"""Figure 4 of the article, as measured: the curves, and the exchange rate read from them."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from landmarks.analysis.exchange import Exchange, interpolation
from landmarks.analysis.findings import CurvePoint, Findings
from landmarks.analysis.insights import LEVEL, NO_TELLING
from landmarks.analysis.looks import look
from landmarks.analysis.paper import (
    draw_band,
    draw_curve,
    draw_marker,
    handle,
    legend_beside,
    seeds_of,
    sheet,
    size_axis,
    small_print,
)
from landmarks.analysis.study import BASELINE

NME = "NME, % of inter-ocular distance"
N_REAL = "real faces, n_real"
BAND = f"{100 * LEVEL:.0f} % interval over seeds and test photos"
ONE_SEED = "Open markers: one seed, interval over photos alone."


def error_over_faces(findings: Findings) -> Figure | None:
    """Figure 4: error of each strategy over n_real; None if nothing trained on real faces."""
    return _errors(
        findings,
        lambda point: point.n_real,
        "Error of each strategy over the number of real faces",
        N_REAL,
    )


def error_over_labels(findings: Findings) -> Figure | None:
    """Figure 4 over all real labels that were used; None where that is n_real everywhere."""
    points = [point for curve in findings.curves["all"].values() for point in curve]
    if all(point.labels == point.n_real for point in points):
        return None
    return _errors(
        findings,
        lambda point: point.labels,
        "Error of each strategy over all real labels it used",
        "real faces whose label was used",
    )


def _errors(
    findings: Findings, at: Callable[[CurvePoint], int], title: str, label: str
) -> Figure | None:
    curves = findings.curves["all"]
    points = [point for curve in curves.values() for point in curve]
    sizes = sorted({at(point) for point in points} - {0})
    if not sizes:
        return None
    figure = sheet(title, 4.2)
    ax = figure.subplots()
    for strategy, curve in curves.items():
        draw_curve(ax, strategy, curve, at)
        seeds = [(at(point), 100 * e) for point in curve if at(point) for e in point.runs.values()]
        x, y = zip(*seeds, strict=True) if seeds else ((), ())
        ax.scatter(x, y, s=7, color=look(strategy).colour, alpha=0.45, linewidths=0)
    size_axis(ax, sizes, label)
    ax.set_ylabel(NME)
    legend_beside(ax, strategy_handles(findings))
    small_print(
        figure,
        findings,
        f"Bands: {BAND}; dots: one seed each.",
        ONE_SEED if any(point.mean.seeds < 2 and at(point) for point in points) else "",
        seeds_of(points),
    )
    return figure


def strategy_handles(findings: Findings) -> list[Line2D]:
    """Entries of a legend, in the order of the curves' last errors."""
    curves = findings.curves["all"]
    order = sorted(curves, key=lambda name: -curves[name][-1].mean.value)
    return [handle(name, marker=curves[name][-1].n_real > 0) for name in order]


def exchange_rate(findings: Findings) -> Figure | None:
    """Insight 4A: how many photos alone have the headline's error; None without a headline."""
    one = findings.headline
    if one is None:
        return None
    figure = sheet(findings.answer, 3.8)
    ax = figure.subplots()
    curves = findings.curves["all"]
    draw_curve(ax, one.strategy, curves[one.strategy])
    _draw_interpolated(ax, curves[BASELINE])
    sizes = sorted({p.n_real for name in (BASELINE, one.strategy) for p in curves[name]} - {0})
    size_axis(ax, sizes, N_REAL)
    own = next(point for point in curves[one.strategy] if point.n_real == one.n_real)
    if one.is_known:
        _draw_exchange(ax, one, 100 * own.mean.value)
    ax.set_ylabel(NME)
    number = f"{one.n_real:,} \N{RIGHTWARDS ARROW} {one.text()}" if one.is_known else NO_TELLING
    ax.set_title(number, fontsize=11, fontweight="bold")
    legend_beside(ax, [handle(BASELINE), handle(one.strategy)])
    small_print(
        figure,
        findings,
        f"Bands: {BAND}.",
        f"Shaded: {100 * one.level:.0f} % interval of the size at which real only has that error, "
        f"from {len(one.design.seeds)} seeds, each compared with itself"
        f"{'; ' * one.is_sparse}{one.caveat}."
        if one.is_known
        else "",
        ONE_SEED if any(p.mean.seeds < 2 for p in (*curves[BASELINE], own)) else "",
        seeds_of((*curves[BASELINE], own)),
    )
    return figure


def _draw_interpolated(ax: Axes, points: Sequence[CurvePoint]) -> None:
    """Photos alone as N_eff is read from them: smooth between the sizes."""
    its = look(BASELINE)
    sizes = [point.n_real for point in points]
    n = np.geomspace(sizes[0], sizes[-1], 200)
    weights = interpolation(sizes, n)
    value, low, high = (
        100 * np.exp(weights @ np.log([getattr(point.mean, part) for point in points]))
        for part in ("value", "low", "high")
    )
    draw_band(ax, BASELINE, n, low, high)
    ax.plot(n, value, color=its.colour, linestyle=its.dash)
    for point in points:
        draw_marker(ax, BASELINE, point, point.n_real)


def _draw_exchange(ax: Axes, one: Exchange, error: float) -> None:
    """The way from the strategy's error to the curve of photos alone, and down to the axis.

    Args:
        ax: With its limits set in x.
        one: Where the way ends; beyond the axis if N_eff is not among the sizes.
        error: Of the strategy, per cent.
    """
    left, right = ax.get_xlim()
    end, low, high = np.clip([one.value, one.low, one.high], left, right)
    colour = look(one.strategy).colour
    ax.axvspan(low, high, color=colour, alpha=0.14, linewidth=0)
    ax.annotate(
        "",
        (end, error),
        (one.n_real, error),
        arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkB": 0},
    )
    if left < end < right:
        bottom, top = ax.get_ylim()
        ax.plot([end, end], [bottom, error], color=colour, linestyle=":", linewidth=1.2)
        ax.set_ylim(bottom, top)
