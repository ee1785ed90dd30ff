"""A setting of a recipe changes only its own part of every sample."""

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from functools import cache

import cv2
import numpy as np
import pytest

from landmarks.errors import InputError
from landmarks.synthesis.background import BackgroundRecipe
from landmarks.synthesis.camera import PhotoRecipe
from landmarks.synthesis.recipe import PARTS, Recipe
from landmarks.synthesis.scene.annotator import AnnotatorRecipe
from landmarks.synthesis.scene.hair import HairRecipe
from landmarks.synthesis.scene.person import PersonRecipe
from landmarks.synthesis.scene.wear import WearRecipe

# A recipe in which everything happens to many of a few samples.
ANY = Recipe(
    name="any",
    off_model=0.001,
    person=PersonRecipe(children=0.4),
    hair=HairRecipe(amount=0.8, beards=0.4, stubble=0.4),
    wear=WearRecipe(glasses=0.7, sunglasses=0.5, headwear=0.7, occluders=0.7),
    photo=PhotoRecipe(grey=0.3, motion=0.5, downscale=0.5, jpeg=0.5),
    annotator=AnnotatorRecipe(offsets=1.0, noise=1.0),
)
SAMPLES = range(30)

BEARD = {f"beard.{name}" for name in ("stubble", "density", "length")}
CUT = {
    "hair.family",
    *("hair.length", "hair.density", "hair.fringe", "hair.baldness"),
    *("hair.strands", "hair.curl", "hair.long", "hair.bun"),
}
BACKGROUND = {"background.kind"}
# Oldness shows: skin and hair are drawn for a person, and children have no beard and no make-up.
AGE = {
    *("person.age", "hair.colour", *BEARD),
    *(
        f"skin.{name}"
        for name in ("under_eyes", "bumps", "wrinkles", "lips", "eye_makeup", "lipstick")
    ),
}

TOUCHED: Mapping[str, set[str]] = {
    "name": set(),
    "labels": set(),
    "off_model": {"off_model.amplitude"},
    "person.variation": {"person.shape"},
    "person.asymmetry": {"person.shape"},
    "person.children": AGE,
    "expression.strength": {"expression.face"},
    "expression.accents": {"expression.face"},
    "expression.extremes": {"expression.face"},
    "expression.mouth_open": {"expression.face"},
    "expression.lids": {"expression.face"},
    "expression.shares": {"expression.face"},
    "expression.gaze": {"expression.gaze"},
    "view.yaw": {"view.yaw"},
    "view.wide_yaw": {"view.yaw"},
    "view.wide": {"view.yaw"},
    "view.pitch": {"view.pitch"},
    "view.roll": {"view.roll"},
    "view.neck": {"view.neck"},
    "view.distance": {"view.distance"},
    "view.face_share": {"view.face_share"},
    "view.shift": {"view.shift"},
    "skin.detail": {
        f"skin.{name}" for name in ("blotches", "freckles", "moles", "bumps", "wrinkles")
    },
    "skin.makeup": {"skin.lips", "skin.eye_makeup", "skin.lipstick"},
    "hair.amount": {
        f"hair.{name}" for name in ("family", "density", "length", "long", "bun")
    },
    "hair.beards": BEARD,
    "hair.stubble": BEARD,
    "hair.women": CUT,
    "hair.men": CUT,
    "wear.glasses": {"glasses"},
    "wear.sunglasses": {"glasses.tint"},
    "wear.headwear": {"headwear"},
    "wear.occluders": {"occluder"},
    "light.key": {"lighting.key_colour"},
    "light.fill": {"lighting.fill_colour"},
    "light.ambient": {"lighting.environment"},
    "light.unevenness": {"lighting.environment"},
    "light.colour": {
        f"lighting.{name}" for name in ("key_colour", "fill_colour", "environment")
    },
    "light.softness": {"lighting.softness"},
    "light.below": {"lighting.key"},
    # The fill light is on the other side, wherever the key light is.
    "light.side": {"lighting.key", "lighting.fill"},
    "light.flash": {"lighting.key", "lighting.fill"},
    "background.plain": BACKGROUND,
    "background.gradient": BACKGROUND,
    "background.indoor": BACKGROUND,
    "background.outdoor": BACKGROUND,
    "background.clutter": BACKGROUND,
    "background.bokeh": BACKGROUND,
    "background.crowd": BACKGROUND,
    "background.surroundings": {"background.surroundings"},
    "background.brightness": {"background.exposure"},
    "background.colour": {"background.tint"},
    "photo.exposure_stops": {"photo.exposure_stops"},
    "photo.white_balance": {"photo.white_balance"},
    "photo.contrast": {"photo.contrast"},
    "photo.saturation": {"photo.saturation"},
    "photo.gamma": {"photo.gamma"},
    "photo.grey": {"photo.saturation"},
    "photo.vignette": {"photo.vignette"},
    "photo.depth_of_field": {"photo.depth_of_field"},
    "photo.defocus": {"photo.defocus"},
    "photo.motion": {"photo.motion"},
    "photo.motion_length": {"photo.motion"},
    "photo.noise": {"photo.noise"},
    "photo.downscale": {"photo.scale"},
    "photo.lowest_scale": {"photo.scale"},
    "photo.jpeg": {"photo.quality"},
    "photo.lowest_quality": {"photo.quality"},
    "annotator.offsets": {"annotator.offsets"},
    "annotator.noise": {"annotator.noise"},
    "annotator.shifts": {"annotator.shifts"},
    "annotator.jitter": {"annotator.jitter"},
}  # fmt: skip

# They name the user's files, without which they cannot be changed; see below.
FOLDERS = {
    *("background.pictures", "background.folder", "skin.textures"),
    *("light.measured", "light.maps"),
}


def settings():
    """Every number of a recipe, as "part.field"."""
    for part in fields(Recipe):
        inner = getattr(ANY, part.name)
        if is_dataclass(inner):
            yield from (f"{part.name}.{field.name}" for field in fields(inner))
        else:
            yield part.name


def changed(setting):
    """Recipes that differ in this setting alone."""
    part, _, field = setting.partition(".")
    inner = getattr(ANY, part)
    for value in others(getattr(inner, field) if field else inner):
        try:
            yield replace(ANY, **{part: replace(inner, **{field: value}) if field else value})
        except InputError:
            continue  # not every number has these values


def others(value):
    """Values unlike this one."""
    if isinstance(value, str):
        return ["surface"]  # as labels, and as a name
    if isinstance(value, Mapping) and all(isinstance(pair, tuple) for pair in value.values()):
        return [value | {name: (0.1, 0.2)} for name in value]
    if isinstance(value, Mapping):
        return [{name: 1.0} for name in value]
    if isinstance(value, tuple):
        low, high = value
        return [(low, low), (0.5 * (low + high), high)]
    half = type(value)(0.6 * value)
    return [v for v in (half, type(value)(0), type(value)(1)) if v != value]


def parts(scene):
    """A scene by "part.field"; of expressions, what the face does apart from the gaze."""
    found = {}
    for part, content in asdict(scene).items():
        if part == "expression":
            actions = content["actions"].items()
            content = {
                "gaze": {k: v for k, v in actions if k.startswith("eyeLook")},
                "face": {k: v for k, v in actions if not k.startswith("eyeLook")},
            }
        if isinstance(content, dict):
            found |= {f"{part}.{name}": value for name, value in content.items()}
        else:
            found[part] = content
    return found


@cache
def usual(index):
    return parts(ANY.draw(0, index))


def differences(recipe):
    """Which parts of the samples differ from those of `ANY`."""
    found = set()
    for index in SAMPLES:
        one, other = usual(index), parts(recipe.draw(0, index))
        # What is worn by one of them alone counts as a whole.
        pairs = {
            name if name in one.keys() & other.keys() else name.partition(".")[0]
            for name in one.keys() | other.keys()
            if name not in one or name not in other or one[name] != other[name]
        }
        found |= pairs
    return found


def test_every_setting_is_among_them():
    assert set(settings()) == TOUCHED.keys() | FOLDERS


@pytest.mark.parametrize("setting", TOUCHED)
def test_a_setting_changes_only_its_own_part_of_the_scene(setting):
    recipes = list(changed(setting))
    assert recipes
    assert set().union(*map(differences, recipes)) == TOUCHED[setting]


@pytest.fixture
def folder(tmp_path):
    for name in ("one", "two"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((8, 8, 3), np.uint8))
    return str(tmp_path)


def test_pictures_of_the_user_change_the_background_alone(folder):
    with_pictures = replace(ANY, background=BackgroundRecipe(pictures=0.8, folder=folder))
    assert differences(with_pictures) == {
        f"background.{name}" for name in ("kind", "file", "crop")
    }  # fmt: skip


@pytest.fixture
def generators(monkeypatch):
    """The generators that were made, in their present state."""
    made, make = [], np.random.default_rng

    def recorded(seed):
        made.append(make(seed))
        return made[-1]

    monkeypatch.setattr(np.random, "default_rng", recorded)
    return made


@pytest.mark.parametrize("setting", TOUCHED)
def test_a_part_consumes_the_same_number_of_random_values_in_every_recipe(setting, generators):
    for recipe in changed(setting):
        for index in SAMPLES[:4]:
            generators.clear()
            ANY.draw(0, index)
            recipe.draw(0, index)
            assert len(generators) == 2 * len(PARTS)
            states = [generator.bit_generator.state for generator in generators]
            assert states[: len(PARTS)] == states[len(PARTS) :]
