"""The user's own pictures as backgrounds: list, hash and crop them."""

import hashlib
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.data.image_hashes import image_contents
from landmarks.data.images import ImageFile
from landmarks.errors import InputError

SUFFIXES: Final = (".png", ".jpg", ".jpeg")


def find_pictures(folder: str) -> tuple[str, ...]:
    """List the pictures of a folder, sorted by name.

    Raises:
        InputError: The folder does not exist.
    """
    path = Path(folder)
    if not path.is_dir():
        raise InputError(f"recipe: background.folder {folder!r} is no folder")
    return tuple(sorted(str(p) for p in path.rglob("*") if p.suffix.lower() in SUFFIXES))


def content_of(folder: str, files: tuple[str, ...]) -> str:
    """A hash of the names of `files` in `folder`, and of their bytes.

    Raises:
        InputError: A file is missing or cannot be read.
    """
    digest = hashlib.blake2b(digest_size=8)
    contents = image_contents([ImageFile(Path(file)) for file in files])
    for file, content in zip(files, contents, strict=True):
        name = Path(file).relative_to(folder).as_posix()
        digest.update(f"{name}\0{content}\0".encode())
    return digest.hexdigest()


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
