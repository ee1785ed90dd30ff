"""Canvases: images of one size in a `.npy` file, written and read without mapping it into memory.

    images.npy    (N, H, W, 3) uint8
    blocks.bin    what the images show; then for each block of them a digest, written after it

Pages of a mapped file count as memory of every process that looks at them, and a full disk kills
the process that writes to them. A block is finished if its digest is there and right, whatever
became of its writer: by this rule a build is continued.
"""

import hashlib
import math
import os
import shutil
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from operator import index as as_index
from pathlib import Path
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.threads import in_threads
from landmarks.errors import InputError

IMAGES, BLOCKS = "images.npy", "blocks.bin"

# Images of a block. Each thread that writes holds one in memory: 7 MB for crops of 256 pixels.
BLOCK = 16

_DIGEST_BYTES = 16

Shape = tuple[int, int, int, int]


def write_canvases(
    folder: Path, shape: Shape, shows: bytes, make: Callable[[int], NDArray[np.uint8]], title: str
) -> None:
    """Write images, or those that an interrupted call for the same images left out.

    Args:
        folder: Exists.
        shape: (N, H, W, 3).
        shows: 16 bytes that tell these images from others, which are overwritten.
        make: Gives the image with an index, (H, W, 3); called in threads.
        title: Of the progress bar.

    Raises:
        InputError: From `make`, or the disk has not enough room.
    """
    _check_room(folder, math.prod(shape))
    if not _is_begun(folder, shape, shows):
        _begin(folder, shape, shows)
    layout = _layout(folder)
    with (
        (folder / IMAGES).open("r+b", buffering=0) as images,
        (folder / BLOCKS).open("r+b", buffering=0) as digests,
    ):

        def finish(number: int) -> int:
            block = layout.block(number)
            if not layout.is_finished(number, images.fileno(), digests.fileno()):
                pixels = np.empty((len(block), *shape[1:]), np.uint8)
                for row, i in enumerate(block):
                    pixels[row] = make(i)
                content = pixels.data.cast("B")
                _write(images.fileno(), content, layout.place(number))
                _write(digests.fileno(), _digest(content), layout.digest_place(number))
            return len(block)

        with (
            tqdm(total=shape[0], desc=title, unit="face") as bar,
            in_threads(finish, range(layout.num_blocks)) as finished,
        ):
            for count in finished:
                bar.update(count)
        os.fsync(images.fileno())
        os.fsync(digests.fileno())


class Canvases:
    """The images that `write_canvases` wrote, each read when it is asked for.

    Args:
        folder: Where they are.

    Attributes:
        shape: (N, H, W, 3).

    Raises:
        InputError: Files are missing or have not the right length; pixels are not looked at.
    """

    def __init__(self, folder: Path) -> None:
        self._layout = _layout(folder)
        self.shape = self._layout.shape
        self._images = os.open(folder / IMAGES, os.O_RDONLY)
        weakref.finalize(self, os.close, self._images)
        _check_size(folder / IMAGES, self._layout.place(self._layout.num_blocks))
        _check_size(folder / BLOCKS, self._layout.digest_place(self._layout.num_blocks))

    def __len__(self) -> int:
        """Number of images."""
        return self.shape[0]

    def __getitem__(self, index: SupportsIndex) -> NDArray[np.uint8]:
        """Image `index`, (H, W, 3), read-only."""
        i = range(len(self))[as_index(index)]
        size = self._layout.image_bytes
        content = os.pread(self._images, size, self._layout.start + i * size)
        return np.frombuffer(content, np.uint8).reshape(self.shape[1:])


@dataclass(frozen=True)
class _Layout:
    """Where images lie in their file, and how they are divided into blocks.

    Attributes:
        shape: (N, H, W, 3).
        start: Bytes before the first image.
    """

    shape: Shape
    start: int

    @property
    def image_bytes(self) -> int:
        return math.prod(self.shape[1:])

    @property
    def num_blocks(self) -> int:
        return math.ceil(self.shape[0] / BLOCK)

    def block(self, number: int) -> range:
        """Indices of its images; none for the block after the last."""
        return range(self.shape[0])[number * BLOCK : (number + 1) * BLOCK]

    def place(self, number: int) -> int:
        """Where a block begins, or after the last one the file ends."""
        return self.start + self.block(number).start * self.image_bytes

    def digest_place(self, number: int) -> int:
        """Where the digest of a block is, or after the last one the file ends."""
        return (1 + number) * _DIGEST_BYTES

    def is_finished(self, number: int, images: int, digests: int) -> bool:
        """Whether the files with these descriptors hold a block and its digest."""
        digest = os.pread(digests, _DIGEST_BYTES, self.digest_place(number))
        if not any(digest):  # spares the reading of what nobody wrote
            return False
        size = len(self.block(number)) * self.image_bytes
        return _digest(os.pread(images, size, self.place(number))) == digest


def _layout(folder: Path) -> _Layout:
    try:
        with (folder / IMAGES).open("rb") as file:
            np.lib.format.read_magic(file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            if len(shape) != 4 or dtype != np.uint8:
                raise ValueError(f"{dtype} of shape {shape}")
            return _Layout(shape, file.tell())
    except (OSError, ValueError) as error:
        raise _broken(folder / IMAGES, f"not a file of images ({error})") from None


def _is_begun(folder: Path, shape: Shape, shows: bytes) -> bool:
    try:
        with (folder / BLOCKS).open("rb") as file:
            return file.read(_DIGEST_BYTES) == shows and _layout(folder).shape == shape
    except (OSError, InputError):
        return False


def _begin(folder: Path, shape: Shape, shows: bytes) -> None:
    """Make files of the right length, of which nothing is finished."""
    (folder / BLOCKS).unlink(missing_ok=True)
    np.lib.format.open_memmap(folder / IMAGES, mode="w+", dtype=np.uint8, shape=shape)
    (folder / BLOCKS).write_bytes(shows)


def _check_room(folder: Path, needed: int) -> None:
    images = folder / IMAGES
    there = images.stat().st_blocks * 512 if images.exists() else 0
    free = shutil.disk_usage(folder).free
    if needed - there > free:
        raise InputError(
            f"{folder}: the stored faces take {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are "
            "free; make room, choose another artifacts folder, fewer faces or a smaller input_size"
        )


def _check_size(path: Path, expected: int) -> None:
    found = path.stat().st_size if path.exists() else 0
    if found != expected:
        raise _broken(path, f"{found:,} bytes, expected {expected:,}")


def _broken(path: Path, what: str) -> InputError:
    return InputError(f"{path}: {what}; remove {path.parent}, and the faces are stored anew")


def _write(file: int, content: bytes | memoryview, place: int) -> None:
    done = 0
    while done < len(content):  # a call may write a part, as on a disk that gets full
        done += os.pwrite(file, content[done:], place + done)


def _digest(content: bytes | memoryview) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
