"""Partials: files and folders of work in progress, one for each maker, whatever ends it.

A partial is called `<key>.<machine>-<process>-<random>.partial`, beside the place of the product
`<key>`. Only its maker writes in it. So two makers of one product, should there ever be two, never
see each other's half-written files. Of folders, the first that is renamed stays, and what a killed
maker left is taken up; of files, the last one stays.
"""

import hashlib
import logging
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from tempfile import TemporaryFile

from landmarks.errors import InputError

log = logging.getLogger(__name__)

# What a maker leaves that is killed while it writes: its own temporary names, and safetensors'.
HALF_WRITTEN = ("*.partial", ".*")


@dataclass(frozen=True)
class Partial:
    """Work in progress of this process.

    Attributes:
        directory: Where its files are.
        continued: Whether another call began it.
        left: What other calls left behind, superfluous once this work is finished.
    """

    directory: Path
    continued: bool
    left: tuple[Path, ...]

    @classmethod
    def begin(cls, root: Path, key: str) -> "Partial":
        """Work on `root/key`, from where the last interrupted call left it."""
        own = root / _own_name(key)
        left = sorted(root.glob(f"{key}.*.partial"), key=_last_change)
        if not left or not _taken_up(left[-1], own):
            own.mkdir()
        return cls(own, any(own.iterdir()), tuple(left))

    def finish(self, place: Path) -> bool:
        """Put the product in its place; returns False if there is one already.

        Its files are on the disk first: a rename may outlive a power cut that they do not.
        """
        won = True
        try:
            for path in self.directory.rglob("*"):
                if path.is_file():
                    _put_on_disk(path)
            self.directory.rename(place)
        except OSError:
            if not place.exists():
                raise
            won = False
        for folder in (self.directory, *self.left):
            shutil.rmtree(folder, ignore_errors=True)
        return won

    def discard(self) -> None:
        """Leave nothing of it."""
        shutil.rmtree(self.directory, ignore_errors=True)


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """A folder to write in, which becomes `place` when all is written, and goes if that fails.

    Raises:
        InputError: There are files in `place`, or it is none.
    """
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise InputError(
            f"{place}: there already, and nothing is overwritten; name a new folder or move it away"
        )
    final = place.resolve()  # a link stays what it is
    partial = final.with_name(_own_name(final.name))
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{place}: cannot be made ({error.strerror})") from None
    try:
        yield partial
        partial.replace(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def folder_to_fill(folder: Path) -> Iterator[None]:
    """Make a folder and see that it takes files, before work is done for it.

    What was made and holds nothing at the end of the block goes again, parents included.

    Raises:
        InputError: Nothing can be written there.
    """
    try:
        made = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(
            f"{folder}: nothing can be written there ({error.strerror}); name another folder, or "
            "mend this one"
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):  # not empty
            for place in made:
                place.rmdir()


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Another name to write to, which becomes `path` when the block ends without an error.

    So `path` holds what was written to the end, or what it held before, whatever ends the writer: a
    kill, a full disk, or a power cut, since the content is on the disk before `path` points to it.

    Raises:
        OSError: The file cannot be written. It names `path`; Python may name no file at all.
    """
    partial = path.with_name(_own_name(path.name))
    try:
        yield partial
        _put_on_disk(partial)
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)
        raise
    for left in path.parent.glob(f"{escape(path.name)}.*.partial"):
        if _maker_has_ended(left):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _own_name(product: str) -> str:
    return f"{product}.{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.partial"


def _put_on_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _last_change(folder: Path) -> float:
    latest = 0.0
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            latest = max(latest, path.stat().st_mtime)
    return latest


def _taken_up(left: Path, own: Path) -> bool:
    """Bring what another call left to `own`; returns False if that cannot be done.

    Moved if its maker has ended for certain, else copied: on another host, a maker that was taken
    for dead may be alive, and goes on in its own folder.
    """
    try:
        if _maker_has_ended(left):
            left.rename(own)
            for pattern in HALF_WRITTEN:
                for path in own.glob(pattern):
                    path.unlink()
        else:
            shutil.copytree(left, own, ignore=shutil.ignore_patterns(*HALF_WRITTEN))
    except OSError as error:
        log.info("%s cannot be continued (%s)", left, error)
        shutil.rmtree(own, ignore_errors=True)
        return False
    return True


def _maker_has_ended(partial: Path) -> bool:
    """Whether nobody works on a partial any more, for certain."""
    named = re.search(r"\.(\w+)-(\d+)-\w+\.partial$", partial.name)
    if named is None or named[1] != _machine():
        return False
    process = int(named[2])
    if process == os.getpid():
        return True  # an earlier call of ours, which failed
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _machine() -> str:
    """What tells this machine, since it was started, from others that share the folder.

    Containers are machines of their own: they number their processes for themselves.
    """
    told = [platform.node()]
    with suppress(OSError):  # not on Linux
        told.append(Path("/proc/sys/kernel/random/boot_id").read_text())
        told.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.blake2b("\n".join(told).encode(), digest_size=4).hexdigest()
