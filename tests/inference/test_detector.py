"""Detectors: one file, equal answers, and a refusal of what is not one."""

import math

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from landmarks.adapters.fitting import RidgeFit
from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.geometry import LandmarkCrop
from landmarks.inference.detector import Detector
from landmarks.scheme import IBUG68
from landmarks.training.device import Machine


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
def test_saved_and_loaded_it_answers_the_same(architecture, toy_crops, tmp_path, adapted):
    original = detector(architecture, toy_crops, adapted)
    original.save(tmp_path / "d.safetensors")
    loaded = Detector.load(str(tmp_path / "d.safetensors"))
    machine = Machine(device="cpu")
    np.testing.assert_array_equal(
        loaded.on_crops(toy_crops, machine), original.on_crops(toy_crops, machine)
    )
    assert loaded.crop == original.crop
    assert (loaded.adapter is not None) == adapted


def test_a_picture_and_its_stored_crop_give_the_same_landmarks(architecture, toy_crops):
    found = detector(architecture, toy_crops, True)
    face = read_toy(count=40, domain="stand_in", seed=5).faces[7]
    (x0, y0), (x1, y1) = face.landmarks.min(0), face.landmarks.max(0)
    machine = Machine(device="cpu")
    from_image = found.on_image(face.image.read(), (x0, y0, x1, y1), machine)
    index = toy_crops.ids.tolist().index(face.id)
    assert np.abs(from_image - found.on_crops(toy_crops, machine)[index]).max() < 0.05


def test_weights_that_do_not_fit_their_meaning_are_refused(architecture, toy_crops, tmp_path):
    path = tmp_path / "d.safetensors"
    detector(architecture, toy_crops, False).save(path)
    with safe_open(path, framework="pt") as file:
        meaning = file.metadata()
    for spoil in (
        lambda t: t.popitem(),
        lambda t: t.update(foreign=next(iter(t.values())).clone()),
    ):
        tensors = load_file(path)
        spoil(tensors)
        save_file(tensors, tmp_path / "spoiled.safetensors", meaning)
        with pytest.raises(InputError, match="weights and meaning do not fit"):
            Detector.load(tmp_path / "spoiled.safetensors")


@pytest.mark.parametrize(
    "box",
    [
        (50, 10, 20, 60),
        (20, 10, 50, 10),
        (20, 10, math.nan, 60),
        (-math.inf, 10, 50, 60),
        (20, 10, 50),
    ],
)
def test_a_box_that_holds_nothing_is_refused(architecture, toy_crops, box):
    image = np.zeros((90, 90, 3), np.uint8)
    with pytest.raises(InputError, match=r"box is .* x0 < x1"):
        detector(architecture, toy_crops, False).on_image(image, box)


@pytest.mark.parametrize(
    ("image", "given"),
    [
        (np.zeros((90, 90, 3), np.float32), r"\(90, 90, 3\) float32"),
        (np.zeros((90, 90), np.uint8), r"\(90, 90\) uint8"),
        (np.zeros((90, 90, 4), np.uint8), r"\(90, 90, 4\) uint8"),
        (np.zeros((0, 90, 3), np.uint8), r"\(0, 90, 3\) uint8"),
        ("face.jpg", "str"),
    ],
)
def test_a_picture_of_another_kind_is_refused(architecture, toy_crops, image, given):
    with pytest.raises(InputError, match=f"image is {given}; it must be"):
        detector(architecture, toy_crops, False).on_image(image, (20, 10, 50, 60))


def test_what_is_no_detector_is_refused(architecture, toy_crops, tmp_path):
    path = tmp_path / "d.safetensors"
    with pytest.raises(InputError, match="no such file"):
        Detector.load(path)
    with pytest.raises(InputError, match=r"detector\.safetensors: no such file"):
        Detector.load(tmp_path)
    path.write_bytes(b"not weights")
    with pytest.raises(InputError, match="not a safetensors file"):
        Detector.load(path)
    detector(architecture, toy_crops, False).save(path)
    tensors = load_file(path)
    save_file(tensors, path)
    with pytest.raises(InputError, match="weights without their meaning"):
        Detector.load(path)
    for meaning in ("{}", "no json", '{"_target_": "os.system"}'):
        save_file(tensors, path, {"scheme": "ibug68", "architecture": meaning, "crop": "{}"})
        with pytest.raises(InputError, match=r"do not fit|only models, codecs"):
            Detector.load(path)
    save_file(tensors, path, {"scheme": "wflw98", "architecture": "{}", "crop": "{}"})
    with pytest.raises(InputError, match="scheme 'wflw98'"):
        Detector.load(path)
