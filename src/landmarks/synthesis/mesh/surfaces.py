"""Parametric surfaces (tubes, capsules, grids) and vertex normals."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.floating]
Triangles = NDArray[np.int32]


def tube(
    path: Array, radius: float, sides: int = 6, closed: bool = False
) -> tuple[Array, Triangles]:
    """A tube around the points (N, 3) of `path`."""
    ahead, behind = np.roll(path, -1, axis=0), np.roll(path, 1, axis=0)
    if not closed:
        ahead[-1], behind[0] = path[-1], path[0]
    along = _unit(ahead - behind)
    across = _unit(np.cross(along, (0.1, 0.2, 1.0)))
    third = np.cross(along, across)
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = np.cos(angle)[:, None, None] * across + np.sin(angle)[:, None, None] * third
    vertices = (path + radius * ring).transpose(1, 0, 2).reshape(-1, 3)
    return vertices, grid(len(path), sides, closed_rows=closed, closed_columns=True)


def capsule(rings: int = 8, sides: int = 8) -> tuple[Array, Triangles]:
    """A rounded cylinder of radius 1 and half length 1 along z."""
    polar = np.pi * np.arange(rings + 1) / rings
    around = 2 * np.pi * np.arange(sides) / sides
    radius = np.sin(polar) ** 0.45
    vertices = np.stack(
        [
            np.outer(radius, np.cos(around)),
            np.outer(radius, np.sin(around)),
            np.repeat(np.cos(polar)[:, None], sides, axis=1),
        ],
        axis=-1,
    )
    inside_out = grid(rings + 1, sides, closed_columns=True)
    return vertices.reshape(-1, 3), inside_out[:, ::-1].copy()


def grid(
    rows: int, columns: int, closed_rows: bool = False, closed_columns: bool = False
) -> Triangles:
    """Triangles of a grid of vertices, row by row; closed: the last meets the first."""
    row = np.arange(rows if closed_rows else rows - 1)[:, None]
    column = np.arange(columns if closed_columns else columns - 1)[None]
    down, right = (row + 1) % rows, (column + 1) % columns
    a, b = row * columns + column, row * columns + right
    c, d = down * columns + column, down * columns + right
    triangles = np.stack([np.stack([a, b, d], -1), np.stack([a, d, c], -1)])
    return triangles.reshape(-1, 3).astype(np.int32)


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / (length + 1e-9))


class VertexNormals:
    """Normals of one mesh, whatever its shape, by the faces around each vertex.

    Args:
        triangles: (T, 3) vertices.
        count: Number of vertices.
    """

    def __init__(self, triangles: Triangles, count: int) -> None:
        corners, faces = triangles.ravel(), np.repeat(np.arange(len(triangles)), 3)
        ones = np.ones(len(corners), np.float32)
        self._corners = np.ascontiguousarray(triangles.T)
        self._around = sparse.csr_matrix((ones, (corners, faces)), shape=(count, len(triangles)))

    def __call__(self, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """(V, 3) unit normals of (V, 3) vertices."""
        a, b, c = (vertices.take(corners, axis=0) for corners in self._corners)
        u, v = b - a, c - a
        faces = np.empty_like(u)  # np.cross is several times slower
        faces[:, 0] = u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1]
        faces[:, 1] = u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2]
        faces[:, 2] = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
        summed = self._around @ faces
        length = np.sqrt(np.einsum("ij,ij->i", summed, summed))[:, None]
        return np.asarray(summed / np.maximum(length, 1e-12), np.float32)
