"""Where the landmarks of any scheme are on a posed head: on its skin, on lines of labels, pupils.

Every place is a weighted mean of points that are known once a head is posed: the 68 landmarks, the
lower edges of the brows, the pupils, and points of the skin. In the picture, the 68 are those of a
label set, so that a place on the line of the jaw follows the visible outline of the face.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from landmarks.errors import InputError
from landmarks.scheme import (
    IBUG68,
    Corners,
    LandmarkScheme,
    OnLine,
    Place,
    Pupil,
    Vertex,
)
from landmarks.synthesis.mesh.head import Head

# The lower edges of the brows, each in the order of its brow, follow the 68 landmarks.
LOWER_BROWS: Mapping[str, tuple[int, ...]] = {
    "right_brow_lower": tuple(range(68, 73)),
    "left_brow_lower": tuple(range(73, 78)),
}
PUPILS: Mapping[str, int] = {"right": 78, "left": 79}
MARKS = 80  # points that are not of the skin

LINES: Mapping[str, tuple[int, ...]] = {**IBUG68.lines, **LOWER_BROWS}
# Corners of the eyes and of the mouth, where a line bends sharply.
SHARP = (36, 39, 42, 45, 48, 54, 60, 64)


@dataclass(frozen=True, eq=False)
class HeadPlaces:
    """The landmarks of a scheme on any head.

    Attributes:
        corners: (S, 3) vertices of the points of the skin.
        weights: (S, 3) barycentric.
        means: (K, MARKS + S) weight of each point in each landmark; rows sum to 1.
    """

    corners: NDArray[np.intp]
    weights: NDArray[np.float64]
    means: NDArray[np.float64]

    def skin(self, vertices: NDArray[np.floating]) -> NDArray[np.float64]:
        """(S, 3) points of the skin of a head with (V, 3) vertices."""
        return np.asarray(np.einsum("sc,scd->sd", self.weights, vertices[self.corners]))

    def of(self, marks: NDArray[np.floating], skin: NDArray[np.floating]) -> NDArray[np.float64]:
        """(K, D) landmarks in space or in the picture.

        Args:
            marks: (MARKS, D) the 68 landmarks, the lower edges of the right and the left brow, and
                the right and the left pupil.
            skin: (S, D) what `skin` returned, projected if D is 2.
        """
        return np.asarray(self.means @ np.concatenate([marks, skin]))


def find_places(scheme: LandmarkScheme, head: Head) -> HeadPlaces:
    """The landmarks of a scheme.

    A scheme without places can be picked from the 68 landmarks, if its sources say so.

    Raises:
        InputError: A landmark has no place, or one that this head lacks.
    """
    points = _Points(head)
    rows = []
    for k, (name, place) in enumerate(zip(scheme.point_names, _all(scheme), strict=True)):
        try:
            rows.append(points.means(place))
        except InputError as error:
            raise InputError(f"scheme {scheme.name!r}, landmark {k} ({name}): {error}") from None
    means = np.zeros((len(rows), MARKS + len(points.skin)))
    for row, shares in zip(means, rows, strict=True):
        row[list(shares)] = list(shares.values())
    corners = np.array([corners for corners, _ in points.skin], np.intp).reshape(-1, 3)
    weights = np.array([weights for _, weights in points.skin], np.float64).reshape(-1, 3)
    return HeadPlaces(corners, weights / weights.sum(axis=1, keepdims=True), means)


def _all(scheme: LandmarkScheme) -> list[Place]:
    """The place of each landmark."""
    if not scheme.places and IBUG68.name in (scheme.name, *scheme.sources):
        picked = scheme.picked_from(IBUG68)
        if max(picked) >= IBUG68.num_landmarks:
            raise InputError(
                f"scheme {scheme.name!r}: its source ibug68 names landmark {max(picked)}; "
                f"there are {IBUG68.num_landmarks}, counted from 0"
            )
        return [_own_place(k) for k in picked]
    lacking = [
        f"{k} ({name})" for k, name in enumerate(scheme.point_names) if k not in scheme.places
    ]
    if lacking:
        shown = ", ".join(lacking[:5]) + (" ..." if len(lacking) > 5 else "")
        raise InputError(
            f"scheme {scheme.name!r} has no place on the head for {len(lacking)} of "
            f"{scheme.num_landmarks} landmarks: {shown}; rendered faces cannot be labelled for it. "
            "Add them under `places`, or have them found: landmarks scheme"
        )
    return [scheme.places[k] for k in range(scheme.num_landmarks)]


def _own_place(k: int) -> OnLine:
    """Where landmark `k` of the 68 is."""
    line, along = next(item for item in IBUG68.lines.items() if k in item[1])
    return OnLine(line, float(along.index(k)))


class _Points:
    """Collects the points of the skin that places need."""

    def __init__(self, head: Head) -> None:
        self.skin: list[tuple[tuple[int, ...], tuple[float, ...]]] = []
        self._count = len(head.rest)

    def means(self, place: Place) -> dict[int, float]:
        """The weight of each point in a place, by its column."""
        if isinstance(place, Vertex):
            return self._of_skin((place.vertex,) * 3, (1.0, 0.0, 0.0))
        if isinstance(place, Corners):
            return self._of_skin(place.corners, place.weights)
        if isinstance(place, OnLine):
            return on_line(place)
        if isinstance(place, Pupil):
            return {PUPILS[place.pupil]: 1.0}
        first, second = map(self.means, place.between)
        shares = ((first, 1 - place.at), (second, place.at))
        return {
            column: sum(share * part.get(column, 0.0) for part, share in shares)
            for column in (*first, *second)
        }

    def _of_skin(self, corners: tuple[int, ...], weights: tuple[float, ...]) -> dict[int, float]:
        if max(corners) >= self._count:
            raise InputError(
                f"vertex {max(corners)} is not on the head, which has vertices 0 to "
                f"{self._count - 1}"
            )
        self.skin.append((corners, weights))
        return {MARKS + len(self.skin) - 1: 1.0}


def on_line(place: OnLine) -> dict[int, float]:
    """The weight of each mark in a point of a line: a cubic spline between sharp corners.

    Raises:
        InputError: There is no such line, or it is shorter.
    """
    if place.line not in LINES:
        raise InputError(f"no line {place.line!r}; known are {', '.join(LINES)}")
    marks = LINES[place.line]
    last = len(marks) - 1
    if place.at > last:
        raise InputError(f"the line {place.line!r} ends at {last}, before {place.at:g}")
    ends = [0, *(i for i in range(1, last) if marks[i] in SHARP), last]
    start, stop = next((first, end) for first, end in pairwise(ends) if place.at <= end)
    if place.at == stop:
        return {marks[stop]: 1.0}
    segment = marks[start : stop + 1]
    spline = CubicSpline(np.arange(len(segment)), np.eye(len(segment)))
    return {
        mark: weight
        for mark, weight in zip(segment, spline(place.at - start).tolist(), strict=True)
        if abs(weight) > 1e-9
    }
