"""Boxes of several sources, and faces that are cut off, are found."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.audit.boxes import BoxCheck
from landmarks.audit.material import Material
from landmarks.data.toy import read_toy
from tests.audit.changed import changed


@pytest.fixture(scope="module")
def faces():
    return read_toy(domain="stand_in", count=60, seed=0, size=96)


def with_boxes(dataset, scale=1.2, right=0.0, down=0.0, seed=0, only=None):
    """Boxes with a jitter as of a face finder, on some faces; the others keep theirs."""
    rng, faces = np.random.default_rng(seed), list(dataset.faces)
    for i in range(len(faces)) if only is None else only:
        low, high = faces[i].landmarks.min(axis=0), faces[i].landmarks.max(axis=0)
        side = (high - low).max()
        x, y = (low + high) / 2 + side * (rng.normal(0, 0.03, 2) + np.array([right, down]))
        half = side * scale * np.exp(rng.normal(0, 0.04)) / 2
        faces[i] = replace(faces[i], box=(x - half, y - half, x + half, y + half))
    return replace(dataset, faces=tuple(faces))


def found(**sets):
    return BoxCheck()(Material(sets=sets))


def test_boxes_of_one_source_are_no_finding(faces):
    real, test_set = with_boxes(faces), with_boxes(faces, seed=1)
    assert found(real=real, test=test_set) == []
    assert found(real=faces, test=test_set) == []  # without boxes there is nothing to compare


@pytest.mark.parametrize("other", [{"scale": 1.5}, {"down": -0.15}, {"right": 0.12}])
def test_test_boxes_of_another_scale_or_place_are_found(faces, other):
    (finding,) = found(real=with_boxes(faces), test=with_boxes(faces, seed=1, **other))
    assert finding.data == "real and test"
    assert finding.fault == "boxes of another kind"
    assert "1.2" in finding.text


def test_boxes_of_two_sources_in_one_dataset_are_found(faces):
    mixed = with_boxes(with_boxes(faces), scale=1.7, seed=1, only=range(10))
    (finding,) = found(real=mixed)
    assert finding.fault == "boxes of two sources"
    assert sorted(finding.faces) == list(range(10))


def test_equal_boxes_are_one_source(faces):
    exact = replace(
        faces,
        faces=tuple(
            replace(f, box=(*(f.landmarks.min(axis=0) - 4), *(f.landmarks.max(axis=0) + 4)))
            for f in faces.faces
        ),
    )
    assert found(real=exact) == []


def test_faces_cut_off_by_the_edge_of_their_image_are_found(faces):
    def cut(image, landmarks):
        edge = round(landmarks[:, 0].min() + 0.3 * np.ptp(landmarks[:, 0]))
        return np.ascontiguousarray(image[:, edge:]), landmarks - [edge, 0]

    (finding,) = found(real=changed(faces, cut, [2, 5]))
    assert finding.fault == "faces cut off"
    assert set(finding.faces) == {2, 5}
    assert "2 of 60 faces" in finding.text
