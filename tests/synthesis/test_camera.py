"""Camera effects change the picture, but never move a landmark."""

import dataclasses
import json
import math
from dataclasses import fields

import numpy as np
import pytest

from landmarks.errors import InputError
from landmarks.synthesis.camera import CameraSettings, PhotoRecipe, develop
from landmarks.synthesis.camera.film import FACE_LEVEL

FACE = 1.0  # metres


def person(level, size=64):
    """Even light (size, size, 3), all of it at the depth of the face."""
    light = np.full((size, size, 3), level, np.float32)
    return light, np.full((size, size), FACE, np.float32)


def dot(x, y, size=65, spread=1.5):
    """A bright blob on a dim ground, centred at (x, y)."""
    v, u = np.mgrid[0:size, 0:size]
    blob = np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * spread**2))
    light = np.float32(0.02 + 0.5 * blob[..., None] * np.ones(3))
    return light, np.full((size, size), FACE, np.float32)


def centroid(image, reach=12, at=(32, 32)):
    """Centre (x, y) of what is brighter than the ground around a place."""
    x0, y0 = at[0] - reach, at[1] - reach
    patch = image[y0 : at[1] + reach + 1, x0 : at[0] + reach + 1].mean(-1)
    weight = np.clip(patch - np.median(image), 0, None)
    v, u = np.mgrid[0 : patch.shape[0], 0 : patch.shape[1]]
    return x0 + (u * weight).sum() / weight.sum(), y0 + (v * weight).sum() / weight.sum()


CAMERAS = {
    "nothing": CameraSettings(),
    "depth_of_field": CameraSettings(depth_of_field=8),
    "defocus": CameraSettings(defocus=4),
    "motion_across": CameraSettings(motion=(30, 0)),
    "motion_aslant": CameraSettings(motion=(17, -9)),
    "half_size": CameraSettings(scale=0.5),
    "odd_size": CameraSettings(scale=0.37),
    "compressed": CameraSettings(quality=40),
    "everything": CameraSettings(
        defocus=2, motion=(-9, 14), scale=0.43, quality=60, contrast=1.2, gamma=0.8, vignette=0.2
    ),
}


@pytest.mark.parametrize("photo", CAMERAS.values(), ids=CAMERAS)
def test_a_dot_stays_on_its_pixel(photo):
    x, y = centroid(develop(*dot(32, 32), FACE, photo))
    assert abs(x - 32) < 0.1
    assert abs(y - 32) < 0.1


@pytest.mark.parametrize("scale", [0.3, 0.5, 0.61])
def test_a_dot_away_from_the_centre_stays_when_the_size_changes(scale):
    x, y = centroid(develop(*dot(20.0, 47.0), FACE, CameraSettings(scale=scale)), at=(20, 47))
    assert abs(x - 20) < 0.25
    assert abs(y - 47) < 0.25


def test_a_camera_without_strengths_stores_metered_light_as_srgb():
    light, depth = person(FACE_LEVEL)
    light[:8] = 0.18  # 18 per cent grey is level 118 of sRGB
    light[8:16] = 0.0
    kept = {"lowest_scale", "lowest_quality"}
    nothing = {field.name: 0 for field in fields(PhotoRecipe) if field.name not in kept}
    photo = PhotoRecipe(**nothing).draw(np.random.default_rng(0))
    image = develop(light, depth, FACE, photo)
    assert (image[:8] == 118).all()
    assert (image[8:16] == 0).all()


def test_the_meter_evens_out_light_but_leaves_dark_skin_darker():
    bright, dark = (develop(*person(level), FACE, CameraSettings()).mean() for level in (0.5, 0.05))
    assert 40 < dark < bright - 20
    unmetered = 255 * (1.055 * 0.05 ** (1 / 2.4) - 0.055)
    assert dark > unmetered + 20


def test_the_background_does_not_change_the_exposure():
    light, depth = person(0.3)
    light[:, 40:] = 2.0
    depth[:, 40:] = math.inf
    alone = develop(*person(0.3), FACE, CameraSettings())
    assert np.array_equal(develop(light, depth, FACE, CameraSettings())[:, :40], alone[:, :40])


def test_one_stop_doubles_the_light():
    below, above = (
        develop(*person(FACE_LEVEL), FACE, CameraSettings(exposure_stops=stops))[0, 0, 0] / 255
        for stops in (-2, -1)
    )
    linear = [((level + 0.055) / 1.055) ** 2.4 for level in (below, above)]
    assert linear[1] / linear[0] == pytest.approx(2, rel=0.02)


def test_highlights_roll_off_instead_of_clipping():
    light, depth = person(FACE_LEVEL)
    for row, level in enumerate((0.6, 0.8, 1.0, 1.4, 2.0)):
        light[row] = level
    levels = develop(light, depth, FACE, CameraSettings())[:5, 0, 0].astype(int)
    assert (np.diff(levels) > 0).all()
    assert levels[-1] <= 255
    assert levels[2] < 250  # white paper beside a face is not burnt out


def test_white_balance_warms():
    image = develop(*person(0.3), FACE, CameraSettings(white_balance=(1.2, 1.0, 0.8)))
    red, green, blue = image[0, 0].astype(int)
    assert red > green > blue


def test_drawn_white_balance_keeps_the_luminance_of_grey():
    rng = np.random.default_rng(0)
    for _ in range(20):
        gains = PhotoRecipe(white_balance=0.5).draw(rng).white_balance
        assert np.dot(gains, (0.2126, 0.7152, 0.0722)) == pytest.approx(1, abs=1e-6)


def test_black_and_white_has_no_colour_even_in_its_grain():
    light, depth = person(0.3)
    light[..., 0] *= 1.5
    image = develop(
        light, depth, FACE, CameraSettings(saturation=0, noise=0.05, quality=80)
    ).astype(int)
    assert image.std() > 3
    assert np.ptp(image, axis=-1).max() == 0


def scene_with_an_edge():
    """Left half a bright face, right half a background of dim and dark columns."""
    light, depth = person(0.5)
    light[:, 32:] = 0.1
    light[:, 34::4] = 0.02
    depth[:, 32:] = math.inf
    return light, depth


def test_depth_of_field_blurs_the_background_and_not_the_face():
    light, depth = scene_with_an_edge()
    light[::2, :28] *= 0.5
    sharp = develop(light, depth, FACE, CameraSettings())
    soft = develop(light, depth, FACE, CameraSettings(depth_of_field=12))
    assert np.array_equal(sharp[:, :28], soft[:, :28])
    assert soft[:, 40:].std() < 0.2 * sharp[:, 40:].std()


def test_the_face_throws_no_halo_into_the_blurred_background():
    light, depth = scene_with_an_edge()
    sharp = develop(light, depth, FACE, CameraSettings())
    soft = develop(light, depth, FACE, CameraSettings(depth_of_field=12))
    assert soft[:, 33:].max() <= sharp[:, 33:].max()


def test_motion_spreads_along_its_way_only():
    blurred = develop(*dot(32, 32, spread=0.8), FACE, CameraSettings(motion=(40, 0)))
    wide = (blurred[32].mean(-1) > blurred.mean() + 5).sum()
    high = (blurred[:, 32].mean(-1) > blurred.mean() + 5).sum()
    assert wide >= 9
    assert high <= 5


def test_blur_keeps_its_share_of_the_picture_at_any_size():
    widths = []
    for size in (65, 129):
        middle = size // 2
        image = develop(*dot(middle, middle, size, 0.6), FACE, CameraSettings(motion=(60, 0)))
        widths.append((image[middle].mean(-1) > image.mean() + 4).sum() / size)
    assert widths[0] == pytest.approx(widths[1], abs=0.04)


def test_noise_has_the_strength_it_says_and_partly_common_channels():
    mid_grey = ((0.5 + 0.055) / 1.055) ** 2.4
    light, depth = person(FACE_LEVEL, 128)
    light[:90] = mid_grey
    grain = (
        develop(light, depth, FACE, CameraSettings(noise=0.04, grain=3))[:90].reshape(-1, 3) / 255
    )
    assert grain.std(axis=0) == pytest.approx(0.04, rel=0.05)
    assert np.corrcoef(grain.T)[0, 1] == pytest.approx(0.5, abs=0.05)


def test_grain_is_coarser_at_low_resolution():
    def similarity(scale):
        image = develop(*person(0.4, 128), FACE, CameraSettings(noise=0.05, scale=scale))[..., 1]
        left, right = image[:, :-1].ravel(), image[:, 1:].ravel()
        return np.corrcoef(left, right)[0, 1]

    assert abs(similarity(1.0)) < 0.05
    assert similarity(0.5) > 0.3


def test_the_same_photo_gives_the_same_bytes_and_another_grain_others():
    light, depth = dot(30, 30)
    photo = PhotoRecipe(noise=0.05).draw(np.random.default_rng(4))
    first, again = (develop(light, depth, FACE, photo) for _ in range(2))
    other = develop(light, depth, FACE, dataclasses.replace(photo, grain=photo.grain + 1))
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_light_is_left_as_it_was():
    light, depth = dot(30, 30)
    kept = light.copy()
    develop(light, depth, FACE, CAMERAS["everything"])
    assert np.array_equal(light, kept)


def test_a_photo_survives_json():
    photo = PhotoRecipe().draw(np.random.default_rng(0))
    stored = json.loads(json.dumps(dataclasses.asdict(photo)))
    stored["white_balance"] = tuple(stored["white_balance"])
    stored["motion"] = tuple(stored["motion"])
    assert CameraSettings(**stored) == photo


def test_a_changed_strength_leaves_the_other_numbers_as_they_were():
    plain, grainy = (
        PhotoRecipe(noise=noise, motion=motion).draw(np.random.default_rng(6))
        for noise, motion in ((0.0, 0.0), (0.1, 1.0))
    )
    assert dataclasses.replace(grainy, noise=plain.noise, motion=plain.motion) == plain


def test_probabilities_are_kept():
    rng = np.random.default_rng(0)
    recipe = PhotoRecipe(grey=0.25, jpeg=0.5, lowest_quality=40, downscale=0.5, lowest_scale=0.6)
    photos = [recipe.draw(rng) for _ in range(800)]
    assert np.mean([p.saturation == 0 for p in photos]) == pytest.approx(0.25, abs=0.05)
    qualities = [p.quality for p in photos if p.quality is not None]
    assert len(qualities) / 800 == pytest.approx(0.5, abs=0.06)
    assert 40 <= min(qualities) < max(qualities) <= 95
    assert 0.6 <= min(p.scale for p in photos) < 0.65


@pytest.mark.parametrize(
    "wrong",
    [
        {"grey": 1.5},
        {"noise": -0.1},
        {"exposure_stops": math.nan},
        {"jpeg": True},
        {"defocus": "much"},
        {"lowest_quality": 0},
        {"lowest_quality": 50.0},
        {"lowest_scale": 0.0},
    ],
)
def test_wrong_strengths_are_refused_by_name(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        PhotoRecipe(**wrong)


def test_light_that_is_not_finite_is_refused():
    light, depth = person(0.3)
    light[3, 4, 1] = math.nan
    with pytest.raises(InputError, match="not finite"):
        develop(light, depth, FACE, CameraSettings())
