"""Frontal map of the average face: find the point of the skin at given x and z."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.head import Head
from landmarks.synthesis.mesh.regions import Regions

FACING = -0.02  # metres: skin before this depth
MARGIN = 1e-6  # tolerance of barycentric coordinates, so that a point on an edge is in a triangle


@dataclass(frozen=True, eq=False)
class Front:
    """Triangles of the face that look forward, seen from the front.

    Attributes:
        corners: (t, 3) vertices of the head.
        flat: (t, 3, 2) their x and z on the average face, metres.
        depth: (t, 3) their y.
    """

    corners: NDArray[np.int32]
    flat: NDArray[np.float64]
    depth: NDArray[np.float64]

    @cached_property
    def _boxes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(t, 2) lowest and highest x and z of each triangle."""
        return self.flat.min(axis=1) - MARGIN, self.flat.max(axis=1) + MARGIN

    def find(self, points: NDArray[np.floating]) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
        """The skin at (N, 2) x and z: its triangles, (N, 3), and barycentric weights, (N, 3).

        Raises:
            ValueError: There is no skin at one of the points.
        """
        asked, (low, high) = points.astype(np.float64), self._boxes
        (x, z), (left, lowest), (right, highest) = asked.T[..., None], low.T, high.T
        which, near = np.nonzero((left <= x) & (x <= right) & (lowest <= z) & (z <= highest))
        (a, b, c), p = self.flat[near].swapaxes(0, 1), asked[which]
        weights = np.stack([_cross(b - p, c - p), _cross(c - p, a - p), _cross(a - p, b - p)], -1)
        weights /= _cross(b - a, c - a)[:, None]
        depth = np.where(weights.min(-1) > -MARGIN, (weights * self.depth[near]).sum(-1), np.inf)
        order = np.lexsort((depth, which))  # frontmost first
        found, first = np.unique(which[order], return_index=True)
        best = order[first]
        if len(found) < len(asked) or not np.isfinite(depth[best]).all():
            raise ValueError("no skin at these points")
        return self.corners[near[best]], np.clip(weights[best], 0, 1)


def find_front(head: Head, regions: Regions) -> Front:
    """Build the frontal map of the average face."""
    triangles = head.triangles_of("body")
    at = head.rest[triangles].astype(np.float64)
    flat = at[..., [0, 2]]
    forward = _cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0])
    outer = (regions.mouth[triangles] < 0.3).all(1) & (regions.ears[triangles] < 0.3).all(1)
    kept = outer & (at[..., 1] < FACING).all(1) & (np.abs(forward) > 1e-12)
    return Front(triangles[kept], flat[kept], at[kept, :, 1])


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
