"""Looks: what is drawn lies within what the recipe says, and parts do not shift each other."""

import numpy as np
import pytest

from landmarks.augmentation import Appearance

PARTS = ["light", "colour", "grey", "defocus", "motion", "downscale", "noise", "jpeg", "occlusion"]


def looks(appearance, count=300):
    return [appearance.draw(128, np.random.default_rng(seed)) for seed in range(count)]


def test_everything_lies_within_its_strength():
    appearance = Appearance(
        **dict.fromkeys(PARTS, 1.0),
        light_strength=0.3,
        noise_strength=0.1,
        blur_pixels=6,
        occlusion_size=0.25,
    )
    drawn = looks(appearance)
    for name, low, high in (
        ("gamma", 0.7, 1.3),
        ("defocus", 0.3, 1.5),
        ("downscale", 0.35, 0.85),
        ("noise", 0.2 * 25.5, 25.5),
        ("quality", 20, 90),
        ("grain", 0, 1),
    ):
        values = np.array([getattr(look, name) for look in drawn])
        assert low <= values.min() < low + 0.03 * (high - low), name
        assert high - 0.03 * (high - low) < values.max() <= high, name
    assert {len(look.motion) for look in drawn} == {3, 5, 7}
    assert {len(look.blocks) for look in drawn} == {1, 2, 3}
    blocks = np.concatenate([look.blocks for look in drawn])
    sides = blocks[:, 2:] - blocks[:, :2]
    assert sides.min() >= round(0.3 * 32)
    assert sides.max() <= 32
    assert blocks.min() >= 0
    assert blocks[:, 2:].max() <= 128


def test_motion_leaves_the_face_where_it_is():
    for look in looks(Appearance(motion=1, blur_pixels=15), 50):
        y, x = np.mgrid[: len(look.motion), : len(look.motion)] - len(look.motion) // 2
        assert look.motion.sum() == pytest.approx(1)
        assert abs((look.motion * x).sum()) < 0.3
        assert abs((look.motion * y).sum()) < 0.3


@pytest.mark.parametrize("part", PARTS)
def test_leaving_a_part_out_changes_no_other(part):
    everything = dict.fromkeys(PARTS, 1.0)
    shown = {
        "light": ["gamma", "colours"], "colour": ["colours"], "grey": ["colours"],
        "occlusion": ["blocks", "paints"], "jpeg": ["quality"], "noise": ["noise"],
    }.get(part, [part])  # fmt: skip
    whole = Appearance(**everything).draw(64, np.random.default_rng(1))
    without = Appearance(**{**everything, part: 0.0}).draw(64, np.random.default_rng(1))
    for name in type(whole).__slots__:
        if name not in shown:
            np.testing.assert_array_equal(getattr(whole, name), getattr(without, name))
