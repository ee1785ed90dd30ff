"""The weights inside the package."""

import numpy as np
import pytest

from landmarks import Detector
from landmarks.data.toy import read_toy
from landmarks.data.w300 import read_w300
from landmarks.inference.detector import BUNDLED
from landmarks.inference.face import tight_box
from landmarks.metrics import nme, point_errors
from landmarks.scheme import IBUG68
from landmarks.scheme.units import interocular


@pytest.fixture(scope="module")
def detector():
    return Detector.load()


def test_the_file_is_small_enough_for_a_package():
    assert BUNDLED.stat().st_size < 12e6


def test_it_says_how_far_each_landmark_can_be_trusted(detector):
    face = read_toy(count=1, domain="stand_in").faces[0]
    (found,) = detector(face.image.read(), boxes=[tight_box(face.landmarks)])
    assert ((found.error > 0) & (found.confidence > 0) & (found.visible > 0)).all()


def test_a_mirrored_photo_has_mirrored_landmarks(detector):
    face = read_toy(count=1, domain="stand_in").faces[0]
    image = face.image.read()
    x0, y0, x1, y1 = tight_box(face.landmarks)
    last = image.shape[1] - 1
    (found,) = detector(image, boxes=[(x0, y0, x1, y1)])
    (mirrored,) = detector(
        np.ascontiguousarray(image[:, ::-1]), boxes=[(last - x1, y0, last - x0, y1)]
    )
    expected = found.points[list(IBUG68.mirror)] * [-1, 1] + [last, 0]
    np.testing.assert_allclose(mirrored.points, expected, atol=0.05)


def test_its_error_on_photos_is_what_the_model_card_says(detector, shared_data):
    faces = read_w300(shared_data / "300w", folders=["afw"]).faces[:60]
    points = np.stack(
        [detector(f.image.read(), boxes=[tight_box(f.landmarks)])[0].points for f in faces]
    )
    target = np.stack([face.landmarks for face in faces])
    seen = np.ones(target.shape[:2], bool)
    unit = interocular(target, seen, IBUG68)
    errors = nme(point_errors(points, target, seen), unit, tuple(range(68)))
    assert 100 * errors.mean() < 5.8  # 5.2 of all 337 faces
