"""Files of a rendered folder: each complete or absent, whenever a process that renders ends."""

import os
import time
from contextlib import suppress
from pathlib import Path

from landmarks.storage.atomic import replacing
from landmarks.storage.owners import SUFFIX

# Writing one file takes far less; what is older belongs to a process that was killed.
_STALE_SECONDS = 60.0


def replace_file(path: Path, content: bytes) -> None:
    """Make `path` hold `content`."""
    with replacing(path) as partial:
        partial.write_bytes(content)


def remove_stale(root: Path) -> None:
    """Remove files that killed processes left unfinished in `root` and below."""
    limit = time.time() - _STALE_SECONDS
    for folder, _, names in os.walk(root):
        for name in names:
            if name.startswith(".") and name.endswith(SUFFIX):
                path = Path(folder, name)
                with suppress(FileNotFoundError):  # another process cleans up too
                    if path.stat().st_mtime < limit:
                        path.unlink()
