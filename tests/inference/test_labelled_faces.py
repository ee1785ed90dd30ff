"""Which found face the labels of a photo are of."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.inference.face import Face as FoundFace
from landmarks.inference.labelled_faces import detected_landmarks
from landmarks.scheme import IBUG68, load_scheme


class FakeDetector:
    """Finds the given faces in every photo."""

    scheme = IBUG68

    def __init__(self, *points):
        self.points = points

    def __call__(self, photo):
        return [FoundFace(box=(0.0, 0.0, 9.0, 9.0), points=points) for points in self.points]


@pytest.fixture
def faces():
    return read_toy(count=2, domain="stand_in")


def test_the_face_around_the_labels_is_chosen(faces):
    own = faces.faces[0].landmarks
    found, points = detected_landmarks(faces, FakeDetector(own + 500, own + 2, own - 500))
    assert found.tolist() == [0, 1]
    assert np.array_equal(points[0], own + 2)


def test_labels_outside_every_found_face_are_left_out(faces):
    found, points = detected_landmarks(faces, FakeDetector(faces.faces[0].landmarks + 500))
    assert len(found) == 0
    assert points.shape == (0, 68, 2)


def test_a_detector_of_other_landmarks_is_refused(faces):
    detector = FakeDetector(faces.faces[0].landmarks)
    detector.scheme = replace(load_scheme("five_points"))
    with pytest.raises(InputError, match="landmarks of the scheme five_points"):
        detected_landmarks(faces, detector)
