"""What every face finder is, and what several of them need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box

SAME_FACE = 0.4  # intersection over union of two boxes from which they show one face


@dataclass(frozen=True, slots=True)
class FoundBox:
    """Where a finder sees a face.

    Attributes:
        box: (x0, y0, x1, y1) pixels of the photo; about the tight box of the face's 68 landmarks,
            brows to chin, whatever region the finder itself looks at.
        score: How sure the finder is. Larger is surer; the scale is the finder's own.
    """

    box: Box
    score: float


class FaceFinder(Protocol):
    """Finds faces in photos."""

    def find(self, images: Sequence[NDArray[np.uint8]]) -> list[tuple[FoundBox, ...]]:
        """The faces of each photo, the surest first.

        Args:
            images: (H, W, 3) uint8 RGB, each of its own size, however large.
        """
        ...


def reduced(image: NDArray[np.uint8], longest: int) -> tuple[NDArray[np.uint8], float]:
    """A copy of at most `longest` pixels a side, and how many pixels of `image` are one of its."""
    factor = max(1.0, max(image.shape[:2]) / longest)
    if factor == 1:
        return image, factor
    height, width = (max(1, round(side / factor)) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False), factor


def enlarged(box: Box, factor: float) -> Box:
    """A box of a `reduced` copy in pixels of the photo."""
    x0, y0, x1, y1 = (factor * (side + 0.5) - 0.5 for side in box)
    return x0, y0, x1, y1


def overlaps(boxes: Sequence[Box], others: Sequence[Box]) -> NDArray[np.float64]:
    """(len(boxes), len(others)) intersections over unions."""
    a = np.array(boxes, np.float64).reshape(-1, 1, 4)
    b = np.array(others, np.float64).reshape(1, -1, 4)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    common = np.clip(high - low, 0, None).prod(axis=-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (a, b)]
    return np.asarray(common / np.maximum(areas[0] + areas[1] - common, 1e-12))


def distinct(boxes: Sequence[Box]) -> list[int]:
    """Indices of `boxes`, the surest first, without those that show the face of a surer one."""
    same = overlaps(boxes, boxes) >= SAME_FACE
    kept: list[int] = []
    for i in range(len(boxes)):
        if not same[i, kept].any():
            kept.append(i)
    return kept
