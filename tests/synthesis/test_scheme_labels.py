"""Labels of a scheme beside the records of a rendered folder."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landmarks.data.rendered import read_rendered
from landmarks.data.scheme_labels import labels_file, row_type
from landmarks.errors import InputError
from landmarks.scheme import load_scheme, scheme_from
from landmarks.synthesis.faces import faces_of, folder_of
from landmarks.synthesis.storage import scheme_labels
from landmarks.synthesis.storage.production import produce
from landmarks.synthesis.storage.scheme_labels import label_folder
from tests.synthesis.disc_pictures import DiscPictures, die_at_5, disc, refuse_5

PICKED = {"name": "picked", "points": 3, "mirror": {}, "normaliser": "box"}
SCHEME = scheme_from({**PICKED, "sources": {"ibug68": [0, 1, 2]}})


def faces(root, count=4, pictures=None, scheme=SCHEME, **options):
    pictures = pictures or DiscPictures()
    return faces_of(pictures, count=count, root=root, workers=1, scheme=scheme, **options)


def cannot_label(index):
    raise AssertionError(f"{index} is labelled again")


def only_from_4(index):
    assert index >= 4


def test_faces_have_the_landmarks_of_the_scheme_in_the_label_set_of_the_recipe(tmp_path):
    dataset = faces(tmp_path)
    assert dataset.scheme == SCHEME
    assert dataset.landmarks.shape == (4, 3, 2)
    np.testing.assert_allclose(dataset.landmarks[2], disc(0, 2).labels.contour[:3], atol=6e-4)
    surface = faces(tmp_path, labels="surface")
    np.testing.assert_allclose(dataset.landmarks - surface.landmarks, 1, atol=2e-3)


def test_boxes_are_of_the_whole_face_whatever_the_landmarks(tmp_path):
    (face,) = faces(tmp_path, 1).faces
    whole = disc(0, 0).labels.contour
    expected = (*whole.min(axis=0), *whole.max(axis=0))
    np.testing.assert_allclose(face.box, expected, atol=1e-3)


def test_every_scheme_uses_the_same_pictures_and_leaves_the_68_as_they_are(tmp_path):
    before = faces(tmp_path, scheme="ibug68")
    files = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.png")}
    labelled = faces(tmp_path)
    assert [face.id for face in labelled.faces] == [face.id for face in before.faces]
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.png")} == files
    assert faces(tmp_path, scheme="ibug68").content == before.content
    assert len(list(tmp_path.glob("discs-*"))) == 1


def test_faces_that_are_labelled_are_not_labelled_again(tmp_path):
    first = faces(tmp_path)
    assert faces(tmp_path, pictures=DiscPictures(fault=cannot_label)).content == first.content
    two = faces(tmp_path, 2, pictures=DiscPictures(fault=cannot_label), start=1)
    np.testing.assert_array_equal(two.landmarks, first.landmarks[1:3])


def test_labels_of_more_faces_are_added_in_their_order(tmp_path):
    late = faces(tmp_path, 3, start=4)
    early = faces(tmp_path, 2)
    whole = faces(tmp_path, 7)
    np.testing.assert_array_equal(whole.landmarks[4:], late.landmarks)
    np.testing.assert_array_equal(whole.landmarks[:2], early.landmarks)
    (path,) = tmp_path.glob("discs-*/schemes/*.npy")
    assert np.load(path)["index"].tolist() == list(range(7))


def test_several_processes_give_the_same_file_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(scheme_labels, "_WORTH_A_PROCESS", 1)
    folders = []
    for name, workers in (("one", 1), ("two", 2)):
        produce(tmp_path / name, DiscPictures(), start=0, stop=6, workers=1)
        label_folder(tmp_path / name, DiscPictures(), SCHEME, start=0, stop=6, workers=workers)
        folders.append(labels_file(tmp_path / name, SCHEME).read_bytes())
    assert folders[0] == folders[1]


@pytest.mark.parametrize("fault", [die_at_5, refuse_5])
def test_a_call_that_fails_leaves_the_labels_as_they_were(tmp_path, fault, monkeypatch):
    monkeypatch.setattr(scheme_labels, "_WORTH_A_PROCESS", 1)
    produce(tmp_path, DiscPictures(), start=0, stop=8, workers=1)
    label_folder(tmp_path, DiscPictures(), SCHEME, start=0, stop=3, workers=1)
    before = labels_file(tmp_path, SCHEME).read_bytes()
    with pytest.raises(InputError):
        label_folder(tmp_path, DiscPictures(fault=fault), SCHEME, start=0, stop=8, workers=2)
    assert labels_file(tmp_path, SCHEME).read_bytes() == before
    label_folder(tmp_path, DiscPictures(), SCHEME, start=0, stop=8, workers=1)
    assert len(np.load(labels_file(tmp_path, SCHEME))) == 8
    assert {p.suffix for p in (tmp_path / "schemes").iterdir()} == {".npy", ".json"}


def test_a_scheme_with_other_places_has_a_file_of_its_own(tmp_path):
    other = replace(SCHEME, sources={"ibug68": (3, 4, 5)})
    assert labels_file(tmp_path, other) != labels_file(tmp_path, SCHEME)
    renamed_part = replace(SCHEME, regions={"all": (0, 1, 2)})
    assert labels_file(tmp_path, renamed_part) == labels_file(tmp_path, SCHEME)


def test_the_scheme_is_stored_beside_its_labels(tmp_path):
    faces(tmp_path)
    (path,) = tmp_path.glob("discs-*/schemes/*.json")
    assert scheme_from(json.loads(path.read_text())) == SCHEME


def test_the_documentation_reads_the_labels(tmp_path):
    faces(tmp_path)
    (path,) = tmp_path.glob("discs-*/schemes/*.npy")
    page = Path(__file__).parents[2] / "docs" / "schemes.md"
    (python,) = re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL)
    found = {}
    exec(re.sub(r"data/rendered/.*\.npy", str(path), python), found)
    assert found["points"].shape == (4, 3, 2)
    assert found["hidden"][1].tolist() == [False, True, False]
    assert all((path.parents[1] / name).is_file() for name in found["names"])


def test_a_folder_without_labels_of_the_scheme_says_how_to_make_them(tmp_path):
    faces(tmp_path, scheme="ibug68")
    folder = folder_of(DiscPictures(), tmp_path)
    with pytest.raises(InputError, match="4 of 4 faces are not labelled for the scheme 'picked'"):
        read_rendered(folder, scheme=SCHEME)
    faces(tmp_path, 2)
    with pytest.raises(InputError, match="2 of 4 faces are not labelled"):
        read_rendered(folder, scheme=SCHEME)
    assert len(read_rendered(folder, scheme=SCHEME, first=2)) == 2


@pytest.mark.parametrize("damage", ["cut", "other", "infinite", "text"])
def test_damaged_labels_are_refused(tmp_path, damage):
    faces(tmp_path)
    (path,) = tmp_path.glob("discs-*/schemes/*.npy")
    rows = np.load(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    elif damage == "other":
        np.save(path, np.zeros(4, row_type(load_scheme("five_points"))))
    elif damage == "infinite":
        rows["contour"][2, 1, 0] = np.inf
        np.save(path, rows)
    else:
        path.write_text("none")
    with pytest.raises(InputError, match="schemes/picked-"):
        read_rendered(path.parents[1], scheme=SCHEME)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    produce(tmp_path, DiscPictures(), start=0, stop=2, workers=1)
    (tmp_path / "schemes").write_text("a file")
    with pytest.raises(InputError, match="schemes/picked-"):
        label_folder(tmp_path, DiscPictures(), SCHEME, start=0, stop=2, workers=1)


def test_labels_of_other_renders_are_not_taken_for_these(tmp_path):
    faces(tmp_path)
    other = faces(tmp_path, pictures=DiscPictures(seed=1))
    np.testing.assert_allclose(other.landmarks[2], disc(1, 2).labels.contour[:3], atol=6e-4)


def test_nothing_is_rendered_for_a_scheme_without_places(tmp_path):
    from landmarks.synthesis.faces import rendered_faces
    from landmarks.synthesis.recipe import Recipe

    scheme = scheme_from({**PICKED, "name": "nowhere"})
    with pytest.raises(InputError, match="no place on the head for 3 of 3 landmarks"):
        rendered_faces(Recipe(name="any"), count=1, root=tmp_path, scheme=scheme)
    assert not list(tmp_path.iterdir())
