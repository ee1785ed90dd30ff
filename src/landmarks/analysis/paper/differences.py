"""Figure 4B and 4C for a paper: each strategy against real faces alone."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landmarks.analysis.comparisons import TOO_FEW_SEEDS, Comparison
from landmarks.analysis.error_curves import BAND
from landmarks.analysis.findings import Findings
from landmarks.analysis.paper.figure4 import N_REAL
from landmarks.analysis.paper.style import (
    INK,
    draw_band,
    draw_interval,
    draw_mean,
    draw_seeds,
    handle,
    legend_beside,
    seeds_of,
    sheet,
    size_axis,
    small_print,
)
from landmarks.analysis.sentences import missing_intervals
from landmarks.analysis.study import BASELINE, COMBINED
from landmarks.analysis.styles import style_of

DIFFERENCE = "lower error than real only, %"  # positive is better, as in every figure and table
ABOVE = "Above 0: lower error than real only with as many faces; below: higher."


def against_real_only(findings: Findings) -> Figure | None:
    """Figure 4B: each strategy against `real_only`; None if there is nothing to compare."""
    found = findings.comparisons
    if not found:
        return None
    judged = [one for one in found if one.lower is not None]
    sizes, names = _sizes(judged or found), _strategies(judged or found)
    figure = sheet("How much lower the error is than with real faces alone", 3.6)
    ax = figure.subplots()
    for place in range(0, len(sizes), 2):
        ax.axvspan(place - 0.5, place + 0.5, color="#F4F4F4", linewidth=0, zorder=0)
    ax.axhline(0, color="black", linewidth=0.9)
    step = 0.8 / max(4, len(names))
    for one in judged:
        shift = step * (names.index(one.strategy) - (len(names) - 1) / 2)
        if one.lower is not None:
            style = style_of(one.strategy)
            x = sizes.index(one.n_real) + shift
            draw_interval(ax, style, x, one.lower, marker=style.marker, markersize=6)
    if not judged:
        _write_too_few_seeds(ax)
    ax.set_xticks(range(len(sizes)), [f"{size:,}" for size in sizes])
    ax.set_xlim(-0.5, len(sizes) - 0.5)
    ax.grid(visible=False, axis="x")
    ax.set_xlabel(N_REAL)
    ax.set_ylabel(DIFFERENCE)
    legend_beside(ax, [handle(name, line=False) for name in names])
    small_print(
        figure,
        findings,
        f"{ABOVE} Bars: {BAND}, from differences within each seed.",
        _seeds_compared(findings, judged or found),
        missing_intervals(found),
    )
    return figure


def _sizes(found: Sequence[Comparison]) -> list[int]:
    return sorted({one.n_real for one in found})


def _strategies(found: Sequence[Comparison]) -> list[str]:
    return list(dict.fromkeys(one.strategy for one in found))


def _seeds_compared(findings: Findings, found: Sequence[Comparison]) -> str:
    """A sentence on the seeds of both sides."""
    curves = findings.curves["all"]
    return seeds_of(
        point
        for one in found
        for name in (BASELINE, one.strategy)
        for point in curves[name]
        if point.n_real == one.n_real
    )


def _write_too_few_seeds(ax: Axes) -> None:
    """The reason in place of the missing data."""
    ax.text(0.5, 0.6, TOO_FEW_SEEDS, transform=ax.transAxes, ha="center", fontsize=11, color=INK)
    ax.set_yticks([])


def narrowing_gap(findings: Findings) -> Figure | None:
    """Figure 4C: how the gap to `real_only` changes; None if there is nothing to compare."""
    found = [one for one in findings.comparisons if one.strategy in COMBINED]
    if not found:
        return None
    judged = [one for one in found if one.lower is not None]
    paired = [one for one in found if _gaps(findings, one)]
    figure = sheet("How the gap to real faces alone changes with their number", 3.6)
    relative, absolute = figure.subplots(1, 2)
    names = _strategies(paired or found)
    for name in names:
        _relative_gap(relative, [one for one in judged if one.strategy == name])
        _gap_of_seeds(absolute, findings, [one for one in paired if one.strategy == name])
    if not judged:
        _write_too_few_seeds(relative)
    for ax, shown, label in (
        (relative, judged, DIFFERENCE),
        (absolute, paired, "lower error, points of NME"),
    ):
        ax.axhline(0, color="black", linewidth=0.9, zorder=1.5)
        size_axis(ax, _sizes(shown or found), N_REAL, room=0.12)
        ax.set_ylabel(label)
    legend_beside(absolute, [handle(name) for name in names])
    small_print(
        figure,
        findings,
        f"{ABOVE} Left, bands: {BAND}, from differences within each seed. Right, markers: "
        "arithmetic mean over seeds, open for one seed; dots: one seed each.",
        _seeds_compared(findings, paired or found),
        missing_intervals(found),
    )
    return figure


def _relative_gap(ax: Axes, found: Sequence[Comparison]) -> None:
    """The gap of one strategy with its interval, per cent."""
    parts = [(one.n_real, *one.lower.percent) for one in found if one.lower is not None]
    if not parts:
        return
    style = style_of(found[0].strategy)
    x, value, low, high = zip(*parts, strict=True)
    draw_band(ax, found[0].strategy, x, low, high)
    ax.plot(x, value, color=style.colour, linestyle=style.dashes[0], marker=style.marker)


def _gap_of_seeds(ax: Axes, findings: Findings, found: Sequence[Comparison]) -> None:
    """The gap of one strategy in each seed that both were run with, points of NME."""
    if not found:
        return
    strategy = found[0].strategy
    style = style_of(strategy)
    gaps = {one.n_real: _gaps(findings, one) for one in found}
    means = [sum(own) / len(own) for own in gaps.values()]
    ax.plot(list(gaps), means, color=style.colour, linestyle=style.dashes[0])
    for (n, own), mean in zip(gaps.items(), means, strict=True):
        draw_seeds(ax, strategy, n, own)
        draw_mean(ax, strategy, n, mean, len(own))


def _gaps(findings: Findings, one: Comparison) -> list[float]:
    """Error of `real_only` minus that of a strategy, points of NME, in each seed of both."""
    curves = findings.curves["all"]
    alone, own = (
        next(point.runs for point in curves[name] if point.n_real == one.n_real)
        for name in (BASELINE, one.strategy)
    )
    return [100 * (alone[seed] - own[seed]) for seed in alone if seed in own]
