"""The figures of the page below Figure 4: differences, cumulative errors and the mean face."""

from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from landmarks.analysis.attribution import ADAPTED, Attribution
from landmarks.analysis.comparisons import Comparison
from landmarks.analysis.findings import Findings
from landmarks.analysis.page.drawing import (
    DECIMALS,
    GREY,
    INK,
    band,
    empty_figure,
    error_title,
    line,
    percent,
    scatter,
    size_axis,
)
from landmarks.analysis.study import COMBINED
from landmarks.analysis.styles import Style, style_of

DIFFERENCE = "lower error than real only, %"
SHORT = 0.04  # inter-ocular distances; an arrow this short would be all head


def _place(findings: Findings, one: Comparison, axis: str) -> int:
    points = findings.curves["all"][one.strategy]
    return next(int(getattr(point, axis)) for point in points if point.n_real == one.n_real)


def difference_figure(findings: Findings, axis: str) -> go.Figure:
    """Figure 4B: how much lower each error is than that of real only, with intervals."""
    sizes = size_axis(findings, axis)
    figure = empty_figure(
        scattermode="group",
        scattergap=0.3,
        xaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [f"{size:,}" for size in sizes["tickvals"]],
            "title": sizes["title"],
            "showgrid": False,
        },
    )
    judged = [one for one in findings.comparisons if one.lower is not None]
    for strategy in dict.fromkeys(one.strategy for one in judged):
        own = [one for one in judged if one.strategy == strategy]
        style = style_of(strategy)
        value, low, high = np.array([one.lower.percent for one in own if one.lower]).T
        figure.add_trace(
            scatter(
                style,
                showlegend=True,
                offsetgroup=strategy,
                x=[f"{_place(findings, one, axis):,}" for one in own],
                y=value.round(DECIMALS).tolist(),
                hovertext=[_difference_text(style, one) for one in own],
                mode="markers",
                marker={"color": style.colour, "symbol": style.symbol, "size": 9},
                error_y={
                    "array": (high - value).round(DECIMALS).tolist(),
                    "arrayminus": (value - low).round(DECIMALS).tolist(),
                    "thickness": 1.6,
                    "width": 3,
                },
            )
        )
    figure.update_yaxes(title_text=DIFFERENCE)
    figure.add_hline(y=0, line={"color": INK, "width": 1})
    return figure


def gap_figure(findings: Findings, axis: str) -> go.Figure:
    """Figure 4C: how the gap to real only changes with the number of real faces."""
    figure = empty_figure(xaxis=size_axis(findings, axis))
    for strategy in dict.fromkeys(one.strategy for one in findings.comparisons):
        own = [o for o in findings.comparisons if o.strategy == strategy and o.lower is not None]
        if strategy in COMBINED and own:
            style, lower = style_of(strategy), [one.lower for one in own if one.lower]
            x = [_place(findings, one, axis) for one in own]
            means = line(style, x, lower)
            means.hovertext = [_difference_text(style, one) for one in own]
            figure.add_traces([band(style, x, lower), means])
    figure.update_yaxes(title_text=DIFFERENCE, rangemode="tozero")
    figure.add_hline(y=0, line={"color": INK, "width": 1})
    return figure


def _difference_text(style: Style, one: Comparison) -> str:
    difference = "" if one.lower is None else f"{one.lower.text(1)} %, {one.lower.seeds} seeds: "
    return f"<b>{escape(style.label)}</b>, n_real {one.n_real:,}<br>{difference}{one.verdict}"


def cumulative_figure(findings: Findings) -> go.Figure:
    """Share of the test faces up to each error."""
    figure = empty_figure()
    for strategy, errors in findings.cumulative.items():
        style = style_of(strategy)
        x = [percent(error) for error in errors]
        shares = np.linspace(0, 100, len(x)).round(2).tolist()
        figure.add_trace(
            scatter(
                style,
                showlegend=True,
                cliponaxis=True,
                x=x,
                y=shares,
                hovertext=[
                    f"<b>{escape(style.label)}</b><br>{share:g} % of faces: at most {error:.2f} %"
                    for share, error in zip(shares, x, strict=True)
                ],
                mode="lines+markers",
                line={"color": style.colour, "width": 2, "dash": style.dashes[1]},
                marker={
                    "color": style.colour,
                    "symbol": style.symbol,
                    "size": 9,
                    "maxdisplayed": 11,
                },
            )
        )
    # The last 5 % of the faces would take half of the width.
    last = max(percent(errors[int(0.95 * len(errors))]) for errors in findings.cumulative.values())
    figure.update_xaxes(title_text=error_title(findings), range=[0, last])
    figure.update_yaxes(title_text="test faces, %", range=[0, 100])
    return figure


def mean_face_figure(found: Attribution) -> go.Figure:
    """The mean face with the displacement of each landmark by label adaptation, magnified."""
    face, colour = found.mean_face, style_of(ADAPTED).colour
    moves = found.magnification * found.moved
    gap = np.full((1, 2), np.nan)  # ends a line
    outlines = np.concatenate(
        [part for along in found.scheme.lines.values() for part in (face[list(along)], gap)]
    )
    arrows = np.stack([face, face + moves, np.full_like(face, np.nan)], axis=1).reshape(-1, 2)
    heads = np.where(np.linalg.norm(moves, axis=-1) > SHORT, 12, 0).tolist()
    figure = empty_figure(
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis_visible=False,
        yaxis={"visible": False, "autorange": "reversed", "scaleanchor": "x"},
    )
    figure.add_scatter(**_xy(outlines), mode="lines", line={"color": GREY, "width": 1.5})
    figure.add_scatter(
        **_xy(arrows),
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={
            "color": colour,
            "symbol": ["circle", "arrow-wide", "circle"] * len(face),
            "size": [size for head in heads for size in (4, head, 0)],
            "angleref": "previous",
        },
    )
    return figure.update_traces(hoverinfo="skip")


def _xy(points: NDArray[np.float64]) -> dict[str, list[float | None]]:
    """Coordinates of a trace; JSON has no NaN."""
    return {
        name: [None if np.isnan(value) else round(float(value), 4) for value in values]
        for name, values in zip("xy", points.T, strict=True)
    }
