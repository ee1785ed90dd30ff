"""Records: readable, restorable, and blind to nothing."""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import landmarks
from landmarks.errors import InputError
from landmarks.geometry import LandmarkCrop
from landmarks.heatmap import DistributionCodec
from landmarks.losses import CrossEntropySoftArgmax
from landmarks.models.architecture import Architecture
from landmarks.models.unet import UNet
from landmarks.storage.serialization import NO_PART_OF_A_RESULT, fingerprint, record, restore


def architecture(width=8):
    return Architecture(
        network=partial(UNet, widths=[width, 8, 8, 8, 8]),
        input_size=64,
        codec=DistributionCodec(),
        loss=CrossEntropySoftArgmax(),
    )


def test_a_record_has_the_shape_of_its_yaml():
    assert record(architecture())["network"] == {
        "_target_": "landmarks.models.unet.UNet",
        "_partial_": True,
        "widths": [8, 8, 8, 8, 8],
    }
    assert record(LandmarkCrop(1.35)) == {
        "_target_": "landmarks.geometry.LandmarkCrop",
        "scale": 1.35,
    }


def test_restored_it_is_the_same_value():
    restored = restore(record(architecture()))
    assert record(restored) == record(architecture())
    assert restored.codec == DistributionCodec()


def test_any_change_changes_the_fingerprint():
    assert fingerprint(architecture()) == fingerprint(architecture())
    assert fingerprint(architecture()) != fingerprint(architecture(width=16))
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint([1, 2]) != fingerprint([2, 1])


@pytest.mark.parametrize("target", ["os.system", "landmarks.training.device.Machine", "x"])
def test_nothing_outside_the_project_is_restored(target):
    with pytest.raises(InputError, match="only models, codecs, losses"):
        restore({"_target_": target, "command": "true"})


@pytest.mark.parametrize("target", ["landmarks.geometry.warp", "landmarks.models.unet.Tensor"])
def test_only_values_and_networks_are_restored(target):
    with pytest.raises(InputError, match="neither a value nor a network"):
        restore({"_target_": target})


def test_what_this_version_does_not_know_is_said():
    with pytest.raises(InputError, match="which this version of landmarks cannot make"):
        restore({"_target_": "landmarks.geometry.LandmarkCrop", "shape": "round"})


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (replace(architecture(), loss=CrossEntropySoftArgmax(distance=math.inf)), r"\w+\.distance"),
        (partial(UNet, widths=[8, -math.inf]), "widths"),
        ({"rate": math.inf}, "rate"),
        (math.nan, "a setting"),
    ],
)
def test_a_number_that_is_none_is_refused_by_name(value, name):
    with pytest.raises(InputError, match=f"^{name} is -?(nan|inf); it must be a finite number"):
        record(value)


def test_a_value_that_cannot_be_recorded_is_refused():
    with pytest.raises(TypeError, match="cannot be recorded"):
        record(object())


def test_what_is_no_part_of_a_result_is_there():
    package = Path(landmarks.__file__).parent
    assert not [name for name in NO_PART_OF_A_RESULT if not (package / name).exists()]
