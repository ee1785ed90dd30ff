"""Landmarks on the mesh, regions of the head, and classes of its triangles."""

from dataclasses import fields, replace

import numpy as np
import pytest

from landmarks.scheme import IBUG68
from landmarks.synthesis.mesh.assembly import Assembly
from landmarks.synthesis.mesh.assets import head_arrays
from landmarks.synthesis.mesh.blocks import Material
from landmarks.synthesis.mesh.classes import OF_MATERIAL, Class, find_classes, skin_classes
from landmarks.synthesis.mesh.head import AVERAGE, Head
from landmarks.synthesis.mesh.labels import (
    EVENLY_SPACED,
    contour,
    face_vertices,
    find_landmarks,
    pupils,
)
from landmarks.synthesis.mesh.regions import Regions
from landmarks.synthesis.mesh.surfaces import VertexNormals
from landmarks.synthesis.scene.expression import Expression
from landmarks.synthesis.scene.view import place_camera
from tests.synthesis.scenes import NEUTRAL, bare, distance_to_line, interocular, view

JAW = slice(0, 17)
# Neither moved to an edge nor spaced evenly.
FIXED = [*range(17, 28), *range(30, 37), 39, 42, 45, 48, 50, 51, 52, 54, 56, 57, 58, 60, 64]


@pytest.fixture(scope="module")
def places(head: Head, regions: Regions):
    return find_landmarks(head, regions)


def camera_on(points, **numbers):
    return place_camera(view(**numbers), np.eye(3), points.mean(axis=0), points, 128)


# Landmarks


def test_landmarks_lie_on_the_skin(head, places):
    np.testing.assert_allclose(places.weights.sum(axis=1), 1)
    assert places.weights.min() >= 0
    assert np.isin(places.corners[places.weights > 0], head.skin).all()


def test_landmarks_are_ordered_as_the_scheme_says(head, places):
    """Seen from the front: x grows to the person's left, z upwards."""
    x, y, z = places.of(head.rest).T
    assert np.all(np.diff(x[JAW]) > 0)
    assert z[8] == pytest.approx(z[JAW].min(), abs=1e-3)  # the chin
    assert np.all(np.diff(x[17:27]) > 0)
    assert np.all(np.diff(z[27:31]) < 0)
    assert y.argmin() == 30  # the tip of the nose is furthest to the front
    assert x[36] < x[39] < 0 < x[42] < x[45]
    assert np.all(z[[37, 38, 43, 44]] > z[[41, 40, 47, 46]])
    assert x[48] < 0 < x[54]
    assert z[51] > z[62] > z[66] > z[57]
    middle = [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]
    np.testing.assert_allclose(x[middle], 0, atol=1e-4)


def test_lids_lie_before_the_eyeballs(head, places):
    marks = places.of(head.rest)
    for eye, lids in zip(head.eyes[::-1], IBUG68.pupils, strict=True):
        ball = head.rest[eye]
        centre, radius = ball.mean(axis=0), np.ptp(ball[:, 2]) / 2
        distance = np.linalg.norm(marks[list(lids)] - centre, axis=1)
        assert np.all((distance > 0.9 * radius) & (distance < 1.6 * radius))


def test_pupils_are_the_front_of_the_eyeballs_right_one_first(head):
    found = pupils(head, head.rest)
    for pupil, eye in zip(found, head.eyes[::-1], strict=True):
        ball = head.rest[eye]
        assert pupil[1] == pytest.approx(ball[:, 1].min(), abs=0.001)
        np.testing.assert_allclose(pupil[[0, 2]], ball[:, [0, 2]].mean(axis=0), atol=0.002)
    assert found[0, 0] < 0 < found[1, 0]


def test_pupils_move_with_the_gaze(head):
    left = Expression({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0})
    still, moved = (pupils(head, head.shape(AVERAGE, e)[0]) for e in (NEUTRAL, left))
    assert (moved - still)[:, 0].min() > 0.002


def test_dense_labels_are_of_the_front_of_the_face(head, regions, places):
    face = face_vertices(head, regions)
    assert np.all(np.diff(face) > 0)
    assert np.isin(face, head.skin).all()
    assert head.rest[face, 1].max() < head.rest[regions.ears > 0.5, 1].max()
    brows_eyes_and_nose = places.corners[17:48]
    assert np.isin(brows_eyes_and_nose, face).all()


# The contour


def contour_and_surface(head, places, vertices=None, **numbers):
    vertices = head.rest if vertices is None else vertices
    skin = head.triangles[head.part == head.parts.index("body")]
    normals = VertexNormals(skin, len(vertices))(vertices)
    points = places.of(vertices)
    camera = camera_on(points, **numbers)
    return contour(places, vertices, normals, camera), camera.project(points)


@pytest.mark.parametrize("yaw", [-60.0, -20.0, 0.0, 45.0])
def test_landmarks_with_a_distinctive_position_stay_on_the_surface(head, places, yaw):
    marked, surface = contour_and_surface(head, places, yaw=yaw)
    np.testing.assert_array_equal(marked[FIXED], surface[FIXED])


@pytest.mark.parametrize("pitch", [-15.0, 0.0, 15.0])
def test_lips_that_meet_have_one_line_between_them(head, places, pitch):
    """Also seen from above and below, where one lip hides the edge of the other."""
    closed, _ = head.shape(AVERAGE, NEUTRAL)
    marked, surface = contour_and_surface(head, places, closed, pitch=pitch)
    upper, lower = marked[[61, 62, 63]], marked[[67, 66, 65]]
    size = interocular(surface)
    assert np.abs(upper[:, 1] - lower[:, 1]).max() < 0.02 * size
    assert np.all(upper[:, 1] <= lower[:, 1] + 1e-9)
    assert np.all(marked[51, 1] < upper[:, 1])
    assert np.all(lower[:, 1] < marked[57, 1])


def test_parted_lips_are_marked_at_their_edges(head, places):
    opened, _ = head.shape(AVERAGE, Expression({"jawOpen": 0.5}))
    marked, surface = contour_and_surface(head, places, opened)
    gap = (marked[[67, 66, 65], 1] - marked[[61, 62, 63], 1]) / interocular(surface)
    assert gap.min() > 0.1
    lips = head.skin[head.masks["lips"][head.skin] > 0.5]
    middle = lips[np.abs(head.rest[lips, 0]) < 0.001]
    seen = camera_on(places.of(opened)).project(opened[middle])[:, 1]
    inside = (seen > marked[62, 1] + 0.01) & (seen < marked[66, 1] - 0.01)
    assert not inside.any()


@pytest.mark.parametrize(("yaw", "far", "near"), [(-50, slice(0, 5), slice(9, 13)),
                                                  (50, slice(12, 17), slice(4, 8))])  # fmt: skip
def test_jaw_points_of_the_hidden_cheek_move_outwards(head, places, yaw, far, near):
    marked, surface = contour_and_surface(head, places, yaw=float(yaw))
    outwards = (marked - surface)[far, 0] * np.sign(yaw)  # the face looks to that side
    assert outwards.min() > 0.1 * interocular(surface)
    off_the_line = distance_to_line(marked[near], surface[JAW])
    assert off_the_line.max() < 0.02 * interocular(surface)


@pytest.mark.parametrize("line", EVENLY_SPACED, ids=lambda line: f"{line[0]}-{line[-1]}")
def test_points_without_marks_of_their_own_are_evenly_spaced(head, places, line):
    """Chords of an arc differ a little."""
    marked, surface = contour_and_surface(head, places)
    steps = np.hypot(*np.diff(marked[line], axis=0).T)
    assert np.ptp(steps) < 0.1 * steps.mean()
    assert distance_to_line(marked[line][1:-1], surface[line]).max() < 0.04 * interocular(surface)


def test_no_skin_is_outside_the_contour_of_a_turned_cheek(head, places, regions):
    marked, _ = contour_and_surface(head, places, yaw=45.0)
    points = places.of(head.rest)
    face = head.rest[face_vertices(head, regions)]
    seen = camera_on(points, yaw=45.0).project(face)
    for k in (12, 13, 14, 15):
        beside = np.abs(seen[:, 1] - marked[k, 1]) < 1.0
        assert seen[beside, 0].max() < marked[k, 0] + 0.03 * interocular(marked)


def test_roll_turns_the_contour_with_the_face(head, places):
    level, _ = contour_and_surface(head, places, yaw=40.0)
    rolled, surface = contour_and_surface(head, places, yaw=40.0, roll=70.0)
    scale = interocular(rolled) / interocular(level)
    np.testing.assert_allclose(
        _distances(rolled, surface[33]) / scale,
        _distances(level, contour_and_surface(head, places, yaw=40.0)[1][33]),
        atol=1e-6,
    )


def _distances(marked, nose):
    return np.hypot(*(marked[JAW] - nose).T)


def jaws(studio, **numbers):
    """Jaws of eight faces: contour and surface, in shares of the inter-ocular distance."""
    found = []
    for seed in range(8):
        labels = studio.render(bare(seed, view=view(**numbers)), 48).labels
        size = interocular(labels.surface)
        found.append((labels.contour[JAW] / size, labels.surface[JAW] / size))
    return found


def test_on_a_frontal_face_the_contour_runs_along_the_surface(studio):
    """To half a per cent of the inter-ocular distance, but for its ends."""
    off = [distance_to_line(marked[1:16], surface) for marked, surface in jaws(studio)]
    assert np.mean(off) < 0.006
    assert np.max(off) < 0.08


def test_on_a_frontal_face_the_chin_stays_and_the_ends_slide_by_millimetres(studio):
    for marked, surface in jaws(studio):
        moved = np.hypot(*(marked - surface)[[0, 8, 16]].T)
        assert moved[1] < 0.02
        assert moved.max() < 0.08


# Regions and classes


@pytest.mark.parametrize(
    "name", ["lips", "mouth", "nostrils", "ears", "cheeks", "under_eyes", "shine", "beard"]
)
def test_masks_are_shares(head, regions, name):
    mask = getattr(regions, name)
    assert mask.shape == (len(head.rest),)
    assert -1e-6 <= mask.min() <= 0.01
    assert 0.5 < mask.max() <= 1 + 1e-6


def test_both_sides_of_the_head_are_alike(head, regions):
    """Masks and coordinates are the same on both sides."""
    mirror = head_arrays()["mirror"]
    for field in fields(regions):
        values = getattr(regions, field.name)
        if isinstance(values, np.ndarray):
            np.testing.assert_array_equal(values[mirror], values, err_msg=field.name)
    hair = replace(bare().hair, hairline=0.03, fringe=0.1, baldness=0.4)
    over = regions.over_hairline(hair)
    np.testing.assert_array_equal(over[mirror], over)


def test_the_outline_is_sought_among_the_same_vertices_on_both_sides(places):
    mirror = head_arrays()["mirror"]
    for k in range(8):
        other = np.sort(mirror[places.candidates[k]])
        np.testing.assert_array_equal(other, places.candidates[16 - k])


def test_parts_of_the_skin_are_the_same_on_both_sides(head, regions, places):
    found = skin_classes(head, regions, places.of(head.rest))
    swapped = np.arange(len(Class))
    pair = [Class.RIGHT_EAR, Class.LEFT_EAR]
    swapped[pair] = pair[::-1]
    aside = np.abs(head.rest[:, 0]) > 1e-6  # in the middle, a side is a matter of rounding
    mirrored = swapped[found[head_arrays()["mirror"]]]
    np.testing.assert_array_equal(mirrored[aside], found[aside])


def test_masks_lie_where_their_names_say(head, regions, places):
    marks = places.of(head.rest)
    eyes = marks[36:48, 2].mean()
    assert regions.eye_height == pytest.approx(eyes, abs=0.003)

    def near(point):
        return int(head.skin[np.linalg.norm(head.rest[head.skin] - point, axis=1).argmin()])

    chin, tip, lip = near(marks[8]), near(marks[30]), near((marks[51] + marks[62]) / 2)
    assert regions.beard[chin] > 0.8
    assert regions.beard[tip] < 0.01
    assert regions.lips[lip] > 0.8
    assert regions.beard[lip] < 0.1
    assert regions.shine[tip] > 0.5
    assert regions.ears[near(head.rest[head.skin][np.abs(head.rest[head.skin, 0]).argmax()])] >= 0


def test_angles_around_the_skull(head, regions):
    """0 at the front, pi at the back; elevation a right angle at the crown."""
    skin = head.skin
    front = skin[head.rest[skin, 1].argmin()]
    above = skin[regions.height[skin] > 0.03]
    back = above[head.rest[above, 1].argmax()]
    crown = skin[head.rest[skin, 2].argmax()]
    assert regions.azimuth[front] < 0.05
    assert regions.azimuth[back] > 3.0
    assert regions.elevation[crown] > 1.2
    np.testing.assert_allclose(regions.side, np.abs(head.rest[:, 0]))


def test_hair_recedes_and_a_fringe_hangs_down(regions):
    plain = replace(bare().hair, hairline=0.0, fringe=0.0, baldness=0.0)
    forehead = (
        (regions.scalp > 0) & (regions.azimuth < 0.3) & (np.abs(regions.height - 0.05) < 0.01)
    )
    assert forehead.any()
    over = {
        name: regions.over_hairline(replace(plain, **{name: value}))[forehead].mean()
        for name, value in (("hairline", 0.1), ("fringe", 0.3), ("baldness", 0.5))
    }
    usual = regions.over_hairline(plain)[forehead].mean()
    assert over["fringe"] == pytest.approx(usual + 0.3, abs=0.01)
    assert over["hairline"] == pytest.approx(usual - 0.1, abs=0.01)
    assert over["baldness"] < usual - 0.3
    np.testing.assert_array_equal(regions.over_hairline(plain)[regions.scalp == 0], -1)


def test_classes_have_the_numbers_of_face_synthetics():
    """Wood et al. (2021): the data set's table of classes."""
    names = (
        "BACKGROUND SKIN NOSE RIGHT_EYE LEFT_EYE RIGHT_BROW LEFT_BROW RIGHT_EAR LEFT_EAR "
        "MOUTH_INTERIOR TOP_LIP BOTTOM_LIP NECK HAIR BEARD CLOTHING GLASSES HEADWEAR FACEWEAR"
    )
    assert [Class(k).name for k in range(19)] == names.split()
    assert Class.IGNORE == 255
    assert set(OF_MATERIAL) == set(Material) - {Material.EYE}


def test_landmarks_lie_in_the_classes_of_their_parts(head, regions, places):
    marks = places.of(head.rest)
    found = skin_classes(head, regions, marks)

    def at(point):
        nearest = np.linalg.norm(head.rest[head.skin] - point, axis=1).argmin()
        return found[head.skin[nearest]]

    assert [at(marks[k]) for k in (28, 29, 30)] == [Class.NOSE] * 3
    assert at((marks[51] + marks[62]) / 2) == Class.TOP_LIP
    assert at((marks[57] + marks[66]) / 2) == Class.BOTTOM_LIP
    assert at((marks[2] + marks[31]) / 2 - (0, 0.03, 0)) == Class.SKIN
    kind, x = found[head.skin], head.rest[head.skin, 0]
    assert x[kind == Class.RIGHT_EAR].max() < 0 < x[kind == Class.LEFT_EAR].min()
    assert regions.height[head.skin][kind == Class.NECK].max() < -0.02


def test_every_triangle_has_the_class_of_its_material(head, regions, places):
    assembly = Assembly(head, regions)
    classes = find_classes(assembly, head, regions, places.of(head.rest)).bare
    assert classes.shape == (len(assembly.triangles) + 1,)
    assert classes[-1] == Class.BACKGROUND
    kinds = {
        Material.CLOTH: {15}, Material.FRAME: {16}, Material.LENS: {16}, Material.HAT: {17},
        Material.THING: {255}, Material.HAND: {255}, Material.KNOT: {13}, Material.TEETH: {9},
        Material.LONG_HAIR: {13}, Material.SHELL: {13, 14}, Material.EYE: {3, 4},
    }  # fmt: skip
    for material, expected in kinds.items():
        assert set(classes[:-1][assembly.materials == material]) == expected
    eyes = assembly.rest[assembly.triangles[classes[:-1] == Class.LEFT_EYE, 0], 0]
    assert eyes.min() > 0  # the person's left
