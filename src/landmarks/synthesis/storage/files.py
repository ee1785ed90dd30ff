"""Files that are there whole or not at all, whatever ends the process that writes them.

A process, not the machine: waiting for the disk after each of a sample's files, so that a power
cut finds them whole too, took a quarter of the time that rendering takes.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter
from pathlib import Path
from uuid import uuid4

# Hidden, so that no reader of a data set takes one for a sample.
_PARTIAL_END = ".partial"

# Writing one file takes far less; what is older belongs to a process that was killed.
_STALE_SECONDS = 60.0


@contextmanager
def replacing(path: Path) -> Iterator[BufferedWriter]:
    """A file to write, which becomes `path` when the block ends without an error.

    Its name until then is of this call alone, so that two processes that make the same file, even
    on two machines, never write into each other's; the last to finish gives the content.
    """
    partial = path.with_name(f".{path.name}.{uuid4().hex}{_PARTIAL_END}")
    try:
        with partial.open("xb") as file:
            yield file
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def replace_file(path: Path, content: bytes) -> None:
    """Make `path` hold `content`."""
    with replacing(path) as file:
        file.write(content)


def remove_stale(root: Path) -> None:
    """Remove what killed processes left half written in `root` and below."""
    limit = time.time() - _STALE_SECONDS
    for folder, _, names in os.walk(root):
        for name in names:
            if name.startswith(".") and name.endswith(_PARTIAL_END):
                path = Path(folder, name)
                with suppress(FileNotFoundError):  # another process cleans up too
                    if path.stat().st_mtime < limit:
                        path.unlink()
