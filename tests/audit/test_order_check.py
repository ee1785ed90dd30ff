"""The order check: permuted landmarks, reversed lines, labels of another scheme."""

import numpy as np
import pytest

from landmarks.audit.order import OrderCheck
from landmarks.scheme import IBUG68
from tests.audit.faults import drawn_faces, predicted, relabelled


def exchanged(*pairs: tuple[int, int]) -> list[int]:
    order = list(range(IBUG68.num_landmarks))
    for a, b in pairs:
        order[a], order[b] = order[b], order[a]
    return order


def test_clean_faces_are_in_order() -> None:
    faces = drawn_faces()
    assert OrderCheck()(predicted(faces, faces)) == []


@pytest.mark.parametrize("pair", [(61, 62), (37, 38), (51, 62), (0, 1)])
def test_two_exchanged_landmarks_are_named(pair: tuple[int, int]) -> None:
    faces = drawn_faces()
    wrong = relabelled(faces, lambda points: points[exchanged(pair)])
    (finding,) = OrderCheck()(predicted(wrong, faces))
    assert finding.fault == f"landmarks {pair[0]} and {pair[1]} exchanged"
    assert f"landmarks=[{','.join(map(str, exchanged(pair)))}]" in finding.fix


def test_a_jaw_in_the_other_direction_is_named() -> None:
    faces = drawn_faces()
    order = [*range(16, -1, -1), *range(17, 68)]
    (finding,) = OrderCheck()(predicted(relabelled(faces, lambda p: p[order]), faces))
    assert finding.fault == "jaw runs the other way"


def test_a_reversed_jaw_of_single_faces_is_found() -> None:
    faces = drawn_faces()
    order = [*range(16, -1, -1), *range(17, 68)]
    wrong = relabelled(faces, lambda p: p[order], slice(5, 8))
    (finding,) = OrderCheck()(predicted(wrong, faces))
    assert finding.fault == "jaw runs the other way"
    assert sorted(finding.faces) == [5, 6, 7]


def test_exchanged_eyes_are_named_by_their_region() -> None:
    faces = drawn_faces()
    order = np.arange(68)
    eyes = list(IBUG68.regions["eyes"])
    order[eyes] = np.array(IBUG68.mirror)[eyes]
    (finding,) = OrderCheck()(predicted(relabelled(faces, lambda p: p[order]), faces))
    assert finding.fault == "left and right of eyes exchanged"


def test_points_that_are_shifted_by_two_are_of_another_scheme() -> None:
    faces = drawn_faces()

    def shifted(points: np.ndarray) -> np.ndarray:
        pupils = np.stack([points[36:42].mean(axis=0), points[42:48].mean(axis=0)])
        return np.concatenate([pupils, points[:66]])

    (finding,) = OrderCheck()(predicted(relabelled(faces, shifted), faces))
    assert finding.fault == "another landmark scheme"
    assert "labels 2 to 67 are where landmarks 0 to 65 should be" in finding.text


def test_the_first_points_of_a_file_of_98_are_named_by_their_scheme() -> None:
    faces = drawn_faces()
    source = np.array(IBUG68.sources["wflw98"])

    def first_of_98(points: np.ndarray) -> np.ndarray:
        all_of_them = np.full((98, 2), points.mean(axis=0))
        all_of_them[source] = points
        all_of_them[1:32:2] = (points[:16] + points[1:17]) / 2  # the jaw between our landmarks
        return all_of_them[:68]

    (finding,) = OrderCheck()(predicted(relabelled(faces, first_of_98), faces))
    assert finding.fault == "the first 68 landmarks of wflw98"
    assert "landmarks=[0,2,4," in finding.fix


def test_an_outer_lip_from_its_other_corner_in_some_faces_is_found() -> None:
    faces = drawn_faces()
    order = [*range(48), *range(54, 60), *range(48, 54), *range(60, 68)]
    wrong = relabelled(faces, lambda p: p[order], slice(40))
    (finding,) = OrderCheck()(predicted(wrong, faces))
    assert finding.fault == "outer_lip starts at its other end"
    assert set(finding.faces) <= set(range(40))
    assert len(finding.faces) > 30
