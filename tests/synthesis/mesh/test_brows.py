"""Brows vary between people, and rendering, labels and segmentation agree on their position."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.synthesis.mesh.assembly import Assembly
from landmarks.synthesis.mesh.assets import head_arrays
from landmarks.synthesis.mesh.brows import BELOW, BELOW_IN_WIDTHS, find_brows
from landmarks.synthesis.mesh.classes import Class, find_classes
from landmarks.synthesis.mesh.front import find_front
from landmarks.synthesis.mesh.labels import find_landmarks
from tests.synthesis.scenes import bare, class_at, interocular

BROWS = slice(17, 27)
PLAIN = replace(bare().eyes, brow_start=0.0, brow_end=0.0, brow_height=0.0, brow_arch=0.0)


@pytest.fixture(scope="module")
def places(head, regions):
    return find_landmarks(head, regions)


@pytest.fixture(scope="module")
def front(head, regions):
    return find_front(head, regions)


@pytest.fixture(scope="module")
def brows(head, places, front):
    return find_brows(places, front, head.rest)


def test_the_front_finds_the_skin_at_its_x_and_z(head, front):
    points = np.array([[0.0, 0.0], [0.02, -0.03], [-0.03, -0.05], [0.04, 0.03]])
    points[:, 1] += head.rest[head.eyes[0], 2].mean()
    corners, weights = front.find(points)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    found = np.einsum("kc,kcd->kd", weights, head.rest[corners])
    np.testing.assert_allclose(found[:, [0, 2]], points, atol=1e-5)
    assert np.isin(corners, head.skin).all()
    near = np.abs(head.rest[head.skin][:, [0, 2]] - points[0]).max(axis=1) < 0.003
    assert found[0, 1] == pytest.approx(head.rest[head.skin][near, 1].min(), abs=0.002)


def test_the_front_says_where_there_is_no_skin(front):
    with pytest.raises(ValueError, match="no skin"):
        front.find(np.array([[0.5, 0.0]]))


def test_the_average_brows_are_where_the_average_landmarks_are(head, places, brows):
    found = brows.on(places, PLAIN)
    np.testing.assert_allclose(found.of(head.rest), places.of(head.rest), atol=1e-4)


@pytest.mark.parametrize(
    ("change", "inner", "outer"),
    [
        ({"brow_start": 0.004}, (-0.004, 0), (0, 0)),
        ({"brow_end": 0.003}, (0, 0), (-0.003, 0)),
        ({"brow_height": 0.002}, (0, 0.002), (0, 0.002)),
        ({"brow_arch": 0.002}, (0, 0), (0, 0.002)),
    ],
)
def test_landmarks_move_as_the_brows_do(head, places, brows, change, inner, outer):
    """Of the right brow in x and z, from the middle of the face and up; alike on the left."""
    eyes = replace(PLAIN, **change)
    moved = (brows.on(places, eyes).of(head.rest) - places.of(head.rest))[BROWS][:, [0, 2]]
    np.testing.assert_allclose(moved[4], inner, atol=1e-4)
    np.testing.assert_allclose(moved[0], outer, atol=1e-4)
    np.testing.assert_allclose(moved[::-1] * (-1, 1), moved, atol=1e-4)


def test_nothing_else_moves(places, brows):
    found = brows.on(places, replace(PLAIN, brow_start=0.005))
    others = np.r_[0:17, 27:68]
    np.testing.assert_array_equal(found.corners[others], places.corners[others])
    np.testing.assert_array_equal(found.weights[others], places.weights[others])


def test_the_hair_of_a_brow_is_below_its_landmarks_by_its_width(brows):
    below = brows.edge(PLAIN) - brows.hairs(PLAIN)
    np.testing.assert_allclose(below, [[0, BELOW + BELOW_IN_WIDTHS * PLAIN.brow_width]] * 5)


def test_the_classes_of_both_brows_follow_their_hair(head, regions, places, brows):
    found = find_classes(Assembly(head, regions), head, regions, places.of(head.rest))
    middles = {}
    for start in (0.0, 0.006):
        classes = found.of(brows.hairs(replace(PLAIN, brow_start=start)))
        x = {
            kind: found.places[classes[found.skin] == kind, 0]
            for kind in (Class.RIGHT_BROW, Class.LEFT_BROW)
        }
        assert x[Class.RIGHT_BROW].max() < 0 < x[Class.LEFT_BROW].min()
        assert len(x[Class.RIGHT_BROW]) > 10
        assert len(x[Class.LEFT_BROW]) > 10
        middles[start] = x[Class.LEFT_BROW].min()
    assert middles[0.006] > middles[0.0] + 0.002


@pytest.mark.parametrize("start", [-0.005, 0.006])
def test_a_rendered_brow_is_dark_where_its_labels_say(studio, start):
    scene = bare(3)
    eyes = replace(PLAIN, brow_start=start, brow_density=1.0, brow_width=0.005)
    pale = replace(scene.skin, melanin=0.1, moles=0.0, freckles=0.0, wrinkles=0.0)
    black = replace(scene.hair, colour=(0.01, 0.01, 0.01))
    picture = studio.render(replace(scene, eyes=eyes, skin=pale, hair=black), 192)
    marks, size = picture.labels.contour, interocular(picture.labels.contour)
    grey = picture.image.mean(axis=2)
    below = round(0.04 * size)

    def darkness(point):
        x, y = np.round(point).astype(int)
        return grey[y : y + 2 * below, x - 1 : x + 2].min()

    on = [darkness(marks[k]) for k in (19, 20, 23, 24)]
    between = darkness((marks[21] + marks[22]) / 2)
    assert max(on) < 0.6 * between
    assert class_at(picture, marks[19] + (0, below)) == Class.RIGHT_BROW
    assert class_at(picture, marks[24] + (0, below)) == Class.LEFT_BROW


def test_mirrored_vertices_carry_mirrored_brows(places, brows):
    mirror = head_arrays()["mirror"]
    found = brows.on(places, replace(PLAIN, brow_end=0.002, brow_height=0.001))
    for right, left in ((17, 26), (19, 24), (21, 22)):
        assert set(mirror[found.corners[right]]) == set(found.corners[left])
