"""Places of landmarks are found from labelled faces."""

import numpy as np
import pytest

from landmarks.scheme import Corners, LandmarkScheme, OnLine, Pupil, Vertex
from landmarks.synthesis.fitting.placing import outliers, place_landmarks
from landmarks.synthesis.mesh.assets import head_arrays
from tests.synthesis.fitting.faces import known_faces, labelled

NAMES = ("right_pupil", "left_pupil", "right_cheek", "left_cheek", "right_jaw", "left_jaw", "chin")
MIRROR = (1, 0, 3, 2, 5, 4, 6)
CHEEK = (2335, 2336, 2164)  # a triangle of the right cheek
DETECTION_NOISE = 0.02  # inter-ocular distances


def scheme(**places):
    return LandmarkScheme(
        name="mine",
        mirror=MIRROR,
        normaliser="box",
        names=NAMES,
        places={NAMES.index(name): place for name, place in places.items()},
    )


@pytest.fixture(scope="module")
def true_scheme():
    mirror = head_arrays()["mirror"]
    weights = (0.4, 0.3, 0.3)
    return scheme(
        right_pupil=Pupil("right"),
        left_pupil=Pupil("left"),
        right_cheek=Corners(CHEEK, weights),
        left_cheek=Corners(tuple(int(mirror[v]) for v in CHEEK), weights),
        right_jaw=OnLine("jaw", 3.4),
        left_jaw=OnLine("jaw", 12.6),
        chin=Vertex(733),
    )


@pytest.fixture(scope="module")
def labels(head, faces, true_scheme):
    return labelled(head, faces, true_scheme)


@pytest.fixture(scope="module")
def detected(faces):
    rng = np.random.default_rng(1)
    return np.array(
        [f.marks[:68] + DETECTION_NOISE * f.interocular * rng.normal(size=(68, 2)) for f in faces]
    )


@pytest.fixture(scope="module")
def placed(labels, detected):
    return place_landmarks(scheme(), labels, detected)


def test_places_are_within_one_per_cent_of_the_true_ones_on_other_faces(
    placed, head, regions, true_scheme
):
    others = known_faces(head, regions, 10, seed=6)
    gaps = labelled(head, others, placed.scheme) - labelled(head, others, true_scheme)
    sizes = np.array([face.interocular for face in others])
    errors = np.linalg.norm(gaps, axis=2).mean(axis=0) / np.mean(sizes)
    assert errors.max() < 0.02
    assert errors.mean() < 0.01


def test_the_kind_of_place_is_found(placed):
    kinds = [type(placed.scheme.places[k]) for k in range(6)]
    assert kinds == [Pupil, Pupil, Corners, Corners, OnLine, OnLine]
    jaw = placed.scheme.places[4]
    assert jaw.line == "jaw"
    assert jaw.at == pytest.approx(3.4, abs=0.11)


def test_mirrored_landmarks_have_mirrored_places(placed, head):
    cheek, other = placed.scheme.places[2], placed.scheme.places[3]
    assert [int(head_arrays()["mirror"][v]) for v in cheek.corners] == list(other.corners)
    assert placed.scheme.places[4].at + placed.scheme.places[5].at == pytest.approx(16)


def test_a_landmark_of_the_middle_is_found_on_the_middle_line(placed, head):
    place = placed.scheme.places[6]
    corners = [place.vertex] if isinstance(place, Vertex) else [*place.corners]
    assert np.abs(head.rest[corners, 0]).max() < 1e-4


def test_given_places_are_kept_and_their_partners_found(labels, detected, true_scheme):
    given = scheme(right_jaw=OnLine("jaw", 2.0), chin=Vertex(733))
    found = place_landmarks(given, labels, detected).scheme.places
    assert found[4] == OnLine("jaw", 2.0)
    assert found[6] == Vertex(733)
    assert found[5].at == pytest.approx(12.6, abs=0.2)


def test_labels_of_known_landmarks_replace_the_detectors(labels, detected, faces):
    """The detector is wrong about the chin, which the scheme says is landmark 8 of the jaw."""
    wrong, chins = detected.copy(), np.array([face.marks[8] for face in faces])
    wrong[:, 8, 1] += 0.3 * np.array([face.interocular for face in faces])
    own = labels.copy()
    own[:, 6] = chins
    known = place_landmarks(scheme(chin=OnLine("jaw", 8.0)), own, wrong)
    unknown = place_landmarks(scheme(chin=Vertex(733)), own, wrong)
    assert known.spread[6] < 0.6 * unknown.spread[6]


def test_faces_without_a_label_are_left_out(labels, detected):
    some = labels.copy()
    some[5:, 2] = np.nan
    placed = place_landmarks(scheme(), some, detected)
    assert placed.faces.tolist() == [20, 20, 5, 20, 20, 20, 20]
    assert placed.uncertainty[2] == pytest.approx(placed.spread[2] / 5**0.5)


def test_wrong_labels_are_named_and_hardly_move_a_place(labels, detected, placed):
    wrong = labels.copy()
    wrong[3, 6] += 60  # pixels
    found = place_landmarks(scheme(), wrong, detected)
    assert outliers(found.errors, 5, 0.2) == [(3, 6)]
    assert np.abs(found.spread[:6] - placed.spread[:6]).max() < 1e-9
    chin = [p.vertex if isinstance(p, Vertex) else p.corners for p in (found.scheme.places[6],)]
    was = [p.vertex if isinstance(p, Vertex) else p.corners for p in (placed.scheme.places[6],)]
    assert set(np.ravel(chin)) & set(np.ravel(was))
