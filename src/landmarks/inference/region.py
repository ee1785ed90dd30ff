"""The pixels of a face, taken from a photo of any size."""

import numpy as np
from numpy.typing import NDArray

from landmarks.geometry import Square, crop_matrix, warp


def cut(image: NDArray[np.uint8], square: Square, size: int) -> NDArray[np.uint8]:
    """The crop of `square`, (size, size, 3), as `warp` of the whole image.

    `warp` reads the whole image where it shrinks, which takes a second for each face of a photo of
    50 megapixels; here it gets the square and a margin.

    Args:
        image: (H, W, 3) uint8 RGB.
        square: The region; where it is outside of the image, the outermost pixels are repeated.
        size: Side of the crop, pixels.
    """
    margin = 2 * (1 + square.side / size)  # what bilinear sampling and averages reach
    (left, right), (top, bottom) = (
        _within(centre, square.side / 2 + margin, length)
        for centre, length in ((square.x, image.shape[1]), (square.y, image.shape[0]))
    )
    part = np.ascontiguousarray(image[top:bottom, left:right])
    return warp(part, crop_matrix(Square(square.x - left, square.y - top, square.side), size), size)


def _within(centre: float, reach: float, length: int) -> tuple[int, int]:
    """First pixel and end of an interval, of at least one pixel of an image of that length."""
    first = min(max(0, int(np.floor(centre - reach))), length - 1)
    return first, max(min(length, int(np.ceil(centre + reach)) + 1), first + 1)
