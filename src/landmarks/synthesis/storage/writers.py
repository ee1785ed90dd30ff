"""Write a picture in the layout of a known dataset, one function per layout.

Each returns a hash of the names and bytes of its files. The image is written first, so that labels
always have an image.
"""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.picture import Labels, Picture
from landmarks.synthesis.storage.datagen_files import CAMERA, IMAGE, datagen_files
from landmarks.synthesis.storage.encoding import png
from landmarks.synthesis.storage.files import replace_file

# Names of label sets in recipes, records and on the command line.
LABEL_SETS: Mapping[str, Callable[[Labels], NDArray[np.float32]]] = {
    "surface": lambda labels: labels.surface,
    "contour": lambda labels: labels.contour,
    "annotated": lambda labels: labels.annotated,
}


def write_face_synthetics(folder: Path, id: str, picture: Picture, labels_name: str) -> str:
    """Write a sample laid out like Microsoft FaceSynthetics.

    `{id}.png`, `{id}_seg.png` with its class numbers, and `{id}_ldmks.txt`: the 68 landmarks, then
    the pupil of the eye of landmarks 36-41 and that of 42-47, `x y`, counted from the centre of
    the top-left pixel.

    Args:
        folder: Folder of the dataset.
        id: Id of the sample.
        picture: The picture to write.
        labels_name: Which landmarks; one of `LABEL_SETS`.

    Returns:
        Hash of the files.
    """
    points = np.concatenate([LABEL_SETS[labels_name](picture.labels), picture.labels.pupils])
    rows = "".join(f"{x:.4f} {y:.4f}\n" for x, y in points.tolist())
    return _write(
        folder,
        {
            f"{id}.png": png(picture.image),
            f"{id}_seg.png": png(picture.segmentation),
            f"{id}_ldmks.txt": rows.encode(),
        },
    )


def write_datagen(folder: Path, id: str, picture: Picture, labels_name: str) -> str:
    """Write a sample as a datapoint of Datagen's platform, version 2 of its format.

    Args:
        folder: Folder of the dataset.
        id: Id of the sample and of its person.
        picture: The picture to write.
        labels_name: Which landmarks are the `pixel_2d`; one of `LABEL_SETS`. `global_3d` are the
            surface points, which project to them exactly if it is "surface".

    Returns:
        Hash of the files.
    """
    files = datagen_files(id, picture, LABEL_SETS[labels_name](picture.labels))
    place = _datapoint(id)
    (folder / place / CAMERA / "key_points").mkdir(parents=True, exist_ok=True)
    return _write(folder, {f"{place}/{name}": content for name, content in files.items()})


def write_dense(folder: Path, id: str, picture: Picture) -> str:
    """Write `{id}_dense.npz`: every vertex of the face.

    Arrays: `points` (V, 2) float32 pixels, `visible` (V,) bool, and `vertices` (V,) int32, their
    indices in MakeHuman's base mesh, for choosing custom landmarks.
    """
    labels = picture.labels
    assert labels.dense is not None
    assert labels.dense_visible is not None
    assert labels.dense_vertices is not None
    file = io.BytesIO()
    np.savez(
        file, points=labels.dense, visible=labels.dense_visible, vertices=labels.dense_vertices
    )
    return _write(folder, {f"{id}_dense.npz": file.getvalue()})


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A layout of a dataset.

    Attributes:
        write: Writes a sample, given folder, id, picture and the name of its label set.
        image: The image of the sample with an id, relative to the folder.
    """

    write: Callable[[Path, str, Picture, str], str]
    image: Callable[[str], str]


def _datapoint(id: str) -> str:
    return f"datapoint_{id}"


LAYOUTS: Mapping[str, Layout] = {
    "face_synthetics": Layout(write=write_face_synthetics, image=lambda id: f"{id}.png"),
    "datagen": Layout(write=write_datagen, image=lambda id: f"{_datapoint(id)}/{CAMERA}/{IMAGE}"),
}


def _write(folder: Path, files: Mapping[str, bytes]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, content in files.items():
        replace_file(folder / name, content)
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
