"""Augmentation: the recipe that turns a stored face into a training crop."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import NamedTuple

import numpy as np
from albumentations import Compose
from numpy.typing import NDArray

from landmarks.augmentation.geometry import Geometry
from landmarks.augmentation.transforms import Transform, check_transforms, composed
from landmarks.errors import InputError
from landmarks.geometry import mirror_matrix, mirror_order, transform, warp
from landmarks.scheme import LandmarkScheme


class AugmentedFace(NamedTuple):
    """A crop as a training step sees it.

    Attributes:
        image: (S, S, 3) uint8.
        landmarks: (K, 2) crop pixels, left and right exchanged if mirrored; some may be outside.
        visible: (K,) bool, in the same order.
    """

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    visible: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Augmentation:
    """Geometry, then transforms of the crop.

    Attributes:
        geometry: Where the face is in the crop.
        transforms: Transforms of albumentations, applied in this order. They must keep the crop's
            size, its 8 bits and all landmarks, and must not mirror it.
    """

    geometry: Geometry
    transforms: Sequence[Transform] = ()

    def __post_init__(self) -> None:
        """Refuse invalid recipes.

        Raises:
            InputError: No geometry, or a transform that cannot be used.
        """
        if not isinstance(self.geometry, Geometry):
            raise InputError(
                f"augmentation geometry is {self.geometry!r}; remove the override, or choose "
                "augmentation@augmentation.real=none"
            )
        check_transforms(self.transforms)

    @cached_property
    def _compose(self) -> Compose:
        return composed(self.transforms)

    def apply(
        self,
        canvas: NDArray[np.uint8],
        landmarks: NDArray[np.float32],
        visible: NDArray[np.bool_],
        *,
        size: int,
        scheme: LandmarkScheme,
        rng: np.random.Generator,
    ) -> AugmentedFace:
        """A random crop of a face; a function of the arguments alone.

        Args:
            canvas: (C, C, 3) uint8, the face with a margin around the crop. Not modified.
            landmarks: (K, 2) canvas pixels.
            visible: (K,) bool.
            size: Side of the crop, in pixels of the same scale.
            scheme: Says which landmarks the mirror exchanges.
            rng: The only source of randomness.
        """
        matrix = self.geometry.draw(canvas.shape[0], size, rng)
        if rng.random() < self.geometry.mirror:
            matrix = mirror_matrix(size) @ matrix
            order = mirror_order(scheme)
            landmarks, visible = landmarks[order], visible[order]
        # Not set_random_seed, which gives every transform the same random numbers: what happens at
        # 10 % would then only happen to faces that everything at 30 % happened to.
        self._compose.set_random_state(rng, Random(rng.bit_generator.random_raw()))
        done = self._compose(
            image=warp(canvas, matrix, size), keypoints=transform(landmarks, matrix)
        )
        return AugmentedFace(done["image"], done["keypoints"].astype(np.float32), visible)
