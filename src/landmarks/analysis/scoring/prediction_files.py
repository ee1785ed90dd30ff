"""Read the predictions of other systems.

What is read, by the look of the file or folder:

- a folder of `.pts` files, one face each, as `landmarks predict` and most 300-W code write;
- CSV with `image,x0,y0,...`, as `landmarks predict` writes;
- COCO JSON with `images` and `annotations`, whose `keypoints` are x, y and anything third;
- SPIGA, as `spiga/eval/results_gen.py` (commit 3db8da8) writes it: a list of objects with `imgpath`
  and `landmarks`, in iBUG's order where the set is 300-W;
- COCO results, as MMPose 1.x dumps them (`CocoMetric` with `format_only` and `outfile_prefix`): a
  list of objects with `image_id` and `keypoints`, where `image_id` is the file name, or a number
  whose name is in the file of the labels, given as `images`;
- a folder of JSON files, one a photo, as MMPose's `MMPoseInferencer(..., pred_out_dir=...)` writes:
  a list of objects with `keypoints` as pairs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import number_list
from landmarks.data.csv_table import read_rows
from landmarks.data.files import (
    FACE_BYTES,
    files_below,
    is_folder,
    parsed_json,
    read_json,
)
from landmarks.data.pts import parse_pts
from landmarks.errors import InputError
from landmarks.scheme import IBUG68

JSON = ".json"
EXPECTED = (
    "a folder of .pts files or of MMPose's JSON files, CSV, COCO key points, or the JSON of SPIGA "
    "or MMPose"
)


@dataclass(frozen=True, eq=False)
class Predicted:
    """The landmarks that a system predicts for a face.

    Attributes:
        image: Name or path of its image, in the words of the file, without suffix.
        points: (K, 2) pixels, counted from 0 at the centre of the top-left pixel.
    """

    image: str
    points: NDArray[np.float64]


def read_predicted(
    path: Path,
    *,
    first_pixel: float | None = None,
    images: Path | None = None,
    num_points: int = IBUG68.num_landmarks,
) -> list[Predicted]:
    """Read predictions in any of the formats of this module.

    Args:
        path: The file or folder.
        first_pixel: The coordinate that it gives to the centre of the top-left pixel; None: 1 in
            `.pts` files, 0 in others.
        images: COCO JSON that names the images whose numbers the predictions have.
        num_points: Landmarks of a face.

    Raises:
        InputError: It is none of these formats, or a face has another number of landmarks.
    """
    if is_folder(path):
        found, usual = _folder(path, num_points)
    elif path.suffix.lower() == ".csv":
        found, usual = ((row.image, row.points, row.where) for row in read_rows(path)), 0.0
    elif path.suffix.lower() == JSON:
        found, usual = _of_json(parsed_json(path), path, images), 0.0
    else:
        raise InputError(f"{path}: not predictions that can be read; expected {EXPECTED}")
    first = usual if first_pixel is None else first_pixel
    faces = [
        Predicted(_without_suffix(image), _checked(points, where, num_points) - first)
        for image, points, where in found
    ]
    if not faces:
        raise InputError(f"{path}: no predictions; expected {EXPECTED}")
    return faces


Found = Iterator[tuple[str, NDArray[np.float64], str]]  # image, points, place for messages


def _folder(folder: Path, num_points: int) -> tuple[Found, float]:
    files = list(files_below(folder))
    pts = [file for file in files if file.suffix.lower() == ".pts"]
    if pts:
        parsed = ((f, parse_pts(f, num_points=num_points)) for f in pts)
        return ((_below(folder, f), points, str(f)) for f, points in parsed), 1.0
    lists = [file for file in files if file.suffix.lower() == JSON]
    return (found for file in lists for found in _inferred(folder, file)), 0.0


def _inferred(folder: Path, file: Path) -> Found:
    """The faces of a photo, from a file of MMPose's inferencer."""
    for number, item in enumerate(_objects(parsed_json(file, FACE_BYTES), file)):
        where = f"{file}, face {number}"
        yield _below(folder, file), _pairs(item.get("keypoints"), f"{where}: keypoints"), where


def _of_json(content: object, path: Path, images: Path | None) -> Found:
    if isinstance(content, dict):
        names = _names(content, path)
        items = content.get("annotations")
    else:
        names = {} if images is None else _names(read_json(images), images)
        items = content
    for number, item in enumerate(_objects(items, path)):
        where = f"{path}, number {number}"
        if "imgpath" in item:
            name, points = item["imgpath"], _pairs(item.get("landmarks"), f"{where}: landmarks")
        else:
            own = item.get("image_id")
            name = names.get(own, own) if isinstance(own, int | str) else own
            points = _triples(item.get("keypoints"), f"{where}: keypoints")
        if not isinstance(name, str):
            raise InputError(
                f"{where}: image_id is {name!r}, and no file says which image that is; give the "
                "COCO JSON of the labels with --images"
            )
        yield name, points, where


def _objects(items: object, path: Path) -> list[dict[str, Any]]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputError(f"{path}: not predictions that can be read; expected {EXPECTED}")
    return items


def _names(content: Mapping[str, Any], path: Path) -> dict[object, str]:
    entries = _objects(content.get("images"), path)
    return {
        entry["id"]: str(entry.get("file_name"))
        for entry in entries
        if isinstance(entry.get("id"), int | str)
    }


def _pairs(values: object, where: str) -> NDArray[np.float64]:
    if not isinstance(values, list) or not values:
        raise InputError(f"{where} is {str(values)[:40]}; expected a list of pairs x, y")
    points = [number_list(pair, where)[:2] for pair in values]
    if any(len(point) < 2 for point in points):
        raise InputError(f"{where}: a list of one number; expected pairs x, y")
    return np.array(points)


def _triples(values: object, where: str) -> NDArray[np.float64]:
    numbers = number_list(values, where)
    if not numbers or len(numbers) % 3:
        raise InputError(f"{where} has {len(numbers)} numbers; expected x, y, score each")
    return np.reshape(numbers, (-1, 3))[:, :2]


def _checked(points: NDArray[np.float64], where: str, expected: int) -> NDArray[np.float64]:
    if points.shape != (expected, 2) or not np.isfinite(points).all():
        raise InputError(
            f"{where}: {len(points)} landmarks; expected {expected} with finite numbers"
        )
    return points


def _below(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()


def _without_suffix(name: str) -> str:
    plain = name.replace("\\", "/")
    head, _, last = plain.rpartition("/")
    stem = last.rpartition(".")[0] or last
    return f"{head}/{stem}" if head else stem
