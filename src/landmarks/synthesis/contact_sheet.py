"""A contact sheet: rows of pictures, each above the same row with its landmarks."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.picture import Picture

# Okabe and Ito's palette, RGB: distinguishable with any colour vision, and in grey.
_SEEN, _HIDDEN = (240, 228, 66), (213, 94, 0)

_LEAST_TILE = 192  # pixels; smaller pictures are enlarged, so that landmarks can be distinguished
_SHIFT = 4  # bits for fractions of a pixel in OpenCV's integer coordinates


Marks = tuple[NDArray[np.float32], NDArray[np.bool_]]  # (K, 2) pixels, (K,) visible


def contact_sheet(
    pictures: Sequence[Picture], marks: Sequence[Marks], columns: int = 8
) -> NDArray[np.uint8]:
    """Draw rows of pictures, each above a copy with landmarks; hidden ones in another colour.

    Args:
        pictures: All of one size; their number is a multiple of `columns`.
        marks: Landmarks of each picture, and which ones are visible.
        columns: Pictures in a row.

    Returns:
        (H, W, 3) RGB.
    """
    shown = list(zip(pictures, marks, strict=True))
    rows = [shown[i : i + columns] for i in range(0, len(shown), columns)]
    bands = [
        np.concatenate(tiles, axis=1)
        for row in rows
        for tiles in (
            [_plain(picture) for picture, _ in row],
            [_marked(picture, *marks) for picture, marks in row],
        )
    ]
    return np.concatenate(bands)


def _plain(picture: Picture) -> NDArray[np.uint8]:
    factor = _factor(picture)
    enlarged = np.repeat(np.repeat(picture.image, factor, axis=0), factor, axis=1)
    return np.ascontiguousarray(enlarged)


def _marked(
    picture: Picture, points: NDArray[np.float32], visible: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    tile = _plain(picture)
    factor = _factor(picture)
    # Each pixel has become factor x factor of them, with its centre in their middle.
    places = np.rint((factor * (points.astype(np.float64) + 0.5) - 0.5) * 2**_SHIFT).astype(int)
    # Many landmarks are drawn smaller, so that the face stays visible.
    radius = round(0.008 * len(tile) * min(1.0, (100 / len(points)) ** 0.5) * 2**_SHIFT)
    for (x, y), seen in zip(places.tolist(), visible, strict=True):
        colour = _SEEN if seen else _HIDDEN
        cv2.circle(tile, (x, y), radius, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)
    return tile


def _factor(picture: Picture) -> int:
    return -(-_LEAST_TILE // len(picture.image))
