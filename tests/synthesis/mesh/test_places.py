"""The landmarks of any scheme on the head and in pictures."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.data.scheme_labels import SCHEME_LABELS_VERSION
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, load_scheme, scheme_from, shipped_schemes
from landmarks.synthesis.mesh.assets import head_arrays
from landmarks.synthesis.mesh.labels import find_landmarks
from landmarks.synthesis.mesh.places import LINES, MARKS, find_places
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene.annotator import AnnotatorRecipe
from landmarks.synthesis.scene.expression import Expression
from tests.synthesis.scenes import bare, distance_to_line, interocular, view

LABEL_SETS = ("surface", "contour", "annotated")


def own(points, places, **parts):
    return scheme_from({"name": "own", "points": points, "normaliser": "box", **parts} | places)


def one(place):
    """A scheme with one landmark."""
    return own(["tip"], {"places": {"tip": place}})


@pytest.fixture(scope="module")
def noisy_scene():
    recipe = Recipe(name="any", annotator=AnnotatorRecipe(offsets=1.0, noise=1.0))
    return recipe.draw(0, 4)


def test_the_68_landmarks_as_a_scheme_are_the_labels_to_the_last_bit(studio, noisy_scene):
    picture = studio.render(noisy_scene, 64).labels
    labels = studio.label(noisy_scene, 64, studio.places_of(IBUG68))
    for name in LABEL_SETS:
        np.testing.assert_array_equal(getattr(labels, name), getattr(picture, name))
    np.testing.assert_array_equal(labels.visible, picture.visible)


def test_a_scheme_picked_from_the_68_needs_no_places(studio, noisy_scene):
    picked = own(3, {"sources": {"ibug68": [30, 8, 45]}}, mirror={})
    labels = studio.label(noisy_scene, 64, studio.places_of(picked))
    picture = studio.render(noisy_scene, 64).labels
    np.testing.assert_array_equal(labels.annotated, picture.annotated[[30, 8, 45]])


@pytest.mark.parametrize("name", ["ibug51", "wflw98"])
def test_landmarks_that_two_schemes_share_are_at_one_place(studio, noisy_scene, name):
    """All of iBUG's 51; of WFLW, where the definitions agree: jaw, nose, corners, outer lip."""
    labels = studio.label(noisy_scene, 64, studio.places_of(load_scheme(name)))
    picture = studio.render(noisy_scene, 64).labels
    ours, theirs = {
        "ibug51": (range(17, 68), range(51)),
        "wflw98": (
            [*range(17), *range(27, 37), 39, 42, 45, *range(48, 61), 62, 64, 66],
            [*range(0, 33, 2), *range(51, 61), 64, 68, 72, *range(76, 89), 90, 92, 94],
        ),
    }[name]
    for labelled in LABEL_SETS:
        np.testing.assert_allclose(
            getattr(labels, labelled)[list(theirs)],
            getattr(picture, labelled)[list(ours)],
            atol=1e-4,
        )


def test_other_landmarks_of_wflw_are_near_those_of_the_68_that_they_are_mapped_to(studio):
    """Along the lids, the brows and the inner lips, WFLW divides its lines differently."""
    scene = bare(1)
    labels = studio.label(scene, 256, studio.places_of(load_scheme("wflw98"))).contour
    target = studio.render(scene, 256).labels.contour
    picked = list(IBUG68.picked_from("wflw98"))
    error = np.linalg.norm(labels[picked] - target, axis=1) / interocular(target)
    assert error.mean() < 0.015
    assert error.max() < 0.10  # middles of the inner lip


@pytest.mark.parametrize("yaw", [-50.0, 0.0, 35.0])
def test_points_of_the_jaw_between_landmarks_follow_the_visible_outline(studio, yaw):
    scene = bare(2, view=view(yaw=yaw))
    wflw = studio.label(scene, 256, studio.places_of(load_scheme("wflw98"))).contour
    landmarks = studio.render(scene, 256).labels.contour
    between = wflw[1:33:2]
    assert distance_to_line(between, landmarks[:17]).max() < 0.03 * interocular(landmarks)
    halves = (landmarks[1:17] + landmarks[:16]) / 2
    assert np.linalg.norm(between - halves, axis=1).max() < 0.03 * interocular(landmarks)


def test_lids_between_their_landmarks_are_round(studio):
    """The middle of an upper lid is above the straight line between its neighbours."""
    lid = own(3, {"places": {"0-2": {"line": "right_eye", "at": [1, 2]}}}, mirror={})
    outer, middle, inner = studio.label(bare(3), 256, studio.places_of(lid)).contour
    np.testing.assert_allclose(middle[0], (outer[0] + inner[0]) / 2, atol=0.5)
    assert middle[1] < (outer[1] + inner[1]) / 2 - 0.2


def test_lower_edges_of_the_brows_are_below_the_upper_ones_and_wider_for_thick_brows(studio):
    both = own(
        2,
        {"places": {0: {"line": "left_brow", "at": 2}, 1: {"line": "left_brow_lower", "at": 2}}},
        mirror={},
    )
    gaps = []
    for width in (0.003, 0.006):
        scene = bare(4)
        scene = replace(scene, eyes=replace(scene.eyes, brow_width=width))
        upper, lower = studio.label(scene, 256, studio.places_of(both)).contour
        gaps.append(lower[1] - upper[1])
    assert 0 < gaps[0] < gaps[1]


def test_the_lower_edge_of_a_brow_moves_with_its_upper_edge_under_an_annotator(studio, noisy_scene):
    both = own(
        2,
        {"places": {0: {"line": "left_brow", "at": 2}, 1: {"line": "left_brow_lower", "at": 2}}},
        mirror={},
    )
    labels = studio.label(noisy_scene, 256, studio.places_of(both))
    moved = labels.annotated - labels.contour
    np.testing.assert_allclose(moved[0], moved[1], atol=1e-3)
    assert np.abs(moved[0]).max() > 0.1


def test_points_of_the_skin_move_with_it_and_are_hidden_behind_the_head(studio, head):
    """Lobes of the ears: the mouth opens and they stay, the head turns and one is hidden."""
    ears = head.masks["ears"][head.skin]
    lobe = int(head.skin[ears > 0.5][head.rest[head.skin[ears > 0.5], 2].argmin()])
    other = int(head_arrays()["mirror"][lobe])
    right, left = sorted((lobe, other), key=lambda v: head.rest[v, 0])
    lobes = own(2, {"places": {0: {"vertex": right}, 1: {"vertex": left}}}, mirror={0: 1})
    places = studio.places_of(lobes)
    front = studio.label(bare(5), 128, places)
    assert front.contour[0, 0] < 64 < front.contour[1, 0]
    turned = studio.label(bare(5, view=view(yaw=50.0)), 128, places)
    assert turned.visible.tolist() in ([True, False], [False, True])
    np.testing.assert_array_equal(front.contour, front.surface)


def test_pupils_follow_the_gaze_and_are_hidden_by_closed_lids(studio):
    places = studio.places_of(load_scheme("five_points"))
    still = studio.label(bare(6), 128, places)
    aside = {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}
    looking = studio.label(bare(6, expression=Expression(aside)), 128, places)
    assert (looking.contour - still.contour)[:2, 0].min() > 0.5
    closed = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    blinking = studio.label(bare(6, expression=Expression(closed)), 128, places)
    assert still.visible.all()
    assert not blinking.visible[:2].any()


def test_a_place_between_two_others_is_at_its_share_of_their_distance(studio):
    corners = [{"line": "outer_lip", "at": 0}, {"line": "outer_lip", "at": 6}]
    places = {0: corners[0], 1: corners[1], 2: {"between": corners}}
    places[3] = {"between": corners, "at": -0.5}
    scheme = own(4, {"places": places}, mirror={})
    first, second, middle, beyond = studio.label(bare(7), 128, studio.places_of(scheme)).contour
    np.testing.assert_allclose(middle, (first + second) / 2, atol=1e-3)
    np.testing.assert_allclose(beyond, first - (second - first) / 2, atol=1e-3)


def test_weights_of_a_place_may_be_rounded(head):
    thirds = one({"corners": [10, 11, 12], "weights": [0.3333, 0.3333, 0.3333]})
    np.testing.assert_allclose(
        find_places(thirds, head).skin(head.rest)[0], head.rest[10:13].mean(axis=0), atol=1e-6
    )


def test_labels_of_a_scheme_change_only_with_their_version(studio):
    """If they were meant to change, raise SCHEME_LABELS_VERSION, then the numbers here."""
    skin = [{"vertex": 2451}, {"corners": [337, 2086, 2087], "weights": [0.2, 0.3, 0.5]}]
    places = {
        0: {"line": "jaw", "at": 2.5},
        1: {"line": "right_brow_lower", "at": 3},
        2: {"line": "left_eye", "at": 4.4},
        3: {"pupil": "left"},
        4: {"between": skin, "at": 0.3},
    }
    scheme = own(5, {"places": places}, mirror={})
    labels = studio.label(Recipe(name="any").draw(0, 0), 64, studio.places_of(scheme))
    expected = [[15.59, 30.43], [21.2, 17.19], [32.85, 22.57], [31.98, 21.43], [18.25, 33.54]]
    assert SCHEME_LABELS_VERSION == 1
    np.testing.assert_allclose(labels.contour, expected, atol=0.05)
    assert labels.visible.tolist() == [False, True, True, True, False]


# Shipped schemes


def on_average_face(name, head, regions):
    """(K, 3) landmarks; those on lines, of `LINES` through the 68."""
    places = find_places(load_scheme(name), head)
    marks = np.zeros((MARKS, 3))
    marks[:68] = find_landmarks(head, regions).of(head.rest)
    for line, brow in (("right_brow_lower", slice(17, 22)), ("left_brow_lower", slice(22, 27))):
        marks[list(LINES[line])] = marks[brow] - (0, 0, 0.005)
    eyes = [head.rest[eye].mean(axis=0) for eye in head.eyes[::-1]]
    marks[78:] = eyes
    return places.of(marks, places.skin(head.rest))


@pytest.mark.parametrize("name", shipped_schemes())
def test_shipped_schemes_have_a_place_for_each_landmark_and_are_symmetric(name, head, regions):
    scheme = load_scheme(name)
    points = on_average_face(name, head, regions)
    mirrored = points[list(scheme.mirror)] * (-1, 1, 1)
    np.testing.assert_allclose(points, mirrored, atol=5e-4)  # half a millimetre
    right = [k for k, partner in enumerate(scheme.mirror) if points[k, 0] < -0.001]
    assert all(scheme.mirror[k] != k for k in right)
    on_middle = [k for k, partner in enumerate(scheme.mirror) if partner == k]
    np.testing.assert_allclose(points[on_middle, 0], 0, atol=5e-4)


@pytest.mark.parametrize("name", shipped_schemes())
def test_shipped_schemes_name_the_right_eye_first_and_their_parts_once(name, head, regions):
    scheme = load_scheme(name)
    points = on_average_face(name, head, regions)
    if scheme.interocular:
        right, left = points[list(scheme.interocular)]
        assert right[0] < -0.03 < 0.03 < left[0]
    for right_eye, left_eye in [scheme.pupils] if scheme.pupils else []:
        assert points[list(right_eye), 0].max() < 0 < points[list(left_eye), 0].min()
    parts = [k for name, part in scheme.regions.items() if name != "inner51" for k in part]
    assert sorted(parts) == list(range(scheme.num_landmarks))
    counts = {"ibug68": 68, "ibug51": 51, "wflw98": 98, "cofw29": 29, "aflw19": 19, "dense": 401}
    counts |= {"lapa106": 106, "mediapipe468": 468, "five_points": 5}
    assert scheme.num_landmarks == counts[name]


def test_dense_points_are_spread_evenly(head, regions):
    points = on_average_face("dense", head, regions)
    gaps = np.linalg.norm(points[:, None] - points, axis=2) + np.eye(len(points))
    nearest = gaps.min(axis=1)
    assert nearest.min() > 0.25 * np.median(nearest)
    assert nearest.max() < 2.5 * np.median(nearest)


# What is refused


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"vertex": 99_999}, "vertex 99999 is not on the head, which has vertices 0 to 6700"),
        ({"line": "moustache", "at": 0}, "no line 'moustache'; known are jaw, right_brow"),
        ({"line": "jaw", "at": 16.5}, "the line 'jaw' ends at 16, before 16.5"),
    ],
)
def test_a_place_that_the_head_lacks_is_refused_with_its_landmark(head, place, message):
    with pytest.raises(InputError, match="landmark 0 \\(tip\\): ") as refused:
        find_places(one(place), head)
    assert message in str(refused.value)


def test_landmarks_without_a_place_are_named(head):
    scheme = own(["chin", "tip", "brow"], {"places": {"tip": {"line": "jaw", "at": 8}}})
    with pytest.raises(InputError, match=r"no place on the head for 2 of 3 landmarks: 0 \(chin\)"):
        find_places(scheme, head)


def test_a_source_beyond_the_68_is_refused(head):
    scheme = own(2, {"sources": {"ibug68": [30, 68]}}, mirror={})
    with pytest.raises(InputError, match="its source ibug68 names landmark 68; there are 68"):
        find_places(scheme, head)
