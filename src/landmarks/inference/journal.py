"""The journal of a folder of predictions: which photos are finished, with all that was found.

A line of JSON for each photo, added when everything else about it has been written. A process can
be killed at any moment, and a disk can be full: a line that is cut off does not count, and its
photo is predicted again.
"""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from landmarks.data.coordinates import Box, number_list
from landmarks.data.files import is_file, read_text
from landmarks.errors import InputError
from landmarks.inference.face import Face
from landmarks.inference.labelling import PredictedPhoto

JOURNAL = ".journal.jsonl"

# Raise it with any change of what the lines, or the other files of the folder, mean.
FORMAT = 1

# Of a face, beside box and points; each is None or (K,).
_JUDGEMENTS = ("error", "confidence", "visible")


@dataclass(frozen=True, eq=False)
class Entry:
    """A finished photo.

    Attributes:
        image: Its name.
        path: Its file.
        size: Its width and height, pixels.
        given: The boxes that were given for it; None: its faces were found.
        faces: As predicted.
        tabled: Whether its rows are in the table.
    """

    image: str
    path: str
    size: tuple[int, int]
    given: tuple[Box, ...] | None
    faces: tuple[Face, ...]
    tabled: bool = False

    def for_labelling(self) -> PredictedPhoto:
        """The photo for annotation tools."""
        return PredictedPhoto(self.image, Path(self.path), *self.size, self.faces)


class Journal:
    """The lines of one folder; only one process may have it open for writing.

    Args:
        folder: Of the predictions; it exists.
        settings: What the predictions depend on, photos and boxes aside.
        num_landmarks: Of each face.

    Raises:
        InputError: The folder holds predictions with other settings, other files, or a journal that
            is damaged.
    """

    def __init__(self, folder: Path, settings: dict[str, str], num_landmarks: int) -> None:
        self._num_landmarks = num_landmarks
        self._path = folder / JOURNAL
        self.entries: dict[str, Entry] = {}
        if not is_file(self._path):
            others = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
            if others:
                raise InputError(
                    f"{folder}: exists already, without predictions to continue ({others[0]!r} is "
                    "in it), and nothing is overwritten; name a new folder or move it away"
                )
            self._add({"format": FORMAT, **settings})
            return
        text = read_text(self._path)
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            with self._path.open("r+b") as file:
                file.truncate(len(whole.encode()))
        if not whole:
            self._add({"format": FORMAT, **settings})
            return
        self._read(whole, settings)

    def _read(self, text: str, settings: dict[str, str]) -> None:
        try:
            first, *lines = filter(None, map(_parsed, text.splitlines()))
            wrong = [name for name in settings if first.get(name) != settings[name]]
            if first.get("format") != FORMAT:
                wrong = ["version of landmarks", *wrong]
            for line in () if wrong else lines:
                self._take(line)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{self._path}: damaged ({error}); move the folder away and predict again"
            ) from None
        if wrong:
            raise InputError(
                f"{self._path.parent}: holds predictions with another {wrong[0]}; name another "
                "folder, or remove this one"
            )

    def _take(self, line: dict[str, Any]) -> None:
        if line.get("tabled"):
            self.entries = {
                name: replace(entry, tabled=True) for name, entry in self.entries.items()
            }
            return
        given, size = line["given"], line["size"]
        if not isinstance(line["image"], str) or not isinstance(line["path"], str):
            raise ValueError("a photo without name or path")
        if len(size) != 2 or not all(type(side) is int and side > 0 for side in size):
            raise ValueError(f"{line['image'][:40]!r} without width and height")
        self.entries[line["image"]] = Entry(
            line["image"],
            line["path"],
            tuple(size),
            None if given is None else tuple(_box(box) for box in given),
            tuple(_face(stored, self._num_landmarks) for stored in line["faces"]),
        )

    def add(self, entry: Entry) -> None:
        """A photo is finished."""
        line = {
            "image": entry.image,
            "path": entry.path,
            "size": entry.size,
            "given": entry.given,
            "faces": [_stored(face) for face in entry.faces],
        }
        self._add(line)
        # As it is read back, so that all that is written is the same after a kill.
        self._take(json.loads(json.dumps(line)))

    def all_tabled(self) -> None:
        """The rows of all photos so far are in the table."""
        self._add({"tabled": True})
        self._take({"tabled": True})

    def _add(self, line: dict[str, Any]) -> None:
        with self._path.open("ab") as file:
            file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _parsed(line: str) -> Any:  # noqa: ANN401 - of any JSON type
    """The content of a line; None if it was cut off, and the next one added to it."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _stored(face: Face) -> dict[str, Any]:
    judged = {name: getattr(face, name) for name in _JUDGEMENTS}
    values = {"box": np.array(face.box), "points": face.points, **judged}
    return {
        name: value.astype(np.float64).round(3).tolist()
        for name, value in values.items()
        if value is not None
    }


def _box(sides: object) -> Box:
    x0, y0, x1, y1 = number_list(sides, "a box", 4)
    return x0, y0, x1, y1


def _face(stored: dict[str, Any], num_landmarks: int) -> Face:
    if len(stored["points"]) != num_landmarks:
        raise ValueError(f"{len(stored['points'])} points; expected {num_landmarks}")
    points = np.array([number_list(point, "a point", 2) for point in stored["points"]], np.float32)
    judged: dict[str, Any] = {
        name: np.array(number_list(stored[name], name, len(points)), np.float32)
        for name in _JUDGEMENTS
        if name in stored
    }
    return Face(_box(stored["box"]), points, **judged)
