"""Environment of a command: draw into files only, and cache where files can be written.

Call `prepare` before matplotlib or Warp is imported: both read these variables on import.
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

# Variable -> the base folder and the subfolder that the library uses without it on Linux; elsewhere
# both are in the home folder too.
_CACHES = {
    "WARP_CACHE_PATH": ("XDG_CACHE_HOME", ".cache", "warp"),
    "MPLCONFIGDIR": ("XDG_CONFIG_HOME", ".config", "matplotlib"),
}


def prepare() -> None:
    """Set the environment variables of matplotlib and Warp for this process and its children.

    Notebooks set MPLBACKEND to a backend that may not be installed here. Where the home folder is
    read-only, as in many containers, caches go to `LANDMARKS_CACHE`, or to a temporary folder that
    is removed when the command ends.
    """
    os.environ["MPLBACKEND"] = "agg"
    refused = {
        variable: folder
        for variable, (base, default, name) in _CACHES.items()
        if variable not in os.environ
        and not _is_writable(folder := f"{os.environ.get(base) or f'~/{default}'}/{name}")
    }
    if not refused:
        return
    shared = os.environ.get("LANDMARKS_CACHE")
    root = Path(shared).expanduser() if shared else _temporary_folder(list(refused.values()))
    for variable in refused:
        os.environ[variable] = str(root / _CACHES[variable][2])


def _temporary_folder(refused: list[str]) -> Path:
    """A folder for this command alone: one with a fixed name could belong to another user."""
    folder = tempfile.mkdtemp(prefix="landmarks-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    print(
        f"warning: cannot write to {' and '.join(refused)}; caching in {folder} until this command "
        "ends. To keep the cache, set LANDMARKS_CACHE to a folder",
        file=sys.stderr,
    )
    return Path(folder)


def _is_writable(folder: str) -> bool:
    """Whether a folder is writable or can be created."""
    try:
        path = Path(folder).expanduser()
    except RuntimeError:  # there is no home folder
        return False
    existing = next(place for place in (path, *path.parents) if place.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
