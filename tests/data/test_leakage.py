"""Leakage: the same image is refused; another picture of the same photo is counted."""

import shutil

import numpy as np
import pytest
from PIL import Image

from landmarks.data.leakage import TRAINED_ON, TrainingFaces, read_training_faces
from landmarks.data.pts import read_pts_folder
from landmarks.data.toy import read_toy
from landmarks.data.w300 import read_w300
from landmarks.errors import InputError
from landmarks.synthesis.faces import faces_of
from tests.synthesis.disc_pictures import DiscPictures


def trained_on(real, synthetic=None):
    sets = {"real": real, **({"synthetic": synthetic} if synthetic else {})}
    return TrainingFaces.of({role: (faces, np.arange(len(faces))) for role, faces in sets.items()})


def write_photos(folder, names, seed):
    """Photos with their `.pts` files; another seed gives others."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for name in names:
        pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
        rows = "\n".join(f"{x:.4f} {y:.4f}" for x, y in rng.uniform(1, 8, (68, 2)))
        (folder / f"{name}.pts").write_text(f"version: 1\nn_points: 68\n{{\n{rows}\n}}\n")
    return folder


def test_photos_of_the_same_name_in_two_folders_are_different(tmp_path):
    one, other = (
        read_pts_folder(write_photos(tmp_path / name, ("1", "2"), seed=i))
        for i, name in enumerate("ab")
    )
    assert trained_on(one).shared_photos(other) == 0
    assert trained_on(one).shared_photos(one) == 2


def test_a_mirrored_copy_shows_its_photo_however_the_folder_is_given(tmp_path, monkeypatch):
    folder = write_photos(tmp_path / "a", ("1", "1_mirror", "2"), seed=0)
    monkeypatch.chdir(tmp_path)
    one, same = read_pts_folder(folder), read_pts_folder("a")
    upright = TrainingFaces.of({"real": (one, np.array([0]))})
    assert upright.shared_photos(same) == 2


def test_a_photo_of_300_w_is_the_same_in_every_copy_of_it(tmp_path):
    folder = write_photos(tmp_path / "a" / "afw", ("1_1", "1_2", "2_1"), seed=0)
    shutil.copytree(folder, tmp_path / "b" / "afw")
    one, copy = (read_w300(tmp_path / name, folders=["afw"]) for name in "ab")
    assert TrainingFaces.of({"real": (one, np.array([0]))}).shared_photos(copy) == 2


def test_rendered_scenes_are_identified_by_recipe_and_seed(tmp_path, caplog):
    def discs(start=0, **options):
        pictures = DiscPictures(**options)
        return faces_of(pictures, count=4, start=start, root=tmp_path, workers=1)

    used = trained_on(read_toy(count=2, domain="stand_in"), discs(seed=1))
    assert used.shared_photos(discs(seed=2)) == 0
    assert used.shared_photos(discs(seed=1, start=4)) == 0
    assert (
        used.shared_photos(discs(seed=1, settings={**DiscPictures().settings, "name": "cubes"}))
        == 0
    )
    assert not caplog.records
    larger = discs(seed=1, start=2, size=64)
    used.check_apart(larger)
    assert used.shared_photos(larger) == 2
    assert (
        "2 of 4 test faces show a photo or person that is in the training data too" in caplog.text
    )


def test_drawn_faces_share_no_photo_with_those_of_another_seed():
    used = trained_on(read_toy(count=6, domain="stand_in", seed=1))
    assert used.shared_photos(read_toy(count=6, domain="stand_in", seed=2)) == 0
    assert used.shared_photos(read_toy(count=6, domain="synthetic", seed=1)) == 0
    assert used.shared_photos(read_toy(count=9, domain="stand_in", seed=1)) == 6


def test_training_faces_take_few_bytes_and_refuse_their_images(tmp_path):
    real, synthetic = (read_toy(count=200, domain=name) for name in ("stand_in", "synthetic"))
    trained_on(real, synthetic).write(tmp_path)
    assert (tmp_path / TRAINED_ON).stat().st_size < 400 * 32
    stored = read_training_faces(tmp_path)
    for domain, test in (("real", real), ("synthetic", synthetic)):
        with pytest.raises(InputError, match=f"the {domain} training face .* on the same image"):
            stored.check_apart(test)
    stored.check_apart(read_toy(count=20, domain="stand_in", seed=1))
