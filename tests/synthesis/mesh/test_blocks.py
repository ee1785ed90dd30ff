"""Blocks around the head: their placement, and that unused ones are hidden."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from landmarks.synthesis.mesh.assembly import Assembly
from landmarks.synthesis.mesh.blocks import Material, Posed, hat_edge
from landmarks.synthesis.mesh.growth import SHELLS, Brim, Cards, Clothes, Hat, Knot, Shells
from landmarks.synthesis.mesh.labels import find_landmarks
from landmarks.synthesis.mesh.surfaces import VertexNormals
from landmarks.synthesis.mesh.things import AVERAGE_EYES, Hand, Spectacles, Thing, held_at
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene.wear import Occluder, WearRecipe
from tests.synthesis.scenes import bare

NECK = (15.0, -8.0, 5.0)
WORN = Recipe(name="any", wear=WearRecipe(glasses=1.0, headwear=1.0, occluders=1.0))


def posed_of(head, regions, scene):
    upright, joints = head.shape(scene.person, scene.expression)
    bent = head.bend(upright, joints, scene.view.neck)
    skin = head.triangles[head.part == head.parts.index("body")]
    return Posed(
        head=head,
        regions=regions,
        upright=upright,
        bent=bent,
        normals=VertexNormals(skin, len(upright))(bent.vertices),
        landmarks=find_landmarks(head, regions).of(bent.vertices),
    )


@pytest.fixture(scope="module")
def scene():
    drawn = bare(1)
    return replace(drawn, view=replace(drawn.view, neck=NECK))


@pytest.fixture(scope="module")
def posed(head, regions, scene):
    return posed_of(head, regions, scene)


def hair_of(scene, **numbers):
    plain = {"density": 1.0, "hairline": 0.0, "fringe": 0.0, "baldness": 0.0, "curl": 0.0}
    return replace(scene, hair=replace(scene.hair, **(plain | numbers)))


def above(posed, points, skin):
    """(N,) metres of points (N, 3) over the vertices `skin`, along their normals."""
    return np.einsum("ij,ij->i", points - posed.bent.vertices[skin], posed.normals[skin])


def skin_of(head, block):
    """Vertices of the head that a block's own are copies of."""
    distance, nearest = cKDTree(head.rest[head.skin]).query(block.rest)
    assert distance.max() == 0
    return head.skin[nearest]


def nearest_skin(head, posed, points):
    return head.skin[cKDTree(posed.bent.vertices[head.skin]).query(points)[1]]


# All together


@pytest.fixture(scope="module")
def assembly(head, regions):
    return Assembly(head, regions)


def test_blocks_make_one_mesh_with_the_head_first(assembly, head):
    count = len(assembly.rest)
    np.testing.assert_array_equal(assembly.rest[: len(head.rest)], head.rest)
    assert assembly.triangles.min() == 0
    assert assembly.triangles.max() == count - 1
    assert len(assembly.materials) == len(assembly.triangles)
    assert set(assembly.materials) == {int(material) for material in Material}


def test_no_triangle_joins_two_blocks(assembly, posed, scene):
    """What is not worn is a point, whole triangles of it."""
    vertices, features = assembly.place(posed, scene)
    assert vertices.shape == (len(assembly.rest), 3)
    assert features.shape == (len(assembly.rest), 4)
    gone = (vertices == posed.inside.astype(np.float32)).all(axis=1)
    hidden = gone[assembly.triangles]
    np.testing.assert_array_equal(hidden.all(axis=1), hidden.any(axis=1))
    names = {Material(m).name for m in np.unique(assembly.materials[hidden.all(axis=1)])}
    assert names == {"LONG_HAIR", "FRAME", "LENS", "THING", "HAT", "KNOT", "HAND"}


def test_nothing_of_an_earlier_scene_is_left(assembly, head, regions, posed, scene):
    before = [values.copy() for values in assembly.place(posed, scene)]
    worn = WORN.draw(2, 0)
    assembly.place(posed_of(head, regions, worn), worn)
    for one, other in zip(before, assembly.place(posed, scene), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("index", range(4))
def test_everything_placed_is_finite_and_near_the_head(assembly, head, regions, index):
    scene = WORN.draw(2, index)
    vertices, features = assembly.place(posed_of(head, regions, scene), scene)
    assert np.isfinite(vertices).all()
    assert np.isfinite(features).all()
    skin = vertices[head.skin]
    assert (vertices.min(axis=0) > skin.min(axis=0) - 0.25).all()
    assert (vertices.max(axis=0) < skin.max(axis=0) + 0.25).all()


def test_optional_blocks_have_their_own_branches_of_the_tree(assembly, head, posed, scene):
    """In the mesh from which the tree is built, boxes of such blocks do not meet the head's."""
    vertices, _ = assembly.place(posed, scene)
    gone = (vertices == posed.inside.astype(np.float32)).all(axis=1)
    assert assembly.apart[gone, 2].min() > head.rest[:, 2].max() + 1


def test_the_hiding_place_is_inside_the_head(head, regions):
    """Skin lies around it on all sides."""
    for seed in range(5):
        scene = bare(seed)
        posed = posed_of(head, regions, scene)
        skin = posed.bent.vertices[head.skin] - posed.inside
        directions = skin / np.linalg.norm(skin, axis=1, keepdims=True)
        for axis in np.vstack([np.eye(3), -np.eye(3)]):
            assert (directions @ axis).max() > 0.97
        assert np.linalg.norm(skin, axis=1).min() > 0.003


# Hair


def test_shells_rise_to_the_length_of_the_hair(head, regions, scene, posed):
    """But for locks, and for its hanging down."""
    shells = Shells(head, regions)
    vertices, features = shells.place(posed, hair_of(scene, length=0.02, curl=1.0))
    levels, length = features[:, 0], features[:, 3]
    assert np.unique(levels).tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    crown = features[:, 1] > 0.5
    height = above(posed, vertices, skin_of(head, shells))
    np.testing.assert_allclose(height[crown], (levels * length)[crown], atol=1e-6)
    assert np.median(length[crown]) == pytest.approx(0.02, abs=0.003)
    assert len(vertices) == SHELLS * len(np.unique(skin_of(head, shells)))


def test_shells_are_below_the_skin_where_no_hair_grows(head, regions, scene, posed):
    shells = Shells(head, regions)
    skin = skin_of(head, shells)
    for bald in (scene, hair_of(scene, length=0.0)):
        vertices, _ = shells.place(posed, bald)
        assert above(posed, vertices, skin).max() < -0.003
    vertices, features = shells.place(posed, hair_of(scene, length=0.02))
    outside = features[:, 1] < -0.05  # radians below the hairline
    assert outside.any()
    assert above(posed, vertices, skin)[outside].max() < -0.003
    assert above(posed, vertices, skin)[~outside].max() > 0.01


def test_a_beard_grows_on_the_chin_alone(head, regions, scene, posed):
    bearded = replace(scene, beard=replace(scene.beard, density=1.0, length=0.01))
    shells = Shells(head, regions)
    grown = shells.place(posed, bearded)[1][:, 3] > 0.005
    assert grown.any()
    assert regions.beard[skin_of(head, shells)[grown]].min() > 0.3
    assert (shells.rest[grown, 2] - regions.eye_height).max() < -0.01


def test_no_hair_sticks_out_of_a_hat(head, regions, scene, posed):
    hat = replace(WORN.draw(0, 0).headwear, edge=0.05, back=0.0)
    hairy = replace(hair_of(scene, length=0.03), headwear=hat)
    shells = Shells(head, regions)
    vertices, _ = shells.place(posed, hairy)
    under = shells.rest[:, 2] - regions.eye_height > 0.05
    assert above(posed, vertices, skin_of(head, shells))[under].max() < -0.003


def test_cards_leave_the_face_free(head, regions):
    cards = Cards(head, regions)
    middle = cards.rest[cards.triangles].mean(axis=1)
    low = middle[:, 2] < regions.eye_height + 0.02
    assert np.abs(middle[low & (middle[:, 1] < -0.075), 0]).min() >= 0.045


def test_long_hair_is_hidden_under_a_hat(head, regions, scene, posed):
    hat = replace(WORN.draw(0, 0).headwear, edge=0.05, back=0.0)
    long = hair_of(scene, long=0.8)
    cards = Cards(head, regions)
    _, free = cards.place(posed, long)
    _, covered = cards.place(posed, replace(long, headwear=hat))
    over = cards.rest[:, 2] - regions.eye_height
    assert free[:, 3].min() == 1
    assert covered[over > 0.065, 3].max() == 0
    assert covered[over < 0.045, 3].min() == 1
    assert cards.place(posed, scene) is None


def test_a_knot_touches_the_back_of_the_head(head, regions, scene, posed):
    knot = Knot(regions)
    assert knot.place(posed, scene) is None
    tied = hair_of(scene, bun=0.03, bun_height=0.3)
    vertices, _ = knot.place(posed, tied)
    height = above(posed, vertices, nearest_skin(head, posed, vertices))
    assert height.min() < 0 < 0.02 < height.max() < 0.065
    assert vertices[:, 1].mean() > posed.bent.vertices[head.skin, 1].mean()
    assert knot.place(posed, replace(tied, headwear=WORN.draw(0, 0).headwear)) is None


# Worn


def test_clothes_lie_over_the_skin_below_the_neck(head, regions, scene, posed):
    clothes = Clothes(head, regions)
    vertices, _ = clothes.place(posed, scene)
    height = above(posed, vertices, skin_of(head, clothes))
    np.testing.assert_allclose(height, 0.006, atol=1e-6)
    assert (clothes.rest[:, 2] - regions.eye_height).max() < -0.12


def test_a_hat_is_cut_at_its_edge(head, regions, scene, posed):
    worn = replace(WORN.draw(0, 0).headwear, edge=0.05, back=0.06, thickness=0.01)
    hat = Hat(head, regions)
    vertices, features = hat.place(posed, replace(scene, headwear=worn))
    skin = skin_of(head, hat)
    height, over = hat.rest[:, 2] - regions.eye_height, features[:, 0]
    front, back = regions.azimuth[skin] < 0.1, regions.azimuth[skin] > 3.0
    np.testing.assert_allclose(over[front], height[front] - 0.05, atol=1e-3)
    np.testing.assert_allclose(over[back], height[back] + 0.01, atol=1e-3)
    height = above(posed, vertices, skin)
    np.testing.assert_allclose(height[over > 0.03], 0.01, atol=1e-6)
    assert height[(over > 0) & (over < 0.003)].max() < 0.0025  # its edge lies on the skin
    assert hat.place(posed, scene) is None


def test_no_part_of_a_hat_hangs_before_the_face(head, regions):
    skin = skin_of(head, Hat(head, regions))
    assert not ((regions.height[skin] < 0.01) & (regions.azimuth[skin] < 0.9)).any()


def test_the_edge_of_a_hat_goes_from_front_to_back(regions):
    edge = hat_edge(regions, 0.05, 0.04)
    assert edge[regions.azimuth < 0.05] == pytest.approx(0.05, abs=1e-4)
    assert edge[regions.azimuth > 3.1] == pytest.approx(0.01, abs=1e-4)


def test_a_brim_reaches_forwards_from_the_forehead(head, regions, scene, posed):
    cap = replace(WORN.draw(0, 0).headwear, edge=0.05, brim=0.06)
    brim = Brim(regions)
    vertices, features = brim.place(posed, replace(scene, headwear=cap))
    upright = (vertices - posed.bent.shift) @ posed.bent.rotation
    forehead = posed.upright[head.skin][np.abs(regions.height[head.skin] - 0.05) < 0.012]
    assert upright[:, 1].min() == pytest.approx(forehead[:, 1].min() - 0.06, abs=0.02)
    assert features[:, 0].min() > 0  # no part of it is cut
    assert brim.place(posed, replace(scene, headwear=replace(cap, brim=0.0))) is None
    assert brim.place(posed, scene) is None


@pytest.mark.parametrize("index", range(4))
def test_a_brim_grows_from_under_its_hat(head, regions, scene, index):
    worn = [one.headwear for k in range(200) if (one := WORN.draw(0, k)).headwear.brim]
    capped = replace(scene, person=WORN.draw(1, index).person, headwear=worn[index])
    posed = posed_of(head, regions, capped)
    inner = Brim(regions).place(posed, capped)[0].reshape(Brim.ROWS, Brim.COLUMNS, 3)[0]
    hat = Hat(head, regions)
    vertices, features = hat.place(posed, capped)
    edge = vertices[abs(features[:, 0]) < 0.008]
    _, near = cKDTree(edge).query(inner)
    below = ((edge[near] - inner) @ posed.bent.rotation)[:, 2]
    assert below.max() < 0.008  # rows of the hat lie 7 mm apart


@pytest.mark.parametrize("index", range(6))
def test_temples_pass_outside_the_head(head, regions, scene, index):
    worn = replace(scene, person=WORN.draw(2, index).person, glasses=WORN.draw(2, index).glasses)
    posed = posed_of(head, regions, worn)
    spectacles = Spectacles(regions.eye_height)
    vertices, _ = spectacles.place(posed, worn)
    frame = vertices[np.unique(spectacles.triangles[spectacles.materials == Material.FRAME])]
    upright = (frame - posed.bent.shift) @ posed.bent.rotation
    pupils = np.concatenate([posed.upright[eye] for eye in head.eyes]).mean(axis=0)
    temples = frame[(upright[:, 1] > pupils[1] + 0.03) & (upright[:, 1] < pupils[1] + 0.085)]
    assert len(temples) > 10
    assert above(posed, temples, nearest_skin(head, posed, temples)).min() > -0.004


@pytest.mark.parametrize("index", range(4))
def test_lenses_sit_before_the_pupils(head, regions, scene, posed, index):
    glasses = replace(WORN.draw(0, index).glasses, width=0.024)
    spectacles = Spectacles(regions.eye_height)
    vertices, _ = spectacles.place(posed, replace(scene, glasses=glasses))
    upright = (vertices - posed.bent.shift) @ posed.bent.rotation
    left, right = (posed.upright[eye].mean(axis=0) for eye in head.eyes)
    width = 2 * glasses.width * np.linalg.norm(left - right) / AVERAGE_EYES
    for eye, side in zip(head.eyes, (1, -1), strict=True):
        ball = posed.upright[eye]
        lens = upright[np.unique(spectacles.triangles[spectacles.materials == Material.LENS])]
        lens = lens[lens[:, 0] * side > 0]
        np.testing.assert_allclose(np.ptp(lens[:, 0]), width, rtol=0.02)
        np.testing.assert_allclose(np.ptp(lens[:, 2]), 2 * glasses.height, rtol=0.02)
        assert lens[:, 0].mean() == pytest.approx(ball[:, 0].mean(), abs=0.004)
        assert lens[:, 2].mean() == pytest.approx(ball[:, 2].mean() - glasses.drop, abs=0.003)
        assert -0.04 < lens[:, 1].max() - ball[:, 1].min() < 0.01  # about the cornea or before
    assert spectacles.place(posed, scene) is None


# Held


def occluder(kind, **numbers):
    sizes = {"distance": 0.03, "length": 0.04, "breadth": 0.01, "angle": 0.5, "curl": 0.2}
    return Occluder(kind=kind, landmark=33, colour=(1.0, 1.0, 1.0), **(sizes | numbers))


def test_a_held_thing_stands_before_its_landmark_along_the_face(posed):
    axes, seat = held_at(posed, occluder("slab"))
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)
    step = (seat - posed.landmarks[33]) @ posed.bent.rotation
    np.testing.assert_allclose(step, (0, -0.03, 0), atol=1e-12)
    along = axes[2] @ posed.bent.rotation
    np.testing.assert_allclose(along, (np.cos(0.5), 0, np.sin(0.5)), atol=1e-12)


@pytest.mark.parametrize(("kind", "depth"), [("stick", 0.01), ("slab", 0.004)])
def test_a_thing_has_its_size(regions, posed, scene, kind, depth):
    held = occluder(kind)
    vertices, _ = Thing(regions.eye_height).place(posed, replace(scene, occluder=held))
    axes, seat = held_at(posed, held)
    own = (vertices - seat) @ axes.T
    np.testing.assert_allclose(np.ptp(own, axis=0), (0.02, 2 * depth, 0.08), rtol=0.06)
    np.testing.assert_allclose(vertices.mean(axis=0), seat, atol=1e-4)


def test_a_thing_is_a_hand_or_no_hand(regions, posed, scene):
    thing, hand = Thing(regions.eye_height), Hand(regions.eye_height)
    assert thing.place(posed, replace(scene, occluder=occluder("hand"))) is None
    assert hand.place(posed, replace(scene, occluder=occluder("stick"))) is None
    assert thing.place(posed, scene) is None
    assert hand.place(posed, scene) is None


def test_a_hand_has_five_fingers_that_bend_to_the_face(regions, posed, scene):
    def fingertip(curl):
        held = occluder("hand", curl=curl)
        vertices, _ = Hand(regions.eye_height).place(posed, replace(scene, occluder=held))
        axes, seat = held_at(posed, held)
        pieces = vertices.reshape(2 + 5 * 3, -1, 3)
        assert np.ptp(pieces[0] @ axes[0]) == pytest.approx(2 * 2.6 * 0.01, rel=0.06)  # the palm
        return (pieces[1 + 3 * 3].mean(axis=0) - seat) @ axes.T  # the middle finger's last joint

    straight, bent = fingertip(0.0), fingertip(0.6)
    assert straight[2] > 0.08  # along the hand
    assert bent[1] < straight[1] - 0.02  # away from the camera


def test_a_hand_has_an_arm_that_leaves_the_face(regions, posed, scene):
    held = occluder("hand", curl=0.2)
    vertices, _ = Hand(regions.eye_height).place(posed, replace(scene, occluder=held))
    axes, seat = held_at(posed, held)
    arm = (vertices.reshape(2 + 5 * 3, -1, 3)[1] - seat) @ axes.T
    assert arm[:, 2].max() > -0.01  # begins in the palm
    assert arm[:, 2].min() < -0.2
    assert arm[arm[:, 2].argmin(), 1] > 0.05  # towards the camera


@pytest.mark.parametrize("age", [0.25, 0.35, 0.5, 1.0])
@pytest.mark.parametrize("height", [-0.2, 0.5, 1.2])
def test_a_knot_touches_every_head(head, regions, age, height):
    """Also a child's, which is smaller and sits lower than the average head."""
    scene = bare(2)
    person = replace(scene.person, age=age)
    hair = replace(scene.hair, bun=0.03, bun_height=height)
    posed = posed_of(head, regions, replace(scene, person=person, hair=hair))
    vertices, _ = Knot(regions).place(posed, replace(scene, person=person, hair=hair))
    skin = posed.bent.vertices[head.skin]
    distance, _ = cKDTree(skin).query(vertices)
    assert distance.min() < 0.012
