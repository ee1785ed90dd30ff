"""Annotated faces, and datasets of them.

A reader is a function from files to a `FaceDataset`. It converts all annotations to the conventions
of `landmarks.training.batch`: 0-based pixel centres, one scheme.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landmarks.data.files import check_name
from landmarks.data.image_hashes import image_contents
from landmarks.data.images import ImageSource
from landmarks.data.plausibility import outside_border, wrong_frame, wrong_order, wrong_unit
from landmarks.errors import InputError
from landmarks.geometry import box_problem
from landmarks.scheme import IBUG68, LandmarkScheme

# Outer eye corners closer than this, pixels, are one point.
_LEAST_DISTANCE = 1e-3

_BLOCK = 10_000  # faces that are checked at a time

_SAMPLE = 300  # faces that are compared with a mean face
_PHOTOS = 8  # images that are decoded if labels could be fractions of their sizes


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Face:
    """One annotated face in its source image.

    Attributes:
        id: Unique in its dataset and the same on every machine, e.g. "afw/1051618982_1".
        image: Its pixels.
        landmarks: (K, 2) float32 source pixels.
        group: Faces that must stay together in a split: of one photo, or of one person where the
            format names people.
        subset: Part of the dataset it is reported under, e.g. "common".
        visible: (K,) bool; False is left out of loss and error. None: all are visible.
        box: Face box of the annotation or a detector, (x0, y0, x1, y1) source pixels, if given.
            `landmarks.geometry.box_problem` says why it may be unusable.
    """

    id: str
    image: ImageSource
    landmarks: NDArray[np.float32]
    group: str
    subset: str = "all"
    visible: NDArray[np.bool_] | None = None
    box: tuple[float, float, float, float] | None = None

    @property
    def labelled(self) -> NDArray[np.float32]:
        """(n, 2) the visible landmarks."""
        return self.landmarks if self.visible is None else self.landmarks[self.visible]


@dataclass(frozen=True, kw_only=True)
class Description:
    """Summary of a dataset, to read before training on it.

    Attributes:
        name: Of the dataset, e.g. "300-W".
        origin: Where it was read from.
        faces: Number of faces.
        groups: Number of photos or people that they show.
        subsets: Number of faces of each subset.
        box_source: How many faces have a box in the annotations.
        skipped: Skipped files with their reasons; always empty, because readers skip nothing.
        notes: Remarks of the reader, e.g. the official number of faces beside the number found.
    """

    name: str
    origin: str
    faces: int
    groups: int
    subsets: dict[str, int]
    box_source: str
    skipped: tuple[str, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        """The description in one line, and another for the notes."""
        parts = ", ".join(f"{name} {count:,}" for name, count in self.subsets.items())
        shown = f" ({parts})" if len(self.subsets) > 1 else ""
        notes = f"\n  {'; '.join(self.notes)}" if self.notes else ""
        counts = f"{self.faces:,} faces on {self.groups:,} photos{shown}"
        return f"{self.name}, {counts}, from {self.origin}{notes}"


@dataclass(frozen=True, eq=False, kw_only=True)
class FaceDataset:
    """Annotated faces that share one scheme.

    Attributes:
        name: Of the dataset, e.g. "300-W".
        origin: Where it was read from, for people.
        namespace: Datasets of one namespace use one name for one photo or person, so that their
            groups can be compared; None: the origin.
        faces: In an order that depends only on the files.
        scheme: What the landmark indices mean.
        notes: For the description.
        rendered: Whether its faces are drawn or rendered, so that errors on them say nothing about
            photographs.
        frame: The `frame` of `landmarks.data.labels.LabelRule`, if the user chose one. With
            "pixels", labels are not compared with a mean face.
    """

    name: str
    origin: str
    faces: tuple[Face, ...]
    scheme: LandmarkScheme = IBUG68
    namespace: str | None = None
    notes: tuple[str, ...] = ()
    rendered: bool = False
    frame: str | None = None

    def __post_init__(self) -> None:
        """Refuse names and labels that would fail later.

        Raises:
            InputError: There is no face, an id is there twice, landmarks are malformed, or a
                sample of the faces resembles a mean face only after a fault is undone.
        """
        if not self.faces:
            raise InputError(f"{self.name}: no faces in {self.origin}")
        repeated = [name for name, n in Counter(face.id for face in self.faces).items() if n > 1]
        if repeated:
            raise InputError(f"{self.name}: two faces are called {repeated[0]!r}, in {self.origin}")
        for face in self.faces:
            for name in (face.id, face.group, face.subset):
                check_name(name, self.name)
        for face in _suspects(self.faces, self.scheme):
            _check_landmarks(face, self.scheme, self.name)
        if self.scheme == IBUG68 and self.frame != "pixels":
            self._compare_with_a_mean_face()

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.faces)

    @cached_property
    def landmarks(self) -> NDArray[np.float32]:
        """(N, K, 2) source pixels."""
        return np.stack([face.landmarks for face in self.faces])

    def _compare_with_a_mean_face(self) -> None:
        sample = _sample(self.faces)
        points, visible = _points(sample), _visible(sample)
        photos = list({face.group: face.image for face in sample}.values())[:_PHOTOS]
        sizes = (size for image in photos if (size := _size(image)) is not None)
        fault = (
            wrong_unit(points[visible], sizes)
            or wrong_frame(points, visible, [face.id for face in sample])
            or wrong_order(points[visible.all(axis=1)])
        )
        if fault is not None:
            raise InputError(f"{self.name}: {fault}, in {self.origin}")

    def describe(self) -> Description:
        """Counts and notes, which can be printed."""
        with_box = sum(face.box is not None for face in self.faces)
        return Description(
            name=self.name,
            origin=self.origin,
            faces=len(self.faces),
            groups=len({face.group for face in self.faces}),
            subsets=dict(sorted(Counter(face.subset for face in self.faces).items())),
            box_source=f"{with_box:,} of {len(self.faces):,} given" if with_box else "none given",
            skipped=(),
            notes=(*self.notes, *self._remarks()),
        )

    def _remarks(self) -> Iterator[str]:
        """What should be known of labels that are not refused."""
        hidden = sum(int((~face.visible).sum()) for face in self.faces if face.visible is not None)
        if hidden:
            yield f"landmarks without a label: {hidden:,}, ignored by loss and error"
        problems = [
            f"face {face.id!r}: {problem}"
            for face in self.faces
            if face.box and (problem := box_problem(face.box, face.labelled))
        ]
        if problems:
            yield (
                f"boxes that crop=given_box refuses: {len(problems):,} of {len(self.faces):,}, "
                f"e.g. {problems[0]}"
            )
        sample = _sample(self.faces)
        border = outside_border(_points(sample), lambda i: _size(sample[i].image))
        if border is not None:
            yield border

    @cached_property
    def image_contents(self) -> tuple[str, ...]:
        """For each face, a text that identifies the content of its image file."""
        return image_contents([face.image for face in self.faces])

    @cached_property
    def photos(self) -> tuple[str, ...]:
        """For each face, a text that identifies its photo or person across datasets."""
        return tuple(f"{self.namespace or self.origin}: {face.group}" for face in self.faces)

    @cached_property
    def content(self) -> str:
        """Hash of every label and every pixel, independent of where the files are stored."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(self.scheme.name.encode())
        for face, image in zip(self.faces, self.image_contents, strict=True):
            visible = b"" if face.visible is None else face.visible.tobytes()
            digest.update(
                b"|".join(
                    [
                        face.id.encode(),
                        face.group.encode(),
                        face.subset.encode(),
                        face.landmarks.tobytes(),
                        visible,
                        repr(face.box).encode(),
                        image.encode(),
                        *([face.image.variant.encode()] if face.image.variant else []),
                    ]
                )
            )
        return digest.hexdigest()


def _sample(faces: tuple[Face, ...]) -> tuple[Face, ...]:
    """Some of the faces, drawn at random: neighbours can be a photo and its mirrored copy."""
    if len(faces) <= _SAMPLE:
        return faces
    drawn = np.random.default_rng(0).choice(len(faces), _SAMPLE, replace=False)
    return tuple(faces[i] for i in np.sort(drawn))


def _points(faces: tuple[Face, ...]) -> NDArray[np.float64]:
    return np.stack([face.landmarks for face in faces]).astype(np.float64)


def _visible(faces: tuple[Face, ...]) -> NDArray[np.bool_]:
    return np.stack(
        [np.ones(len(f.landmarks), bool) if f.visible is None else f.visible for f in faces]
    )


def _size(image: ImageSource) -> tuple[int, int] | None:
    """Width and height; None for an image that cannot be read, which cropping reports."""
    try:
        height, width = image.read().shape[:2]
    except InputError:
        return None
    return width, height


def _suspects(faces: tuple[Face, ...], scheme: LandmarkScheme) -> Iterator[Face]:
    """The faces that `_check_landmarks` could refuse, found by array operations."""
    expected = (scheme.num_landmarks, 2)
    for first in range(0, len(faces), _BLOCK):
        block = faces[first : first + _BLOCK]
        if any(face.landmarks.shape != expected for face in block):
            yield from block
            continue
        landmarks = np.stack([face.landmarks for face in block])
        right, left = (landmarks[:, k] for k in scheme.interocular)
        with np.errstate(invalid="ignore", over="ignore"):  # refused below
            # Twice the distance, so that rounding leaves no face out: `_check_landmarks` decides.
            apart = np.linalg.norm(left - right, axis=1) > 2 * _LEAST_DISTANCE
        finite = np.isfinite(landmarks).all(axis=(1, 2))
        yield from (block[i] for i in np.flatnonzero(~(apart & finite)))


def _check_landmarks(face: Face, scheme: LandmarkScheme, name: str) -> None:
    expected = (scheme.num_landmarks, 2)
    if face.landmarks.shape != expected:
        raise InputError(
            f"{name}: face {face.id!r} has landmarks of shape {face.landmarks.shape}; "
            f"expected {expected}, scheme {scheme.name!r}"
        )
    if not np.isfinite(face.landmarks).all():
        k = int(np.argwhere(~np.isfinite(face.landmarks))[0, 0])
        raise InputError(f"{name}: face {face.id!r}: landmark {k} is not a finite number")
    right, left = (face.landmarks[k] for k in scheme.interocular)
    if np.linalg.norm(left - right) < _LEAST_DISTANCE:
        raise InputError(
            f"{name}: face {face.id!r}: the outer eye corners (landmarks {scheme.interocular[0]} "
            f"and {scheme.interocular[1]}) coincide, so no error can be normalised"
        )
