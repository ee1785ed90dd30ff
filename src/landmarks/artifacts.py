"""Artifacts: each step of a run is made once, found again by a fingerprint of what went in.

`<root>/<fingerprint>/` holds a finished product. Work in progress lies in `<fingerprint>.partial`,
which a killed job leaves behind and the next one continues; finishing is one rename. A lock of the
operating system, freed when its holder dies, keeps two jobs from making the same thing.
"""

import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from landmarks import __version__
from landmarks.errors import InputError
from landmarks.record import code, fingerprint, record

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Artifact:
    """A finished product of a step.

    Attributes:
        name: What it is, for people, e.g. "pretrain".
        fingerprint: Of everything that went in.
        directory: Where its files are.
        seconds: What it took to make.
        reused: Whether this run found it made.
        continued: Whether making it was interrupted, so that `seconds` is the last part.
    """

    name: str
    fingerprint: str
    directory: Path
    seconds: float
    reused: bool
    continued: bool


class ArtifactStore:
    """A folder of artifacts that several jobs may share.

    Args:
        root: The folder; made when the first artifact is.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(
        self, name: str, ingredients: Mapping[str, Any], make: Callable[[Path], None]
    ) -> Artifact:
        """The artifact of `ingredients`, made now if nobody has made it.

        Args:
            name: What it is, for people; not part of the fingerprint.
            ingredients: Everything the product depends on, recordable.
            make: Fills the directory it is given. It may find there what an interrupted call left.

        Raises:
            InputError: From `make`; what this call half made is then removed.
        """
        key = fingerprint({"landmarks": __version__, "code": code(), **ingredients})
        directory = self.root / key
        if not directory.exists():
            (self.root / "locks").mkdir(parents=True, exist_ok=True)
            with self._locked(name, key):
                if not directory.exists():
                    self._make(name, key, ingredients, make)
                    return self._finished(name, key, reused=False)
        return self._finished(name, key, reused=True)

    @contextmanager
    def _locked(self, name: str, key: str) -> Iterator[None]:
        lock = FileLock(self.root / "locks" / f"{key}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            log.info("%s: another job is making %s; waiting for it", name, key)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _make(
        self, name: str, key: str, ingredients: Mapping[str, Any], make: Callable[[Path], None]
    ) -> None:
        partial = self.root / f"{key}.partial"
        continued = partial.exists() and any(partial.iterdir())
        log.info("%s: %s %s", name, "continuing" if continued else "making", key)
        partial.mkdir(exist_ok=True)
        start = time.perf_counter()
        try:
            make(partial)
        except InputError:
            if not continued:  # else hours of work may lie there, and the input can be mended
                shutil.rmtree(partial)
            raise
        about = {
            "name": name,
            "seconds": time.perf_counter() - start,
            "continued": continued,
            "ingredients": record(dict(ingredients)),
        }
        (partial / "artifact.json").write_text(json.dumps(about, indent=1))
        partial.rename(self.root / key)

    def _finished(self, name: str, key: str, *, reused: bool) -> Artifact:
        directory = self.root / key
        about = json.loads((directory / "artifact.json").read_text())
        log.info(
            "%s: %s %s (%.0f s)", name, "reused" if reused else "made", directory, about["seconds"]
        )
        return Artifact(name, key, directory, about["seconds"], reused, about["continued"])
