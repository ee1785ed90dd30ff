"""Figures: findings as files for a paper, PNG and SVG; whatever there is nothing to say of is left.

They show what `Findings` holds and estimate nothing themselves. The same findings give the same
bytes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landmarks.analysis.captions import BAND, one_seed
from landmarks.analysis.findings import CurvePoint, Findings
from landmarks.analysis.paper.convention import convention_and_appearance
from landmarks.analysis.paper.figure4 import (
    N_REAL,
    NME,
    error_over_faces,
    error_over_labels,
    exchange_rate,
    strategy_handles,
)
from landmarks.analysis.paper.gaps import against_real_only, narrowing_gap
from landmarks.analysis.paper.style import (
    draw_curve,
    draw_mean,
    handle,
    legend_beside,
    paper_style,
    save,
    seeds_of,
    sheet,
    size_axis,
    small_print,
)
from landmarks.analysis.study import BASELINE
from landmarks.analysis.styles import FORM_LOOKS, look, region_label

CED_LIMIT = 15  # per cent
FAILURE = 8  # per cent; the limit of FR@8


def cumulative_error(findings: Findings) -> Figure | None:
    """Share of faces up to each error, at one size; None if nothing was run there."""
    if not findings.cumulative:
        return None
    n_real = findings.cumulative_size
    figure = sheet(f"Cumulative error with {n_real:,} real faces", 3.6)
    ax = figure.subplots()
    for place, (strategy, errors) in enumerate(findings.cumulative.items()):
        its = look(strategy)
        ax.plot(
            100 * errors,
            np.linspace(0, 100, len(errors)),
            color=its.colour,
            linestyle=its.dash,
            marker=its.marker,
            markevery=(6 + 4 * place, 30),
        )
    ax.axvline(FAILURE, color="black", linewidth=0.8, linestyle=(0, (1, 2)))
    ax.annotate(f"{FAILURE} %", (FAILURE, 2), (3, 0), textcoords="offset points")
    ax.set_xlim(0, CED_LIMIT)
    ax.set_ylim(0, 100)
    ax.set_xlabel(NME)
    ax.set_ylabel("test faces up to this error, %")
    order = sorted(findings.cumulative, key=lambda name: np.median(findings.cumulative[name]))
    legend_beside(ax, [handle(name) for name in order])
    points = [
        point
        for name in findings.cumulative
        for point in findings.curves["all"][name]
        if point.n_real in (0, n_real)
    ]
    small_print(
        figure,
        findings,
        f"n_real {n_real:,}; synthetic only has none. All test faces of all seeds together; those "
        f"beyond {CED_LIMIT} % are not shown. Dotted line: the limit of FR@{FAILURE}.",
        seeds_of(points),
    )
    return figure


def error_by_region(findings: Findings) -> Figure | None:
    """Error over n_real in each region; None if nothing trained on real faces."""
    regions = [name for name in findings.curves if name != "all"]
    points = [point for curve in findings.curves["all"].values() for point in curve]
    sizes = sorted({point.n_real for point in points} - {0})
    if not sizes or not regions:
        return None
    rows = -(-len(regions) // 3)
    figure = sheet("Error of each strategy in each region of the face", 0.9 + 2.1 * rows)
    axes = figure.subplots(rows, 3, sharex=True, sharey=True, squeeze=False)
    for ax, region in zip(axes.ravel(), regions, strict=False):
        for strategy, curve in findings.curves[region].items():
            draw_curve(ax, strategy, curve)
        size_axis(ax, sizes, "", room=0.24)
        ax.set_title(region_label(region))
    for ax in axes.ravel()[len(regions) :]:
        ax.set_axis_off()
    for ax in axes[-1]:
        ax.set_xlabel(N_REAL)
    for ax in axes[:, 0]:
        ax.set_ylabel("NME, %")
    legend_beside(axes[0, -1], strategy_handles(findings))
    small_print(
        figure,
        findings,
        f"Errors are over the inter-ocular distance in every region; {region_label('inner51')} is "
        f"all but the jaw. Bands: {BAND}.",
        one_seed(point for point in points if point.n_real),
        seeds_of(points),
    )
    return figure


def forms_of_the_curve(findings: Findings) -> Figure | None:
    """Real only with every fitted form; None where too few sizes were run to fit any."""
    if not findings.forms:
        return None
    sizes = findings.forms[0].sizes
    points = _points_of_the_curve(findings)
    figure = sheet("Forms of the learning curve of real only", 3.6)
    ax = figure.subplots()
    n = np.geomspace(sizes[0], sizes[-1], 200)
    lines = []
    for fit, (colour, dash) in zip(findings.forms, FORM_LOOKS, strict=False):
        label = f"{fit.name}\n{fit.formula}; residual {100 * fit.residual:.1f} %"
        lines += ax.plot(n, 100 * fit(n), color=colour, linestyle=dash, label=label)
    its = look(BASELINE)
    for point in points:
        mean = point.mean
        value, low, high = (100 * part for part in (mean.value, mean.low, mean.high))
        ends = [[value - low], [high - value]]
        ax.errorbar(point.n_real, value, ends, color=its.colour, elinewidth=1, capsize=2)
        draw_mean(ax, BASELINE, point.n_real, value, mean.seeds)
    size_axis(ax, [point.n_real for point in points], N_REAL)
    ax.set_ylabel(NME)
    legend_beside(ax, [*lines, handle(BASELINE, line=False)])
    small_print(
        figure,
        findings,
        f"Bars: {BAND}. Each form is fitted to n_real {', '.join(f'{size:,}' for size in sizes)} "
        "and drawn no further. Residual: root mean square of the relative errors it leaves.",
        one_seed(points),
        seeds_of(points),
    )
    return figure


def _points_of_the_curve(findings: Findings) -> list[CurvePoint]:
    """Real only as N_eff is read from it, and what was run beside that."""
    read = {point.n_real: point for point in findings.headline_curves.get(BASELINE, ())}
    return [read.get(point.n_real, point) for point in findings.curves["all"][BASELINE]]


FIGURES: Mapping[str, Callable[[Findings], Figure | None]] = {
    "figure4": error_over_faces,
    "figure4_labels": error_over_labels,
    "figure4a": exchange_rate,
    "figure4b": against_real_only,
    "figure4c": narrowing_gap,
    "ced": cumulative_error,
    "regions": error_by_region,
    "attribution": convention_and_appearance,
    "curves": forms_of_the_curve,
}


def write_figures(findings: Findings, folder: Path) -> tuple[Path, ...]:
    """Write every figure that the findings have something for, each as PNG and SVG.

    Args:
        findings: What to show.
        folder: Where to; made if need be.

    Returns:
        The files, in the order of `FIGURES`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with paper_style():
        drawn = ((name, draw(findings)) for name, draw in FIGURES.items())
        return tuple(
            path
            for name, figure in drawn
            if figure is not None
            for path in save(figure, folder, name)
        )
