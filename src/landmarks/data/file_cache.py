"""Kept values: what was computed of files, found again for as long as the files are unchanged.

`landmarks.data.signatures` says what counts as unchanged, `landmarks.data.cache` where values lie.
A file that changed in the last seconds is computed, and not kept.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.cache import (
    Arrays,
    cache_file,
    once_in_cache,
    packed,
    read_cache,
    unpacked,
    write_cache,
)
from landmarks.data.signatures import settled, signatures
from landmarks.data.threads import in_threads

# A job that is killed while it hashes a large data set loses no more than this.
SAVE_SECONDS = 60.0

_BLOCK = 256  # files that a thread takes at a time


@cache
def readers_code() -> str:
    """A hash of the sources that read labels: the version of what they read."""
    package = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for path in [*sorted(package.glob("*.py")), package.parent / "scheme.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def kept_arrays(
    path: Path, kind: str, options: str, version: str, compute: Callable[[], Arrays]
) -> Arrays:
    """Named arrays that follow from the bytes of one file.

    Args:
        path: The file.
        kind: What the arrays are, for the cache.
        options: Tells what is kept of one file for one purpose from what is for another.
        version: Changes when `compute` gives something else for the same bytes.
        compute: Reads the file; raises `InputError` if it is missing or malformed.
    """
    place = cache_file(kind, f"{path.resolve()} {options}")
    clock, taken = time.time_ns(), signatures(path.parent, [path.name])
    state: Arrays = {"signature": taken, "version": packed([version])}

    def find() -> Arrays | None:
        stored = read_cache(place)
        known = stored is not None and all(np.array_equal(stored[k], state[k]) for k in state)
        return stored if known else None

    def make() -> Arrays:
        arrays = compute()
        if settled(taken, clock).all():
            write_cache(place, {**arrays, **state})
        return arrays

    return once_in_cache(place, find, make, f"reading {path}")


@dataclass(frozen=True, kw_only=True)
class FileValue:
    """An array that follows from the bytes of a file, of one shape for all files.

    Attributes:
        kind: What it is, for the cache.
        version: Changes when `compute` gives something else for the same bytes.
        shape: Of the array.
        dtype: Of the array.
        compute: Reads a file; raises `InputError` if it is missing or malformed.
    """

    kind: str
    version: str
    shape: tuple[int, ...]
    dtype: type[np.generic]
    compute: Callable[[Path], NDArray[Any]]


def kept_values(folder: Path, names: Sequence[str], value: FileValue, title: str) -> NDArray[Any]:
    """A value of each of many files, which are kept together for the folder.

    Args:
        folder: The folder.
        names: (n,) files in it or below it.
        value: What to compute, in threads.
        title: Of the progress bar, which appears if this takes seconds.

    Returns:
        (n, *value.shape)

    Raises:
        InputError: From `value.compute`, of the first file for which it raises one.
    """
    values = _Values(folder, names, value)

    def find() -> NDArray[Any] | None:
        values.look_up()
        return values.values if values.done.all() else None

    def make() -> NDArray[Any]:
        values.compute(title)
        return values.values

    return once_in_cache(values.place, find, make, f"{title} of {folder}")


class _Values:
    """Values of some files of a folder.

    Attributes:
        place: Where values of files of this folder are kept.
        values: (n, *value.shape)
        done: (n,) which of them are known.
    """

    def __init__(self, folder: Path, names: Sequence[str], value: FileValue) -> None:
        self._folder, self._names, self._value = folder, names, value
        clock = time.time_ns()
        self._signatures = signatures(folder, names)
        self._lasting = settled(self._signatures, clock)
        self.place = cache_file(value.kind, str(folder.resolve()))
        self.values = np.empty((len(names), *value.shape), value.dtype)
        self.done = np.zeros(len(names), bool)

    def look_up(self) -> None:
        """Fill in the values of unchanged files."""
        known_names, known_signatures, known_values = self._load()
        places = {name: i for i, name in enumerate(known_names)}
        found = np.array([places.get(name, -1) for name in self._names], np.intp)
        done = found >= 0
        done[done] = (known_signatures[found[done]] == self._signatures[done]).all(axis=1)
        self.values[done] = known_values[found[done]]
        self.done = done

    def compute(self, title: str) -> None:
        """Fill in the missing values, and keep them."""
        missing = np.flatnonzero(~self.done)
        blocks = [missing[i : i + _BLOCK] for i in range(0, len(missing), _BLOCK)]
        saved = time.monotonic()
        try:
            with (
                tqdm(total=len(missing), desc=title, unit="file", delay=2) as bar,
                in_threads(self._compute, blocks) as computed,
            ):
                for block in computed:
                    self.done[block] = True
                    bar.update(len(block))
                    if time.monotonic() - saved > SAVE_SECONDS:
                        self._save()
                        saved = time.monotonic()
        finally:  # also what came before a malformed file or an interruption
            self._save()

    def _compute(self, block: NDArray[np.intp]) -> NDArray[np.intp]:
        for i in block:
            self.values[i] = self._value.compute(self._folder / self._names[i])
        return block

    def _load(self) -> tuple[list[str], NDArray[np.int64], NDArray[Any]]:
        """Names, signatures and values that are kept."""
        stored = read_cache(self.place)
        if stored is None or unpacked(stored["version"]) != [self._value.version]:
            return [], self._signatures[:0], self.values[:0]
        return unpacked(stored["names"]), stored["signatures"], stored["values"]

    def _save(self) -> None:
        """Keep the known values, beside those of files that were not asked for."""
        chosen = np.flatnonzero(self.done & self._lasting).tolist()
        names, known_signatures, known_values = self._load()
        asked = set(self._names)
        others = [i for i, name in enumerate(names) if name not in asked]
        if chosen:
            arrays = {
                "version": packed([self._value.version]),
                "names": packed([names[i] for i in others] + [self._names[i] for i in chosen]),
                "signatures": np.concatenate([known_signatures[others], self._signatures[chosen]]),
                "values": np.concatenate([known_values[others], self.values[chosen]]),
            }
            write_cache(self.place, arrays)
