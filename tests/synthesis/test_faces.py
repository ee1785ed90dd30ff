"""Datasets that render missing faces."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landmarks.data.options import check_options
from landmarks.errors import InputError
from landmarks.synthesis.faces import faces_of, folder_of, rendered_faces
from landmarks.synthesis.storage.folder import MANIFEST, RenderedFolder
from landmarks.synthesis.storage.production import produce
from tests.synthesis.disc_pictures import DiscPictures, disc, refuse_5
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]


def faces(root, count=4, pictures=None, **options):
    return faces_of(pictures or DiscPictures(), count=count, root=root, workers=1, **options)


def test_faces_are_rendered_at_the_first_call_and_read_at_the_second(tmp_path):
    first = faces(tmp_path)
    second = faces(tmp_path, pictures=DiscPictures(fault=cannot_render))
    assert first.content == second.content
    np.testing.assert_array_equal(first.faces[3].image.read(), disc(0, 3).image)


def cannot_render(index):
    raise AssertionError(f"{index} is rendered again")


def test_a_face_is_the_same_for_every_count_and_start(tmp_path):
    six = faces(tmp_path / "a", 6)
    assert faces(tmp_path / "b", 2, start=3).content == replace(six, faces=six.faces[3:5]).content
    assert faces(tmp_path / "b", 6).content == six.content


def test_more_faces_are_added_to_those_that_are_there(tmp_path):
    faces(tmp_path, 4)
    faces(tmp_path, 6, pictures=DiscPictures(fault=only_from_4))
    assert len(list(tmp_path.glob("discs-*"))) == 1


def only_from_4(index):
    assert index >= 4


def test_labels_are_chosen_without_rendering(tmp_path):
    own = faces(tmp_path)
    fixed = faces(tmp_path, pictures=DiscPictures(fault=cannot_render), labels="surface")
    np.testing.assert_allclose(own.landmarks - fixed.landmarks, 1, atol=2e-3)


def test_covered_faces_are_not_looked_for_one_by_one(tmp_path, monkeypatch):
    faces(tmp_path)
    monkeypatch.setattr(RenderedFolder, "known", cannot_render)
    faces(tmp_path, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"size": 64},
        {"renderer_version": "discs 2"},
        {"settings": {**DiscPictures().settings, "view": {"yaw": 20.0}}},
    ],
)
def test_every_setting_that_changes_pictures_has_its_own_folder(tmp_path, change):
    other = replace(DiscPictures(), **change)
    assert folder_of(other, tmp_path) != folder_of(DiscPictures(), tmp_path)
    assert folder_of(other, tmp_path).name.startswith("discs-")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": 3, "start": -1}, "start is -1"),
        ({"count": 1_000_001}, "at most 1,000,000"),
        ({"count": 3, "labels": "dense"}, "labels are 'dense'"),
        ({"count": 3, "pictures": DiscPictures(size=2)}, "size is 2"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_rendered(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        faces(tmp_path, **options)
    assert not list(tmp_path.glob("discs-*"))


def test_an_interrupted_rendering_is_continued(tmp_path):
    with pytest.raises(InputError):
        faces(tmp_path, 8, pictures=DiscPictures(fault=refuse_5))
    assert faces(tmp_path, 8).content == faces(tmp_path / "whole", 8).content


JOB = """
import sys
from landmarks.synthesis.faces import faces_of
from tests.synthesis.disc_pictures import DiscPictures
from tests.synthesis.test_faces import tell

print(faces_of(DiscPictures(fault=tell), count=12, root=sys.argv[1], workers=1).content)
"""


def tell(index):
    """Slow enough for four processes to meet."""
    import time

    print("rendered", index, flush=True)
    time.sleep(0.05)


def test_four_jobs_that_start_at_once_render_once(tmp_path):
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", JOB, tmp_path],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(4)
    ]
    said = [job.communicate(timeout=PATIENCE)[0].splitlines() for job in jobs]
    assert [job.returncode for job in jobs] == [0] * 4
    assert sorted(len(lines) for lines in said) == [1, 1, 1, 13]
    assert len({lines[-1] for lines in said}) == 1


def test_folder_and_manifest_are_where_synthesize_puts_them(tmp_path):
    faces(tmp_path)
    assert (folder_of(DiscPictures(), tmp_path) / MANIFEST).is_file()


def photos(root):
    for name in ("a.jpg", "b.JPG", "a.pts", "b.pts"):
        (root / name).touch()


def a_rendered_dataset(root):
    produce(root, DiscPictures(), start=0, stop=1, workers=1)


def photos_with_renders_among_them(root):
    faces(root)
    (root / "a.jpg").touch()


@pytest.mark.parametrize(
    ("fill", "found"),
    [
        (photos, "(2 .jpg, 2 .pts)"),
        (lambda root: (root / "train").mkdir() or (root / "train/a.jpg").touch(), "(1 folders)"),
        (a_rendered_dataset, "1 .gz"),
        (photos_with_renders_among_them, "(1 .jpg)"),
    ],
)
def test_nothing_is_rendered_into_a_folder_with_other_files(tmp_path, fill, found):
    fill(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as caught:
        faces(tmp_path, pictures=DiscPictures(fault=cannot_render, seed=9))
    assert f"{tmp_path} contains files that were not rendered" in str(caught.value)
    assert found in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_renders_previews_and_hidden_files_may_be_beside_each_other(tmp_path):
    faces(tmp_path)
    a_rendered_dataset(tmp_path / "mine")
    (tmp_path / "begun" / "records").mkdir(parents=True)
    (tmp_path / "preview_synthetic.png").touch()
    (tmp_path / ".DS_Store").touch()
    assert len(faces(tmp_path, pictures=DiscPictures(seed=9))) == 4


def test_a_file_is_no_place_for_renders(tmp_path):
    (tmp_path / "labels.json").write_text('{"annotations": []}')
    with pytest.raises(InputError, match=r"labels\.json contains files that were not rendered"):
        faces(tmp_path / "labels.json")


def test_the_reader_of_the_files_is_suggested_where_the_dataset_is_known(tmp_path):
    photos(tmp_path)
    with pytest.raises(InputError) as caught:
        check_options(rendered_faces, {"root": str(tmp_path)}, "data.real")
    assert str(caught.value).startswith(f"data.real.root: {tmp_path} contains files")
    assert f"faces@data.real=pts_folder data.real.root={tmp_path}?" in str(caught.value)
