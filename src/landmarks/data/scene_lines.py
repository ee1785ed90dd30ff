"""The scenes of a rendered folder: one line of JSON per face, compressed by gzip to a quarter.

Unpacked files are read as well: a person may unpack one.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from landmarks.data.files import is_file, open_file
from landmarks.errors import InputError, file_error

# Lines have up to 13 kB; a hostile file of a few kB could unpack to one of gigabytes.
_LONGEST = 2**24

PACKED, UNPACKED = "scene.jsonl.gz", "scene.jsonl"


def scenes_file(folder: Path) -> Path | None:
    """The file with a folder's scenes, the packed one if there are two; None if there is none."""
    return next((folder / name for name in (PACKED, UNPACKED) if is_file(folder / name)), None)


def scene_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file of scenes with their numbers.

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
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({file_error(error)})") from None
