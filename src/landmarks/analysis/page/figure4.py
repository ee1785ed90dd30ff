"""Figure 4 of the page, for the whole face or a region, with the headline's exchange rate."""

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from landmarks.analysis.error_curves import CurvePoint
from landmarks.analysis.exchange import Exchange
from landmarks.analysis.findings import Findings
from landmarks.analysis.page.drawing import (
    LOG,
    SEED_OPACITY,
    band,
    empty_figure,
    error_title,
    line,
    percent,
    scatter,
    size_axis,
)
from landmarks.analysis.sentences import level_of
from landmarks.analysis.styles import Style, region_label, style_of


def figure4(findings: Findings, region: str, axis: str = "n_real") -> go.Figure:
    """Error of each strategy over the number of real faces, with bands, seeds and the headline.

    The traces of a strategy share a legend entry; their `meta` is "band", "mean", "seeds" or
    "exchange". The exchange rate was measured on the whole face and is empty elsewhere.

    Args:
        findings: Of a study.
        region: "all" for the whole face.
        axis: The horizontal axis, one of `AXES`.
    """
    figure = empty_figure(xaxis=size_axis(findings, axis))
    figure.update_yaxes(title_text=error_title(findings), **LOG)
    ends = (10 ** np.array(figure.layout.xaxis.range)).tolist()
    for strategy, points in findings.curves[region].items():
        figure.add_traces(_curve(style_of(strategy), region, points, axis, ends))
    one = findings.headline
    if one is not None and one.is_known:
        figure.add_traces(_exchange(findings, one, axis))
        _write_exchange(figure, one)
        if region != "all":
            figure.update_traces(y=[], selector={"meta": "exchange"})
    return figure


def region_figure(findings: Findings, region: str, axis: str) -> go.Figure:
    """The means of a region in a small figure; all regions have one scale."""
    figure = figure4(findings, region, axis)
    figure.data = [trace for trace in figure.data if trace.meta == "mean"]
    figure.update_traces(line_width=1.6, marker_size=6)
    figure.update_layout(
        annotations=(),
        shapes=(),
        showlegend=False,
        font_size=12,
        margin={"l": 30, "r": 10, "t": 6, "b": 30},
    )
    points = [p for curves in findings.curves.values() for curve in curves.values() for p in curve]
    errors = [100 * point.mean.value for point in points]
    figure.update_xaxes(title_text="")
    ends = np.log10([0.94 * min(errors), 1.06 * max(errors)])
    figure.update_yaxes(title_text="", range=ends.tolist())
    return figure


def _curve(
    style: Style, region: str, points: Sequence[CurvePoint], axis: str, ends: Sequence[float]
) -> list[go.Scatter]:
    """Band, mean and seeds of a strategy; a level across the plot if it used no real face."""
    middle = float(np.sqrt(ends[0] * ends[1]))
    places: Sequence[float] = [getattr(point, axis) or middle for point in points]
    runs = [
        (place, seed, percent(error))
        for place, point in zip(places, points, strict=True)
        if len(point.runs) > 1  # one seed alone is the mean
        for seed, error in point.runs.items()
    ]
    seeds = scatter(
        style,
        meta="seeds",
        x=[place for place, _, _ in runs],
        y=[error for _, _, error in runs],
        hovertext=[f"{escape(style.label)}, seed {s}: {error:.2f} %" for _, s, error in runs],
        mode="markers",
        opacity=SEED_OPACITY,
        # To the left of the markers, which would hide them.
        marker={"symbol": "circle", "color": style.colour, "size": 5, "angle": 90, "standoff": 9},
    )
    is_level = not any(getattr(point, axis) for point in points)
    if is_level:
        points, places = [points[0]] * 3, [ends[0], middle, ends[1]]
    means = [point.mean for point in points]
    mean = line(style, places, means)
    mean.mode = "lines" if is_level else "lines+markers"
    mean.hovertext = [_point_text(style, region, point) for point in points]
    return [band(style, places, means), mean, seeds]


def _point_text(style: Style, region: str, point: CurvePoint) -> str:
    faces = f", n_real {point.n_real:,}" if point.n_real else ""
    return (
        f"<b>{escape(style.label)}</b>{faces}<br>{escape(region_label(region))}: "
        f"{point.mean.text(2)} %<br>real labels: {point.labels:,}; "
        f"seeds: {', '.join(map(str, point.runs))}"
    )


def _exchange(findings: Findings, one: Exchange, axis: str) -> list[go.Scatter]:
    """From the headline's strategy along its error to the curve of real only, with the interval.

    Both end at the smallest and largest size where the sweep does not reach.
    """
    own = next(p for p in findings.curves["all"][one.strategy] if p.n_real == one.n_real)
    value, low, high = np.clip([one.value, one.low, one.high], one.smallest, one.largest).tolist()
    style = style_of(one.strategy)
    common = {
        "meta": "exchange",
        "mode": "lines+markers",
        "y": [percent(own.mean.value)] * 2,
        "hovertext": f"{one.n_real:,} real faces with {escape(style.label)}: N_eff {one.text()}",
    }
    ends = [
        "triangle-left" if one.low == 0 else "line-ns-open",
        "triangle-right" if one.high == np.inf else "line-ns-open",
    ]
    return [
        scatter(
            style,
            **common,
            x=[low, high],
            line={"color": style.colour, "width": 10},
            marker={"color": style.colour, "symbol": ends, "size": 11, "line": {"width": 1.5}},
            opacity=0.4,
        ),
        scatter(
            style,
            **common,
            x=[getattr(own, axis), value],
            line={"color": style.colour, "width": 1.8, "dash": "4px,3px"},
            marker={"color": style.colour, "symbol": "circle-open", "size": 11},
        ),
    ]


def _write_exchange(figure: go.Figure, one: Exchange) -> None:
    """Write the exchange rate above the plot, with a line down to the axis."""
    value = float(np.clip(one.value, one.smallest, one.largest))
    first, last = figure.layout.xaxis.range
    place = (np.log10(value) - first) / (last - first)
    line = {"color": style_of(one.strategy).colour, "width": 1.2, "dash": "2px,3px"}
    figure.add_vline(x=value, layer="below", line=line)
    figure.add_annotation(
        x=np.log10(value),
        xanchor="left" if place < 0.2 else "right" if place > 0.6 else "center",  # fits a phone
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        text=f"<b>{one.n_real:,} are worth {escape(one.text())}</b><br>{level_of(one)}",
    )
    figure.update_layout(margin_t=48)
