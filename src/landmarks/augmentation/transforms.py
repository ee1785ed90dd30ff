"""The transforms of a recipe: how they are composed, and which ones are refused.

Each transform is tried on small crops when the recipe is built, so that one that training could
not use, or would train on wrong labels with, is refused before any data are read.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final, TypeAlias

import albumentations
import numpy as np
from albumentations import (
    BaseCompose,
    BasicTransform,
    CoarseDropout,
    Compose,
    ImageOnlyTransform,
    KeypointParams,
    NoOp,
    OneOf,
)
from numpy.typing import NDArray

from landmarks.errors import InputError

Transform: TypeAlias = BasicTransform | BaseCompose

# Landmarks outside the crop or behind a block keep their place in the list; whether they count in
# the loss is decided in training.
_POINTS: Final = {"format": "xy", "remove_invisible": False, "check_each_transform": False}

# Leave landmarks where they are: no need to convert them to key points and back, which would cost
# about 5 % of the time.
_STILL: Final = (ImageOnlyTransform, CoarseDropout)

# A transform that mirrors one crop in two escapes the trials once in 2^8.
_TRIALS: Final = 8
_SIDE: Final = 67  # pixels; a size that no recipe asks for, so that fixed sizes are noticed


def composed(transforms: Sequence[Transform]) -> Compose:
    """The transforms as one that takes and returns `image` and, as `keypoints`, landmarks."""
    params = None if all(map(_is_still, transforms)) else KeypointParams(**_POINTS)
    return Compose(list(transforms), keypoint_params=params, is_check_shapes=False)


def transform_from(stated: Mapping[str, Any]) -> Transform:
    """A transform from its YAML, as Hydra makes it.

    Raises:
        InputError: It is not a transform of albumentations; nothing else is called.
        ValueError: It does not take its arguments.
    """
    package, _, name = str(stated["_target_"]).rpartition(".")
    kind = getattr(albumentations, name, None) if package == "albumentations" else None
    if not isinstance(kind, type) or not issubclass(kind, BasicTransform | BaseCompose):
        raise InputError(f"{stated['_target_']!r} is not a transform of albumentations")
    arguments = {key: value for key, value in stated.items() if key != "_target_"}
    if "transforms" in arguments:
        arguments["transforms"] = [transform_from(inner) for inner in arguments["transforms"]]
    return kind(**arguments)


def _is_still(transform: Transform) -> bool:
    if isinstance(transform, BaseCompose):
        return all(map(_is_still, transform.transforms))
    return isinstance(transform, _STILL)


def check_transforms(transforms: Sequence[Transform]) -> None:
    """Refuse transforms that no training could use.

    Raises:
        InputError: Not a list of transforms; an unknown argument; or a transform that fails, cannot
            be recorded, changes the size or type of a crop, loses landmarks or mirrors them.
    """
    if not isinstance(transforms, Sequence):
        raise InputError(f"augmentation transforms is {transforms!r}; it must be a list")
    for number, transform in enumerate(transforms):
        place = f"augmentation transforms[{number}]"
        for part in _parts(transform, place):
            name = f"{place}: {type(part).__name__}"
            if isinstance(part, BasicTransform):
                _check_arguments(part, name)
            if not isinstance(part.p, int | float) or not 0 <= part.p <= 1:
                raise InputError(f"{name} p is {part.p!r}; it must be a number from 0 to 1")
            if part.p > 0:
                _try(part, name)


def _parts(transform: Transform, place: str) -> Iterator[Transform]:
    """The transforms in a `Sequential`, `OneOf` or the like, then itself."""
    if not isinstance(transform, BaseCompose | BasicTransform):
        raise InputError(
            f"{place} is {transform!r}; it must be a transform of albumentations, such as "
            "{_target_: albumentations.GaussNoise, p: 0.1}"
        )
    if isinstance(transform, BaseCompose):
        for inner in transform.transforms:
            yield from _parts(inner, place)
    yield transform


def _check_arguments(transform: BasicTransform, name: str) -> None:
    """Refuse unknown arguments, and transforms whose record would not tell two settings apart."""
    known = transform.get_transform_init_args_names()
    if transform.invalid_args:
        raise InputError(
            f"{name} has no {transform.invalid_args[0]!r}; its arguments are {', '.join(known)}"
        )
    hidden = [argument for argument in known if not hasattr(transform, argument)]
    if hidden:
        raise InputError(
            f"{name} does not show its {', '.join(hidden)}, so a run could not record it; use "
            "another transform"
        )


def _try(transform: BasicTransform, name: str) -> None:
    """Apply a transform to noise and a grid of landmarks; refuse it if they do not come back."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
    ticks = np.linspace(0.25, 0.75, 6, dtype=np.float32) * _SIDE
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    # OneOf applies it whatever its own probability; NoOp takes the key points if it does not.
    forced = composed([NoOp(), OneOf([transform], p=1.0)])
    for seed in range(_TRIALS):
        forced.set_random_state(np.random.default_rng(seed), Random(seed))
        try:
            transform.to_dict()
            done = forced(image=image, keypoints=points)
        except Exception as error:  # whatever the library raises, the recipe is at fault
            raise InputError(
                f"{name} cannot be used on a single crop ({_first_line(error)})"
            ) from error
        _check_result(name, image, done["image"])
        _check_points(name, points, done["keypoints"])


def _check_result(name: str, image: NDArray[np.uint8], changed: object) -> None:
    if isinstance(changed, np.ndarray) and changed.dtype == image.dtype:
        if changed.shape == image.shape:
            return
        raise InputError(
            f"{name} changes a crop of {_size(image)} to {_size(changed)}; it must keep any size "
            "(geometry.scale and geometry.shift zoom and move the face)"
        )
    found = getattr(changed, "dtype", type(changed).__name__)
    raise InputError(
        f"{name} makes {found} of uint8 crops; the network's input is scaled later, remove it"
    )


def _check_points(name: str, points: NDArray[np.float32], moved: NDArray[np.float32]) -> None:
    if len(moved) != len(points):
        raise InputError(f"{name} loses landmarks: {len(points)} before, {len(moved)} after")
    homogeneous = np.column_stack([points, np.ones(len(points))])
    affine, *_ = np.linalg.lstsq(homogeneous, moved, rcond=None)
    if np.linalg.det(affine[:2]) <= 0:
        raise InputError(
            f"{name} mirrors faces without exchanging left and right landmarks; use geometry.mirror"
        )


def _size(image: NDArray[np.uint8]) -> str:
    return " x ".join(str(side) for side in image.shape)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
