"""The JSON files of Datagen's format, one function each; `landmarks.data.datagen` finds them.

`pixel_2d.x`, `min_x` and the first number of a pair are **rows**, the others columns, counted from
the corner of the image: projecting the 3D position of a landmark with the matrices of its camera
gives them in this order, in both versions.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box, number_list
from landmarks.data.decoding import IMAGE_SUFFIXES
from landmarks.data.files import FACE_BYTES, check_name, read_json
from landmarks.data.images import ImageSource
from landmarks.errors import InputError
from landmarks.scheme import IBUG68

_VERSIONS = ("1", "2")
_DEFAULT_IMAGE_NAME = "visible_spectrum.png"

# A projected landmark agrees with a labelled one up to this share of the size of the face.
_AGREES = 0.1


def read_points(path: Path, camera: Path | None, image: ImageSource) -> NDArray[np.float64]:
    """The standard key points of a face.

    The layout follows from the content: `keypoints_2d_coordinates` is version 1, `face` is version
    2. Files of version 2 without "version" can have rows and columns in the other order: the one
    that agrees with the camera, or else has more points on the image, is chosen.

    Args:
        path: The file.
        camera: Its `camera_metadata.json`, if there is one.
        image: What the camera sees.

    Returns:
        (68, 2) x and y in the numbers of the file.

    Raises:
        InputError: The version is unknown, or there are not 68 pairs of finite numbers.
    """
    content = read_json(path, largest=FACE_BYTES)
    version = content.get("version")
    if version is not None and str(version).partition(".")[0] not in _VERSIONS:
        raise InputError(
            f"{path}: version {version!r} of the format; known are {' and '.join(_VERSIONS)}"
        )
    if "keypoints_2d_coordinates" in content:
        return _numbers(_in_order(content["keypoints_2d_coordinates"], path), path)[:, ::-1]
    standard = _in_order(_take(_take(content, "face", path), "standard", path), path)
    pixels = [_take(landmark, "pixel_2d", path) for landmark in standard]
    points = _numbers([[_take(pixel, axis, path) for axis in "xy"] for pixel in pixels], path)
    points = points[:, ::-1]
    if version is not None:
        return points
    projected = None if camera is None else _projected(standard, camera)
    if projected is not None:
        size = np.ptp(points, axis=0).max()
        for order in (points, points[:, ::-1]):
            if np.abs(order - projected).mean() < _AGREES * size:
                return order
    height, width = image.shape()
    on_image = [
        ((order >= 0) & (order <= (width, height))).all(axis=1).sum()
        for order in (points, points[:, ::-1])
    ]
    return points if on_image[0] >= on_image[1] else points[:, ::-1]


def _projected(standard: list[Any], camera: Path) -> NDArray[np.float64] | None:
    """(68, 2) columns and rows where the camera sees the landmarks; None if files do not say."""
    matrices = read_json(camera, largest=FACE_BYTES)
    try:
        places = np.array(
            [[landmark["global_3d"][axis] for axis in "xyz"] for landmark in standard], np.float64
        )
        intrinsic = np.array(matrices["intrinsic_matrix"], np.float64).reshape(3, 3)
        extrinsic = np.array(matrices["extrinsic_matrix"], np.float64).reshape(3, 4)
    except (KeyError, TypeError, ValueError):
        return None
    seen = (places @ extrinsic[:, :3].T + extrinsic[:, 3]) @ intrinsic.T
    return None if (seen[:, 2] <= 0).any() else np.asarray(seen[:, :2] / seen[:, 2:])


def read_box(path: Path) -> Box:
    """The box of a face, (x0, y0, x1, y1) in the numbers of the file.

    Raises:
        InputError: A side is missing or not a number.
    """
    content = read_json(path, largest=FACE_BYTES)
    sides = [_take(content, side, path) for side in ("min_y", "min_x", "max_y", "max_x")]
    x0, y0, x1, y1 = number_list(sides, f"{path}: the box", 4)
    return x0, y0, x1, y1


def read_actor(path: Path) -> str | None:
    """The id of the person, if the file has it.

    Raises:
        InputError: The file names several persons, so that it is unknown whose face it is.
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


def _numbers(pairs: list[Any], path: Path) -> NDArray[np.float64]:
    """(68, 2) numbers as in the file."""
    if len(pairs) != IBUG68.num_landmarks:
        raise InputError(f"{path}: {len(pairs)} landmarks; expected {IBUG68.num_landmarks}")
    return np.array([number_list(pair, f"{path}: landmark {k}", 2) for k, pair in enumerate(pairs)])


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
