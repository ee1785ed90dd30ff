"""Draw, transform, look: a bright pixel at each landmark is still there afterwards."""

import cv2
import numpy as np
import pytest

from landmarks.errors import InputError
from landmarks.geometry import (
    GivenBoxCrop,
    LandmarkCrop,
    Square,
    crop_matrix,
    inverse,
    mirror_matrix,
    mirrored,
    transform,
    warp,
)
from landmarks.scheme import IBUG68


def blob_image(points, size, radius=3.0):
    """A smooth bright blob centred exactly at each point, drawn by formula."""
    y, x = np.mgrid[0:size, 0:size].astype(float)
    image = np.zeros((size, size))
    for px, py in points:
        image += np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * radius**2))
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)[..., None].repeat(3, axis=2)


def centre_of_brightness(image, near, reach=8):
    """Where the blob near a point really is, to a fraction of a pixel."""
    x0, y0 = (round(v) for v in near)
    part = image[y0 - reach : y0 + reach + 1, x0 - reach : x0 + reach + 1, 0].astype(float)
    y, x = np.mgrid[y0 - reach : y0 + reach + 1, x0 - reach : x0 + reach + 1]
    return np.array([(part * x).sum(), (part * y).sum()]) / part.sum()


@pytest.mark.parametrize("side", [60.0, 120.5, 333.3])
def test_cropped_pixels_follow_the_cropped_landmarks(side):
    matrix = crop_matrix(Square(200.2, 203.7, side), 128)
    radius = max(3.0, side / 40)
    for offset in ([-0.1, -0.05], [0.07, 0.13]):
        point = np.array([200.2, 203.7], np.float32) + side * np.array(offset, np.float32)
        crop = warp(blob_image([point], 400, radius), matrix, 128)
        expected = transform(point[None], matrix)[0]
        found = centre_of_brightness(crop, expected, round(4 * radius * 128 / side))
        assert np.abs(found - expected).max() < 0.06


def test_a_crop_shrunk_many_times_does_not_shift():
    points = np.array([[500.25, 511.5]], np.float32)
    matrix = crop_matrix(Square(512.0, 500.0, 1000.0), 100)
    crop = warp(blob_image(points, 1024, radius=25.0), matrix, 100)
    assert (
        np.abs(
            centre_of_brightness(crop, transform(points, matrix)[0]) - transform(points, matrix)[0]
        ).max()
        < 0.02
    )


def test_the_region_s_edges_fall_on_the_crop_s_edges():
    matrix = crop_matrix(Square(10.0, 20.0, 8.0), 64)
    corners = np.array([[6.0, 16.0], [14.0, 24.0]], np.float32)
    np.testing.assert_allclose(transform(corners, matrix), [[-0.5, -0.5], [63.5, 63.5]], atol=1e-5)


def test_crop_and_back_is_the_identity():
    points = np.random.default_rng(0).uniform(0, 4000, (50, 68, 2)).astype(np.float32)
    matrices = np.stack([crop_matrix(Square(1000 + i, 900.0, 700.0), 128) for i in range(50)])
    back = transform(transform(points, matrices), inverse(matrices))
    np.testing.assert_allclose(back, points, atol=2e-3)


def test_mirrored_landmarks_lie_on_their_pixels_and_swap_sides():
    rng = np.random.default_rng(1)
    points = rng.integers(2, 62, (68, 2)).astype(np.float32)
    image = np.zeros((64, 64, 68), np.uint8)
    for k, (x, y) in enumerate(points.astype(int)):
        image[y, x, k] = 1
    for k, (x, y) in enumerate(mirrored(points, 64, IBUG68).astype(int)):
        assert image[:, ::-1][y, x, IBUG68.mirror[k]] == 1


def test_the_mirror_matrix_reflects_an_image_exactly():
    image = np.random.default_rng(2).integers(0, 255, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(warp(image, mirror_matrix(32), 32), cv2.flip(image, 1))


def test_landmark_crop_is_the_longer_side_times_the_scale():
    landmarks = np.array([[10, 30], [50, 50]], np.float32)
    assert LandmarkCrop(1.5).square(landmarks, None) == Square(30.0, 40.0, 60.0)


def test_given_box_crop_uses_the_box_and_needs_one():
    landmarks = np.full((68, 2), 12, np.float32)
    assert GivenBoxCrop(1.0).square(landmarks, (0, 10, 20, 20)) == Square(10.0, 15.0, 20.0)
    with pytest.raises(InputError, match="a face has no box"):
        GivenBoxCrop().square(landmarks, None)


@pytest.mark.parametrize("scale", [0.2, 9, "big"])
def test_a_crop_that_shows_no_face_is_refused(scale):
    with pytest.raises(InputError, match="crop scale"):
        LandmarkCrop(scale)


def test_a_face_without_labels_is_cropped_by_its_box_and_refused_without_one():
    nothing = np.empty((0, 2), np.float32)
    assert LandmarkCrop(1.5).square(nothing, (10.0, 20.0, 50.0, 60.0)) == Square(30.0, 40.0, 60.0)
    with pytest.raises(InputError, match="neither a labelled landmark nor a box"):
        LandmarkCrop(1.5).square(nothing, None)
