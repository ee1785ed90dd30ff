"""Looks: how strategies and regions are named and shown, the same in every figure and table.

Colours are Okabe and Ito's (2008), told apart by people with any colour vision; markers and dashes
tell them apart in grey.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How a strategy is shown.

    Attributes:
        label: For people.
        colour: Hexadecimal.
        marker: Matplotlib's letter.
        symbol: Plotly's name of the same marker.
        dash: Matplotlib's line style.
    """

    label: str
    colour: str
    marker: str
    symbol: str
    dash: str


LOOKS = {
    "synthetic_only": Look("synthetic only", "#767676", "v", "triangle-down", ":"),
    "label_adaptation": Look("label adaptation", "#B5740A", "^", "triangle-up", "-."),
    "data_adaptation": Look("data adaptation", "#B0578D", "s", "square", "--"),
    "real_only": Look("real only", "#000000", "o", "circle", "-"),
    "mixing": Look("mixing", "#007A59", "D", "diamond", "--"),
    "finetune": Look("fine-tuning", "#0072B2", "P", "cross", "-"),
}

# Controls are variants of the five, e.g. "mixing_original"; they borrow colours not used above.
CONTROLS = {"mixing_original": 0, "finetune_adapted": 1}
SPARE = (
    ("#A33C00", "X", "x"),
    ("#56B4E9", "<", "triangle-left"),
    ("#6A4C93", ">", "triangle-right"),
)

# Forms of a learning curve are no strategies: colours of their own, and dashes.
FORM_LOOKS = (("#8C1C13", "-"), ("#3B6B35", "--"), ("#9467BD", "-."), ("#5B7C99", ":"))

REGIONS = {"all": "whole face", "inner51": "inner 51"}  # the others are called what they are


def region_label(region: str) -> str:
    """The name of a region for people."""
    return REGIONS.get(region, region)


def look(strategy: str) -> Look:
    """The look of a strategy or of a control."""
    if strategy in LOOKS:
        return LOOKS[strategy]
    colour, marker, symbol = SPARE[CONTROLS.get(strategy, 2)]
    return Look(strategy.replace("_", " "), colour, marker, symbol, ":")
