"""Work in progress on a shared folder: one temporary folder for each process, one rename.

The first process that renames its folder wins; what a killed process left is continued.
"""

import logging
import shutil
from contextlib import suppress
from pathlib import Path

from landmarks.storage.atomic import flush_to_disk
from landmarks.storage.owners import SUFFIX, owner_has_ended, temporary_name

log = logging.getLogger(__name__)

# Files that a killed process had not finished: our own temporary names, and those of safetensors.
UNFINISHED = (f"*{SUFFIX}", ".*")


def begin_work(place: Path) -> Path:
    """A folder of this process, with what the last interrupted work on `place` left.

    That is moved if its process has ended for certain, else copied: on another machine, a process
    that was taken for dead may live, and continues in its own folder.
    """
    own = place.with_name(temporary_name(place.name))
    for left in sorted(_all_work(place), key=_last_change)[-1:]:
        try:
            if owner_has_ended(left):
                left.rename(own)
                for pattern in UNFINISHED:
                    for path in own.glob(pattern):
                        with suppress(OSError):  # NFS keeps a file that somebody has open
                            path.unlink()
            else:
                shutil.copytree(left, own, ignore=shutil.ignore_patterns(*UNFINISHED))
        except OSError as error:
            log.warning("%s cannot be continued (%s)", left, error)
            shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True, exist_ok=True)
    return own


def finish_work(own: Path, place: Path) -> None:
    """Move a folder to its place, and remove all other work on it.

    Its files are on the disk first: a rename may survive a power cut that they do not.

    Raises:
        OSError: Another process was faster, among other reasons.
    """
    for path in own.rglob("*"):
        if path.is_file():
            flush_to_disk(path)
    own.rename(place)
    for left in _all_work(place):
        shutil.rmtree(left, ignore_errors=True)


def _all_work(place: Path) -> list[Path]:
    return list(place.parent.glob(f"{place.name}.*{SUFFIX}"))


def _last_change(folder: Path) -> float:
    latest = 0.0
    with suppress(OSError):  # removed meanwhile
        for path in folder.iterdir():
            latest = max(latest, path.stat().st_mtime)
    return latest
