"""COCO's key-point JSON, and the faces of COCO-WholeBody."""

import json

import numpy as np
import pytest
from faces_on_disk import (
    PIXELS,
    assert_drawn_at_its_landmarks,
    draw,
    refusal,
    touch_image,
)
from formats_on_disk import coco_annotation, triples, write_coco

from landmarks.data.coco import read_coco


def test_the_drawn_pixels_are_found_at_the_landmarks(tmp_path):
    path, images = write_coco(tmp_path, coco_annotation())
    draw(images / "photos/a.png")
    (face,) = read_coco(str(path), str(images)).faces
    assert_drawn_at_its_landmarks(face)
    assert face.landmarks.dtype == np.float32
    assert face.visible is not None
    assert face.visible.all()
    assert (face.id, face.group, face.subset) == ("photos/a", "photos/a", "all")


def test_a_box_reaches_from_its_first_pixel_to_its_last(tmp_path):
    assert read_coco(*write_coco(tmp_path, coco_annotation())).faces[0].box == (10, 20, 49, 49.5)
    assert read_coco(*write_coco(tmp_path, coco_annotation(bbox=None))).faces[0].box is None


def test_the_map_picks_the_68_from_a_longer_list(tmp_path):
    positions = np.random.default_rng(2).permutation(133)[:68]
    pixels = np.full((133, 2), -7)
    pixels[positions] = PIXELS
    path, images = write_coco(
        tmp_path, coco_annotation(keypoints=triples(pixels), num_keypoints=133)
    )
    draw(images / "photos/a.png")
    (face,) = read_coco(path, images, landmarks=positions.tolist()).faces
    assert_drawn_at_its_landmarks(face)


def test_a_landmark_without_label_is_not_visible(tmp_path):
    v = np.full(68, 2)
    v[[3, 50]] = 0
    v[4] = 1  # labelled, but hidden: it counts
    (face,) = read_coco(*write_coco(tmp_path, coco_annotation(keypoints=triples(v=v)))).faces
    assert np.flatnonzero(~face.visible).tolist() == [3, 50]
    assert face.landmarks[3].tolist() == [0, 0]
    assert np.array_equal(face.landmarks[4], PIXELS[4])


def test_faces_of_whole_body_are_read_from_their_own_fields(tmp_path):
    person = coco_annotation(
        keypoints=triples(np.ones((17, 2))),
        num_keypoints=17,
        face_kpts=triples(v=0.25),  # WholeBody's v is a share of certainty
        face_box=[1.5, 2.5, 100, 80],
        face_valid=True,
    )
    path, images = write_coco(tmp_path, person)
    draw(images / "photos/a.png")
    (face,) = read_coco(path, images, field="face_kpts").faces
    assert_drawn_at_its_landmarks(face)
    assert face.visible.all()
    assert face.box == (1.5, 2.5, 100.5, 81.5)


def test_people_without_a_labelled_face_are_counted_not_read(tmp_path):
    nothing = [0] * 204
    body_only = triples(np.concatenate([np.ones((17, 2)), PIXELS]), v=[2] * 17 + [0] * 68)
    whole = triples(np.concatenate([np.ones((17, 2)), PIXELS]))
    cases = [
        ({}, coco_annotation(), coco_annotation(keypoints=nothing, num_keypoints=0)),
        ({}, coco_annotation(), coco_annotation(keypoints=None, num_keypoints=0)),
        ({}, coco_annotation(), coco_annotation(keypoints=nothing, num_keypoints=None)),
        (
            {"landmarks": list(range(17, 85))},
            coco_annotation(keypoints=whole, num_keypoints=85),
            coco_annotation(keypoints=body_only, num_keypoints=17),
        ),
        (
            {"field": "face_kpts"},
            coco_annotation(face_kpts=triples(), face_valid=True),
            coco_annotation(face_kpts=nothing, face_valid=False, face_box=[0, 0, 0, 0]),
        ),
    ]
    for options, face, without in cases:
        dataset = read_coco(*write_coco(tmp_path, without, face, without), **options)
        assert [face.id for face in dataset.faces] == ["photos/a"]
        assert dataset.notes[0] == "annotations without a labelled face: 2 skipped"
    with refusal("labels.json", "none of its 2 annotations"):
        read_coco(*write_coco(tmp_path, *[coco_annotation(keypoints=nothing, num_keypoints=0)] * 2))


def test_faces_of_one_image_are_numbered_and_share_its_group(tmp_path):
    touch_image(tmp_path / "images/b.jpg")
    images = [{"id": 1, "file_name": "photos/a.png"}, {"id": "x", "file_name": "b.jpg"}]
    second = coco_annotation(id=9, keypoints=triples(PIXELS + 1))
    faces = [coco_annotation(id=8), coco_annotation(id=3, image_id="x"), second]
    dataset = read_coco(*write_coco(tmp_path, *faces, images=images))
    assert [face.id for face in dataset.faces] == ["b", "photos/a#1", "photos/a#2"]
    assert [face.group for face in dataset.faces] == ["b", "photos/a", "photos/a"]
    assert np.array_equal(dataset.landmarks[2] - dataset.landmarks[1], np.ones((68, 2)))


@pytest.mark.parametrize("corner", [36, 45])
def test_a_face_without_an_outer_eye_corner_is_refused(tmp_path, corner):
    v = np.full(68, 2)
    v[corner] = 0
    path, images = write_coco(tmp_path, coco_annotation(keypoints=triples(v=v)))
    with refusal(str(path), "annotation 7", f"landmark {corner}", "eye corner", "not labelled"):
        read_coco(path, images)


def changed(index, value):
    """The flat list with one number exchanged."""
    numbers = triples()
    numbers[index] = value
    return numbers


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"keypoints": triples()[:-1]}, ["203 numbers", "x, y, v"]),
        ({"keypoints": []}, ["0 numbers"]),
        ({"keypoints": None}, ["keypoints is None", "flat list"]),
        ({"keypoints": "1 2 3"}, ["keypoints", "flat list"]),
        ({"keypoints": {"a": 1}}, ["keypoints", "flat list"]),
        ({"keypoints": np.reshape(triples(), (68, 3)).tolist()}, ["keypoints", "flat list"]),
        ({"keypoints": [[1, 2], [3]]}, ["keypoints", "flat list"]),
        ({"keypoints": changed(9, float("inf"))}, ["keypoints", "finite"]),
        ({"keypoints": changed(9, 10**400)}, ["keypoints", "finite"]),
        ({"keypoints": changed(9, None)}, ["keypoints", "finite"]),
        ({"keypoints": changed(11, -1)}, ["v = -1"]),
        ({"bbox": [1, 2, 3]}, ["bbox", "[x, y, width, height]"]),
        ({"bbox": "all"}, ["bbox", "flat list"]),
        ({"image_id": 2}, ["image_id 2", "not among the images"]),
        ({"image_id": [1]}, ["image_id [1]", "not among the images"]),
        ({"image_id": None}, ["image_id None", "not among the images"]),
    ],
)
def test_a_malformed_annotation_is_refused_by_its_id(tmp_path, changes, words):
    path, images = write_coco(tmp_path, coco_annotation(**changes))
    with refusal(str(path), "annotation 7", *words):
        read_coco(path, images)


def test_an_annotation_without_id_is_named_by_its_position(tmp_path):
    with refusal("annotation 'number 1'", "image_id"):
        read_coco(*write_coco(tmp_path, coco_annotation(), coco_annotation(id=None, image_id=5)))


def test_lists_of_different_lengths_are_refused(tmp_path):
    other = coco_annotation(id=8, keypoints=triples(np.ones((69, 2))))
    with refusal("68, 69 key points", "expected the same number in all"):
        read_coco(*write_coco(tmp_path, coco_annotation(), other), landmarks=list(range(68)))


@pytest.mark.parametrize(
    "images",
    [
        None,
        {},
        [1],
        [{"id": 1}],
        [{"file_name": "photos/a.png"}],
        [{"id": [1], "file_name": "photos/a.png"}],
        [{"id": 1, "file_name": "photos/a.png"}] * 2,
        [{"id": 1, "file_name": "../images/photos/a.png"}],
        [{"id": 1, "file_name": ""}],
    ],
)
def test_a_malformed_list_of_images_is_refused(tmp_path, images):
    path, folder = write_coco(tmp_path, coco_annotation())
    path.write_text(json.dumps({"images": images, "annotations": [coco_annotation()]}))
    with refusal(str(path)):
        read_coco(path, folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["line 1", "not JSON"]),
        ("[]", ["a JSON object"]),
        ('{"images": []}', ["'annotations'"]),
        ("[" * 100_000, ["JSON that cannot be read"]),
        ("[" + "9" * 5000 + "]", ["JSON that cannot be read"]),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, text, words):
    path, images = write_coco(tmp_path)
    path.write_text(text)
    with refusal(str(path), *words):
        read_coco(path, images)


def test_missing_files_are_refused(tmp_path):
    path, images = write_coco(tmp_path, coco_annotation())
    with refusal(str(tmp_path / "gone.json"), "no such file"):
        read_coco(tmp_path / "gone.json", images)
    with refusal(str(tmp_path / "gone"), "no such folder"):
        read_coco(path, tmp_path / "gone")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"field": "foot_kpts"}, ["field", "'foot_kpts'", "keypoints, face_kpts"]),
        ({"field": ["keypoints"]}, ["field", "['keypoints']"]),
        ({"landmarks": list(range(67))}, ["67 indices; expected a list of 68"]),
        ({"landmarks": list(range(1, 69))}, ["68 key points; expected 69", "names point 68"]),
        ({"landmarks": "0-67"}, ["landmarks", "'0-67'", "whole numbers"]),
        ({"landmarks": 68}, ["landmarks", "68", "whole numbers"]),
        ({"landmarks": [float(k) for k in range(68)]}, ["landmarks", "whole numbers"]),
    ],
)
def test_a_wrong_option_is_refused(tmp_path, options, words):
    with refusal(*words):
        read_coco(*write_coco(tmp_path, coco_annotation()), **options)


def test_what_is_not_a_labelled_face_is_counted_in_the_notes(tmp_path):
    images = [{"id": k, "file_name": "photos/a.png" if k < 3 else "b.png"} for k in range(1, 5)]
    others = [
        coco_annotation(id=1, keypoints=None, num_keypoints=None),  # a box of another category
        coco_annotation(id=2, category_id=2, keypoints=triples(np.ones((17, 2))), num_keypoints=17),
        coco_annotation(id=3, category_id=2, keypoints=triples(np.ones((17, 2))), num_keypoints=17),
        coco_annotation(id=4, category_id=3, keypoints=triples(np.ones((6, 2))), num_keypoints=6),
        coco_annotation(id=8),  # the same as the last one
    ]
    path, folder = write_coco(tmp_path, *others, coco_annotation(), images=images)
    draw(folder / "photos/a.png")
    dataset = read_coco(path, folder)
    assert_drawn_at_its_landmarks(dataset.faces[0])
    assert len(dataset) == 1
    assert dataset.notes == (
        "annotations without a labelled face: 1 skipped",
        "annotations with other numbers of key points (6, 17): 3 skipped",
        "repeated annotations: 1 skipped",
        "images without a labelled face: 3 skipped",
        "centre of the top-left pixel: taken as (0, 0)",
    )


def test_first_pixel_is_subtracted_from_landmarks_and_box(tmp_path):
    path, images = write_coco(tmp_path, coco_annotation(keypoints=triples(PIXELS + 1)))
    draw(images / "photos/a.png")
    dataset = read_coco(path, images, first_pixel=1.0)
    assert_drawn_at_its_landmarks(dataset.faces[0])
    assert dataset.faces[0].box == (9, 19, 48, 48.5)
    assert "centre of the top-left pixel: taken as (1, 1)" in dataset.notes


def test_a_box_in_fractions_is_read_like_the_points(tmp_path):
    size = np.array([120, 90])
    box = [0.25, 0.5, 0.5, 0.25]
    annotation = coco_annotation(keypoints=triples((PIXELS / size).tolist()), bbox=box)
    path, images = write_coco(tmp_path, annotation)
    draw(images / "photos/a.png")
    (face,) = read_coco(path, images, frame="fractions").faces
    assert_drawn_at_its_landmarks(face)
    assert face.box == (30, 45, 90, 67.5)
