"""Partials: folders of work in progress, one for each maker, taken up from makers that were killed.

A partial is called `<key>.<machine>-<process>-<random>.partial`, beside the place of the product
`<key>`. Only its maker writes in it. So two makers of one product, should there ever be two, never
see each other's half-written files, and the first rename decides.
"""

import logging
import os
import platform
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from landmarks.errors import InputError
from landmarks.record import fingerprint

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
        own = root / f"{key}.{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.partial"
        left = sorted(root.glob(f"{key}.*.partial"), key=_last_change)
        if not left or not _taken_up(left[-1], own):
            own.mkdir()
        return cls(own, any(own.iterdir()), tuple(left))

    def finish(self, place: Path) -> bool:
        """Put the product in its place; returns False if there is one already."""
        won = True
        try:
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
    partial = final.with_name(f"{final.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{place}: cannot be made ({error.strerror})") from None
    try:
        yield partial
        partial.replace(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


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


def _maker_has_ended(folder: Path) -> bool:
    machine, process, _ = folder.name.split(".")[-2].split("-")
    if machine != _machine():
        return False
    if int(process) == os.getpid():
        return True  # an earlier call of ours, which failed
    try:
        os.kill(int(process), 0)
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
    return fingerprint(told)[:8]
