"""Geometry: where the face is in its crop.

One 3 x 3 map, applied to pixels and landmarks alike, so that pixels are interpolated once.
"""

import math
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError

# Beyond these, faces leave the crop or turn upside down.
_LIMITS: Final = {"rotation": 90, "scale": 1, "shift": 0.5, "perspective": 0.5, "mirror": 1}


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Random position of the face in its crop. The defaults cut out the middle of the canvas.

    Attributes:
        rotation: Standard deviation of the in-plane rotation, degrees; clipped at twice that.
        scale: Largest relative change of size; its logarithm is uniform.
        shift: Largest shift along x and y, as a fraction of the crop's side.
        perspective: Largest tilt of the image plane: relative change of size across the crop.
        mirror: Probability of a left-right reflection.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    perspective: float = 0.0
    mirror: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            InputError: A value is not a number, or out of range.
        """
        for field in fields(self):
            value, limit = getattr(self, field.name), _LIMITS[field.name]
            if not isinstance(value, int | float) or not 0 <= value <= limit:
                raise InputError(
                    f"augmentation geometry.{field.name} is {value!r}; it must be a number from 0 "
                    f"to {limit:g}"
                )

    def draw(self, canvas: int, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw a map from canvas pixels to crop pixels; it maps centre to centre before the shift.

        Args:
            canvas: Side of the stored image, pixels.
            size: Side of the crop, pixels.
            rng: The only source of randomness.

        Returns:
            (3, 3) matrix, without the mirror, which also exchanges landmarks.
        """
        turn = rng.standard_normal()
        growth, *tilts, right, down = rng.uniform(-1, 1, 5).tolist()
        angle = math.radians(self.rotation * min(2.0, max(-2.0, turn)))
        zoom = (1 + self.scale) ** growth
        cos, sin = zoom * math.cos(angle), zoom * math.sin(angle)
        p, q = (self.perspective / size * tilt for tilt in tilts)
        # Of pixels relative to the middle of the canvas, hence the last column.
        middle = (canvas - 1) / 2
        matrix = np.array(
            [
                [cos, -sin, middle * (sin - cos)],
                [sin, cos, -middle * (sin + cos)],
                [p, q, 1 - middle * (p + q)],
            ]
        )
        # The product with a translation from there to the crop, without two more matrices.
        matrix[0] += ((size - 1) / 2 + self.shift * size * right) * matrix[2]
        matrix[1] += ((size - 1) / 2 + self.shift * size * down) * matrix[2]
        return matrix
