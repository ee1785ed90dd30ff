"""Light measured in panoramas: drawn ones, whose light is known."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scripts.bake_light import bake

from landmarks.errors import InputError
from landmarks.synthesis.background import BackgroundRecipe
from landmarks.synthesis.light_maps import (
    COUNT,
    MeasuredLight,
    baked_lights,
    measure,
)
from landmarks.synthesis.panoramas import read_panorama, view_of
from landmarks.synthesis.pictures import RecipePictures
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene.lighting import LightRecipe
from tests.synthesis.scenes import bare

HEIGHT, WIDTH = 64, 128
MEAN_OF_FIRST = 0.886227  # irradiance over pi of the first coefficient


def even(colour=(1.0, 1.0, 1.0)):
    return np.full((HEIGHT, WIDTH, 3), colour, np.float32)


def angles():
    """(H, W) azimuth from +y towards +x, and elevation, of the pixels."""
    azimuth = 2 * np.pi * ((np.arange(WIDTH) + 0.5) / WIDTH - 0.5)
    elevation = np.pi * (0.5 - (np.arange(HEIGHT) + 0.5) / HEIGHT)
    return np.meshgrid(azimuth, elevation)


def disc(azimuth, elevation, radius, light):
    """An even disc of light on a darker sky."""
    a, e = angles()
    cosine = np.sin(e) * np.sin(elevation) + np.cos(e) * np.cos(elevation) * np.cos(a - azimuth)
    image = even((0.2, 0.2, 0.2))
    image[np.arccos(np.clip(cosine, -1, 1)) < radius] += light
    return image


def save(path, image):
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), image[..., ::-1])
    return path


def light_of(path, image):
    return MeasuredLight.from_numbers(measure(save(path, image)))


def total(light):
    """The mean light over all directions that a surface may face, RGB."""
    lamps = (np.array(light.key.colour) + light.fill.colour) / 4
    return MEAN_OF_FIRST * light.environment[0] + lamps


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "maps"


def recipe(folder, **settings):
    return Recipe(name="any", light=LightRecipe(maps=str(folder), **settings))


def test_even_light_has_no_lamps(folder):
    light = light_of(folder / "a.hdr", even((3.0, 3.0, 3.0)))
    np.testing.assert_allclose(MEAN_OF_FIRST * light.environment[0], 1, rtol=5e-3)
    np.testing.assert_allclose(light.environment[1:], 0, atol=5e-3)
    assert light.key.colour == light.fill.colour == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("azimuth", "elevation"), [(0.0, 0.0), (2.0, 0.6), (-3.1, 1.2)])
def test_the_brightest_disc_is_the_key_light_and_the_next_the_fill_light(
    folder, azimuth, elevation
):
    bright = disc(azimuth, elevation, 0.25, 30.0)
    light = light_of(folder / "a.hdr", bright + disc(azimuth + 2.5, -0.3, 0.2, 9.0))
    for lamp, place in ((light.key, (azimuth, elevation)), (light.fill, (azimuth + 2.5, -0.3))):
        apart = np.exp(1j * lamp.azimuth) / np.exp(1j * place[0])
        assert abs(np.angle(apart)) * np.cos(place[1]) < 0.04
        assert lamp.elevation == pytest.approx(place[1], abs=0.04)
    # An even disc of radius r has the spread of a square of width sqrt(3) r.
    assert light.key.size == pytest.approx(np.sqrt(3) * 0.25, rel=0.1)
    np.testing.assert_allclose(total(light), 1, rtol=0.02)
    assert light.key.colour[1] > 3 * light.fill.colour[1] > 0.1


def test_the_light_of_a_lamp_is_what_a_sheet_that_faces_it_receives(folder):
    radius = 0.2
    light = light_of(folder / "a.hdr", disc(1.0, 0.0, radius, 50.0))
    solid = 2 * np.pi * (1 - np.cos(radius))
    mean = 0.2 + 50.0 * solid / (4 * np.pi)
    # What is above twice the mean belongs to the lamp.
    assert light.key.colour[1] == pytest.approx((50.2 / mean - 2) * solid / np.pi, rel=0.06)


def test_a_turn_is_that_of_the_panorama(folder):
    rng = np.random.default_rng(1)
    image = cv2.resize(rng.uniform(0.5, 1.5, (8, 16, 3)).astype(np.float32), (WIDTH, HEIGHT))
    columns = 20
    first = light_of(folder / "a.hdr", image)
    second = light_of(folder / "b.hdr", np.roll(image, columns, axis=1))
    turned = first.turned(2 * np.pi * columns / WIDTH)
    assert np.abs(first.environment - second.environment).max() > 0.02
    np.testing.assert_allclose(turned, second.environment, atol=3e-3)


def test_a_tint_of_everything_is_mostly_removed(folder):
    light = light_of(folder / "a.hdr", even((2.0, 1.0, 0.5)))
    red, green, blue = light.environment[0]
    assert red / green == pytest.approx(2**0.3, rel=0.02)
    assert blue / green == pytest.approx(0.5**0.3, rel=0.02)


def test_a_panorama_is_seen_as_it_is_and_not_mirrored(folder):
    image = even()
    a, e = angles()
    image[(abs(a - 0.5) < 0.1) & (abs(e) < 0.1)] = 5.0  # right of the middle
    file = str(save(folder / "a.hdr", image))
    x, z = np.meshgrid(np.linspace(-1, 1, 41), np.linspace(1, -1, 41))
    rays = np.stack([x, np.ones_like(x), z], axis=-1)  # looking along +y, with +x on the right
    for turn in (0.0, -0.8):
        seen = view_of(file, turn, rays)[..., 1]
        row, column = np.unravel_index(seen.argmax(), seen.shape)
        assert x[row, column] == pytest.approx(np.tan(0.5 + turn), abs=0.15)
        assert z[row, column] == pytest.approx(0, abs=0.12)


def test_the_key_light_is_where_the_panorama_is_brightest(folder):
    save(folder / "a.hdr", disc(0.7, 0.4, 0.2, 40.0))
    light = LightRecipe(maps=str(folder))
    for index in range(6):
        lighting = light.draw(np.random.default_rng(index))
        panorama = lighting.panorama
        towards = np.array(lighting.key)
        rays = np.stack([towards, -towards, towards * (1, -1, 1)])[None]
        seen = view_of(panorama.file, panorama.turn, rays)[0, :, 1]
        assert seen[0] > 10 * seen[1]
        assert towards[1] < 0.1  # in front of the chest, as without maps


def test_measured_light_is_about_as_bright_as_drawn_light(folder):
    save(folder / "a.hdr", disc(0.7, 0.4, 0.2, 40.0))
    recipes = LightRecipe(), LightRecipe(maps=str(folder))
    for index in range(10):
        drawn, measured = (recipe.draw(np.random.default_rng(index)) for recipe in recipes)
        means = [
            MEAN_OF_FIRST * light.environment[0][1]
            + (light.key_colour[1] + light.fill_colour[1]) / 4
            for light in (drawn, measured)
        ]
        assert means[1] == pytest.approx(means[0], rel=0.02)


def test_maps_change_the_light_alone_and_a_share_of_scenes(folder):
    save(folder / "a.hdr", disc(0.7, 0.4, 0.2, 40.0))
    shares = {}
    for measured in (None, 0.5, 0.0):
        plain, mapped = Recipe(name="any"), recipe(folder, measured=measured)
        for one, other in [(plain.draw(0, k), mapped.draw(0, k)) for k in range(2)]:
            assert replace(other, lighting=one.lighting) == one
        pairs = [
            [r.light.draw(np.random.default_rng(k)) for r in (plain, mapped)] for k in range(40)
        ]
        shares[measured] = np.mean([one != other for one, other in pairs])
    assert shares[None] == 1
    assert 0.3 < shares[0.5] < 0.7
    assert shares[0.0] == 0


def test_light_is_measured_at_places_of_the_package_without_a_folder():
    lights = baked_lights()
    assert len(lights) == 18
    for light in lights:
        assert total(light) @ (0.2126, 0.7152, 0.0722) == pytest.approx(1, rel=0.02)
        assert light.environment.shape == (9, 3)
        assert 0.02 < light.key.size < 1.2
        assert min(light.key.colour) >= 0
    scene = Recipe(name="any", light=LightRecipe(measured=1.0)).draw(0, 0)
    assert scene.lighting != Recipe(name="any").draw(0, 0).lighting
    assert scene.lighting.panorama is None


def test_baked_light_is_that_of_the_maps(folder):
    image = disc(0.7, 0.4, 0.2, 40.0)
    save(folder / "b.hdr", image)
    save(folder / "a.hdr", even())
    table = json.loads(bake(folder))["lights"]
    assert list(table) == ["a", "b"]
    np.testing.assert_allclose(table["b"], measure(folder / "b.hdr"), rtol=1e-3)


def test_the_background_is_the_panorama_of_the_light(studio, folder):
    a, _ = angles()
    image = np.where(np.sin(3 * a)[..., None] > 0, (4.0, 0.1, 0.1), (0.1, 0.1, 4.0))
    save(folder / "a.hdr", image.astype(np.float32))
    lighting = recipe(folder).draw(0, 0).lighting
    scene = bare(0, lighting=lighting)
    behind = [
        studio.render(replace(scene, background=replace(scene.background, surroundings=shown)), 64)
        .image[:8]
        .astype(int)
        for shown in (True, False)
    ]
    colourful = [np.abs(picture[..., 0] - picture[..., 2]).mean() for picture in behind]
    assert colourful[0] > 60
    assert colourful[1] < 40


def test_a_share_of_backgrounds_are_the_surroundings():
    backgrounds = [
        BackgroundRecipe(surroundings=0.5).draw(np.random.default_rng(k)) for k in range(60)
    ]
    assert 0.3 < np.mean([background.surroundings for background in backgrounds]) < 0.7


def test_other_maps_make_another_dataset(folder):
    def content(light):
        pictures = RecipePictures(recipe=Recipe(name="any", light=light), seed=0, size=32)
        return pictures.settings["light"].get("content")

    save(folder / "a.hdr", even())
    before = content(LightRecipe(maps=str(folder)))
    save(folder / "a.hdr", disc(0.0, 0.5, 0.2, 10.0))
    assert content(LightRecipe(maps=str(folder))) != before
    assert content(LightRecipe()) is None
    assert content(LightRecipe(measured=0.5)) is not None


def text(path, _):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"#?RADIANCE\nnothing")


WRONG = {
    "no picture": (text, None, "not a complete Radiance picture"),
    "not of all directions": (save, even()[:, :100], "is 100 x 64 pixels"),
    "too small": (save, even()[:16, :32], "is 32 x 16 pixels.*at least 64 wide"),
    "black": (save, np.zeros((HEIGHT, WIDTH, 3), np.float32), "has no light"),
}


@pytest.mark.parametrize(("write", "image", "message"), WRONG.values(), ids=WRONG)
def test_other_files_than_panoramas_are_refused(folder, write, image, message):
    write(folder / "wrong.hdr", image)
    with pytest.raises(InputError, match=rf"wrong\.hdr: .*{message}") as error:
        recipe(folder)
    assert "\n" not in str(error.value)


def test_a_missing_or_empty_folder_and_a_wrong_share_are_refused(folder):
    with pytest.raises(InputError, match=r"recipe: light\.maps .*maps' is no folder"):
        recipe(folder)
    folder.mkdir()
    with pytest.raises(InputError, match=r"light\.maps .*maps' has no \.hdr file"):
        recipe(folder)
    with pytest.raises(InputError, match=r"recipe: light\.measured is 2.*from 0 to 1"):
        LightRecipe(measured=2)
    with pytest.raises(InputError, match=r"recipe: background\.surroundings is 2"):
        BackgroundRecipe(surroundings=2)


def test_a_large_panorama_is_reduced(folder):
    large = cv2.resize(disc(0.7, 0.4, 0.3, 40.0), (1024, 512))
    path = save(folder / "a.hdr", large)
    assert read_panorama(path, 256).shape == (128, 256, 3)
    assert read_panorama(path, 4096).shape == (512, 1024, 3)
    assert measure(path).shape == (COUNT,)
