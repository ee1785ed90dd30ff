"""Maps between source, crop and heatmap pixels; the crop rule; the mirror.

Every map is a 3 x 3 matrix on `(x, y, 1)`, in the convention of `landmarks.training.batch`:
coordinates are pixel centres, so an image of width W covers -0.5 to W - 0.5.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError
from landmarks.scheme import LandmarkScheme

# The share of its landmarks that the box of a face contains at least. The boxes of dlib's and of
# Datagen's files contain 0.84 of them and more.
_LEAST_INSIDE = 0.25


@dataclass(frozen=True, slots=True)
class Square:
    """A square region of an image, upright.

    Attributes:
        x: Centre, source pixels.
        y: Centre, source pixels.
        side: Length of a side, source pixels.
    """

    x: float
    y: float
    side: float


class CropRule(Protocol):
    """Selects the square region around a face that the model sees, in training and test."""

    @property
    def box_source(self) -> str:
        """Where the face box comes from, recorded in every result."""
        ...

    def square(
        self,
        landmarks: NDArray[np.float32],
        box: tuple[float, float, float, float] | None,
    ) -> Square:
        """The region for a face.

        Args:
            landmarks: (n, 2) source pixels, those with a label; none of a photo without labels.
            box: The face's own box, (x0, y0, x1, y1) source pixels, if it has one.
        """
        ...


def _check_scale(scale: float) -> None:
    is_number = isinstance(scale, int | float) and not isinstance(scale, bool)
    if not is_number or not 0.5 <= scale <= 4:
        raise InputError(f"crop scale is {scale!r}; it must be a number from 0.5 to 4")


@dataclass(frozen=True)
class LandmarkCrop:
    """Square around the tight box of the landmarks: `scale` times its longer side.

    The rule of HRNet-FLD and most published 300-W numbers. It uses the annotation at test time
    too, so its errors are those of a perfect face detector.
    """

    scale: float = 1.25

    def __post_init__(self) -> None:
        """Validate the scale."""
        _check_scale(self.scale)

    @property
    def box_source(self) -> str:
        """The annotation."""
        return "landmarks"

    def square(
        self,
        landmarks: NDArray[np.float32],
        box: tuple[float, float, float, float] | None,
    ) -> Square:
        """The region around `landmarks`; around `box` if there are none.

        Raises:
            InputError: The face has neither.
        """
        if len(landmarks) == 0:
            if box is None:
                raise InputError("a face has neither a labelled landmark nor a box; leave it out")
            return _around(*box, self.scale)
        x0, y0 = landmarks.min(axis=0)
        x1, y1 = landmarks.max(axis=0)
        return _around(float(x0), float(y0), float(x1), float(y1), self.scale)


@dataclass(frozen=True)
class GivenBoxCrop:
    """Square around the box that comes with the face: `scale` times its longer side."""

    scale: float = 1.25

    def __post_init__(self) -> None:
        """Validate the scale."""
        _check_scale(self.scale)

    @property
    def box_source(self) -> str:
        """The dataset, whose description names the source of its boxes."""
        return "given"

    def square(
        self,
        landmarks: NDArray[np.float32],
        box: tuple[float, float, float, float] | None,
    ) -> Square:
        """The region around `box`.

        Raises:
            InputError: The face has no box, or not one around its landmarks.
        """
        if box is None:
            raise InputError(
                "a face has no box; use crop=landmarks, or read the dataset with its boxes"
            )
        problem = box_problem(box, landmarks)
        if problem is not None:
            raise InputError(
                f"{problem}; correct the box, leave the face out, or use crop=landmarks"
            )
        return _around(*box, self.scale)


def box_problem(
    box: tuple[float, float, float, float], landmarks: NDArray[np.float32]
) -> str | None:
    """Why a box cannot be that of the face with these landmarks; None if it can.

    Args:
        box: (x0, y0, x1, y1) source pixels.
        landmarks: (K, 2) source pixels.
    """
    x0, y0, x1, y1 = box
    shown = f"its box, from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}),"
    if not (x0 < x1 and y0 < y1):
        return f"{shown} is empty"
    inside = int(((landmarks >= (x0, y0)) & (landmarks <= (x1, y1))).all(axis=1).sum())
    if inside >= _LEAST_INSIDE * len(landmarks):
        return None
    if max(x1, y1) <= 1:
        return f"{shown} is in fractions of the image; boxes must be pixels"
    return f"{shown} contains {inside} of the {len(landmarks)} landmarks"


def _around(x0: float, y0: float, x1: float, y1: float, scale: float) -> Square:
    return Square(x=(x0 + x1) / 2, y=(y0 + y1) / 2, side=max(x1 - x0, y1 - y0) * scale)


def crop_matrix(square: Square, size: int) -> NDArray[np.float64]:
    """Source pixels to the pixels of a crop.

    Args:
        square: The region.
        size: Side of the crop, pixels.

    Returns:
        (3, 3) matrix; the region's edges fall on the crop's edges, -0.5 and size - 0.5.
    """
    factor = size / square.side
    centre = (size - 1) / 2
    return np.array(
        [
            [factor, 0.0, centre - factor * square.x],
            [0.0, factor, centre - factor * square.y],
            [0.0, 0.0, 1.0],
        ]
    )


def transform(points: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Map points.

    Args:
        points: (..., 2) pixels.
        matrix: (3, 3), or (..., 3, 3) with one map for each leading index.

    Returns:
        (..., 2) pixels of the target frame.
    """
    homogeneous = points @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2]
    return (homogeneous[..., :2] / homogeneous[..., 2:]).astype(np.float32)


def inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The map back, (..., 3, 3)."""
    return np.asarray(np.linalg.inv(matrix), np.float64)


def warp(image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """Resample an image; its outermost pixels are repeated beyond its border.

    Args:
        image: (H, W, 3) uint8.
        matrix: (3, 3) from the image's pixels to the result's.
        size: Side of the result.

    Returns:
        (size, size, 3) uint8.
    """
    # Bilinear sampling skips pixels when shrinking by more than two, so average them first.
    (a, b, _), (c, d, _), _ = matrix.tolist()
    shrink = int(1 / math.sqrt(abs(a * d - b * c)))
    if shrink >= 2:
        height, width = (max(1, round(side / shrink)) for side in image.shape[:2])
        fx, fy = width / image.shape[1], height / image.shape[0]
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
        to_full = np.array(
            [[1 / fx, 0, (1 / fx - 1) / 2], [0, 1 / fy, (1 / fy - 1) / 2], [0, 0, 1.0]]
        )
        matrix = matrix @ to_full
    warped = cv2.warpPerspective(
        image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return warped.astype(np.uint8, copy=False)


def mirror_matrix(width: int) -> NDArray[np.float64]:
    """The left-right reflection of an image of `width` pixels: x -> (width - 1) - x."""
    return np.array([[-1.0, 0.0, width - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def mirror_order(scheme: LandmarkScheme) -> NDArray[np.intp]:
    """Permutation that gives reflected landmarks the indices of their new sides."""
    return np.array(scheme.mirror, dtype=np.intp)


def mirrored(
    landmarks: NDArray[np.float32], width: int, scheme: LandmarkScheme
) -> NDArray[np.float32]:
    """Landmarks of the left-right mirrored image.

    Args:
        landmarks: (..., K, 2) pixels.
        width: Of the image, pixels.
        scheme: Gives each landmark's partner.

    Returns:
        (..., K, 2): reflected, and left and right exchanged.
    """
    reflected = landmarks * np.array([-1, 1], np.float32) + np.array([width - 1, 0], np.float32)
    return np.ascontiguousarray(reflected[..., mirror_order(scheme), :])
