"""Figure 4 of the page, by region, with the headline's exchange rate and the menus above it."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from landmarks.analysis.error_curves import CurvePoint
from landmarks.analysis.exchange import Exchange
from landmarks.analysis.findings import Findings
from landmarks.analysis.page.drawing import (
    AXES,
    LOG,
    SEED_OPACITY,
    At,
    at_n_real,
    band,
    empty_figure,
    error_title,
    line,
    percent,
    scatter,
    size_axis,
)
from landmarks.analysis.page.figures import difference_figure, gap_figure
from landmarks.analysis.sentences import level_of
from landmarks.analysis.study import BASELINE
from landmarks.analysis.styles import Style, region_label, style_of

# What a menu's option changes: by plot, the arguments of Plotly.update for traces and for layout.
Changes = dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]


def figures_over_sizes(findings: Findings, at: At = at_n_real) -> dict[str, go.Figure]:
    """Figure 4, its differences and its regions, by the id of their element."""
    figures = {
        "figure4": figure4(findings, "all", at),
        "figure4b": difference_figure(findings, at),
        "figure4c": gap_figure(findings, at),
        **{
            f"region-{i}": _small_figure(findings, region, at)
            for i, region in enumerate(findings.curves)
            if region != "all"
        },
    }
    return {name: figure for name, figure in figures.items() if figure.data}


def figure4(findings: Findings, region: str, at: At = at_n_real) -> go.Figure:
    """Error of each strategy over the number of real faces, with bands, seeds and the headline.

    The traces of a strategy share a legend entry; their `meta` is "band", "mean" or "seeds". The
    exchange rate was measured on the whole face and is empty elsewhere.
    """
    figure = empty_figure(xaxis=size_axis(findings, at))
    figure.update_yaxes(title_text=error_title(findings), **LOG)
    ends = 10 ** np.array(figure.layout.xaxis.range)
    for strategy, points in findings.curves[region].items():
        figure.add_traces(_curve(style_of(strategy), region, points, at, ends.tolist()))
    one = findings.headline
    if one is not None and one.is_known:
        figure.add_traces(_exchange(findings, one, at))
        _write_exchange(figure, one)
        if region != "all":
            figure.update_traces(y=[], selector={"meta": "exchange"})
    return figure


def _small_figure(findings: Findings, region: str, at: At) -> go.Figure:
    """The means of a region."""
    figure = figure4(findings, region, at)
    figure.data = [trace for trace in figure.data if trace.meta == "mean"]
    figure.update_traces(line_width=1.6, marker_size=6)
    figure.update_xaxes(title_text="")
    figure.update_yaxes(title_text="", range=_shared_range(findings).tolist())
    figure.layout.annotations = figure.layout.shapes = ()
    figure.update_layout(showlegend=False, font_size=12, margin={"l": 30, "r": 10, "t": 6, "b": 30})
    return figure


def _shared_range(findings: Findings) -> NDArray[np.float64]:
    """One scale for all regions, in powers of ten."""
    errors = [
        100 * point.mean.value
        for curves in findings.curves.values()
        for points in curves.values()
        for point in points
    ]
    return np.log10([0.94 * min(errors), 1.06 * max(errors)])


def _curve(
    style: Style, region: str, points: Sequence[CurvePoint], at: At, ends: Sequence[float]
) -> list[go.Scatter]:
    """Band, mean and seeds of a strategy; a level across the plot if it used no real face."""
    middle = float(np.sqrt(ends[0] * ends[1]))
    places: Sequence[float] = [at(point) or middle for point in points]
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
    is_level = all(at(point) == 0 for point in points)
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


def _exchange(findings: Findings, one: Exchange, at: At) -> list[go.Scatter]:
    """From the headline's strategy along its error to the curve of real only, with the interval.

    Both end at the smallest and largest size where the sweep does not reach.
    """
    own = next(p for p in findings.curves["all"][one.strategy] if p.n_real == one.n_real)
    value, low, high = np.clip([one.value, one.low, one.high], one.smallest, one.largest).tolist()
    style = style_of(one.strategy)
    text = f"{one.n_real:,} real faces with {escape(style.label)}: N_eff {escape(one.text())}"
    common = {
        "meta": "exchange",
        "mode": "lines+markers",
        "y": [percent(own.mean.value)] * 2,
        "hovertext": text,
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
            x=[at(own), value],
            line={"color": style.colour, "width": 1.8, "dash": "4px,3px"},
            marker={"color": style.colour, "symbol": "circle-open", "size": 11},
        ),
    ]


def _write_exchange(figure: go.Figure, one: Exchange) -> None:
    """Write the exchange rate above the plot, with a line down to the axis."""
    style = style_of(one.strategy)
    value = float(np.clip(one.value, one.smallest, one.largest))
    first, last = figure.layout.xaxis.range
    place = (np.log10(value) - first) / (last - first)
    figure.add_vline(
        x=value, layer="below", line={"color": style.colour, "width": 1.2, "dash": "2px,3px"}
    )
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


def menus(findings: Findings) -> dict[str, dict[str, Changes]]:
    """The menus of Figure 4: by label, their options; the first option is the initial state.

    Plotly's own menus are drawn shapes: the keyboard and screen readers do not reach them, and they
    do not wrap on a narrow screen. These become `<select>` elements.
    """
    figure = figure4(findings, "all")
    linear = {"yaxis.type": "linear", "yaxis.rangemode": "tozero", "yaxis.tickmode": "auto"}
    logarithmic = {f"yaxis.{key}": value for key, value in LOG.items()}
    has_labels = any(point.labels != point.n_real for point in findings.points)
    return {
        "Strategies": _strategies(findings, figure),
        "Region": {region_label(name): _region(findings, name) for name in findings.curves},
        **({"Horizontal axis": _axes(findings)} if has_labels else {}),
        "Error axis": {
            "logarithmic": {"figure4": ({}, {**logarithmic, "yaxis.autorange": True})},
            "linear": {"figure4": ({}, {**linear, "yaxis.autorange": True})},
        },
        "Show": {
            "bands and seeds": _shown(figure, ("band", "seeds")),
            "bands": _shown(figure, ("band",)),
            "seeds": _shown(figure, ("seeds",)),
            "means only": _shown(figure, ()),
        },
    }


def _strategies(findings: Findings, figure: go.Figure) -> dict[str, Changes]:
    """All strategies, or one with real only; other choices are made in the legend."""
    labels = [style_of(name).label for name in findings.curves["all"] if name != BASELINE]
    baseline = style_of(BASELINE).label
    pairs = {f"{one} and {baseline}": [one, baseline] for one in labels}
    options: dict[str, Changes] = {}
    for title, chosen in {"all": [*labels, baseline], **pairs}.items():
        names = list(map(escape, chosen))
        visible = [trace.name in names or "legendonly" for trace in figure.data]
        options[title] = {"figure4": ({"visible": visible}, {})}
    return options


def _region(findings: Findings, region: str) -> Changes:
    """The errors of a region; the exchange rate is of the whole face only."""
    figure = figure4(findings, region)
    traces = {name: [trace[name] for trace in figure.data] for name in ("y", "hovertext")}
    marks = [f"{kind}[0].visible" for kind in ("annotations", "shapes") if figure.layout[kind]]
    return {"figure4": (traces, dict.fromkeys(marks, region == "all"))}


def _axes(findings: Findings) -> dict[str, Changes]:
    """The horizontal axes of all figures over sizes."""
    return {
        title: {
            name: (
                {"x": [trace.x for trace in figure.data]},
                {
                    f"xaxis.{key}": value
                    for key, value in figure.layout.xaxis.to_plotly_json().items()
                },
            )
            for name, figure in figures_over_sizes(findings, at).items()
        }
        for title, at in AXES.items()
    }


def _shown(figure: go.Figure, kinds: Sequence[str]) -> Changes:
    """Bands and seeds, shown or hidden. Their visibility is left to the legend."""
    hidden = [trace.meta in {"band", "seeds"} - set(kinds) for trace in figure.data]
    traces = {
        "opacity": [
            0 if hide else trace.opacity or 1
            for trace, hide in zip(figure.data, hidden, strict=True)
        ],
        "hoverinfo": [
            "skip" if hide else trace.hoverinfo
            for trace, hide in zip(figure.data, hidden, strict=True)
        ],
    }
    return {"figure4": (traces, {})}


def option_value(changes: Changes) -> str:
    """The value of an `<option>`."""
    return json.dumps(changes, separators=(",", ":"))
