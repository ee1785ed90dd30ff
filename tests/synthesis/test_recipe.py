"""A scene depends only on recipe, seed and index; invalid recipes are refused."""

import json
import math
import os
import subprocess
import sys
from dataclasses import asdict, fields, replace
from functools import cache

import hydra
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from landmarks.cli.hydra_command import CONFIGS
from landmarks.errors import InputError
from landmarks.synthesis.background import BackgroundRecipe
from landmarks.synthesis.camera import PhotoRecipe
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene.annotator import JITTER, AnnotatorRecipe
from landmarks.synthesis.scene.expression import ExpressionRecipe
from landmarks.synthesis.scene.hair import HairRecipe
from landmarks.synthesis.scene.lighting import LightRecipe
from landmarks.synthesis.scene.person import PersonRecipe
from landmarks.synthesis.scene.skin import SkinRecipe
from landmarks.synthesis.scene.view import ViewRecipe
from landmarks.synthesis.scene.wear import WearRecipe

ANY = Recipe(name="any")
FILES = sorted(path.stem for path in (CONFIGS / "recipe").glob("*.yaml"))


def as_json(scene):
    return json.loads(json.dumps(asdict(scene), allow_nan=False))


@cache
def from_yaml(name):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        cfg = compose("synthesize", overrides=[f"recipe={name}"])
    options = OmegaConf.to_container(cfg, resolve=True)
    return hydra.utils.instantiate(options["recipe"], _convert_="all")


def settings(recipe):
    """Of a recipe, as JSON has them: lists for tuples."""
    return json.loads(json.dumps(asdict(recipe)))


# Drawing


def test_a_scene_is_the_same_in_any_order():
    forth = {i: ANY.draw(3, i) for i in range(6)}
    back = {i: Recipe(name="other").draw(3, i) for i in reversed(range(6))}
    assert forth == back


def test_seeds_and_indices_give_other_scenes():
    texts = {json.dumps(as_json(ANY.draw(s, i))) for s in range(4) for i in range(4)}
    assert len(texts) == 16


def test_a_scene_is_the_same_in_another_process():
    """Whatever the order of sets there is."""
    code = (
        "import json\nfrom dataclasses import asdict\n"
        "from landmarks.synthesis.recipe import Recipe\n"
        "print(json.dumps([asdict(Recipe(name='any').draw(5, i)) for i in (2, 0)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [as_json(ANY.draw(5, i)) for i in (2, 0)]


CHANGES = {
    "people": ({"person": PersonRecipe(variation=0.2, asymmetry=2.0)}, {"person"}),
    "off_model": ({"off_model": 0.002}, {"off_model"}),
    "expression": (
        {"expression": ExpressionRecipe(strength=0.5, accents=2, shares={"blink": 1.0})},
        {"expression"},
    ),
    "view": ({"view": ViewRecipe(yaw=5.0, wide=0.9, shift=0.0)}, {"view"}),
    "skin": ({"skin": SkinRecipe(detail=0.0, makeup=1.0)}, {"skin"}),
    "no_hair": ({"hair": HairRecipe(amount=0.0, beards=0.0, stubble=0.0)}, {"hair", "beard"}),
    "no_wear": (
        {"wear": WearRecipe(glasses=0.0, headwear=0.0, occluders=0.0)},
        {"glasses", "headwear", "occluder"},
    ),
    "all_wear": (
        {"wear": WearRecipe(glasses=1.0, sunglasses=1.0, headwear=1.0, occluders=1.0)},
        {"glasses", "headwear", "occluder"},
    ),
    "light": ({"light": LightRecipe(flash=1.0, below=0.0, side=0.2)}, {"lighting"}),
    "background": ({"background": BackgroundRecipe(indoor=0.0, crowd=3.0)}, {"background"}),
    "photo": ({"photo": PhotoRecipe(noise=0.1, jpeg=0.0)}, {"photo"}),
    "annotator": ({"annotator": AnnotatorRecipe(offsets=1.0, noise=2.0)}, {"annotator"}),
}  # fmt: skip


@pytest.mark.parametrize(("change", "touched"), CHANGES.values(), ids=CHANGES)
def test_changing_one_part_of_a_recipe_leaves_the_others_as_they_were(change, touched):
    changed = set()
    for index in range(40):
        one, other = ANY.draw(0, index), replace(ANY, **change).draw(0, index)
        changed |= {f.name for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)}
    assert changed == touched


def test_labels_and_name_change_no_scene():
    assert replace(ANY, name="other", labels="surface").draw(1, 2) == ANY.draw(1, 2)


def test_without_hair_brows_keep_their_colour():
    bald = replace(ANY, hair=HairRecipe(amount=0.0))
    for index in range(10):
        assert bald.draw(0, index).hair.colour == ANY.draw(0, index).hair.colour


def test_a_rarer_thing_is_worn_by_fewer_of_the_same_people():
    often, seldom = (
        {i for i in range(150) if replace(ANY, wear=WearRecipe(glasses=s)).draw(0, i).glasses}
        for s in (0.5, 0.2)
    )
    assert seldom < often
    assert len(often) == pytest.approx(75, abs=20)


# Records


def leaves(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


@pytest.mark.parametrize("file", FILES)
def test_a_scene_can_be_stored_as_json(file):
    """Plain numbers, none of numpy's, all finite: a record gives back the scene."""
    recipe = from_yaml(file)
    for index in range(10):
        scene = asdict(recipe.draw(1, index))
        assert {type(leaf) for leaf in leaves(scene)} <= {bool, int, float, str, type(None)}
        assert all(math.isfinite(leaf) for leaf in leaves(scene) if isinstance(leaf, float))
        back = json.loads(json.dumps(scene, allow_nan=False))
        assert list(leaves(back)) == list(leaves(scene))


# YAML


def test_the_standard_recipe_has_the_defaults_of_the_classes():
    assert settings(from_yaml("synthetic")).keys() == settings(ANY).keys()
    written = OmegaConf.to_container(OmegaConf.load(CONFIGS / "recipe" / "synthetic.yaml"))
    for part, defaults in settings(Recipe(name="synthetic")).items():
        if isinstance(defaults, dict):
            assert defaults.keys() <= written[part].keys(), part
    assert settings(from_yaml("synthetic")) == settings(Recipe(name="synthetic"))


@pytest.mark.parametrize("file", FILES)
def test_every_recipe_is_named_like_its_file_and_draws_scenes(file):
    recipe = from_yaml(file)
    assert recipe.name == file
    assert recipe.draw(0, 0) != recipe.draw(0, 1)


ABLATIONS = {
    "neutral_faces": {"expression"},
    "surface_labels": {"labels"},
    "flat_light": {"light"},
    "small_variation": {"person"},
    "no_camera": {"photo"},
    "no_wear": {"wear"},
    "no_hair": {"hair"},
    "plain_background": {"background"},
}


def test_an_ablation_changes_one_part_of_the_standard_recipe():
    standard = settings(from_yaml("synthetic"))
    for file, touched in ABLATIONS.items():
        own = settings(from_yaml(file))
        assert {part for part in own if own[part] != standard[part]} == touched | {"name"}
    assert set(FILES) == set(ABLATIONS) | {"synthetic", "stand_in"}


def test_ablations_remove_what_their_name_says():
    for index in range(12):
        assert not any(
            name for name in from_yaml("neutral_faces").draw(0, index).expression.actions
            if not name.startswith("eyeLook")
        )  # fmt: skip
        bald = from_yaml("no_hair").draw(0, index)
        assert (bald.hair.density, bald.hair.long, bald.hair.bun) == (0, 0, 0)
        assert (bald.beard.density, bald.beard.stubble) == (0, 0)
        bare = from_yaml("no_wear").draw(0, index)
        assert (bare.glasses, bare.headwear, bare.occluder) == (None, None, None)
        assert from_yaml("plain_background").draw(0, index).background.kind == "plain"


# What is refused


WRONG = {
    "no name": (lambda: Recipe(name=""), "name is ''"),
    "a name with a slash": (lambda: Recipe(name="a/b"), "name is 'a/b'"),
    "a name that is a number": (lambda: Recipe(name=2024), "name is 2024"),
    "no camera": (
        lambda: Recipe(name="a", photo=None),
        "photo is None; it must be a group of settings",
    ),
    "a person that is a number": (lambda: Recipe(name="a", person=3), "person is 3"),
    "unknown labels": (lambda: Recipe(name="a", labels="dots"), "labels are 'dots'.*annotated"),
    "centimetres": (lambda: Recipe(name="a", off_model=0.2), "off_model is 0.2.*0 to 0.01"),
    "a negative strength": (lambda: PersonRecipe(variation=-1), "person.variation is -1"),
    "a bool": (lambda: PersonRecipe(asymmetry=True), "person.asymmetry is True"),
    "a share over 1": (lambda: PersonRecipe(children=1.5), "person.children is 1.5.*0 to 1"),
    "a share in words": (lambda: PersonRecipe(children="few"), "children is 'few'"),
    "no number": (lambda: PersonRecipe(variation=math.nan), "variation is nan"),
    "too strong": (lambda: ExpressionRecipe(strength=3), "expression.strength is 3.*0 to 2"),
    "an unknown expression": (lambda: ExpressionRecipe(shares={"ugly": 1}), "'ugly': 1.*neutral"),
    "no expression": (lambda: ExpressionRecipe(shares={"smile": 0.0}), "expression.shares"),
    "a negative expression": (
        lambda: ExpressionRecipe(shares={"smile": 2.0, "blink": -1.0}),
        "expression.shares",
    ),
    "no expressions": (lambda: ExpressionRecipe(shares=None), "expression.shares is None.*neutral"),
    "one accent": (lambda: ExpressionRecipe(accents=True), "expression.accents is True"),
    "too many accents": (lambda: ExpressionRecipe(accents=99), "expression.accents is 99"),
    "a wide yaw": (lambda: ViewRecipe(yaw=90), "view.yaw is 90.*0 to 45"),
    "beyond the profile": (lambda: ViewRecipe(wide_yaw=120), "view.wide_yaw is 120"),
    "a range upside down": (lambda: ViewRecipe(distance=(2.0, 1.0)), "view.distance is .*smallest"),
    "half a range": (lambda: ViewRecipe(face_share=(0.5,)), "view.face_share is .0.5"),
    "one number": (lambda: ViewRecipe(face_share=0.5), "view.face_share is 0.5"),
    "out of the picture": (lambda: ViewRecipe(shift=0.5), "view.shift is 0.5"),
    "rough skin": (lambda: SkinRecipe(detail=9), "skin.detail is 9"),
    "make-up": (lambda: SkinRecipe(makeup=-0.1), "skin.makeup is -0.1"),
    "more than all": (lambda: HairRecipe(amount=2), "hair.amount is 2"),
    "an unknown cut": (lambda: HairRecipe(women={"mullet": 1.0}), "hair.women.*mullet.*short"),
    "cuts in a number": (lambda: HairRecipe(women=1), "hair.women is 1.*short"),
    "more than every man": (
        lambda: HairRecipe(beards=0.7, stubble=0.7),
        "their sum must be at most 1",
    ),
    "no cut": (lambda: HairRecipe(men={"short": 0.0}), "hair.men"),
    "glasses": (lambda: WearRecipe(glasses=3), "wear.glasses is 3"),
    "hats": (lambda: WearRecipe(headwear=None), "wear.headwear is None"),
    "a strong sun": (lambda: LightRecipe(key=(3.0, 1.0)), "light.key is"),
    "colourful": (lambda: LightRecipe(colour=2), "light.colour is 2"),
    "around": (lambda: LightRecipe(side=7), "light.side is 7"),
    "offsets": (lambda: AnnotatorRecipe(offsets=-1), "annotator.offsets is -1"),
    "noise": (lambda: AnnotatorRecipe(noise="much"), "annotator.noise is 'much'"),
    "shifts": (lambda: AnnotatorRecipe(shifts={"brows": (0, 0)}), "annotator.shifts are of brows;"),
    "no shifts": (lambda: AnnotatorRecipe(shifts=None), "annotator.shifts is None.*brows"),
    "jitter": (
        lambda: AnnotatorRecipe(jitter=JITTER | {"jaw": (0.1, -0.1)}),
        r"annotator.jitter.jaw is \(0.1, -0.1\); it must be two numbers from 0 to 0.5",
    ),
}


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_an_invalid_recipe_is_refused_with_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("recipe: ")


UNREFUSED = {
    "no distance": lambda: ViewRecipe(distance=(0.0, 1.0)),
    "a distance that rays do not reach": lambda: ViewRecipe(distance=(1.0, 8.0)),
    "inside the head": lambda: ViewRecipe(distance=(0.02, 0.05)),
    "no face": lambda: ViewRecipe(face_share=(0.0, 0.0)),
    "a face many times the picture": lambda: ViewRecipe(face_share=(0.5, 20.0)),
    "a range of nothing": lambda: ViewRecipe(distance=(math.nan, math.nan)),
    "no environment": lambda: LightRecipe(ambient=(0.0, 0.5)),
    "negative light": lambda: LightRecipe(key=(-1.0, 1.0)),
    "half an accent": lambda: ExpressionRecipe(accents=2.5),
    "a negative cut": lambda: HairRecipe(men={"short": 2.0, "bald": -1.0}),
}


@pytest.mark.parametrize("make", UNREFUSED.values(), ids=UNREFUSED)
def test_settings_that_would_fail_while_drawing_are_refused_at_once(make):
    with pytest.raises(InputError):
        make()
