"""The direction that the surface faces in each pixel."""

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.scene.view import Camera
from landmarks.synthesis.shading.tracer import Traced


def normal_map(
    seen: Traced,
    triangles: NDArray[np.int32],
    vertices: NDArray[np.floating],
    normals: NDArray[np.float32],
    camera: Camera,
) -> NDArray[np.float32]:
    """(H, W, 3) unit vectors in camera coordinates: x right, y down, z forward; 0 behind the head.

    Interpolates the vertices' normals, without the relief of pores and wrinkles. Hair and cloth
    have two sides: every normal faces the camera.

    Args:
        seen: What the camera sees.
        triangles: (m, 3) vertices of the mesh.
        vertices: (n, 3) metres.
        normals: (n, 3) unit vectors.
        camera: The camera.
    """
    found = np.zeros((*seen.triangle.shape, 3), np.float32)
    hit = seen.triangle >= 0
    rows, columns = np.nonzero(hit)
    rays = np.column_stack(
        [
            (columns - camera.centre[0]) / camera.focal,
            (rows - camera.centre[1]) / camera.focal,
            np.ones(len(rows)),
        ]
    )
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    rays = rays @ camera.rotation
    points = camera.position + rays * seen.distance[hit][:, None]
    corners = triangles[seen.triangle[hit]]
    mixed = np.einsum("nc,ncd->nd", _weights(points, vertices[corners]), normals[corners])
    mixed *= np.where(np.einsum("nd,nd->n", mixed, rays) > 0, -1, 1)[:, None]
    mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)
    found[hit] = mixed @ camera.rotation.T
    return found


def _weights(points: NDArray[np.float64], corners: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, 3) barycentric weights of (N, 3) points in (N, 3, 3) triangles; none is negative."""
    a, b, c = corners.astype(np.float64).swapaxes(0, 1)
    u, v, w = b - a, c - a, points - a
    uu, uv, vv = ((p * q).sum(1) for p, q in ((u, u), (u, v), (v, v)))
    wu, wv = (w * u).sum(1), (w * v).sum(1)
    area = np.maximum(uu * vv - uv * uv, 1e-30)
    second, third = (vv * wu - uv * wv) / area, (uu * wv - uv * wu) / area
    weights = np.clip(np.column_stack([1 - second - third, second, third]), 0, 1)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
