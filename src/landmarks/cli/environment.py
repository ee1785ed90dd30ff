"""Environment of a command: draw into files only, and cache where files can be written."""

import os
from pathlib import Path

# Variable -> the base folder and the subfolder that the library uses without it on Linux; elsewhere
# both are in the home folder too.
_CACHES = {
    "WARP_CACHE_PATH": ("XDG_CACHE_HOME", ".cache", "warp"),
    "MPLCONFIGDIR": ("XDG_CONFIG_HOME", ".config", "matplotlib"),
}


def prepare() -> None:
    """Set the variables that matplotlib and Warp read on import, for this process and its children.

    Notebooks set MPLBACKEND to a backend that may not be installed here. Where the home folder is
    read-only, as in many containers, both libraries cache in the same folder as the data readers.
    """
    os.environ["MPLBACKEND"] = "agg"
    for variable, (base, default, name) in _CACHES.items():
        folder = f"{os.environ.get(base) or f'~/{default}'}/{name}"
        if variable not in os.environ and not _is_writable(folder):
            from landmarks.data.cache_files import cache_folder  # imports NumPy

            os.environ[variable] = str(cache_folder() / name)


def _is_writable(folder: str) -> bool:
    """Whether a folder is writable or can be created."""
    path = Path(os.path.expanduser(folder))  # noqa: PTH111 - unlike Path, it never raises
    existing = next(place for place in (path, *path.absolute().parents) if place.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
