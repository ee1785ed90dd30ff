"""Reliability: calibrated on faces like those it was fitted on; hidden landmarks are noticed."""

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.geometry import LandmarkCrop
from landmarks.heatmap import CoordinateCodec
from landmarks.inference.detector import Detector
from landmarks.inference.face import tight_box
from landmarks.inference.reliability import TOLERANCE, evidence_at
from landmarks.inference.reliability_fit import fit_reliability, judged
from landmarks.losses import CoordinateMSE
from landmarks.models.architecture import Architecture
from landmarks.models.coordinate_net import CoordinateNet
from landmarks.scheme import IBUG68
from tests.small import small_architecture

K = IBUG68.num_landmarks
RULE = LandmarkCrop(1.35)
NOISE = 0.03


@dataclass(frozen=True)
class Blotted:
    """A picture with a black square over one of its landmarks."""

    image: object
    place: NDArray[np.float32]

    def shape(self):
        return self.image.shape()

    def read(self):
        pixels = self.image.read().copy()
        x, y = self.place.astype(int)
        pixels[max(0, y - 9) : y + 10, max(0, x - 9) : x + 10] = 0
        return pixels


@pytest.fixture(scope="module")
def faces():
    """220 drawn faces; in the odd ones landmark 30, the tip of the nose, is blotted out."""
    drawn = read_toy(count=220, domain="synthetic", seed=5, size=80)
    blotted = [
        replace(face, image=Blotted(face.image, face.landmarks[30])) if i % 2 else face
        for i, face in enumerate(drawn.faces)
    ]
    hidden = np.zeros((len(blotted), K), bool)
    hidden[1::2, 30] = True
    return replace(drawn, faces=tuple(blotted)), hidden


@pytest.fixture(scope="module")
def network():
    return small_architecture().start(K, seed=0).eval()


@pytest.fixture(scope="module")
def fitted(faces, network):
    return fit_reliability(network, small_architecture(), RULE, *faces, box_noise=NOISE)


@pytest.fixture(scope="module")
def said(faces, network, fitted):
    """What it says of the faces that it was fitted on, and their true errors."""
    evidence, error = judged(network, small_architecture(), RULE, faces[0], box_noise=NOISE)
    with torch.inference_mode():
        return fitted(evidence), error


def test_the_mean_expected_error_is_the_mean_error(said):
    trust, error = said
    # Of an exponential distribution fitted with a constant, the errors divided by their expected
    # values have mean 1.
    np.testing.assert_allclose((error / trust.error).mean(dim=0), 1, atol=0.01)


def test_the_mean_confidence_is_the_share_of_landmarks_within_the_tolerance(said):
    trust, error = said
    within = (error <= TOLERANCE).float().mean(dim=0)
    np.testing.assert_allclose(trust.confidence.mean(dim=0), within, atol=0.01)


def test_a_blotted_landmark_is_noticed_and_the_others_count_as_seen(said):
    trust, _ = said
    nose = trust.visible[:, 30]
    assert nose[1::2].mean() < 0.2
    assert nose[::2].mean() > 0.8
    assert trust.visible[:, :17].min() > 0.9


def test_evidence_is_read_at_the_landmark():
    # Features that say where they are: column and row of the map's pixel.
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(12.0), indexing="ij")
    features = torch.stack([columns, rows])[None]
    output = torch.zeros(1, 2, 8, 12)
    # Crop pixel 1.5 is the middle of the first pixel of a map with stride 4.
    landmarks = torch.tensor([[[1.5 + 4 * 7, 1.5 + 4 * 2.5], [-100.0, 500.0]]])
    evidence = evidence_at(landmarks, features, output, stride=4)
    np.testing.assert_allclose(evidence[0, 0, :2], [7, 2.5], atol=1e-5)
    np.testing.assert_allclose(evidence[0, 1, :2], [0, 7], atol=1e-5)  # the nearest border
    np.testing.assert_allclose(evidence[0, :, 3], np.log(96), atol=1e-5)


def test_too_few_faces_are_refused(faces, network):
    few = replace(faces[0], faces=faces[0].faces[:199])
    with pytest.raises(InputError, match=r"199 faces with 220 rows.*at least 200"):
        fit_reliability(network, small_architecture(), RULE, few, faces[1], box_noise=NOISE)


def test_a_network_without_heatmaps_is_refused(faces):
    architecture = Architecture(
        network=partial(CoordinateNet, backbone="resnet18"),
        input_size=64,
        codec=CoordinateCodec(size=64),
        loss=CoordinateMSE(),
    )
    network = architecture.start(K, seed=0)
    with pytest.raises(InputError, match="CoordinateNet has no features that a head sees"):
        fit_reliability(network, architecture, RULE, *faces, box_noise=NOISE)


@pytest.fixture
def detector(network, fitted):
    return Detector(
        network=network, architecture=small_architecture(), crop=RULE, reliability=fitted
    )


def test_a_detector_says_of_each_landmark_how_far_it_can_be_trusted(detector, faces):
    face = faces[0].faces[1]
    box = tight_box(face.landmarks)
    image = face.image.read()
    (small,) = detector(image, boxes=[box])
    (large,) = detector(
        cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST),
        boxes=[tuple(2 * x + 0.5 for x in box)],
    )
    assert small.visible[:17].min() > 0.8
    # The same crop, so nearly the same answer, in pixels that are half as large.
    np.testing.assert_allclose(large.confidence, small.confidence, atol=0.1)
    assert np.median(large.error / small.error) == pytest.approx(2, rel=0.05)


def test_reliability_is_kept_in_the_file(detector, faces, tmp_path):
    detector.save(tmp_path / "d.safetensors")
    face = faces[0].faces[0]
    loaded, own = (
        one(face.image.read(), boxes=[tight_box(face.landmarks)])[0]
        for one in (Detector.load(tmp_path / "d.safetensors"), detector)
    )
    for name in ("points", "error", "confidence", "visible"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(own, name))


def test_a_detector_without_reliability_says_nothing_about_it(network, faces):
    face = faces[0].faces[0]
    plain = Detector(network=network, architecture=small_architecture(), crop=RULE)
    (found,) = plain(face.image.read(), boxes=[tight_box(face.landmarks)])
    assert (found.error, found.confidence, found.visible) == (None, None, None)
