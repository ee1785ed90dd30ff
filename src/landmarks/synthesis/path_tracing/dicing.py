"""Dicing: cut the mesh into pixel-sized pieces with procedural materials at their corners.

As in Cook, Carpenter and Catmull, "The Reyes image rendering architecture" (1987). Pieces stay
in the planes of their triangles, so that the shape and the labels do not change.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.scene.view import Camera

# Number of parts of an edge; few values, so that triangles can be cut in batches.
PARTS = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32])
AWAY = 3.0  # triangles that face away from the camera are cut more coarsely by this factor
NEAREST = 0.05  # metres from the camera; nothing in the picture is nearer
SMALLEST = 1e-12  # square metres, doubled; unused blocks are collapsed into a point


@dataclass(frozen=True, eq=False, kw_only=True)
class Pieces:
    """The mesh in pieces.

    Attributes:
        face: (N,) the triangle that each corner of a piece lies in.
        place: (N, 2) where, in barycentric coordinates of the triangle's first two vertices.
        point: (N, 3) the same in metres of the world.
        corners: (M, 3) of each piece, counted in the above.
    """

    face: NDArray[np.int32]
    place: NDArray[np.float32]
    point: NDArray[np.float32]
    corners: NDArray[np.int32]


def dice(
    vertices: NDArray[np.float32],
    triangles: NDArray[np.int32],
    camera: Camera,
    pixels: NDArray[np.floating],
) -> Pieces:
    """Cut visible triangles into pieces; those outside the picture stay whole.

    Args:
        vertices: (n, 3) metres.
        triangles: (m, 3); those without area are left out.
        camera: Decides how large a pixel is.
        pixels: (m,) largest edge of each triangle's pieces.
    """
    shape = vertices[triangles]  # (m, 3, 3)
    doubled = np.linalg.norm(np.cross(shape[:, 1] - shape[:, 0], shape[:, 2] - shape[:, 0]), axis=1)
    parts = _parts(shape, camera, pixels)
    faces, places, points, corners, count = [], [], [], [], 0
    for n in PARTS:
        face = np.flatnonzero((parts == n) & (doubled > SMALLEST)).astype(np.int32)
        weights, own = _cut(int(n))
        first = count + len(weights) * np.arange(len(face), dtype=np.int32)
        faces.append(np.repeat(face, len(weights)))
        places.append(np.tile(weights[:, :2], (len(face), 1)))
        points.append((weights @ shape[face]).reshape(-1, 3))
        corners.append((first[:, None, None] + own).reshape(-1, 3))
        count += len(face) * len(weights)
    return Pieces(
        face=np.concatenate(faces),
        place=np.concatenate(places),
        point=np.concatenate(points),
        corners=np.concatenate(corners),
    )


def _parts(
    shape: NDArray[np.float32], camera: Camera, pixels: NDArray[np.floating]
) -> NDArray[np.int64]:
    """(m,) in how many parts the edges of each triangle (m, 3, 3) are cut; one of `PARTS`."""
    ahead = ((shape - camera.position) @ camera.rotation[2]).min(axis=1)
    seen = ahead > NEAREST
    where = np.zeros((*shape.shape[:2], 2))
    where[seen] = camera.project(shape[seen])
    low, high = where.min(axis=1), where.max(axis=1)
    seen &= ((high > -1) & (low < camera.size)).all(axis=1)
    longest = np.linalg.norm(where - np.roll(where, 1, axis=1), axis=-1).max(axis=1)
    (x1, y1), (x2, y2) = np.moveaxis(where[:, 1:] - where[:, :1], 0, -1)
    turned_away = x1 * y2 - x2 * y1 > 0  # y runs down
    wanted = np.ceil(longest / np.where(turned_away, AWAY * pixels, pixels))
    wanted[~seen] = 1
    return np.asarray(PARTS[np.minimum(np.searchsorted(PARTS, wanted), len(PARTS) - 1)])


@cache
def _cut(n: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Weights (k, 3) of a triangle's vertices at the corners (n * n, 3) of its pieces."""
    rows = [(i, j) for i in range(n + 1) for j in range(n + 1 - i)]
    number = {place: k for k, place in enumerate(rows)}
    weights = np.array([(n - i - j, i, j) for i, j in rows], np.float32) / np.float32(n)
    corners = []
    for i, j in rows:
        if i + j < n:
            corners.append([number[i, j], number[i + 1, j], number[i, j + 1]])
        if i + j < n - 1:
            corners.append([number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]])
    return weights, np.array(corners, np.int32)
