"""The user's own pictures as backgrounds: read a part of one."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.data.images import ImageFile


def part_of(file: str, crop: tuple[float, float, float], size: int) -> NDArray[np.uint8]:
    """Read a square part of a picture.

    Files are not cached, because there may be more of them than fit into memory.

    Args:
        file: The picture.
        crop: Left, top and side: the side as a fraction of the shorter side, left and top as
            fractions of the remaining space.
        size: Pixels of a side.

    Returns:
        (size, size, 3) RGB.

    Raises:
        InputError: The picture cannot be read.
    """
    image = ImageFile(Path(file)).read()
    height, width = image.shape[:2]
    side = max(1, round(crop[2] * min(height, width)))
    x, y = round(crop[0] * (width - side)), round(crop[1] * (height - side))
    part = image[y : y + side, x : x + side]
    smooth = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (size, size), interpolation=smooth), np.uint8)
