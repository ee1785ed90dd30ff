"""Figure 4 of the article, as measured: the curves, and the exchange rate read from them."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from landmarks.analysis.captions import BAND, dots, level_of, one_seed
from landmarks.analysis.exchange import Exchange, interpolation
from landmarks.analysis.findings import CurvePoint, Findings
from landmarks.analysis.paper.style import (
    draw_band,
    draw_curve,
    draw_mean,
    draw_seeds,
    handle,
    legend_beside,
    seeds_of,
    sheet,
    size_axis,
    small_print,
)
from landmarks.analysis.study import BASELINE
from landmarks.analysis.styles import look

NME = "NME, % of inter-ocular distance"
N_REAL = "real faces, n_real"


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
        for point in curve:
            if at(point):
                draw_seeds(ax, strategy, at(point), [100 * e for e in point.runs.values()])
    size_axis(ax, sizes, label)
    ax.set_ylabel(NME)
    legend_beside(ax, strategy_handles(findings))
    small_print(
        figure,
        findings,
        f"Bands: {BAND}.",
        dots(point for point in points if at(point)),
        one_seed(point for point in points if at(point)),
        seeds_of(points),
    )
    return figure


def strategy_handles(findings: Findings) -> list[Line2D]:
    """Entries of a legend, in the order of the curves' last errors."""
    curves = findings.curves["all"]
    order = sorted(curves, key=lambda name: -curves[name][-1].mean.value)
    return [handle(name, marker=curves[name][-1].n_real > 0) for name in order]


def exchange_rate(findings: Findings) -> Figure | None:
    """Insight 4A: how many real faces alone have the headline's error; None without a headline."""
    one = findings.headline
    if one is None:
        return None
    figure = sheet(findings.answer, 3.8)
    ax = figure.subplots()
    curves = findings.headline_curves
    _draw_interpolated(ax, curves[BASELINE])
    draw_curve(ax, one.strategy, curves[one.strategy])
    points = [point for curve in curves.values() for point in curve]
    size_axis(ax, sorted({point.n_real for point in points}), N_REAL)
    own = next(point for point in curves[one.strategy] if point.n_real == one.n_real)
    if one.is_known:
        _draw_exchange(ax, one, 100 * own.mean.value)
    ax.set_ylabel(NME)
    told = f"{one.n_real:,} \N{RIGHTWARDS ARROW} {one.text()}, {level_of(one)}"
    ax.set_title(told if one.is_known else one.text(), fontsize=11, fontweight="bold")
    legend_beside(ax, [handle(BASELINE), handle(one.strategy)])
    small_print(
        figure,
        findings,
        f"Bands: {BAND}. Real only at the sizes that N_eff is read from.",
        f"Shaded: {level_of(one)} of the size at which real only has that error, "
        f"from {len(one.design.seeds)} seeds, each compared with itself"
        f"{'; ' * one.is_sparse}{one.caveat}."
        if one.is_known
        else "",
        one_seed(points),
        seeds_of(points),
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
        draw_mean(ax, BASELINE, point.n_real, 100 * point.mean.value, point.mean.seeds)


def _draw_exchange(ax: Axes, one: Exchange, error: float) -> None:
    """The way from the strategy's error to the curve of real only, and down to the axis.

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
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": 1.4,
            "shrinkA": 0,
            "shrinkB": 0,
            "path_effects": [withStroke(linewidth=3.2, foreground="white")],
        },
        zorder=4,  # above the markers, which would hide a short one
    )
    if left < end < right:
        bottom, top = ax.get_ylim()
        ax.plot([end, end], [bottom, error], color=colour, linestyle=":", linewidth=1.2)
        ax.set_ylim(bottom, top)
