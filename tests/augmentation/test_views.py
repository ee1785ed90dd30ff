"""Views: landmarks stay on their pixels, and every draw comes from the generator given."""

import numpy as np
import pytest

from landmarks.augmentation import Appearance, Augmentation, Geometry, develop
from landmarks.errors import InputError
from landmarks.scheme import IBUG68
from tests.augmentation.dots import canvas_with_dots, distances_to_light

STRONG = Geometry(rotation=25, scale=0.3, shift=0.1, perspective=0.3, mirror=0.5)
EVERYTHING = Appearance(
    light=1, colour=1, grey=0.3, defocus=1, motion=1, downscale=1, noise=1, jpeg=1, occlusion=1
)
VISIBLE = np.ones(68, bool)


def drawn(augmentation, canvas, landmarks, seed=0, visible=VISIBLE):
    rng = np.random.default_rng(seed)
    return augmentation.draw(canvas, landmarks, visible, size=128, scheme=IBUG68, rng=rng)


def developed(image, appearance, seed):
    return develop(image, appearance.draw(len(image), np.random.default_rng(seed)))


@pytest.mark.parametrize("seed", range(20))
def test_the_lit_landmark_is_still_lit_under_its_new_name(seed):
    canvas, landmarks, lit = canvas_with_dots(seed)
    view = drawn(Augmentation(geometry=STRONG, appearance=Appearance()), canvas, landmarks, seed)
    image, moved = view.image(), view.landmarks
    distance = distances_to_light(image, moved)
    # A mirrored face shows the blob under its partner's name.
    assert distance[[lit, IBUG68.mirror[lit]]].min() < 0.25


def test_the_mirror_renames_landmarks():
    canvas, landmarks, _ = canvas_with_dots(0)
    mirrored = Augmentation(geometry=Geometry(mirror=1.0), appearance=Appearance())
    view = drawn(mirrored, canvas, landmarks)
    moved = view.landmarks
    np.testing.assert_array_equal(view.image(), canvas[32:160, 32:160][:, ::-1])
    for k in range(68):
        expected = [127 - (landmarks[k, 0] - 32), landmarks[k, 1] - 32]
        np.testing.assert_allclose(moved[IBUG68.mirror[k]], expected, atol=1e-4)


def test_visibility_is_mirrored_with_the_landmarks():
    canvas, landmarks, _ = canvas_with_dots(0)
    visible = VISIBLE.copy()
    visible[36] = False
    mirrored = Augmentation(geometry=Geometry(mirror=1.0), appearance=Appearance())
    seen = drawn(mirrored, canvas, landmarks, visible=visible).visible
    assert not seen[45]
    assert seen.sum() == 67


def test_all_off_is_the_middle_of_the_canvas_to_the_pixel():
    canvas = np.random.default_rng(0).integers(0, 255, (192, 192, 3), np.uint8)
    landmarks = np.random.default_rng(1).uniform(40, 150, (68, 2)).astype(np.float32)
    view = drawn(Augmentation(geometry=Geometry(), appearance=Appearance()), canvas, landmarks)
    np.testing.assert_array_equal(view.image(), canvas[32:160, 32:160])
    np.testing.assert_allclose(view.landmarks, landmarks - 32, atol=1e-4)


def test_the_same_generator_gives_the_same_face_whatever_ran_before():
    canvas = np.random.default_rng(0).integers(0, 255, (192, 192, 3), np.uint8)
    landmarks = np.full((68, 2), 96, np.float32)
    augment = Augmentation(geometry=STRONG, appearance=EVERYTHING)

    def once(seed):
        return drawn(augment, canvas, landmarks, seed).image()

    first = once(5)
    once(6)
    np.testing.assert_array_equal(once(5), first)
    assert (once(7) != first).any()


@pytest.mark.parametrize(
    "part",
    ["light", "colour", "grey", "defocus", "motion", "downscale", "noise", "jpeg", "occlusion"],
)
def test_each_part_changes_the_picture_and_can_be_switched_off(part):
    rng = np.random.default_rng(3)
    image = np.repeat(np.repeat(rng.integers(0, 255, (32, 32, 3), np.uint8), 4, 0), 4, 1)
    on, off = Appearance(**{part: 1.0}), Appearance(**{part: 0.0})
    before = image.copy()
    assert (developed(image, on, 0) != image).mean() > 0.02
    np.testing.assert_array_equal(developed(image, off, 0), image)
    np.testing.assert_array_equal(image, before)  # a stored canvas is not painted on


def test_parts_happen_independently_of_one_another():
    look = Appearance(occlusion=0.3, grey=0.3)
    image = np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8)
    grey, occluded = [], []
    for seed in range(600):
        changed = developed(image, look, seed)
        spread = changed.max(axis=2) == changed.min(axis=2)
        grey.append(spread.all())
        plain = (changed == image).all(axis=2)
        occluded.append(0.02 < (~plain).mean() < 0.98 if not grey[-1] else None)
    assert np.mean(grey) == pytest.approx(0.3, abs=0.06)
    alone = [value for value in occluded if value is not None]
    assert np.mean(alone) == pytest.approx(0.3, abs=0.06)  # as often without grey as at all


@pytest.mark.parametrize(
    ("owner", "bad"),
    [
        (Geometry, {"rotation": 200}),
        (Geometry, {"mirror": -1}),
        (Appearance, {"noise": 2}),
        (Appearance, {"blur_pixels": 1}),
        (Appearance, {"jpeg": "often"}),
    ],
)
def test_impossible_strengths_are_refused(owner, bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        owner(**bad)
