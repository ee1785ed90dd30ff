"""Faces as every reader gives them: one annotated face, and a data set of them.

A reader is a function from files to a `FaceDataset`. It converts everything at the door, so that
what comes out follows the conventions of `landmarks.training.batch`: 0-based pixel centres, one
scheme.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landmarks.data.image_hashes import image_contents
from landmarks.data.images import ImageSource
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme

# Outer eye corners closer than this, pixels, are one point.
_LEAST_DISTANCE = 1e-3

_BLOCK = 10_000  # faces that are checked at a time


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Face:
    """One annotated face in its source image.

    Attributes:
        id: Unique in its data set and the same on every machine, e.g. "afw/1051618982_1".
        image: Where its pixels come from.
        landmarks: (K, 2) float32 source pixels.
        group: What must never be split: the photo, or the person where the format tells.
        subset: Part of the data set it is reported under, e.g. "common".
        visible: (K,) bool; False is left out of loss and error. None: all are visible.
        box: Face box of the annotation or a detector, (x0, y0, x1, y1) source pixels, if given.
    """

    id: str
    image: ImageSource
    landmarks: NDArray[np.float32]
    group: str
    subset: str = "all"
    visible: NDArray[np.bool_] | None = None
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a reader found, for people to read before they train on it.

    Attributes:
        name: The data set, e.g. "300-W".
        origin: Where it was read from.
        faces: Number of faces.
        groups: Number of photos or people that they show.
        subsets: Number of faces of each subset.
        box_source: Whether faces come with a box of their own.
        skipped: Files left aside, each with its reason; empty, because readers skip nothing.
        notes: What else the reader has to say, e.g. the official counts beside the found ones.
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
        name: The data set, e.g. "300-W".
        origin: Where it was read from, for people.
        namespace: Where the name of a group means one photo or person: sets of one namespace that
            have a group in common show the same; None: within the origin alone.
        faces: In an order that depends on the files alone.
        scheme: What the landmark indices mean.
        notes: Passed on to the description.
        rendered: Whether its faces are drawn or rendered, so that an error on them says nothing
            of photographs.
    """

    name: str
    origin: str
    faces: tuple[Face, ...]
    scheme: LandmarkScheme = IBUG68
    namespace: str | None = None
    notes: tuple[str, ...] = ()
    rendered: bool = False

    def __post_init__(self) -> None:
        """Refuse labels that could only fail later."""
        if not self.faces:
            raise InputError(f"{self.name}: no faces in {self.origin}")
        repeated = [name for name, n in Counter(face.id for face in self.faces).items() if n > 1]
        if repeated:
            raise InputError(f"{self.name}: two faces are called {repeated[0]!r}, in {self.origin}")
        for face in _suspects(self.faces, self.scheme):
            _check_landmarks(face, self.scheme, self.name)

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.faces)

    @cached_property
    def landmarks(self) -> NDArray[np.float32]:
        """(N, K, 2) source pixels."""
        return np.stack([face.landmarks for face in self.faces])

    def describe(self) -> Description:
        """Counts and remarks that a user can print."""
        with_box = sum(face.box is not None for face in self.faces)
        return Description(
            name=self.name,
            origin=self.origin,
            faces=len(self.faces),
            groups=len({face.group for face in self.faces}),
            subsets=dict(sorted(Counter(face.subset for face in self.faces).items())),
            box_source=f"{with_box:,} of {len(self.faces):,} given" if with_box else "none given",
            skipped=(),
            notes=self.notes,
        )

    @cached_property
    def image_contents(self) -> tuple[str, ...]:
        """For each face, a text that tells its image from every other."""
        return image_contents([face.image for face in self.faces])

    @cached_property
    def photos(self) -> tuple[str, ...]:
        """For each face, a text that tells its photo or person from those of every data set."""
        return tuple(f"{self.namespace or self.origin}: {face.group}" for face in self.faces)

    @cached_property
    def content(self) -> str:
        """Hash of every label and every pixel; the same wherever the files lie."""
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
                    ]
                )
            )
        return digest.hexdigest()


def _suspects(faces: tuple[Face, ...], scheme: LandmarkScheme) -> Iterator[Face]:
    """The faces that `_check_landmarks` could refuse, found without a look at each one."""
    expected = (scheme.num_landmarks, 2)
    for first in range(0, len(faces), _BLOCK):
        block = faces[first : first + _BLOCK]
        if any(face.landmarks.shape != expected for face in block):
            yield from block
            continue
        landmarks = np.stack([face.landmarks for face in block])
        right, left = (landmarks[:, k] for k in scheme.interocular)
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is told below
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
