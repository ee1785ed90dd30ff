"""Cameras: signs, framing and perspective, as `View` states them."""

import numpy as np
import pytest

from landmarks.synthesis.scene.view import Camera, ViewRecipe, place_camera
from tests.synthesis.scenes import bare, interocular, view

UPRIGHT = np.eye(3)
FORWARD = np.array([0.0, -1.0, 0.0])  # of an upright head, in the world
CLOUD = np.random.default_rng(1).normal((0.02, -0.1, 1.5), 0.05, (40, 3))


def placed(size=256, head=UPRIGHT, **numbers):
    return place_camera(view(**numbers), head, CLOUD.mean(axis=0), CLOUD, size)


def drawn(count=200, **recipe):
    return [ViewRecipe(**recipe).draw(np.random.default_rng(k)) for k in range(count)]


# Where the face turns


@pytest.mark.parametrize(
    ("yaw", "pitch"), [(0, 0), (30, 0), (-30, 0), (0, 20), (0, -20), (40, 25), (-70, 10)]
)
def test_the_face_looks_to_the_right_by_yaw_and_up_by_pitch(yaw, pitch):
    """Camera axes: x right, y down, z away; pitch turns what yaw has turned."""
    y, p = np.radians((yaw, pitch))
    expected = (np.sin(y), -np.cos(y) * np.sin(p), -np.cos(y) * np.cos(p))
    rotation = placed(yaw=float(yaw), pitch=float(pitch)).rotation
    np.testing.assert_allclose(rotation @ FORWARD, expected, atol=1e-12)


@pytest.mark.parametrize("roll", [-40.0, 15.0, 90.0])
def test_roll_turns_the_face_clockwise_in_the_picture(roll):
    camera = placed(roll=roll, distance=50.0)
    right_eye, left_eye = camera.project(np.array([[-0.03, -0.1, 1.5], [0.03, -0.1, 1.5]]))
    x, y = left_eye - right_eye
    assert np.degrees(np.arctan2(y, x)) == pytest.approx(roll, abs=1e-6)  # y is down


def test_upright_and_ahead_the_picture_is_as_the_face():
    """The person's left is to the right, up is up, and no axis is mirrored."""
    rotation = placed().rotation
    np.testing.assert_allclose(rotation @ (1, 0, 0), (1, 0, 0), atol=1e-12)
    np.testing.assert_allclose(rotation @ (0, 0, 1), (0, -1, 0), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_nose_of_a_rendered_face_points_where_the_view_says(studio, seed):
    def nose(**numbers):
        marks = studio.render(bare(seed, view=view(**numbers)), 64).labels.surface
        eyes = (marks[36] + marks[45]) / 2
        axis = (marks[45] - marks[36]) / interocular(marks)
        return (marks[30] - eyes) @ np.array([[axis[0], -axis[1]], [axis[1], axis[0]]])

    ahead = nose()
    assert nose(yaw=30.0)[0] > ahead[0] + 1
    assert nose(yaw=-30.0)[0] < ahead[0] - 1
    assert nose(pitch=20.0)[1] < ahead[1] - 1
    assert nose(pitch=-20.0)[1] > ahead[1] + 1


def test_roll_of_a_rendered_face_is_that_of_its_eyes(studio):
    marks = studio.render(bare(view=view(roll=25.0, distance=2.0)), 64).labels.surface
    x, y = marks[45] - marks[36]
    assert np.degrees(np.arctan2(y, x)) == pytest.approx(25, abs=3)  # faces are not symmetric


def test_the_camera_follows_a_head_that_turns_on_its_neck(studio):
    straight = studio.render(bare(), 64).labels.surface
    turned = studio.render(bare(view=view(neck=(20.0, 10.0, 5.0))), 64).labels.surface
    inner = slice(17, 68)
    np.testing.assert_allclose(turned[inner], straight[inner], atol=0.6)


# Framing


@pytest.mark.parametrize("size", [64, 97, 256])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.1, -0.15)])
def test_the_box_of_the_landmarks_has_its_size_and_place(size, shift):
    camera = placed(size, yaw=20.0, pitch=-10.0, roll=8.0, face_share=0.55, shift=shift)
    seen = camera.project(CLOUD)
    low, high = seen.min(axis=0), seen.max(axis=0)
    assert (high - low).max() == pytest.approx(0.55 * size)
    middle_of_picture = (size - 1) / 2  # pixel centres are whole numbers
    np.testing.assert_allclose((low + high) / 2, middle_of_picture + size * np.array(shift))


def test_a_rendered_face_is_framed_by_its_landmarks(studio):
    at = view(yaw=25.0, roll=-15.0, face_share=0.5, shift=(0.05, -0.1), distance=0.6)
    marks = studio.render(bare(view=at), 80).labels.surface
    low, high = marks.min(axis=0), marks.max(axis=0)
    assert (high - low).max() == pytest.approx(40, abs=1e-3)
    np.testing.assert_allclose((low + high) / 2, (39.5 + 4, 39.5 - 8), atol=1e-3)


def test_distance_changes_the_perspective_and_not_the_framing(studio):
    near, far = (studio.render(bare(view=view(distance=d)), 96).labels.surface for d in (0.4, 2.5))

    def size(marks):
        return np.ptp(marks, axis=0).max()

    def nose(marks):  # against the face, whose sides are further away
        return np.hypot(*(marks[35] - marks[31])) / np.hypot(*(marks[16] - marks[0]))

    assert size(near) == pytest.approx(size(far), abs=1e-3)
    assert nose(near) > 1.15 * nose(far)


@pytest.mark.parametrize("distance", [0.45, 2.5])
def test_the_camera_is_at_the_given_distance_from_its_target(distance):
    camera = placed(yaw=30.0, pitch=10.0, distance=distance)
    target = CLOUD.mean(axis=0)
    assert np.linalg.norm(camera.position - target) == pytest.approx(distance)
    np.testing.assert_allclose(camera.rotation[2], (target - camera.position) / distance)


# The pinhole


def test_projection_is_that_of_the_matrices():
    camera = placed(yaw=20.0, shift=(0.1, 0.05))
    flat = (CLOUD @ camera.extrinsics[:, :3].T + camera.extrinsics[:, 3]) @ camera.intrinsics.T
    np.testing.assert_allclose(flat[:, :2] / flat[:, 2:], camera.project(CLOUD))


def test_a_point_on_the_axis_is_seen_at_the_principal_point():
    camera = Camera(
        rotation=np.eye(3), position=np.zeros(3), focal=100.0, centre=(12.25, 40.5), size=64
    )
    points = np.array([[0, 0, 2.0], [0.02, 0.0, 2.0], [0.0, 0.02, 1.0]])
    np.testing.assert_allclose(
        camera.project(points), [[12.25, 40.5], [13.25, 40.5], [12.25, 42.5]]
    )


# Drawing


def test_views_stay_within_the_limits_of_the_recipe():
    for at in drawn(wide_yaw=60.0, distance=(0.6, 1.2), face_share=(0.4, 0.5)):
        assert -60 <= at.yaw <= 60
        assert 0.6 <= at.distance <= 1.2
        assert 0.4 <= at.face_share <= 0.5
        assert abs(at.pitch) <= 32


def test_wide_faces_turn_to_both_sides_beyond_25_degrees():
    yaws = np.array([at.yaw for at in drawn(wide=1.0, wide_yaw=70.0)])
    assert np.abs(yaws).min() >= 25
    assert np.abs(yaws).max() > 65
    assert (yaws > 0).mean() == pytest.approx(0.5, abs=0.12)


def test_poses_have_the_standard_deviations_of_the_recipe():
    views = drawn(600, wide=0.0, yaw=15.0, pitch=8.0, roll=12.0, shift=0.03)
    for name, expected in (("yaw", 15), ("pitch", 8), ("roll", 12)):
        assert np.std([getattr(at, name) for at in views]) == pytest.approx(expected, rel=0.1)
    assert np.std([at.shift for at in views]) == pytest.approx(0.03, rel=0.1)


def test_without_spread_every_face_is_from_the_front():
    for at in drawn(10, yaw=0, pitch=0, roll=0, neck=0, wide=0, shift=0):
        assert (at.yaw, at.pitch, at.roll, at.neck, at.shift) == (0, 0, 0, (0, 0, 0), (0, 0))
