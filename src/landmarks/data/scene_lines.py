"""The scenes of a rendered folder: one line of JSON a face, packed to a quarter by gzip.

Most of a line are names, the same in every line. Unpacked files are read as well: folders had
them once, and a person may unpack one.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from landmarks.data.files import is_file, open_file
from landmarks.errors import InputError

# A line that `landmarks synthesize` writes has some 20 kB; a file of a few kB can unpack to one
# of gigabytes.
_LONGEST = 2**24

PACKED, UNPACKED = "scene.jsonl.gz", "scene.jsonl"


def scenes_file(folder: Path) -> Path | None:
    """Where a folder's scenes are, the packed file if there are two; None: nowhere."""
    return next((folder / name for name in (PACKED, UNPACKED) if is_file(folder / name)), None)


def scene_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file of scenes, each after its number.

    Raises:
        InputError: The file is damaged.
    """
    number = 0
    try:
        with open_file(path) as stored:
            file = gzip.GzipFile(fileobj=stored) if path.name == PACKED else stored
            while line := file.readline(_LONGEST):
                if len(line) == _LONGEST:
                    raise InputError(f"{path}, line {number + 1}: too long for a face")
                number += 1
                yield number, line
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(
            f"{path}: cut short or damaged after line {number}; copy or render it again"
        ) from None
