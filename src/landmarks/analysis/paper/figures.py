"""The figures of a report as PNG and SVG files; a figure without data is left out.

They display `Findings` and estimate nothing themselves. The same findings give the same bytes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landmarks.analysis.error_curves import BAND, CurvePoint, marker_notes
from landmarks.analysis.findings import Findings
from landmarks.analysis.paper.attribution import convention_and_appearance
from landmarks.analysis.paper.differences import against_real_only, narrowing_gap
from landmarks.analysis.paper.figure4 import (
    N_REAL,
    error_over_faces,
    error_over_labels,
    exchange_rate,
    strategy_handles,
)
from landmarks.analysis.paper.style import (
    draw_curve,
    draw_interval,
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
from landmarks.analysis.styles import FORM_STYLES, region_label, style_of

CED_LIMIT = 15  # per cent
FAILURE = 8  # per cent; the limit of FR@8


def cumulative_error(findings: Findings) -> Figure | None:
    """Share of the test faces up to each error, at one size; None if nothing was run there."""
    if not findings.cumulative:
        return None
    n_real = findings.cumulative_size
    figure = sheet(f"Cumulative error with {n_real:,} real faces", 3.6)
    ax = figure.subplots()
    for place, (strategy, errors) in enumerate(findings.cumulative.items()):
        style = style_of(strategy)
        ax.plot(
            100 * errors,
            np.linspace(0, 100, len(errors)),
            color=style.colour,
            linestyle=style.dashes[0],
            marker=style.marker,
            markevery=(6 + 4 * place, 30),
        )
    ax.axvline(FAILURE, color="black", linewidth=0.8, linestyle=(0, (1, 2)))
    ax.annotate(f"{FAILURE} %", (FAILURE, 2), (3, 0), textcoords="offset points")
    ax.set_xlim(0, CED_LIMIT)
    ax.set_ylim(0, 100)
    ax.set_xlabel(findings.error_title)
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
        f"n_real {n_real:,}, and 0 for synthetic only. Test faces of all seeds; errors above "
        f"{CED_LIMIT} % are not shown. Dotted line: the limit of FR@{FAILURE}.",
        seeds_of(points),
    )
    return figure


def error_by_region(findings: Findings) -> Figure | None:
    """Error over n_real in each region; None if nothing trained on real faces."""
    regions = [name for name in findings.curves if name != "all"]
    sizes = sorted({point.n_real for point in findings.points} - {0})
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
        f"NME, in per cent of the {findings.unit}, in every region. Bands: {BAND}.",
        marker_notes((point for point in findings.points if point.n_real), dots=False),
        seeds_of(findings.points),
    )
    return figure


def forms_of_the_curve(findings: Findings) -> Figure | None:
    """`real_only` with every fitted form; None with too few sizes to fit any."""
    if not findings.forms:
        return None
    sizes = findings.forms[0].sizes
    points = _points_of_the_curve(findings)
    figure = sheet("Forms of the learning curve of real only", 3.6)
    ax = figure.subplots()
    n = np.geomspace(sizes[0], sizes[-1], 200)
    lines = []
    for fit, (colour, dash) in zip(findings.forms, FORM_STYLES, strict=False):
        label = f"{fit.form.name}\n{fit.formula}; residual {100 * fit.residual:.1f} %"
        lines += ax.plot(n, 100 * fit(n), color=colour, linestyle=dash, label=label)
    for point in points:
        draw_interval(ax, style_of(BASELINE), point.n_real, point.mean)
        draw_mean(ax, BASELINE, point.n_real, 100 * point.mean.value, point.mean.seeds)
    size_axis(ax, [point.n_real for point in points], N_REAL)
    ax.set_ylabel(findings.error_title)
    legend_beside(ax, [*lines, handle(BASELINE, line=False)])
    small_print(
        figure,
        findings,
        f"Bars: {BAND}. Each form is fitted to n_real {', '.join(f'{size:,}' for size in sizes)} "
        "and not extrapolated. Residual: root mean square of the relative errors of the fit.",
        marker_notes(points, dots=False),
        seeds_of(points),
    )
    return figure


def _points_of_the_curve(findings: Findings) -> list[CurvePoint]:
    """`real_only`, with the seeds that N_eff is derived from where it uses them."""
    used = {point.n_real: point for point in findings.headline_curves.get(BASELINE, ())}
    return [used.get(point.n_real, point) for point in findings.curves["all"][BASELINE]]


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
    """Write every figure that has data, each as PNG and SVG.

    Args:
        findings: Of a study.
        folder: Created if necessary.

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
