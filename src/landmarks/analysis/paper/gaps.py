"""Gaps: the second and the third insight, each strategy against real faces alone."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landmarks.analysis.captions import BAND, no_interval
from landmarks.analysis.findings import Findings
from landmarks.analysis.insights import COMBINED, NO_TELLING, Comparison
from landmarks.analysis.paper.figure4 import N_REAL
from landmarks.analysis.paper.style import (
    INK,
    draw_band,
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

DIFFERENCE = "lower error than real only, %"  # above 0: better, in every figure and table
ABOVE = "Above 0: lower error than real only with as many faces; below: higher."


def against_real_only(findings: Findings) -> Figure | None:
    """Insight 4B: each strategy against real faces alone; None if none was run beside them."""
    found = findings.comparisons
    if not found:
        return None
    judged = [one for one in found if one.lower is not None]
    sizes = _sizes(judged or found)
    names = _strategies(judged or found)
    figure = sheet("How much lower the error is than with real faces alone", 3.6)
    ax = figure.subplots()
    for place in range(0, len(sizes), 2):
        ax.axvspan(place - 0.5, place + 0.5, color="#F4F4F4", linewidth=0, zorder=0)
    ax.axhline(0, color="black", linewidth=0.9)
    step = 0.8 / max(4, len(names))
    for one in judged:
        if one.lower is None:
            continue
        its = look(one.strategy)
        shift = step * (names.index(one.strategy) - (len(names) - 1) / 2)
        value, low, high = (100 * part for part in (one.lower.value, one.lower.low, one.lower.high))
        ax.errorbar(
            sizes.index(one.n_real) + shift,
            value,
            [[value - low], [high - value]],
            color=its.colour,
            marker=its.marker,
            elinewidth=1.2,
            markersize=6,
            capsize=2,
        )
    if not judged:
        say_no_telling(ax)
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
        no_interval(found),
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


def say_no_telling(ax: Axes) -> None:
    """The sentence in place of what cannot be known."""
    ax.text(0.5, 0.6, NO_TELLING, transform=ax.transAxes, ha="center", fontsize=11, color=INK)
    ax.set_yticks([])


def narrowing_gap(findings: Findings) -> Figure | None:
    """Insight 4C: how the gap to real faces alone changes; None if nothing was run beside them."""
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
        say_no_telling(relative)
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
        "arithmetic mean over seeds, open where it is one; dots: one seed each.",
        _seeds_compared(findings, paired or found),
        no_interval(found),
    )
    return figure


def _relative_gap(ax: Axes, found: Sequence[Comparison]) -> None:
    """One strategy's gap with its interval, per cent."""
    parts = [(one.n_real, one.lower) for one in found if one.lower is not None]
    if not parts:
        return
    its = look(found[0].strategy)
    x = [n for n, _ in parts]
    value, low, high = (
        [100 * getattr(lower, part) for _, lower in parts] for part in ("value", "low", "high")
    )
    draw_band(ax, found[0].strategy, x, low, high)
    ax.plot(x, value, color=its.colour, linestyle=its.dash, marker=its.marker)


def _gap_of_seeds(ax: Axes, findings: Findings, found: Sequence[Comparison]) -> None:
    """One strategy's gap of each seed that both were run with, points of NME."""
    if not found:
        return
    strategy = found[0].strategy
    its = look(strategy)
    gaps = {one.n_real: _gaps(findings, one) for one in found}
    means = [sum(own) / len(own) for own in gaps.values()]
    ax.plot(list(gaps), means, color=its.colour, linestyle=its.dash)
    for (n, own), mean in zip(gaps.items(), means, strict=True):
        draw_seeds(ax, strategy, n, own)
        draw_mean(ax, strategy, n, mean, len(own))


def _gaps(findings: Findings, one: Comparison) -> list[float]:
    """Error of real faces alone minus that of a strategy, points of NME, for each seed of both."""
    curves = findings.curves["all"]
    alone, own = (
        next(point.runs for point in curves[name] if point.n_real == one.n_real)
        for name in (BASELINE, one.strategy)
    )
    return [100 * (alone[seed] - own[seed]) for seed in alone if seed in own]
