"""Artifacts: each step of a run is made once, found again by a fingerprint of what went in.

`<root>/<fingerprint>/` holds a finished product. Work in progress lies beside it (see
`partials`); one rename finishes it, and that rename alone makes an artifact real.

A lease (see `once`) keeps two jobs from doing the same work. If two do it all the same,
because a host stood still or the folder keeps no promise, each works in a folder of its own, both
make the same, and the second rename finds the place taken. Assumed of the folder: a rename is one
step, and fails if its target is a folder with files in it.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from landmarks import __version__
from landmarks.errors import InputError
from landmarks.storage.atomic import Partial, written_whole
from landmarks.storage.locks import once
from landmarks.storage.serialization import code, fingerprint, record
from landmarks.storage.versions import differences, versions

log = logging.getLogger(__name__)

ABOUT = "artifact.json"


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A finished product of a step.

    Attributes:
        name: What it is, for people, e.g. "pretrain".
        fingerprint: Of everything that went in.
        directory: Where its files are.
        seconds: What it took to make.
        reused: Whether this run found it made.
        continued: Whether making it was interrupted, so that `seconds` is the last part.
        versions: Of the software that made it. Other versions of ours make another artifact; those
            of torch and the like change rounding, and are told.
    """

    name: str
    fingerprint: str
    directory: Path
    seconds: float
    reused: bool
    continued: bool
    versions: Mapping[str, str]


class ArtifactStore:
    """A folder of artifacts that several jobs may share, on one host or on many.

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
            make: Fills the directory it is given. It may find there what an interrupted call left,
                but for half-written files: those with hidden names or ending in .partial.

        Raises:
            InputError: From `make`; what this call half made is then removed.
        """
        key = fingerprint({"landmarks": __version__, "code": code(), **ingredients})
        return once(
            self.root / "locks" / f"{key}.lease",
            partial(self._found, name, key),
            partial(self._make, name, key, ingredients, make),
            what=f"making {name} {key}",
        )

    def _found(self, name: str, key: str) -> Artifact | None:
        directory = self.root / key
        if not directory.exists():
            return None
        return self._read(name, key, reused=True, told="reused")

    def _make(
        self, name: str, key: str, ingredients: Mapping[str, Any], make: Callable[[Path], None]
    ) -> Artifact:
        work = Partial.begin(self.root, key)
        # Look once more, now that this host has written to the root: until then, an NFS client may
        # remember for a minute that an artifact of another host was not there.
        found = self._found(name, key)
        if found is not None:
            work.discard()
            return found
        log.info("%s: %s %s", name, "continuing" if work.continued else "making", key)
        start = time.perf_counter()
        try:
            make(work.directory)
        except Exception as error:
            found = self._found(name, key)
            if found is not None:  # made by a job that took us for dead, and cleared our files away
                return found
            if isinstance(error, InputError) and not work.continued:
                work.discard()  # else hours of work may lie there, and the input can be mended
            raise
        about = {
            "name": name,
            "seconds": time.perf_counter() - start,
            "continued": work.continued,
            "versions": versions(),
            "ingredients": record(dict(ingredients)),
        }
        with written_whole(work.directory / ABOUT) as written:
            written.write_text(json.dumps(about, indent=1))
        won = work.finish(self.root / key)
        told = "made" if won else "made a second time; the first is kept:"
        return self._read(name, key, reused=not won, told=told)

    def _read(self, name: str, key: str, *, reused: bool, told: str) -> Artifact:
        directory = self.root / key
        about = json.loads((directory / ABOUT).read_text())
        log.info("%s: %s %s (%.0f s)", name, told, directory, about["seconds"])
        others = differences(about["versions"], versions())
        if others:
            log.warning("%s: %s was made with %s; remove it to make it anew", name, key, others)
        return Artifact(
            name=name,
            fingerprint=key,
            directory=directory,
            seconds=about["seconds"],
            reused=reused,
            continued=about["continued"],
            versions=about["versions"],
        )
