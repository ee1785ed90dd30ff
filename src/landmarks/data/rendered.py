"""Read the folders that `landmarks.synthesis` renders.

`scene.jsonl.gz` has one line of JSON for each face, with all its label sets; `spec.json` names the
label set of the recipe. Each line names its image, so that every layout is read alike.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from landmarks.data.cache_files import Arrays
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.file_cache import cached_arrays
from landmarks.data.files import existing_folder, read_json
from landmarks.data.images import ImageFile
from landmarks.data.names import path_below
from landmarks.data.options import check_enough, check_whole_number
from landmarks.data.scene_lines import PACKED, scene_lines, scenes_file
from landmarks.data.scheme_labels import LABEL_SETS, scheme_labels
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme

# Raise it when `_faces` reads other names, images or landmarks from the same file.
LABELS_VERSION = "1"

_SPEC = "spec.json"
_LAYOUT = f"a folder made by `landmarks synthesize`, with {_SPEC} and {PACKED}"

# The last and longest part of a line as it is written; nothing in it is read here.
_REST = b',"scene":'


def read_rendered(
    root: Path | str,
    *,
    first: int | None = None,
    start: int = 0,
    labels: str | None = None,
    scheme: LandmarkScheme | str = IBUG68,
) -> FaceDataset:
    """Read rendered faces.

    All landmarks count, hidden ones too, as in 300-W; each face is its own group. Ids begin
    with recipe and seed, because those of every folder start from 0.

    Args:
        root: The folder.
        first: Number of faces to read, in the order of their index; null: all.
        start: Index of the first face to read.
        labels: "surface" (points of the head, as 3D models are labelled), "contour" (the jaw on
            the visible outline) or "annotated" (as the recipe's annotator marks them); null: those
            of the recipe.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.

    Raises:
        InputError: The folder is unfinished, a line is malformed, there are too few faces, or they
            are not labelled for the scheme.
    """
    check_whole_number("first", first, 1, or_null=True)
    check_whole_number("start", start, 0)
    check_labels(labels)
    wanted = load_scheme(scheme)
    folder, scenes = _folder_and_scenes(root)
    spec = read_json(folder / _SPEC)
    name, own_labels, seed = _about(spec, folder / _SPEC)
    chosen = labels or own_labels
    faces = _faces(scenes, start, first, chosen, f"{name}_{seed}/")
    check_enough("first", first, len(faces), folder)
    if wanted != IBUG68:
        faces = _in_scheme(faces, folder, wanted, chosen)
    return FaceDataset(
        name=f"rendered faces (recipe {name})",
        origin=str(folder),
        faces=faces,
        scheme=wanted,
        namespace="rendered faces",
        notes=(
            f"landmarks: {chosen}{' (of the recipe)' if labels is None else ''}; seed: {seed}",
            f"renderer: {spec.get('renderer')}",
        ),
        rendered=True,
    )


def _in_scheme(
    faces: tuple[Face, ...], folder: Path, scheme: LandmarkScheme, labels: str
) -> tuple[Face, ...]:
    """The same faces with the landmarks of another scheme.

    Their boxes contain the 68 landmarks too, as those that face finders give: five points are a
    small part of a face.
    """
    names = [face.id.rpartition("/")[2] for face in faces]
    if not all(name.isdecimal() and len(name) <= 9 for name in names):
        raise InputError(f"{folder}: a face is not named after its index, so it has 68 landmarks")
    rows = scheme_labels(folder, scheme, np.array(names, np.int64))
    return tuple(
        replace(face, landmarks=points, box=_box(face.landmarks, points))
        for face, points in zip(faces, rows[labels], strict=True)
    )


def _box(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """The tight box of two sets of landmarks."""
    both = np.concatenate([one, other])
    (x0, y0), (x1, y1) = both.min(axis=0).tolist(), both.max(axis=0).tolist()
    return x0, y0, x1, y1


def hidden_landmarks(root: Path | str, *, first: int, start: int = 0) -> NDArray[np.bool_]:
    """Which landmarks of rendered faces something hides: (N, 68).

    Hair, lashes and clear glass do not count. The faces are those of `read_rendered` with the same
    arguments.

    Raises:
        InputError: A record lacks them.
    """
    folder, scenes = _folder_and_scenes(root)
    rows = []
    for number, line in islice(scene_lines(scenes), start, start + first):
        try:
            seen = json.loads(line)["labels"]["visible"]
            rows.append(~np.array(seen, bool).reshape(IBUG68.num_landmarks))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{scenes}, line {number}: no visibility ({error!r:.200})") from None
    check_enough("first", first, len(rows), folder)
    return np.stack(rows)


def _folder_and_scenes(root: Path | str) -> tuple[Path, Path]:
    folder = existing_folder(root, _LAYOUT)
    scenes = scenes_file(folder)
    if scenes is None:
        raise InputError(f"{folder}: no {PACKED}; expected {_LAYOUT}, run to its end")
    return folder, scenes


def check_labels(labels: str | None) -> None:
    """Refuse anything but the name of a label set or null."""
    if labels is not None and labels not in LABEL_SETS:
        raise InputError(f"labels are {labels!r}; choose one of {', '.join(LABEL_SETS)}, or null")


def _about(spec: dict[str, Any], path: Path) -> tuple[str, str, int]:
    """Name and label set of the recipe, and the seed."""
    recipe, seed = spec.get("recipe"), spec.get("seed")
    if isinstance(recipe, dict) and type(seed) is int:
        name, labels = recipe.get("name"), recipe.get("labels")
        if isinstance(name, str) and labels in LABEL_SETS:
            return name, labels, seed
    raise InputError(
        f"{path}: expected a recipe with its name and labels ({', '.join(LABEL_SETS)}), and a seed"
    )


def _faces(path: Path, start: int, first: int | None, labels: str, prefix: str) -> tuple[Face, ...]:
    """The faces from index `start`, no more than `first` of them; names begin with `prefix`."""

    def read() -> Arrays:
        records = list(islice(_records(path, start, labels), first))
        return {
            "names": np.array([record.name for record in records], np.str_),
            "images": np.array([record.image for record in records], np.str_),
            "landmarks": np.array([record.landmarks for record in records], np.float32),
        }

    stored = cached_arrays(path, "rendered", f"{labels}, {start}, {first}", LABELS_VERSION, read)
    return tuple(
        Face(
            id=prefix + name,
            image=ImageFile(path.parent / image),
            landmarks=points,
            group=prefix + name,
        )
        for name, image, points in zip(
            stored["names"].tolist(), stored["images"].tolist(), stored["landmarks"], strict=True
        )
    )


class _Record(NamedTuple):
    name: str
    image: str
    landmarks: NDArray[np.float32]


def _records(path: Path, start: int, labels: str) -> Iterator[_Record]:
    for number, line in scene_lines(path):
        record = _record(line, labels, start, path, number)
        if record is not None:
            yield record


def _record(line: bytes, labels: str, start: int, path: Path, number: int) -> _Record | None:
    """The face of a line; None if its index is below `start`."""
    where = f"{path}, line {number}"
    head, rest, _ = line.partition(_REST)
    try:
        record = json.loads(head + b"}" if rest else line)
        index, name, image = record["index"], record["id"], record["image"]
        points = record["labels"][labels]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{where}: not the record of a face ({error!r:.200})") from None
    if type(index) is not int or not isinstance(name, str) or not isinstance(image, str):
        raise InputError(f"{where}: index, id and image must be a whole number and two texts")
    path_below(path.parent, image, where)
    return None if index < start else _Record(name, image, _landmarks(points, where))


def _landmarks(points: object, where: str) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):  # becomes infinite, which is refused below
            landmarks = np.array(points, np.float32)
    except (ValueError, TypeError, OverflowError):
        landmarks = np.empty(0, np.float32)
    expected = (IBUG68.num_landmarks, 2)
    if landmarks.shape != expected or not np.isfinite(landmarks).all():
        raise InputError(f"{where}: the landmarks must be {expected[0]} pairs of finite numbers")
    return landmarks
