"""The figure of label adaptation: where it moves landmarks, and how much of the gap that closes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from landmarks.analysis.attribution import ADAPTED, UNADAPTED, Attribution
from landmarks.analysis.comparisons import LEVEL
from landmarks.analysis.error_curves import BAND, CurvePoint
from landmarks.analysis.findings import Findings
from landmarks.analysis.paper.style import seeds_of, sheet, small_print
from landmarks.analysis.study import BASELINE
from landmarks.analysis.styles import region_label, style_of

BAR = 0.05  # length of the scale bar, inter-ocular distances
FACE = "#BBBBBB"
USUAL = ("jaw", "inner51")  # regions that are compared, if the scheme has them; else all
HATCHES = {UNADAPTED: "", ADAPTED: "////", BASELINE: ""}


def convention_and_appearance(findings: Findings) -> Figure | None:
    """Where the adapter moves landmarks, and how much of the gap that closes; None if unknown."""
    found = findings.attribution
    if found is None:
        return None
    points = [_point(findings, name, found.n_real, "all") for name in HATCHES]
    alone = "; with one seed over photos only" * any(point.mean.seeds < 2 for point in points)
    figure = sheet(
        "Labelling convention: where adaptation moves landmarks, and what it explains at most", 3.9
    )
    face, bars = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _draw_moves(face, found)
    _draw_errors(bars, findings, found)
    times = found.magnification
    scale = "at their true length" if times == 1 else f"drawn {times} times as long as they are"
    small_print(
        figure,
        findings,
        f"Left: mean of the test faces; arrows: mean displacement by the adapter, {scale}; the bar "
        f"is {100 * BAR:.0f} % of the inter-ocular distance at their scale. Right, bars: {BAND}"
        f"{alone}. Adapter and real only: {found.n_real:,} real faces.",
        _shares(found),
        seeds_of(points),
    )
    return figure


def _shares(found: Attribution) -> str:
    """A sentence on how much of the gap the labelling convention explains at most."""
    shares = [
        f"{region_label(region)} {part.share.text(0).replace(' ', ' % ', 1)}"
        for region in ("all", *_compared(found))
        for part in found.parts
        if part.region == region and part.share is not None
    ]
    if not shares:
        return ""
    return (
        f"Adaptation closes this share of the gap between synthetic and real only: "
        f"{', '.join(shares)} [{100 * LEVEL:.0f} %]. It is an upper bound for the labelling "
        "convention, because an adapter also corrects errors that the network makes everywhere."
    )


def _compared(found: Attribution) -> tuple[str, ...]:
    """The regions whose errors are drawn."""
    regions = tuple(part.region for part in found.parts if part.region != "all")
    return USUAL if set(USUAL) <= set(regions) else regions


def _point(findings: Findings, strategy: str, n_real: int, region: str) -> CurvePoint:
    """A strategy at a size; `synthetic_only` has size 0 only."""
    return next(point for point in findings.curves[region][strategy] if point.n_real in (0, n_real))


def _draw_moves(ax: Axes, found: Attribution) -> None:
    """The mean face with its arrows."""
    face, times = found.mean_face, found.magnification
    moves = times * found.moved
    for along in found.scheme.lines.values():
        ax.plot(*face[list(along)].T, color=FACE, linewidth=1)
    ax.scatter(face[:, 0], face[:, 1], s=4, color="#767676", linewidths=0, zorder=2)
    ax.quiver(
        *face.T,
        *moves.T,
        angles="xy",
        scale_units="xy",
        scale=1,
        color=style_of(ADAPTED).colour,
        width=0.006,
        headwidth=4,
        headlength=4,
        headaxislength=3.6,
        minlength=0,
        zorder=3,
    )
    ax.update_datalim(face + moves)  # a quiver sets limits by its tails only
    x, y = face[:, 0].min(), face[:, 1].max()
    ax.plot([x, x + times * BAR], [y, y], color="black", linewidth=1.5, solid_capstyle="butt")
    ax.annotate(f"{100 * BAR:.0f} %", (x, y), (0, 4), textcoords="offset points")
    ax.set_aspect("equal")
    ax.invert_yaxis()
    ax.margins(0.06)
    ax.set_axis_off()


def _draw_errors(ax: Axes, findings: Findings, found: Attribution) -> None:
    """Errors with their intervals before and after adaptation, and of `real_only`."""
    regions = _compared(found)
    for place, (strategy, hatch) in enumerate(HATCHES.items()):
        style = style_of(strategy)
        means = [_point(findings, strategy, found.n_real, region).mean for region in regions]
        value, low, high = np.transpose([mean.percent for mean in means])
        x = np.arange(len(regions)) + 0.27 * (place - 1)
        bars = ax.bar(x, value, 0.24, label=style.label, color=style.colour, edgecolor="white")
        for bar in bars:
            bar.set(hatch=hatch, linewidth=0)
        halo = withStroke(linewidth=3, foreground="white")
        ax.vlines(x, low, high, color="black", linewidth=1.2, path_effects=[halo])
        for at, top, error in zip(x, high, value, strict=True):
            ax.annotate(f"{error:.1f}", (at, top), (0, 3), textcoords="offset points", ha="center")
    ax.margins(y=0.08)
    ax.set_xticks(range(len(regions)), [region_label(region) for region in regions])
    ax.grid(visible=False, axis="x")
    ax.set_ylabel(findings.error_title)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(HATCHES),
        handlelength=1.4,
        columnspacing=1.2,
        borderaxespad=0.2,
    )
