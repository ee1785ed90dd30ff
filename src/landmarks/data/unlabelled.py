"""Photos without labels: faces of which only a box is known."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.mean_face import drawn_face
from landmarks.errors import InputError
from landmarks.scheme import LandmarkScheme

LARGEST_NOISE = 0.2  # beyond it, many crops lack a part of the face


def without_labels(
    faces: Callable[[], FaceDataset], *, box_noise: float | None, seed: int = 0
) -> FaceDataset:
    """Photos of a labelled dataset as if nobody had labelled them.

    Each face keeps its image and a box. A face finder does not give the tight box of the labels, so
    that box is moved and scaled at random, or the box in the files is used.

    Args:
        faces: Reads the dataset.
        box_noise: Standard deviation of both coordinates of the box's centre, as a fraction of its
            longer side, and of the logarithm of its size. None: the boxes in the files.
        seed: Of the noise.

    Raises:
        InputError: `box_noise` is out of range, or a face has no box in the files.
    """
    is_number = isinstance(box_noise, int | float) and not isinstance(box_noise, bool)
    if box_noise is not None and not (is_number and 0 <= box_noise <= LARGEST_NOISE):
        raise InputError(
            f"box_noise is {box_noise!r}; it must be from 0 to {LARGEST_NOISE}, or null for the "
            "boxes in the files"
        )
    labelled = faces()
    if box_noise is None:
        boxes, source = [_given(face) for face in labelled.faces], "in the files"
    else:
        rng = np.random.default_rng([seed, 0xB0])
        boxes = [noisy_box(face.labelled, box_noise, rng) for face in labelled.faces]
        source = f"around the labels, with noise of {100 * box_noise:g} % of their side"
    return FaceDataset(
        name=f"{labelled.name} without labels",
        origin=labelled.origin,
        namespace=labelled.namespace,
        faces=tuple(
            _unlabelled(face, box, labelled.scheme)
            for face, box in zip(labelled.faces, boxes, strict=True)
        ),
        scheme=labelled.scheme,
        notes=(*labelled.notes, f"boxes: {source}"),
        rendered=labelled.rendered,
        frame="pixels",
    )


def _given(face: Face) -> Box:
    if face.box is None:
        raise InputError(f"face {face.id!r} has no box in the files; give box_noise a number")
    return face.box


def noisy_box(landmarks: NDArray[np.float32], noise: float, rng: np.random.Generator) -> Box:
    """The tight box of landmarks (n, 2), moved and scaled; `without_labels` explains `noise`."""
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    side = float((high - low).max())
    centre = (low + high) / 2 + noise * side * rng.standard_normal(2)
    half = (high - low) / 2 * np.exp(noise * rng.standard_normal())
    (x0, y0), (x1, y1) = (centre - half).tolist(), (centre + half).tolist()
    return x0, y0, x1, y1


def _unlabelled(face: Face, box: Box, scheme: LandmarkScheme) -> Face:
    """The face with some shape in its box, of which no landmark is visible."""
    low, high = np.array(box[:2]), np.array(box[2:])
    shape = drawn_face(scheme)
    extent = shape.min(axis=0), shape.max(axis=0)
    placed = low + (shape - extent[0]) / (extent[1] - extent[0]) * (high - low)
    return Face(
        id=face.id,
        image=face.image,
        landmarks=placed.astype(np.float32),
        visible=np.zeros(len(placed), bool),
        group=face.group,
        subset=face.subset,
        box=box,
    )
