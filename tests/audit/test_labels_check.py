"""The check of labels: single outliers, noise, and sources that mark other places."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.audit.outliers import LabelsCheck
from landmarks.audit.residuals import noise_of_lines, residuals
from tests.audit.faults import drawn_faces, predicted, relabelled

EXACT = 0.002  # error of the predictions, so that faults are all there is


def interocular(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[45] - points[36]))


def test_clean_labels_have_no_fault() -> None:
    faces = drawn_faces()
    assert LabelsCheck()(predicted(faces, faces, EXACT)) == []


def test_single_labels_that_are_off_are_found_worst_first() -> None:
    faces = drawn_faces()
    wrong = faces
    for face, share in ((20, 0.4), (50, 0.8)):

        def move(points: np.ndarray, share: float = share) -> np.ndarray:
            moved = points.copy()
            moved[54, 1] += share * interocular(points)
            return moved

        wrong = relabelled(wrong, move, slice(face, face + 1))
    (finding,) = LabelsCheck()(predicted(wrong, faces, EXACT))
    assert finding.fault == "outliers among the labels"
    assert finding.faces == (50, 20)
    assert "landmark 54, 80 %" in finding.text
    assert finding.price is not None
    assert finding.price.nme > 0


def test_labels_of_another_face_are_not_on_the_face() -> None:
    faces = drawn_faces()
    wrong = relabelled(faces, lambda p: p + interocular(p), slice(7, 8))
    (finding,) = LabelsCheck()(predicted(wrong, faces, EXACT))
    assert finding.fault == "labels that are not on the face"
    assert finding.faces == (7,)


def test_noise_of_a_region_is_measured() -> None:
    faces = drawn_faces()
    rng = np.random.default_rng(0)

    def noisy(points: np.ndarray) -> np.ndarray:
        moved = points.copy()
        moved[:17] += rng.normal(0, 0.03 * interocular(points), (17, 2))
        return moved

    material = predicted(relabelled(faces, noisy), faces, EXACT)
    (finding,) = LabelsCheck()(material)
    assert finding.fault == "noisy labels of jaw"
    sample = material.predictions("real")
    assert sample is not None
    sigma = noise_of_lines(residuals(sample, material.sets["real"]), sample.scheme)
    assert np.sqrt(np.nanmean(sigma[:17] ** 2)) == pytest.approx(0.03, rel=0.15)


def test_sources_that_mark_other_places_are_named() -> None:
    faces = drawn_faces()

    def lower_brows(points: np.ndarray) -> np.ndarray:
        moved = points.copy()
        moved[17:27, 1] += 0.04 * interocular(points)
        return moved

    two = tuple(replace(face, subset="a" if i < 80 else "b") for i, face in enumerate(faces.faces))
    wrong = relabelled(replace(faces, faces=two), lower_brows, slice(80))
    (finding,) = LabelsCheck()(predicted(wrong, faces, EXACT))
    assert finding.fault == "sources that mark other places"
    assert "'a' (80 of 200 faces compared)" in finding.text
    assert "'brows'" in finding.text
