"""View: one drawn view of a face, from which its crop is made; and the recipe of views."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.augmentation.appearance import Appearance
from landmarks.augmentation.geometry import Geometry
from landmarks.augmentation.look import Look, develop
from landmarks.errors import InputError
from landmarks.geometry import mirror_matrix, mirror_order, transform, warp
from landmarks.scheme import LandmarkScheme


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class View:
    """A face as a training step is to see it. Landmarks are moved already, pixels are not.

    Attributes:
        canvas: (C, C, 3) uint8, the face with a margin around the crop.
        matrix: (3, 3) map from canvas pixels to crop pixels, mirror included.
        size: Side of the crop, pixels.
        look: What happens to the crop's pixels.
        landmarks: (K, 2) crop pixels, renamed if mirrored.
        visible: (K,) bool, the same.
    """

    canvas: NDArray[np.uint8]
    matrix: NDArray[np.float64]
    size: int
    look: Look
    landmarks: NDArray[np.float32]
    visible: NDArray[np.bool_]

    def image(self) -> NDArray[np.uint8]:
        """The crop, (size, size, 3) uint8, made on the CPU."""
        return develop(warp(self.canvas, self.matrix, self.size), self.look)


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Geometry, then appearance.

    Attributes:
        geometry: Where the face lies.
        appearance: How it looks.
    """

    geometry: Geometry
    appearance: Appearance

    def __post_init__(self) -> None:
        """Refuse a part that is missing."""
        for name, kind in (("geometry", Geometry), ("appearance", Appearance)):
            part = getattr(self, name)
            if not isinstance(part, kind):
                raise InputError(
                    f"augmentation {name} is {part!r}; leave that word out, or choose "
                    "augmentation@augmentation.real=none"
                )

    def draw(
        self,
        canvas: NDArray[np.uint8],
        landmarks: NDArray[np.float32],
        visible: NDArray[np.bool_],
        *,
        size: int,
        scheme: LandmarkScheme,
        rng: np.random.Generator,
    ) -> View:
        """A random view of a face.

        Args:
            canvas: (C, C, 3) uint8, the face with a margin around the crop.
            landmarks: (K, 2) canvas pixels.
            visible: (K,) bool.
            size: Side of the crop, in pixels of the same scale.
            scheme: Says which landmarks change places in the mirror.
            rng: The only source of randomness.
        """
        matrix = self.geometry.draw(canvas.shape[0], size, rng)
        moved = landmarks
        if rng.random() < self.geometry.mirror:
            matrix = mirror_matrix(size) @ matrix
            order = mirror_order(scheme)
            moved, visible = landmarks[order], visible[order]
        return View(
            canvas=canvas,
            matrix=matrix,
            size=size,
            look=self.appearance.draw(size, rng),
            landmarks=transform(moved, matrix),
            visible=visible,
        )
