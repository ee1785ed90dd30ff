"""Hair, light, clothes and accessories: kinds, shares and ranges."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from landmarks.synthesis.colour import linear, muted, scaled
from landmarks.synthesis.mesh.head import AVERAGE
from landmarks.synthesis.scene.hair import FAMILIES, SHARES, HairRecipe
from landmarks.synthesis.scene.lighting import LightRecipe
from landmarks.synthesis.scene.wear import COVERED, KINDS, WearRecipe

WOMAN, MAN = replace(AVERAGE, gender=0.1), replace(AVERAGE, gender=0.9)


def rngs(count):
    return (np.random.default_rng(k) for k in range(count))


# Hair


@pytest.mark.parametrize("family", FAMILIES)
def test_a_hairstyle_has_its_characteristic_parameters(family):
    for rng in rngs(10):
        hair = HairRecipe(women={family: 1.0}).draw(rng, WOMAN)
        assert hair.family == family
        for name, (low, high) in FAMILIES[family].items():
            assert low <= getattr(hair, name) <= high
        assert (hair.long > 0) == (family == "long")
        assert (hair.bun > 0) == (family == "tied")


def test_shares_of_hairstyles_sum_to_one():
    for shares in SHARES.values():
        assert set(shares) == set(FAMILIES)
        assert sum(shares.values()) == pytest.approx(1)


def test_women_wear_long_hair_and_men_short():
    families = {
        name: Counter(HairRecipe().draw(rng, person).family for rng in rngs(300))
        for name, person in (("women", WOMAN), ("men", MAN))
    }
    assert families["women"].most_common(1)[0][0] == "long"
    assert families["men"].most_common(1)[0][0] == "short"
    assert families["women"]["long"] / 300 == pytest.approx(SHARES["women"]["long"], abs=0.09)


def test_so_many_heads_have_hair():
    none = [HairRecipe(amount=0.4).draw(rng, MAN).family == "none" for rng in rngs(300)]
    assert np.mean(none) == pytest.approx(0.6, abs=0.09)


def test_a_head_without_hair_has_none_of_any_kind():
    for rng in rngs(40):
        hair = HairRecipe(amount=0.0).draw(rng, WOMAN)
        assert (hair.density, hair.length, hair.long, hair.bun) == (0, 0, 0, 0)


def test_hair_turns_grey_with_age():
    def greys(age):
        colours = [HairRecipe().draw(rng, replace(MAN, age=age)).colour for rng in rngs(100)]
        return np.mean([max(c) < 1.2 * min(c) for c in colours])

    assert greys(0.6) < 0.1
    assert greys(1.0) > 0.6


def test_beards_are_for_grown_men():
    recipe = HairRecipe(beards=1.0, stubble=0.0)
    for rng in rngs(20):
        assert recipe.draw_beard(rng, MAN).density > 0.5
    for person in (WOMAN, replace(MAN, age=0.4)):
        beard = recipe.draw_beard(np.random.default_rng(0), person)
        assert (beard.stubble, beard.density, beard.length) == (0, 0, 0)


def test_beards_and_stubble_are_as_frequent_as_asked_for():
    drawn = [HairRecipe(beards=0.3, stubble=0.5).draw_beard(rng, MAN) for rng in rngs(400)]
    assert np.mean([b.density > 0 for b in drawn]) == pytest.approx(0.3, abs=0.07)
    assert np.mean([b.density == 0 and b.stubble > 0 for b in drawn]) == pytest.approx(
        0.5, abs=0.08
    )


# Light


def lights(count=100, **recipe):
    return [LightRecipe(**recipe).draw(rng) for rng in rngs(count)]


def test_lights_are_unit_directions():
    for light in lights():
        assert np.linalg.norm(light.key) == pytest.approx(1)
        assert np.linalg.norm(light.fill) == pytest.approx(1)
        assert len(light.environment) == 9


def test_a_flash_is_straight_ahead():
    """The face looks to -y."""
    for light in lights(flash=1.0):
        assert light.key[1] < -0.9


def test_light_from_below_comes_from_below():
    assert all(light.key[2] < 0 for light in lights(below=1.0, flash=0.0))
    assert all(light.key[2] >= 0 for light in lights(below=0.0, flash=0.0))


def test_the_key_light_stays_within_its_angle():
    for light in lights(side=0.4, flash=0.0):
        assert abs(np.arctan2(light.key[0], -light.key[1])) <= 0.4 + 1e-9


def test_lights_have_the_strengths_of_the_recipe():
    for light in lights(key=(1.0, 2.0), fill=(0.2, 0.3), ambient=(0.4, 0.5), colour=0.0):
        assert 1 <= light.key_colour[1] <= 2
        assert len(set(light.key_colour)) == 1  # white
        assert 0.2 <= light.fill_colour[1] <= 0.3
        assert 0.4 <= light.environment[0][1] <= 0.5


def test_an_even_environment_is_brighter_only_from_above():
    for light in lights(unevenness=0.0):
        c = np.array(light.environment)
        assert not c[[1, 3, 4, 5, 6, 7, 8]].any()
        assert (c[2] > 0).all()


# Wear


def test_accessories_are_drawn_with_their_shares():
    recipe = WearRecipe(glasses=0.5, sunglasses=0.4, headwear=0.3, occluders=0.2)
    pairs = [recipe.draw_glasses(rng) for rng in rngs(500)]
    worn = [pair for pair in pairs if pair]
    assert len(worn) / 500 == pytest.approx(0.5, abs=0.07)
    assert np.mean([pair.tint > 0.5 for pair in worn]) == pytest.approx(0.4, abs=0.09)
    hats = [recipe.draw_headwear(rng) for rng in rngs(500)]
    assert np.mean([hat is not None for hat in hats]) == pytest.approx(0.3, abs=0.07)
    held = [recipe.draw_occluder(rng) for rng in rngs(500)]
    assert np.mean([thing is not None for thing in held]) == pytest.approx(0.2, abs=0.06)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_none_and_all(share):
    recipe = WearRecipe(glasses=share, headwear=share, occluders=share)
    for rng in rngs(20):
        worn = [recipe.draw_glasses(rng), recipe.draw_headwear(rng), recipe.draw_occluder(rng)]
        assert [piece is not None for piece in worn] == [bool(share)] * 3


def test_held_things_are_of_all_kinds_and_of_their_sizes():
    things = [WearRecipe(occluders=1.0).draw_occluder(rng) for rng in rngs(200)]
    assert {thing.kind for thing in things} == set(KINDS)
    assert {thing.landmark for thing in things} == set(COVERED)
    for thing in things:
        for name, (low, high) in KINDS[thing.kind].items():
            assert low <= getattr(thing, name) <= high


def test_hats_sit_over_the_eyes_and_only_caps_have_a_brim():
    hats = [WearRecipe(headwear=1.0).draw_headwear(rng) for rng in rngs(100)]
    assert all(0.03 < hat.edge < 0.08 for hat in hats)  # metres
    assert {bool(hat.brim) for hat in hats} == {True, False}
    assert all((hat.knit == 0) == (hat.brim > 0) for hat in hats)


def test_clothes_begin_below_the_chin():
    for rng in rngs(40):
        assert WearRecipe().draw_clothing(rng).collar < -0.13  # metres from the eyes


# Colours


@pytest.mark.parametrize(
    ("srgb", "expected"), [(0.0, 0.0), (1.0, 1.0), (0.5, 0.21404), (0.04, 0.0030960)]
)
def test_linear_light_of_srgb_levels(srgb, expected):
    """Known from IEC 61966-2-1; the last is on its straight part."""
    assert linear((srgb, srgb, srgb)) == pytest.approx((expected,) * 3, rel=1e-4)


def test_scaling_a_colour_keeps_its_hue():
    assert scaled((0.1, 0.2, 0.4), 0.5) == pytest.approx((0.05, 0.1, 0.2))


def test_muted_colours_are_colours():
    for rng in rngs(100):
        assert all(0 < c < 1 for c in muted(rng))
