"""Predictions: what was found nowhere is no error of 0, and no landmark that is not seen."""

import numpy as np
import pytest

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
def test_a_landmark_that_was_predicted_nowhere_is_refused_and_its_face_named(nowhere):
    parts = arrays()
    parts["predicted"][2, 5, 1] = nowhere
    parts["predicted"][3] = nowhere
    with pytest.raises(InputError, match=r"face 'face 2': landmark 5 .*\(2 of 4 faces"):
        Predictions(scheme=IBUG68, **parts)


def test_where_nothing_counts_a_prediction_may_be_anything():
    parts = arrays()
    parts["predicted"][2, 5] = np.nan
    parts["visible"][2, 5] = False
    known = np.delete(np.arange(68), 5)
    errors = Predictions(scheme=IBUG68, **parts).errors
    whole = Predictions(scheme=IBUG68, **arrays()).errors_of(tuple(known))
    np.testing.assert_allclose(errors[2], whole[2])


def test_stored_predictions_that_are_no_numbers_are_refused_with_their_file(tmp_path):
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
