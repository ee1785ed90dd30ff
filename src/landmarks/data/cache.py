"""The cache: arrays that can be computed again, kept so that they need not be.

It lies in the folder that `LANDMARKS_CACHE` names, else in `$XDG_CACHE_HOME/landmarks`, else in
`~/.cache/landmarks`: not beside the data, which may be read-only, nor beside artifacts, because
several output folders share one data set. It may be removed at any time.

A file begins with a digest of the rest, so that one which a disk altered counts as missing. A cache
that cannot be written is done without.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from landmarks.errors import InputError
from landmarks.storage.atomic import atomic_write
from landmarks.storage.locks import LockError, lock

log = logging.getLogger(__name__)

T = TypeVar("T")

Arrays = Mapping[str, NDArray[Any]]

_DIGEST_BYTES = 32


def cache_folder() -> Path:
    """Where the cache lies; it need not exist.

    Raises:
        InputError: No variable names it, and there is no home folder.
    """
    named, shared = os.environ.get("LANDMARKS_CACHE"), os.environ.get("XDG_CACHE_HOME")
    try:
        if named:
            return Path(named).expanduser()
        return (Path(shared) if shared else Path.home() / ".cache") / "landmarks"
    except RuntimeError:
        raise InputError(
            "there is no home folder to keep the cache in; set LANDMARKS_CACHE to a folder"
        ) from None


def cache_file(kind: str, key: str) -> Path:
    """The file for what `kind` and `key` name; the same on every machine with the same paths."""
    name = hashlib.blake2b(key.encode(errors="surrogateescape"), digest_size=8).hexdigest()
    return cache_folder() / kind / name


def read_cache(path: Path) -> Arrays | None:
    """What `write_cache` put there; None if there is nothing, or nothing that can be trusted."""
    try:
        with path.open("rb") as file:
            digest, content = file.read(_DIGEST_BYTES), file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("%s: cannot be read (%s); it is made anew", path, error.strerror)
        return None
    if _digest(content) != digest:
        log.warning("%s: torn or altered; it is made anew", path)
        return None
    arrays: Arrays = load(content)
    return arrays


def write_cache(path: Path, arrays: Arrays) -> None:
    """Keep `arrays`, if the folder can be written to."""
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial, partial.open("wb") as file:
            file.write(_digest(content))
            file.write(content)
    except OSError as error:
        log.warning("%s: cannot be written (%s), so nothing is kept", path, error.strerror)


def once_in_cache(path: Path, find: Callable[[], T | None], make: Callable[[], T], what: str) -> T:
    """What `find` finds, or what `make` makes in one of the jobs that ask at the same time.

    Every job makes it if nothing can be written at `path`.

    Args:
        path: From `cache_file`.
        find: Returns what was made, or None.
        make: Called if nothing is found.
        what: For the log: "reading labels".
    """
    found = find()
    if found is not None:
        return found
    try:
        with lock(path.with_name(f"{path.name}.lock"), what=what):
            found = find()  # another job may have made it meanwhile
            return make() if found is None else found
    except LockError:
        return make()


def packed(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Texts as an array."""
    return np.frombuffer(json.dumps(list(texts)).encode(), np.uint8)


def unpacked(array: NDArray[Any]) -> list[str]:
    """The texts of `packed`."""
    texts: list[str] = json.loads(array.tobytes())
    return texts


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
