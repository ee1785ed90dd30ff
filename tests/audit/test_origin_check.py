"""The check of the pixel origin: offsets that are constant in pixels, named by their size."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.audit.origin import SLIPS, OriginCheck
from tests.audit.faults import drawn_faces, predicted, relabelled


@pytest.mark.parametrize("slip", [-1.0, -0.5, 0.5, 1.0])
def test_a_slip_is_measured_and_named(slip: float) -> None:
    faces = drawn_faces()
    (finding,) = OriginCheck()(predicted(relabelled(faces, lambda p: p + slip), faces))
    assert finding.fault == SLIPS[slip]
    assert f"by {slip:g}" in finding.fix


def test_truncated_coordinates_are_told_from_a_half_pixel_slip() -> None:
    faces = drawn_faces()
    (finding,) = OriginCheck()(predicted(relabelled(faces, np.floor), faces))
    assert finding.fault == "coordinates truncated to whole numbers"


def test_another_convention_is_no_slip() -> None:
    faces = drawn_faces()
    right, left = faces.scheme.interocular

    def lower(points: np.ndarray) -> np.ndarray:
        down = points[8] - (points[right] + points[left]) / 2  # from the eyes to the chin
        return points + 0.05 * down

    assert OriginCheck()(predicted(relabelled(faces, lower), faces)) == []


def test_a_habit_of_annotators_on_photos_is_not_called_a_slip() -> None:
    faces = replace(drawn_faces(), rendered=False)
    right, left = faces.scheme.interocular

    def habit(points: np.ndarray) -> np.ndarray:
        return points + np.array([0.04 * (points[left, 0] - points[right, 0]), 0])

    (finding,) = OriginCheck()(predicted(relabelled(faces, habit), faces))
    assert finding.fault == "labels too far to the right"


def test_few_faces_are_not_judged() -> None:
    faces = drawn_faces(20)
    assert OriginCheck()(predicted(relabelled(faces, lambda p: p + 1), faces)) == []


def test_the_precision_that_the_faces_allow_is_reported() -> None:
    faces = drawn_faces()
    assert (
        OriginCheck().looked_at(predicted(faces, faces)).startswith("200 real faces, to within 0.")
    )
