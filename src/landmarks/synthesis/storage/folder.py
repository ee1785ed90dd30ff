"""The folder of a rendered dataset: its files, and how it stays consistent.

    spec.json             what all samples have in common; never changes
    000123.png ...        the samples, in their layout
    records/000123.json   written last: a sample with a record is complete
    scene.jsonl.gz        the records of finished calls, one line per sample, sorted by id
    manifest.json         number and indices of the samples in scene.jsonl.gz, and a hash
    schemes/              labels in other schemes, if asked for; see data.scheme_labels

Any number of processes may render samples at the same time; at worst they do the same work,
because files are replaced atomically and a sample does not depend on the process. Only merging
records needs the lock.
"""

import gzip
import hashlib
import heapq
import re
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedWriter
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from landmarks.data.files import entries, is_file, read_json
from landmarks.data.scene_lines import PACKED, scene_lines, scenes_file
from landmarks.errors import InputError
from landmarks.storage.atomic import replacing
from landmarks.synthesis.picture import Picture
from landmarks.synthesis.storage.encoding import json_file
from landmarks.synthesis.storage.files import remove_stale, replace_file
from landmarks.synthesis.storage.records import record_line
from landmarks.synthesis.storage.spec import Spec, first_difference
from landmarks.synthesis.storage.writers import LAYOUTS, write_extras

MAX_SAMPLES = 1_000_000  # ids have six digits

SPEC, MANIFEST, RECORDS = "spec.json", "manifest.json", "records"

# Adding samples compresses all lines again, 0.3 ms each; level 6 saves a seventh but takes 0.7 ms.
_COMPRESSION = 3

_RECORD = re.compile(r"[0-9]{6}\.json")
_RANGE = re.compile(r"[0-9]{1,7}:[0-9]{1,7}")

# How a line of scenes begins, before the id.
_LINE_START = b'{"id":"'


def sample_id(index: int) -> str:
    """The name of a sample in its folder."""
    return f"{index:06d}"


@dataclass(frozen=True, kw_only=True)
class RenderedFolder:
    """A folder of rendered samples, to add samples to; can be sent to other processes.

    Attributes:
        root: The folder.
        spec: Spec of its samples.
    """

    root: Path
    spec: Spec

    def prepare(self) -> None:
        """Create the folder, or check that its samples have this spec.

        Raises:
            InputError: The folder contains something else, which is not changed.
        """
        self._check()
        (self.root / RECORDS).mkdir(parents=True, exist_ok=True)
        with self._lock():
            self._check()
            if not (self.root / SPEC).exists():
                replace_file(self.root / SPEC, json_file(self.spec.as_json()))
        remove_stale(self.root)

    def known(self) -> NDArray[np.bool_]:
        """(MAX_SAMPLES,) whether the sample with an index is complete."""
        known = np.zeros(MAX_SAMPLES, bool)
        with self._lock():  # records move from one place to the other
            for index, _ in self._lines():
                known[index] = True
            known[self._recorded()] = True
        return known

    def write(self, index: int, picture: Picture) -> None:
        """Add a sample."""
        id = sample_id(index)
        labels: str = self.spec.recipe["labels"]
        content = LAYOUTS[self.spec.layout].write(self.root, id, picture, labels)
        if self.spec.write:
            content += write_extras(self.root, id, picture, self.spec.write, labels)
        record = record_line(id, index, picture, self.spec, content)
        replace_file(self._record(index), record)

    def merge(self) -> dict[str, Any]:
        """Move all records into `scene.jsonl.gz`; returns the manifest, which then covers them.

        If it is killed, the next call repeats it: records are removed last.
        """
        with self._lock():
            indices = self._recorded()
            if indices or not (self.root / MANIFEST).exists():
                manifest = self._write_scenes(indices)
                replace_file(self.root / MANIFEST, json_file(manifest))
            for index in indices:
                self._record(index).unlink(missing_ok=True)
            return read_json(self.root / MANIFEST)

    def _write_scenes(self, indices: list[int]) -> dict[str, Any]:
        """Write a new `scene.jsonl.gz`, line by line; returns its manifest."""
        records = ((index, self._record(index).read_bytes()) for index in indices)
        # The lines contain the hashes of the samples' files, so that their hash covers everything.
        digest = hashlib.blake2b(digest_size=16)
        ranges: list[list[int]] = []
        with (
            replacing(self.root / PACKED) as partial,
            partial.open("wb") as packed,
            _packing(packed) as file,
        ):
            for index, line in heapq.merge(self._lines(), records, key=itemgetter(0)):
                if ranges and index < ranges[-1][1]:
                    continue  # rendered by two processes
                file.write(line)
                digest.update(line)
                if ranges and index == ranges[-1][1]:
                    ranges[-1][1] += 1
                else:
                    ranges.append([index, index + 1])
        return {
            "count": sum(stop - start for start, stop in ranges),
            "indices": [f"{start}:{stop}" for start, stop in ranges],
            "spec": self.spec.as_json(),
            "content": digest.hexdigest(),
        }

    def _check(self) -> None:
        path = self.root / SPEC
        if path.exists():
            difference = first_difference(read_json(path), self.spec.as_json())
            if difference is not None:
                name, there, asked = difference
                raise InputError(
                    f"{self.root}: contains faces with {name} {reprlib.repr(there)}, not "
                    f"{reprlib.repr(asked)}; choose another folder"
                )
        elif self.root.exists() and set(entries(self.root)) - {self.root / RECORDS}:
            if path.exists():  # another process has begun the folder meanwhile
                return self._check()
            raise InputError(f"{self.root}: contains files, but no {SPEC}; choose a new folder")

    def _lock(self) -> FileLock:
        return FileLock(self.root / ".lock")

    def _record(self, index: int) -> Path:
        return self.root / RECORDS / f"{sample_id(index)}.json"

    def _recorded(self) -> list[int]:
        """Indices of the samples that have a record, sorted."""
        paths = entries(self.root / RECORDS)
        for path in paths:
            if not _RECORD.fullmatch(path.name):
                raise InputError(f"{path}: not the record of a sample; move it elsewhere")
        return [int(path.stem) for path in paths]

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines of `scene.jsonl.gz` with the indices of their samples."""
        path = scenes_file(self.root)
        if path is None:
            return
        digits = slice(len(_LINE_START), len(_LINE_START) + len(sample_id(0)))
        for number, line in scene_lines(path):
            if not line.startswith(_LINE_START) or not line[digits].isdigit():
                raise InputError(f"{path}, line {number}: does not begin with a sample's id")
            yield int(line[digits]), line


def _packing(file: BufferedWriter) -> gzip.GzipFile:
    """Compress into `file`; the same content gives the same bytes."""
    return gzip.GzipFile(filename="", mode="wb", compresslevel=_COMPRESSION, fileobj=file, mtime=0)


def covers(manifest: dict[str, Any], start: int, stop: int) -> bool:
    """Whether all samples from `start` to below `stop` are in a manifest."""
    ranges = (map(int, text.split(":")) for text in manifest["indices"])
    return any(first <= start and stop <= end for first, end in ranges)


def load_manifest(root: Path) -> dict[str, Any]:
    """The manifest of a folder; one without samples if there is none."""
    path = root / MANIFEST
    manifest = read_json(path) if is_file(path) else {"indices": []}
    ranges = manifest.get("indices")
    if not isinstance(ranges, list) or not all(_RANGE.fullmatch(str(text)) for text in ranges):
        raise InputError(f"{path}: expected ranges of indices, as in '0:100'; remove the file")
    return manifest
