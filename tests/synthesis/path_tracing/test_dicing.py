"""Dicing does not change the shape of the mesh."""

import numpy as np
import pytest

from landmarks.synthesis.path_tracing.dicing import AWAY, PARTS, dice
from landmarks.synthesis.scene.view import Camera

# Looks along +y from a metre before the origin; x to the right, z up.
CAMERA = Camera(
    rotation=np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), position=np.array([0.0, -1, 0]),
    focal=100.0, centre=(31.5, 31.5), size=64,
)  # fmt: skip
TOWARDS = np.array([[0.0, 0, 0], [0.2, 0, 0], [0.05, 0.02, 0.15]], np.float32)
BEHIND = TOWARDS + np.array([0, 0.1, 0], np.float32)


def cut(*shapes, pixels=3.0):
    vertices = np.concatenate(shapes).astype(np.float32)
    triangles = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
    return dice(vertices, triangles, CAMERA, np.full(len(triangles), pixels))


def doubled_areas(points):
    """(M, 3) normals whose lengths are twice the areas."""
    return np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])


@pytest.mark.parametrize("pixels", [0.7, 3.0, 50.0])
def test_pieces_fill_their_triangle_and_face_where_it_faces(pixels):
    pieces = cut(TOWARDS, pixels=pixels)
    found = doubled_areas(pieces.point[pieces.corners])
    whole = doubled_areas(TOWARDS[None].astype(float))[0]
    np.testing.assert_allclose(found.sum(axis=0), whole, rtol=1e-4)
    np.testing.assert_allclose(found, np.broadcast_to(whole / len(found), found.shape), atol=1e-6)


@pytest.mark.parametrize("pixels", [1.0, 2.0, 5.0])
def test_edges_are_as_short_in_the_picture_as_asked_for(pixels):
    pieces = cut(TOWARDS, pixels=pixels)
    seen = CAMERA.project(pieces.point[pieces.corners])
    edges = np.linalg.norm(seen - np.roll(seen, 1, axis=1), axis=-1)
    assert 0.6 * pixels < edges.max() < 1.1 * pixels  # nearer parts look larger


def test_places_are_those_of_the_points():
    pieces = cut(TOWARDS, BEHIND)
    (u, v), shape = pieces.place.T, pieces.point
    corners = np.stack([TOWARDS, BEHIND])[pieces.face]
    weights = np.stack([u, v, 1 - u - v], axis=1)
    np.testing.assert_allclose(np.einsum("nk,nkd->nd", weights, corners), shape, atol=1e-6)
    assert (pieces.face[pieces.corners] == pieces.face[pieces.corners[:, :1]]).all()


def test_triangles_that_share_an_edge_are_cut_at_the_same_points_of_it():
    other = np.array([TOWARDS[1], TOWARDS[0], [0.1, 0, -0.15]])
    pieces = cut(TOWARDS, other)
    on_edge = np.abs(pieces.point[:, 2]) + np.abs(pieces.point[:, 1]) < 1e-9
    first, second = (np.sort(pieces.point[on_edge & (pieces.face == k), 0]) for k in (0, 1))
    assert len(first) > 3
    np.testing.assert_array_equal(first, second)


def test_invisible_triangles_stay_coarse():
    near = len(cut(TOWARDS).corners)
    assert len(cut(TOWARDS[::-1]).corners) <= near / (AWAY - 1)  # its back
    assert len(cut(TOWARDS + np.array([2.0, 0, 0])).corners) == 1  # beside the picture
    assert len(cut(TOWARDS - [0, 1.5, 0]).corners) == 1  # behind the camera


def test_collapsed_triangles_are_skipped():
    pieces = cut(TOWARDS, np.zeros((3, 3)))
    assert set(pieces.face) == {0}


def test_no_triangle_is_cut_without_end():
    assert len(cut(TOWARDS, pixels=1e-3).corners) == PARTS[-1] ** 2
