"""Write a picture in the layout of a known dataset, one function per layout.

Each returns a hash of the names and bytes of its files. The image is written first, so that labels
always have an image.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from landmarks.synthesis.picture import Picture
from landmarks.synthesis.storage.datagen_files import CAMERA, IMAGE, datagen_files
from landmarks.synthesis.storage.encoding import png
from landmarks.synthesis.storage.extras import EXTRAS, LABEL_SETS
from landmarks.synthesis.storage.files import replace_file


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


def write_extras(
    folder: Path, id: str, picture: Picture, names: Iterable[str], labels_name: str
) -> str:
    """Write what some of `EXTRAS` add to a sample.

    Returns:
        Hash of the files.
    """
    files = [EXTRAS[name](id, picture, labels_name) for name in names]
    return _write(folder, {name: content for part in files for name, content in part.items()})


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
