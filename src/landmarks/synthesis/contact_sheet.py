"""A contact sheet: rows of pictures, each above the same row with its landmarks."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.picture import Picture
from landmarks.synthesis.storage.writers import LABEL_SETS

# Okabe and Ito's palette, RGB: distinguishable with any colour vision, and in grey.
_SEEN, _HIDDEN = (240, 228, 66), (213, 94, 0)

_LEAST_TILE = 192  # pixels; smaller pictures are enlarged, so that landmarks can be distinguished
_SHIFT = 4  # bits for fractions of a pixel in OpenCV's integer coordinates


def contact_sheet(
    pictures: Sequence[Picture], labels_name: str, columns: int = 8
) -> NDArray[np.uint8]:
    """Draw rows of pictures, each above a copy with landmarks; hidden ones in another colour.

    Args:
        pictures: All of one size; their number is a multiple of `columns`.
        labels_name: One of `LABEL_SETS`.
        columns: Pictures in a row.

    Returns:
        (H, W, 3) RGB.
    """
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    bands = [
        np.concatenate(tiles, axis=1)
        for row in rows
        for tiles in (
            [_plain(picture) for picture in row],
            [_marked(picture, labels_name) for picture in row],
        )
    ]
    return np.concatenate(bands)


def _plain(picture: Picture) -> NDArray[np.uint8]:
    factor = _factor(picture)
    enlarged = np.repeat(np.repeat(picture.image, factor, axis=0), factor, axis=1)
    return np.ascontiguousarray(enlarged)


def _marked(picture: Picture, labels_name: str) -> NDArray[np.uint8]:
    tile = _plain(picture)
    factor = _factor(picture)
    labels = picture.labels
    points = LABEL_SETS[labels_name](labels).astype(np.float64)
    # Each pixel has become factor x factor of them, with its centre in their middle.
    places = np.rint((factor * (points + 0.5) - 0.5) * 2**_SHIFT).astype(int)
    radius = round(0.008 * len(tile) * 2**_SHIFT)
    for (x, y), seen in zip(places.tolist(), labels.visible, strict=True):
        colour = _SEEN if seen else _HIDDEN
        cv2.circle(tile, (x, y), radius, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)
    return tile


def _factor(picture: Picture) -> int:
    return -(-_LEAST_TILE // len(picture.image))
