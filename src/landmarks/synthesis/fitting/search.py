"""Find where on the head the landmarks of labelled faces are, given heads fitted to the faces.

A landmark may be a point of the skin, a point of a line of the 68 landmarks, or a pupil. Of each
kind the point closest to the labels is found; the Bayesian information criterion chooses between
the kinds, because a point of the skin, which has two coordinates, comes closer than one of a line
by chance.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import Corners, Place, Vertex
from landmarks.synthesis.fitting.fit import FittedHead
from landmarks.synthesis.fitting.lines import MarkedPoints, both_pupils, points_of_lines
from landmarks.synthesis.mesh.assets import head_arrays
from landmarks.synthesis.mesh.head import Head
from landmarks.synthesis.mesh.regions import Regions

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

OUTLIER = 0.1  # inter-ocular distances; a label further away counts as if it were this far
FINEST = 0.003  # the same; places that are closer are equally good
DIVISIONS = 8  # of an edge of a triangle, among whose points a place is searched for
STARTS = 3  # vertices around which it is


@dataclass(frozen=True, eq=False)
class _Option:
    """Places of a landmark and of its mirror image, with their score: lower is better."""

    places: tuple[Place, Place]
    score: float


class PlaceFinder:
    """Finds the places of landmarks on the head.

    Args:
        head: The head.
        regions: Its regions.
        heads: N heads, fitted to faces.
    """

    def __init__(self, head: Head, regions: Regions, heads: Sequence[FittedHead]) -> None:
        self._views = _Views(heads)
        self._mirror = head_arrays()["mirror"].astype(np.intp)
        outer = (regions.mouth < 0.3) & (regions.nostrils < 0.5)
        self._skin = head.skin[outer[head.skin]]
        self._middle = self._skin[self._mirror[self._skin] == self._skin]
        self._triangles = head.triangles_of("body")

    def pair(
        self, labels: tuple[NDArray[np.floating], NDArray[np.floating]]
    ) -> tuple[Place, Place]:
        """The places of a landmark and of its mirror image, which mirror each other.

        Args:
            labels: (N, 2) pixels of both; NaN where a face is not labelled.
        """
        own, other = (_Labels(points, self._views.sizes) for points in labels)
        return self._best([self._on_skin((own, other)), *self._on_marks((own, other))])

    def middle(self, labels: NDArray[np.floating]) -> Place:
        """The place of a landmark that is its own mirror image: on the middle line, if it can be.

        Args:
            labels: (N, 2) pixels; NaN where a face is not labelled.
        """
        own = (_Labels(labels, self._views.sizes),)
        return self._best([self._on_middle(own), *self._alone(own)])[0]

    def one(self, labels: NDArray[np.floating]) -> Place:
        """The place of a landmark whose mirror image is not searched for.

        Args:
            labels: (N, 2) pixels; NaN where a face is not labelled.
        """
        return self._best(self._alone((_Labels(labels, self._views.sizes),)))[0]

    def _alone(self, own: tuple["_Labels"]) -> list[_Option]:
        return [self._on_skin(own), *self._on_marks(own)]

    def _best(self, options: Sequence[_Option]) -> tuple[Place, Place]:
        return min(options, key=lambda option: option.score).places

    def _on_skin(self, labels: tuple["_Labels", ...]) -> _Option:
        """The best point of the skin; of a landmark and its mirror image if there are two."""

        def cost(corners: Rows, weights: Array) -> Array:
            sides = (corners, self._mirror[corners])
            total = [
                own.costs(self._views.skin(side, weights))
                for own, side in zip(labels, sides, strict=False)
            ]
            return np.asarray(np.mean(total, axis=0) * (1 + self._views.hidden(corners[:, 0])))

        near = self._skin[np.argsort(cost(*_whole(self._skin)))[:STARTS]]
        corners, weights = _grid(self._triangles[np.isin(self._triangles, near).any(axis=1)])
        return self._option(cost, corners, weights, labels, coordinates=2)

    def _on_middle(self, own: tuple["_Labels"]) -> _Option:
        """The best point of the middle line."""

        def cost(corners: Rows, weights: Array) -> Array:
            hidden = self._views.hidden(corners[:, 0])
            return np.asarray(own[0].costs(self._views.skin(corners, weights)) * (1 + hidden))

        near = self._middle[np.argsort(cost(*_whole(self._middle)))[:STARTS]]
        around = self._triangles[np.isin(self._triangles, near).any(axis=1)]
        both = around[np.isin(around, self._middle).sum(axis=1) == 2]
        ends = both[np.isin(both, self._middle)].reshape(-1, 2)
        edges = np.unique(np.sort(ends, axis=1), axis=0)
        share = np.tile(np.linspace(0, 1, DIVISIONS + 1), len(edges))
        corners = np.repeat(edges[:, [0, 1, 1]], DIVISIONS + 1, axis=0).astype(np.intp)
        weights = np.stack([1 - share, share, np.zeros(len(share))], axis=1)
        return self._option(cost, corners, weights, own, coordinates=1)

    def _option(
        self,
        cost: Callable[[Rows, Array], Array],
        corners: Rows,
        weights: Array,
        labels: tuple["_Labels", ...],
        coordinates: int,
    ) -> _Option:
        """The best of some points of the skin."""
        costs = cost(corners, weights)
        best = int(costs.argmin())
        places = (
            _place(corners[best], weights[best]),
            _place(self._mirror[corners[best]], weights[best]),
        )
        return _Option(places, _score(costs[best], labels, coordinates))

    def _on_marks(self, labels: tuple["_Labels", ...]) -> Iterator[_Option]:
        """The best point of a line, and the best pupil."""
        for points, coordinates in ((points_of_lines(), 1), (both_pupils(), 0)):
            costs = self._mark_costs(points, labels)
            best = int(costs.argmin())
            places = (points.places[best], points.places[points.mirror[best]])
            yield _Option(places, _score(costs[best], labels, coordinates))

    def _mark_costs(self, points: MarkedPoints, labels: tuple["_Labels", ...]) -> Array:
        seen = np.einsum("pm,nmd->npd", points.means, self._views.marks)
        sides = (np.arange(len(points.places)), points.mirror)
        total = [own.costs(seen)[side] for own, side in zip(labels, sides, strict=False)]
        return np.asarray(np.mean(total, axis=0))


def _score(cost: float, labels: Sequence["_Labels"], coordinates: int) -> float:
    """Bayesian information criterion of places with so many free coordinates."""
    observed = 2 * sum(own.count for own in labels)
    return float(observed * np.log(cost + FINEST**2) + coordinates * np.log(observed))


class _Labels:
    """Labels of one landmark: (N, 2) pixels, NaN where a face has none, and sizes of the faces."""

    def __init__(self, points: NDArray[np.floating], sizes: Array) -> None:
        self._shown = np.isfinite(points).all(axis=1)
        self._points, self._sizes = points[self._shown], sizes[self._shown]
        self.count = len(self._points)

    def costs(self, places: Array) -> Array:
        """(P,) mean of bounded squared distances to (N, P, 2) places, in inter-ocular distances."""
        gaps = (places[self._shown] - self._points[:, None]) / self._sizes[:, None, None]
        squared = (gaps**2).sum(axis=2)
        return np.asarray((squared / (1 + squared / OUTLIER**2)).mean(axis=0))


class _Views:
    """The fitted heads as the photos show them."""

    def __init__(self, heads: Sequence[FittedHead]) -> None:
        self.sizes = np.array([head.interocular for head in heads])
        self.marks = np.array([head.marks for head in heads])
        self._seen = np.array([head.camera.project(head.vertices) for head in heads])
        self._hidden = np.array([_turned_away(head) for head in heads])

    def skin(self, corners: Rows, weights: Array) -> Array:
        """(N, P, 2) pixels of points with (P, 3) corners and weights."""
        return np.asarray(np.einsum("pc,npcd->npd", weights, self._seen[:, corners]))

    def hidden(self, vertices: Rows) -> Array:
        """(P,) share of the photos in which the surface at a vertex faces away."""
        return np.asarray(self._hidden[:, vertices].mean(axis=0))


def _turned_away(head: FittedHead) -> NDArray[np.bool_]:
    to_camera = head.camera.position - head.vertices
    return np.asarray(np.einsum("vd,vd->v", to_camera, head.normals) < 0)


def _whole(vertices: Rows) -> tuple[Rows, Array]:
    """Vertices as corners and weights."""
    return np.repeat(vertices[:, None], 3, axis=1), np.tile([1.0, 0.0, 0.0], (len(vertices), 1))


def _grid(triangles: NDArray[np.int32]) -> tuple[Rows, Array]:
    """Points of triangles: (P, 3) corners and weights."""
    n = DIVISIONS
    steps = np.array([(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)]) / n
    corners = np.repeat(triangles, len(steps), axis=0).astype(np.intp)
    return corners, np.tile(steps, (len(triangles), 1))


def _place(corners: Rows, weights: Array) -> Place:
    """A vertex, or a point of a triangle."""
    if weights.max() == 1:
        return Vertex(int(corners[weights.argmax()]))
    (a, b, c), (u, v, w) = corners.tolist(), weights.tolist()
    return Corners((a, b, c), (u, v, w))
