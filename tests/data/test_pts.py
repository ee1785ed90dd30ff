"""`.pts` files, and a plain folder of them."""

import numpy as np
import pytest
from faces_on_disk import (
    PIXELS,
    assert_drawn_at_its_landmarks,
    assert_landmarks_fit_their_images,
    draw,
    interocular_over_interpupil,
    refusal,
    touch_image,
)
from formats_on_disk import pts_text, write_annotated, write_pts

from landmarks.data.pts import parse_pts, read_pts_folder


def pairs(separator):
    """The landmarks, a line each."""
    return [f"{column + 1}{separator}{row + 1}" for column, row in PIXELS]


def lines_changed(change):
    """The lines of a right file after `change` of the list."""
    lines = pts_text().splitlines()
    change(lines)
    return "\n".join(lines) + "\n"


def test_the_numbers_are_those_of_the_file(tmp_path):
    assert np.array_equal(parse_pts(write_pts(tmp_path / "a.pts")), PIXELS + 1)


def test_fractions_are_kept(tmp_path):
    path = tmp_path / "a.pts"
    path.write_text("version: 1\nn_points: 2\n{\n114.190678 144.951610\n-1e1 .5\n}\n")
    assert parse_pts(path, num_points=2).tolist() == [[114.190678, 144.95161], [-10.0, 0.5]]


@pytest.mark.parametrize(
    "text",
    [
        pts_text().replace("n_points:  68", "n_points: 68"),
        pts_text().replace("version: 1\n", "version: 1 \n"),
        pts_text().replace("\n", "\r\n"),
        pts_text().replace("\n", " \n"),
        pts_text() + "\n\n",
        pts_text().removesuffix("\n"),
        "\ufeff" + pts_text(),
        lines_changed(lambda lines: lines.__delitem__(slice(0, 2))),  # braces alone
        "\n".join(pts_text().splitlines()[3:-1]),  # landmarks alone
        pts_text().replace("version: 1", "version: 1.0"),
        pts_text().replace("68\n{", "68 {"),
        pts_text().replace("version: 1\nn_points:  68", "Version : 1\nN_POINTS: 68"),
        f"// by hand\n{pts_text()}",
        pts_text().replace("{\n", "{\n# the jaw\n"),
        lines_changed(lambda lines: lines.__setitem__(slice(3, -1), pairs(", "))),
    ],
)
def test_copies_of_the_format_in_circulation_are_read_alike(tmp_path, text):
    path = tmp_path / "a.pts"
    path.write_bytes(text.encode())
    assert np.array_equal(parse_pts(path), PIXELS + 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["0 landmarks; expected 68"]),
        (pts_text().replace("version: 1", "version:"), ["line 1", "version: 1"]),
        (pts_text().replace("n_points", "points"), ["line 2", "n_points: 68"]),
        (lines_changed(lambda lines: lines.insert(40, "1 2")), ["69 landmarks; expected 68"]),
        (lines_changed(lambda lines: lines.__setitem__(4, "3 inf")), ["line 5", "'inf'"]),
        (lines_changed(lambda lines: lines.__setitem__(6, "3 4 5")), ["line 7", "3 numbers"]),
        (lines_changed(lambda lines: lines.__setitem__(7, "3")), ["line 8", "1 numbers"]),
        (lines_changed(lambda lines: lines.append("1 2")), ["no closing brace"]),
        ("\n".join(pts_text().splitlines()[3:]), ["line 69", "'}'"]),
        (lines_changed(lambda lines: lines.__setitem__(6, "3,5 4,5")), ["line 7", "4 numbers"]),
        (pts_text().replace("version: 1", "version: one"), ["line 1", "'version: one'"]),
        (pts_text().replace("68\n{", "sixty {"), ["line 2", "expected 'n_points: 68'"]),
        ("\x00\x01", ["not a text file"]),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(tmp_path, text, words):
    path = tmp_path / "a.pts"
    path.write_text(text)
    with refusal(str(path), *words):
        parse_pts(path)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "a.pts"
    path.write_bytes(b"\xff\xfe\x00\xd8")
    with refusal(str(path), "not a text file"):
        parse_pts(path)


def test_a_missing_file_is_refused(tmp_path):
    with refusal(str(tmp_path / "a.pts"), "no such file"):
        parse_pts(tmp_path / "a.pts")


def test_the_drawn_pixels_are_found_at_the_landmarks(tmp_path):
    draw(tmp_path / "a.png")
    write_pts(tmp_path / "a.pts")
    (face,) = read_pts_folder(tmp_path).faces
    assert_drawn_at_its_landmarks(face)
    assert face.landmarks.dtype == np.float32


def test_first_pixel_is_what_the_file_calls_the_top_left_pixel(tmp_path):
    draw(tmp_path / "a.png")
    write_pts(tmp_path / "a.pts", PIXELS - 1)
    (face,) = read_pts_folder(tmp_path, first_pixel=0.0).faces
    assert_drawn_at_its_landmarks(face)


def test_folders_below_are_read_in_the_order_of_their_names(tmp_path):
    for name in ("b", "a/x", "a.b/y", "c.with.dots"):
        write_annotated(tmp_path / name)
    write_annotated(tmp_path / "Z", suffix=".JPG")
    (tmp_path / "readme.txt").write_text("of no matter")
    (tmp_path / "._b.png").write_bytes(b"of macOS")
    dataset = read_pts_folder(str(tmp_path))
    assert [face.id for face in dataset.faces] == ["Z", "a.b/y", "a/x", "b", "c.with.dots"]
    assert {face.subset for face in dataset.faces} == {"all"}


def test_a_linked_folder_is_read_and_a_loop_is_refused(tmp_path):
    write_annotated(tmp_path / "elsewhere/a")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "elsewhere")
    assert [face.id for face in read_pts_folder(root).faces] == ["link/a"]
    (tmp_path / "elsewhere" / "loop").symlink_to(root)
    with refusal("loop", "a link to", "which is read already"):
        read_pts_folder(root)


def test_a_mirrored_copy_is_in_the_group_of_its_photo(tmp_path):
    write_annotated(tmp_path / "p/a")
    write_annotated(tmp_path / "p/a_mirror")
    write_annotated(tmp_path / "q/a")
    dataset = read_pts_folder(tmp_path)
    assert [face.group for face in dataset.faces] == ["p/a", "p/a", "q/a"]
    assert any("mirrored copies: 1" in note for note in dataset.notes)


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_annotated(tmp_path / "faces/a")
    assert len(read_pts_folder("~/faces")) == 1


def test_an_image_without_annotation_is_refused(tmp_path):
    write_annotated(tmp_path / "a")
    path = touch_image(tmp_path / "b.jpeg")
    with refusal(str(path), "no b.pts beside it"):
        read_pts_folder(tmp_path)


def test_a_link_to_no_image_is_refused(tmp_path):
    write_pts(tmp_path / "a.pts")
    (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
    with refusal("a.png", "a link to a missing one"):
        read_pts_folder(tmp_path)


def test_two_images_of_one_name_are_refused(tmp_path):
    write_annotated(tmp_path / "a")
    touch_image(tmp_path / "a.jpg")
    with refusal("a.png", "a.jpg", "same name"):
        read_pts_folder(tmp_path)


def test_a_folder_without_faces_is_refused(tmp_path):
    with refusal(str(tmp_path), "no .pts file"):
        read_pts_folder(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with refusal(str(tmp_path / "gone"), "no such folder", "name.pts beside"):
        read_pts_folder(tmp_path / "gone")


@pytest.mark.parametrize("first_pixel", ["1", None, float("nan"), True, [1.0]])
def test_a_first_pixel_that_is_no_number_is_refused(tmp_path, first_pixel):
    with refusal("first_pixel", repr(first_pixel)):
        read_pts_folder(tmp_path, first_pixel=first_pixel)


@pytest.mark.parametrize(
    ("root", "given"), [(None, "null"), (3, "3"), (["a"], "['a']"), ("", "''")]
)
def test_a_root_that_is_no_path_is_refused(root, given):
    with refusal(f"a folder is {given}; it must be a path in text"):
        read_pts_folder(root)


def test_coinciding_eye_corners_and_huge_numbers_are_refused(tmp_path):
    write_annotated(tmp_path / "a", pixels=np.ones((68, 2)))
    with refusal("'a'", "eye corners"):
        read_pts_folder(tmp_path)
    write_annotated(tmp_path / "a", pixels=np.where(np.arange(136).reshape(68, 2) == 9, 1e300, 1))
    with refusal("a.pts", "line 8", "is not a finite number below 1e+30"):
        read_pts_folder(tmp_path)


def test_real_faces_have_the_proportions_of_faces(shared_data):
    dataset = read_pts_folder(shared_data / "300w" / "afw")
    assert len(dataset) == 337
    assert 1.39 < interocular_over_interpupil(dataset) < 1.44
    assert_landmarks_fit_their_images(dataset.faces[::10])


def test_the_option_landmarks_picks_68_of_more_points(tmp_path):
    draw(tmp_path / "a.png")
    positions = np.random.default_rng(2).permutation(98)[:68]
    pixels = np.full((98, 2), 7)
    pixels[positions] = PIXELS
    write_pts(tmp_path / "a.pts", pixels)
    text = (tmp_path / "a.pts").read_text()
    (tmp_path / "a.pts").write_text(text.replace("68", "98", 1))
    (face,) = read_pts_folder(tmp_path, landmarks=positions.tolist()).faces
    assert_drawn_at_its_landmarks(face)
    with refusal("a.pts", "names point 98", "0 to 97"):
        read_pts_folder(tmp_path, landmarks=[*range(67), 98])
    (tmp_path / "a.pts").write_text(text.replace("68", "97", 1))
    with refusal("line 2", "'n_points: 97'; expected 'n_points: 98'"):
        read_pts_folder(tmp_path, landmarks=positions.tolist())
