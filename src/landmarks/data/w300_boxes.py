"""The face boxes of 300-W: `bounding_boxes.zip`, a MATLAB file for each folder of the release."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from landmarks.data.coordinates import Box
from landmarks.data.files import FACE_BYTES, is_file, is_folder, open_file
from landmarks.data.mat_files import read_variables
from landmarks.data.w300_folders import W300Folder, W300Photo
from landmarks.errors import InputError

_FIELDS = {"detector": "bb_detector", "ground_truth": "bb_ground_truth"}
_PLACES = ("bounding_boxes", "Bounding Boxes", "Bounding_Boxes")


def check_box_request(boxes: str | None, mirrored: bool, rows: Sequence[W300Folder]) -> None:
    """Refuse boxes that 300-W does not have.

    Args:
        boxes: "detector", "ground_truth", or None for no boxes.
        mirrored: Whether mirrored copies are asked for as well.
        rows: The folders to read.
    """
    if boxes is None:
        return
    if boxes not in tuple(_FIELDS):
        raise InputError(f"boxes is {boxes!r}; expected null or one of {', '.join(_FIELDS)}")
    if mirrored:
        raise InputError(
            f"boxes={boxes} with mirrored=true: 300-W has no boxes for mirrored copies; drop one"
        )
    without = [row for row in rows if not row.has_boxes]
    if without:
        raise InputError(
            f"boxes={boxes}: 300-W has no boxes for {without[0].path} ({without[0].subset}); "
            "leave it out or set boxes to null"
        )


def read_boxes(root: Path, photos: Sequence[W300Photo], boxes: str) -> dict[W300Photo, Box]:
    """The box of each photo, (x0, y0, x1, y1) in the numbers of the files.

    Args:
        root: The folder that contains `bounding_boxes`.
        photos: Those that need a box.
        boxes: "detector" or "ground_truth".

    Raises:
        InputError: A file is missing or wrong, or has no box of a photo.
    """
    folder = next((root / name for name in _PLACES if is_folder(root / name)), None)
    if folder is None:
        raise InputError(f"{root / _PLACES[0]}: no such folder; unpack bounding_boxes.zip there")
    files = {photo.folder.box_file for photo in photos}
    tables = {name: _box_table(folder / name, _FIELDS[boxes]) for name in files}
    found = {}
    for photo in photos:
        box = tables[photo.folder.box_file].get(_box_key(photo.name))
        if box is None:
            raise InputError(
                f"{folder / photo.folder.box_file}: no box of {photo.path.name!r} ({photo.id}); "
                "add it, move the face away, or set boxes to null"
            )
        found[photo] = box
    return found


def _box_key(name: str) -> str:
    """Image name without spaces: some copies have none in "image_092 _01"."""
    return name.replace(" ", "")


def _box_table(path: Path, field: str) -> dict[str, Box]:
    """Boxes of a `.mat` file by image name: a cell array of structs with `imgName` and `field`."""
    table: dict[str, Box] = {}
    for number, struct in enumerate(_structs(path), start=1):
        try:
            name = _box_key(Path(str(struct["imgName"])).stem)
            corners = np.asarray(struct[field], dtype=np.float64).reshape(4)  # x1 y1 x2 y2
        except (KeyError, IndexError, TypeError, ValueError):
            raise InputError(
                f"{path}, entry {number}: expected a struct with imgName and {field} = "
                "[x1 y1 x2 y2]"
            ) from None
        if not np.isfinite(corners).all():
            raise InputError(
                f"{path}, entry {number} ({name}): {field} is {corners.tolist()}; expected finite "
                "numbers"
            )
        x0, y0, x1, y1 = corners.tolist()
        box = (x0, y0, x1, y1)
        if table.setdefault(name, box) != box:
            raise InputError(f"{path}, entry {number}: a second, different box of {name!r}")
    return table


def _structs(path: Path) -> list[Any]:
    """The entries of the cell array."""
    if not is_file(path):
        raise InputError(f"{path}: no such file; unpack bounding_boxes.zip there")
    try:
        with open_file(path, FACE_BYTES) as file:
            content = read_variables(file.read(), FACE_BYTES)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a MATLAB file before version 7.3 ({error})") from None
    cells = content.get("bounding_boxes")
    if not isinstance(cells, list):
        raise InputError(f"{path}: no cells 'bounding_boxes'; download the file again")
    return [struct for cell in cells for struct in (cell if isinstance(cell, list) else [cell])]
