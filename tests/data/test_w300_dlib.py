"""dlib's XML, of people's own and of dlib's packing of 300-W."""

import tracemalloc

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
from formats_on_disk import box_text, part_lines, write_packing, write_xml, xml_text

from landmarks.data.dlib_xml import read_dlib_xml
from landmarks.data.w300_dlib import read_w300_dlib


def ids(dataset):
    return [face.id for face in dataset.faces]


PACKED = [
    "afw/7_1.jpg",
    "afw/7_1_mirror.jpg",
    "helen/trainset/8_1.jpg",
    "helen/trainset/8_1_mirror.jpg",
    "helen/testset/9_1.jpg",
    "helen/testset/9_1_mirror.jpg",
    "lfpw/testset/image_0001.png",
    "lfpw/testset/image_0001_mirror.jpg",
    "ibug/image_092 _01.jpg",
    "ibug/image_092 _01_mirror.jpg",
]


def test_the_drawn_pixels_are_found_at_the_landmarks(tmp_path):
    draw(tmp_path / "photos/a.png")
    path = write_xml(tmp_path / "labels.xml", {"photos/a.png": box_text()})
    (face,) = read_dlib_xml(path).faces
    assert_drawn_at_its_landmarks(face)
    assert face.landmarks.dtype == np.float32
    assert (face.id, face.group, face.subset) == ("photos/a", "photos/a", "all")


def test_the_drawn_pixels_of_the_packing_are_found_at_the_landmarks(tmp_path):
    write_packing(tmp_path, ["ibug/image_003_1.png"])
    draw(tmp_path / "ibug/image_003_1.png")
    (face,) = read_w300_dlib(tmp_path).faces
    assert_drawn_at_its_landmarks(face)


def test_a_box_reaches_from_its_first_pixel_to_its_last(tmp_path):
    touch_image(tmp_path / "a.png")
    text = box_text(left=-3, top=20, width=2, height=31)
    path = write_xml(tmp_path / "labels.xml", {"a.png": text})
    assert read_dlib_xml(path).faces[0].box == (-3, 20, -2, 50)


def test_first_pixel_is_taken_off_landmarks_and_box(tmp_path):
    draw(tmp_path / "a.png")
    path = write_xml(tmp_path / "labels.xml", {"a.png": box_text(PIXELS + 1)})
    (face,) = read_dlib_xml(str(path), first_pixel=1).faces
    assert_drawn_at_its_landmarks(face)
    assert face.box == (9, 4, 48, 33)


def test_parts_are_found_by_name_not_by_place(tmp_path):
    draw(tmp_path / "a.png")
    parts = [part_lines()[k] for k in np.random.default_rng(1).permutation(68)]
    path = write_xml(tmp_path / "labels.xml", {"a.png": box_text(parts=parts)})
    assert_drawn_at_its_landmarks(read_dlib_xml(path).faces[0])


def renamed(name, first=0):
    """The parts with other names, by number."""
    parts = [(name(k), x, y) for k, (x, y) in enumerate(PIXELS, start=first)]
    return box_text(parts=[f"<part name='{k}' x='{x}' y='{y}'/>" for k, x, y in parts])


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (renamed("{}".format), {}),
        (renamed("{:03d}".format), {}),
        (renamed("{}".format, 1), {"first_part": 1}),
        (renamed("{:02d}".format, 1), {"first_part": 1}),
        (renamed("{}".format, 13), {"landmarks": list(range(13, 81))}),
    ],
)
def test_parts_are_known_by_their_number(tmp_path, text, options):
    draw(tmp_path / "a.png")
    path = write_xml(tmp_path / "labels.xml", {"a.png": text})
    assert_drawn_at_its_landmarks(read_dlib_xml(path, **options).faces[0])


def test_parts_counted_from_another_number_are_refused_with_the_option(tmp_path):
    draw(tmp_path / "a.png")
    path = write_xml(tmp_path / "labels.xml", {"a.png": renamed("{}".format, 1)})
    with refusal("parts are 1 to 68; expected 00 to 67", "counted from 1? first_part=1"):
        read_dlib_xml(path)
    path = write_xml(tmp_path / "labels.xml", {"a.png": renamed("{}".format)})
    with refusal("part '0' is unknown", "expected 01 to 68"):
        read_dlib_xml(path, first_part=1)
    with refusal("first_part is -1"):
        read_dlib_xml(path, first_part=-1)


def test_images_elsewhere_are_found_in_the_folder_of_the_option(tmp_path):
    draw(tmp_path / "photos/a.png")
    for name in (str(tmp_path / "photos/a.png"), "../photos/a.png", "C:\\photos\\a.png"):
        path = write_xml(tmp_path / "labels/labels.xml", {name: box_text()})
        (face,) = read_dlib_xml(path, images=tmp_path / "photos").faces
        assert_drawn_at_its_landmarks(face)
        assert face.id == "a"
        with refusal("not a path below", "images=FOLDER"):
            read_dlib_xml(path)


def test_boxes_without_parts_are_skipped_and_counted(tmp_path):
    draw(tmp_path / "a.png")
    boxes = box_text() + box_text(parts=[])
    dataset = read_dlib_xml(write_xml(tmp_path / "labels.xml", {"a.png": boxes}))
    assert_drawn_at_its_landmarks(dataset.faces[0])
    assert dataset.notes[0] == "boxes without parts: 1 skipped"


def test_faces_of_one_image_are_numbered_and_share_its_group(tmp_path):
    touch_image(tmp_path / "a.png")
    touch_image(tmp_path / "b.png")
    second = box_text(PIXELS + 1, extra=" ignore='0'")
    ignored = box_text(parts=[], extra=" ignore='1'")
    boxes_of = {"b.png": box_text() + ignored + second, "./a.png": box_text()}
    dataset = read_dlib_xml(write_xml(tmp_path / "labels.xml", boxes_of))
    assert ids(dataset) == ["a", "b#1", "b#2"]
    assert [face.group for face in dataset.faces] == ["a", "b", "b"]
    assert np.array_equal(dataset.landmarks[2] - dataset.landmarks[1], np.ones((68, 2)))
    assert dataset.notes[0] == "boxes marked ignore='1': 1 skipped"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("ISO-8859-1", "Jos\u00e9 & Zo\u00eb"),
        ("windows-1252", "Jos\u00e9\u2019s"),
        ("UTF-8", "\u5bb6\u65cf"),
        ("UTF-16", "\u5bb6\u65cf"),
        ("US-ASCII", "plain"),
    ],
)
def test_names_are_read_in_the_encoding_that_the_file_declares(tmp_path, encoding, name):
    touch_image(tmp_path / f"{name}.png")
    path = write_xml(tmp_path / "labels.xml", {f"{name}.png": box_text()}, encoding)
    assert ids(read_dlib_xml(path)) == [name]


def test_paths_written_on_windows_are_found(tmp_path):
    touch_image(tmp_path / "photos/a.png")
    path = write_xml(tmp_path / "labels.xml", {"photos\\a.png": box_text()})
    assert ids(read_dlib_xml(path)) == ["photos/a"]


EXTERNAL = "<!DOCTYPE d [<!ENTITY secret SYSTEM 'file:///etc/passwd'>]>\n"
REMOTE = "<!DOCTYPE d SYSTEM 'http://localhost:1/d.dtd'>\n"
EMPTY = "<!DOCTYPE dataset>\n"


@pytest.mark.parametrize("prolog", [EXTERNAL, REMOTE, EMPTY])
def test_hostile_xml_is_refused(tmp_path, prolog):
    touch_image(tmp_path / "a.png")
    path = write_xml(tmp_path / "labels.xml", {"a.png": box_text()}, prolog=prolog)
    with refusal(str(path), "document type or entities"):
        read_dlib_xml(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "", ["cannot be read as XML"]),
        (lambda text: "68 points", ["cannot be read as XML", "line 1"]),
        (lambda text: text.replace("ISO-8859-1", "klingon"), ["cannot be read as XML"]),
        (lambda text: text.replace("ISO-8859-1", "gbk"), ["cannot be read as XML"]),
        (lambda text: text.replace("ISO-8859-1", "UTF-8").replace("label", "\xe9"), ["as XML"]),
        (lambda text: text.replace("image", "photo"), ["no faces", "dataset/images/image/box"]),
        (lambda text: text.replace(" file=", " path="), ["image number 1", "'file'"]),
        (lambda text: text.replace("name='13'", "name='12'"), ["box 1", "'12'", "00 to 67"]),
        (
            lambda text: text.replace("name='67'", "name='68'"),
            ["box 1", "parts are 0 to 68", "00 to 67"],
        ),
        (lambda text: text.replace("name='13'", ""), ["box 1", "None", "00 to 67"]),
        (lambda text: text.replace("left='10'", ""), ["<box>", "'left'"]),
        (lambda text: text.replace("left='10'", "left='ten'"), ["'ten'"]),
        (lambda text: text.replace("name='30' x=", "name='30' u="), ["part 30", "'x'"]),
        (lambda text: text.replace("a.png", "../a.png"), ["'../a.png'", "not a path below"]),
        (lambda text: text.replace("a.png", "/tmp/a.png"), ["'/tmp/a.png'", "not a path below"]),
        (lambda text: text.replace("a.png", "a" * 5000), ["no image"]),
    ],
)
def test_a_malformed_file_is_refused(tmp_path, change, words):
    touch_image(tmp_path / "a.png")
    path = tmp_path / "labels.xml"
    path.write_bytes(change(xml_text({"a.png": box_text()})).encode("latin-1"))
    with refusal(str(path), *words):
        read_dlib_xml(path)


def test_a_missing_file_is_refused(tmp_path):
    with refusal(str(tmp_path / "labels.xml"), "no such file"):
        read_dlib_xml(tmp_path / "labels.xml")
    with refusal(str(tmp_path / "labels_ibug_300W.xml"), "no such file"):
        read_w300_dlib(tmp_path)
    with refusal(str(tmp_path / "gone"), "no such folder", "labels_ibug_300W.xml"):
        read_w300_dlib(tmp_path / "gone")


@pytest.mark.parametrize(
    ("subsets", "expected"),
    [
        (["train"], ["afw/7_1", "helen/trainset/8_1"]),
        (["common"], ["helen/testset/9_1", "lfpw/testset/image_0001"]),
        (["full"], ["helen/testset/9_1", "ibug/image_092 _01", "lfpw/testset/image_0001"]),
    ],
)
def test_the_folder_of_a_photo_decides_its_subset(tmp_path, subsets, expected):
    dataset = read_w300_dlib(write_packing(tmp_path, PACKED), subsets=subsets)
    assert ids(dataset) == expected
    assert dataset.notes[-1].startswith(f"mirrored copies: {len(expected)} skipped")


def test_mirrored_copies_stay_with_their_photo(tmp_path):
    dataset = read_w300_dlib(write_packing(tmp_path, PACKED), subsets=["train"], mirrored=True)
    assert {face.id: face.group for face in dataset.faces} == {
        "afw/7_1": "afw/7",
        "afw/7_1_mirror": "afw/7",
        "helen/trainset/8_1": "helen/8",
        "helen/trainset/8_1_mirror": "helen/8",
    }
    assert dataset.notes[0] == "afw (train): 2 found, 2 x 337 with mirrored copies official"


def test_several_faces_of_a_packed_photo_are_numbered(tmp_path):
    write_packing(tmp_path, ["ibug/image_003_1.jpg"])
    boxes_of = {"ibug/image_003_1.jpg": box_text() + box_text(PIXELS + 1)}
    write_xml(tmp_path / "labels_ibug_300W.xml", boxes_of)
    dataset = read_w300_dlib(tmp_path)
    assert ids(dataset) == ["ibug/image_003_1#1", "ibug/image_003_1#2"]
    assert {face.group for face in dataset.faces} == {"ibug/image_003"}


def test_a_folder_may_be_missing(tmp_path):
    write_packing(tmp_path, PACKED)
    (tmp_path / "ibug/image_092 _01.jpg").unlink()
    (tmp_path / "ibug/image_092 _01_mirror.jpg").unlink()
    (tmp_path / "ibug").rmdir()
    dataset = read_w300_dlib(tmp_path)
    assert ids(dataset) == ["helen/testset/9_1", "lfpw/testset/image_0001"]
    assert "ibug (challenging): 0 found, 135 official" in dataset.notes


def test_a_photo_outside_the_folders_of_300w_is_refused(tmp_path):
    write_packing(tmp_path, [*PACKED, "elsewhere/1_1.jpg"])
    with refusal("elsewhere/1_1.jpg", "none of afw", "dlib_xml"):
        read_w300_dlib(tmp_path)


def test_a_wrong_option_is_refused(tmp_path):
    write_packing(tmp_path, PACKED)
    with refusal("subsets", "'tests'"):
        read_w300_dlib(tmp_path, subsets=["tests"])
    with refusal("mirrored", "1", "true or false"):
        read_w300_dlib(tmp_path, mirrored=1)
    with refusal("no faces in Test/01_Indoor"):
        read_w300_dlib(tmp_path, subsets=["private"])
    with refusal("first_pixel", "'0'"):
        read_dlib_xml(tmp_path / "labels_ibug_300W.xml", first_pixel="0")


def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    boxes = box_text()
    touch_image(tmp_path / "a.png")
    peaks = []
    for count in (1, 400):
        text = xml_text({f"{number}.png": boxes for number in range(count)})
        (tmp_path / "labels.xml").write_text(text)
        tracemalloc.start()
        with refusal("no image '0.png'"):
            read_dlib_xml(tmp_path / "labels.xml")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # 400 faces of 68 points are 0.5 MB as numbers and 20 MB as a tree of elements.
    assert peaks[1] - peaks[0] < 3_000_000


def test_real_labels_are_read(shared_data):
    folder = shared_data / "dlib_faces"
    training = read_dlib_xml(folder / "training_with_face_landmarks.xml")
    testing = read_dlib_xml(folder / "testing_with_face_landmarks.xml")
    assert (len(training), len(testing)) == (18, 25)
    groups = {face.group for dataset in (training, testing) for face in dataset.faces}
    assert len(groups) == 9
    # The labels are a model's, of small faces, in whole pixels: less exact than annotators'.
    assert 1.35 < interocular_over_interpupil(testing) < 1.50
    assert_landmarks_fit_their_images(training.faces)
    assert_landmarks_fit_their_images(testing.faces)
    first = testing.faces[0]
    assert (first.id, first.box) == ("2008_002470#1", (274, 181, 325, 233))
    assert first.landmarks[0].tolist() == [277, 194]
