"""The real subset: nested, by photo, and never more than there is."""

import numpy as np
import pytest

from landmarks.data.subset import named_faces, real_subset
from landmarks.errors import InputError

GROUPS = [f"photo{i // 3}" for i in range(300)]  # three faces a photo


def test_subsets_of_one_seed_are_nested():
    whole = real_subset(GROUPS, "all", seed=1)
    assert sorted(whole) == list(range(300))
    for n in (0, 1, 10, 50, 299):
        np.testing.assert_array_equal(real_subset(GROUPS, n, seed=1), whole[:n])


def test_another_seed_gives_another_subset():
    assert set(real_subset(GROUPS, 50, seed=1)) != set(real_subset(GROUPS, 50, seed=2))


def test_faces_of_a_photo_come_together():
    drawn = [GROUPS[i] for i in real_subset(GROUPS, 50, seed=0)]
    assert len(set(drawn)) == 17  # 16 whole photos and two faces of one more
    assert sum(drawn.count(photo) == 3 for photo in set(drawn)) == 16


def test_every_photo_is_as_likely_as_another():
    firsts = [GROUPS[real_subset(GROUPS, 1, seed=s)[0]] for s in range(400)]
    assert len(set(firsts)) > 90


@pytest.mark.parametrize("bad", [-1, 301, 2.5, "fifty", True])
def test_an_impossible_number_is_refused(bad):
    with pytest.raises(InputError, match=r"whole number from 0.*or all"):
        real_subset(GROUPS, bad, seed=0)


IDS = ["helen/trainset/1_1", "helen/trainset/1_2", "afw/1_1", "afw/5_1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("afw/5_1\nhelen/trainset/1_2\n", [3, 1]),
        ("# fifty faces\n\n1_2.jpg\nafw/1_1.pts\n", [1, 2]),
        ("helen\\\\trainset\\\\1_1.png\n300w/afw/5_1.jpg\n", [0, 3]),
    ],
)
def test_a_file_of_names_chooses_faces_in_its_order(tmp_path, text, expected):
    (tmp_path / "names.txt").write_text(text)
    assert named_faces(tmp_path / "names.txt", IDS).tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "5_1\n9_1\n",
            "line 2: '9_1': no face is called so; ids .* 'helen/trainset/1_1'",
        ),
        ("1_1\n", "line 1: '1_1': several faces are called so"),
        ("5_1\n\nafw/5_1\n", "line 3: 'afw/5_1' is the face of line 1 again"),
        ("# nothing\n", "names no face"),
    ],
)
def test_names_that_choose_no_face_or_several_are_refused(tmp_path, text, message):
    (tmp_path / "names.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        named_faces(tmp_path / "names.txt", IDS)


def test_a_missing_file_of_names_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"names\.txt: no such file"):
        named_faces(tmp_path / "names.txt", IDS)
