"""What can be written with each picture besides its layout, one function per kind."""

import io
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.picture import Labels, Picture
from landmarks.synthesis.storage.encoding import json_file, png

MILLIMETRES = 1000

# Names of label sets in recipes, records and on the command line.
LABEL_SETS: Mapping[str, Callable[[Labels], NDArray[np.float32]]] = {
    "surface": lambda labels: labels.surface,
    "contour": lambda labels: labels.contour,
    "annotated": lambda labels: labels.annotated,
}

Files = dict[str, bytes]


def depth_files(id: str, picture: Picture, labels_name: str) -> Files:
    """`{id}_depth.png`: 16-bit grey, millimetres along the viewing direction, 0 in the background.

    Open3D reads it with its default scale, OpenCV with `IMREAD_UNCHANGED`.
    """
    depth = np.where(np.isfinite(picture.depth), picture.depth * MILLIMETRES, 0)
    return {f"{id}_depth.png": png(np.rint(depth).clip(0, 65535).astype(np.uint16))}


def normals_files(id: str, picture: Picture, labels_name: str) -> Files:
    """`{id}_normals.png`: the direction that the surface faces, in the camera's axes.

    Red is x to the right, green y up, blue z towards the camera, each from -1 (0) to 1 (255); black
    in the background.
    """
    assert picture.normals is not None
    turned = picture.normals * (1, -1, -1)
    levels = np.rint((turned + 1) / 2 * 255).astype(np.uint8)
    levels[~np.isfinite(picture.depth)] = 0
    return {f"{id}_normals.png": png(levels)}


def segmentation_files(id: str, picture: Picture, labels_name: str) -> Files:
    """`{id}_seg.png`: class numbers of Microsoft FaceSynthetics, as in its layout."""
    return {f"{id}_seg.png": png(picture.segmentation)}


def dense_files(id: str, picture: Picture, labels_name: str) -> Files:
    """`{id}_dense.npz`: every vertex of the face.

    Arrays: `points` (V, 2) float32 pixels, `visible` (V,) bool, `places` (V,) int32, their indices
    on the head, to be used as `vertex` in a scheme, and `vertices` (V,) int32, their indices in
    MakeHuman's base mesh.
    """
    labels = picture.labels
    assert labels.dense is not None
    assert labels.dense_visible is not None
    assert labels.dense_vertices is not None
    assert labels.dense_places is not None
    file = io.BytesIO()
    np.savez(
        file,
        points=labels.dense,
        visible=labels.dense_visible,
        places=labels.dense_places.astype(np.int32),
        vertices=labels.dense_vertices,
    )
    return {f"{id}_dense.npz": file.getvalue()}


def pose_files(id: str, picture: Picture, labels_name: str) -> Files:
    """`{id}_pose.json`: yaw, pitch and roll in degrees, and the camera.

    Positive yaw turns the face to the right of the picture, positive pitch up, positive roll
    clockwise. `intrinsics` and `extrinsics` are those of `Picture`.
    """
    yaw, pitch, roll = picture.head_pose
    content = {
        "yaw": yaw,
        "pitch": pitch,
        "roll": roll,
        "intrinsics": picture.intrinsics.tolist(),
        "extrinsics": picture.extrinsics.tolist(),
    }
    return {f"{id}_pose.json": json_file(content)}


def hidden_files(id: str, picture: Picture, labels_name: str) -> Files:
    """`{id}_hidden.csv`: columns landmark, x, y, hidden (1 or 0), for the 68 landmarks.

    Hair, lashes and clear glass hide nothing.
    """
    points = LABEL_SETS[labels_name](picture.labels).tolist()
    rows = [
        f"{k},{x:.4f},{y:.4f},{int(not seen)}\n"
        for k, ((x, y), seen) in enumerate(
            zip(points, picture.labels.visible.tolist(), strict=True)
        )
    ]
    return {f"{id}_hidden.csv": ("landmark,x,y,hidden\n" + "".join(rows)).encode()}


# By the name in `synthesize write=[...]`; each takes id, picture and the name of the label set.
EXTRAS: Mapping[str, Callable[[str, Picture, str], Files]] = {
    "depth": depth_files,
    "normals": normals_files,
    "segmentation": segmentation_files,
    "dense": dense_files,
    "pose": pose_files,
    "hidden": hidden_files,
}
