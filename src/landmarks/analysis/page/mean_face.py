"""The mean face with the adapter's moves, as shapes of an SVG picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.analysis.attribution import ADAPTED, LINES, Attribution
from landmarks.analysis.styles import look

UNIT = 200  # of the picture, for one inter-ocular distance
MARGIN = 24
HEAD = 8  # of the picture; a shorter move would be all head


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """A move.

    Attributes:
        path: From where to where.
        has_head: Whether it is long enough for one.
    """

    path: str
    has_head: bool


@dataclass(frozen=True, kw_only=True)
class MeanFace:
    """A picture of landmarks and their moves; y points down.

    Attributes:
        view_box: Left, top, width and height.
        lines: Path of each line of the face.
        points: Place of each landmark.
        arrows: Move of each landmark.
        colour: Of the arrows, hexadecimal.
        magnified: How many times as long the moves are drawn.
        longest: The longest move, a fraction of the inter-ocular distance.
    """

    view_box: str
    lines: tuple[str, ...]
    points: tuple[tuple[str, str], ...]
    arrows: tuple[Arrow, ...]
    colour: str
    magnified: int
    longest: float


def draw_mean_face(found: Attribution) -> MeanFace:
    """Draw the mean face and where the adapter moves each landmark."""
    face = UNIT * found.mean_face
    ends = face + found.magnification * UNIT * found.moved
    drawn = np.concatenate([face, ends])
    left, top = drawn.min(axis=0) - MARGIN
    width, height = np.ptp(drawn, axis=0) + 2 * MARGIN
    return MeanFace(
        view_box=" ".join(_number(x) for x in (left, top, width, height)),
        lines=tuple(
            _path(face[first : last + 1]) + ("Z" if closed else "") for first, last, closed in LINES
        ),
        points=tuple((_number(x), _number(y)) for x, y in face),
        arrows=tuple(
            Arrow(path=_path((start, end)), has_head=bool(np.linalg.norm(end - start) > HEAD))
            for start, end in zip(face, ends, strict=True)
        ),
        colour=look(ADAPTED).colour,
        magnified=found.magnification,
        longest=found.longest,
    )


def _path(points: NDArray[np.float64] | Sequence[NDArray[np.float64]]) -> str:
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points)


def _number(value: float) -> str:
    """One decimal, and no minus before a zero."""
    return f"{round(float(value), 1) + 0.0:g}"
