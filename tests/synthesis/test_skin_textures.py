"""Photographed skin: drawn textures are found again at their places in the picture."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from landmarks.errors import InputError
from landmarks.synthesis.colour import skin_tone
from landmarks.synthesis.mesh.unwrapped import unwrap
from landmarks.synthesis.pictures import RecipePictures
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene.lighting import Lighting
from landmarks.synthesis.scene.skin import SkinRecipe
from landmarks.synthesis.shading.complexion import tone
from landmarks.synthesis.textures import TEXELS, load_texture
from tests.synthesis.scenes import bare, view

SIDE = 512
SKIN = (200, 150, 125)  # RGB
# The pixels of the middle of the face in textures of MakeHuman's layout, in which faces lie on
# their side: `head.npz` places the tip of the nose at u = 0.870, v = 0.483.
MIDDLE = round((1 - 0.483) * SIDE)
EVEN = Lighting(
    key=(0.0, -1.0, 0.0), key_colour=(0.0, 0.0, 0.0), softness=0.1,
    fill=(0.0, -1.0, 0.0), fill_colour=(0.0, 0.0, 0.0),
    environment=((1.0, 1.0, 1.0), *[(0.0, 0.0, 0.0)] * 8),
)  # fmt: skip


def flat(colour=SKIN):
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


def save(path, image):
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), image[..., ::-1])


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "skins"


def recipe(folder):
    return Recipe(name="any", skin=SkinRecipe(textures=str(folder)))


def rendered(studio, folder, size=96, **parts):
    """A bare face in even light with a skin from the folder."""
    drawn = recipe(folder).draw(3, 0)
    plain = replace(drawn.skin, bumps=0.0, wrinkles=0.0, lipstick=0.0, eye_makeup=0.0)
    eyes = replace(drawn.eyes, brow_density=0.0)
    scene = bare(3, skin=plain, eyes=eyes, lighting=EVEN, **parts)
    return studio.render(scene, size)


def colour_at(picture, point):
    x, y = np.round(point).astype(int)
    return picture.image[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(axis=0)


def test_the_persons_right_is_where_the_layout_has_it(studio, folder):
    image = flat()
    image[MIDDLE + 5 :, :, 1] = 100  # larger y is the person's right
    save(folder / "half.png", image)
    picture = rendered(studio, folder)
    right, left = (picture.labels.surface[list(k)].mean(axis=0) for k in ((2, 31), (14, 35)))
    assert right[0] < left[0]  # in the picture, seen from the front
    red, green, _ = colour_at(picture, right)
    assert green < 0.75 * colour_at(picture, left)[1]
    assert red == pytest.approx(colour_at(picture, left)[0], rel=0.1)


def test_a_mark_on_the_texture_is_on_the_landmark_with_its_coordinates(studio, folder, head):
    image = flat()
    u, v = 0.8702, 0.4832  # the tip of the nose, landmark 30
    cv2.circle(image, (round(u * SIDE), round((1 - v) * SIDE)), 4, (200, 60, 125), cv2.FILLED)
    save(folder / "mark.png", image)
    picture = rendered(studio, folder, size=128, view=view(yaw=20.0))
    redness = picture.image[..., 0].astype(float) - picture.image[..., 1]
    marked = redness > 0.5 * (redness.max() + np.median(redness[picture.segmentation == 1]))
    y, x = (axis.mean() for axis in np.nonzero(marked))
    np.testing.assert_allclose((x, y), picture.labels.surface[30], atol=2.5)


def test_an_even_texture_looks_like_even_skin_of_the_tone_between(studio, folder):
    save(folder / "even.png", flat())
    scene = recipe(folder).draw(3, 0)
    texture, wanted = scene.skin.texture, skin_tone(scene.skin.melanin, scene.skin.redness)
    own = load_texture(texture.file, TEXELS)[0, 0, :3]
    blood = np.array(wanted) / skin_tone(scene.skin.melanin)
    np.testing.assert_allclose(
        own * texture.gain * blood, np.array(wanted) ** 0.8 * own**0.2, rtol=1e-3
    )
    # Skin beyond the texture has the same tone.
    beyond = np.array(skin_tone(scene.skin.melanin)) * texture.tint
    np.testing.assert_allclose(beyond, own * texture.gain, rtol=1e-3)
    picture = rendered(studio, folder)
    forehead, chin = (colour_at(picture, picture.labels.surface[k]) for k in (27, 57))
    np.testing.assert_allclose(forehead / forehead[0], chin / chin[0], rtol=0.2)


@pytest.mark.parametrize("melanin", [0.0, 0.1, 0.4, 0.6, 0.9, 1.0])
def test_the_tone_is_that_of_the_shader(melanin):
    np.testing.assert_allclose(skin_tone(melanin), list(tone(melanin)), rtol=1e-5)


def test_the_texture_has_no_share_at_seams_and_on_the_scalp(head, regions):
    count = len(head.triangles)
    corners = unwrap(head, regions, count)
    assert corners.shape == (count, 3, 3)
    parts = [head.parts.index(p) for p in head.parts if p != "helper-hair"]
    triangles = head.triangles[np.isin(head.part, parts)]
    x, y, share = np.moveaxis(corners[: len(triangles)], -1, 0)
    height, azimuth = regions.height[triangles], regions.azimuth[triangles]
    assert share[height > 0.10].max() == 0
    assert share[height < -0.16].max() == 0
    face = (height > -0.09) & (height < 0.04) & (azimuth < 0.8) & (share > 0)
    assert share[face].mean() > 0.99
    # No triangle that shows the texture spans two of its parts.
    shown = share.min(axis=1) > 0
    assert np.ptp(x, axis=1)[shown].max() < 0.08
    assert np.ptp(y, axis=1)[shown].max() < 0.08


def test_the_nearest_of_many_tones_are_drawn(folder):
    for k, level in enumerate(np.linspace(40, 230, 20)):
        save(folder / f"{k:02}.png", flat([round(level * c) for c in (1.0, 0.75, 0.6)]))
    skins, person = recipe(folder).skin, Recipe(name="any").draw(0, 0).person
    drawn = [skins.draw(np.random.default_rng(index), person) for index in range(60)]
    number = [int(skin.texture.file[-6:-4]) for skin in drawn]
    melanin = np.array([skin.melanin for skin in drawn])
    assert np.corrcoef(number, melanin)[0, 1] < -0.7
    palest = {n for n, m in zip(number, melanin, strict=True) if m < 0.3}
    assert 3 <= len(palest) <= 14


def test_textures_change_nothing_else_in_a_scene(folder):
    save(folder / "one.png", flat())
    textured = recipe(folder)
    for index in range(5):
        scene, plain = textured.draw(0, index), Recipe(name="any").draw(0, index)
        assert scene.skin.texture is not None
        assert replace(scene, skin=replace(scene.skin, texture=None)) == plain


def test_lipstick_covers_the_lips_of_the_texture(studio, folder):
    save(folder / "one.png", flat())
    drawn = recipe(folder).draw(3, 0).skin
    red = replace(drawn, lips=(0.5, 0.02, 0.05), bumps=0.0)
    shown = [
        studio.render(bare(3, skin=replace(red, lipstick=share), lighting=EVEN), 160)
        for share in (0.0, 1.0)
    ]
    lower = [57, 66]  # its outer and inner edge
    lips = [colour_at(picture, picture.labels.surface[lower].mean(axis=0)) for picture in shown]
    assert lips[1][1] < 0.7 * lips[0][1]


def test_other_textures_make_another_dataset(folder):
    def settings():
        return RecipePictures(recipe=recipe(folder), seed=0, size=32).settings

    save(folder / "one.png", flat())
    before = settings()
    assert before == settings()
    save(folder / "one.png", flat((201, 150, 125)))
    replaced = settings()
    assert replaced["skin"]["content"] != before["skin"]["content"]
    save(folder / "two.png", flat())
    assert settings()["skin"]["content"] != replaced["skin"]["content"]
    plain = RecipePictures(recipe=Recipe(name="any"), seed=0, size=32)
    assert "content" not in plain.settings["skin"]


def test_pictures_show_only_as_many_texels_as_they_can(folder):
    save(folder / "one.png", flat())
    file = str(folder / "one.png")
    sizes = {pixels: load_texture(file, pixels).shape for pixels in (100.0, 500.0, 2000.0)}
    assert sizes == {100.0: (176, 92, 4), 500.0: (352, 184, 4), 2000.0: (1408, 736, 4)}


WRONG = {
    "blue, as a map of normals": (flat((128, 128, 255)), "which is no skin"),
    "grey, as a map of gloss": (flat((90, 90, 90)), "which is no skin"),
    "not square": (flat()[:300], "is 512 x 300 pixels"),
    "small": (flat()[:256, :256], "at least 512 x 512"),
}


@pytest.mark.parametrize(("image", "message"), WRONG.values(), ids=WRONG)
def test_other_pictures_than_skins_are_refused(folder, image, message):
    save(folder / "good.png", flat())
    save(folder / "wrong.png", image)
    with pytest.raises(InputError, match=rf"wrong\.png: .*{message}") as error:
        recipe(folder)
    assert "\n" not in str(error.value)


def test_a_missing_or_empty_folder_is_refused(folder):
    with pytest.raises(InputError, match=r"recipe: skin\.textures .*skins' is no folder"):
        recipe(folder)
    folder.mkdir()
    with pytest.raises(InputError, match=r"skin\.textures .*skins' has no \.png, \.jpg, \.jpeg"):
        recipe(folder)
