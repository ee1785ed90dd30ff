"""The file of a detector: everything that is wrong with one is found when it is loaded."""

import json
import os
import socket
import time

import numpy as np
import pytest
import torch

from landmarks.adapters.perceptron import PerceptronFit
from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.geometry import GivenBoxCrop
from landmarks.inference.detector import Detector
from landmarks.inference.reliability import Reliability
from landmarks.scheme import IBUG68
from tests.inference.broken_detectors import mutation, opened, rewritten
from tests.small import small_architecture

BOX = (20, 15, 75, 80)


@pytest.fixture(scope="module")
def image():
    return read_toy(count=1, domain="stand_in", seed=3).faces[0].image.read()


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """The file of a detector with an adapter and reliability."""
    points = read_toy(count=6, domain="stand_in", seed=2).landmarks
    seen = np.ones(points.shape[:2], bool)
    adapter = PerceptronFit(steps=3, hidden=8)(points, points[::-1].copy(), seen, IBUG68, 0)
    architecture = small_architecture()
    path = tmp_path_factory.mktemp("detector") / "detector.safetensors"
    Detector(
        network=architecture.start(68, seed=0).eval(),
        architecture=architecture,
        crop=GivenBoxCrop(1.3),
        adapter=adapter,
        reliability=Reliability(channels=16, num_landmarks=68),
    ).save(path)
    return path.read_bytes()


@pytest.fixture
def load(tmp_path):
    """Load a detector from the bytes of its file."""

    def load(content):
        (tmp_path / "d.safetensors").write_bytes(content)
        return Detector.load(tmp_path / "d.safetensors")

    return load


@pytest.fixture
def no_connection(monkeypatch):
    """Every attempt to connect to a server fails the test."""

    def refuse(*_):
        pytest.fail("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def set_metadata(**values):
    return lambda metadata, _: metadata.update(values)


def set_argument(part, **values):
    def change(metadata, _):
        metadata[part] = json.dumps({**json.loads(metadata[part]), **values})

    return change


def set_value(name, value, index=0):
    return lambda _, tensors: tensors[name].view(-1).__setitem__(index, value)


def set_tensor(name, change):
    return lambda _, tensors: tensors.__setitem__(name, change(tensors[name]))


def heatmap_net(backbone):
    text = json.dumps({"_target_": "HeatmapNet", "_partial_": True, "backbone": backbone})
    return set_metadata(network=text)


WEIGHT, REFERENCE, JUDGE = "network.head.weight", "adapter.reference", "reliability.weight"

FAULTS = [
    (lambda m, _: m.pop("format"), "no format version in its metadata.*run its training again"),
    (set_metadata(format="2"), r"format version 2, written by .*update it: pip install -U"),
    (set_metadata(format="0"), "unknown format version '0'; expected 1"),
    (set_metadata(format="one"), "unknown format version 'one'"),
    (lambda m, _: m.pop("crop"), "no 'crop' in its metadata"),
    (set_metadata(scheme="mine"), "landmarks of scheme 'mine'; known are .*ibug68"),
    (heatmap_net("hf-hub:timm/resnet18.a1_in1k"), "backbone 'hf-hub:.*' is unknown to timm"),
    (heatmap_net("hf_hub:timm/resnet18"), "backbone 'hf_hub:.*' is unknown to timm"),
    (heatmap_net("local-dir:/etc"), "backbone 'local-dir:/etc' is unknown to timm"),
    (heatmap_net("https://host/resnet18"), "is unknown to timm"),
    (heatmap_net("resnet18.bogus"), r"Invalid pretrained tag \(bogus\)"),
    (heatmap_net("resnet18"), "the tensors do not fit the network"),
    (heatmap_net(["resnet18"]), r"backbone \['resnet18'\] is unknown"),
    (set_argument("network", _target_="os.system"), "'os.system' is of another package"),
    (set_argument("network", _target_="System"), "network: 'System' is unknown .* knows Coord"),
    (set_argument("network", _target_="ResidualBlock"), "network: 'ResidualBlock' is unknown"),
    (set_argument("network", _target_="LandmarkCrop"), "network: 'LandmarkCrop' is unknown"),
    (set_argument("network", _target_=7), "network: .* is not the record of a class"),
    (set_argument("network", wide=7), "UNet: got an unexpected keyword argument 'wide'"),
    (set_argument("network", _args_=[68]), "UNet: got an unexpected keyword argument '_args_'"),
    (set_argument("network", widths=[8, 16, 16, 16, 24]), "the tensors .*older .*training again"),
    (set_argument("network", widths=[10**9] * 5), "network: |the tensors do not fit"),
    (set_argument("network", widths=[10**400, 8]), "network: cannot be built"),
    (set_argument("crop", _target_="Square"), "crop: 'Square' is unknown .* GivenBoxCrop, Landm"),
    (set_argument("crop", _target_="CropRule"), "crop: 'CropRule' is unknown"),
    (set_argument("crop", scale=True), "crop scale is True; it must be a number from 0.5 to 4"),
    (set_argument("crop", scale=[1.3]), r"crop scale is \[1.3\]"),
    (set_argument("crop", angle=3), "unexpected keyword argument 'angle'"),
    (set_argument("codec", stride=8), "UNet has stride 4, the codec 8"),
    (set_argument("codec", sigma="1"), "sigma is '1'"),
    (set_argument("codec", _target_="HeatmapCodec"), "loss CrossEntropySoftArgmax needs a Distr"),
    (set_argument("codec", _target_="CoordinateCodec"), "codec: CoordinateCodec: .*unexpected key"),
    (set_metadata(codec='{"_target_": "CoordinateCodec", "size": 64}'), "UNet outputs heatmaps"),
    (set_argument("loss", distance=None), "loss distance is None"),
    (set_metadata(loss='{"_target_": "CrossEntropySoftArgmax", "distance": 1e999}'), "not a fin"),
    (set_metadata(loss='{"_target_": "CrossEntropySoftArgmax", "distance": NaN}'), "NaN is not"),
    (set_metadata(input_size="1000000000"), "input_size is 1000000000; .* up to 1024 pixels"),
    (set_metadata(input_size='"64"'), "input_size is '64'"),
    (set_metadata(crop="[" * 100_000), "crop: not valid JSON"),
    (set_metadata(crop="9" * 5_000), "crop: not valid JSON"),
    (set_metadata(crop="null"), "crop: None is not the record of a class"),
    (set_tensor(JUDGE, lambda t: t[:, :-1].clone()), "do not fit .*'reliability.weight' first"),
    (lambda _, tensors: tensors.pop("reliability.bias"), "'reliability.bias' first"),
    (set_value(JUDGE, float("nan")), f"tensor '{JUDGE}' has values that are NaN"),
    (set_value(WEIGHT, float("nan")), f"tensor '{WEIGHT}' has values that are NaN or infinite"),
    (set_value(WEIGHT, float("-inf")), f"tensor '{WEIGHT}' has values that are NaN or infinite"),
    (set_value("network.stem.1.running_var", -1.0), "running_var' has negative variances"),
    (set_value("network.scale.deviation", 0.0), "its output is not finite; train it again"),
    (set_tensor(WEIGHT, lambda t: t.double()), "is of type torch.float64; expected torch.float32"),
    (set_tensor(WEIGHT, lambda t: t[:5].clone()), f"do not fit the network: 1 .*'{WEIGHT}' first"),
    (lambda _, t: t.pop(WEIGHT), f"do not fit the network: 1 .*'{WEIGHT}' first"),
    (lambda _, t: t.update(extra=torch.ones(1)), "do not fit the network: 1 .*'extra' first"),
    (set_value(REFERENCE, float("nan")), "adapter: 'reference' has values that are NaN"),
    (set_tensor(REFERENCE, lambda t: t * 2), "adapter: 'reference' is of size 2; expected 1"),
    (set_tensor(REFERENCE, lambda t: t[:5].clone()), "adapter: 'reference' is .*of another shape"),
    (set_tensor(REFERENCE, lambda t: t.float()), "adapter: 'reference' is .*of another shape"),
    (set_value("adapter.order", 68), "adapter: 'order' is not the mirror order of scheme 'ibug68'"),
    (set_tensor("adapter.order", lambda t: t.flip(0)), "adapter: 'order' is not the mirror order"),
    (lambda _, t: t.pop("adapter.correction.2.bias"), "adapter: 'correction.2.bias' is missing"),
    (set_tensor("adapter.correction.0.weight", lambda t: t[:, :0].clone()), "adapter: 'correction"),
    (set_tensor("adapter.correction.0.weight", lambda t: t[0, 0].clone()), "adapter: 'correction"),
    (set_value("adapter.correction.0.bias", 1e308), "its output is not finite"),
]  # fmt: skip


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize(("change", "message"), FAULTS)
def test_a_fault_is_found_by_load_and_named_in_one_line(content, load, change, message):
    metadata, tensors = opened(content)
    change(metadata, tensors)
    with pytest.raises(InputError, match=message) as refusal:
        load(rewritten(metadata, tensors))
    assert len(str(refusal.value).splitlines()) == 1


def test_one_changed_bit_of_a_weight_is_found(content, load):
    damaged = bytearray(content)
    damaged[-1000] ^= 1
    with pytest.raises(InputError, match="damaged: the content does not match its checksum"):
        load(bytes(damaged))


def test_a_crop_rule_edited_by_hand_is_found(content, load):
    edited = content.replace(b'\\"scale\\": 1.3', b'\\"scale\\": 1.2')
    assert edited != content
    with pytest.raises(InputError, match="damaged: the content does not match its checksum"):
        load(edited)


def test_what_is_not_a_detector_is_refused(content, load, tmp_path):
    with pytest.raises(InputError, match="no such file; give the detector"):
        Detector.load(tmp_path / "nothing.safetensors")
    with pytest.raises(InputError, match=r"detector\.safetensors: no such file"):
        Detector.load(tmp_path)
    with pytest.raises(InputError, match="no file can have this name"):
        Detector.load("a\0b")
    with pytest.raises(InputError, match="not a safetensors file"):
        load(b"not weights")
    with pytest.raises(InputError, match="no format version in its metadata"):
        load(rewritten({}, opened(content)[1]))


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "detector.safetensors")
    with pytest.raises(InputError, match="a pipe; expected a regular file"):
        Detector.load(tmp_path)


def test_classes_are_named_without_modules_and_pre_trained_weights_not_at_all(content):
    metadata, _ = opened(content)
    assert metadata["format"] == "1"
    assert json.loads(metadata["crop"]) == {"_target_": "GivenBoxCrop", "scale": 1.3}
    assert json.loads(metadata["network"])["_target_"] == "UNet"
    assert "landmarks." not in "".join(metadata.values())
    assert "initial" not in json.dumps(metadata)


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize("first", range(0, 120, 40))
def test_mutated_files_are_refused_or_predict_finite_landmarks(content, load, image, first):
    expected = load(content)(image, boxes=[BOX])[0].points
    messages = []
    for seed in range(first, first + 40):
        mutated = mutation(content, seed)
        begin = time.monotonic()
        try:
            found = load(mutated.content)(image, boxes=[BOX])[0].points
        except InputError as error:
            messages.append(str(error))
        else:
            assert np.isfinite(found).all(), (seed, mutated.what)
            if mutated.damaged:  # damage that is not noticed must not matter
                assert np.array_equal(found, expected), (seed, mutated.what)
        assert time.monotonic() - begin < 20, (seed, mutated.what)
    assert len(messages) > 20
    assert max(map(len, messages)) < 600
    assert "\n" not in "".join(messages)
