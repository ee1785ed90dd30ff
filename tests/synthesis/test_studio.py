"""Pictures agree with their labels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion, distance_transform_edt

from landmarks.scheme import IBUG68
from landmarks.synthesis.mesh.classes import Class
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.renderer import RayCaster
from landmarks.synthesis.scene.expression import Expression
from landmarks.synthesis.scene.lighting import Lighting
from landmarks.synthesis.scene.person import PersonRecipe
from landmarks.synthesis.scene.wear import KINDS, Occluder, WearRecipe
from landmarks.synthesis.studio import Studio
from tests.synthesis.scenes import (
    FRONT,
    MIRROR,
    bare,
    class_at,
    distance_to_line,
    interocular,
    view,
)

SEEDS = (0, 1, 2, 3)
JAW = slice(0, 17)
WORN = {
    Class.HAIR, Class.BEARD, Class.GLASSES, Class.HEADWEAR, Class.FACEWEAR, Class.IGNORE,
}  # fmt: skip

EVEN_LIGHT = Lighting(
    key=(0.0, -1.0, 0.0), key_colour=(0.0, 0.0, 0.0), softness=0.1, fill=(0.0, -1.0, 0.0),
    fill_colour=(0.0, 0.0, 0.0), environment=((0.5, 0.5, 0.5),) + ((0.0, 0.0, 0.0),) * 8,
)  # fmt: skip


def held(kind="stick", landmark=30, **numbers):
    sizes = {name: float(np.mean(span)) for name, span in KINDS[kind].items()}
    piece = Occluder(
        kind=kind, landmark=landmark, angle=0.7, distance=0.015, curl=0.2, colour=(0.0, 1.0, 0.0),
        **sizes,
    )  # fmt: skip
    return replace(piece, **numbers)


def projected(points, picture):
    """(N, 2) pixels, by the matrices that go with the picture."""
    camera = points @ picture.extrinsics[:, :3].T + picture.extrinsics[:, 3]
    pixels = camera @ picture.intrinsics.T
    return pixels[:, :2] / pixels[:, 2:]


def arrays_of(picture):
    labels = vars(picture.labels)
    own = {name: getattr(picture, name) for name in ("image", "segmentation", "depth")}
    own |= {"intrinsics": picture.intrinsics, "extrinsics": picture.extrinsics}
    return own | {name: value for name, value in labels.items() if value is not None}


def assert_same_bytes(one, other):
    first, second = arrays_of(one), arrays_of(other)
    assert first.keys() == second.keys()
    assert [n for n in first if first[n].tobytes() != second[n].tobytes()] == []


# Pixels


def test_an_object_appears_in_image_and_segmentation_where_it_projects(studio):
    """A green stick before four landmarks, on four faces, all over the picture."""
    v, u = np.mgrid[0:96, 0:96]
    in_image, in_classes = [], []
    rng = np.random.default_rng(0)
    for seed in SEEDS:
        for landmark in (30, 33, 54, 24):
            stick = held(landmark=landmark, distance=0.02, length=0.02, breadth=0.008)
            at = view(shift=tuple(rng.uniform(-0.18, 0.18, 2)), face_share=0.5)
            picture = studio.render(bare(seed, occluder=stick, lighting=EVEN_LIGHT, view=at), 96)
            # With the face to the front, the thing is nearer along the camera's axis.
            place = picture.labels.points[landmark] - 0.02 * picture.extrinsics[2, :3]
            expected = projected(place[None], picture)[0]
            image = picture.image.astype(float)
            green = np.clip(image[..., 1] - image[..., [0, 2]].max(-1) - 20, 0, None)
            green[np.hypot(u - expected[0], v - expected[1]) > 15] = 0  # the shirt may be green
            for found, weight in (
                (in_image, green),
                (in_classes, picture.segmentation == Class.IGNORE),
            ):
                centroid = np.array([(u * weight).sum(), (v * weight).sum()]) / weight.sum()
                found.append(centroid - expected)
    for errors in np.array(in_image), np.array(in_classes):
        assert np.hypot(*errors.T).max() < 0.5
        assert np.abs(errors.mean(axis=0)).max() < 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_depth_is_that_of_the_visible_landmarks(studio, seed):
    """Within the slope of a pixel; 160 pixels across a face are about a millimetre each."""
    turned = view(yaw=20.0, pitch=5.0, roll=10.0, distance=0.6, neck=(5.0, 2.0, 1.0))
    picture = studio.render(bare(seed, view=turned), 160)
    labels = picture.labels
    ahead = labels.points @ picture.extrinsics[2, :3] + picture.extrinsics[2, 3]
    inner = [k for k in IBUG68.regions["inner51"] if labels.visible[k]]
    column, row = np.round(labels.surface[inner]).astype(int).T
    error = np.abs(picture.depth[row, column] - ahead[inner])
    assert np.median(error) < 0.001
    assert np.quantile(error, 0.9) < 0.004  # the rest are on edges


def test_depth_is_infinite_in_the_background(studio):
    picture = studio.render(bare(0), 64)
    np.testing.assert_array_equal(np.isinf(picture.depth), picture.segmentation == Class.BACKGROUND)
    assert 0.8 < picture.depth.min() < 1


# Landmarks


@pytest.mark.parametrize("seed", SEEDS)
def test_landmarks_agree_with_the_segmentation(studio, seed):
    picture = studio.render(bare(seed), 160)
    marks, classes = picture.labels.surface, picture.segmentation
    tolerance = 0.07 * interocular(marks)  # lashes hide the corners of eyes
    for kind, corners, lids in (
        (Class.RIGHT_EYE, (36, 39), range(36, 42)),
        (Class.LEFT_EYE, (42, 45), range(42, 48)),
    ):
        rows, columns = np.nonzero(classes == kind)
        assert abs(columns.min() - marks[corners[0], 0]) < tolerance
        assert abs(columns.max() - marks[corners[1], 0]) < tolerance
        assert abs(rows.mean() - marks[list(lids), 1].mean()) < 0.5 * tolerance
    lips = np.isin(classes, (Class.TOP_LIP, Class.BOTTOM_LIP, Class.MOUTH_INTERIOR))
    columns = np.nonzero(lips)[1]
    assert abs(columns.min() - marks[48, 0]) < 0.5 * tolerance
    assert abs(columns.max() - marks[54, 0]) < 0.5 * tolerance
    assert class_at(picture, (marks[51] + marks[62]) / 2) == Class.TOP_LIP
    assert class_at(picture, (marks[57] + marks[66]) / 2) == Class.BOTTOM_LIP
    assert class_at(picture, marks[30]) == Class.NOSE
    for k, kind in ((19, Class.RIGHT_BROW), (24, Class.LEFT_BROW)):
        column, row = np.round(marks[k]).astype(int)  # landmarks run along the upper edge
        near = slice(column - 2, column + 3)
        assert kind in classes[row - 1 : row + int(2 * tolerance), near]
    right, left = picture.labels.pupils
    assert class_at(picture, right) == Class.RIGHT_EYE
    assert class_at(picture, left) == Class.LEFT_EYE


@pytest.mark.parametrize("seed", SEEDS)
def test_surface_labels_are_the_points_seen_through_the_stated_camera(studio, seed):
    scene = Recipe(name="any").draw(seed, 1)
    picture = studio.render(scene, 64, also=("dense",))
    labels = picture.labels
    np.testing.assert_allclose(projected(labels.points, picture), labels.surface, atol=1e-4)
    rotation = picture.extrinsics[:, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_contour_differs_from_the_surface_where_nothing_marks_a_point(studio, seed):
    labels = studio.render(bare(seed, view=view(yaw=40.0)), 64).labels
    fixed = [*range(17, 28), *range(30, 37), 39, 42, 45, 48, 50, 51, 52, 54, 57]
    np.testing.assert_array_equal(labels.contour[fixed], labels.surface[fixed])
    size = interocular(labels.surface)
    near = distance_to_line(labels.contour[:8], labels.surface[JAW])
    assert near.max() < 0.03 * size  # the near side stays on its line
    moved = np.hypot(*(labels.contour - labels.surface).T)
    assert moved[13:17].min() > 0.1 * size  # the far side leaves it
    assert moved[36:48].max() < 0.1 * size  # lids are spaced evenly


@pytest.mark.parametrize("yaw", [-50.0, -30.0, 30.0, 50.0])
def test_sliding_jaw_points_end_on_the_outline_of_the_head(studio, yaw):
    """In pixels of 128; those over the chin, whose outline is against the neck, apart.

    Not exactly: beside the eye of a face turned far the outline is hollow, and equal distances are
    along straight lines.
    """
    far = slice(0, 4) if yaw < 0 else slice(13, 17)
    distances = []
    for seed in SEEDS:
        picture = studio.render(bare(seed, view=view(yaw=yaw)), 128)
        head = picture.segmentation != Class.BACKGROUND
        outline = head & ~binary_erosion(head)
        column, row = np.round(picture.labels.contour[far]).astype(int).T
        distances.append(distance_transform_edt(~outline)[row, column])
    assert np.max(distances) < 6
    assert np.mean(distances) < 2


def mirrored_view(at):
    (turn, nod, tilt), (right, down) = at.neck, at.shift
    return replace(at, yaw=-at.yaw, roll=-at.roll, neck=(-turn, nod, -tilt), shift=(-right, down))


def other_side(name):
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name.removesuffix(side) + other
    return name


def symmetric(person):
    """Without the sliders that move nose or mouth to a side, which `asymmetry` leaves."""
    sideways = ("mouth-trans-in", "mouth-trans-out", "nose-trans-in", "nose-trans-out")
    shape = {name: w for name, w in person.shape.items() if name not in sideways}
    return replace(person, shape=shape)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mirrored_scene_has_the_mirrored_labels(studio, seed):
    """To a hundredth of a pixel: the asset's 16-bit shapes are symmetric to 0.01 mm or so."""
    drawn = Recipe(name="any", person=PersonRecipe(asymmetry=0.0)).draw(seed, 1)
    at = view(yaw=25.0, pitch=8.0, roll=12.0, neck=(10.0, 5.0, 4.0), distance=0.7,
              face_share=0.55, shift=(0.03, -0.02))  # fmt: skip
    looks = {"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6, "eyeBlinkLeft": 0.5}
    scene = bare(seed, person=symmetric(drawn.person), view=at, expression=Expression(looks))
    flipped = replace(
        scene,
        view=mirrored_view(at),
        expression=Expression({other_side(name): weight for name, weight in looks.items()}),
    )
    one, other = studio.render(scene, 96), studio.render(flipped, 96)
    for name in ("surface", "contour"):
        expected = getattr(one.labels, name)[MIRROR] * [-1, 1] + [95, 0]
        np.testing.assert_allclose(getattr(other.labels, name), expected, atol=0.3)
    expected = one.labels.pupils[::-1] * [-1, 1] + [95, 0]
    np.testing.assert_allclose(other.labels.pupils, expected, atol=0.1)
    assert (one.labels.visible[MIRROR] == other.labels.visible).mean() > 0.95
    swapped = np.arange(256)
    swapped[[3, 4, 5, 6, 7, 8]] = [4, 3, 6, 5, 8, 7]  # right and left eye, brow, ear
    assert (swapped[one.segmentation[:, ::-1]] == other.segmentation).mean() > 0.985


def test_dense_labels_cover_the_face_and_are_optional(studio):
    picture = studio.render(bare(0), 96, also=("dense",))
    labels = picture.labels
    assert labels.dense.shape == (len(studio.face), 2)
    assert labels.dense_visible.shape == (len(studio.face),)
    assert len(studio.face) > 1000
    seen = labels.dense[labels.dense_visible]
    face = (Class.SKIN, Class.NOSE, Class.RIGHT_BROW, Class.LEFT_BROW, Class.TOP_LIP,
            Class.BOTTOM_LIP, Class.NECK, Class.RIGHT_EYE, Class.LEFT_EYE)  # fmt: skip
    assert np.mean([class_at(picture, point) in face for point in seen]) > 0.95
    assert labels.dense_visible.mean() > 0.6
    plain = studio.render(bare(0), 96).labels
    assert plain.dense is None
    assert plain.dense_visible is None


# What is worn and held


@pytest.mark.parametrize("seed", SEEDS)
def test_absent_accessories_have_no_pixel(studio, seed):
    """Hair, beard, glasses, hat and hand are folded away inside the head."""
    for at in (FRONT, view(yaw=60.0, pitch=20.0), view(yaw=-35.0, pitch=-25.0, distance=0.45)):
        assert WORN.isdisjoint(np.unique(studio.render(bare(seed, view=at), 64).segmentation))


@pytest.mark.parametrize("kind", KINDS)
def test_a_held_object_hides_the_landmark_behind_it(studio, kind):
    for landmark in (8, 19, 24, 30, 33, 48, 51, 54, 57):
        thing = held(kind, landmark)
        picture = studio.render(bare(landmark, occluder=thing), 64)
        assert not picture.labels.visible[landmark]
        assert class_at(picture, picture.labels.surface[landmark]) == Class.IGNORE


def test_a_held_object_changes_only_the_visibility_of_landmarks(studio):
    without = studio.render(bare(1), 64).labels
    behind = studio.render(bare(1, occluder=held("slab", 33)), 64).labels
    np.testing.assert_array_equal(behind.surface, without.surface)
    np.testing.assert_array_equal(behind.contour, without.contour)
    assert not (behind.visible & ~without.visible).any()
    assert (behind.visible != without.visible).sum() >= 3


def worn(seed, sunglasses=0.0):
    recipe = WearRecipe(glasses=1.0, headwear=1.0, sunglasses=sunglasses)
    return Recipe(name="any", wear=recipe).draw(seed, 5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_frame_of_glasses_goes_around_the_eyes(studio, seed):
    scene = bare(seed, glasses=worn(seed).glasses)
    plain, picture = studio.render(bare(seed), 96), studio.render(scene, 96)
    marks = picture.labels.surface
    rows, columns = np.nonzero(picture.segmentation == Class.GLASSES)
    assert columns.min() < marks[36, 0]
    assert columns.max() > marks[45, 0]
    assert rows.min() < marks[36:48, 1].min()
    assert rows.max() > marks[36:48, 1].max()
    between = (columns > marks[39, 0]) & (columns < marks[42, 0])
    assert between.any()  # the bridge
    for eye in (Class.RIGHT_EYE, Class.LEFT_EYE):  # glass is clear
        before, behind = (p.segmentation == eye for p in (plain, picture))
        np.testing.assert_array_equal(behind, before & (picture.segmentation != Class.GLASSES))
    np.testing.assert_array_equal(marks, plain.labels.surface)


def test_sunglasses_hide_the_eyes_in_the_segmentation(studio):
    dark = replace(worn(0).glasses, tint=0.97)
    picture = studio.render(bare(0, glasses=dark), 64)
    for pupil in picture.labels.pupils:
        assert class_at(picture, pupil) == Class.GLASSES


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hat_is_over_the_brows_and_covers_no_eye(studio, seed):
    hat = worn(seed).headwear
    plain = studio.render(bare(seed), 96)
    picture = studio.render(bare(seed, headwear=hat), 96)
    rows = np.nonzero(picture.segmentation == Class.HEADWEAR)[0]
    assert len(rows) > 50
    eyes = slice(36, 48)
    np.testing.assert_array_equal(picture.labels.visible[eyes], plain.labels.visible[eyes])
    for eye in (Class.RIGHT_EYE, Class.LEFT_EYE):
        assert not ((plain.segmentation == eye) & (picture.segmentation == Class.HEADWEAR)).any()
    top_of_eyes = picture.labels.surface[eyes, 1].min()
    middle = np.abs(np.arange(96) - picture.labels.surface[27, 0]) < 15
    lowest = np.nonzero(picture.segmentation[:, middle] == Class.HEADWEAR)[0].max(initial=0)
    assert lowest < top_of_eyes


def test_long_hair_is_rendered_if_it_has_a_length(studio):
    drawn = Recipe(name="any").draw(0, 7).hair
    none = replace(drawn, density=0.0, length=0.0, bun=0.0, long=0.0)
    shares = [
        (studio.render(bare(0, hair=replace(none, long=long)), 64).segmentation == Class.HAIR)
        for long in (0.0, 0.3, 0.8)
    ]
    pixels = [int(share.sum()) for share in shares]
    assert pixels[0] == 0
    assert 100 < pixels[1] < pixels[2]
    assert np.nonzero(shares[2])[0].max() > np.nonzero(shares[1])[0].max()  # it hangs lower


def test_hair_and_beard_grow_where_they_should(studio):
    drawn = bare(3)
    short = replace(drawn.hair, density=1.0, length=0.015, fringe=0.0, baldness=0.0, hairline=0.0)
    beard = replace(drawn.beard, density=1.0, length=0.012)
    picture = studio.render(replace(drawn, hair=short, beard=beard), 96)
    marks, classes = picture.labels.surface, picture.segmentation
    hair = np.nonzero(classes == Class.HAIR)[0]
    assert len(hair) > 150
    assert np.median(hair) < marks[17:27, 1].min()
    rows, columns = np.nonzero(classes == Class.BEARD)
    assert len(rows) > 300
    between_eyes = (columns > marks[39, 0]) & (columns < marks[42, 0])
    assert rows[between_eyes].min() > marks[33, 1]  # below the nose
    for pupil in picture.labels.pupils:
        assert class_at(picture, pupil) in (Class.RIGHT_EYE, Class.LEFT_EYE)
    assert class_at(picture, marks[30]) == Class.NOSE


def test_a_knot_is_seen_from_the_side(studio):
    drawn = bare(0)
    tied = replace(drawn.hair, bun=0.035, bun_height=0.3)
    picture = studio.render(replace(drawn, hair=tied, view=view(yaw=80.0, face_share=0.4)), 96)
    columns = np.nonzero(picture.segmentation == Class.HAIR)[1]
    assert len(columns) > 20
    assert columns.max() < picture.labels.surface[30, 0]  # the face looks to the right


# Light


def test_twice_the_lamps_are_twice_the_light(studio, monkeypatch):
    """Before the photograph, which meters exposure."""
    found = []
    monkeypatch.setattr(
        "landmarks.synthesis.studio.develop", lambda light, *rest: found.append(light)
    )
    lamp = replace(EVEN_LIGHT, key=(0.6, -0.8, 0.0), environment=((0.0, 0.0, 0.0),) * 9)
    for strength in (1.0, 2.0):
        colour = (strength, strength, strength)
        lit = bare(0, lighting=replace(lamp, key_colour=colour))
        classes = studio.render(lit, 64).segmentation
    inside = binary_erosion(classes == Class.SKIN)
    np.testing.assert_allclose(found[1][inside], 2 * found[0][inside], rtol=1e-4)
    assert np.median(found[0][inside]) > 0.01


def test_a_thing_between_lamp_and_face_throws_a_shadow_on_the_face(studio, monkeypatch):
    found = []
    monkeypatch.setattr(
        "landmarks.synthesis.studio.develop", lambda light, *rest: found.append(light[..., 1])
    )
    # The lamp stands to the right of the picture, so the shadow falls to the left of the thing.
    lamp = replace(EVEN_LIGHT, key=(0.6, -0.8, 0.0), key_colour=(1.0, 1.0, 1.0), softness=0.0)
    slab = held("slab", 30, distance=0.02, length=0.02, breadth=0.015, angle=np.pi / 2)
    plain, hidden = (
        studio.render(bare(2, lighting=lamp, occluder=thing), 96) for thing in (None, slab)
    )
    skin = (plain.segmentation == Class.SKIN) & (hidden.segmentation == Class.SKIN)
    darker = np.nonzero(skin & (found[1] < 0.6 * found[0]))[1]
    thing = np.nonzero(hidden.segmentation == Class.IGNORE)[1]
    assert len(darker) > 30
    assert (darker < thing.min()).mean() > 0.9
    lit = found[0][skin & (np.arange(96) > thing.max())]
    still_lit = found[1][skin & (np.arange(96) > thing.max())]
    assert (np.abs(still_lit - lit) < 0.02 * lit).mean() > 0.95


# The studio


def test_a_picture_does_not_depend_on_earlier_pictures(studio):
    recipe = Recipe(name="any", wear=WearRecipe(glasses=1.0, headwear=1.0, occluders=1.0))
    first = studio.render(recipe.draw(0, 0), 64, also=("dense",))
    for index in (1, 2):
        studio.render(recipe.draw(0, index), 48)
    studio.render(bare(0), 64)
    assert_same_bytes(first, studio.render(recipe.draw(0, 0), 64, also=("dense",)))
    other = Studio()
    other.render(Recipe(name="any").draw(7, 7), 64)
    assert_same_bytes(first, other.render(recipe.draw(0, 0), 64, also=("dense",)))


def test_a_picture_knows_its_scene_and_its_pose(studio):
    scene = bare(0, view=view(yaw=11.0, pitch=-4.0, roll=3.0))
    picture = studio.render(scene, 48)
    assert picture.scene == scene
    assert picture.head_pose == (11.0, -4.0, 3.0)
    assert picture.image.shape == (48, 48, 3)
    assert picture.image.dtype == np.uint8


def test_labels_scale_with_the_size_of_the_picture(studio):
    small, large = (studio.render(bare(0), size).labels for size in (48, 96))
    np.testing.assert_allclose((large.surface + 0.5) / 2, small.surface + 0.5, atol=1e-4)


def test_the_version_names_the_quality():
    versions = {caster.version for caster in (RayCaster(), RayCaster(0, 1), RayCaster(2, 4))}
    assert len(versions) == 3
    assert RayCaster(edge_rays=2, shadow_rays=1).version == RayCaster().version
