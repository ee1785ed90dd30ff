"""Labels in one CSV file."""

import csv

import numpy as np
import pytest
from faces_on_disk import PIXELS, assert_drawn_at_its_landmarks, draw, refusal, touch_image

from landmarks.data.csv_table import read_csv

HEADER = ["image", *(f"{axis}{k}" for k in range(68) for axis in "xy")]


def row(image="a.png", pixels=PIXELS):
    return [image, *np.ravel(pixels).tolist()]


def write(root, *rows, name="labels.csv"):
    with (root / name).open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return root / name


def ids(dataset):
    return [face.id for face in dataset.faces]


def shuffled():
    """The same table with its columns in another order."""
    order = np.random.default_rng(3).permutation(len(HEADER))
    return [[line[k] for k in order] for line in (HEADER, row())]


TABLES = {
    "with a header": [HEADER, row()],
    "without a header": [row()],
    "as landmarks predict writes it": [
        ["image", "face", *HEADER[1:]],
        ["a.png", 1, *row()[1:]],
    ],
    "points from 1": [["image", *(f"{axis}{k + 1}" for k in range(68) for axis in "xy")], row()],
    "capitals": [[name.upper() for name in HEADER], row()],
    "underscores": [["image", *(f"{name[0]}_{name[1:]}" for name in HEADER[1:])], row()],
    "columns in another order": shuffled(),
    "an empty line at the end": [HEADER, row(), []],
}


@pytest.mark.parametrize("table", TABLES)
def test_the_drawn_pixels_are_found_at_the_landmarks(tmp_path, table):
    draw(tmp_path / "a.png")
    (face,) = read_csv(write(tmp_path, *TABLES[table])).faces
    assert_drawn_at_its_landmarks(face)
    assert face.landmarks.dtype == np.float32
    assert (face.id, face.group, face.box, face.visible) == ("a", "a", None, None)


def test_first_pixel_is_subtracted(tmp_path):
    draw(tmp_path / "a.png")
    dataset = read_csv(write(tmp_path, row(pixels=PIXELS + 1)), first_pixel=1.0)
    assert_drawn_at_its_landmarks(dataset.faces[0])
    assert "centre of the top-left pixel: taken as (1, 1)" in dataset.notes


def test_the_option_landmarks_picks_68_of_more_points(tmp_path):
    draw(tmp_path / "a.png")
    positions = np.random.default_rng(2).permutation(98)[:68]
    pixels = np.full((98, 2), 7)
    pixels[positions] = PIXELS
    path = write(tmp_path, row(pixels=pixels))
    assert_drawn_at_its_landmarks(read_csv(path, landmarks=positions.tolist()).faces[0])
    with refusal(str(path), "98 points in a row; expected 68", "`landmarks`"):
        read_csv(path)


def test_faces_of_one_image_are_numbered_and_repeated_rows_and_other_columns_are_noted(tmp_path):
    touch_image(tmp_path / "a.png")
    touch_image(tmp_path / "b.png")
    header = [*HEADER, "score"]
    first, second, other = row("b.png"), row("b.png", PIXELS + 1), row()
    dataset = read_csv(write(tmp_path, header, *([*r, 0.9] for r in (first, other, second, first))))
    assert ids(dataset) == ["a", "b#1", "b#2"]
    assert [face.group for face in dataset.faces] == ["a", "b", "b"]
    assert "columns not read: score" in dataset.notes
    assert "repeated rows: 1 skipped" in dataset.notes


@pytest.mark.parametrize(
    "name",
    ["photos/a.png", "/home/x/photos/a.png", "..\\photos\\a.png", "C:\\x\\photos\\a.png"],
)
def test_images_are_found_in_the_folder_by_the_end_of_their_paths(tmp_path, name):
    draw(tmp_path / "set/photos/a.png")
    (face,) = read_csv(write(tmp_path, row(name)), images=tmp_path / "set").faces
    assert_drawn_at_its_landmarks(face)
    assert face.id == "photos/a"


def test_an_image_outside_the_folder_is_refused_unless_a_folder_is_given(tmp_path):
    draw(tmp_path / "photos/a.png")
    (tmp_path / "labels").mkdir()
    path = write(tmp_path / "labels", row("../photos/a.png"))
    with refusal("line 1", "not a path below", "images=FOLDER"):
        read_csv(path)
    assert ids(read_csv(path, images=tmp_path / "photos")) == ["a"]
    with refusal("no image in", "has the end of '../photos/a.png'"):
        read_csv(path, images=tmp_path / "labels")


def test_two_names_for_one_image_are_refused(tmp_path):
    draw(tmp_path / "photos/a.png")
    path = write(tmp_path, row("/x/1/a.png"), row("/x/2/a.png", PIXELS + 1))
    with refusal("line 2", "'/x/1/a.png' and '/x/2/a.png' are both", "further up"):
        read_csv(path, images=tmp_path / "photos")


def changed(column, value):
    cells = row()
    cells[column] = value
    return cells


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], ["empty", "image,x0,y0"]),
        ([HEADER], ["no faces"]),
        ([row()[:-1]], ["line 1", "136 cells"]),
        ([row(), row()[:-1]], ["line 2", "136 cells; expected 137"]),
        ([changed(5, "abc")], ["line 1, point 2", "'abc' is not a finite number"]),
        ([changed(5, "1e308")], ["line 1, point 2", "'1e308' is not a finite number below 1e+30"]),
        ([changed(5, "1_0")], ["line 1, point 2", "'1_0' is not a finite number"]),
        ([changed(5, "nan")], ["line 1, point 2", "'nan'"]),
        ([changed(5, "")], ["line 1, point 2", "'' is not a finite number"]),
        ([changed(0, "b.png")], ["line 1", "no image 'b.png'"]),
        ([["file", *HEADER[1:]], row()], ["line 1", "no column 'image'"]),
        ([[*HEADER[:-1], "z"], row()], ["line 1", "no column 'y67'"]),
        ([[*HEADER, "x0"], [*row(), 3]], ["line 1", "there twice"]),
        ([["image;x0;y0"], ["a.png;1;2"]], ["line 1", "1 cells"]),
    ],
)
def test_a_malformed_table_is_refused_with_its_line(tmp_path, rows, words):
    touch_image(tmp_path / "a.png")
    path = write(tmp_path, *rows)
    with refusal(str(path), *words):
        read_csv(path)
