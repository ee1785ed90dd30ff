"""Points of the lines of the 68 landmarks, and the pupils, among which places are searched for."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from landmarks.scheme import IBUG68, OnLine, Place, Pupil
from landmarks.synthesis.mesh.places import LINES, LOWER_BROWS, MARKS, PUPILS, on_line

STEP = 0.1  # of the way between two landmarks


@dataclass(frozen=True, eq=False)
class MarkedPoints:
    """Points that are weighted means of the marks of a head; see `landmarks.synthesis.mesh.places`.

    Attributes:
        places: P of them.
        means: (P, MARKS) weights.
        mirror: (P,) which one each becomes in the mirrored picture.
    """

    places: tuple[Place, ...]
    means: NDArray[np.float64]
    mirror: NDArray[np.intp]


@cache
def points_of_lines() -> MarkedPoints:
    """Every line, in steps."""
    places = [
        OnLine(line, round(i * STEP, 6))
        for line, marks in LINES.items()
        for i in range(round((len(marks) - 1) / STEP) + 1)
    ]
    return _with_mirror(tuple(places), [on_line(place) for place in places])


@cache
def both_pupils() -> MarkedPoints:
    """The right and the left pupil."""
    places = tuple(Pupil(side) for side in PUPILS)
    return _with_mirror(places, [{mark: 1.0} for mark in PUPILS.values()])


def _with_mirror(places: tuple[Place, ...], rows: list[dict[int, float]]) -> MarkedPoints:
    means = np.zeros((len(rows), MARKS))
    for row, weights in zip(means, rows, strict=True):
        row[list(weights)] = list(weights.values())
    mirror = cdist(means[:, _mirrored_marks()], means).argmin(axis=1)
    return MarkedPoints(places, means, mirror)


def _mirrored_marks() -> list[int]:
    """Which mark each becomes in the mirrored picture."""
    mirror = [*IBUG68.mirror, *range(len(IBUG68.mirror), MARKS)]
    right, left = LOWER_BROWS.values()
    pairs = [*zip(right, left[::-1], strict=True), tuple(PUPILS.values())]
    for one, other in pairs:
        mirror[one], mirror[other] = other, one
    return mirror
