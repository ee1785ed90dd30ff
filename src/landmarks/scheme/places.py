"""Places of landmarks on the head that `landmarks.synthesis` renders."""

import math
from dataclasses import dataclass

from landmarks.errors import InputError


@dataclass(frozen=True)
class Vertex:
    """A vertex of the head's surface.

    Attributes:
        vertex: Row of `template` in head.npz.
    """

    vertex: int

    def __post_init__(self) -> None:
        """Refuse a negative row."""
        _check_vertices(self.vertex)


@dataclass(frozen=True)
class Corners:
    """A point of a triangle of the head's surface.

    Attributes:
        corners: Its vertices, rows of `template` in head.npz.
        weights: Barycentric; they sum to 1.
    """

    corners: tuple[int, int, int]
    weights: tuple[float, float, float]

    def __post_init__(self) -> None:
        """Refuse negative rows, and weights of no point of the triangle."""
        _check_vertices(*self.corners)
        if min(self.weights) < 0 or not math.isclose(sum(self.weights), 1.0, abs_tol=1e-3):
            raise InputError(
                f"the weights {list(self.weights)} of a place on the head must be at least 0 and "
                "sum to 1"
            )


@dataclass(frozen=True)
class OnLine:
    """A point of a line that annotators of iBUG's 68 landmarks draw, such as the visible jaw.

    Attributes:
        line: A line of the scheme ibug68, or right_brow_lower or left_brow_lower: the lower edges
            of the brows, below their five landmarks.
        at: Position along it, counted in its landmarks: 0 is the first one, 0.5 halfway to the
            second.
    """

    line: str
    at: float

    def __post_init__(self) -> None:
        """Refuse a position that is not a number from 0."""
        if not (math.isfinite(self.at) and self.at >= 0):
            raise InputError(
                f"the place at {self.at!r} on the line {self.line!r} must be a number from 0"
            )


@dataclass(frozen=True)
class Pupil:
    """The centre of a pupil.

    Attributes:
        pupil: "right" or "left", as seen by the person.
    """

    pupil: str

    def __post_init__(self) -> None:
        """Refuse another side."""
        if self.pupil not in ("right", "left"):
            raise InputError(f"a pupil is {self.pupil!r}; it must be right or left")


@dataclass(frozen=True)
class Between:
    """A point on the straight line between two others in the picture, such as a mouth's centre.

    Attributes:
        between: The two places.
        at: Share of the way from the first to the second, from -1 to 2: below 0 and over 1, it
            continues the line.
    """

    between: "tuple[Place, Place]"
    at: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a share far from the two."""
        if not -1 <= self.at <= 2:
            raise InputError(f"the place at {self.at!r} between two others must be from -1 to 2")


Place = Vertex | Corners | OnLine | Pupil | Between


def _check_vertices(*rows: int) -> None:
    if not all(type(row) is int and row >= 0 for row in rows):
        raise InputError(
            f"vertices of the head are {list(rows)}; they must be whole numbers from 0"
        )
