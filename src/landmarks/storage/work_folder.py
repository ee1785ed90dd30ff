"""Work in progress on a folder that is shared: one temporary folder for each process, one rename.

The first process that renames its folder wins; what a killed process left is continued.
"""

import logging
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from landmarks.storage.atomic import flush_to_disk
from landmarks.storage.owners import SUFFIX, owner_has_ended, temporary_name

log = logging.getLogger(__name__)

# Files that a killed process had not finished: our own temporary names, and those of safetensors.
UNFINISHED = (f"*{SUFFIX}", ".*")


@dataclass(frozen=True)
class WorkFolder:
    """The temporary folder of this process.

    Attributes:
        directory: Where it is.
        continued: Whether it holds what an interrupted process left.
        abandoned: Folders that other processes left, of no use once this work is finished.
    """

    directory: Path
    continued: bool
    abandoned: tuple[Path, ...]

    @classmethod
    def begin(cls, place: Path) -> "WorkFolder":
        """Work on `place`, from where the last interrupted process left it."""
        own = place.with_name(temporary_name(place.name))
        abandoned = sorted(place.parent.glob(f"{place.name}.*{SUFFIX}"), key=_last_change)
        if not abandoned or not _taken_over(abandoned[-1], own):
            own.mkdir(parents=True)
        return cls(own, any(own.iterdir()), tuple(abandoned))

    def finish(self, place: Path) -> bool:
        """Move the folder to its place; returns False if there is one already.

        Its files are on the disk first: a rename may survive a power cut that they do not.
        """
        first = True
        try:
            for path in self.directory.rglob("*"):
                if path.is_file():
                    flush_to_disk(path)
            self.directory.rename(place)
        except OSError:
            if not place.exists():
                raise
            first = False
        for folder in (self.directory, *self.abandoned):
            shutil.rmtree(folder, ignore_errors=True)
        return first

    def discard(self) -> None:
        """Remove it with all it holds."""
        shutil.rmtree(self.directory, ignore_errors=True)


def _taken_over(left: Path, own: Path) -> bool:
    """Bring what another process left to `own`; returns False if that cannot be done.

    Moved if that process has ended for certain, else copied: on another machine, a process that
    was taken for dead may live, and continues in its own folder.
    """
    try:
        if owner_has_ended(left):
            left.rename(own)
            for pattern in UNFINISHED:
                for path in own.glob(pattern):
                    path.unlink()
        else:
            shutil.copytree(left, own, ignore=shutil.ignore_patterns(*UNFINISHED))
    except OSError as error:
        log.info("%s cannot be continued (%s)", left, error)
        shutil.rmtree(own, ignore_errors=True)
        return False
    return True


def _last_change(folder: Path) -> float:
    latest = 0.0
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            latest = max(latest, path.stat().st_mtime)
    return latest
