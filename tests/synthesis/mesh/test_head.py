"""The head model: shapes computed by hand, the neck, and the data it was baked from."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.synthesis.mesh.assets import head_arrays, landmark_table
from landmarks.synthesis.mesh.head import AVERAGE, MEETING, Head, _hat, rotation_matrix
from landmarks.synthesis.mesh.labels import find_landmarks
from landmarks.synthesis.mesh.off_model import displaced
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene import OffModel
from landmarks.synthesis.scene.expression import Expression
from tests.synthesis.scenes import NEUTRAL, actions

AGES = (-1 / 3, 0.0, 1 / 3, 2 / 3, 1.0)
MIRRORED = np.array([-1, 1, 1])


def vertices(head: Head, person=AVERAGE, **weights):
    return head.shape(person, Expression(weights))[0]


def action_array(name):
    """(V, 3) metres that the asset moves by at weight 1."""
    return head_arrays()["A"][actions().index(name)].astype(np.float32)


# Shapes


@pytest.mark.parametrize("name", ["browDownLeft", "mouthSmileRight", "eyeBlinkLeft", "cheekPuff"])
def test_an_action_moves_the_vertices_by_its_array(head, name):
    """With an open mouth; a shut one is shut again in each expression."""
    moved = vertices(head, jawOpen=0.5, **{name: 1.0}) - vertices(head, jawOpen=0.5)
    np.testing.assert_allclose(moved, action_array(name), atol=2e-6)


def test_actions_add_up_in_proportion(head):
    moved = vertices(head, jawOpen=0.5, browDownLeft=0.5, cheekPuff=0.25)
    moved -= vertices(head, jawOpen=0.5)
    expected = 0.5 * action_array("browDownLeft") + 0.25 * action_array("cheekPuff")
    np.testing.assert_allclose(moved, expected, atol=2e-6)


@pytest.mark.parametrize("name", ["nose-hump-incr", "head-oval", "l-eye-scale-incr"])
def test_a_local_change_moves_the_vertices_by_its_array(head, name):
    arrays = head_arrays()
    expected = arrays["L"][list(arrays["L_labels"]).index(name)].astype(np.float32)
    moved = vertices(head, replace(AVERAGE, shape={name: 0.5})) - vertices(head)
    np.testing.assert_allclose(moved, 0.5 * expected, atol=2e-6)


def test_the_average_person_is_at_rest_but_for_the_closing_of_the_lips(head):
    moved, jaw = vertices(head) - head.rest, action_array("jawOpen")
    share = (moved * jaw).sum() / (jaw * jaw).sum()
    assert -0.1 < share < 0.1
    np.testing.assert_allclose(moved, share * jaw, atol=2e-6)


def test_phenotypes_are_mixed_linearly(head):
    ends = [vertices(head, replace(AVERAGE, gender=g)) for g in (0.0, 1.0)]
    middle = vertices(head, replace(AVERAGE, gender=0.25))
    np.testing.assert_allclose(middle, 0.75 * ends[0] + 0.25 * ends[1], atol=2e-6)
    assert np.abs(ends[1] - ends[0]).max() > 0.003


def test_ancestries_are_shares(head):
    tripled = replace(AVERAGE, ancestry=(1.0, 1.0, 1.0))
    np.testing.assert_allclose(vertices(head, tripled), vertices(head), atol=1e-6)


@pytest.mark.parametrize("anchors", [AGES, (0.0, 0.5, 1.0), (0.0, 1.0)])
def test_weights_between_anchors_sum_to_one(anchors):
    for value in np.linspace(anchors[0], 1, 50):
        weights = _hat(value, anchors)
        assert weights.sum() == pytest.approx(1)
        assert weights @ anchors == pytest.approx(value)
        assert np.count_nonzero(weights) <= 2
    np.testing.assert_array_equal(_hat(anchors[1], anchors), np.eye(len(anchors))[1])


def test_a_head_has_a_size_in_metres(head):
    """Of adults: 13 to 17 cm wide; eyes' middles 6 to 7 cm apart."""
    left, right = (head.rest[eye].mean(axis=0) for eye in head.eyes)
    assert 0.055 < left[0] - right[0] < 0.07
    skull = head.rest[head.skin][head.rest[head.skin, 2] > left[2] + 0.02]
    assert 0.13 < np.ptp(skull[:, 0]) < 0.18


# The mouth


def lip_gap(head, regions, person, **weights):
    """(3,) metres between the inner edges of the lips."""
    marks = find_landmarks(head, regions).of(vertices(head, person, **weights))
    return marks[[61, 62, 63], 2] - marks[[67, 66, 65], 2]


def test_a_neutral_face_closes_its_lips_and_does_not_push_them_through_each_other(head, regions):
    for seed in range(20):
        person = Recipe(name="any").draw(seed, 0).person
        gaps = lip_gap(head, regions, person)
        assert gaps.mean() == pytest.approx(MEETING, abs=1e-5)
        assert np.abs(gaps).max() < 0.002


@pytest.mark.parametrize("name", ["mouthRollLower", "mouthShrugLower", "mouthPressLeft"])
def test_no_action_pushes_lips_through_each_other(head, regions, name):
    for weight in (0.3, 1.0):
        gaps = lip_gap(head, regions, AVERAGE, **{name: weight})
        assert gaps.mean() == pytest.approx(MEETING, abs=1e-5)


def test_a_jaw_opens_the_mouth_the_more_the_further_it_opens(head, regions):
    gaps = [lip_gap(head, regions, AVERAGE, jawOpen=w)[1] for w in (0.0, 0.1, 0.5, 1.0)]
    assert np.all(np.diff(gaps) > 0.001)
    assert 0.02 < gaps[-1] < 0.06


def test_a_mouth_opens_without_a_jump(head, regions):
    gaps = [lip_gap(head, regions, AVERAGE, jawOpen=w)[1] for w in np.arange(0, 0.1, 0.005)]
    assert np.diff(gaps).max() < 0.0004


def test_a_blink_closes_the_lids(head, regions):
    closed = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    marks = find_landmarks(head, regions).of(vertices(head, **closed))
    assert (marks[[37, 38, 43, 44], 2] - marks[[41, 40, 47, 46], 2]).max() < 0
    marks = find_landmarks(head, regions).of(vertices(head))
    assert (marks[[37, 38, 43, 44], 2] - marks[[41, 40, 47, 46], 2]).min() > 0.005


# The neck


def bent(head, turn, person=AVERAGE):
    upright, joints = head.shape(person, NEUTRAL)
    return upright, head.bend(upright, joints, turn)


def test_bending_by_nothing_changes_nothing(head):
    upright, turned = bent(head, (0.0, 0.0, 0.0))
    np.testing.assert_allclose(turned.vertices, upright, atol=1e-6)
    np.testing.assert_array_equal(turned.rotation, np.eye(3))
    np.testing.assert_allclose(turned.shift, 0, atol=1e-15)


def test_the_chest_stays_where_it_is_and_the_skull_turns_as_one(head):
    upright, turned = bent(head, (25.0, -10.0, 8.0))
    chest = head.skinning[:, 0] > 0.999
    assert chest.sum() > 50
    np.testing.assert_allclose(turned.vertices[chest], upright[chest], atol=1e-4)
    skull = head.skinning[:, -1] > 0.999
    assert skull.sum() > 3000
    expected = upright[skull] @ turned.rotation.T + turned.shift
    np.testing.assert_allclose(turned.vertices[skull], expected, atol=1e-4)
    assert np.linalg.norm(turned.vertices[skull] - upright[skull], axis=1).max() > 0.03


@pytest.mark.parametrize(
    ("turn", "step"),
    [
        ((20.0, 0, 0), (1, 0, 0)),  # to the person's left
        ((0, 20.0, 0), (0, 0, -1)),  # the chin down
        ((0, 0, 20.0), (1, 0, 0)),  # the top of the head to the left shoulder
    ],
)
def test_a_head_turns_to_the_stated_side(head, turn, step):
    upright, turned = bent(head, turn)
    nose = upright[head.skin][upright[head.skin, 1].argmin()]
    top = upright[head.skin][upright[head.skin, 2].argmax()]
    watched = top if turn[2] else nose
    moved = turned.rotation @ watched + turned.shift - watched
    assert moved @ step > 0.01


def test_the_joints_share_a_turn_about_one_axis(head):
    _, turned = bent(head, (30.0, 0.0, 0.0))
    np.testing.assert_allclose(turned.rotation, rotation_matrix((30.0, 0.0, 0.0)), atol=1e-12)


def test_rotations_are_rotations():
    matrix = rotation_matrix((20.0, -40.0, 65.0))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_weights_of_bones_sum_to_one(head):
    np.testing.assert_allclose(head.skinning.sum(axis=1), 1, atol=1e-5)


# The asset


def test_the_template_is_its_own_mirror_image(head):
    mirror = head_arrays()["mirror"]
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))
    np.testing.assert_allclose(head.template[mirror] * MIRRORED, head.template, atol=1e-6)


def test_landmarks_of_both_sides_are_mirror_images(head, regions):
    marks = find_landmarks(head, regions).of(head.template)
    permutation = landmark_table()["mirror_permutation"]
    np.testing.assert_allclose(marks[permutation] * MIRRORED, marks, atol=1e-6)


def test_the_persons_left_eye_is_at_positive_x(head):
    left, right = head.eyes
    assert head.rest[left, 0].min() > 0
    assert head.rest[right, 0].max() < 0


# Shapes off the model


def test_shapes_off_the_model_have_their_amplitude_and_leave_the_body(head, regions):
    steps = []
    for seed in range(30):
        moved = displaced(head.rest, regions, OffModel(amplitude=0.002, seed=seed)) - head.rest
        assert np.abs(moved[regions.height < -0.161]).max() == 0
        steps.append(moved[regions.height > -0.10])
    assert np.std(steps) == pytest.approx(0.002, rel=0.1)


def test_shapes_off_the_model_are_smooth(head, regions):
    """Landmarks 1 cm apart move almost alike, so that no skin folds over."""
    moved = displaced(head.rest, regions, OffModel(amplitude=0.002, seed=3)) - head.rest
    edges = head.triangles[head.part == 0][:, :2]
    length = np.linalg.norm(head.rest[edges[:, 0]] - head.rest[edges[:, 1]], axis=1)
    strain = np.linalg.norm(moved[edges[:, 0]] - moved[edges[:, 1]], axis=1) / length
    assert np.quantile(strain, 0.99) < 0.4


def test_without_an_amplitude_the_head_is_the_models(head, regions):
    still = displaced(head.rest, regions, OffModel(amplitude=0.0, seed=1))
    np.testing.assert_array_equal(still, head.rest)
