"""The mirror check: tables, indices and images whose left and right are exchanged."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.audit.mirror import MirrorCheck
from tests.audit.faults import drawn_faces, predicted, relabelled


def test_clean_faces_have_no_mirror_fault() -> None:
    faces = drawn_faces()
    assert MirrorCheck()(predicted(faces, faces)) == []


@pytest.mark.parametrize(("one", "other"), [(36, 39), (37, 38), (61, 49), (7, 6)])
def test_two_pairs_of_the_table_that_are_crossed_are_found(one: int, other: int) -> None:
    faces = drawn_faces()
    mirror = list(faces.scheme.mirror)
    a, b = mirror[one], mirror[other]
    mirror[one], mirror[b], mirror[other], mirror[a] = b, one, a, other
    wrong = replace(faces, scheme=replace(faces.scheme, mirror=tuple(mirror)))
    (finding,) = MirrorCheck()(predicted(wrong, faces))
    assert finding.fault == "wrong mirror table"
    assert f"{min(one, other, a, b)} with" in finding.text
    assert finding.price is not None
    assert finding.price.nme > 0


def test_faces_with_exchanged_indices_are_named_one_by_one() -> None:
    faces = drawn_faces()
    order = list(faces.scheme.mirror)
    wrong = relabelled(faces, lambda points: points[order], slice(10, 14))
    (finding,) = MirrorCheck()(predicted(wrong, faces))
    assert finding.fault == "left and right exchanged"
    assert sorted(finding.faces) == [10, 11, 12, 13]


def test_images_that_were_mirrored_without_their_labels_are_found() -> None:
    faces = drawn_faces()
    order = list(faces.scheme.mirror)

    def reflect(points: np.ndarray) -> np.ndarray:
        width = faces.faces[0].image.shape()[1]
        return np.stack([width - 1 - points[order, 0], points[order, 1]], axis=-1)

    wrong = relabelled(faces, reflect, slice(100))
    (finding,) = MirrorCheck()(predicted(wrong, faces, error=0.005))
    assert finding.fault == "image mirrored without its labels"
    assert set(finding.faces) <= set(range(100))
    assert len(finding.faces) > 20


def test_a_table_is_not_judged_by_faces_of_which_half_have_another_order() -> None:
    faces = drawn_faces()
    order = [*range(16, -1, -1), *range(17, 68)]
    mixed = relabelled(faces, lambda points: points[order], slice(100))
    assert "wrong mirror table" not in {f.fault for f in MirrorCheck()(predicted(mixed, faces))}
