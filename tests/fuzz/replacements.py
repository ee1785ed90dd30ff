"""What can lie where a file of a dataset belongs: pipes, devices, links, folders, nothing."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

REPLACEMENTS: Mapping[str, Callable[[Path], None]] = {
    "nothing": lambda path: None,
    "a pipe": os.mkfifo,
    "a device without end": lambda path: path.symlink_to("/dev/zero"),
    "a terminal": lambda path: path.symlink_to("/dev/tty"),
    "64 GiB of zeros": lambda path: sparse(path, 2**36),
    "200 MiB of zeros": lambda path: sparse(path, 200 * 2**20),
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to nothing": lambda path: path.symlink_to("gone"),
    "a link to its folder": lambda path: path.symlink_to("."),
}


def sparse(path: Path, size: int) -> None:
    """A file that claims this size and takes no room on the disk."""
    path.touch()
    os.truncate(path, size)


def replace(path: Path, random: Random) -> str:
    """Put something else at `path`; returns what."""
    what = random.choice(list(REPLACEMENTS))
    path.unlink()
    REPLACEMENTS[what](path)
    return what
