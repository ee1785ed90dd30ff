"""Batches of views: a device makes of them what the CPU makes of each, on the same pixels."""

import numpy as np
import pytest
import torch
from PIL import Image

from landmarks.augmentation import Appearance, Augmentation, Geometry, ViewBatch
from landmarks.scheme import IBUG68
from tests.augmentation.dots import canvas_with_dots, distances_to_light

CPU = torch.device("cpu")
STRONG = Geometry(rotation=20, scale=0.3, shift=0.1, perspective=0.3, mirror=0.5)
PARTS = ["light", "colour", "grey", "defocus", "motion", "downscale", "noise", "occlusion"]
EVERYTHING = Appearance(**dict.fromkeys(PARTS, 0.6), jpeg=0.6)
VISIBLE = np.ones(68, bool)


def views(appearance, count=16, geometry=STRONG, size=128):
    """Views of a smooth, colourful canvas that fills all levels."""
    rng = np.random.default_rng(0)
    canvas = 3 * size // 2
    small = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8))
    picture = np.asarray(small.resize((canvas, canvas), Image.Resampling.BICUBIC))
    landmarks = rng.uniform(0.4 * size, size, (68, 2)).astype(np.float32)
    augmentation = Augmentation(geometry=geometry, appearance=appearance)
    return [
        augmentation.draw(
            picture,
            landmarks,
            VISIBLE,
            size=size,
            scheme=IBUG68,
            rng=np.random.default_rng(seed),
        )
        for seed in range(count)
    ]


def both(drawn):
    """Crops made one by one and as a batch, as numbers."""
    alone = np.stack([view.image() for view in drawn]).astype(float)
    return alone, ViewBatch.of(drawn).to(CPU).images.numpy().astype(float)


@pytest.mark.parametrize("part", [None, *PARTS])
def test_a_batch_has_the_pixels_of_its_views(part):
    appearance = Appearance(**({part: 1.0} if part else {}))
    alone, batch = both(views(appearance))
    difference = np.abs(alone - batch)
    assert difference.mean() < 0.25  # levels
    assert difference.max() <= 4  # OpenCV samples at 32nds of a pixel


@pytest.mark.parametrize("strength", [0.2, 1.0])
def test_compression_loses_as_much_in_a_batch(strength):
    # Coefficients at the edge of a step fall to either side, so single pixels may differ.
    drawn = views(Appearance(jpeg=strength), geometry=Geometry())
    alone, batch = both(drawn)
    plain, _ = both(views(Appearance(), geometry=Geometry()))
    assert np.abs(alone - batch).mean() < 1.0
    lost = np.abs(alone - plain).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(np.abs(batch - plain).mean(axis=(1, 2, 3)), lost, rtol=0.1, atol=0.1)


def test_one_recipe_has_the_same_moments_on_both_paths():
    alone, batch = both(views(EVERYTHING, count=64, size=64))
    for moment in (np.mean, np.std):
        one, other = (moment(images, axis=(0, 1, 2)) for images in (alone, batch))
        np.testing.assert_allclose(one, other, rtol=0.005)
        per_face = [moment(images, axis=(1, 2, 3)) for images in (alone, batch)]
        np.testing.assert_allclose(*per_face, rtol=0.03)
    steps = [np.abs(np.diff(images, axis=2)).mean() for images in (alone, batch)]  # sharpness
    assert steps[0] == pytest.approx(steps[1], rel=0.02)


@pytest.mark.parametrize("seed", range(6))
def test_a_lit_landmark_is_lit_on_the_device_under_its_new_name(seed):
    canvas, landmarks, lit = canvas_with_dots(seed)
    rng = np.random.default_rng(seed)
    augmentation = Augmentation(geometry=STRONG, appearance=Appearance())
    view = augmentation.draw(canvas, landmarks, VISIBLE, size=128, scheme=IBUG68, rng=rng)
    batch = ViewBatch.of([view]).to(CPU)
    distance = distances_to_light(batch.images[0].numpy(), batch.landmarks[0].numpy())
    assert distance[[lit, IBUG68.mirror[lit]]].min() < 0.25


def test_parts_that_happen_to_some_faces_leave_the_others_alone():
    drawn = views(Appearance(), count=4, geometry=Geometry())
    look = Appearance(colour=1, noise=1).draw(128, np.random.default_rng(0))
    changed = ViewBatch.of([drawn[0], _with(drawn[1], look), drawn[2]]).to(CPU).images
    plain = ViewBatch.of(drawn[:3]).to(CPU).images
    assert torch.equal(changed[0], plain[0])
    assert torch.equal(changed[2], plain[2])
    assert not torch.equal(changed[1], plain[1])


def test_the_longest_of_several_motions_decides_no_other():
    look = Appearance(motion=1, blur_pixels=9)
    drawn = views(look, geometry=Geometry())
    lengths = {len(view.look.motion) for view in drawn}
    assert len(lengths) > 1
    together = ViewBatch.of(drawn).to(CPU).images
    alone = torch.cat([ViewBatch.of([view]).to(CPU).images for view in drawn])
    assert (together.int() - alone.int()).abs().max() <= 1


def _with(view, look):
    fields = {name: getattr(view, name) for name in type(view).__slots__}
    return type(view)(**{**fields, "look": look})
