"""Linear maps of colours: what they leave alone, and how they compose."""

import colorsys

import numpy as np
import pytest

from landmarks.augmentation.colours import after, channels, chroma, light

LUMA = np.array([0.299, 0.587, 0.114])
ORANGE = np.array([200.0, 120.0, 40.0])


def changed(colour, levels):
    return colour[:, :3] @ levels + colour[:, 3]


def hue(levels):
    return 360 * colorsys.rgb_to_hsv(*(levels / 255))[0]


def test_no_saturation_is_grey_of_the_same_luma():
    np.testing.assert_allclose(changed(chroma(0.7, 0.0), ORANGE), LUMA @ ORANGE, rtol=1e-3)


@pytest.mark.parametrize("degrees", [-30, 20])
def test_hues_turn_and_luma_stays(degrees):
    found = changed(chroma(np.radians(degrees), 1.0), ORANGE)
    assert LUMA @ found == pytest.approx(LUMA @ ORANGE, rel=1e-3)
    # Hue of HSV and angle of chroma are not the same measure, but turn together.
    assert abs(hue(found) - hue(ORANGE)) == pytest.approx(abs(degrees), abs=12)


def test_grey_has_no_hue_to_turn():
    np.testing.assert_allclose(changed(chroma(1.0, 1.7), np.full(3, 90.0)), 90, rtol=1e-3)


def test_contrast_comes_before_brightness():
    np.testing.assert_allclose(changed(light(2, 10), ORANGE), 2 * ORANGE + 10)


def test_maps_compose_in_the_order_in_which_they_happen():
    first, second = light(1.2, -5), after(channels(np.array([3.0, 0, -3])), chroma(0.2, 1.1))
    expected = changed(second, changed(first, ORANGE))
    np.testing.assert_allclose(changed(after(second, first), ORANGE), expected)
