"""Predictions: values that are not finite are errors, and a diverged model is recognised."""

import numpy as np
import pytest

from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.inference.predictions import PREDICTIONS, Predictions, read_predictions
from landmarks.scheme import IBUG68


def arrays(count=4):
    target = np.random.default_rng(0).uniform(0, 100, (count, 68, 2)).astype(np.float32)
    return {
        "ids": np.array([f"face {i}" for i in range(count)]),
        "groups": np.array([f"photo {i}" for i in range(count)]),
        "subsets": np.full(count, "all"),
        "predicted": target + 1,
        "target": target,
        "visible": np.ones((count, 68), bool),
    }


@pytest.mark.parametrize("nowhere", [np.nan, np.inf, -np.inf])
def test_a_prediction_that_is_not_finite_is_refused_and_its_face_named(nowhere):
    parts = arrays()
    parts["predicted"][2, 5, 1] = nowhere
    parts["predicted"][3] = nowhere
    with pytest.raises(InputError, match=r"face 'face 2': landmark 5 .*\(2 of 4 faces"):
        Predictions(scheme=IBUG68, **parts)


def test_predictions_of_invisible_landmarks_may_be_anything():
    parts = arrays()
    parts["predicted"][2, 5] = np.nan
    parts["visible"][2, 5] = False
    known = np.delete(np.arange(68), 5)
    errors = Predictions(scheme=IBUG68, **parts).errors
    whole = Predictions(scheme=IBUG68, **arrays()).errors_of(tuple(known))
    np.testing.assert_allclose(errors[2], whole[2])


def test_stored_predictions_that_are_not_finite_are_refused_with_their_file(tmp_path):
    parts = arrays()
    parts["predicted"][0, 0] = np.nan
    np.savez(tmp_path / PREDICTIONS, **parts)
    with pytest.raises(InputError, match=r"predictions\.npz: face 'face 0': landmark 0"):
        read_predictions(tmp_path)


@pytest.mark.parametrize("part", ["predicted", "target", "visible"])
def test_stored_predictions_of_another_number_of_landmarks_are_refused(tmp_path, part):
    parts = arrays()
    np.savez(tmp_path / PREDICTIONS, **{**parts, part: parts[part][:, :60]})
    with pytest.raises(InputError, match=r"predictions\.npz: .* of shape \(4, 60"):
        read_predictions(tmp_path)


def predictions(predicted, parts):
    return Predictions(scheme=IBUG68, **{**parts, "predicted": predicted.astype(np.float32)})


def faces(count=20):
    """Drawn faces as the true landmarks of a test set."""
    target = read_toy(count=count, domain="stand_in", seed=4).landmarks
    return {**arrays(count), "target": target, "predicted": target}


def test_a_model_diverged_if_all_landmarks_in_one_point_are_no_worse():
    parts = faces()
    target = parts["target"]
    centroids = np.broadcast_to(target.mean(axis=1, keepdims=True), target.shape)
    assert not predictions(target + 3, parts).diverged
    assert not predictions((target + centroids) / 2, parts).diverged  # half the error of the limit
    assert predictions(centroids, parts).diverged
    assert predictions(np.roll(target, 34, axis=1) + 200, parts).diverged


def test_a_few_faces_that_are_predicted_light_years_away_are_enough():
    parts = faces()
    predicted = parts["target"].copy()
    predicted[3] += 4.7e6  # the mean NME is millions of per cent
    assert predictions(predicted, parts).diverged


def test_the_mean_face_in_the_middle_of_the_crop_has_not_diverged():
    """It is what a model predicts that was trained for a few steps."""
    parts = faces()
    low, high = (f(parts["target"], axis=1, keepdims=True) for f in (np.min, np.max))
    middle, side = (low + high) / 2, (high - low).max(axis=2, keepdims=True)
    mean_face = ((parts["target"] - middle) / side).mean(axis=0)
    assert not predictions(mean_face * side + middle, parts).diverged


def test_only_visible_landmarks_decide_whether_a_model_diverged():
    parts = faces()
    visible = np.ones(parts["visible"].shape, bool)
    visible[:, :17] = False
    predicted = parts["target"].copy()
    predicted[:, :17] += 1e6
    parts["target"][:, :17] = np.nan
    assert not predictions(predicted, {**parts, "visible": visible}).diverged
