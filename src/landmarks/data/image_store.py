"""Images of one size in a `.npy` file, which is mapped into memory to be read.

Mapped pages belong to the operating system's file cache: concurrent jobs share them, and they make
room when memory is needed. The file is written in order and as an ordinary file, because a full
disk ends a process that writes to a mapped one.
"""

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.files import is_file
from landmarks.data.threads import in_threads
from landmarks.errors import InputError

IMAGES, PROGRESS = "images.npy", "images.json"

# A killed job loses no more than this; an interrupted one loses nothing.
SAVE_SECONDS = 10.0

Shape = tuple[int, int, int, int]


def write_images(
    folder: Path, shape: Shape, content: str, make: Callable[[int], NDArray[np.uint8]], title: str
) -> None:
    """Write images, continuing where an interrupted call for the same images stopped.

    Args:
        folder: An existing folder.
        shape: (N, H, W, 3).
        content: Identifies the images; those of other content are overwritten.
        make: Returns the image with an index, (H, W, 3); called in threads.
        title: Of the progress bar.

    Raises:
        InputError: From `make`, or there is not enough room on the disk.
    """
    _check_room(folder, math.prod(shape))
    state: dict[str, object] = {"content": content, "shape": list(shape)}
    path, image_bytes = folder / IMAGES, math.prod(shape[1:])
    path.touch()
    with path.open("r+b") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        done = _images_done(folder, state)
        if path.stat().st_size < start + done * image_bytes:
            done = 0
        if not done:
            (folder / PROGRESS).unlink(missing_ok=True)
        file.truncate(start + done * image_bytes)
        file.seek(0, os.SEEK_END)
        saved = time.monotonic()
        try:
            with tqdm(total=shape[0], initial=done, desc=title, unit="face") as bar:
                for image in in_threads(make, range(done, shape[0])):
                    file.write(np.ascontiguousarray(image).data)
                    done += 1
                    bar.update()
                    if time.monotonic() - saved > SAVE_SECONDS:
                        _save_progress(file, folder, {**state, "done": done})
                        saved = time.monotonic()
        finally:  # also after a broken image or Ctrl-C
            _save_progress(file, folder, {**state, "done": done})


def open_images(folder: Path) -> NDArray[np.uint8]:
    """The images that `write_images` wrote, (N, H, W, 3), mapped into memory.

    Raises:
        InputError: The file is missing, too short or not one of images; pixels are not checked.
    """
    path = folder / IMAGES
    if not is_file(path):  # a pipe would be waited for
        raise InputError(f"{path}: cannot be read (no regular file)")
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # NumPy evaluates the header, and raises many kinds
        raise InputError(f"{path}: cannot be read ({error})") from None
    if images.ndim != 4 or images.dtype != np.uint8:
        raise InputError(f"{path}: not a file of images ({images.dtype} of shape {images.shape})")
    return np.asarray(images)


def _images_done(folder: Path, state: Mapping[str, object]) -> int:
    """Number of images that an interrupted call for the same images finished."""
    try:
        progress = json.loads((folder / PROGRESS).read_text())
        done = int(progress.pop("done"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0
    return done if progress == state else 0


def _save_progress(file: BinaryIO, folder: Path, progress: Mapping[str, object]) -> None:
    """Record what is on the disk for certain, so that it survives a power cut."""
    file.flush()
    os.fsync(file.fileno())
    (folder / PROGRESS).write_text(json.dumps(progress))


def _check_room(folder: Path, needed: int) -> None:
    images = folder / IMAGES
    present = images.stat().st_size if images.exists() else 0
    free = shutil.disk_usage(folder).free
    if needed - present > free:
        raise InputError(
            f"{folder}: the stored faces take {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are "
            "free; make room, choose another artifacts folder, fewer faces or a smaller input_size"
        )
