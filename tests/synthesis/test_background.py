"""Backgrounds are varied, natural, independent of the resolution, and as the recipe says."""

import dataclasses
import json

import cv2
import numpy as np
import pytest

from landmarks.errors import InputError
from landmarks.synthesis.background import Background, BackgroundRecipe, paint
from landmarks.synthesis.background.canvas import noise
from landmarks.synthesis.background.scenes import SCENES

NOTHING = dict.fromkeys(SCENES, 0.0)


def drawn(count, seed=0, **recipe):
    rng = np.random.default_rng(seed)
    return [BackgroundRecipe(**recipe).draw(rng) for _ in range(count)]


def grey(light):
    """Levels about as a camera shows them, (H, W)."""
    return np.clip(light, 0, 1).mean(-1) ** (1 / 2.2)


@pytest.mark.parametrize("kind", SCENES)
def test_every_kind_paints_light_in_range(kind):
    for background in drawn(8, **{**NOTHING, kind: 1.0}):
        assert background.kind == kind
        light = paint(background, 48)
        assert light.shape == (48, 48, 3)
        assert light.dtype == np.float32
        assert light.min() >= 0.01
        assert light.max() <= 2.5


@pytest.mark.parametrize("kind", SCENES)
def test_the_same_seed_paints_the_same_bytes_and_another_seed_others(kind):
    background = Background(kind=kind, seed=5, texture=0.02)
    other = dataclasses.replace(background, seed=6)
    assert np.array_equal(paint(background, 40), paint(background, 40))
    assert not np.array_equal(paint(background, 40), paint(other, 40))


@pytest.mark.parametrize("kind", SCENES)
def test_a_background_is_the_same_picture_at_any_size(kind):
    for seed in range(4):
        background = Background(kind=kind, seed=seed, unevenness=0.2, texture=0.02)
        small, large = (
            cv2.GaussianBlur(
                cv2.resize(grey(paint(background, size)), (32, 32), interpolation=cv2.INTER_AREA),
                (0, 0),
                1,
            )
            for size in (96, 192)
        )
        # What is left differs by strokes thinner than a pixel.
        assert np.abs(small - large).mean() < 0.02


def test_noise_keeps_its_coarse_part_when_a_larger_picture_shows_more():
    small, large = (noise(size, np.random.default_rng(0), coarsest=2) for size in (32, 256))
    shrunk = cv2.resize(large, (32, 32), interpolation=cv2.INTER_AREA)
    coarse, expected = (cv2.GaussianBlur(part, (0, 0), 2) for part in (shrunk, small))
    assert np.std(coarse) == pytest.approx(np.std(expected), rel=0.05)
    assert np.corrcoef(coarse.ravel(), expected.ravel())[0, 1] > 0.98


def test_rooms_streets_and_things_have_the_spectrum_of_photographs():
    """Field (1987): amplitudes fall as 1/f; Torralba and Oliva (2003): exponents of 0.8 to 1.5."""
    size = 128
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(size, 1 / size)] * 2))
    window = np.hanning(size)[:, None] * np.hanning(size)
    power = np.zeros((size, size))
    for background in drawn(48, plain=0, gradient=0, bokeh=0):
        levels = grey(paint(background, size))
        power += np.abs(np.fft.fft2((levels - levels.mean()) * window)) ** 2
    rings = np.arange(3, 48)
    amplitude = [np.sqrt(power[np.abs(frequency - ring) < 0.5].mean()) for ring in rings]
    slope = np.polyfit(np.log(rings), np.log(amplitude), 1)[0]
    assert -1.6 < slope < -0.8


def test_colours_are_mostly_muted():
    saturations = []
    for background in drawn(60, seed=1):
        levels = np.clip(paint(background, 32), 0, 1) ** (1 / 2.2)
        saturations.append(np.mean(1 - levels.min(-1) / levels.max(-1)))
    assert np.median(saturations) < 0.3
    assert max(saturations) > 0.3  # but not all of them grey


def test_backgrounds_differ_in_brightness():
    means = [paint(background, 16).mean() for background in drawn(60, seed=2)]
    assert np.percentile(means, 90) > 3 * np.percentile(means, 10)


def test_lamps_and_windows_burn_out_in_some_rooms():
    brightest = [paint(Background(kind="indoor", seed=seed), 48).max() for seed in range(20)]
    assert max(brightest) > 2
    assert min(brightest) < 1.5


def test_structure_reaches_every_part_of_the_picture():
    """A face must not be the only thing with edges, wherever it lies."""
    edges = np.zeros((96, 96))
    for background in drawn(80, seed=3):
        levels = grey(paint(background, 96))
        rows, columns = np.gradient(levels)
        edges += np.abs(rows) + np.abs(columns)
    cells = edges.reshape(6, 16, 6, 16).mean((1, 3))
    assert cells.min() > 0.3 * cells.max()


def test_shares_are_kept():
    recipe = {**NOTHING, "plain": 3.0, "bokeh": 1.0}
    kinds = [background.kind for background in drawn(600, **recipe)]
    assert set(kinds) == {"plain", "bokeh"}
    assert kinds.count("plain") / 600 == pytest.approx(0.75, abs=0.06)


def test_a_background_survives_json():
    background = drawn(1)[0]
    stored = json.loads(json.dumps(dataclasses.asdict(background)))
    stored |= {name: tuple(stored[name]) for name in ("tint", "crop")}
    assert Background(**stored) == background


@pytest.fixture
def folder(tmp_path):
    """Two pictures of three columns each: red, green, blue; and a text."""
    columns = np.zeros((30, 90, 3), np.uint8)
    for k in range(3):
        columns[:, 30 * k : 30 * k + 30, 2 - k] = 150  # OpenCV writes BGR
    (tmp_path / "deeper").mkdir()
    cv2.imwrite(str(tmp_path / "deeper" / "b.png"), columns)
    cv2.imwrite(str(tmp_path / "a.png"), columns)
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def test_pictures_come_from_the_whole_folder_and_keep_their_colours(folder):
    backgrounds = drawn(60, **NOTHING, pictures=1.0, folder=str(folder), colour=0)
    assert {b.file for b in backgrounds} == {
        str(folder / "a.png"), str(folder / "deeper" / "b.png")
    }  # fmt: skip
    light = {b.crop: paint(b, 24) for b in backgrounds}
    assert all((part.argmax(-1)[:, :1] == part.argmax(-1)[0, 0]).all() for part in light.values())
    assert {int(part.argmax(-1)[12, 12]) for part in light.values()} == {0, 1, 2}


def test_the_crop_of_a_picture_is_where_it_says(folder):
    background = Background(
        kind="pictures", seed=0, file=str(folder / "a.png"), crop=(0.5, 0.0, 1.0)
    )
    middle = paint(background, 16)  # columns 30 to 60 of 90: all green
    # Level 150 of sRGB is 0.305 in linear light.
    assert middle[..., 1] == pytest.approx(0.305, abs=0.002)
    assert (middle[..., [0, 2]] < 0.02).all()


def test_burnt_out_parts_of_a_picture_are_brighter_than_white(tmp_path):
    cv2.imwrite(str(tmp_path / "white.png"), np.full((8, 8, 3), 255, np.uint8))
    background = Background(kind="pictures", seed=0, file=str(tmp_path / "white.png"))
    assert paint(background, 8).min() > 1.5


def test_a_file_that_is_not_a_picture_is_refused(tmp_path):
    (tmp_path / "broken.png").write_text("not a picture")
    background = Background(kind="pictures", seed=0, file=str(tmp_path / "broken.png"))
    with pytest.raises(InputError, match=r"broken\.png"):
        paint(background, 8)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"indoor": -1.0}, "background.indoor"),
        ({"colour": "much"}, "background.colour"),
        (NOTHING, "shares"),
        ({"pictures": 1.0}, "folder"),
        ({"folder": "somewhere"}, "pictures"),
        ({"folder": "/no/such/folder", "pictures": 1.0}, "no folder"),
    ],
)
def test_wrong_recipes_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        BackgroundRecipe(**wrong)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.png"):
        BackgroundRecipe(folder=str(tmp_path), pictures=0.5)
