"""What a detector is given: photos in several forms, and boxes; and what is refused."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from landmarks.data.coordinates import Box
from landmarks.data.images import ImageFile
from landmarks.errors import InputError

LARGEST_BOX = 10  # sides of the image; a face may be partly outside
SMALLEST_BOX = 2  # pixels of the longer side; boxes in fractions of the image are smaller

Photo = str | Path | Image.Image | NDArray[np.uint8]


def pixels(photo: Photo) -> NDArray[np.uint8]:
    """A photo as (H, W, 3) uint8 RGB; see `Detector.__call__`."""
    if isinstance(photo, str | Path):
        return ImageFile(Path(photo)).read()
    image = np.asarray(photo.convert("RGB")) if isinstance(photo, Image.Image) else photo
    check_image(image)
    return image


def check_image(image: NDArray[np.uint8]) -> None:
    """Refuse other arrays: from most of them a network would compute plausible nonsense."""
    shape, dtype = getattr(image, "shape", None), getattr(image, "dtype", None)
    if shape is None or len(shape) != 3 or shape[2] != 3 or 0 in shape or dtype != np.uint8:
        given = type(image).__name__ if shape is None else f"{shape} {dtype}"
        raise InputError(
            f"image is {given}; it must be (H, W, 3) uint8, RGB from 0 to 255, and not empty"
        )


def check_box(box: Box, image: NDArray[np.uint8]) -> None:
    """Refuse a box that cannot be around a face in `image`."""
    if len(box) != 4 or not all(map(math.isfinite, box)) or box[0] >= box[2] or box[1] >= box[3]:
        raise InputError(
            f"box is {box!r}; it must be (x0, y0, x1, y1), finite pixels with x0 < x1 and y0 < y1"
        )
    x0, y0, x1, y1 = box
    height, width = image.shape[:2]
    side = max(x1 - x0, y1 - y0)
    if side < SMALLEST_BOX:
        raise InputError(
            f"box of {x1 - x0:g} x {y1 - y0:g} pixels; it must be in pixels, not in fractions of "
            "the image"
        )
    if side > LARGEST_BOX * max(width, height):
        raise InputError(
            f"box of {x1 - x0:g} x {y1 - y0:g} pixels, in an image of {width} x {height}; it must "
            "be around a face"
        )
    if x1 < 0 or y1 < 0 or x0 > width - 1 or y0 > height - 1:
        raise InputError(
            f"box from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}) is outside the image of {width} x "
            f"{height} pixels"
        )
