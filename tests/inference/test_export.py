"""Exported detectors give the numbers of `Detector`, without landmarks."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from landmarks.adapters.adapter import Adapter
from landmarks.cli.export import main
from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.geometry import LandmarkCrop, mirror_order
from landmarks.inference.detector import Detector
from landmarks.inference.export.program import photo_program
from landmarks.inference.export.quantise import quantise
from landmarks.inference.export.sampling import FaceCrops
from landmarks.inference.region import cut
from landmarks.inference.reliability import Reliability
from landmarks.scheme import IBUG68
from tests.small import small_architecture

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def boxed(face):
    """The image of a face and its tight box."""
    return face.image.read(), (*face.landmarks.min(axis=0), *face.landmarks.max(axis=0))


@pytest.fixture(scope="module")
def detector():
    """With an adapter that moves landmarks, and with reliability."""
    torch.manual_seed(0)
    architecture = small_architecture()
    network = architecture.build(68)
    reference = torch.from_numpy(read_toy(count=1, domain="stand_in").faces[0].landmarks).double()
    reference = reference - reference.mean(dim=0)
    reference = reference / (reference**2).sum(dim=-1).mean().sqrt()
    adapter = Adapter(reference, torch.from_numpy(mirror_order(IBUG68)), 0).double()
    reliability = Reliability(network.head.in_channels, 68)
    with torch.no_grad():
        network.head.weight.mul_(20)  # peaks, instead of flat maps
        adapter.correction.weight.normal_(std=0.02)
        for values in reliability.parameters():
            values.normal_(std=0.02)
    return Detector(
        network=network,
        architecture=architecture,
        crop=LandmarkCrop(1.35),
        adapter=adapter,
        reliability=reliability.eval(),
        device="cpu",
    )


@pytest.fixture(scope="module")
def exported(detector, tmp_path_factory):
    """Both forms in ONNX, written by the command."""
    folder = tmp_path_factory.mktemp("exported")
    detector.save(folder / "detector.safetensors")
    for name, options in (("photo.onnx", []), ("crops.onnx", ["--crops"])):
        arguments = [str(folder / "detector.safetensors"), "--out", str(folder / name), *options]
        assert main(arguments) == 0
    return folder


def test_onnx_gives_the_landmarks_of_the_detector_for_small_and_large_photos(detector, exported):
    session = onnxruntime.InferenceSession(exported / "photo.onnx")
    for size in (64, 160, 400):
        for face in read_toy(count=2, domain="stand_in", size=size).faces:
            image, box = boxed(face)
            boxes = np.array([box, np.round(box), np.multiply(box, 0.9)], np.float32)
            points, error, confidence, visible = session.run(None, {"image": image, "boxes": boxes})
            expected = detector(image, [tuple(map(float, one)) for one in boxes])
            for i, one in enumerate(expected):
                scale = max(1, size / 160)
                np.testing.assert_allclose(points[i], one.points, atol=0.01 * scale)
                np.testing.assert_allclose(error[i], one.error, rtol=0.01)
                np.testing.assert_allclose(confidence[i], one.confidence, atol=0.002)
                np.testing.assert_allclose(visible[i], one.visible, atol=0.002)


@pytest.mark.parametrize("side", [20, 63, 128, 200, 300])
def test_the_graph_cuts_out_the_pixels_that_opencv_cuts_out(side):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 23, 3)).astype(np.uint8)
    image = np.ascontiguousarray(pixels.repeat(16, axis=0).repeat(16, axis=1))
    for x, y in ((100.25, 60.5), (-20, 30), (250, 150)):
        box = (float(x), float(y), float(x + side), float(y + 0.9 * side))
        square = LandmarkCrop(1.35).square(np.reshape(box, (2, 2)).astype(np.float32), box)
        expected = cut(image, square, 64)
        crops, *_ = FaceCrops(64, 1.35)(torch.from_numpy(image), torch.tensor([box]))
        difference = np.abs(crops[0].numpy() - expected)
        assert difference.max() <= 1
        assert difference.mean() < 0.05


def test_the_form_for_crops_gives_the_same_in_pixels_of_the_crop(detector, exported):
    image, box = boxed(read_toy(count=1, domain="stand_in").faces[0])
    square = detector.crop.square(np.reshape(box, (2, 2)), box)
    crop = cut(image, square, 64)[None].astype(np.float32)
    session = onnxruntime.InferenceSession(exported / "crops.onnx")
    points, error, *_ = session.run(None, {"crops": crop})
    (expected,) = detector(image, [box])
    factor = square.side / 64
    corner = np.array([square.x, square.y]) - square.side / 2
    np.testing.assert_allclose(corner + (points[0] + 0.5) * factor, expected.points, atol=1e-3)
    np.testing.assert_allclose(error[0] * factor, expected.error, rtol=1e-4)


def test_the_file_says_what_it_takes_and_what_its_landmarks_are(exported):
    about = onnxruntime.InferenceSession(exported / "photo.onnx").get_modelmeta()
    assert about.custom_metadata_map["scheme"] == "ibug68"
    assert "RGB" in about.custom_metadata_map["image"]
    assert "brows to chin" in about.custom_metadata_map["boxes"]
    assert {"landmarks", "points", "visible"} <= set(about.custom_metadata_map)


def test_the_example_of_the_documentation_runs_without_torch_and_landmarks(
    detector, exported, tmp_path
):
    page = (Path(__file__).parents[2] / "docs/export.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert example.count("\n") <= 12  # ten lines and a blank one
    (tmp_path / "detector.onnx").write_bytes((exported / "photo.onnx").read_bytes())
    image = read_toy(count=1, domain="stand_in").faces[0].image.read()
    Image.fromarray(image).save(tmp_path / "face.png")
    blocked = "import sys; sys.modules['torch'] = sys.modules['landmarks'] = None\n"
    printed = subprocess.run(
        [sys.executable, "-c", blocked + example], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    (expected,) = detector(image, [(30, 40, 120, 130)])
    points = [[float(x) for x in line.split()] for line in printed.decode().splitlines()]
    np.testing.assert_allclose(points, expected.points, atol=0.02)


def test_torch_reads_what_it_exported_and_agrees_with_onnx(exported, tmp_path):
    out = tmp_path / "detector.pt2"
    detector_file = str(exported / "detector.safetensors")
    assert main([detector_file, "--format", "torch", "--crops", "--out", str(out)]) == 0
    about = {"metadata.json": ""}
    program = torch.export.load(out, extra_files=about)
    crop = np.zeros((1, 64, 64, 3), np.float32)
    crop[:, 20:40, 10:50] = 200
    points, *_ = program.module()(torch.from_numpy(crop))
    session = onnxruntime.InferenceSession(exported / "crops.onnx")
    np.testing.assert_allclose(
        points.detach(), session.run(["points"], {"crops": crop})[0], atol=1e-3
    )
    assert json.loads(about["metadata.json"])["scheme"] == "ibug68"


def test_an_existing_file_is_not_overwritten(exported, capsys):
    out = exported / "photo.onnx"
    before = out.read_bytes()
    assert main([str(exported / "detector.safetensors"), "--out", str(out)]) == 2
    assert "exists; name another file" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_a_missing_extra_is_named(exported, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    out = tmp_path / "detector.onnx"
    assert main([str(exported / "detector.safetensors"), "--out", str(out)]) == 2
    assert "needs onnxscript; install it with: pip install 'landmarks[export]'" in (
        capsys.readouterr().err
    )
    assert not out.exists()


def test_a_network_in_eight_bits_is_small_and_finds_almost_the_same(exported):
    path = exported / "int8.onnx"
    path.write_bytes((exported / "photo.onnx").read_bytes())
    quantise(path, read_toy(count=50, domain="stand_in"))
    assert path.stat().st_size < 0.8 * (exported / "photo.onnx").stat().st_size
    image, box = boxed(read_toy(count=1, domain="stand_in", seed=1).faces[0])
    points, small = (
        onnxruntime.InferenceSession(exported / name).run(
            ["points"], {"image": image, "boxes": np.array([box], np.float32)}
        )[0]
        for name in ("photo.onnx", "int8.onnx")
    )
    distances = np.linalg.norm(points - small, axis=-1)
    assert 0 < distances.mean() < 3  # pixels of a face of 100


def test_eight_bits_need_faces_and_the_form_for_photos(exported, tmp_path, capsys):
    detector_file = str(exported / "detector.safetensors")
    face = read_toy(count=1, domain="synthetic").faces[0]
    Image.fromarray(face.image.read()).save(tmp_path / "000000.png")
    (tmp_path / "000000_ldmks.txt").write_text(
        "\n".join(f"{x} {y}" for x, y in [*face.landmarks, (0, 0), (0, 0)])
    )
    out = tmp_path / "out.onnx"
    assert main([detector_file, "--int8", str(tmp_path), "--out", str(out)]) == 2
    assert "1 faces in" in capsys.readouterr().err
    assert not out.exists()
    assert main([detector_file, "--crops", "--int8", str(tmp_path)]) == 2
    assert "--int8 is for the form for photos in ONNX" in capsys.readouterr().err


def test_a_crop_rule_of_another_package_is_refused(detector):
    class Whole:
        box_source = "given"

        def square(self, landmarks, box):
            raise NotImplementedError

    with pytest.raises(InputError, match=r"crop rule Whole cannot be exported.*--crops"):
        photo_program(replace(detector, crop=Whole()))
