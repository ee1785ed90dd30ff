"""Cache of values computed from files, reused for as long as the files are unchanged.

A file counts as unchanged while its size, modification time and change time stay the same; it is
not opened to find out. The change time is included because `cp -p` and `rsync -t` restore the
modification time. A file that changed in the last seconds is not cached: another change could leave
the same times.

Locks only save concurrent jobs duplicate work; correctness does not depend on them.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.cache_files import Arrays, cache_file, read_arrays, write_arrays
from landmarks.data.threads import in_threads
from landmarks.storage.locks import LockError, lock

T = TypeVar("T")

SETTLED_SECONDS = 2.0  # the coarsest clock of a file system in use: FAT counts two seconds
SAVE_SECONDS = 60.0  # a job that is killed while it reads a large dataset loses no more than this
_BLOCK = 256  # files that a thread takes at a time


@dataclass(frozen=True, kw_only=True)
class FileValue:
    """An array computed from the bytes of one file, of the same shape for all files.

    Attributes:
        kind: Names the value in the cache.
        version: Changes when `compute` returns something else for the same bytes.
        shape: Of the array.
        dtype: Of the array.
        compute: Reads a file; raises `InputError` if it is missing or malformed.
    """

    kind: str
    version: str
    shape: tuple[int, ...]
    dtype: type[np.generic]
    compute: Callable[[Path], NDArray[Any]]


def cached_values(folder: Path, names: Sequence[str], value: FileValue, title: str) -> NDArray[Any]:
    """A value of each of many files, stored together for the folder.

    Args:
        folder: The folder.
        names: (n,) different files in it or below it.
        value: What to compute, in threads.
        title: Of the progress bar, which appears if this takes seconds.

    Returns:
        (n, *value.shape)

    Raises:
        InputError: From `value.compute`, for the first file that fails.
    """
    table = _Table(folder, names, value)
    return _once(table.place, table.look_up, lambda: table.compute(title), f"{title} of {folder}")


def cached_arrays(
    path: Path, kind: str, options: str, version: str, compute: Callable[[], Arrays]
) -> Arrays:
    """Named arrays computed from one file.

    Args:
        path: The file.
        kind: Names the arrays in the cache.
        options: What else the arrays depend on.
        version: Changes when `compute` returns something else for the same bytes.
        compute: Reads the file; raises `InputError` if it is missing or malformed.
    """
    place = cache_file(kind, f"{path.resolve()} {options}")
    clock, signature = time.time_ns(), _signatures(path.parent, [path.name])

    def find() -> Arrays | None:
        stored = read_arrays(place, version)
        return stored if stored and np.array_equal(stored["signature"], signature) else None

    def make() -> Arrays:
        arrays = compute()
        if _settled(signature, clock).all():
            write_arrays(place, version, {**arrays, "signature": signature})
        return arrays

    return _once(place, find, make, f"reading {path}")


class _Table:
    """Values of some files of a folder.

    Attributes:
        place: The cache file for values of this folder.
    """

    def __init__(self, folder: Path, names: Sequence[str], value: FileValue) -> None:
        self._folder, self._names, self._value = folder, names, value
        clock = time.time_ns()
        self._signatures = _signatures(folder, names)
        self._lasting = _settled(self._signatures, clock)
        self.place = cache_file(value.kind, str(folder.resolve()))
        self._values = np.empty((len(names), *value.shape), value.dtype)
        self._known = np.zeros(len(names), bool)

    def look_up(self) -> NDArray[Any] | None:
        """The values, if all are in the cache."""
        stored = self._load()
        rows = {name: row for row, name in enumerate(stored["names"].tolist())}
        found = np.array([rows.get(name, -1) for name in self._names], np.intp)
        known = found >= 0
        same = stored["signatures"][found[known]] == self._signatures[known]
        known[known] = same.all(axis=1)
        self._values[known] = stored["values"][found[known]]
        self._known = known
        return self._values if known.all() else None

    def compute(self, title: str) -> NDArray[Any]:
        """The values, of which those that are not in the cache are computed and stored."""
        missing = np.flatnonzero(~self._known)
        blocks = [missing[i : i + _BLOCK] for i in range(0, len(missing), _BLOCK)]
        saved = time.monotonic()
        try:
            with tqdm(total=len(missing), desc=title, unit="file", delay=2) as bar:
                for block in in_threads(self._compute, blocks):
                    self._known[block] = True
                    bar.update(len(block))
                    if time.monotonic() - saved > SAVE_SECONDS:
                        self._save()
                        saved = time.monotonic()
        finally:  # also after a malformed file or Ctrl-C
            self._save()
        return self._values

    def _compute(self, block: NDArray[np.intp]) -> NDArray[np.intp]:
        for i in block:
            self._values[i] = self._value.compute(self._folder / self._names[i])
        return block

    def _load(self) -> Arrays:
        nothing = {
            "names": np.empty(0, np.str_),
            "signatures": self._signatures[:0],
            "values": self._values[:0],
        }
        return read_arrays(self.place, self._value.version) or nothing

    def _save(self) -> None:
        """Store the known values, and keep those of files that were not asked for."""
        chosen = np.flatnonzero(self._known & self._lasting)
        if not len(chosen):
            return
        stored = self._load()
        others = ~np.isin(stored["names"], np.array(self._names))
        new = {
            "names": np.array(self._names)[chosen],
            "signatures": self._signatures[chosen],
            "values": self._values[chosen],
        }
        arrays = {name: np.concatenate([stored[name][others], new[name]]) for name in new}
        write_arrays(self.place, self._value.version, arrays)


def _signatures(folder: Path, names: Sequence[str]) -> NDArray[np.int64]:
    """(n, 3) size and times of modification and change, ns; -1 for missing files."""

    def signatures(block: Sequence[str]) -> list[tuple[int, int, int]]:
        return [_signature(f"{folder}/{name}") for name in block]

    blocks = [names[i : i + _BLOCK] for i in range(0, len(names), _BLOCK)]
    taken = [row for rows in in_threads(signatures, blocks) for row in rows]
    return np.array(taken, np.int64).reshape(-1, 3)


def _signature(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - making a path takes longer than this call
    except OSError:
        return -1, -1, -1
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _settled(signatures: NDArray[np.int64], clock: int) -> NDArray[np.bool_]:
    """(n,) whether another change of a file would show; `clock`: ns, before they were taken."""
    changed = signatures[:, 1:].max(axis=1)
    settled: NDArray[np.bool_] = (changed >= 0) & (changed < clock - SETTLED_SECONDS * 1e9)
    return settled


def _once(place: Path, find: Callable[[], T | None], make: Callable[[], T], what: str) -> T:
    """What `find` returns, else `make`; concurrent jobs wait for the first of them."""
    found = find()
    if found is not None:
        return found
    with ExitStack() as stack:
        with suppress(LockError):  # without a lock, each job does the work
            stack.enter_context(lock(place.with_suffix(".lock"), what=what))
        found = find()
        return make() if found is None else found
