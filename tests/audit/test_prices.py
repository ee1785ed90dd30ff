"""Prices of faults against what the faults do to errors that are known."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.audit.material import Predicted
from landmarks.audit.prices import (
    cost_in_test,
    cost_in_training,
    cost_of_faces,
    cost_of_noise,
    learned_share,
)
from landmarks.data.mean_face import MEAN_FACE
from landmarks.scheme import IBUG68

UNIT = 100  # pixels between the outer eye corners
FACES = 200


@pytest.fixture
def base():
    """Predictions 3 pixels off in a random direction: an error of 3 %."""
    rng = np.random.default_rng(0)
    labels = np.broadcast_to(UNIT * MEAN_FACE + 300, (FACES, 68, 2)).astype(np.float32)
    angles = rng.uniform(0, 2 * np.pi, (FACES, 68))
    off = 3 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return Predicted(
        faces=np.arange(FACES),
        points=(labels + off).astype(np.float32),
        labels=labels,
        visible=np.ones((FACES, 68), bool),
        scheme=IBUG68,
    )


def with_labels(base, labels):
    return replace(base, labels=labels.astype(np.float32))


def test_labels_that_are_off_by_more_than_the_error_cost_about_their_offset(base):
    wrong = with_labels(base, base.labels + np.float32([0, 30]))

    price = cost_in_test(wrong, base.labels)

    assert price.nme == pytest.approx(0.30 - 0.03, abs=0.001)
    assert price.low < price.nme < price.high


def test_a_small_offset_adds_to_the_error_in_quadrature(base):
    """By the mean of |e + d| over directions of e: about d^2 / (4 e), in pixels."""
    price = cost_in_test(with_labels(base, base.labels + np.float32([0.6, 0])), base.labels)

    assert price.nme == pytest.approx(0.6**2 / (4 * 3) / UNIT, rel=0.15)


def test_an_offset_to_the_right_cancels_where_half_of_the_training_images_are_mirrored(base):
    moved = np.broadcast_to(np.float32([5, 0]), base.labels.shape)
    wrong = with_labels(base, base.labels + moved)

    assert cost_in_training(wrong, base.labels, moved).nme == pytest.approx(0, abs=1e-6)


def test_an_offset_down_costs_the_same_in_training_labels_as_in_test_labels(base):
    moved = np.broadcast_to(np.float32([0, 5]), base.labels.shape)
    wrong = with_labels(base, base.labels + moved)

    in_training = cost_in_training(wrong, base.labels, moved)

    assert in_training.nme == pytest.approx(cost_in_test(wrong, base.labels).nme, rel=0.05)


def test_faces_in_a_sample_cost_their_share_of_the_whole_set(base):
    labels = base.labels.copy()
    labels[:20] += [50, 0]

    price = cost_of_faces(with_labels(base, labels), range(20), share=0.02)

    assert price.nme == pytest.approx(0.02 * (0.50 - 0.03), rel=0.01)


def test_faces_that_are_not_in_the_sample_have_no_price(base):
    assert cost_of_faces(base, [FACES + 1], share=0.02) is None


def test_noise_of_labels_costs_what_it_adds_to_the_distances(base):
    rng = np.random.default_rng(1)
    mouth = IBUG68.regions["mouth"]
    noisy = base.labels.copy()
    noisy[:, mouth] += rng.normal(0, 3, (FACES, len(mouth), 2))
    points = base.labels + rng.normal(0, 2, base.labels.shape)
    wrong = replace(with_labels(base, noisy), points=points.astype(np.float32))

    price = cost_of_noise(wrong, mouth, np.full(FACES, 3.0))

    assert price.nme == pytest.approx(cost_in_test(wrong, base.labels).nme, rel=0.1)


def test_half_of_the_labels_at_a_second_place_move_the_mean_to_the_middle():
    assert learned_share(np.array([0.0, 2.0, 20.0]), 0.5) == pytest.approx(0.5)


def test_all_labels_at_a_second_place_move_the_mean_there():
    assert learned_share(np.array([0.0, 2.0, 20.0]), 1.0) == pytest.approx(1)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4, 0.7])
@pytest.mark.parametrize("distance", [0.5, 3.0, 12.0])
def test_the_learned_share_has_the_lowest_loss_of_all(distance, share):
    t = np.linspace(1e-4, 1 - 1e-4, 100_001)
    cross_entropy = -(1 - share) * np.log(1 - t) - share * np.log(t)
    expected = cross_entropy + distance * ((1 - share) * t + share * (1 - t))

    assert learned_share(np.array([distance]), share)[0] == pytest.approx(
        t[expected.argmin()], abs=1e-4
    )
