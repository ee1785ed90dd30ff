"""Heads fitted to landmarks have the pose and the shape of the heads that the landmarks are of."""

import numpy as np
import pytest

from landmarks.synthesis.fitting.prior import SHAPES
from landmarks.synthesis.mesh.labels import face_vertices
from tests.synthesis.fitting.faces import RECIPE


@pytest.fixture(scope="module")
def fits(fitter, faces):
    return [fitter(face.marks[:68]) for face in faces]


def degrees_between(one, other):
    return np.degrees(np.arccos(np.clip((np.trace(one @ other.T) - 1) / 2, -1, 1)))


def test_the_pose_is_known_to_a_few_degrees(fits, faces):
    gaps = [
        degrees_between(fit.camera.rotation, true.rotation)
        for fit, true in zip(fits, faces, strict=True)
    ]
    assert np.mean(gaps) < 4
    assert np.quantile(gaps, 0.8) < 6


def test_every_vertex_of_the_face_is_within_two_per_cent_of_the_interocular_distance(
    fits, faces, head, regions
):
    face = face_vertices(head, regions)
    errors = [
        np.linalg.norm(
            fit.camera.project(fit.vertices[face]) - true.camera.project(true.vertices[face]),
            axis=1,
        ).mean()
        / true.interocular
        for fit, true in zip(fits, faces, strict=True)
    ]
    assert np.mean(errors) < 0.02


def test_landmarks_of_the_fitted_head_are_closer_than_their_noise(fits, faces):
    errors = [
        np.linalg.norm(fit.landmarks - true.marks[:68], axis=1).mean() / true.interocular
        for fit, true in zip(fits, faces, strict=True)
    ]
    assert np.mean(errors) < 0.012


def test_a_wrong_label_hardly_moves_the_head(fitter, faces):
    wrong = faces[0].marks[:68].copy()
    wrong[30] += 0.5 * faces[0].interocular
    moved = fitter(wrong).landmarks - fitter(faces[0].marks[:68]).landmarks
    assert np.linalg.norm(moved, axis=1).mean() < 0.01 * faces[0].interocular


def test_the_picture_may_be_of_any_size_and_anywhere_in_a_photo(fitter, faces):
    points = faces[1].marks[:68]
    near, far = fitter(points), fitter(7 * points + 1000)
    assert np.allclose(far.landmarks, 7 * near.landmarks + 1000, atol=0.05)
    assert far.interocular == pytest.approx(7 * near.interocular, rel=1e-3)


def test_shapes_of_the_recipe_are_as_likely_as_the_prior_says(prior, head):
    rng = np.random.default_rng(7)
    flat = prior.components[:SHAPES][:, head.skin].reshape(SHAPES, -1)
    inverse = np.linalg.pinv(flat.T)
    found = []
    for _ in range(20):
        vertices, _ = head.shape(RECIPE.person.draw(rng), RECIPE.expression.draw(rng))
        gap = (vertices - prior.mean)[head.skin].ravel()
        coefficients = inverse @ gap
        rest = (gap - coefficients @ flat).reshape(-1, 3)
        assert np.sqrt((rest**2).sum(axis=1).mean()) < 0.0015  # metres
        found.append(coefficients)
    assert np.std(found, axis=0)[:20].mean() == pytest.approx(1, abs=0.2)
