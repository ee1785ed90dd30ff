"""The user's pictures as backgrounds: other pictures make another dataset."""

import pickle
from dataclasses import replace

import cv2
import numpy as np
import pytest

from landmarks.errors import InputError
from landmarks.synthesis.background import Background, BackgroundRecipe, paint
from landmarks.synthesis.faces import folder_of
from landmarks.synthesis.pictures import RecipePictures
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.storage.production import produce
from tests.synthesis.disc_pictures import DiscPictures


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "walls"
    (place / "deeper").mkdir(parents=True)
    fill(place / "a.png", 50)
    fill(place / "deeper" / "b.png", 200)
    return place


def fill(path, level):
    cv2.imwrite(str(path), np.full((8, 8, 3), level, np.uint8))


def settings(folder):
    """Of a recipe with these pictures, as a data set has them."""
    recipe = Recipe(name="walls", background=BackgroundRecipe(pictures=0.5, folder=str(folder)))
    return RecipePictures(recipe=recipe, seed=0, size=32).settings


CHANGES = {
    "replaced": lambda folder: fill(folder / "a.png", 51),
    "added": lambda folder: fill(folder / "deeper" / "c.png", 50),
    "removed": lambda folder: (folder / "a.png").unlink(),
    "renamed": lambda folder: (folder / "a.png").rename(folder / "z.png"),
    "exchanged": lambda folder: (fill(folder / "a.png", 200), fill(folder / "deeper/b.png", 50)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_other_pictures_have_a_folder_of_their_own(tmp_path, folder, change):
    before, again = settings(folder), settings(folder)
    assert before == again
    change(folder)
    places = [
        folder_of(replace(DiscPictures(), settings=recipe), tmp_path / "faces")
        for recipe in (before, settings(folder))
    ]
    assert places[0] != places[1]


def test_a_folder_with_other_pictures_behind_is_not_continued(tmp_path, folder):
    def extend(stop):
        pictures = DiscPictures(settings=settings(folder))
        produce(tmp_path / "faces", pictures, start=0, stop=stop, workers=1)

    extend(2)
    extend(3)
    (folder / "notes.txt").write_text("not a picture")
    extend(4)
    fill(folder / "a.png", 51)
    with pytest.raises(
        InputError, match=r"faces: contains faces with recipe\.background\.content "
    ) as e:
        extend(5)
    assert "\n" not in str(e.value)


def test_recipes_without_pictures_have_no_content():
    pictures = RecipePictures(recipe=Recipe(name="any"), seed=0, size=32)
    assert "content" not in pictures.settings["background"]


def test_a_replaced_picture_is_read_again(folder):
    background = Background(kind="pictures", seed=0, file=str(folder / "a.png"))
    dark = paint(background, 8)
    fill(folder / "a.png", 200)
    assert paint(background, 8).mean() > 5 * dark.mean()


def test_the_list_of_pictures_is_pickled_with_the_recipe(folder):
    recipe = BackgroundRecipe(pictures=1.0, folder=str(folder))
    sent = pickle.dumps(recipe)
    fill(folder / "c.png", 90)
    received = pickle.loads(sent)
    assert received.files == recipe.files
    assert received.draw(np.random.default_rng(1)) == recipe.draw(np.random.default_rng(1))
    assert len(BackgroundRecipe(pictures=1.0, folder=str(folder)).files) == 3


def test_a_missing_picture_is_named(folder):
    recipe = BackgroundRecipe(pictures=1.0, folder=str(folder))
    (folder / "a.png").unlink()
    with pytest.raises(InputError, match=r"a\.png: no such file"):
        _ = recipe.content
