"""Files and folders that appear complete or not at all, whenever the process that writes them ends.

Content is written under a temporary name beside its place and renamed at the end.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile

from landmarks.errors import InputError, file_error
from landmarks.storage.owners import SUFFIX, owner_has_ended, temporary_name


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A name to write to, which becomes `path` when the block ends without an error.

    `path` then holds the new content; until then, and after a kill, a full disk or a power cut, it
    holds what it held before. Temporary files that killed writers of `path` left are removed.

    Raises:
        OSError: The file cannot be written. Its `filename` is `path`.
    """
    with replacing(path) as partial:
        yield partial
        flush_to_disk(partial)
    _remove_abandoned(path.parent, f".{path.name}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """As `atomic_write`, but a power cut may leave `path` empty; for many small files.

    Waiting for the disk after each file of a rendered face would take a quarter of the time that
    rendering takes.
    """
    partial = path.with_name(temporary_name(f".{path.name}"))  # hidden from readers of the folder
    try:
        yield partial
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)
        raise


@contextmanager
def buffered_write(path: Path) -> Iterator[BytesIO]:
    """A buffer whose content becomes that of `path` when the block ends without an error.

    For Pillow, and matplotlib through it: they do not notice if a full disk takes only the first
    part of a file.
    """
    buffer = BytesIO()
    yield buffer
    path.write_bytes(buffer.getvalue())


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A folder to write in, which becomes `folder` when the block ends without an error.

    Raises:
        InputError: There are files in `folder`, it is a file, or it cannot be created.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(
            f"{folder}: exists already, and nothing is overwritten; name a new folder or move it "
            "away"
        )
    final = folder.resolve()  # a link stays a link
    partial = final.with_name(temporary_name(final.name))
    _remove_abandoned(final.parent, final.name)
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be created ({file_error(error)})") from None
    try:
        yield partial
        partial.replace(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def writable_folder(folder: Path) -> Iterator[None]:
    """Create a folder and check that files can be written there, before hours of work for it.

    A folder that was created and is empty at the end of the block is removed, parents included.

    Raises:
        InputError: No file can be written there.
    """
    try:
        created = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written to ({file_error(error)}); name another folder, or fix "
            "this one"
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):  # not empty
            for place in created:
                place.rmdir()


def flush_to_disk(path: Path) -> None:
    """Wait until the content of a file is on the disk: a rename may survive a power cut before."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _remove_abandoned(folder: Path, name: str) -> None:
    """Remove what processes that have ended left under temporary names for `name`."""
    for left in folder.glob(f"{escape(name)}.*{SUFFIX}"):
        if owner_has_ended(left):
            with suppress(OSError):
                shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
