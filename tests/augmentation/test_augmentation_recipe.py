"""Augmented faces: landmarks stay on their pixels, and a seed decides everything."""

import pickle

import albumentations as A
import numpy as np
import pytest

from landmarks.augmentation import Augmentation, Geometry
from landmarks.errors import InputError
from landmarks.scheme import IBUG68
from tests.augmentation.dots import canvas_with_dots, distances_to_light

STRONG = Geometry(rotation=25, scale=0.3, shift=0.1, perspective=0.3, mirror=0.5)
VISIBLE = np.ones(68, bool)
NOISE = np.random.default_rng(0).integers(0, 255, (192, 192, 3), np.uint8)
LANDMARKS = np.random.default_rng(1).uniform(40, 150, (68, 2)).astype(np.float32)


def augmented(
    canvas=NOISE, landmarks=LANDMARKS, visible=VISIBLE, geometry=None, transforms=(), seed=0
):
    augmentation = Augmentation(geometry=geometry or Geometry(), transforms=transforms)
    rng = np.random.default_rng(seed)
    return augmentation.apply(canvas, landmarks, visible, size=128, scheme=IBUG68, rng=rng)


def images(recipe, seeds):
    """The noise canvas, once for each seed."""
    return [
        recipe.apply(
            NOISE, LANDMARKS, VISIBLE, size=128, scheme=IBUG68, rng=np.random.default_rng(seed)
        ).image
        for seed in seeds
    ]


@pytest.mark.parametrize("seed", range(20))
def test_a_lit_landmark_is_lit_after_the_warp_under_its_own_or_its_mirrored_name(seed):
    canvas, landmarks, lit = canvas_with_dots(seed)
    face = augmented(canvas, landmarks, geometry=STRONG, seed=seed)
    distance = distances_to_light(face.image, face.landmarks)
    assert distance[[lit, IBUG68.mirror[lit]]].min() < 0.25


@pytest.mark.parametrize(
    "transform",
    [
        A.Rotate(limit=(20, 30), p=1),
        A.Affine(translate_px=(5, 9), shear=(5, 10), p=1),
        A.Perspective(p=1),
        A.OneOf([A.Sequential([A.Blur(p=1), A.SafeRotate((40, 40), p=1)])], p=1),
    ],
)
def test_a_lit_landmark_is_lit_after_a_transform_that_moves_it(transform):
    for seed in range(5):
        canvas, landmarks, lit = canvas_with_dots(seed)
        face = augmented(canvas, landmarks, transforms=[A.ToGray(p=1), transform])
        assert distances_to_light(face.image, face.landmarks)[lit] < 0.1
        assert np.abs(face.landmarks - (landmarks - 32)).max() > 1


def test_the_mirror_reflects_pixels_and_exchanges_landmarks():
    face = augmented(geometry=Geometry(mirror=1.0))
    np.testing.assert_array_equal(face.image, NOISE[32:160, 32:160][:, ::-1])
    for k, (x, y) in enumerate(LANDMARKS - 32):
        np.testing.assert_allclose(face.landmarks[IBUG68.mirror[k]], [127 - x, y], atol=1e-4)


def test_visibility_is_mirrored_with_the_landmarks():
    visible = VISIBLE.copy()
    visible[36] = False
    seen = augmented(visible=visible, geometry=Geometry(mirror=1.0)).visible
    assert not seen[45]
    assert seen.sum() == 67


def test_without_strengths_the_crop_is_the_middle_of_the_canvas_to_the_pixel():
    face = augmented()
    np.testing.assert_array_equal(face.image, NOISE[32:160, 32:160])
    np.testing.assert_allclose(face.landmarks, LANDMARKS - 32, atol=1e-4)
    assert face.landmarks.dtype == np.float32


@pytest.mark.parametrize("moves", [False, True])
def test_landmarks_outside_the_crop_or_behind_a_block_stay_in_the_list(moves):
    landmarks = LANDMARKS.copy()
    landmarks[:5] = [0, 191]  # 32 pixels outside
    block = A.CoarseDropout((1, 1), (0.9, 0.9), (0.9, 0.9), p=1)
    still = A.Affine(translate_px=0, p=1)
    face = augmented(landmarks=landmarks, transforms=[block, still] if moves else [block])
    np.testing.assert_allclose(face.landmarks, landmarks - 32, atol=1e-3)
    assert face.visible.all()


MANY = [
    A.CoarseDropout(fill="random_uniform", p=0.5),
    A.RandomBrightnessContrast(p=0.5),
    A.OneOf([A.GaussianBlur(p=1), A.MotionBlur(p=1)], p=0.5),
    A.Downscale(p=0.5),
    A.GaussNoise((0.1, 0.2), p=0.5),
    A.ISONoise(p=0.5),
    A.ImageCompression(quality_range=(20, 90), p=0.5),
    A.Rotate(p=0.5),
]


def test_a_seed_gives_the_same_face_whatever_ran_before_and_in_any_process():
    recipe = Augmentation(geometry=STRONG, transforms=MANY)
    sent = pickle.loads(pickle.dumps(recipe))  # as to a data worker
    seeds = range(12)
    first = images(recipe, seeds)
    np.testing.assert_array_equal(images(sent, reversed(seeds))[::-1], first)
    assert len({image.tobytes() for image in first}) == len(first)


def test_the_stored_canvas_is_not_painted_on():
    canvas = NOISE.copy()
    augmented(canvas, transforms=[A.CoarseDropout((3, 3), (0.5, 0.5), (0.5, 0.5), p=1), *MANY])
    np.testing.assert_array_equal(canvas, NOISE)


def test_transforms_happen_independently_of_one_another():
    # The library's own seeding gives all transforms the same random numbers: grey faces, at 0.3,
    # would be exactly those that are blanked out, at 0.3.
    blank = A.CoarseDropout((1, 1), (0.5, 0.5), (0.5, 0.5), fill=0, p=0.3)
    recipe = Augmentation(geometry=Geometry(), transforms=[A.ToGray(p=0.3), blank])
    faces = images(recipe, range(500))
    grey = np.array([(face == face[..., :1]).all() for face in faces])
    blanked = np.array([(face == 0).all(axis=2).mean() > 0.2 for face in faces])
    for happened in (grey, blanked, blanked[grey], blanked[~grey]):
        assert happened.mean() == pytest.approx(0.3, abs=0.11)


@pytest.mark.parametrize(
    "bad", [{"rotation": 200}, {"mirror": -1}, {"scale": float("nan")}, {"shift": "far"}]
)
def test_impossible_geometry_is_refused(bad):
    with pytest.raises(InputError, match=f"geometry.{next(iter(bad))}"):
        Geometry(**bad)


def test_a_recipe_needs_a_geometry():
    with pytest.raises(InputError, match="augmentation geometry is None; remove the override"):
        Augmentation(geometry=None)
