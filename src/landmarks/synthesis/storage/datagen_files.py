"""The files of one datapoint in version 2 of Datagen's format; its reader is in `landmarks.data`.

Two conventions differ from the rest of the package: `x` is the **row** and `y` the column, and both
are measured from the image's corner, so that the centre of the top-left pixel is (0.5, 0.5).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.picture import Picture
from landmarks.synthesis.storage.encoding import json_file, png

CAMERA = "camera"
IMAGE = "visible_spectrum_01.png"

_CORNER = 0.5  # the coordinate of the centre of the top-left pixel

# Parts of the segmentation by class number of FaceSynthetics. The names are Datagen's for what
# its sample faces have, and FaceSynthetics' for the rest.
_PARTS: dict[int, tuple[str, ...]] = {
    1: ("human", "head", "skin"),
    2: ("human", "head", "nose"),
    3: ("human", "head", "eye", "right"),
    4: ("human", "head", "eye", "left"),
    5: ("human", "head", "eyebrow", "right"),
    6: ("human", "head", "eyebrow", "left"),
    7: ("human", "head", "ear", "right"),
    8: ("human", "head", "ear", "left"),
    9: ("human", "head", "mouth", "interior"),
    10: ("human", "head", "mouth", "lips", "top"),
    11: ("human", "head", "mouth", "lips", "bottom"),
    12: ("human", "head", "neck"),
    13: ("human", "head", "hair"),
    14: ("human", "head", "beard"),
    15: ("human", "clothing"),
    16: ("human", "glasses"),
    17: ("human", "headwear"),
    18: ("human", "facewear"),
    255: ("ignore",),
    0: ("background",),
}

_FACE = (1, 2, 3, 4, 5, 6, 9, 10, 11)  # without ears and neck


def datagen_files(id: str, picture: Picture, landmarks: NDArray[np.float32]) -> dict[str, bytes]:
    """The files of a datapoint, by their names in its folder.

    Args:
        id: Id of the person shown.
        picture: The picture to write.
        landmarks: (68, 2) pixels, those of the key points.
    """
    colours = np.zeros((256, 3), np.uint16)
    for number in _PARTS:
        colours[number] = _colour(number)
    deep = np.full((*picture.image.shape[:2], 4), 65535, np.uint16)
    deep[..., :3] = picture.image.astype(np.uint16) * 257  # 8 bits in the upper and the lower byte
    return {
        f"{CAMERA}/{IMAGE}": png(deep),
        f"{CAMERA}/semantic_segmentation.png": png(colours[picture.segmentation]),
        f"{CAMERA}/environment.json": json_file(
            {"version": "1.0.0", "environments": [{"image_name": IMAGE}]}
        ),
        f"{CAMERA}/camera_metadata.json": json_file(_camera(picture)),
        f"{CAMERA}/face_bounding_box.json": json_file(_box(picture)),
        f"{CAMERA}/key_points/face_standard_key_points.json": json_file(
            _key_points(picture, landmarks)
        ),
        "semantic_segmentation_metadata.json": json_file(_parts()),
        "actor_metadata.json": json_file(_actor(id, picture)),
    }


def _key_points(picture: Picture, landmarks: NDArray[np.float32]) -> dict[str, Any]:
    height, width = picture.image.shape[:2]
    rows = zip(
        landmarks.tolist(), picture.labels.points.tolist(), picture.labels.visible, strict=True
    )
    standard = {}
    for number, (pixel, point, visible) in enumerate(rows, start=1):
        x, y = (coordinate + _CORNER for coordinate in pixel)
        seen = visible and 0 <= x <= width and 0 <= y <= height
        standard[f"{number:02d}"] = {
            "global_3d": dict(zip("xyz", point, strict=True)),
            "pixel_2d": _row_column(pixel),
            "is_visible": "true" if seen else "false",
        }
    return {"version": "2.0.0", "face": {"standard": standard}}


def _camera(picture: Picture) -> dict[str, Any]:
    height, width = picture.image.shape[:2]
    intrinsics = picture.intrinsics.copy()
    intrinsics[:2, 2] += _CORNER
    rotation, shift = picture.extrinsics[:, :3], picture.extrinsics[:, 3]
    fov = np.degrees(2 * np.arctan2((width, height), 2 * np.diag(intrinsics)[:2]))
    return {
        "version": "1.1.0",
        "camera_name": CAMERA,
        "camera_type": "PERSP",
        "location": _xyz(-rotation.T @ shift),
        "orientation": {"look_at_vector": _xyz(rotation[2]), "up_vector": _xyz(-rotation[1])},
        "resolution_px": {"x": float(width), "y": float(height)},
        "fov": {"horizontal": float(fov[0]), "vertical": float(fov[1])},
        "intrinsic_matrix": intrinsics.tolist(),
        "extrinsic_matrix": picture.extrinsics.tolist(),
    }


def _box(picture: Picture) -> dict[str, Any]:
    """Box around all landmarks and the visible forehead, in whole pixels."""
    seen = np.argwhere(np.isin(picture.segmentation, _FACE))[:, ::-1]
    points = np.concatenate([picture.labels.surface + _CORNER, seen, seen + 1])
    (min_x, min_y), (max_x, max_y) = np.floor(points.min(0)), np.ceil(points.max(0))
    return {
        "version": "1.0.0",
        "min_x": int(min_y),
        "min_y": int(min_x),
        "max_x": int(max_y),
        "max_y": int(max_x),
    }


def _actor(id: str, picture: Picture) -> dict[str, Any]:
    right, left = picture.labels.pupils.tolist()
    pupils = {"right_eye": _row_column(right), "left_eye": _row_column(left)}
    return {
        "version": "1.0.0",
        "identity_id": id,
        "center_of_pupil_point": {"2d": {CAMERA: pupils}},
    }


def _parts() -> dict[str, Any]:
    """The colour of each part, in the tree of parts."""
    tree: dict[str, Any] = {"version": "1.0.0"}
    for number, path in _PARTS.items():
        branch = tree
        for name in path[:-1]:
            branch = branch.setdefault(name, {})
        branch[path[-1]] = dict(zip("RGB", _colour(number), strict=True))
    return tree


def _colour(number: int) -> tuple[int, int, int]:
    """16-bit levels, black for class 0 and far apart for the others."""
    return number * 2741 % 65536, number * 12953 % 65536, number * 27437 % 65536


def _row_column(pixel: list[float]) -> dict[str, float]:
    x, y = pixel
    return {"x": y + _CORNER, "y": x + _CORNER}


def _xyz(vector: NDArray[np.float64]) -> dict[str, float]:
    return dict(zip("xyz", vector.tolist(), strict=True))
