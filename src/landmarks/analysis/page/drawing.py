"""How the interactive figures of the page look: their template, axes, lines and bands."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from landmarks.analysis.contrasts import Interval
from landmarks.analysis.findings import Findings
from landmarks.analysis.sentences import faces_name
from landmarks.analysis.styles import Style, tick_labels

INK, PAPER, GREY = "#1c1c1e", "#ffffff", "#8d8d93"
BAND_OPACITY, SEED_OPACITY = 0.14, 0.6
DECIMALS = 4  # of a per cent
AXIS = {
    "fixedrange": True,  # so that a page can be scrolled on a phone
    "gridcolor": "#e6e4de",
    "linecolor": GREY,
    "zeroline": False,
    "automargin": True,
    "title": {"standoff": 8},
}
# A logarithmic axis of errors that span less than a power of ten; per cent.
TICKS = (0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 60, 80, 100)
LOG = {"type": "log", "tickmode": "array", "tickvals": TICKS}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": PAPER,
        "margin": {"l": 56, "r": 14, "t": 12, "b": 48},
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": INK, "align": "left"},
        "dragmode": False,
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "#57575c", "activecolor": INK},
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        "xaxis": AXIS,
        "yaxis": AXIS,
    }
)

# Horizontal axes: the attribute of a point, and the title.
AXES = {"n_real": "real faces (n_real)", "labels": "real labels used in total"}


def empty_figure(**layout: Any) -> go.Figure:  # noqa: ANN401 - of Plotly
    """A figure without traces."""
    return go.Figure(layout={"template": TEMPLATE, **layout})


def percent(fraction: float) -> float:
    """Per cent, with as many digits as the page stores."""
    return round(100 * float(fraction), DECIMALS)


def error_title(findings: Findings) -> str:
    """The title of an axis of errors."""
    return f"NME, % ({faces_name(True)})" if findings.rendered_test else "NME, %"


def size_axis(findings: Findings, axis: str) -> dict[str, Any]:
    """A logarithmic axis with the sizes that were run as ticks; from 1 if there are none.

    Args:
        findings: Of a study.
        axis: One of `AXES`.
    """
    sizes = sorted({getattr(point, axis) for point in findings.points} - {0}) or [1]
    return {
        "type": "log",
        "range": np.log10([sizes[0] / 1.3, sizes[-1] * 1.3]).tolist(),
        "tickvals": sizes,
        "ticktext": tick_labels(sizes, room=0.07),
        "title": {"text": AXES[axis]},
    }


def scatter(style: Style, **properties: Any) -> go.Scatter:  # noqa: ANN401 - of Plotly
    """A trace that belongs to the legend entry of a strategy."""
    name = escape(style.label)  # Plotly reads some HTML in texts
    common = {"name": name, "legendgroup": name, "showlegend": False, "hoverinfo": "text"}
    return go.Scatter({**common, "cliponaxis": False, **properties})


def line(style: Style, x: Sequence[float], means: Sequence[Interval]) -> go.Scatter:
    """Estimates as a line with markers, open where they rest on one seed."""
    return scatter(
        style,
        meta="mean",
        showlegend=True,
        x=list(x),
        y=[percent(mean.value) for mean in means],
        mode="lines+markers",
        line={"color": style.colour, "width": 2.2, "dash": style.dashes[1]},
        marker={
            "symbol": style.symbol,
            "size": 9,
            "color": [style.colour if mean.seeds > 1 else PAPER for mean in means],
            "line": {"color": style.colour, "width": 1.5},
        },
    )


def band(style: Style, x: Sequence[float], means: Sequence[Interval]) -> go.Scatter:
    """Their intervals as a band."""
    return scatter(
        style,
        meta="band",
        x=[*x, *reversed(x)],
        y=[percent(m.high) for m in means] + [percent(m.low) for m in reversed(means)],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=style.colour,
        opacity=BAND_OPACITY,
        hoverinfo="skip",
    )
