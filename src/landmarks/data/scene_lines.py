"""The scenes of a rendered folder: one line of JSON a face, packed to a quarter by gzip.

Most of a line are names, the same in every line. Unpacked files are read as well: folders had
them once, and a person may unpack one.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from landmarks.errors import InputError

PACKED, UNPACKED = "scene.jsonl.gz", "scene.jsonl"


def scenes_file(folder: Path) -> Path | None:
    """Where a folder's scenes are, the packed file if there are two; None: nowhere."""
    return next((folder / name for name in (PACKED, UNPACKED) if (folder / name).is_file()), None)


def scene_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file of scenes, each after its number.

    Raises:
        InputError: The file is damaged.
    """
    number, opened = 0, gzip.open if path.name == PACKED else open
    try:
        with opened(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                yield number, line
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(
            f"{path}: cut short or damaged after line {number}; copy or render it again"
        ) from None
