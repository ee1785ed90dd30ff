"""Cache files: named arrays that can be computed again.

They are in the folder that `LANDMARKS_CACHE` names, by default `~/.cache/landmarks`: not beside the
data, which may be read-only. The folder can be deleted at any time. A file is replaced in one step;
a damaged one counts as missing.
"""

import hashlib
import logging
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile, gettempdir, mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.storage.atomic import atomic_write

log = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[Any]]


def cache_folder() -> Path:
    """The folder of the cache; a temporary one if the usual one cannot be written."""
    shared = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = os.environ.get("LANDMARKS_CACHE") or f"{shared}/landmarks"
    return _writable(os.path.expanduser(folder))  # noqa: PTH111 - unlike Path, it never raises


def cache_file(kind: str, key: str) -> Path:
    """The cache file for `kind` and `key`; the same in all jobs."""
    name = hashlib.blake2b(key.encode(errors="surrogateescape"), digest_size=8).hexdigest()
    return cache_folder() / kind / f"{name}.npz"


def read_arrays(path: Path, version: str) -> Arrays | None:
    """What `write_arrays` stored; None if it is missing, damaged or of another version."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = dict(stored)  # each array has a checksum in the file
        return arrays if arrays.pop("version").item() == version else None
    except FileNotFoundError:
        return None
    except Exception as error:  # zipfile and NumPy raise many kinds
        log.warning("%s: damaged cache file (%s); computing its values again", path, error)
        return None


def write_arrays(path: Path, version: str, arrays: Arrays) -> None:
    """Store arrays; log a warning if the disk is full."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial, partial.open("wb") as file:
            np.savez(file, **{"version": np.array(version), **arrays})  # type: ignore[arg-type]
    except OSError as error:
        log.warning("%s: cannot write the cache file (%s)", path, error.strerror)


@cache
def _writable(folder: str) -> Path:
    try:
        path = Path(folder).expanduser()  # raises if there is no home folder
        path.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=path).close()
    except (OSError, RuntimeError) as error:
        path = _temporary_folder()
        log.warning(
            "%s: cannot write the cache here (%s); using %s, or set LANDMARKS_CACHE to a folder",
            folder,
            error.strerror if isinstance(error, OSError) else error,
            path,
        )
    return path


def _temporary_folder() -> Path:
    """A private folder, which later jobs of the same user find again where there are user ids."""
    if hasattr(os, "getuid"):
        path = Path(gettempdir(), f"landmarks-{os.getuid()}")
        path.mkdir(mode=0o700, exist_ok=True)
        if path.lstat().st_uid == os.getuid():
            return path
    return Path(mkdtemp(prefix="landmarks-"))
