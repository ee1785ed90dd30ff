"""Reader of folders that `landmarks.synthesis` renders.

`scene.jsonl` has one line of JSON a face, with all its label sets; `spec.json` says which of them
is the recipe's own. Images are found through the lines, so that any layout will do.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.files import existing_folder, read_json
from landmarks.data.images import ImageFile
from landmarks.data.options import check_enough, check_whole_number
from landmarks.errors import InputError

LABELS = ("surface", "contour", "annotated")

_SPEC, _SCENES = "spec.json", "scene.jsonl"
_LAYOUT = f"a folder made by `python -m landmarks.synthesize`, with {_SPEC} and {_SCENES}"

# The last and longest part of a line as it is written; nothing in it is read here.
_REST = b',"scene":'


def read_rendered(
    root: Path | str, *, first: int | None = None, start: int = 0, labels: str | None = None
) -> FaceDataset:
    """Read rendered faces.

    All 68 landmarks count, hidden ones too, as in 300-W; each face is its own group.

    Args:
        root: The folder.
        first: Take only the first so many faces by index; null: all.
        start: Leave out faces with a smaller index.
        labels: "surface" (points of the head, as 3D models are labelled), "contour" (the jaw on
            the visible outline) or "annotated" (as the recipe's annotator marks them); null: the
            recipe's own.

    Raises:
        InputError: The folder is not a finished one, a line is malformed, or there are too few
            faces.
    """
    check_whole_number("first", first, 1, or_null=True)
    check_whole_number("start", start, 0)
    check_labels(labels)
    folder = existing_folder(root, _LAYOUT)
    if not (folder / _SCENES).is_file():
        raise InputError(f"{folder}: no {_SCENES}; expected {_LAYOUT}, run to its end")
    spec = read_json(folder / _SPEC)
    name, own_labels, seed = _about(spec, folder / _SPEC)
    chosen = labels or own_labels
    faces = tuple(islice(_faces(folder, start, chosen), first))
    check_enough("first", first, len(faces), folder)
    return FaceDataset(
        name=f"rendered faces (recipe {name})",
        origin=str(folder),
        faces=faces,
        notes=(
            f"landmarks: {chosen}{' (of the recipe)' if labels is None else ''}; seed: {seed}",
            f"renderer: {spec.get('renderer')}",
        ),
        rendered=True,
    )


def check_labels(labels: str | None) -> None:
    """Refuse what is not a label set, nor null."""
    if labels is not None and labels not in LABELS:
        raise InputError(f"labels are {labels!r}; choose one of {', '.join(LABELS)}, or null")


def _about(spec: dict[str, Any], path: Path) -> tuple[str, str, int]:
    """Name and labels of the recipe, and the seed."""
    try:
        return spec["recipe"]["name"], spec["recipe"]["labels"], spec["seed"]
    except (KeyError, TypeError):
        raise InputError(f"{path}: no recipe with name and labels, or no seed, in it") from None


def _faces(folder: Path, start: int, labels: str) -> Iterator[Face]:
    path = folder / _SCENES
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            face = _face(folder, line, labels, start, f"{path}, line {number}")
            if face is not None:
                yield face


def _face(folder: Path, line: bytes, labels: str, start: int, where: str) -> Face | None:
    """The face of a line; None if its index is below `start`."""
    head, rest, _ = line.partition(_REST)
    try:
        record = json.loads(head + b"}" if rest else line)
        index, name, image = record["index"], record["id"], record["image"]
        points = record["labels"][labels]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{where}: not the record of a face ({error!r})") from None
    if type(index) is not int or not isinstance(name, str) or not isinstance(image, str):
        raise InputError(f"{where}: index, id and image must be a whole number and two texts")
    if index < start:
        return None
    return Face(
        id=name, image=ImageFile(folder / image), landmarks=_landmarks(points, where), group=name
    )


def _landmarks(points: object, where: str) -> NDArray[np.float32]:
    try:
        landmarks = np.array(points, np.float32)
    except (ValueError, TypeError, OverflowError):
        landmarks = np.empty(0, np.float32)
    if landmarks.ndim != 2 or landmarks.shape[1] != 2 or not np.isfinite(landmarks).all():
        raise InputError(f"{where}: the landmarks must be pairs of finite numbers")
    return landmarks
