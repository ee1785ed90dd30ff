"""Geometry: where the face lies in its crop.

A single 3 x 3 map, applied once to pixels and landmarks alike, so that a face is resampled once
and no two conventions can meet.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.augmentation.ranges import check_range


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Where the face lies in its crop.

    Attributes:
        rotation: Standard deviation of the in-plane rotation, degrees; cut at twice that.
        scale: Largest relative change of size, drawn evenly in the logarithm.
        shift: Largest shift along x and y, share of the crop's side.
        perspective: Largest tilt of the image plane: relative change of size across the crop.
        mirror: Probability of a left-right reflection.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    perspective: float = 0.0
    mirror: float = 0.0

    def __post_init__(self) -> None:
        """Refuse strengths that leave no face."""
        check_range(
            self, {"rotation": 90, "scale": 1, "shift": 0.5, "perspective": 0.5, "mirror": 1}
        )

    def draw(self, canvas: int, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """A random map from canvas pixels to crop pixels, both square, centre on centre.

        Args:
            canvas: Side of the stored image.
            size: Side of the crop.
            rng: The only source of randomness.

        Returns:
            (3, 3) matrix, without reflection; the mirror also renames landmarks, so it is apart.
        """
        angle = np.radians(self.rotation * np.clip(rng.standard_normal(), -2, 2))
        zoom = np.exp(np.log1p(self.scale) * rng.uniform(-1, 1))
        tilt = self.perspective / size * rng.uniform(-1, 1, 2)
        shift = self.shift * size * rng.uniform(-1, 1, 2)
        cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
        similarity = np.array([[cos, -sin, 0], [sin, cos, 0], [*tilt, 1]])
        centred = similarity @ _translation((1 - canvas) / 2)
        return np.asarray(_translation(shift + (size - 1) / 2) @ centred)


def _translation(offset: NDArray[np.float64] | float) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[:2, 2] = offset
    return matrix
