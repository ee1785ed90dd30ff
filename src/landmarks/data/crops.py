"""Face crops: each dataset is decoded once, and its faces stored at the scale that the model sees.

A stored image, the *canvas*, shows the crop with a margin for augmentation at the same scale, so
that the test crop is its middle, cut out without a second resampling.
"""

import hashlib
import logging
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.data.array_files import read_npz
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.image_store import open_images, write_images
from landmarks.errors import InputError
from landmarks.geometry import CropRule, crop_matrix, inverse, transform, warp
from landmarks.scheme import LandmarkScheme
from landmarks.storage.artifacts import ArtifactStore

log = logging.getLogger(__name__)

# Raise it with any change of the stored pixels or labels for the same faces; they are made again.
CROPS_VERSION = 1

SMALLEST = 2  # pixels between the outermost landmarks of a face; fractions of an image span less

# How far a landmark of a face on the image can be outside of it, as a share of the extent of the
# landmarks. The largest share in 4,300 faces is 0.23.
OUTSIDE = 0.5

# The canvas is this many times the crop: room for a rotation of 30 degrees or a zoom out of 1.5.
MARGIN = 1.5

LABELS = "faces.npz"
_ARRAYS = {
    "ids": "U",
    "groups": "U",
    "subsets": "U",
    "source_landmarks": "f",
    "to_canvas": "f",
    "visible": "b",
}


def canvas_size(size: int) -> int:
    """Side of the canvas around a crop of `size` pixels; the margin is whole on both sides."""
    return size + 2 * round(size * (MARGIN - 1) / 2)


def stored_crops(
    dataset: FaceDataset, rule: CropRule, size: int, store: ArtifactStore, role: str
) -> "FaceCrops":
    """The crops of a dataset, decoded once and shared by all jobs that use `store`.

    Args:
        dataset: The faces.
        rule: Gives the square around a face.
        size: Side of the crop, pixels.
        store: Holds the crops.
        role: Use of the faces, for the log, such as "real" or "test".

    Raises:
        InputError: An image is missing or broken, or a face has no box that the rule needs.
    """
    faces = {"version": CROPS_VERSION, "faces": dataset.content, "rule": rule, "size": size}

    def stored() -> Path:
        with store.entry(f"{role} crops", faces) as entry:
            if not entry.finished:
                make_crops(dataset, rule, size, entry.directory)
        return store.read(entry).directory

    directory = stored()
    try:
        return FaceCrops(directory, size, dataset.scheme)
    except InputError as error:
        log.warning("%s; decoding the images again", error)
    shutil.rmtree(directory)
    return FaceCrops(stored(), size, dataset.scheme)


def make_crops(dataset: FaceDataset, rule: CropRule, size: int, directory: Path) -> None:
    """Decode and crop every face of `dataset` into `directory`, on all cores.

    An interrupted call for the same faces is continued.

    Args:
        dataset: The faces.
        rule: Gives the square around a face.
        size: Side of the crop, pixels.
        directory: An existing folder.

    Raises:
        InputError: An image is missing or broken, a face is not on its image or has no box that
            the rule needs, or there is not enough room on the disk.
    """
    side = canvas_size(size)
    to_canvas = np.stack([_canvas_matrix(dataset, face, rule, size) for face in dataset.faces])
    write_images(
        directory,
        (len(dataset), side, side, 3),
        hashlib.blake2b(dataset.content.encode() + to_canvas.tobytes(), digest_size=16).hexdigest(),
        lambda i: warp(_image(dataset.faces[i]), to_canvas[i], side),
        f"cropping {dataset.name}",
    )
    np.savez(
        directory / LABELS,
        ids=np.array([face.id for face in dataset.faces]),
        groups=np.array([face.group for face in dataset.faces]),
        subsets=np.array([face.subset for face in dataset.faces]),
        source_landmarks=dataset.landmarks,
        to_canvas=to_canvas,
        visible=dataset.seen,
    )


def _canvas_matrix(
    dataset: FaceDataset, face: Face, rule: CropRule, size: int
) -> NDArray[np.float64]:
    try:
        matrix = crop_matrix(rule.square(face.labelled, face.box), size)
    except InputError as error:
        raise InputError(f"{dataset.origin}: face {face.id!r}: {error}") from None
    matrix[:2, 2] += (canvas_size(size) - size) / 2
    return matrix


def _image(face: Face) -> NDArray[np.uint8]:
    """The image of a face; refused if the labels seem to be those of an image of another size."""
    image = face.image.read()
    height, width = image.shape[:2]
    seen = face.labelled
    if len(seen) == 0:
        return image
    (x0, y0), (x1, y1) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
    if x1 < -0.5 or y1 < -0.5 or x0 > width - 0.5 or y0 > height - 0.5:
        raise InputError(
            f"face {face.id!r}: its landmarks, from ({x0:.0f}, {y0:.0f}) to ({x1:.0f}, {y1:.0f}), "
            f"are outside its image of {width} x {height} pixels; give the labels of this image, "
            "or the image at the size that was labelled"
        )
    if max(x1 - x0, y1 - y0) < SMALLEST:
        raise InputError(
            f"face {face.id!r}: its landmarks span ({x0:.2f}, {y0:.2f}) to ({x1:.2f}, {y1:.2f}) on "
            f"an image of {width} x {height} pixels; they must be in pixels, not in fractions of it"
        )
    outside = np.maximum(-seen, seen - [width - 1, height - 1]).max(axis=1)
    k = int(outside.argmax())
    if np.median(outside) <= 0 and outside[k] > OUTSIDE * max(x1 - x0, y1 - y0):
        x, y = seen[k].tolist()
        raise InputError(
            f"face {face.id!r}: a landmark at ({x:.0f}, {y:.0f}) is far outside its image of "
            f"{width} x {height} pixels; correct it, or leave the face out"
        )
    return image


@dataclass(frozen=True)
class FaceCrops:
    """Stored canvases with their labels. Labels are read once, canvases when they are used.

    Opening checks that the files are complete and that the labels are undamaged. Pixels are not
    checked: that would read gigabytes for every run.

    Attributes:
        directory: Where `make_crops` stored them.
        size: Side of the crop, pixels.
        scheme: What the landmark indices mean.

    Raises:
        InputError: A file is missing, incomplete or damaged.
    """

    directory: Path
    size: int
    scheme: LandmarkScheme

    def __post_init__(self) -> None:
        """Refuse incomplete files."""
        side, shape = canvas_size(self.size), self.images.shape
        if shape != (len(self), side, side, 3):
            raise InputError(
                f"{self.directory}: images of shape {shape}, expected {len(self)} of {side} x "
                f"{side} pixels"
            )

    def __getstate__(self) -> dict[str, object]:
        """Send data workers the folder, not the pixels."""
        return {"directory": self.directory, "size": self.size, "scheme": self.scheme}

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.ids)

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """(N, C, C, 3) canvases, mapped into memory."""
        return open_images(self.directory)

    @cached_property
    def _faces(self) -> dict[str, NDArray[Any]]:
        return read_npz(self.directory / LABELS, _ARRAYS)  # each has a checksum in the file

    @property
    def ids(self) -> NDArray[np.str_]:
        """(N,) names of the faces."""
        return self._faces["ids"]

    @property
    def groups(self) -> NDArray[np.str_]:
        """(N,) the photo or person that each face shows."""
        return self._faces["groups"]

    @property
    def subsets(self) -> NDArray[np.str_]:
        """(N,) the subset that each face is reported under."""
        return self._faces["subsets"]

    @property
    def visible(self) -> NDArray[np.bool_]:
        """(N, K) whether a landmark counts in loss and error."""
        return self._faces["visible"]

    @property
    def source_landmarks(self) -> NDArray[np.float32]:
        """(N, K, 2) source pixels."""
        return self._faces["source_landmarks"]

    @property
    def to_canvas(self) -> NDArray[np.float64]:
        """(N, 3, 3) source pixels to canvas pixels."""
        return self._faces["to_canvas"]

    @cached_property
    def landmarks(self) -> NDArray[np.float32]:
        """(N, K, 2) canvas pixels."""
        return transform(self.source_landmarks, self.to_canvas)

    @property
    def border(self) -> int:
        """Canvas pixels on each side of the crop."""
        return (canvas_size(self.size) - self.size) // 2

    def crops(self, indices: NDArray[np.intp]) -> NDArray[np.uint8]:
        """The test crops of some faces, (n, size, size, 3)."""
        middle = slice(self.border, self.border + self.size)
        return np.stack([self.images[i, middle, middle] for i in indices])

    def to_source(
        self, crop_landmarks: NDArray[np.float32], indices: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Landmarks of some faces, (n, K, 2), from crop pixels to source pixels."""
        return transform(crop_landmarks + self.border, inverse(self.to_canvas[indices]))
