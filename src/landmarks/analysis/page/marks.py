"""Marks: how a strategy is drawn in the page, the same in plots, legends and controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from landmarks.analysis.styles import DASH_DOTS, LONG_DASH, LONG_DASH_DOT, Dash, look

# Matplotlib's line styles: Plotly's name, and lengths for SVG.
DASHES: Mapping[Dash, tuple[str, str]] = {
    "-": ("solid", "none"),
    "--": ("dash", "7 3"),
    "-.": ("dashdot", "7 3 2 3"),
    ":": ("dot", "2 2"),
    LONG_DASH: ("longdash", "12 4"),
    LONG_DASH_DOT: ("longdashdot", "12 4 3 4"),
    DASH_DOTS: ("8px,3px,2px,3px,2px,3px", "8 3 2 3 2 3"),
}

# Plotly's symbols as SVG paths around (0, 0).
PATHS = {
    "circle": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z",
    "square": "M-4 -4H4V4H-4Z",
    "diamond": "M0 -5.5L5.5 0L0 5.5L-5.5 0Z",
    "cross": "M-1.8 -5H1.8V-1.8H5V1.8H1.8V5H-1.8V1.8H-5V-1.8H-1.8Z",
    "x": "M-5 -2.5L-2.5 -5L0 -2.5L2.5 -5L5 -2.5L2.5 0L5 2.5L2.5 5L0 2.5L-2.5 5L-5 2.5L-2.5 0Z",
    "star": "M0 -6.2L1.5 -2.1L5.9 -1.9L2.5 0.8L3.6 5L0 2.6L-3.6 5L-2.5 0.8L-5.9 -1.9L-1.5 -2.1Z",
    "triangle-up": "M0 -5L5.2 4H-5.2Z",
    "triangle-down": "M0 5L5.2 -4H-5.2Z",
    "triangle-left": "M-5 0L4 5.2V-5.2Z",
    "triangle-right": "M5 0L-4 5.2V-5.2Z",
}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A strategy in the page.

    Attributes:
        name: As the settings have it.
        label: For people.
        colour: Hexadecimal.
        symbol: Plotly's name of the marker.
        path: The same marker in SVG, around (0, 0).
        dash: Plotly's name of the line style.
        lengths: The same line style in SVG.
    """

    name: str
    label: str
    colour: str
    symbol: str
    path: str
    dash: str
    lengths: str


def marks(strategies: Sequence[str]) -> tuple[Mark, ...]:
    """One for each strategy, in their order."""
    found = []
    for name in strategies:
        own = look(name)
        dash, lengths = DASHES[own.dash]
        found.append(
            Mark(
                name=name,
                label=own.label,
                colour=own.colour,
                symbol=own.symbol,
                path=PATHS[own.symbol],
                dash=dash,
                lengths=lengths,
            )
        )
    return tuple(found)
