"""Geometric properties of parametric surfaces."""

import numpy as np
import pytest

from landmarks.synthesis.mesh.surfaces import VertexNormals, capsule, grid, tube


def volume(vertices, triangles):
    """Signed; positive where triangles are counterclockwise seen from outside."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return np.einsum("ij,ij->", a, np.cross(b, c)) / 6


def uses_of_edges(triangles):
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    return np.unique(edges, axis=0, return_counts=True)[1]


def circle(count, radius=1.0):
    angle = 2 * np.pi * np.arange(count) / count
    return radius * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)


def test_a_tube_keeps_its_distance_from_its_path():
    path = np.array([[0, 0, 0], [0, 1, 0], [0, 2, 0], [0, 3, 0]], float)
    vertices, triangles = tube(path, radius=0.1, sides=8)
    assert len(vertices) == 4 * 8
    assert len(triangles) == 2 * 3 * 8
    np.testing.assert_allclose(np.hypot(vertices[:, 0], vertices[:, 2]), 0.1)
    np.testing.assert_allclose(np.unique(vertices[:, 1].round(6)), [0, 1, 2, 3])
    # A prism of 8 sides, open at its ends, about an axis through the origin.
    assert volume(vertices, triangles) == pytest.approx(
        2 / 3 * 3 * 4 * 0.1**2 * np.sin(np.pi / 4), rel=1e-6
    )


def test_a_closed_tube_is_a_ring_without_a_seam():
    vertices, triangles = tube(circle(60), radius=0.1, sides=24, closed=True)
    assert set(uses_of_edges(triangles)) == {2}
    assert volume(vertices, triangles) == pytest.approx(2 * np.pi**2 * 0.1**2, rel=0.03)


def test_a_capsule_is_rounded_and_as_large_as_said():
    vertices, triangles = capsule(rings=20, sides=24)
    np.testing.assert_allclose(np.ptp(vertices, axis=0), 2, atol=0.05)
    assert np.hypot(vertices[:, 0], vertices[:, 1]).max() <= 1 + 1e-9
    assert abs(volume(vertices, triangles)) > 0.8 * 4 / 3 * np.pi  # more than a ball's


def test_a_capsule_is_seen_from_outside():
    assert volume(*capsule()) > 0


def test_a_grid_has_two_triangles_a_cell():
    assert len(grid(3, 4)) == 2 * 2 * 3
    assert len(grid(3, 4, closed_columns=True)) == 2 * 2 * 4
    assert len(grid(3, 4, closed_rows=True, closed_columns=True)) == 2 * 3 * 4
    assert set(grid(3, 4).ravel()) == set(range(12))
    assert set(uses_of_edges(grid(3, 4, closed_rows=True, closed_columns=True))) == {2}
    assert sorted(grid(2, 2).tolist()) == [[0, 1, 3], [0, 3, 2]]


def test_normals_of_a_ring_point_away_from_its_core():
    core = circle(80)
    vertices, triangles = tube(core, radius=0.2, sides=32, closed=True)
    normals = VertexNormals(triangles, len(vertices))(vertices.astype(np.float32))
    flat = vertices * [1, 1, 0]
    outwards = vertices - flat / np.linalg.norm(flat, axis=1, keepdims=True)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    assert np.einsum("ij,ij->i", normals, outwards).min() > 0.99
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, rtol=1e-5)


def test_normals_are_weighted_by_area_and_follow_the_shape():
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    normals_of = VertexNormals(triangles, 5)
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [9, 9, 9]], np.float32)
    np.testing.assert_allclose(normals_of(square)[:4], np.tile([0, 0, 1], (4, 1)))
    np.testing.assert_array_equal(normals_of(square)[4], 0)  # of no triangle
    folded = square.copy()
    folded[3] = (0.5, 0.5, 1)  # the second triangle stands up, and is as large
    second = np.cross(folded[2], folded[3])
    expected = np.array([0, 0, 1]) + second
    np.testing.assert_allclose(
        normals_of(folded)[0], expected / np.linalg.norm(expected), atol=1e-6
    )
