"""The figures over sizes, and the menus above Figure 4 that change them.

Plotly's own menus are drawn shapes: the keyboard and screen readers do not reach them, and they do
not wrap on a narrow screen. These are `<select>` elements whose options contain the arguments of
`Plotly.update`.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import plotly.graph_objects as go

from landmarks.analysis.findings import Findings
from landmarks.analysis.page.drawing import AXES, LOG
from landmarks.analysis.page.figure4 import figure4, region_figure
from landmarks.analysis.page.figures import difference_figure, gap_figure
from landmarks.analysis.study import BASELINE
from landmarks.analysis.styles import region_label, style_of

# By the id of a figure: the changes of its traces and of its layout.
Changes = dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]


def figures_over_sizes(findings: Findings, axis: str = "n_real") -> dict[str, go.Figure]:
    """Figure 4, its differences and its regions, by the id of their element."""
    figures = {
        "figure4": figure4(findings, "all", axis),
        "figure4b": difference_figure(findings, axis),
        "figure4c": gap_figure(findings, axis),
        **{
            f"region-{i}": region_figure(findings, region, axis)
            for i, region in enumerate(findings.curves)
            if region != "all"
        },
    }
    return {name: figure for name, figure in figures.items() if figure.data}


def menus(findings: Findings) -> dict[str, dict[str, Changes]]:
    """The menus by label, and their options by label; the first option is the initial state."""
    figure = figure4(findings, "all")
    linear = {"type": "linear", "rangemode": "tozero", "tickmode": "auto"}
    has_labels = any(point.labels != point.n_real for point in findings.points)
    return {
        "Strategies": _strategies(findings, figure),
        "Region": {region_label(name): _region(findings, name) for name in findings.curves},
        **({"Horizontal axis": _axes(findings)} if has_labels else {}),
        "Error axis": {"logarithmic": _error_axis(LOG), "linear": _error_axis(linear)},
        "Show": {
            "bands and seeds": _hidden(figure, set()),
            "bands": _hidden(figure, {"seeds"}),
            "seeds": _hidden(figure, {"band"}),
            "means only": _hidden(figure, {"band", "seeds"}),
        },
    }


def _strategies(findings: Findings, figure: go.Figure) -> dict[str, Changes]:
    """All strategies, or one with real only; other choices are made in the legend."""
    baseline = style_of(BASELINE).label
    options: dict[str, Changes] = {"all": {"figure4": ({"visible": True}, {})}}
    for strategy in findings.curves["all"]:
        label = style_of(strategy).label
        names = escape(label), escape(baseline)
        visible = [trace.name in names or "legendonly" for trace in figure.data]
        if strategy != BASELINE:
            options[f"{label} and {baseline}"] = {"figure4": ({"visible": visible}, {})}
    return options


def _region(findings: Findings, region: str) -> Changes:
    figure = figure4(findings, region)
    traces = {name: [trace[name] for trace in figure.data] for name in ("y", "hovertext")}
    marks = [f"{kind}[0].visible" for kind in ("annotations", "shapes") if figure.layout[kind]]
    return {"figure4": (traces, dict.fromkeys(marks, region == "all"))}


def _axes(findings: Findings) -> dict[str, Changes]:
    """The horizontal axis of all figures over sizes."""
    options: dict[str, Changes] = {}
    for axis, title in AXES.items():
        options[title] = {}
        for name, figure in figures_over_sizes(findings, axis).items():
            layout = figure.layout.xaxis.to_plotly_json()
            options[title][name] = (
                {"x": [trace.x for trace in figure.data]},
                {f"xaxis.{key}": value for key, value in layout.items()},
            )
    return options


def _error_axis(properties: Mapping[str, Any]) -> Changes:
    changes = {f"yaxis.{key}": value for key, value in properties.items()}
    return {"figure4": ({}, {**changes, "yaxis.autorange": True})}


def _hidden(figure: go.Figure, kinds: set[str]) -> Changes:
    """Hide some kinds of traces; `visible` is left to the legend."""
    opacity = [0 if trace.meta in kinds else trace.opacity or 1 for trace in figure.data]
    info = ["skip" if trace.meta in kinds else trace.hoverinfo for trace in figure.data]
    return {"figure4": ({"opacity": opacity, "hoverinfo": info}, {})}
