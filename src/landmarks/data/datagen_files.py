"""The JSON files of Datagen's format, one function each; `landmarks.data.datagen` finds them.

`pixel_2d.x`, `min_x` and the first number of a pair of version 1 are **rows**, the others columns,
counted from the corner of the image: re-projecting a landmark's 3D position with its camera's
matrices gives them in this order, in both versions.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box, checked_box, number_list, to_pixel_centres
from landmarks.data.decoding import IMAGE_SUFFIXES
from landmarks.data.files import FACE_BYTES, check_name, read_json
from landmarks.errors import InputError
from landmarks.scheme import IBUG68

# What the writer of the format assumes where a file does not say.
_DEFAULT_VERSION = "1.0.0"
_DEFAULT_IMAGE_NAME = "visible_spectrum.png"


def read_landmarks(path: Path, first_pixel: float) -> NDArray[np.float32]:
    """The standard key points of a face, version 1 or 2.

    Args:
        path: The file.
        first_pixel: The file's coordinate of the centre of the top-left pixel.

    Returns:
        (68, 2) source pixels.

    Raises:
        InputError: The version is unknown, or there are not 68 pairs of finite numbers.
    """
    content = read_json(path, largest=FACE_BYTES)
    version = content.get("version", _DEFAULT_VERSION)
    major = str(version).partition(".")[0]
    if major not in _PAIRS:
        raise InputError(
            f"{path}: version {version!r} of the format; known are {' and '.join(_PAIRS)}"
        )
    pairs = _PAIRS[major](content, path)
    if len(pairs) != IBUG68.num_landmarks:
        raise InputError(f"{path}: {len(pairs)} landmarks; expected {IBUG68.num_landmarks}")
    rows_columns = [number_list(pair, f"{path}: landmark {k}", 2) for k, pair in enumerate(pairs)]
    return to_pixel_centres(np.array(rows_columns)[:, ::-1], first_pixel)


def read_box(path: Path, first_pixel: float) -> Box:
    """The box of a face, (x0, y0, x1, y1) source pixels.

    Args:
        path: The file.
        first_pixel: The file's coordinate of the centre of the top-left pixel.

    Raises:
        InputError: A side is missing or no number, or the box is empty.
    """
    content = read_json(path, largest=FACE_BYTES)
    sides = [_take(content, side, path) for side in ("min_y", "min_x", "max_y", "max_x")]
    numbers = number_list(sides, f"{path}: the box", 4)
    return checked_box((number - first_pixel for number in numbers), str(path))


def read_actor(path: Path) -> str | None:
    """The id of the person, if the file tells.

    Raises:
        InputError: The file names several persons, so that the face's is not known.
    """
    content = read_json(path, largest=FACE_BYTES)
    if "identities" in content:  # of a scene that moves: id to description
        identities = content["identities"]
        found = len(identities) if isinstance(identities, dict | list) else 0
        if found != 1:
            raise InputError(f"{path}: {found} identities; expected 1, that of the face")
        return str(next(iter(identities)))
    identity = content.get("identity_id")
    return None if identity is None else str(identity)


def read_image_names(path: Path | None) -> list[str]:
    """File names of the images of a camera, one for each environment.

    Args:
        path: The file; None if there is none.

    Raises:
        InputError: A name is missing, or is not that of an image file without a folder.
    """
    content = {} if path is None else read_json(path, largest=FACE_BYTES)
    if path is None or "environments" not in content:
        return [_DEFAULT_IMAGE_NAME]
    environments = content["environments"]
    if not isinstance(environments, list) or not environments:
        raise InputError(f"{path}: 'environments' must be a list with at least one entry")
    names = [_take(environment, "image_name", path) for environment in environments]
    for name in names:
        if not isinstance(name, str) or Path(name).name != name or not _is_image(name):
            raise InputError(
                f"{path}: image_name is {name!r:.200}; expected the name of an image file"
            )
        check_name(name, str(path))
    return names


def _is_image(name: str) -> bool:
    return Path(name).suffix.lower() in IMAGE_SUFFIXES


def _version_1(content: dict[str, Any], path: Path) -> list[Any]:
    """(row, column) of each landmark, from lists or dictionaries with numbers as keys."""
    return _in_order(_take(content, "keypoints_2d_coordinates", path), path)


def _version_2(content: dict[str, Any], path: Path) -> list[Any]:
    """(row, column) of each landmark, from one dictionary each."""
    standard = _take(_take(content, "face", path), "standard", path)
    pixels = [_take(landmark, "pixel_2d", path) for landmark in _in_order(standard, path)]
    return [[_take(pixel, axis, path) for axis in ("x", "y")] for pixel in pixels]


_PAIRS: dict[str, Callable[[dict[str, Any], Path], list[Any]]] = {
    "1": _version_1,
    "2": _version_2,
}


def _in_order(values: object, path: Path) -> list[Any]:
    """A list as it is, or the values of a dictionary with the keys "1", "2" or "01", "02", ..."""
    if isinstance(values, list):
        return values
    # No number of landmarks has more than four digits, and Python reads none of thousands.
    if not isinstance(values, dict) or not all(k.isdecimal() and len(k) <= 4 for k in values):
        raise InputError(f"{path}: landmarks must be a list or have numbers as keys")
    keys = sorted(values, key=int)
    numbers = [int(key) for key in keys]
    if numbers and numbers[0] not in (0, 1):
        raise InputError(f"{path}: the first landmark is {keys[0]!r}; expected 1 or 0")
    for number, following in pairwise(numbers):
        if following != number + 1:
            raise InputError(f"{path}: landmark {number} is followed by {following}")
    return [values[key] for key in keys]


def _take(content: object, key: str, path: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(content, dict) or key not in content:
        raise InputError(f"{path}: {key!r} is missing")
    return content[key]
