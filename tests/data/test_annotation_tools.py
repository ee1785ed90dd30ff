"""What CVAT and Label Studio export: read at the right pixel, half-finished labels included."""

import json

import numpy as np
import pytest
from faces_on_disk import PIXELS, assert_drawn_at_its_landmarks, draw, refusal, touch_image
from formats_on_disk import (
    NAMES,
    coco_annotation,
    cvat_coco,
    cvat_xml,
    skeleton_text,
    studio_min,
    studio_point,
    studio_task,
    triples,
    write_coco,
)

from landmarks.data.coco import read_coco
from landmarks.data.cvat_xml import read_cvat_xml
from landmarks.data.label_studio import read_label_studio

CORNERS = PIXELS + 0.5  # the centres of the drawn pixels, counted from the image's corner


def shuffled(seed):
    return np.random.default_rng(seed).permutation(68)


# CVAT, COCO Keypoints 1.0


def cvat_file(root, v=2, order=range(68), **options):
    """A COCO file as exported, with one drawn image."""
    path, images = write_coco(root, coco_annotation(keypoints=triples(CORNERS, v)))
    content = json.loads(path.read_text())
    path.write_text(json.dumps(cvat_coco(content, order)))
    draw(images / "photos/a.png")
    return read_coco(path, images, first_pixel=0.5, **options)


def test_points_of_cvat_s_coco_are_read_by_the_numbers_in_their_names(tmp_path):
    for seed in range(3):
        (face,) = cvat_file(tmp_path, order=shuffled(seed)).faces
        assert_drawn_at_its_landmarks(face)
    assert face.box == (9.5, 19.5, 49.5, 50)  # width and height from corner to corner


def test_a_point_that_was_put_outside_in_cvat_is_not_visible_a_hidden_one_is(tmp_path):
    v = np.full(68, 2)
    v[[3, 50]], v[4] = 0, 1
    (face,) = cvat_file(tmp_path, v, shuffled(1)).faces
    assert np.flatnonzero(~face.visible).tolist() == [3, 50]
    assert np.array_equal(face.landmarks[4], PIXELS[4])


def test_a_coco_file_of_predict_says_where_it_counts_from(tmp_path):
    path, images = write_coco(tmp_path, coco_annotation(keypoints=triples(CORNERS)))
    draw(images / "photos/a.png")
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "info": {"first_pixel": 0.5}}))
    assert_drawn_at_its_landmarks(read_coco(path, images).faces[0])
    shifted = read_coco(path, images, first_pixel=0.0).faces[0]  # the option comes first
    assert np.array_equal(shifted.landmarks, CORNERS)


def test_the_option_landmarks_means_positions_whatever_the_names(tmp_path):
    order = shuffled(4)
    positions = np.argsort(order).tolist()
    (face,) = cvat_file(tmp_path, order=order, landmarks=positions).faces
    assert_drawn_at_its_landmarks(face)


# CVAT for images 1.1


def xml_file(root, shapes, name="photos/a.png", **options):
    path = root / "annotations.xml"
    path.write_text(cvat_xml({name: shapes}))
    draw(root / name)
    return read_cvat_xml(path, **options)


def test_the_drawn_pixels_are_found_in_cvat_s_xml(tmp_path):
    (face,) = xml_file(tmp_path, skeleton_text(CORNERS)).faces
    assert_drawn_at_its_landmarks(face)
    assert (face.id, face.group, face.visible) == ("photos/a", "photos/a", None)
    order = shuffled(5)
    text = skeleton_text(CORNERS[order], names=[NAMES[k] for k in order])
    assert_drawn_at_its_landmarks(xml_file(tmp_path, text).faces[0])


def test_a_points_element_has_the_landmarks_in_order(tmp_path):
    numbers = ";".join(f"{x:.2f},{y:.2f}" for x, y in CORNERS)
    text = f'<points label="face" source="manual" occluded="0" points="{numbers}" z_order="0"/>'
    other = '<points label="nose" source="manual" occluded="0" points="1.00,2.00" z_order="0"/>'
    dataset = xml_file(tmp_path, text + other)
    assert_drawn_at_its_landmarks(dataset.faces[0])
    assert dataset.notes[0] == "elements with other numbers of points (1): 1 skipped"


def test_names_of_cvat_s_own_that_count_from_1_need_an_option(tmp_path):
    text = skeleton_text(CORNERS, names=[str(k) for k in range(1, 69)])
    assert_drawn_at_its_landmarks(xml_file(tmp_path, text, first_point=1).faces[0])
    with refusal("image 'photos/a.png', face 1", "point '68'", "end in 00 to 67", "'jaw_00'"):
        xml_file(tmp_path, text)


def test_half_finished_faces_of_cvat_are_read_skipped_or_refused(tmp_path):
    text = skeleton_text(CORNERS, outside=[3, 50], occluded=[4])
    empty = skeleton_text(CORNERS, outside=range(68))
    box = '<box label="face" source="manual" occluded="0" xtl="1" ytl="1" xbr="9" ybr="9"/>'
    path = tmp_path / "annotations.xml"
    path.write_text(cvat_xml({"a.png": text + box + empty, "b.png": box, "c.png": ""}))
    draw(tmp_path / "a.png")
    dataset = read_cvat_xml(path)
    assert np.flatnonzero(~dataset.faces[0].visible).tolist() == [3, 50]
    assert set(dataset.notes[:2]) == {
        "skeletons without a labelled point: 1 skipped",
        "images without a labelled face: 2 skipped",
    }
    with refusal("annotations.xml", "face 1", "landmark 36", "eye corner", "not labelled"):
        xml_file(tmp_path, skeleton_text(CORNERS, outside=[36]))


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ("", ["no labelled face", "CVAT for images 1.1"]),
        (skeleton_text(CORNERS, names=["nose"] * 68), ["point 'nose'", "names that end in"]),
        (skeleton_text(CORNERS, names=["p_5"] * 68), ["two points 'p_5'"]),
        (skeleton_text(CORNERS, names=["p_99"] * 68), ["point 'p_99'"]),
        (skeleton_text(np.full((68, 2), np.nan)), ["point 'jaw_00'", "'nan'", "finite"]),
        (skeleton_text(CORNERS).replace(",", " "), ["expected x,y;x,y"]),
        (skeleton_text(CORNERS).replace('points="', 'points="1,2;'), ["2 points; expected one"]),
    ],
)
def test_malformed_shapes_of_cvat_are_refused_by_their_place(tmp_path, shapes, words):
    with refusal("annotations.xml", *words):
        xml_file(tmp_path, shapes)


def test_an_xml_file_that_is_not_safe_or_of_another_size_is_refused(tmp_path):
    path = tmp_path / "annotations.xml"
    touch_image(tmp_path / "a.png")
    text = cvat_xml({"a.png": skeleton_text(CORNERS)})
    path.write_text(text.replace("?>", "?>\n<!DOCTYPE a [<!ENTITY b 'c'>]>", 1))
    with refusal("annotations.xml", "document type"):
        read_cvat_xml(path)
    path.write_text(text)
    with refusal("image 'a.png'", "says 120 x 90 pixels", "4 x 3"):
        read_cvat_xml(path).faces[0].image.read()


# Label Studio


def studio_points(corners=CORNERS, names=NAMES, **more):
    return [studio_point(name, x, y, **more) for name, (x, y) in zip(names, corners, strict=True)]


def studio_file(root, *tasks, **options):
    path = root / "export.json"
    path.write_text(json.dumps(tasks))
    draw(root / "photos/a.png")
    return read_label_studio(path, root / "photos", **options)


@pytest.mark.parametrize("export", [lambda task: task, studio_min], ids=["JSON", "JSON-MIN"])
def test_the_drawn_pixels_are_found_in_label_studio_s_exports(tmp_path, export):
    order = shuffled(6)
    result = studio_points(CORNERS[order], [NAMES[k] for k in order])
    (face,) = studio_file(tmp_path, export(studio_task(result))).faces
    assert_drawn_at_its_landmarks(face)
    assert (face.id, face.group, face.box) == ("a", "a", None)


@pytest.mark.parametrize(
    "address",
    [
        "/data/local-files/?d=photos/a.png",
        "/data/local-files/?d=my%20faces%2Fa.png",
        "/data/upload/3/0123abcd-a.png",
        "https://example.org/sets/photos/a.png?token=1",
        "s3://bucket/photos/a.png",
    ],
)
def test_an_image_is_found_by_the_end_of_its_address(tmp_path, address):
    (face,) = studio_file(tmp_path, studio_task(studio_points(), address)).faces
    assert_drawn_at_its_landmarks(face)


def test_points_belong_to_the_box_that_they_are_children_of(tmp_path):
    box = {"x": 10.0, "y": 20.0, "width": 50.0, "height": 40.0, "rotation": 0}
    parents = [
        {
            **studio_point("", 0, 0, id=id),
            "type": "rectanglelabels",
            "from_name": "face",
            "value": {**box, "rectanglelabels": ["face"]},
        }
        for id in ("one", "two")
    ]
    first, second = studio_points(parentID="one"), studio_points(CORNERS + 1, parentID="two")
    dataset = studio_file(tmp_path, studio_task([*parents, *first, *second]))
    assert [face.id for face in dataset.faces] == ["a#1", "a#2"]
    assert np.allclose(dataset.landmarks[1] - dataset.landmarks[0], 1)
    assert dataset.faces[0].box == pytest.approx((11.5, 17.5, 71.5, 53.5))  # of 120 x 90 pixels
    with refusal("task 1", "two points 'jaw_00'"):
        studio_file(tmp_path, studio_task(studio_points() + studio_points()))
    loose = studio_points()[:3] + studio_points(parentID="one")[3:]  # three were added by hand
    (face,) = studio_file(tmp_path, studio_task([parents[0], *loose])).faces
    assert_drawn_at_its_landmarks(face)


def test_half_finished_tasks_of_label_studio_are_read_skipped_or_refused(tmp_path):
    some = [point for k, point in enumerate(studio_points()) if k not in (3, 50)]
    nameless = studio_point("", 5, 5)
    nameless["value"]["keypointlabels"] = []
    dataset = studio_file(
        tmp_path,
        studio_task([*some, nameless]),
        studio_task([], id=2),
        studio_task(studio_points(), id=3, was_cancelled=True),
        {**studio_task([], id=4), "annotations": []},
    )
    (face,) = dataset.faces
    assert np.flatnonzero(~face.visible).tolist() == [3, 50]
    assert set(dataset.notes[:3]) == {
        "tasks without annotation: 2 skipped",
        "points without name: 1 skipped",
        "tasks without a labelled point: 1 skipped",
    }
    with refusal("export.json, task 1", "landmark 36", "eye corner", "not labelled"):
        studio_file(tmp_path, studio_task(studio_points()[:36]))


@pytest.mark.parametrize("export", [lambda task: task, studio_min], ids=["JSON", "JSON-MIN"])
def test_the_annotation_that_was_changed_last_counts(tmp_path, export):
    old = studio_task(studio_points(CORNERS + 7), updated_at="2026-02-01T10:00:00.000000Z")
    dataset = studio_file(tmp_path, export(old), export(studio_task(studio_points())), export(old))
    assert_drawn_at_its_landmarks(dataset.faces[0])
    assert dataset.notes[0] == "annotations that were replaced by a later one: 2 skipped"


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ({"id": 1}, ["a list of tasks", "JSON or JSON-MIN"]),
        ([1], ["a list of tasks"]),
        ([], ["no labelled face in 0 tasks"]),
        ([{**studio_task([]), "annotations": 3}], ["task 1: annotations", "list of objects"]),
        ([{**studio_task(studio_points()), "data": 3}], ["task 1", "'data'"]),
        ([studio_task(None)], ["task 1: result", "list of objects"]),
        ([studio_task(studio_points(image_rotation=90))], ["task 1", "turned by 90 degrees"]),
        ([studio_task(studio_points(), "no image")], ["task 1", "0 addresses of images"]),
        ([studio_task(studio_points(), "b.png")], ["task 1", "no image in", "'b.png'"]),
        ([studio_task([studio_point("nose", 1, 2)])], ["task 1", "point 'nose'", "'jaw_00'"]),
        (
            [studio_task([studio_point("jaw_00", float("nan"), 2)])],
            ["task 1", "x and y of a point", "finite"],
        ),
        (
            [studio_task([{"value": {"x": 1, "y": 2, "keypointlabels": 0.5}}])],
            ["task 1", "keypointlabels is 0.5; expected a list"],
        ),
    ],
)
def test_a_malformed_export_of_label_studio_is_refused_by_its_task(tmp_path, tasks, words):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks))
    touch_image(tmp_path / "photos/a.png")
    with refusal("export.json", *words):
        read_label_studio(path, tmp_path / "photos")
