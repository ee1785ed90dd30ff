"""Annotated faces, and datasets of them.

A reader is a function from files to a `FaceDataset`. It converts all annotations to the conventions
of `landmarks.training.batch`: 0-based pixel centres, one scheme.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landmarks.data.files import check_name
from landmarks.data.image_hashes import image_contents
from landmarks.data.images import ImageSource
from landmarks.data.label_checks import check_landmarks, compare_with_mean_face, remarks
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme


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
        visible: (K,) bool; False is ignored by loss and error. None: all are visible.
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
    def seen(self) -> NDArray[np.bool_]:
        """(K,) which landmarks count: `visible`, or all."""
        return np.ones(len(self.landmarks), bool) if self.visible is None else self.visible

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
        check_landmarks(self.faces, self.scheme, self.name)
        if self.frame != "pixels":
            compare_with_mean_face(self.faces, self.scheme, self.name, self.origin)

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.faces)

    def in_scheme(self, scheme: LandmarkScheme | str) -> "FaceDataset":
        """The same faces with the landmarks of another scheme that are among these.

        Raises:
            InputError: The scheme does not say which of these its landmarks are.
        """
        target = load_scheme(scheme)
        if target == self.scheme:
            return self
        picked = list(target.picked_from(self.scheme))
        faces = tuple(
            replace(
                face,
                landmarks=face.landmarks[picked],
                visible=None if face.visible is None else face.visible[picked],
            )
            for face in self.faces
        )
        return replace(self, faces=faces, scheme=target)

    @cached_property
    def landmarks(self) -> NDArray[np.float32]:
        """(N, K, 2) source pixels."""
        return np.stack([face.landmarks for face in self.faces])

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """(N, K) which landmarks count."""
        return np.stack([face.seen for face in self.faces])

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
            notes=(*self.notes, *remarks(self.faces)),
        )

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
        digest.update(self.scheme.identity.encode())
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
