"""People: sliders that exist, in one direction each, and skin that fits its owner."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.synthesis.mesh.assets import head_arrays
from landmarks.synthesis.mesh.head import AVERAGE
from landmarks.synthesis.scene.person import HEAD_SHAPES, MEANS, OPPOSITES, PersonRecipe
from landmarks.synthesis.scene.skin import SkinRecipe

NAMES = {str(name) for name in head_arrays()["L_labels"]}


def people(count=30, **recipe):
    return [PersonRecipe(**recipe).draw(np.random.default_rng(k)) for k in range(count)]


def test_every_slider_is_one_of_the_head_and_none_is_forgotten():
    used = set().union(*(person.shape for person in people(60)))
    assert used <= NAMES
    left_out = {name for name in NAMES - used if not name.startswith("head-")}
    # Those that move head or neck as a whole, or change what clothes cover.
    assert all(name.startswith(("neck-trans", "measure-neck")) for name in left_out)


def stems(person, end):
    """Sliders that are active towards `end`."""
    return {
        name.rpartition("-")[0]
        for name, weight in person.shape.items()
        if name.endswith(f"-{end}") and weight
    }


def test_opposite_sliders_are_never_both_active():
    for person in people():
        for plus, minus in (*OPPOSITES, ("l", "r")):
            both = stems(person, plus) & stems(person, minus)
            assert both <= {"head"}  # whose shapes are no opposites


def test_a_head_has_one_shape():
    for person in people():
        shapes = [name for name in HEAD_SHAPES if person.shape.get(f"head-{name}")]
        assert len(shapes) == 1


def test_weights_are_positive_and_mostly_within_the_asset():
    weights = np.array([w for person in people(60) for w in person.shape.values()])
    assert weights.min() >= 0
    assert (weights <= 1).mean() > 0.98


def test_variation_scales_the_shape_alone():
    others = ("asym-", *(stem for stem, _ in MEANS))  # what varies about a mean of its own
    for whole, half, none in zip(
        people(5), people(5, variation=0.5), people(5, variation=0.0), strict=True
    ):
        assert replace(half, shape=whole.shape) == whole
        for name, weight in whole.shape.items():
            if not name.startswith(("asym-", *(stem for stem, _ in MEANS))):
                assert half.shape[name] == pytest.approx(0.5 * weight)
        asymmetries = {name for name, weight in none.shape.items() if weight}
        assert all(name.startswith(others) for name in asymmetries)


def test_without_asymmetry_both_sides_are_alike():
    for person in people(10, asymmetry=0.0):
        shape = person.shape
        assert not any(weight for name, weight in shape.items() if name.startswith("asym-"))
        left = {name[2:]: weight for name, weight in shape.items() if name.startswith("l-")}
        right = {name[2:]: weight for name, weight in shape.items() if name.startswith("r-")}
        assert left == right
        assert len(left) > 20


SIDEWAYS = ("mouth-trans-in", "mouth-trans-out", "nose-trans-in", "nose-trans-out")


def test_without_asymmetry_nothing_is_moved_to_a_side():
    for person in people(10, asymmetry=0.0):
        assert not any(person.shape.get(name) for name in SIDEWAYS)


def test_paired_sliders_stay_close_to_each_other():
    pairs = [
        (person.shape[name], person.shape.get("r-" + name[2:], 0.0))
        for person in people(40)
        for name in person.shape
        if name.startswith("l-")
    ]
    left, right = np.array(pairs).T
    assert np.corrcoef(left, right)[0, 1] > 0.95


def test_children_are_as_frequent_as_asked_for():
    ages = [person.age for person in people(400, children=0.3)]
    assert np.mean(np.array(ages) <= 0.5) == pytest.approx(0.3, abs=0.07)
    assert max(person.age for person in people(20, children=1.0)) <= 0.5
    assert min(person.age for person in people(20, children=0.0)) > 0.5


def test_phenotypes_stay_within_the_asset():
    for person in people(100):
        assert all(0 <= x <= 1 for x in (person.gender, person.muscle, person.weight))
        assert sum(person.ancestry) == pytest.approx(1)


@pytest.mark.parametrize(("age", "oldness"), [(0.3, 0), (0.7, 0), (0.85, 0.5), (1.0, 1)])
def test_oldness_begins_in_the_middle_of_life(age, oldness):
    assert replace(AVERAGE, age=age).oldness == pytest.approx(oldness)


# Skin and eyes


def skins(person, count=60, **recipe):
    return [SkinRecipe(**recipe).draw(np.random.default_rng(k), person) for k in range(count)]


def test_skin_without_detail_is_smooth():
    for skin in skins(AVERAGE, detail=0.0):
        assert (skin.blotches, skin.freckles, skin.moles, skin.bumps, skin.wrinkles) == (0,) * 5


def test_old_skin_has_more_wrinkles():
    young, old = (
        np.mean([skin.wrinkles for skin in skins(replace(AVERAGE, age=age))]) for age in (0.5, 1.0)
    )
    assert old > 3 * young


def test_only_women_paint_their_eyes_and_no_more_than_asked_for():
    woman, man = (replace(AVERAGE, gender=g) for g in (0.1, 0.9))
    assert not any(skin.eye_makeup for skin in skins(man, makeup=1.0))
    assert all(skin.eye_makeup for skin in skins(woman, makeup=1.0))
    assert not any(skin.eye_makeup for skin in skins(woman, makeup=0.0))


def test_the_colour_of_skin_is_independent_of_ancestry():
    tones = []
    for ancestry in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        tones.append([skin.melanin for skin in skins(replace(AVERAGE, ancestry=ancestry))])
    assert tones[0] == tones[1] == tones[2]
    assert np.ptp(tones[0]) > 0.7


def test_a_pupil_is_smaller_than_its_iris():
    for k in range(50):
        eyes = SkinRecipe().draw_eyes(np.random.default_rng(k), AVERAGE)
        assert 0 < eyes.pupil_angle < eyes.iris_angle < 0.6
        assert all(0 < c < 1 for c in (*eyes.iris, *eyes.sclera))
