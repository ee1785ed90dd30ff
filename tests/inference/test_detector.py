"""Detectors: one file, the same predictions after loading, and no invalid image or box."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from landmarks.adapters.ridge import RidgeFit
from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.geometry import LandmarkCrop
from landmarks.inference.detector import Detector
from landmarks.scheme import IBUG68
from tests.small import Unnormalised, small_architecture, unnormalised_architecture


def detector(architecture, crops, adapted):
    adapter = None
    if adapted:
        target = crops.landmarks + np.float32([3, 0])
        adapter = RidgeFit()(crops.landmarks, target, crops.visible, IBUG68, 0)
    network = architecture.start(68, seed=0).eval()
    return Detector(
        network=network, architecture=architecture, crop=LandmarkCrop(1.35), adapter=adapter
    )


@pytest.mark.parametrize("adapted", [False, True])
def test_a_loaded_detector_predicts_the_same_landmarks(architecture, toy_crops, tmp_path, adapted):
    original = detector(architecture, toy_crops, adapted)
    original.save(tmp_path / "detector.safetensors")
    for path in (str(tmp_path / "detector.safetensors"), tmp_path):
        loaded = Detector.load(path)
        np.testing.assert_array_equal(loaded.on_crops(toy_crops), original.on_crops(toy_crops))
        assert loaded.crop == original.crop
        assert (loaded.adapter is not None) == adapted


def test_a_network_of_another_package_is_loaded_if_its_class_is_given(toy_crops, tmp_path):
    architecture, path = unnormalised_architecture(), tmp_path / "detector.safetensors"
    network = architecture.start(68, seed=0).eval()
    detector = Detector(network=network, architecture=architecture, crop=LandmarkCrop(1.35))
    detector.save(path)
    for given in ((), [nn.Conv2d], [small_architecture]):
        with pytest.raises(InputError, match=r"'tests\.small\.Unnormalised' is of another package"):
            Detector.load(path, given)
    loaded = Detector.load(path, classes=[Unnormalised])
    np.testing.assert_array_equal(loaded.on_crops(toy_crops), detector.on_crops(toy_crops))


def test_a_photo_and_its_stored_crop_give_the_same_landmarks(architecture, toy_crops):
    found = detector(architecture, toy_crops, True)
    face = read_toy(count=40, domain="stand_in", seed=5).faces[7]
    (x0, y0), (x1, y1) = face.landmarks.min(0), face.landmarks.max(0)
    from_image = found(face.image.read(), boxes=[(x0, y0, x1, y1)])[0].points
    index = toy_crops.ids.tolist().index(face.id)
    assert np.abs(from_image - found.on_crops(toy_crops)[index]).max() < 0.05


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((50, 10, 20, 60), r"box is .* x0 < x1"),
        ((20, 10, 50, 10), r"box is .* x0 < x1"),
        ((20, 10, math.nan, 60), r"box is .* finite pixels"),
        ((-math.inf, 10, 50, 60), r"box is .* finite pixels"),
        ((20, 10, 50), r"it must be \(x0, y0, x1, y1\)"),
        ((0.1, 0.2, 0.8, 0.9), "box of 0.7 x 0.7 pixels; .* not in fractions of the image"),
        ((0, 0, 1, 1), "box of 1 x 1 pixels; .* not in fractions"),
        ((-60, 10, -1, 60), r"\(-60, 10\) to \(-1, 60\) is outside the image of 90 x 80 pixels"),
        ((20, 80, 50, 120), "outside the image of 90 x 80"),
        ((-1e200, -1e200, 1e200, 1e200), "box of 2e.200 x 2e.200 pixels, in an image of 90 x 80"),
    ],
)
def test_a_box_that_cannot_contain_a_face_is_refused(architecture, toy_crops, box, message):
    image = np.zeros((80, 90, 3), np.uint8)
    with pytest.raises(InputError, match=message):
        detector(architecture, toy_crops, False)(image, boxes=[box])


@pytest.mark.parametrize("box", [(-20, -20, 40, 40), (60, 50, 300, 300), (0, 0, 89, 79)])
def test_a_face_may_be_partly_outside_the_image(architecture, toy_crops, box):
    image = np.zeros((80, 90, 3), np.uint8)
    assert detector(architecture, toy_crops, False)(image, boxes=[box])[0].points.shape == (68, 2)


@pytest.mark.parametrize(
    ("image", "given"),
    [
        (np.zeros((90, 90, 3), np.float32), r"\(90, 90, 3\) float32"),
        (np.zeros((90, 90), np.uint8), r"\(90, 90\) uint8"),
        (np.zeros((90, 90, 4), np.uint8), r"\(90, 90, 4\) uint8"),
        (np.zeros((0, 90, 3), np.uint8), r"\(0, 90, 3\) uint8"),
    ],
)
def test_an_image_of_another_type_or_shape_is_refused(architecture, toy_crops, image, given):
    with pytest.raises(InputError, match=f"image is {given}; it must be"):
        detector(architecture, toy_crops, False)(image, boxes=[(20, 10, 50, 60)])


def test_output_that_is_not_finite_is_an_error_and_not_a_landmark(architecture, toy_crops):
    broken = detector(architecture, toy_crops, False)
    with torch.no_grad():
        broken.network.head.bias[3] = math.inf
    with pytest.raises(InputError, match="the network's output is not finite"):
        broken(np.zeros((90, 90, 3), np.uint8), boxes=[(20, 10, 50, 60)])
    with pytest.raises(InputError, match="the network's output is not finite"):
        broken.on_crops(toy_crops)


def test_an_adapter_whose_output_is_not_finite_is_an_error(architecture, toy_crops):
    broken = detector(architecture, toy_crops, True)
    assert isinstance(broken.adapter.correction, nn.Linear)
    with torch.no_grad():
        broken.adapter.correction.bias[3] = math.inf
    with pytest.raises(InputError, match="the adapter's output is not finite"):
        broken.on_crops(toy_crops)
