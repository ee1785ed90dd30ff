"""Artifacts: products of a run's steps, each made once and found again by a fingerprint.

    <root>/<fingerprint>/                    a finished product
    <root>/<fingerprint>.<owner>.partial/    work in progress
    <root>/locks/<fingerprint>.lock          there while somebody works on it

One rename finishes a product. A lock keeps two jobs from doing the same work. If two do it all the
same, because a machine stood still or the file system breaks its promises, each has a folder of
its own, both compute the same, and the second rename finds the place taken. The file system must
rename in one step and refuse a target that is a folder with files in it.
"""

import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from landmarks.errors import InputError
from landmarks.storage.atomic import atomic_write
from landmarks.storage.locks import lock
from landmarks.storage.serialization import fingerprint, record
from landmarks.storage.versions import package_differences, versions
from landmarks.storage.work_folder import begin_work, finish_work

log = logging.getLogger(__name__)

ABOUT = "artifact.json"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A product that is finished, or that the caller has to make.

    Attributes:
        name: What it is, for people, e.g. "pretrain".
        fingerprint: Of everything that it depends on.
        finished: Whether it exists. If not, the caller fills `directory`.
        directory: Of the finished product, or of the work in progress. The latter may hold what an
            interrupted process left, without the files that it had not finished.
    """

    name: str
    fingerprint: str
    finished: bool
    directory: Path


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A finished product.

    Attributes:
        name: What it is, for people, e.g. "pretrain".
        fingerprint: Of everything that it depends on.
        directory: Where its files are.
        seconds: How long it took to make.
        reused: Whether it was finished before.
        continued: Whether making it was interrupted, so that `seconds` is the last part.
        versions: Of the software that made it, for information.
    """

    name: str
    fingerprint: str
    directory: Path
    seconds: float
    reused: bool
    continued: bool
    versions: Mapping[str, str]

    def load(self, name: str, reader: Callable[[Path], T]) -> T:
        """What `reader` returns for the file `name` of this product.

        Raises:
            InputError: The file is missing or damaged.
        """
        return _load(self.directory / name, reader)


class ArtifactStore:
    """A folder of artifacts that several jobs may share, on one machine or on many.

    Args:
        root: The folder; created with the first artifact.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def entry(self, name: str, ingredients: Mapping[str, Any]) -> Iterator[Entry]:
        """Find a product; if there is none, hold its lock while the block makes it.

            with store.entry("pretrain", {...}) as entry:
                if not entry.finished:
                    ...  # fill entry.directory
            pretrained = store.read(entry)

        If the block fails, what it wrote is kept for the next call, except after an `InputError` of
        work that had just begun.

        Args:
            name: What it is, for people; not part of the fingerprint.
            ingredients: Everything that the product depends on, recordable.
        """
        key = fingerprint(ingredients)
        place = self.root / key
        found = Entry(name=name, fingerprint=key, finished=True, directory=place)
        if place.exists():
            yield found
            return
        with lock(self.root / "locks" / f"{key}.lock", what=f"making {name} {key}"):
            work = begin_work(place)
            # Another job may have finished it meanwhile. An NFS client may not see that for a
            # minute, unless it has just written to the folder.
            if place.exists():
                shutil.rmtree(work, ignore_errors=True)
                yield found
                return
            continued, start, software = any(work.iterdir()), time.perf_counter(), versions()
            log.info("%s: %s %s", name, "continuing" if continued else "making", key)
            try:
                yield Entry(name=name, fingerprint=key, finished=False, directory=work)
                about = {
                    "name": name,
                    "made_in": work.name,
                    "seconds": time.perf_counter() - start,
                    "continued": continued,
                    "versions": software,
                    "ingredients": record(dict(ingredients)),
                }
                with atomic_write(work / ABOUT) as path:
                    path.write_text(json.dumps(about, indent=1))
                finish_work(work, place)
            except Exception as error:
                if place.exists():  # made by a job that took this one for dead, and removed `work`
                    shutil.rmtree(work, ignore_errors=True)
                    return
                # Work that was continued may have taken hours, and the input can be fixed.
                if isinstance(error, InputError) and not continued:
                    shutil.rmtree(work, ignore_errors=True)
                raise

    def read(self, entry: Entry) -> Artifact:
        """The finished product of an entry, after its block.

        Raises:
            InputError: Its folder is damaged.
        """
        directory = self.root / entry.fingerprint

        def described(path: Path) -> Artifact:
            about = json.loads(path.read_text())
            return Artifact(
                name=entry.name,
                fingerprint=entry.fingerprint,
                directory=directory,
                seconds=float(about["seconds"]),
                reused=about["made_in"] != entry.directory.name,
                continued=bool(about["continued"]),
                versions=dict(about["versions"]),
            )

        artifact = _load(directory / ABOUT, described)
        how = "reused" if artifact.reused else "made"
        log.info("%s: %s %s (%.0f s)", entry.name, how, directory, artifact.seconds)
        others = package_differences(artifact.versions, versions())
        if others:
            log.warning(
                "%s: %s was made with %s; remove it to make it again",
                entry.name,
                entry.fingerprint,
                others,
            )
        return artifact


def _load(path: Path, reader: Callable[[Path], T]) -> T:
    """What `reader` returns for a file of a finished product; an `InputError` if it fails."""
    try:
        if not path.is_file():  # a pipe would be waited for
            raise FileNotFoundError("no regular file")
        return reader(path)
    except Exception as error:  # readers raise whatever a damaged file makes them stumble on
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise InputError(
            f"{path}: cannot be read ({reason}); remove {path.parent}, and it is made again"
        ) from None
