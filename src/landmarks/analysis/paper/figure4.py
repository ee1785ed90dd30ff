"""Figure 4 for a paper: the error curves, and the exchange rate derived from them."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from landmarks.analysis.error_curves import BAND, CurvePoint, marker_notes
from landmarks.analysis.exchange import Exchange, interpolation
from landmarks.analysis.findings import Findings
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
from landmarks.analysis.sentences import level_of
from landmarks.analysis.study import BASELINE
from landmarks.analysis.styles import style_of

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
    if all(point.labels == point.n_real for point in findings.points):
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
    points = [point for point in findings.points if at(point)]
    if not points:
        return None
    figure = sheet(title, 4.2)
    ax = figure.subplots()
    for strategy, curve in findings.curves["all"].items():
        draw_curve(ax, strategy, curve, at)
        for point in curve:
            if at(point):
                draw_seeds(ax, strategy, at(point), [100 * e for e in point.runs.values()])
    size_axis(ax, sorted(set(map(at, points))), label)
    ax.set_ylabel(findings.error_title)
    legend_beside(ax, strategy_handles(findings))
    notes = f"Bands: {BAND}.", marker_notes(points), seeds_of(findings.points)
    small_print(figure, findings, *notes)
    return figure


def strategy_handles(findings: Findings) -> list[Line2D]:
    """Legend entries, in the order of the last errors of the curves."""
    curves = findings.curves["all"]
    order = sorted(curves, key=lambda name: -curves[name][-1].mean.value)
    return [handle(name, marker=curves[name][-1].n_real > 0) for name in order]


def exchange_rate(findings: Findings) -> Figure | None:
    """Figure 4A: how many real faces alone have the headline's error; None without a headline."""
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
    title = one.text()
    shaded = ""
    if one.is_known:
        _draw_exchange(ax, one, 100 * own.mean.value)
        title = f"{one.n_real:,} \N{RIGHTWARDS ARROW} {title}, {level_of(one)}"
        shaded = (
            f"Shaded: {level_of(one)} of the size at which real only has that error, from "
            f"{len(one.design.seeds)} seeds, compared within each seed"
            f"{'; ' * one.is_sparse}{one.caveat}."
        )
    ax.set_title(title, fontsize=11, fontweight="bold")
    ax.set_ylabel(findings.error_title)
    legend_beside(ax, [handle(BASELINE), handle(one.strategy)])
    small_print(
        figure,
        findings,
        f"Bands: {BAND}. Real only at the sizes that N_eff is derived from.",
        shaded,
        marker_notes(points, dots=False),
        seeds_of(points),
    )
    return figure


def _draw_interpolated(ax: Axes, points: Sequence[CurvePoint]) -> None:
    """`real_only` with the interpolation that N_eff is derived from."""
    style = style_of(BASELINE)
    sizes = [point.n_real for point in points]
    n = np.geomspace(sizes[0], sizes[-1], 200)
    logs = np.log([point.mean.percent for point in points])  # (M, 3)
    value, low, high = np.exp(interpolation(sizes, n) @ logs).T
    draw_band(ax, BASELINE, n, low, high)
    ax.plot(n, value, color=style.colour, linestyle=style.dashes[0])
    for point in points:
        draw_mean(ax, BASELINE, point.n_real, 100 * point.mean.value, point.mean.seeds)


def _draw_exchange(ax: Axes, one: Exchange, error: float) -> None:
    """An arrow from the strategy's error to the curve of `real_only`, and a line to the axis.

    Args:
        ax: With its limits in x already set.
        one: N_eff; drawn at the edge of the axis if it is outside the sizes.
        error: Of the strategy, per cent.
    """
    left, right = ax.get_xlim()
    end, low, high = np.clip([one.value, one.low, one.high], left, right)
    colour = style_of(one.strategy).colour
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
        zorder=4,  # above the markers, which would hide a short arrow
    )
    if left < end < right:
        bottom, top = ax.get_ylim()
        ax.plot([end, end], [bottom, error], color=colour, linestyle=":", linewidth=1.2)
        ax.set_ylim(bottom, top)
