"""Looks: how strategies and regions are named and shown, the same in every figure and table.

Colours are Okabe and Ito's (2008), told apart by people with any colour vision; markers and dashes
tell them apart in grey.
"""

from dataclasses import dataclass

# Matplotlib's line style: its letters, or an offset and the lengths of dashes and gaps.
Dash = str | tuple[int, tuple[int, ...]]


@dataclass(frozen=True)
class Look:
    """How a strategy is shown.

    Attributes:
        label: For people.
        colour: Hexadecimal.
        marker: Matplotlib's letter.
        symbol: Plotly's name of the same marker.
        dash: Line style.
    """

    label: str
    colour: str
    marker: str
    symbol: str
    dash: Dash

    @property
    def opening(self) -> str:
        """The label as a sentence begins."""
        return f"{self.label[0].upper()}{self.label[1:]}"


LONG_DASH: Dash = (0, (9, 3))
LONG_DASH_DOT: Dash = (0, (9, 3, 2, 3))
DASH_DOTS: Dash = (0, (5, 2, 1, 2, 1, 2))

LOOKS = {
    "synthetic_only": Look("synthetic only", "#767676", "v", "triangle-down", ":"),
    "label_adaptation": Look("label adaptation", "#B5740A", "^", "triangle-up", "-."),
    "data_adaptation": Look("data adaptation", "#B0578D", "s", "square", "--"),
    "real_only": Look("real only", "#000000", "o", "circle", "-"),
    "mixing": Look("mixing", "#007A59", "D", "diamond", "--"),
    "finetune": Look("fine-tuning", "#0072B2", "P", "cross", "-"),
    # Controls of the last three.
    "real_only_imagenet": Look("real only from ImageNet", "#7C3AED", "*", "star", DASH_DOTS),
    "mixing_original": Look("mixing without adapter", "#A33C00", "X", "x", LONG_DASH),
    "finetune_adapted": Look(
        "fine-tuning with adapter", "#3E95CC", "<", "triangle-left", LONG_DASH_DOT
    ),
}

# Any other strategy, under its own name.
SPARE = ("#5B3A1A", ">", "triangle-right", ":")

# Forms of a learning curve are no strategies: colours of their own, and dashes.
FORM_LOOKS = (("#8C1C13", "-"), ("#3B6B35", "--"), ("#9467BD", "-."), ("#5B7C99", ":"))

REGIONS = {"all": "whole face", "inner51": "inner 51"}  # the others are called what they are


def region_label(region: str) -> str:
    """The name of a region for people."""
    return REGIONS.get(region, region)


def look(strategy: str) -> Look:
    """The look of a strategy or of a control."""
    return LOOKS.get(strategy) or Look(strategy.replace("_", " "), *SPARE)
