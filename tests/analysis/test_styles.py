"""Strategies can be told apart, in colour and in greyscale."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from landmarks.analysis.learning_curves import FORMS
from landmarks.analysis.study import ORDER
from landmarks.analysis.styles import FORM_STYLES, STYLES, style_of, tick_labels

SHARES = tuple(f"mixing_alpha_{alpha}" for alpha in ("0.25", "0.5", "0.75"))
NAMES = (*STYLES, *SHARES, "another_strategy")


def test_every_strategy_has_a_colour_and_a_marker_of_its_own() -> None:
    styles = [style_of(name) for name in NAMES]
    for parts in (
        {one.label for one in styles},
        {one.colour for one in styles},
        {one.marker for one in styles},
        {one.symbol for one in styles},
    ):
        assert len(parts) == len(NAMES)
    controls = [style.dashes for name, style in STYLES.items() if name not in ORDER]
    assert len(set(controls)) == len(controls)
    assert not set(controls) & {STYLES[name].dashes for name in ORDER}


def test_other_strategies_keep_their_names() -> None:
    assert style_of("mixing_alpha_0.3").label == "mixing, alpha 0.3"
    assert style_of("mixing_alpha_0.3").dashes == style_of("mixing").dashes
    assert style_of("finetune_share_0.25").label == "fine-tuning, share 0.25"
    assert style_of("another_strategy").label == "another strategy"


def test_fitted_forms_have_colours_of_their_own() -> None:
    assert not {style_of(name).colour for name in NAMES} & {colour for colour, _ in FORM_STYLES}
    assert len(FORM_STYLES) == len(FORMS)


@pytest.mark.parametrize("name", NAMES)
def test_every_colour_has_enough_contrast_on_white(name: str) -> None:
    # WCAG 2: 3 to 1 for graphics.
    light = np.array(to_rgb(style_of(name).colour))
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 3


def test_tick_labels_that_would_overlap_are_left_out() -> None:
    labels = tick_labels([10, 11, 100, 800, 870, 1000], room=0.08)
    assert labels == ["10", "", "100", "", "", "1,000"]
