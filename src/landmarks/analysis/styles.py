"""How strategies and regions are named and drawn, the same in every figure and table.

The colours are those of Okabe and Ito (2008), which people with any colour vision can tell apart;
markers and dashes distinguish the strategies in greyscale.
"""

import colorsys
import re
from collections.abc import Sequence
from dataclasses import dataclass

# A line style of Matplotlib, and Plotly's name for it.
Dash = tuple[str | tuple[int, tuple[int, ...]], str]
SOLID: Dash = ("-", "solid")
DASHED: Dash = ("--", "dash")
DASH_DOT: Dash = ("-.", "dashdot")
DOTTED: Dash = (":", "dot")
LONG_DASH: Dash = ((0, (9, 3)), "longdash")
LONG_DASH_DOT: Dash = ((0, (9, 3, 2, 3)), "longdashdot")
SHORT_DASH: Dash = ((0, (3, 2)), "4px,3px")
SPARSE_DOTS: Dash = ((0, (1, 4)), "2px,6px")
DASH_MANY_DOTS: Dash = ((0, (7, 2, 1, 2, 1, 2, 1, 2)), "9px,3px,2px,3px,2px,3px,2px,3px")
DASH_DOTS: Dash = ((0, (5, 2, 1, 2, 1, 2)), "8px,3px,2px,3px,2px,3px")


@dataclass(frozen=True)
class Style:
    """How a strategy is drawn.

    Attributes:
        label: For people.
        colour: Hexadecimal.
        marker: Of Matplotlib.
        symbol: Plotly's name for the marker.
        dashes: For Matplotlib and for Plotly.
    """

    label: str
    colour: str
    marker: str
    symbol: str
    dashes: Dash

    @property
    def opening(self) -> str:
        """The label with a capital, to start a sentence."""
        return f"{self.label[0].upper()}{self.label[1:]}"


STYLES = {
    "synthetic_only": Style("synthetic only", "#767676", "v", "triangle-down", DOTTED),
    "label_adaptation": Style("label adaptation", "#B5740A", "^", "triangle-up", DASH_DOT),
    "data_adaptation": Style("data adaptation", "#B0578D", "s", "square", DASHED),
    "real_only": Style("real only", "#000000", "o", "circle", SOLID),
    "mixing": Style("mixing", "#007A59", "D", "diamond", DASHED),
    "finetune": Style("fine-tuning", "#0072B2", "P", "cross", SOLID),
    "self_training": Style("self-training", "#C2185B", "H", "hexagon2", SOLID),
    # Controls.
    "real_only_imagenet": Style("real only from ImageNet", "#7C3AED", "*", "star", DASH_DOTS),
    "mixing_original": Style("mixing without adapter", "#A33C00", "X", "x", LONG_DASH),
    "finetune_plain": Style("plain fine-tuning", "#5C6BC0", "1", "star-triangle-down", SHORT_DASH),
    "finetune_adapted": Style(
        "fine-tuning with adapter", "#3E95CC", "<", "triangle-left", LONG_DASH_DOT
    ),
    "self_training_real_only": Style(
        "self-training, real only", "#7F3B5E", "2", "star-triangle-up", SPARSE_DOTS
    ),
    "self_training_synthetic_only": Style(
        "self-training, synthetic only", "#8A749B", "3", "star-square", DASH_MANY_DOTS
    ),
}

# Variants of a strategy with another share of synthetic faces: "mixing_alpha_0.3",
# "finetune_share_0.25".
ALPHA = re.compile(r"(?P<base>\w+)_(?P<word>alpha|share)_(?P<alpha>\d*\.?\d+)")
ALPHA_MARKERS = (("p", "pentagon"), ("h", "hexagon"), ("8", "octagon"), ("d", "diamond-tall"))

# Fitted forms of the learning curve: colours and dashes that no strategy has.
FORM_STYLES = (("#8C1C13", "-"), ("#3B6B35", "--"), ("#9467BD", "-."), ("#5B7C99", ":"))

REGIONS = {"all": "whole face", "inner51": "inner 51"}  # other labels equal the name


def region_label(region: str) -> str:
    """The label of a region."""
    return REGIONS.get(region, region)


def style_of(strategy: str) -> Style:
    """The style of a strategy; one that is not in `STYLES` keeps its own name."""
    if strategy in STYLES:
        return STYLES[strategy]
    variant = ALPHA.fullmatch(strategy)
    if variant is None:
        return Style(strategy.replace("_", " "), "#5B3A1A", ">", "triangle-right", DOTTED)
    base, alpha = style_of(variant["base"]), float(variant["alpha"])
    hue = 0.15 + 0.45 * min(alpha, 1.0)  # from olive to blue, dark enough to read on white
    colour = "".join(f"{round(255 * part):02X}" for part in colorsys.hls_to_rgb(hue, 0.27, 0.9))
    markers = ALPHA_MARKERS[round(10 * alpha) % len(ALPHA_MARKERS)]
    return Style(f"{base.label}, {variant['word']} {alpha:g}", f"#{colour}", *markers, base.dashes)


def tick_labels(sizes: Sequence[int], room: float) -> list[str]:
    """Labels for ticks at some sizes of a logarithmic axis, empty where two would overlap.

    Args:
        sizes: Ascending, above 0.
        room: Share of the axis that a label takes. The first size always has one.
    """
    least = (1.4 * sizes[-1] / sizes[0]) ** room
    labels: list[str] = []
    above = float("inf")
    for size in reversed(sizes):
        is_apart = size == sizes[0] or (above / size > least and size / sizes[0] > least)
        labels.append(f"{size:,}" if is_apart else "")
        above = size if is_apart else above
    return labels[::-1]
