"""The ray tracer, on squares whose picture is known by hand."""

import subprocess
import sys

import numpy as np
import pytest
import warp as wp

from landmarks.synthesis.mesh.blocks import Material
from landmarks.synthesis.scene.view import Camera
from landmarks.synthesis.shading.structs import SceneMaterials
from landmarks.synthesis.shading.tracer import Quality, Tracer, openness
from landmarks.synthesis.textures import NONE

SQUARE = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
SOFT = Quality(edge_rays=3, shadow_rays=0)
# Share of the environment that a thing which is held receives, by colour: red goes around corners.
OPEN = np.array([0.9**0.8, 0.9, 0.9])


class Squares:
    """Some squares, traced. Each: middle, two half sides as vectors, material."""

    def __init__(self, *squares, features=None):
        corners = [
            np.array([m - u - v, m + u - v, m + u + v, m - u + v])
            for m, u, v, _ in [(*map(np.asarray, s[:3]), s[3]) for s in squares]
        ]
        self.vertices = np.concatenate(corners).astype(np.float32)
        normals = [np.cross(s[1], s[2]) / np.linalg.norm(np.cross(s[1], s[2])) for s in squares]
        self.normals = np.repeat(normals, 4, axis=0).astype(np.float32)
        count = len(self.vertices)
        self.features = np.zeros((count, 4), np.float32) if features is None else features
        self.tracer = Tracer(
            "cpu",
            triangles=np.concatenate([SQUARE + 4 * k for k in range(len(squares))]),
            materials=np.repeat([int(s[3]) for s in squares], 2).astype(np.int32),
            rest=np.zeros((count, 3), np.float32),  # where all textures are at their mean
            apart=self.vertices,
            constants=np.zeros((count, 4), np.float32),
            corners=np.zeros((2 * len(squares), 3, 3), np.float32),
        )

    def seen(self, camera, quality=SOFT, sky=None, **look):
        sky = np.zeros((9, 3), np.float32) if sky is None else np.asarray(sky, np.float32)
        scene = self.vertices, self.normals, self.features, sky, look_of(**look)
        self.tracer.load(*scene, brow=np.zeros((5, 2)), texture=NONE)
        return self.tracer.trace(camera, quality)


def look_of(thing=(1, 1, 1), **numbers):
    look = SceneMaterials()
    look.thing = wp.vec3(*map(float, thing))
    for name, value in numbers.items():
        setattr(look, name, wp.vec3(*value) if isinstance(value, tuple) else value)
    return look


def camera_at(position, *, forward=(0, 1, 0), size=64, focal=90.0, centre=(31.5, 31.5)):
    """A camera whose x axis is level."""
    forward = np.asarray(forward, float) / np.linalg.norm(forward)
    right = np.cross(forward, (0, 0, 1))
    right /= np.linalg.norm(right)
    return Camera(
        rotation=np.stack([right, np.cross(forward, right), forward]),
        position=np.asarray(position, float),
        focal=focal,
        centre=centre,
        size=size,
    )


FRONT = camera_at((0, -1, 0))


def centroid(weight):
    v, u = np.mgrid[0 : weight.shape[0], 0 : weight.shape[1]]
    return np.array([(u * weight).sum(), (v * weight).sum()]) / weight.sum()


def test_a_marker_is_seen_at_the_pixel_where_its_place_projects():
    rng = np.random.default_rng(5)
    marker = Squares(((0, 0, 0), (0.004, 0, 0), (0, 0, 0.004), Material.THING))
    soft, hard = [], []
    for _ in range(150):
        size = int(rng.integers(40, 97))
        centre = tuple((rng.uniform(0.3, 0.7, 2) * size).tolist())
        turn = rng.normal(0, 0.2, 3)
        camera = camera_at(rng.normal(0, 0.05, 3), forward=(turn[0], 1, turn[2]), size=size,
                           focal=rng.uniform(0.9, 1.4) * size, centre=centre)  # fmt: skip
        wanted = rng.uniform(10, size - 11, 2)
        ray = (*((wanted - centre) / camera.focal), 1.0) @ camera.rotation
        middle = camera.position + 0.12 * ray
        right, down, _ = camera.rotation
        half = 0.003 * np.array([-right - down, right - down, right + down, -right + down])
        marker.vertices = (middle + half).astype(np.float32)
        np.testing.assert_allclose(camera.project(middle), wanted, atol=1e-9)
        seen = marker.seen(camera)
        soft.append(centroid(seen.opacity) - wanted)
        hard.append(centroid(seen.triangle >= 0) - wanted)
    for errors in np.array(soft), np.array(hard):
        assert np.abs(errors).max() < 0.5
        assert np.abs(errors.mean(axis=0)).max() < 0.05


def test_the_edge_of_a_wall_covers_its_share_of_the_pixel_through_which_it_goes():
    wall = Squares(((0.5, 0, 0), (0.5, 0, 0), (0, 0, 0.5), Material.THING))  # x from 0 to 1
    opacity = wall.seen(camera_at((0, -1, 0), centre=(20.25, 32.0)), Quality(15, 0)).opacity
    assert opacity[:, :20].max() == 0
    assert opacity[:, 20].mean() == pytest.approx(0.25, abs=0.03)
    assert opacity[:, 21:].min() == 1


def test_a_square_covers_its_area_also_where_it_is_a_part_of_a_pixel():
    square = Squares(((0.013, 0, 0.007), (0.1, 0, 0.02), (-0.02, 0, 0.1), Material.THING))
    expected = (2 * np.hypot(0.1, 0.02) * 90) ** 2
    assert square.seen(FRONT).opacity.sum() == pytest.approx(expected, rel=0.01)


def test_further_rays_go_only_to_edges():
    square = Squares(((0, 0, 0), (0.1, 0, 0), (0, 0, 0.1), Material.THING))
    one, four = (square.seen(FRONT, Quality(n, 0), key=(0.0, -1.0, 0.0),
                             key_colour=(1.0, 1.0, 1.0)) for n in (0, 3))  # fmt: skip
    changed = (one.light != four.light).any(-1)
    assert set(np.unique(one.opacity)) == {0, 1}
    inside, outside = (slice(24, 40),) * 2, np.ones((64, 64), bool)
    outside[21:43, 21:43] = False
    assert not changed[inside].any()
    assert not changed[outside].any()


def test_distance_is_from_the_camera_along_the_ray_and_infinite_behind_nothing():
    square = Squares(((0, 0, 0), (0.1, 0, 0), (0, 0, 0.1), Material.THING))
    seen = square.seen(FRONT)
    assert seen.distance[31, 35] == pytest.approx(np.hypot(1, np.hypot(3.5, 0.5) / 90), abs=1e-5)
    assert np.isinf(seen.distance[0, 0])
    assert seen.triangle[0, 0] == -1


def test_features_lie_between_those_of_the_corners():
    """A hat is cut where its feature is zero: here at x = 0.05 on one wall, at z = 0.02 on one."""
    for axis, edge in ((0, 0.05), (2, 0.02)):
        wall = Squares(((0, 0, 0), (0.3, 0, 0), (0, 0, 0.3), Material.HAT))
        wall.features[:, 0] = wall.vertices[:, axis] - edge
        column, row = np.argwhere(wall.seen(FRONT, Quality(0, 0)).triangle >= 0).T[::-1]
        if axis == 0:
            assert column.min() == np.ceil(31.5 + 90 * edge)
            assert len(set(row)) > 50
        else:
            assert row.max() == np.floor(31.5 - 90 * edge)
            assert len(set(column)) > 50


def test_transparent_surfaces_hide_nothing():
    clear = Squares(
        ((0, 0, 0), (0.1, 0, 0), (0, 0, 0.1), Material.LASH),
        ((0, 0.1, 0), (0.1, 0, 0), (0, 0, 0.1), Material.THING),
    )
    seen = clear.seen(FRONT, lashes=0.0)
    assert set(np.unique(seen.triangle)) == {-1, 2, 3}
    assert not clear.seen(FRONT, lashes=0.0).light.any()  # there is no light


def test_skin_a_hair_behind_something_clear_is_seen():
    """Clear shells of short hair lie closer to the skin than its thickness."""
    close = Squares(
        ((0, 0, 0), (0.1, 0, 0), (0, 0, 0.1), Material.LASH),
        ((0, 0.0001, 0), (0.1, 0, 0), (0, 0, 0.1), Material.THING),
        ((0, 0.1, 0), (0.2, 0, 0), (0, 0, 0.2), Material.THING),
    )
    seen = close.seen(FRONT, lashes=0.0).triangle[28:36, 28:36]
    assert set(np.unique(seen)) <= {2, 3}
    assert not close.tracer.visible(np.array([[0, 0.05, 0]]), FRONT).any()


def test_lists_of_thin_surfaces_grow_when_they_are_full():
    clear = [((0, y, 0), (0.3, 0, 0), (0, 0, 0.3), Material.LENS) for y in (0, 0.1, 0.2)]
    squares = Squares(*clear, ((0, 0.3, 0), (0.3, 0, 0), (0, 0, 0.3), Material.THING))
    whole = squares.seen(FRONT, lens_tint=0.3)
    squares.tracer._room = 1
    assert (squares.seen(FRONT, lens_tint=0.3).light == whole.light).all()
    assert squares.tracer._room > 1


def test_points_behind_something_solid_are_hidden():
    things = Squares(
        ((0, 0, 0), (0.1, 0, 0), (0, 0, 0.1), Material.THING),
        ((0.3, 0, 0), (0.1, 0, 0), (0, 0, 0.1), Material.LASH),
    )
    things.seen(FRONT)
    points = np.array([[0, 0.1, 0], [0, -0.1, 0], [0.3, 0.1, 0], [0, 0.1, 0.2], [0, 0.003, 0]])
    visible = things.tracer.visible(points, FRONT)
    # behind; before; behind lashes; beside; in the surface, but for a few millimetres
    assert visible.tolist() == [False, True, True, True, True]


SQUARE_ON_FLOOR = (
    ((0, 0, 0), (0.5, 0, 0), (0, 0.5, 0), Material.THING),  # the floor
    ((0, 0, 0.1), (0.05, 0, 0), (0, 0.05, 0), Material.THING),  # 10 cm over it
)
ABOVE = Camera(  # looks down from 1 m
    rotation=np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]]), position=np.array([0.2, 0, 1.0]),
    focal=90.0, centre=(31.5, 31.5), size=64,
)  # fmt: skip
ASLANT = (-1 / np.sqrt(2), 0.0, 1 / np.sqrt(2))  # from the left, 45 degrees high


@pytest.mark.parametrize("key_from", [ASLANT, (0.0, 0.8, 0.6)])
def test_a_shadow_is_opposite_the_lamp(key_from):
    floor = Squares(*SQUARE_ON_FLOOR)
    key = {"key": key_from, "key_colour": (1.0, 1.0, 1.0), "fill": (0.0, 0.0, 1.0)}
    lit = floor.seen(ABOVE, Quality(0, 0), **key).light
    dark = floor.seen(ABOVE, Quality(0, 4), **key).light
    floor_only = floor.seen(ABOVE, Quality(0, 0)).triangle < 2
    x, y = (np.arange(64) - 31.5) / 90 + 0.2, -(np.arange(64) - 31.5) / 90
    to_x = 0.1 * -key_from[0] / key_from[2]
    to_y = 0.1 * -key_from[1] / key_from[2]
    inside = np.maximum(np.abs(x[None] - to_x), np.abs(y[:, None] - to_y)) - 0.05
    umbra, away = (inside < -0.03) & floor_only, (inside > 0.04) & floor_only
    assert umbra.sum() > 10
    assert lit[umbra].min() > 0.3
    assert dark[umbra].max() == 0
    np.testing.assert_array_equal(dark[away], lit[away])


def test_shadows_take_the_key_light_alone():
    floor = Squares(*SQUARE_ON_FLOOR)
    key = {"key": ASLANT, "key_colour": (1.0, 1.0, 1.0), "fill": (0.0, 0.0, 1.0)}
    others = {"fill_colour": (0.2, 0.3, 0.4), "sky": np.eye(9, 3) * 0.5}
    without = floor.seen(ABOVE, Quality(0, 4), **key).light
    both = floor.seen(ABOVE, Quality(0, 4), **key, **others).light
    rest = floor.seen(ABOVE, Quality(0, 4), fill=(0.0, 0.0, 1.0), **others).light
    np.testing.assert_allclose(both, without + rest, atol=1e-6)


def test_a_larger_lamp_makes_a_softer_shadow():
    floor = Squares(*SQUARE_ON_FLOOR)
    key = {"key": ASLANT, "key_colour": (1.0, 1.0, 1.0)}
    row = np.s_[31, :50, 0]  # of the floor
    lit = floor.seen(ABOVE, Quality(0, 0), **key).light[row]

    def half_lit(softness):
        share = floor.seen(ABOVE, Quality(0, 32), softness=softness, **key).light[row] / lit
        return int(((share > 0.1) & (share < 0.9)).sum())

    assert half_lit(0.6) > half_lit(0.0) + 4


def test_a_soft_shadow_is_smooth_with_one_ray_a_pixel():
    """The pixels of a tile look at different parts of the lamp: together at all of it."""
    floor = Squares(*SQUARE_ON_FLOOR)
    key = {"key": ASLANT, "key_colour": (1.0, 1.0, 1.0), "softness": 1.2}
    many = floor.seen(ABOVE, Quality(0, 64), **key).light
    one = floor.seen(ABOVE, Quality(0, 1), **key).light
    penumbra = (floor.seen(ABOVE, Quality(0, 0)).triangle < 2) & (many[..., 0] > 0)
    lit = floor.seen(ABOVE, Quality(0, 0), **key).light
    penumbra &= many[..., 0] < 0.98 * lit[..., 0]
    assert penumbra.sum() > 100
    error = (one - many)[penumbra] / lit[penumbra]
    assert np.sqrt((error**2).mean()) < 0.055  # rays at random: 0.077
    assert abs(error.mean()) < 0.02


def test_hair_lets_some_of_the_light_through():
    thin = (SQUARE_ON_FLOOR[0], (*SQUARE_ON_FLOOR[1][:3], Material.SHELL))
    floor = Squares(*thin)
    key = {"key": ASLANT, "key_colour": (1.0, 1.0, 1.0)}
    lit, under = (floor.seen(ABOVE, Quality(0, n), **key).light for n in (0, 4))
    share = under[31, 22, 0] / lit[31, 22, 0]  # the middle of the shadow, at x = 0.1
    assert share == pytest.approx(0.55, abs=0.01)


def test_twice_the_key_light_is_twice_as_bright():
    floor = Squares(*SQUARE_ON_FLOOR)
    light = [
        floor.seen(ABOVE, Quality(3, 1), key=ASLANT, key_colour=(k, 2 * k, 0.5 * k)).light
        for k in (0.0, 1.0, 2.0)
    ]
    assert not light[0].any()
    np.testing.assert_allclose(light[2], 2 * light[1], rtol=1e-5)
    np.testing.assert_allclose(light[1][..., 1], 2 * light[1][..., 0], rtol=1e-5)


def test_a_matt_wall_follows_lamberts_law_and_no_light_comes_from_behind():
    """Apart from its highlight, which a camera at right angles to the lamp's mirror misses."""
    wall = Squares(((0, 0, 0), (0.2, 0, 0), (0, 0, 0.2), Material.THING))
    found = []
    for angle in (0.0, 1.0, 2.0):
        key = (float(np.sin(angle)), float(-np.cos(angle)), 0.0)
        black, white = (
            wall.seen(FRONT, thing=(c, c, c), key=key, key_colour=(1.0, 1.0, 1.0)).light[32, 32, 0]
            for c in (0.0, 1.0)
        )
        found.append(white - black)
    np.testing.assert_allclose(found, [1, np.cos(1.0), 0], atol=1e-3)


def diffuse(normal, sky):
    """(3,) of the environment that a white wall with this normal sends back, mirrors apart."""
    normal = np.asarray(normal, float)
    u = np.cross(normal, (0.3, 0.5, 0.8))
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    wall = Squares((normal * 0, 0.2 * u, 0.2 * v, Material.THING))
    camera = camera_at(normal, forward=-normal + (1e-4, 1e-4, 0))
    black, white = (wall.seen(camera, sky=sky, thing=(c, c, c)).light[32, 32] for c in (0.0, 1.0))
    return (white - black) / OPEN


DIRECTIONS = np.random.default_rng(2).normal(size=(12, 3))
DIRECTIONS /= np.linalg.norm(DIRECTIONS, axis=1, keepdims=True)


def harmonics(d):
    """(..., 9) real spherical harmonics, as Ramamoorthi and Hanrahan (2001) number them."""
    x, y, z = np.moveaxis(d, -1, 0)
    return np.stack(
        [
            0.282095 + 0 * x, 0.488603 * y, 0.488603 * z, 0.488603 * x, 1.092548 * x * y,
            1.092548 * y * z, 0.315392 * (3 * z**2 - 1), 1.092548 * x * z,
            0.546274 * (x**2 - y**2),
        ],
        axis=-1,
    )  # fmt: skip


def test_an_even_environment_lights_all_sides_alike():
    sky = np.zeros((9, 3))
    sky[0] = (0.5, 1.0, 2.0)
    for direction in DIRECTIONS[:6]:
        np.testing.assert_allclose(diffuse(direction, sky), 0.886227 * sky[0], rtol=2e-3)


def test_the_environment_is_the_irradiance_of_its_harmonics():
    """Against a sum over directions, spread evenly over the sphere (Gonzalez, 2010)."""
    rng = np.random.default_rng(4)
    sky = rng.normal(0, 0.1, (9, 3))
    sky[0] = 1.0
    count = 20_000
    z = 1 - (2 * np.arange(count) + 1) / count
    around = np.pi * (1 + 5**0.5) * np.arange(count)
    radius = np.sqrt(1 - z**2)
    sphere = np.stack([radius * np.cos(around), radius * np.sin(around), z], axis=1)
    radiance = harmonics(sphere) @ sky
    for direction in DIRECTIONS:
        facing = np.clip(sphere @ direction, 0, None)
        irradiance = (radiance * facing[:, None]).sum(axis=0) * 4 * np.pi / count
        np.testing.assert_allclose(diffuse(direction, sky), irradiance, atol=2e-3)


def test_openness_is_the_share_of_the_sky_that_is_free():
    wall = ((0.0, 0, 0.05), (0, 0.5, 0), (0, 0, 0.05), Material.THING)
    room = Squares(SQUARE_ON_FLOOR[0], wall)
    points = np.array([[0.4, 0, 0], [0.003, 0, 0], [0.4, 0, -0.01]], np.float32)
    free, beside_wall, below_floor = openness_at(points, room)
    assert free == 1
    assert beside_wall == pytest.approx(0.5, abs=0.12)  # by 48 rays
    assert below_floor < 0.02


def openness_at(points, room):
    """Openness upwards of points that are no corner of the room."""
    vertices = np.concatenate([points, room.vertices])
    up = np.tile(np.float32([0, 0, 1]), (len(vertices), 1))
    triangles = np.concatenate([SQUARE, SQUARE + 4]) + np.int32(len(points))
    return openness(vertices, up, triangles)[: len(points)]


def test_the_library_is_silent_when_it_starts():
    """Warp would tell its version, its devices, a missing driver, and each kernel it loads."""
    code = (
        "import numpy as np\n"
        "from landmarks.synthesis.shading.tracer import openness\n"
        "one = np.eye(3, dtype=np.float32)\n"
        "print(openness(one, one, np.int32([[0, 1, 2]])).shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("(3,)\n", "")
