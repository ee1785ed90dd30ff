"""Signatures: whether a file is the one it was, told without reading it.

A file is taken for unchanged if it has the size, inode and times of change that it had. The time at
which its inode changed is among them, because programs that restore the time of the content, as
`cp -p` and `rsync -t` do, cannot set it.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.data.threads import in_threads

# The coarsest clock of a file system in use: FAT counts two seconds.
SETTLED_SECONDS = 2.0

_BLOCK = 1000  # files that a thread asks for at a time


def signatures(folder: Path, names: Sequence[str]) -> NDArray[np.int64]:
    """What tells files of a folder from what they may become.

    Args:
        folder: The folder.
        names: (n,) files in it or below it.

    Returns:
        (n, 4) size, inode, times of change of content and of inode, ns; -1 where no file is.
    """
    blocks = [names[i : i + _BLOCK] for i in range(0, len(names), _BLOCK)]

    def ask(block: Sequence[str]) -> list[tuple[int, int, int, int]]:
        return [_signature(f"{folder}/{name}") for name in block]

    with in_threads(ask, blocks) as answers:  # a network answers many questions at a time
        return np.array([answer for block in answers for answer in block], np.int64)


def settled(taken: NDArray[np.int64], clock: int) -> NDArray[np.bool_]:
    """Whether a file would get another signature if it were changed again.

    Not so if it was changed in the seconds before `taken`: it might get the same times.

    Args:
        taken: (n, 4) from `signatures`.
        clock: Time before they were taken, ns.

    Returns:
        (n,)
    """
    changed = taken[:, 2:].max(axis=1)
    lasting: NDArray[np.bool_] = (changed >= 0) & (changed < clock - SETTLED_SECONDS * 1e9)
    return lasting


def _signature(path: str) -> tuple[int, int, int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - making a path takes longer than asking for it
    except OSError:
        return -1, -1, -1, -1
    inode = status.st_ino & (2**63 - 1)  # some file systems use all 64 bits
    return status.st_size, inode, status.st_mtime_ns, status.st_ctime_ns
