"""Metrics against a hand-worked face, identities, and known statistics."""

import numpy as np
import pytest

from landmarks.metrics import (
    BOOTSTRAP_DRAWS,
    area,
    bootstrap,
    cumulative_error,
    fails,
    nme,
    point_errors,
    summarise,
)
from landmarks.scheme import IBUG68
from landmarks.scheme.units import box, interocular, interpupil

EVERY = tuple(range(68))
SEEN = np.ones((1, 68), bool)


def unit(normaliser, target):
    """A normaliser of faces that are wholly visible."""
    return normaliser(target, np.ones(target.shape[:2], bool), IBUG68)


def face():
    """A face with an inter-ocular distance of 100 and an inter-pupil distance of 70."""
    points = np.zeros((1, 68, 2), np.float32)
    points[0, 36:42] = [[0, 0], [10, -5], [20, -5], [30, 0], [20, 5], [10, 5]]
    points[0, 42:48] = [[70, 0], [80, -5], [90, -5], [100, 0], [90, 5], [80, 5]]
    points[0, 0], points[0, 8], points[0, 16] = [-50, 0], [50, 150], [150, 0]
    return points


def test_a_face_worked_by_hand():
    target = face()
    predicted = target.copy()
    predicted[0, 8] += [3, 4]  # 5 pixels off
    errors = point_errors(predicted, target, np.ones((1, 68), bool))
    assert errors[0, 8] == 5
    assert nme(errors, unit(interocular, target), EVERY)[0] == pytest.approx(5 / 68 / 100)
    assert unit(interpupil, target)[0] == pytest.approx(70)
    # The box is 200 wide (jaw) and 155 high (chin to upper lids).
    assert unit(box, target)[0] == pytest.approx(np.sqrt(200 * 155))
    assert nme(errors, unit(interocular, target), IBUG68.regions["jaw"])[0] == pytest.approx(
        5 / 17 / 100
    )
    assert nme(errors, unit(interocular, target), IBUG68.regions["inner51"])[0] == 0


def test_nme_does_not_change_with_position_size_and_turn():
    rng = np.random.default_rng(0)
    target = rng.uniform(0, 200, (5, 68, 2)).astype(np.float32)
    predicted = target + rng.normal(0, 2, target.shape).astype(np.float32)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]], np.float32) * 3
    visible = np.ones((5, 68), bool)

    def error(p, t):
        return nme(point_errors(p, t, visible), unit(interocular, t), EVERY)

    np.testing.assert_allclose(
        error(predicted @ turn + 17, target @ turn + 17), error(predicted, target), rtol=1e-3
    )


def test_invisible_landmarks_are_left_out():
    target = face()
    predicted = target + np.float32(1)
    predicted[0, 0] += 1000
    visible = np.ones((1, 68), bool)
    visible[0, 0] = False
    error = nme(
        point_errors(predicted, target, visible),
        unit(interocular, target),
        EVERY,
    )
    assert error[0] == pytest.approx(np.sqrt(2) / 100)


def test_a_region_without_a_visible_landmark_has_no_error():
    visible = np.ones((1, 68), bool)
    visible[0, :17] = False
    errors = point_errors(face(), face(), visible)
    assert np.isnan(nme(errors, interocular(face(), visible, IBUG68), IBUG68.regions["jaw"])[0])


def test_a_normaliser_does_not_use_what_is_not_visible():
    visible = SEEN.copy()
    visible[0, 1] = False
    assert np.isnan(box(face(), visible, IBUG68)[0])
    assert interpupil(face(), visible, IBUG68)[0] == pytest.approx(70)
    visible[0, 37] = False
    assert np.isnan(interpupil(face(), visible, IBUG68)[0])


def test_a_set_that_never_shows_the_jaw_has_no_error_of_the_jaw():
    visible = SEEN.copy()
    visible[0, :17] = False
    summary = summarise(face(), face(), visible, np.array(["a"]), IBUG68)
    assert "jaw" not in summary.regions
    assert "box" not in summary.nme
    assert summary.nme["interocular"].value == 0


def test_failure_rate_and_area_under_the_curve_are_exact():
    errors = np.array([0.0, 0.04, 0.08, 0.09])
    assert fails(errors, 0.08).mean() == 0.25
    # Between 0 and 0.04 a quarter lies below, between 0.04 and 0.08 a half: 0.03 of 0.08.
    assert area(errors, 0.08).mean() == pytest.approx((0.25 * 0.04 + 0.5 * 0.04) / 0.08)


def test_area_agrees_with_fine_numerical_integration():
    errors = np.random.default_rng(1).gamma(3, 0.02, 400)
    x, y = cumulative_error(errors)
    grid = np.linspace(0, 0.1, 200_001)
    curve = np.concatenate([[0], y])[np.searchsorted(x, grid, side="right")]
    assert area(errors, 0.10).mean() == pytest.approx(np.trapezoid(curve, grid) / 0.1, abs=1e-5)


def test_the_whole_is_the_weighted_mean_of_its_subsets():
    rng = np.random.default_rng(2)
    target = rng.uniform(0, 100, (689, 68, 2)).astype(np.float32)
    predicted = target + rng.normal(0, 1, target.shape).astype(np.float32)
    visible, groups = np.ones((689, 68), bool), np.arange(689).astype(str)
    common, challenging, full = (
        summarise(predicted[s], target[s], visible[s], groups[s], IBUG68).nme["interocular"].value
        for s in (slice(0, 554), slice(554, 689), slice(0, 689))
    )
    assert full == pytest.approx((554 * common + 135 * challenging) / 689)


def test_the_interval_of_independent_faces_is_that_of_their_mean():
    rng = np.random.default_rng(3)
    errors = rng.gamma(4, 0.01, 2000)
    estimate = bootstrap(errors, np.arange(2000).astype(str), np.asarray)
    half = 1.96 * errors.std() / np.sqrt(2000)
    assert estimate.value == pytest.approx(errors.mean())
    assert estimate.high - estimate.value == pytest.approx(half, rel=0.15)
    assert estimate.value - estimate.low == pytest.approx(half, rel=0.15)


def test_faces_of_one_photo_do_not_count_as_independent():
    errors = np.repeat(np.random.default_rng(4).gamma(4, 0.01, 200), 4)
    alone = bootstrap(errors, np.arange(800).astype(str), np.asarray)
    together = bootstrap(errors, np.repeat(np.arange(200), 4).astype(str), np.asarray)
    ratio = (together.high - together.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(2, rel=0.2)


def test_inter_pupil_error_is_the_known_multiple_on_real_faces(shared_data):
    from landmarks.data.w300 import read_w300

    target = read_w300(shared_data / "300w", folders=["afw"]).landmarks
    ratio = unit(interocular, target) / interpupil(target, SEEN[: len(target)], IBUG68)
    assert 1.39 < ratio.mean() < 1.44


def test_draws_in_blocks_are_those_of_one_call():
    errors = np.random.default_rng(5).gamma(4, 0.01, 50)
    drawn = np.random.default_rng(0).multinomial(50, np.full(50, 1 / 50), size=BOOTSTRAP_DRAWS)
    low, high = np.quantile(drawn @ errors / 50, [0.025, 0.975])
    found = bootstrap(errors, np.array([f"{i:02}" for i in range(50)]), np.asarray)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)
