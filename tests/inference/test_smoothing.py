"""The one-euro filter: less jitter when still, little lag when moving, the same at any size."""

import numpy as np
import pytest

from landmarks.inference.face import Face
from landmarks.inference.smoothing import OneEuroFilter

RATE = 30.0
SHAPE = np.random.default_rng(0).uniform(0, 100, (68, 2))


def followed(positions, scale=1.0, **settings):
    """Smoothed landmarks, (frames, 68, 2), of a face of 100 pixels times `scale` that is moved."""
    smoothing = OneEuroFilter(**settings)
    found = []
    for frame, moved in enumerate(positions):
        points = np.float32(scale * (SHAPE + moved))
        (face,) = smoothing.smooth(
            [Face((0, 0, 100 * scale, 100 * scale), points, track=1)], frame / RATE
        )
        found.append(face.points)
    return np.array(found) / scale


def test_a_landmark_that_stands_still_is_an_exponential_average():
    jumps = np.zeros((3, 1, 2))
    jumps[1:] = 4.0
    found = followed(jumps, gain=0.0, still=2.0) - SHAPE
    share = 1 / (1 + RATE / (2 * np.pi * 2.0))  # 1 / (1 + tau / T), tau = 1 / (2 pi f)
    np.testing.assert_allclose(found[1], 4 * share, atol=1e-4)
    np.testing.assert_allclose(found[2], 4 * (1 - (1 - share) ** 2), atol=1e-4)


def test_noise_of_a_still_face_is_reduced_to_less_than_half():
    noise = np.random.default_rng(1).normal(0, 0.5, (200, 68, 2))
    jitter = np.diff(followed(noise), axis=0).std()
    assert jitter < 0.5 * np.diff(noise, axis=0).std()


def test_a_moving_face_lags_by_less_than_a_fixed_filter_that_is_as_steady():
    steady = np.arange(60)[:, None, None] * [8.0, 0.0]  # 2.4 faces per second
    own = np.abs(followed(steady)[-1] - SHAPE - steady[-1]).mean()
    fixed = np.abs(followed(steady, gain=0.0)[-1] - SHAPE - steady[-1]).mean()
    assert own < 0.2 * fixed


def test_the_size_of_the_face_in_pixels_does_not_matter():
    moves = np.random.default_rng(2).normal(0, 3, (20, 1, 2)).cumsum(axis=0)
    np.testing.assert_allclose(followed(moves), followed(moves, scale=7.0), atol=1e-3)


def test_tracks_are_smoothed_apart_and_a_new_one_starts_where_it_is():
    smoothing = OneEuroFilter()
    first, second = (Face((0, 0, 100, 100), np.float32(SHAPE + x), track=x) for x in (1, 50))
    assert smoothing.smooth([first], 0.0)[0] is first
    _, new = smoothing.smooth([first, second], 0.1)
    np.testing.assert_array_equal(new.points, second.points)


@pytest.mark.parametrize("time", [0.0, -1.0])
def test_a_video_that_starts_again_is_not_smoothed_over_the_cut(time):
    smoothing = OneEuroFilter()
    face = Face((0, 0, 100, 100), np.float32(SHAPE), track=1)
    smoothing.smooth([face], 0.0)
    moved = Face((0, 0, 100, 100), np.float32(SHAPE + 30), track=1)
    assert smoothing.smooth([moved], time)[0] is moved
