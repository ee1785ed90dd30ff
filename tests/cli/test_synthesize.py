"""The command that renders faces, as a user types it."""

import json

import numpy as np
import pytest
from PIL import Image

from landmarks.cli.hydra_command import CONFIGS
from landmarks.cli.synthesize import NEXT, asked_range
from landmarks.data.datagen import read_dgfaces
from landmarks.data.rendered import read_rendered
from landmarks.errors import InputError
from landmarks.synthesis.contact_sheet import contact_sheet
from tests.cli.test_command_line import command
from tests.synthesis.disc_pictures import disc

SMALL = ["n=2", "size=64", "workers=1"]


def rows_of(sheet, count):
    return np.split(sheet, count)


def test_a_sheet_shows_each_row_without_and_with_landmarks():
    pictures = [disc(0, i, size=200) for i in range(8)]
    marks = [(picture.labels.surface, picture.labels.visible) for picture in pictures]
    sheet = contact_sheet(pictures, marks, columns=4)
    assert sheet.shape == (4 * 200, 4 * 200, 3)
    plain, marked, _, _ = rows_of(sheet, 4)
    np.testing.assert_array_equal(plain, np.concatenate([p.image for p in pictures[:4]], axis=1))
    x, y = pictures[1].labels.surface[0].round().astype(int)
    assert marked[y, 200 + x].tolist() == [240, 228, 66]
    x, y = pictures[1].labels.surface[1].round().astype(int)
    assert marked[y, 200 + x].tolist() == [213, 94, 0]  # hidden
    assert (plain != marked).any(axis=2).mean() < 0.1


def test_small_pictures_are_enlarged_together_with_their_landmarks():
    small = disc(0, 1, size=48)
    sheet = contact_sheet([small], [(small.labels.contour, small.labels.visible)], columns=1)
    plain, marked = rows_of(sheet, 2)
    assert plain.shape == (192, 192, 3)
    np.testing.assert_array_equal(plain[2::4, 2::4], small.image)
    (x, y) = small.labels.contour[0]
    changed = (marked == (240, 228, 66)).all(axis=2)
    column, row = 4 * (x + 0.5) - 0.5, 4 * (y + 0.5) - 0.5
    assert changed[round(row), round(column)]


@pytest.mark.parametrize(
    ("n", "text", "expected"),
    [(10, None, (0, 10)), (10, "5000:10000", (5000, 10000)), (None, "0:1", (0, 1))],
)
def test_n_and_range_choose_the_samples(n, text, expected):
    assert asked_range(n, text) == expected


@pytest.mark.parametrize(
    ("n", "text", "message"),
    [
        (0, None, "n is 0"),
        ("ten", None, "n is 'ten'"),
        (None, None, "n is None"),
        (1, "5:5", "range is '5:5'"),
        (1, "7", "range is '7'"),
        (1, 7, "range is 7"),
        (1, "-1:5", "range is '-1:5'"),
        (1, "0:2000000", "at most 1,000,000"),
    ],
)
def test_an_invalid_range_is_refused(n, text, message):
    with pytest.raises(InputError, match=message):
        asked_range(n, text)


@pytest.mark.parametrize("layout", NEXT)
def test_the_suggested_training_command_composes(layout):
    from hydra import compose, initialize_config_dir

    words = [*NEXT[layout].split(), "data.synthetic.root=x", "data.real.root=y"]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        assert compose("train", overrides=words).data.synthetic.root == "x"


# The rest uses the real renderer, which compiles its kernels once per machine (about 20 s).


def test_faces_are_rendered_into_out_and_the_next_command_is_suggested(tmp_path):
    done = command("synthesize", *SMALL, "out=faces", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 faces are in faces" in done.stdout
    assert "next: landmarks train" in done.stdout
    assert "data.synthetic.root=faces" in done.stdout
    dataset = read_rendered(tmp_path / "faces")
    assert len(dataset) == 2
    for face in dataset.faces:
        image = face.image.read()
        assert image.shape == (64, 64, 3)
        assert image.std() > 5
        inner = face.landmarks[17:]
        assert (inner > -10).all()
        assert (inner < 74).all()
    assert [path.name for path in tmp_path.iterdir()] == ["faces"]


def test_two_ranges_equal_the_whole_in_datagens_layout_too(tmp_path):
    words = [*SMALL, "layout=datagen", "write=[dense]"]
    for text in ("0:1", "1:2"):
        done = command("synthesize", *words, f"range={text}", "out=halves", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    done = command("synthesize", *words, "out=whole", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    halves, whole = (
        json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("halves", "whole")
    )
    assert halves == whole
    assert len(read_dgfaces(tmp_path / "halves")) == 2
    again = command("synthesize", *words, "out=whole", cwd=tmp_path)
    assert again.returncode == 0, again.stderr


def test_another_scheme_labels_the_same_faces_and_its_training_is_suggested(tmp_path):
    for scheme in ("ibug68", "five_points"):
        done = command("synthesize", *SMALL, f"scheme={scheme}", "out=faces", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert "rendering" not in done.stderr
    assert "their 5 landmarks of the scheme five_points are in faces/schemes/" in done.stdout
    words = "scheme=five_points data=own faces@data.synthetic=rendered_folder"
    assert f"next: landmarks train {words} data.synthetic.root=faces" in done.stdout
    dataset = read_rendered(tmp_path / "faces", scheme="five_points")
    corners = read_rendered(tmp_path / "faces").landmarks[:, [48, 54]]
    np.testing.assert_array_equal(dataset.landmarks[:, 3:], corners)


def test_a_preview_writes_one_picture_only(tmp_path):
    done = command("synthesize", "preview=true", "size=32", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "outputs/preview_synthetic.png" in done.stdout
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()] == [
        "outputs/preview_synthetic.png"
    ]
    with Image.open(tmp_path / "outputs/preview_synthetic.png") as sheet:
        assert sheet.size == (8 * 192, 2 * 4 * 192)


def test_a_preview_starts_at_the_range_and_shows_any_scheme(tmp_path):
    words = ["preview=true", "size=16", "range=40:50"]
    done = command("synthesize", *words, "scheme=five_points", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "faces 40 to 71 are in outputs/preview_synthetic.png" in done.stdout


@pytest.mark.parametrize("words", ["write=[dense]", "layout=datagen"])
def test_options_that_training_does_not_render_require_another_folder(tmp_path, words):
    done = command("synthesize", *SMALL, words, f"root={tmp_path / 'root'}", cwd=tmp_path)
    assert done.returncode == 2
    assert "choose another folder with out=" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["n=many"], "n is 'many'"),
        (["n=many", "preview=true"], "n is 'many'"),
        (["recipe.photo=null"], "photo is None"),
        (["range=7:5"], "range is '7:5'"),
        (["layout=coco"], "layout is 'coco'"),
        (["device=tpu"], "device is 'tpu'"),
        (["write=[albedo]"], "it must be a list of some of depth, normals, segmentation"),
        (["write=depth"], "write is 'depth'; it must be a list"),
        (["scheme=wflw"], "scheme is 'wflw'; expected one of aflw19, cofw29"),
        (["scheme=wflw", "preview=true"], "scheme is 'wflw'"),
        (["recipe=sythetic"], "recipe is 'sythetic'; allowed are"),
        (["preview=maybe"], "preview is 'maybe'"),
        (["preview=true", "size=4"], "size is 4"),
        (["recipe.expression.shares.smile=often"], "expression.shares.smile is 'often'"),
    ],
)
def test_invalid_arguments_are_one_line_and_exit_code_2_and_nothing_is_written(
    tmp_path, words, message
):
    done = command("synthesize", *words, "out=faces", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []
