"""What checks look at: datasets, images, and predictions on a sample."""

import numpy as np
import pytest

from landmarks.audit.finding import Price
from landmarks.audit.material import Material
from landmarks.data.toy import read_toy
from landmarks.errors import InputError


@pytest.fixture(scope="module")
def toy():
    return read_toy(domain="stand_in", count=12, seed=0, size=96)


def test_predictions_are_of_a_fixed_sample_in_the_boxes_of_the_labels(toy):
    material = Material(sets={"real": toy}, sample=5, device="cpu")
    predicted = material.predictions("real")
    assert predicted.points.shape == (5, 68, 2)
    assert predicted.points.dtype == np.float32
    assert predicted.faces.tolist() == material.drawn("real").tolist()
    assert (predicted.labels == toy.landmarks[predicted.faces]).all()
    assert predicted.errors.mean() < 0.3  # 0.59 with all landmarks in one point
    assert material.predictions("real") is predicted


def test_faces_are_drawn_from_the_whole_dataset_and_the_same_each_time(toy):
    first = Material(sets={"real": toy}, sample=6).drawn("real")
    assert first.tolist() == Material(sets={"real": toy}, sample=6).drawn("real").tolist()
    assert first.max() > 5
    assert (np.diff(first) > 0).all()


def test_a_sample_larger_than_the_dataset_is_all_of_it(toy):
    assert Material(sets={"real": toy}).drawn("real").tolist() == list(range(12))


def test_an_unknown_role_or_sample_is_refused(toy):
    with pytest.raises(InputError, match="'validation': must be one of real, synthetic, test"):
        Material(sets={"validation": toy})
    with pytest.raises(InputError, match="sample is 0"):
        Material(sets={"real": toy}, sample=0)


def test_a_price_outside_its_interval_is_refused():
    assert str(Price(nme=0.0043, low=0.004, high=0.0047)) == "+0.43 % [+0.40, +0.47]"
    assert str(Price(nme=-0.00001, low=-0.00002, high=0)) == "+0.00 % [+0.00, +0.00]"
    with pytest.raises(ValueError, match="outside its interval"):
        Price(nme=0.1, low=0.2, high=0.3)
