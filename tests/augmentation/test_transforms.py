"""Transforms of a recipe: which ones are refused, and that all others leave labels right."""

import inspect
import warnings

import albumentations as A
import numpy as np
import pytest

from landmarks.augmentation import Augmentation, Geometry
from landmarks.augmentation.transforms import transform_from
from landmarks.errors import InputError
from landmarks.scheme import IBUG68
from landmarks.storage.serialization import fingerprint, record


def recipe(*transforms):
    return Augmentation(geometry=Geometry(), transforms=transforms)


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (A.HorizontalFlip(), r"\[0\]: HorizontalFlip mirrors faces .*; use geometry.mirror"),
        (A.Transpose(p=0.01), r"Transpose mirrors faces"),
        (A.D4(), r"D4 mirrors faces"),  # half of its eight cases
        (A.OneOf([A.Blur(), A.Sequential([A.VerticalFlip()])]), "VerticalFlip mirrors faces"),
        (A.RandomCrop(32, 32), r"RandomCrop changes a crop of 67 x 67 x 3 to 32 x 32 x 3"),
        (A.Resize(128, 128), "Resize changes a crop of .*; it must keep any size"),
        (A.PadIfNeeded(), "PadIfNeeded changes a crop"),
        (A.ToGray(1), "ToGray changes a crop of 67 x 67 x 3 to 67 x 67"),
        (A.Normalize(), "Normalize makes float32 of uint8 crops"),
        (A.ToTensorV2(), "ToTensorV2 makes torch.uint8 of uint8 crops"),
        (A.GridDistortion(), r"GridDistortion loses landmarks: 36 before, \d+ after"),
        (A.MaskDropout(), "MaskDropout cannot be used on a single crop .*missing keys"),
        (A.RandomCrop(500, 500), r"RandomCrop cannot be used on a single crop \(Crop size"),
        (A.Lambda(name="mine"), "Lambda does not show its bboxes, image, keypoints, mask"),
        (A.OneOf([A.Blur(), A.ToGray()], p=5), "OneOf p is 5; it must be a number from 0 to 1"),
        ({"p": 0.1}, r"transforms\[0\] is {'p': 0.1}; it must be a transform of albumentations"),
        (None, r"transforms\[0\] is None; it must be a transform"),
    ],
)
def test_a_transform_that_training_could_not_use_is_refused(transform, message):
    with pytest.raises(InputError, match=message) as error:
        recipe(transform)
    assert "\n" not in str(error.value)


def test_an_unknown_argument_is_refused_with_those_that_there_are():
    with pytest.warns(UserWarning, match="std_rnge"):
        transform = A.GaussNoise(std_rnge=(0.1, 0.2))
    with pytest.raises(InputError, match="GaussNoise has no 'std_rnge'; its arguments are mean_ra"):
        recipe(A.Blur(), transform)


@pytest.mark.parametrize("transforms", [None, A.Blur(), 5])
def test_what_is_not_a_list_of_transforms_is_refused(transforms):
    with pytest.raises(InputError, match=r"augmentation transforms is .*; it must be a list"):
        Augmentation(geometry=Geometry(), transforms=transforms)


def transforms_that_move():
    """Every transform of the library that takes key points and needs no arguments."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecated ones
        for name, kind in sorted(vars(A).items()):
            if inspect.isclass(kind) and issubclass(kind, A.DualTransform):
                try:
                    yield name, kind(p=1)
                except ValueError:
                    continue  # it needs arguments


def test_landmarks_follow_the_pixels_in_every_transform_that_is_accepted():
    """On an image whose levels are its coordinates, a moved landmark finds where it was."""
    y, x = np.mgrid[:192, :192]
    canvas = np.stack([x, y, x], axis=-1).astype(np.uint8)
    ticks = np.linspace(60, 130, 8, dtype=np.float32)
    landmarks = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    accepted = []
    for name, transform in transforms_that_move():
        try:
            augmentation = recipe(transform)
        except InputError:
            continue
        accepted.append(name)
        for seed in range(4):
            image, moved, _ = augmentation.apply(
                *(canvas, landmarks, np.ones(64, bool)),
                size=128,
                scheme=IBUG68,
                rng=np.random.default_rng(seed),
            )
            column, row = np.rint(moved).astype(int).clip(0, 127).T
            inside = (np.abs(moved - 63.5) < 63).all(axis=1)
            found = image[row, column, :2].astype(float)
            # The median, because some blank out a part of the crop.
            distance = np.median(np.linalg.norm(found - landmarks, axis=1)[inside])
            assert distance < 2, (name, seed)
    assert {"Affine", "Perspective", "ElasticTransform", "RandomRotate90"} < set(accepted)


def test_a_transform_is_recorded_with_all_its_arguments_as_its_yaml():
    recorded = record(recipe(A.Sequential([A.ToGray(p=0.2), A.GaussNoise((0.1, 0.2))], p=0.7)))
    (group,) = recorded["transforms"]
    assert (group["_target_"], group["p"]) == ("albumentations.Sequential", 0.7)
    assert group["transforms"][1] == {
        "_target_": "albumentations.GaussNoise",
        "mean_range": [0, 0],
        "noise_scale_factor": 1,
        "p": 0.5,
        "per_channel": True,
        "std_range": [0.1, 0.2],
    }


def test_another_recipe_has_another_fingerprint():
    noise, grey = A.GaussNoise((0.1, 0.2), p=0.3), A.ToGray(p=0.3)
    recipes = [
        recipe(),
        recipe(noise),
        recipe(A.GaussNoise((0.1, 0.2), p=0.31)),
        recipe(A.GaussNoise((0.1, 0.21), p=0.3)),
        recipe(noise, grey),
        recipe(grey, noise),
        recipe(A.OneOf([grey, noise], p=0.5)),
        recipe(A.Sequential([grey, noise], p=0.5)),
    ]
    assert len({fingerprint(one) for one in recipes}) == len(recipes)
    assert fingerprint(recipe(noise)) == fingerprint(recipe(A.GaussNoise((0.1, 0.2), p=0.3)))


def test_a_transform_is_made_from_its_yaml_and_nothing_else_is_called():
    group = A.OneOf([A.ToGray(p=0.2), A.GaussNoise((0.1, 0.2))], p=0.7)
    assert record(transform_from(record(group))) == record(group)
    for target in ("os.system", "albumentations.Compose.__init__", "albumentations.nope"):
        with pytest.raises(InputError, match="is not a transform of albumentations"):
            transform_from({"_target_": target})
