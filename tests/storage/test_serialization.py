"""Records: readable, and every change of a setting changes its fingerprint."""

import importlib
import math
import pkgutil
from dataclasses import is_dataclass, replace
from functools import partial

import pytest
from torch import nn

import landmarks
from landmarks.errors import InputError
from landmarks.geometry import LandmarkCrop
from landmarks.heatmap import DistributionCodec
from landmarks.losses import CrossEntropySoftArgmax
from landmarks.models.architecture import Architecture
from landmarks.models.unet import UNet
from landmarks.storage.serialization import fingerprint, record, short_name

# The modules whose classes are parts of records and fingerprints.
RECORDED = (
    "landmarks.adapters",
    "landmarks.augmentation",
    "landmarks.experiment.steps",
    "landmarks.experiment.strategies",
    "landmarks.geometry",
    "landmarks.heatmap",
    "landmarks.losses",
    "landmarks.models",
    "landmarks.synthesis.recipe",
    "landmarks.training.labelling",
    "landmarks.training.schedule",
)


def architecture(width=8):
    return Architecture(
        network=partial(UNet, widths=[width, 8, 8, 8, 8]),
        input_size=64,
        codec=DistributionCodec(),
        loss=CrossEntropySoftArgmax(),
    )


def test_a_record_has_the_shape_of_its_yaml():
    assert record(architecture())["network"] == {
        "_target_": "UNet",
        "_partial_": True,
        "widths": [8, 8, 8, 8, 8],
    }
    assert record(LandmarkCrop(1.35)) == {
        "_target_": "LandmarkCrop",
        "scale": 1.35,
    }


def test_any_change_changes_the_fingerprint():
    assert fingerprint(architecture()) == fingerprint(architecture())
    assert fingerprint(architecture()) != fingerprint(architecture(width=16))
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint([1, 2]) != fingerprint([2, 1])


def test_classes_of_other_packages_are_recorded_with_their_module():
    assert record(partial(nn.Conv2d, 3))["_target_"] == "torch.nn.modules.conv.Conv2d"


def test_no_two_recorded_classes_share_a_short_name():
    found = {}
    for part in pkgutil.walk_packages(landmarks.__path__, "landmarks."):
        if not part.name.startswith(RECORDED):
            continue
        for value in vars(importlib.import_module(part.name)).values():
            own = isinstance(value, type) and value.__module__ == part.name
            if own and (is_dataclass(value) or issubclass(value, nn.Module)):
                found.setdefault(short_name(value), []).append(part.name)
    assert len(found) > 30
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (replace(architecture(), loss=CrossEntropySoftArgmax(distance=math.inf)), r"\w+\.distance"),
        (partial(UNet, widths=[8, -math.inf]), "widths"),
        ({"rate": math.inf}, "rate"),
        (math.nan, "a setting"),
    ],
)
def test_a_number_that_is_not_finite_is_refused_by_name(value, name):
    with pytest.raises(InputError, match=f"^{name} is -?(nan|inf); it must be a finite number"):
        record(value)


def test_a_value_that_cannot_be_recorded_is_refused():
    with pytest.raises(TypeError, match="cannot be recorded"):
        record(object())
