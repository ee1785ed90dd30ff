"""The label gap: constant offsets between labels and a synthetic-trained detector."""

import numpy as np
import pytest

from landmarks.audit.gap import GapCheck, measure_gap
from landmarks.audit.material import Material
from tests.audit.faults import drawn_faces, predicted, relabelled


def lowered(points: np.ndarray) -> np.ndarray:
    """Brows lower by 5 % of the inter-ocular distance, in the face's frame."""
    across = points[45] - points[36]
    down = np.array([-across[1], across[0]])
    moved = points.copy()
    moved[17:27] += 0.05 * down
    return moved


def with_synthetic(real: Material, synthetic: Material) -> Material:
    material = Material(sets={"real": real.sets["real"], "synthetic": synthetic.sets["real"]})
    for role, one in (("real", real), ("synthetic", synthetic)):
        material._predicted[role] = one.predictions("real")
    return material


def test_a_gap_is_measured_by_region_and_priced() -> None:
    faces = drawn_faces()
    material = predicted(relabelled(faces, lowered), faces, 0.01)
    (finding,) = GapCheck()(material)
    assert finding.fault == "another convention than the renders"
    sample = material.predictions("real")
    assert sample is not None
    gap = measure_gap(sample, material.sets["real"])
    assert gap.offsets["brows"][0] == pytest.approx(0.05, abs=0.005)
    assert gap.offsets["mouth"][0] < 0.005
    assert finding.price is not None
    # 10 of 68 landmarks lose 0.05 of error, but for what noise of 0.01 had of it.
    assert finding.price.nme == pytest.approx(10 / 68 * 0.038, rel=0.1)


def test_synthetic_faces_of_the_same_convention_have_no_gap() -> None:
    faces = drawn_faces()
    same = predicted(relabelled(faces, lowered), faces, 0.01)
    assert GapCheck()(with_synthetic(same, same)) == []


def test_a_slip_of_the_origin_is_no_gap() -> None:
    faces = drawn_faces()
    assert GapCheck()(predicted(relabelled(faces, lambda p: p + 1), faces, 0.01)) == []
