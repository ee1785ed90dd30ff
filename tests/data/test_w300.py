"""300-W in the folders of its release, and the face boxes that came with it."""

import numpy as np
import pytest
from faces_on_disk import (
    PIXELS,
    assert_drawn_at_its_landmarks,
    assert_landmarks_fit_their_images,
    cut_short,
    draw,
    interocular_over_interpupil,
    refusal,
)
from formats_on_disk import write_annotated, write_pts
from scipy.io import savemat

from landmarks.data.w300 import read_w300
from landmarks.data.w300_folders import FOLDERS

ALL = ["train", "common", "challenging", "private"]


def write_tree(root):
    """Two faces of one photo in most folders; the names are those of the release."""
    for name in (
        "afw/1130084326_1",
        "afw/1130084326_2",
        "helen/trainset/100032540_1",
        "helen/testset/296814969_3",
        "ibug/image_003_1",
        "ibug/image_092 _01",
    ):
        write_annotated(root / name, suffix=".jpg")
    for name in (
        "lfpw/trainset/image_0001",
        "lfpw/testset/image_0001",
        "Test/01_Indoor/indoor_001",
        "Test/02_Outdoor/outdoor_001",
    ):
        write_annotated(root / name)
    return root


def write_boxes(root, folder, boxes, place="bounding_boxes"):
    """A `.mat` file as released: a 1 x n cell array of structs; `boxes` is x1 y1 x2 y2 by image."""
    cells = np.empty((1, len(boxes)), object)
    for i, (name, box) in enumerate(boxes.items()):
        cells[0, i] = {
            "imgName": name,
            "bb_detector": np.array([box], float),
            "bb_ground_truth": np.array([box], float) + 2,
        }
    path = root / place / f"bounding_boxes_{folder.replace('/', '_')}.mat"
    path.parent.mkdir(exist_ok=True)
    savemat(path, {"bounding_boxes": cells})
    return path


def ids(dataset):
    return [face.id for face in dataset.faces]


@pytest.mark.parametrize(
    ("subset", "official"),
    [("train", 3148), ("common", 554), ("challenging", 135), ("private", 600)],
)
def test_the_folders_of_a_subset_add_up_to_its_published_size(subset, official):
    assert sum(row.official for row in FOLDERS if row.subset == subset) == official


def test_the_drawn_pixels_are_found_at_the_landmarks(tmp_path):
    draw(tmp_path / "ibug/image_003_1.png")
    write_pts(tmp_path / "ibug/image_003_1.pts")
    (face,) = read_w300(tmp_path).faces
    assert_drawn_at_its_landmarks(face)
    assert face.landmarks.dtype == np.float32
    assert face.box is None


@pytest.mark.parametrize(
    ("subsets", "expected"),
    [
        (
            ["train"],
            [
                "afw/1130084326_1",
                "afw/1130084326_2",
                "helen/trainset/100032540_1",
                "lfpw/trainset/image_0001",
            ],
        ),
        (["common"], ["helen/testset/296814969_3", "lfpw/testset/image_0001"]),
        (["challenging"], ["ibug/image_003_1", "ibug/image_092 _01"]),
        (
            ["full"],
            [
                "helen/testset/296814969_3",
                "ibug/image_003_1",
                "ibug/image_092 _01",
                "lfpw/testset/image_0001",
            ],
        ),
        (["private"], ["Test/01_Indoor/indoor_001", "Test/02_Outdoor/outdoor_001"]),
    ],
)
def test_a_subset_is_the_faces_of_its_folders(tmp_path, subsets, expected):
    assert ids(read_w300(write_tree(tmp_path), subsets=subsets)) == expected


def test_full_is_common_and_challenging_and_the_default(tmp_path):
    write_tree(tmp_path)
    full = read_w300(tmp_path, subsets=["full"])
    assert {face.subset for face in full.faces} == {"common", "challenging"}
    assert ids(full) == ids(read_w300(tmp_path)) == ids(read_w300(tmp_path, subsets=["full"] * 2))


def test_faces_of_one_photo_share_its_group(tmp_path):
    write_tree(tmp_path)
    write_annotated(tmp_path / "helen/trainset/296814969_1", suffix=".jpg")
    groups = {face.id: face.group for face in read_w300(tmp_path, subsets=ALL).faces}
    assert groups == {
        "afw/1130084326_1": "afw/1130084326",
        "afw/1130084326_2": "afw/1130084326",
        "helen/trainset/100032540_1": "helen/100032540",
        "helen/trainset/296814969_1": "helen/296814969",
        "helen/testset/296814969_3": "helen/296814969",
        "lfpw/trainset/image_0001": "lfpw/trainset/image_0001",
        "lfpw/testset/image_0001": "lfpw/testset/image_0001",
        "ibug/image_003_1": "ibug/image_003",
        "ibug/image_092 _01": "ibug/image_092",
        "Test/01_Indoor/indoor_001": "Test/01_Indoor/indoor_001",
        "Test/02_Outdoor/outdoor_001": "Test/02_Outdoor/outdoor_001",
    }


def test_a_name_without_number_of_the_face_is_a_photo_of_its_own(tmp_path):
    for name in ("image_13", "image_14", "image_14_2"):
        write_annotated(tmp_path / "ibug" / name)
    groups = [face.group for face in read_w300(tmp_path).faces]
    assert groups == ["ibug/image_13", "ibug/image_14", "ibug/image_14"]


def test_folders_can_be_chosen_instead_of_subsets(tmp_path):
    dataset = read_w300(write_tree(tmp_path), folders=["helen/trainset"])
    assert ids(dataset) == ["helen/trainset/100032540_1"]
    assert dataset.faces[0].subset == "train"
    assert dataset.notes == ("helen/trainset (train): 1 found, 2,000 official",)


def test_notes_tell_what_a_partial_tree_lacks(tmp_path):
    write_annotated(tmp_path / "afw/1_1")
    write_annotated(tmp_path / "afw/1_2")
    notes = read_w300(tmp_path, subsets=["train"]).notes
    assert notes == (
        "afw (train): 2 found, 337 official",
        "helen/trainset (train): 0 found, 2,000 official",
        "lfpw/trainset (train): 0 found, 811 official",
    )


def test_the_private_folders_can_be_in_the_root(tmp_path):
    write_annotated(tmp_path / "01_Indoor/indoor_001")
    write_annotated(tmp_path / "02_Outdoor/outdoor_001")
    dataset = read_w300(tmp_path, subsets=["private"])
    assert ids(dataset) == ["Test/01_Indoor/indoor_001", "Test/02_Outdoor/outdoor_001"]
    assert dataset.faces[0].image.path == tmp_path / "01_Indoor/indoor_001.png"
    write_annotated(tmp_path / "Test/01_Indoor/indoor_001")
    with refusal("Test/01_Indoor", "both exist"):
        read_w300(tmp_path, subsets=["private"])


def test_mirrored_copies_are_skipped_and_counted(tmp_path):
    write_tree(tmp_path)
    write_annotated(tmp_path / "afw/1130084326_1_mirror")
    dataset = read_w300(tmp_path, subsets=["train"])
    assert "afw/1130084326_1_mirror" not in ids(dataset)
    assert dataset.notes[0] == "afw (train): 2 found, 337 official"
    assert dataset.notes[-1].startswith("mirrored copies: 1 skipped")


def test_mirrored_copies_are_kept_with_their_photo_if_asked_for(tmp_path):
    write_annotated(tmp_path / "afw/7_1")
    write_annotated(tmp_path / "afw/7_1_mirror")
    dataset = read_w300(tmp_path, subsets=["train"], mirrored=True)
    assert ids(dataset) == ["afw/7_1", "afw/7_1_mirror"]
    assert [face.group for face in dataset.faces] == ["afw/7", "afw/7"]
    assert dataset.notes[0] == "afw (train): 2 found, 2 x 337 with mirrored copies official"


def test_missing_mirrored_copies_are_refused(tmp_path):
    with refusal(str(tmp_path), "mirrored copies asked for"):
        read_w300(write_tree(tmp_path), mirrored=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"subsets": ["test"]}, ["subsets", "'test'", "train, common, challenging, full, private"]),
        ({"subsets": "common"}, ["subsets", "'common'", "a list"]),
        ({"subsets": []}, ["subsets", "[]", "a list"]),
        ({"subsets": None}, ["subsets", "None", "a list"]),
        ({"subsets": [["train"]]}, ["subsets", "['train']"]),
        ({"folders": ["helen"]}, ["folders", "'helen'", "helen/trainset"]),
        ({"folders": "afw"}, ["folders", "'afw'", "a list"]),
        ({"mirrored": "yes"}, ["mirrored", "'yes'", "true or false"]),
        ({"boxes": "tight"}, ["boxes", "'tight'", "detector, ground_truth"]),
        ({"boxes": ["detector"]}, ["boxes", "['detector']"]),
        ({"boxes": "detector", "mirrored": True}, ["boxes", "mirrored"]),
        ({"boxes": "detector", "subsets": ["private"]}, ["boxes", "Test/01_Indoor (private)"]),
    ],
)
def test_a_wrong_option_is_refused(tmp_path, options, words):
    with refusal(*words):
        read_w300(write_tree(tmp_path), **options)


def test_a_root_without_the_folders_asked_for_is_refused(tmp_path):
    with refusal(str(tmp_path / "gone"), "no such folder", "helen/trainset"):
        read_w300(tmp_path / "gone")
    with refusal(str(tmp_path), "no faces in helen/testset, lfpw/testset, ibug"):
        read_w300(tmp_path)
    (tmp_path / "afw").mkdir()
    (tmp_path / "afw" / "1_1.pts").touch()
    with refusal("no faces in helen/testset", "there are afw (1): folders=[afw] takes one"):
        read_w300(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "afw").mkdir()
    with refusal(str(tmp_path / "afw"), "no .pts"):
        read_w300(tmp_path, subsets=["train"])


def test_an_image_without_annotation_is_refused(tmp_path):
    write_tree(tmp_path)
    (tmp_path / "ibug/image_003_1.pts").unlink()
    with refusal("ibug/image_003_1.jpg", "no image_003_1.pts"):
        read_w300(tmp_path)


@pytest.mark.parametrize("place", ["bounding_boxes", "Bounding Boxes"])
@pytest.mark.parametrize(
    ("boxes", "expected"),
    # The files count the top-left pixel as (1, 1); the ground truth was written 2 further.
    [("detector", (9.0, 19.5, 59.0, 79.0)), ("ground_truth", (11.0, 21.5, 61.0, 81.0))],
)
def test_boxes_come_from_the_file_of_the_folder(tmp_path, place, boxes, expected):
    write_tree(tmp_path)
    box, other = (10, 20.5, 60, 80), (1, 2, 3, 4)
    write_boxes(tmp_path, "helen/testset", {"296814969_3.jpg": box}, place)
    write_boxes(tmp_path, "lfpw/testset", {"image_0001.png": other, "image_0002.png": box}, place)
    write_boxes(tmp_path, "ibug", {"image_092 _01.jpg": other, "image_003_1.jpg": box}, place)
    dataset = read_w300(tmp_path, boxes=boxes)
    found = {face.id: face.box for face in dataset.faces}
    assert found["helen/testset/296814969_3"] == found["ibug/image_003_1"] == expected
    assert found["lfpw/testset/image_0001"] == found["ibug/image_092 _01"]
    assert dataset.describe().box_source == "4 of 4 given"


def test_a_copy_that_took_the_space_out_of_a_name_finds_its_box(tmp_path):
    write_annotated(tmp_path / "ibug/image_092_01")
    write_boxes(tmp_path, "ibug", {"image_092 _01.jpg": (1, 2, 3, 4)})
    (face,) = read_w300(tmp_path, boxes="detector").faces
    assert face.box == (0, 1, 2, 3)
    assert face.group == "ibug/image_092"


def test_a_face_without_box_is_refused(tmp_path):
    write_annotated(tmp_path / "ibug/image_003_1")
    write_boxes(tmp_path, "ibug", {"image_004_1.jpg": (1, 2, 3, 4)})
    with refusal("bounding_boxes_ibug.mat", "no box", "ibug/image_003_1"):
        read_w300(tmp_path, boxes="detector")


def test_missing_box_files_are_refused(tmp_path):
    write_annotated(tmp_path / "ibug/image_003_1")
    with refusal("bounding_boxes", "no such folder"):
        read_w300(tmp_path, boxes="detector")
    write_boxes(tmp_path, "afw", {"1_1.jpg": (1, 2, 3, 4)})
    with refusal("bounding_boxes_ibug.mat", "no such file"):
        read_w300(tmp_path, boxes="detector")


@pytest.mark.parametrize("box", [(1, 2, np.nan, 4), (1, 2, 3, np.inf)])
def test_a_box_that_is_not_finite_is_refused(tmp_path, box):
    write_annotated(tmp_path / "ibug/image_003_1")
    path = write_boxes(tmp_path, "ibug", {"image_003_1.jpg": box})
    with refusal(str(path), "image_003_1", "expected finite numbers"):
        read_w300(tmp_path, boxes="detector")


@pytest.mark.parametrize(
    "content",
    [
        {"boxes": np.ones(4)},
        {"bounding_boxes": np.ones(4)},
        {"bounding_boxes": "text"},
        {"bounding_boxes": {"imgName": "image_003_1.jpg", "bb_detector": np.ones(3)}},
        {"bounding_boxes": {"imgName": "image_003_1.jpg", "bb_detector": "abcd"}},
    ],
)
def test_a_box_file_of_another_structure_is_refused(tmp_path, content):
    write_annotated(tmp_path / "ibug/image_003_1")
    path = write_boxes(tmp_path, "ibug", {"image_003_1.jpg": (1, 2, 3, 4)})
    savemat(path, content)
    with refusal(str(path)):
        read_w300(tmp_path, boxes="detector")


def test_a_box_file_that_is_broken_is_refused(tmp_path):
    write_annotated(tmp_path / "ibug/image_003_1")
    path = write_boxes(tmp_path, "ibug", {"image_003_1.jpg": (1, 2, 3, 4)})
    cut_short(path)
    with refusal(str(path), "not a MATLAB file"):
        read_w300(tmp_path, boxes="detector")
    path.write_text("no such thing")
    with refusal(str(path), "not a MATLAB file"):
        read_w300(tmp_path, boxes="detector")


def test_two_different_boxes_of_one_image_are_refused(tmp_path):
    write_annotated(tmp_path / "ibug/image_003_1")
    boxes = {"image_003_1.jpg": (1, 2, 3, 4), "image_003_1.png": (1, 2, 3, 5)}
    path = write_boxes(tmp_path, "ibug", boxes)
    with refusal(str(path), "entry 2", "second, different box"):
        read_w300(tmp_path, boxes="detector")


def test_the_content_does_not_depend_on_the_place_of_the_files(tmp_path):
    here, there = write_tree(tmp_path / "here"), write_tree(tmp_path / "there/far")
    assert read_w300(here).content == read_w300(str(there)).content
    write_pts(there / "ibug/image_003_1.pts", PIXELS + 0.5)
    assert read_w300(here).content != read_w300(there).content


def test_real_faces_have_the_proportions_of_faces(shared_data):
    dataset = read_w300(shared_data / "300w", subsets=["train"])
    counts = {"afw": 337, "helen/trainset": 870}
    for folder, count in counts.items():
        assert sum(face.id.startswith(folder) for face in dataset.faces) == count
    assert len({face.group for face in dataset.faces if face.group.startswith("afw/")}) == 185
    assert 1.39 < interocular_over_interpupil(dataset) < 1.44
    assert_landmarks_fit_their_images(dataset.faces[::40])
