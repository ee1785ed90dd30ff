"""Checks of the labels of a dataset: what is refused, and what its description says."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landmarks.data.images import ImageSource
from landmarks.data.plausibility import outside_border, wrong_frame, wrong_order, wrong_unit
from landmarks.errors import InputError
from landmarks.geometry import box_problem
from landmarks.scheme import IBUG68, LandmarkScheme
from landmarks.scheme.units import unit

if TYPE_CHECKING:
    from landmarks.data.dataset import Face

    Faces = tuple[Face, ...]

# Outer eye corners closer than this, pixels, are one point.
_LEAST_DISTANCE = 1e-3

_BLOCK = 10_000  # faces that are checked at a time

_SAMPLE = 300  # faces that are compared with a mean face
_PHOTOS = 8  # images whose sizes are read if labels could be fractions of them


def check_landmarks(faces: "Faces", scheme: LandmarkScheme, name: str) -> None:
    """Refuse landmarks of another shape, that are not finite, or of a face without extent.

    Args:
        faces: Of a dataset.
        scheme: Of the landmarks.
        name: Of the dataset, for messages.
    """
    for face in _suspects(faces, scheme):
        _check(face, scheme, name)


def compare_with_mean_face(faces: "Faces", scheme: LandmarkScheme, name: str, origin: str) -> None:
    """Refuse labels in a wrong frame or order; see `landmarks.data.plausibility`.

    Args:
        faces: Of a dataset; a sample of them is compared.
        scheme: Of the landmarks. The order is compared for iBUG's 68 alone.
        name: Of the dataset, for messages.
        origin: Of the dataset, for messages.
    """
    sample = _sample(faces)
    points, visible = _points(sample), _visible(sample)
    photos = list({face.group: face.image for face in sample}.values())[:_PHOTOS]
    sizes = (size for image in photos if (size := _size(image)) is not None)
    fault = (
        wrong_unit(points[visible], sizes)
        or wrong_frame(points, visible, [face.id for face in sample], scheme)
        or (wrong_order(points[visible.all(axis=1)]) if scheme == IBUG68 else None)
    )
    if fault is not None:
        raise InputError(f"{name}, {origin}: {fault}")


def remarks(faces: "Faces") -> Iterator[str]:
    """Notes on labels that are not refused: without label, unusable boxes, a doubtful origin."""
    unlabelled = sum(int((~face.visible).sum()) for face in faces if face.visible is not None)
    if unlabelled:
        yield f"landmarks without a label: {unlabelled:,}, ignored by loss and error"
    problems = [
        f"face {face.id!r}: {problem}"
        for face in faces
        if face.box and (problem := box_problem(face.box, face.labelled))
    ]
    if problems:
        yield (
            f"boxes that crop=given_box refuses: {len(problems):,} of {len(faces):,}, "
            f"e.g. {problems[0]}"
        )
    sample = _sample(faces)
    border = outside_border(_points(sample), lambda i: _size(sample[i].image))
    if border is not None:
        yield border


def _sample(faces: "Faces") -> "Faces":
    """Some of the faces, drawn at random: neighbours can be a photo and its mirrored copy."""
    if len(faces) <= _SAMPLE:
        return faces
    drawn = np.random.default_rng(0).choice(len(faces), _SAMPLE, replace=False)
    return tuple(faces[i] for i in np.sort(drawn))


def _points(faces: "Faces") -> NDArray[np.float64]:
    return np.stack([face.landmarks for face in faces]).astype(np.float64)


def _visible(faces: "Faces") -> NDArray[np.bool_]:
    return np.stack([face.seen for face in faces])


def _size(image: ImageSource) -> tuple[int, int] | None:
    """Width and height; None for an image that cannot be read, which cropping reports."""
    try:
        height, width = image.shape()
    except InputError:
        return None
    return width, height


def _suspects(faces: "Faces", scheme: LandmarkScheme) -> "Iterator[Face]":
    """The faces that `_check` could refuse, found by array operations."""
    expected = (scheme.num_landmarks, 2)
    for first in range(0, len(faces), _BLOCK):
        block = faces[first : first + _BLOCK]
        if any(face.landmarks.shape != expected for face in block):
            yield from block
            continue
        landmarks = np.stack([face.landmarks for face in block])
        with np.errstate(invalid="ignore", over="ignore"):  # refused below
            # Twice the distance, so that rounding leaves no face out: `_check` decides.
            apart = _length(landmarks, scheme) > 2 * _LEAST_DISTANCE
        finite = np.isfinite(landmarks).all(axis=(1, 2))
        yield from (block[i] for i in np.flatnonzero(~(apart & finite)))


def _check(face: "Face", scheme: LandmarkScheme, name: str) -> None:
    expected = (scheme.num_landmarks, 2)
    if face.landmarks.shape != expected:
        raise InputError(
            f"{name}: face {face.id!r} has landmarks of shape {face.landmarks.shape}; "
            f"expected {expected}, scheme {scheme.name!r}"
        )
    if not np.isfinite(face.landmarks).all():
        k = int(np.argwhere(~np.isfinite(face.landmarks))[0, 0])
        raise InputError(f"{name}: face {face.id!r}: landmark {k} is not a finite number")
    if _length(face.landmarks[None], scheme)[0] < _LEAST_DISTANCE:
        ends = " and ".join(map(str, scheme.interocular))
        what = {
            "interocular": f"the outer eye corners (landmarks {ends})",
            "interpupil": "the pupils",
            "box": "all landmarks",
        }
        raise InputError(
            f"{name}: face {face.id!r}: {what[scheme.normaliser]} coincide, so no error can be "
            "normalised"
        )


def _length(landmarks: NDArray[np.float32], scheme: LandmarkScheme) -> NDArray[np.float64]:
    """(N,) what errors are divided by, labelled or not."""
    return unit(landmarks, np.ones(landmarks.shape[:2], bool), scheme)
