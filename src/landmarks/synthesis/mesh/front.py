"""The front of the average face as a map: from x and z to the skin that lies there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.head import Head
from landmarks.synthesis.mesh.regions import Regions

FACING = -0.02  # metres: skin before this depth
MARGIN = 1e-6  # of barycentric coordinates, so that a point on an edge is in a triangle


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

    def find(self, points: NDArray[np.floating]) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
        """The skin at (N, 2) x and z: its triangles, (N, 3), and barycentric weights, (N, 3).

        Raises:
            ValueError: There is no skin.
        """
        a, b, c = self.flat[:, 0], self.flat[:, 1], self.flat[:, 2]
        p = points.astype(np.float64)[:, None]
        whole = _cross(b - a, c - a)
        weights = np.stack([_cross(b - p, c - p), _cross(c - p, a - p), _cross(a - p, b - p)], -1)
        weights /= whole[:, None]
        depth = np.where(weights.min(-1) > -MARGIN, (weights * self.depth).sum(-1), np.inf)
        nearest = depth.argmin(axis=1)
        rows = np.arange(len(points))
        if not np.isfinite(depth[rows, nearest]).all():
            raise ValueError("no skin lies there")
        return self.corners[nearest], np.clip(weights[rows, nearest], 0, 1)


def find_front(head: Head, regions: Regions) -> Front:
    """The front of the average face."""
    triangles = head.triangles_of("body")
    at = head.rest[triangles].astype(np.float64)
    flat = at[..., [0, 2]]
    forward = _cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0])
    outer = (regions.mouth[triangles] < 0.3).all(1) & (regions.ears[triangles] < 0.3).all(1)
    kept = outer & (at[..., 1] < FACING).all(1) & (np.abs(forward) > 1e-12)
    return Front(triangles[kept], flat[kept], at[kept, :, 1])


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
