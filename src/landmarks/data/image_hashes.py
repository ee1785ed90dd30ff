"""Hashes of image files: each file is read once, and again only when it changes."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from landmarks.data.file_cache import FileValue, cached_values
from landmarks.data.images import ImageFile, ImageSource

_HASH = FileValue(
    kind="image_hashes",
    version="1",
    shape=(16,),
    dtype=np.uint8,
    compute=lambda path: np.frombuffer(bytes.fromhex(ImageFile(path).content()), np.uint8),
)


def image_contents(images: Sequence[ImageSource]) -> tuple[str, ...]:
    """`content()` of each image, in order; that of files is cached.

    Raises:
        InputError: A file is missing or cannot be read.
    """
    files = dict.fromkeys(str(image.path) for image in images if isinstance(image, ImageFile))
    hashes = _hashes(list(files)) if files else {}
    return tuple(
        hashes[str(image.path)] if isinstance(image, ImageFile) else image.content()
        for image in images
    )


def _hashes(files: list[str]) -> dict[str, str]:
    """The hash of each file, cached for the folder that all of them are in or below."""
    split = [os.path.split(file) for file in files]
    resolved = {parent: os.path.realpath(parent) for parent in {parent for parent, _ in split}}
    folder = os.path.commonpath(list(resolved.values()))
    below = {parent: os.path.relpath(real, folder) for parent, real in resolved.items()}
    names = [f"{below[parent]}/{name}" for parent, name in split]
    hashes = cached_values(Path(folder), names, _HASH, "hashing images")
    return {file: row.tobytes().hex() for file, row in zip(files, hashes, strict=True)}
