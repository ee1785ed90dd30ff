import re

import numpy as np
import pytest
from faces_on_disk import distinct_pixels
from formats_on_disk import write_face_synthetics

from landmarks.data import face_synthetics
from landmarks.data.face_synthetics import read_face_synthetics
from landmarks.data.files import read_text
from landmarks.errors import InputError


@pytest.fixture
def root(tmp_path):
    for k in range(8):
        write_face_synthetics(tmp_path, f"{k:06d}", distinct_pixels(k, 70))
    return tmp_path


@pytest.mark.parametrize("first_pixel", [0.0, 0.5, 1.0])
def test_every_landmark_is_on_its_bright_pixel(tmp_path, first_pixel):
    pixels = distinct_pixels(0, 70)
    write_face_synthetics(tmp_path, "000007", pixels, first_pixel)
    (face,) = read_face_synthetics(tmp_path, first_pixel=first_pixel).faces
    bright = np.argwhere(face.image.read()[..., 0] == 255)[:, ::-1]
    np.testing.assert_array_equal(face.landmarks, pixels[:68])
    assert {tuple(p) for p in face.landmarks.astype(int)} < {tuple(p) for p in bright}
    assert face.landmarks.dtype == np.float32


def test_the_two_pupils_are_dropped(root):
    face = read_face_synthetics(root).faces[0]
    pupils = distinct_pixels(0, 70)[68:]
    assert face.landmarks.shape == (68, 2)
    assert not (face.landmarks[:, None] == pupils).all(axis=-1).any()


def test_ids_are_sorted_and_each_face_is_its_own_group(root):
    dataset = read_face_synthetics(str(root))
    assert [face.id for face in dataset.faces] == [f"{k:06d}" for k in range(8)]
    assert [face.group for face in dataset.faces] == [face.id for face in dataset.faces]
    assert "images: 8 found" in str(dataset.describe())


def test_the_faces_are_marked_as_rendered(root):
    assert read_face_synthetics(root).rendered


def test_first_takes_the_lowest_ids_and_leaves_the_other_files_unread(root):
    (root / "000005_ldmks.txt").write_text("broken")
    dataset = read_face_synthetics(root, first=5)
    assert [face.id for face in dataset.faces] == [f"{k:06d}" for k in range(5)]
    with pytest.raises(InputError, match="000005_ldmks"):
        read_face_synthetics(root, first=6)


def test_a_sample_is_the_same_for_one_seed_and_part_of_a_larger_one(root):
    def ids(sample: int, seed: int) -> set[str]:
        dataset = read_face_synthetics(root, sample=sample, sample_seed=seed)
        names = [face.id for face in dataset.faces]
        assert names == sorted(names)
        assert len(names) == sample
        return set(names)

    assert ids(3, 1) == ids(3, 1)
    assert ids(3, 1) < ids(5, 1) < ids(8, 1)
    assert len({frozenset(ids(3, seed)) for seed in range(10)}) > 5


@pytest.fixture
def files_read(monkeypatch, trusted_at_once):
    """Names of the landmark files that are read."""
    read = []
    monkeypatch.setattr(
        face_synthetics, "read_text", lambda path, most: read.append(path.name) or read_text(path)
    )
    return read


def test_landmark_files_are_read_once_and_again_when_they_change(root, files_read):
    first = read_face_synthetics(root, first=5)
    assert len(files_read) == 5
    everything = read_face_synthetics(root)
    assert len(files_read) == 8
    np.testing.assert_array_equal(everything.landmarks[:5], first.landmarks)
    write_face_synthetics(root, "000003", distinct_pixels(99, 70))
    again = read_face_synthetics(root)
    assert files_read[8:] == ["000003_ldmks.txt"]
    np.testing.assert_array_equal(again.landmarks[3], distinct_pixels(99, 70)[:68])
    kept = np.arange(8) != 3
    np.testing.assert_array_equal(again.landmarks[kept], everything.landmarks[kept])


def test_another_first_pixel_is_another_reading(root, files_read):
    zero = read_face_synthetics(root, first_pixel=0.0)
    np.testing.assert_array_equal(
        read_face_synthetics(root, first_pixel=1.0).landmarks, zero.landmarks - 1
    )


def test_the_home_folder_is_expanded(root, monkeypatch):
    monkeypatch.setenv("HOME", str(root.parent))
    assert len(read_face_synthetics(f"~/{root.name}")) == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first": 9}, "first is 9, but .* holds 8 faces"),
        ({"sample": 9}, "sample is 9, but .* holds 8 faces; sample=null takes all"),
        ({"first": 2, "sample": 2}, "both given; choose one"),
        ({"first": 0}, "first is 0; it must be a whole number from 1"),
        ({"first": "abc"}, "first is 'abc'; it must be a whole number"),
        ({"first": True}, "first is True; it must be a whole number"),
        ({"sample": 2.0}, "sample is 2.0; it must be a whole number"),
        ({"sample": -1}, "sample is -1; it must be a whole number"),
        ({"sample": 2, "sample_seed": -1}, "sample_seed is -1; it must be a whole number"),
        ({"first_pixel": "half"}, "first_pixel is 'half'; expected the coordinate"),
        ({"first_pixel": float("nan")}, "first_pixel is nan; expected the coordinate"),
    ],
)
def test_refuses_options_out_of_range(root, options, message):
    with pytest.raises(InputError, match=message):
        read_face_synthetics(root, **options)


GOOD_ROWS = [f"{k}.5 {k}" for k in range(70)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n".join(GOOD_ROWS[:68]), "68 rows; expected 70"),
        ("\n".join([*GOOD_ROWS[:69], "12.5"]), "line 70: 1 numbers; expected 2"),
        ("\n".join([*GOOD_ROWS, "1 2"]), "71 rows; expected 70"),
        ("\n".join([*GOOD_ROWS[:3], "", *GOOD_ROWS[3:]]), "line 4: 0 numbers; expected 2"),
        ("\n".join(["inf 1", *GOOD_ROWS[1:]]), "line 1: 'inf' is not a finite number"),
        ("", "0 rows; expected 70"),
    ],
)
def test_refuses_a_malformed_landmark_file_in_one_line(root, text, message):
    (root / "000003_ldmks.txt").write_text(text)
    with pytest.raises(InputError, match=f"000003_ldmks.txt.*{re.escape(message)}") as caught:
        read_face_synthetics(root)
    assert "\n" not in str(caught.value)


def test_refuses_binary_rubbish_for_landmarks(root):
    (root / "000003_ldmks.txt").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match=r"000003_ldmks.txt: not a text file"):
        read_face_synthetics(root)


def test_refuses_a_face_without_its_landmarks(root):
    (root / "000001_ldmks.txt").unlink()
    with pytest.raises(InputError, match=r"000001.png: its landmarks 000001_ldmks.txt are missing"):
        read_face_synthetics(root)


def test_an_empty_or_missing_folder_says_what_is_expected(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match=f"{folder}: .*expected .id..png and .id._ldmks.txt"):
            read_face_synthetics(folder)


def test_files_of_the_same_layout_are_read_whole(shared_data):
    dataset = read_face_synthetics(shared_data / "face_synthetics_like", sample=500)
    assert len(dataset) == 500
    landmarks = dataset.landmarks
    height, width, _ = dataset.faces[0].image.read().shape
    inside = (landmarks > -0.5) & (landmarks < np.array([width, height]) - 0.5)
    assert inside.all(axis=-1).mean() > 0.99
    # On faces, the outer eye corners are 1.39 to 1.44 times as far apart as the pupils.
    right, left = landmarks[:, 36:42].mean(axis=1), landmarks[:, 42:48].mean(axis=1)
    interocular = np.linalg.norm(landmarks[:, 36] - landmarks[:, 45], axis=-1)
    interpupil = np.linalg.norm(right - left, axis=-1)
    assert 1.36 < (interocular / interpupil).mean() < 1.47
