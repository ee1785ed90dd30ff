"""WFLW's lines of 98 landmarks, read as the 68 of 300-W."""

import numpy as np
import pytest
from faces_on_disk import (
    HEIGHT,
    PIXELS,
    WIDTH,
    assert_drawn_at_its_landmarks,
    draw,
    refusal,
    touch_image,
)
from formats_on_disk import points98, wflw_line, write_wflw

from landmarks.data.wflw import read_wflw


def test_the_drawn_pixels_are_found_at_the_landmarks(tmp_path):
    draw(tmp_path / "images/0--Parade/a.png")
    (face,) = read_wflw(*write_wflw(tmp_path, wflw_line())).faces
    assert_drawn_at_its_landmarks(face)
    assert face.landmarks.dtype == np.float32
    assert face.box == (10, 5, 60, 70)
    assert (face.id, face.group, face.subset) == ("0--Parade/a", "0--Parade/a", "all")


def test_first_pixel_is_taken_off_landmarks_and_box(tmp_path):
    draw(tmp_path / "images/0--Parade/a.png")
    path, images = write_wflw(tmp_path, wflw_line(points=points98(PIXELS + 1)))
    (face,) = read_wflw(str(path), str(images), first_pixel=1.0).faces
    assert_drawn_at_its_landmarks(face)
    assert face.box == (9, 4, 59, 69)


@pytest.mark.parametrize(
    ("ibug", "wflw"),
    # Chin, brow ends, nose bridge and base, eye corners, mouth corners: the same anatomy.
    [(8, 16), (17, 33), (26, 46), (27, 51), (33, 57), (36, 60), (45, 72), (48, 76), (60, 88)],
)
def test_a_landmark_of_the_face_keeps_its_meaning(tmp_path, ibug, wflw):
    touch_image(tmp_path / "images/0--Parade/a.png")
    points = np.stack([np.arange(98) + 1, np.arange(98)], axis=1)
    (face,) = read_wflw(*write_wflw(tmp_path, wflw_line(points=points))).faces
    assert face.landmarks[ibug].tolist() == [wflw + 1, wflw]


def test_lines_of_one_image_are_numbered_and_share_its_group(tmp_path):
    for name in ("b/b.jpg", "a a/a.jpg"):
        touch_image(tmp_path / "images" / name)
    lines = [
        wflw_line("b/b.jpg"),
        wflw_line("a a/a.jpg"),
        wflw_line("b/b.jpg", points98(PIXELS + 1)),
    ]
    dataset = read_wflw(*write_wflw(tmp_path, *lines, end="\r\n"))
    assert [face.id for face in dataset.faces] == ["a a/a", "b/b#1", "b/b#2"]
    assert [face.group for face in dataset.faces] == ["a a/a", "b/b", "b/b"]
    assert np.array_equal(dataset.landmarks[2] - dataset.landmarks[1], np.ones((68, 2)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" ".join([*wflw_line().split()[:196], "0--Parade/a.png"]), ["line 2", "197 values"]),
        (wflw_line(attributes=(0, 1, 0, 0, 1, 2)), ["line 2", "attributes", "0 or 1"]),
        (wflw_line("../0--Parade/a.png"), ["line 2", "not a path below"]),
        (wflw_line("/0--Parade/a.png"), ["line 2", "not a path below"]),
        (wflw_line() + " x", ["line 2", "no image '0--Parade/a.png x'"]),
    ],
)
def test_a_malformed_line_is_refused_with_its_number(tmp_path, text, words):
    touch_image(tmp_path / "images/0--Parade/a.png")
    path, images = write_wflw(tmp_path, wflw_line(), text)
    with refusal(str(path), *words):
        read_wflw(path, images)


def test_coinciding_eye_corners_are_refused(tmp_path):
    touch_image(tmp_path / "images/0--Parade/a.png")
    with refusal("'0--Parade/a'", "eye corners"):
        read_wflw(*write_wflw(tmp_path, wflw_line(points=np.ones((98, 2)))))


def test_missing_files_are_refused(tmp_path):
    path, images = write_wflw(tmp_path, wflw_line())
    with refusal(str(tmp_path / "gone.txt"), "no such file"):
        read_wflw(tmp_path / "gone.txt", images)
    with refusal(str(tmp_path / "gone"), "no such folder", "WFLW_images"):
        read_wflw(path, tmp_path / "gone")
    with refusal(str(path), "no lines"):
        read_wflw(*write_wflw(tmp_path))
    with refusal("first_pixel", "'0.5'"):
        read_wflw(path, images, first_pixel="0.5")


def test_the_drawn_face_is_inside_its_image():
    assert (PIXELS < [WIDTH, HEIGHT]).all()
    assert PIXELS[:, 0].max() > HEIGHT  # so that x and y exchanged could not pass
