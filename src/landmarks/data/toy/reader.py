"""Reader of drawn faces, which needs no files."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.options import check_whole_number
from landmarks.data.toy.domains import DOMAINS, Domain
from landmarks.data.toy.drawing import DRAWING_VERSION, paint
from landmarks.data.toy.head import Array
from landmarks.data.toy.labels import Convention, annotate
from landmarks.data.toy.shape import FaceShape, draw_shape
from landmarks.errors import InputError

_LARGEST = 4096


def read_toy(*, count: int, domain: str, seed: int = 0, size: int = 160) -> FaceDataset:
    """Draw faces with 68 landmarks.

    Face i is the same for every count; its picture is drawn when it is read.

    Args:
        count: Number of faces.
        domain: "synthetic" or "stand_in".
        seed: Another seed gives other faces.
        size: Pixels of a side of the square pictures.

    Raises:
        InputError: An option is out of its range.
    """
    chosen = DOMAINS.get(domain) if isinstance(domain, str) else None
    if chosen is None:
        raise InputError(f"domain is {domain!r}; choose one of {', '.join(DOMAINS)}")
    check_whole_number("count", count, 1)
    check_whole_number("seed", seed, 0)
    check_whole_number("size", size, 64)
    if size > _LARGEST:
        raise InputError(f"size is {size:,}; at most {_LARGEST:,} pixels a side are drawn")
    drawn = (DrawnFace(chosen, seed, index, size) for index in range(count))
    return FaceDataset(
        name=f"drawn faces ({chosen.title})",
        origin=f"seed {seed}, drawn at {size} x {size} pixels",
        faces=tuple(_face(face) for face in drawn),
        namespace="drawn faces",
        notes=("no photos: cartoons for tests and first runs",),
        rendered=True,
    )


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """The image of a drawn face: an `ImageSource` that draws when it is read.

    Attributes:
        domain: What it looks like.
        seed: Of the data set.
        index: Its place in the data set.
        size: Pixels of a side.
    """

    domain: Domain
    seed: int
    index: int
    size: int

    @property
    def variant(self) -> str:
        """Empty: drawings have no options beside those in `content`."""
        return ""

    def read(self) -> NDArray[np.uint8]:
        """Draw the face, (size, size, 3) uint8 RGB."""
        shape_rng, _, paint_rng = self._generators()
        shape = draw_shape(shape_rng, self.domain.variation, self.size)
        return paint(shape, self.domain.look, paint_rng, self.size)

    def content(self) -> str:
        """All that the pixels depend on."""
        return (
            f"drawing {DRAWING_VERSION}, seed {self.seed}, index {self.index}, size {self.size}, "
            f"domain {self.domain.code}, {self.domain.variation!r}, {self.domain.look!r}"
        )

    def shape(self) -> FaceShape:
        """Where everything is, before anyone annotates it."""
        return draw_shape(self._generators()[0], self.domain.variation, self.size)

    def annotate(self, convention: Convention) -> Array:
        """(68, 2) landmarks in source pixels, as one convention or another sees this face."""
        return annotate(self.shape(), convention, self._generators()[1])

    def _generators(self) -> tuple[np.random.Generator, ...]:
        """For shape, labels and picture: none disturbs the others."""
        root = np.random.default_rng([self.seed, self.index, self.domain.code])
        return tuple(root.spawn(3))


def _face(face: DrawnFace) -> Face:
    every = face.domain.shared_photo
    photo = face.index - 1 if every and face.index % every == 1 else face.index
    return Face(
        id=f"{face.domain.name}_{face.seed}/{face.index:06d}",
        image=face,
        landmarks=face.annotate(face.domain.convention).astype(np.float32),
        group=f"{face.domain.name}_{face.seed}/{photo:06d}",
    )
