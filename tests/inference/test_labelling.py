"""The files for annotation tools: what they say, and what comes back after correction."""

import json
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from PIL import Image

from landmarks.data.coco import read_coco
from landmarks.data.toy import read_toy
from landmarks.inference.face import Face, tight_box
from landmarks.inference.labelling import (
    COCO,
    CVAT_LABELS,
    LABEL_STUDIO,
    LABEL_STUDIO_CONFIG,
    PredictedPhoto,
    score,
    write_for_labelling,
)
from landmarks.scheme import IBUG68


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Two toy faces with wrong predictions, their photos, and the files for annotation tools."""
    folder = tmp_path_factory.mktemp("labelling")
    truth, photos = [], []
    for i, one in enumerate(read_toy(count=2, domain="stand_in", seed=5, size=96).faces):
        path = folder / "photos" / f"sub {i}" / "a.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(one.image.read()).save(path)
        points = one.landmarks + np.random.default_rng(i).normal(0, 2, (68, 2)).astype(np.float32)
        face = Face(
            box=tight_box(points),
            points=points,
            confidence=np.full(68, 0.75 - i / 2, np.float32),
            visible=np.where(np.arange(68) == 5, 0.1, 0.9).astype(np.float32),
        )
        truth.append(one.landmarks)
        photos.append(PredictedPhoto(f"sub {i}/a.png", path, 96, 96, [face]))
    write_for_labelling(folder, photos)
    return folder, truth, photos


def test_the_coco_file_is_read_back_as_it_was_predicted(written):
    folder, _, photos = written
    dataset = read_coco(folder / COCO, folder / "photos")
    assert [face.id for face in dataset.faces] == ["sub 0/a", "sub 1/a"]
    for face, photo in zip(dataset.faces, photos, strict=True):
        assert np.abs(face.landmarks - photo.faces[0].points).max() < 1e-3
        assert face.box == pytest.approx(photo.faces[0].box, abs=2e-3)
        assert face.visible.all()  # hidden points are predicted too


def test_the_coco_file_has_what_importers_need(written):
    content = json.loads((written[0] / COCO).read_text())
    (category,) = content["categories"]
    assert category["name"] == "face"
    assert category["keypoints"][:2] == ["jaw_00", "jaw_01"]
    assert [37, 38] in category["skeleton"]  # counted from 1
    assert [42, 37] in category["skeleton"]  # the eye is closed
    assert [17, 18] not in category["skeleton"]  # the jaw does not lead to the brow
    assert [(i["width"], i["height"]) for i in content["images"]] == [(96, 96)] * 2
    first = content["annotations"][0]
    assert first["keypoints"][2::3] == [1 if k == 5 else 2 for k in range(68)]
    assert first["num_keypoints"] == 68
    assert first["iscrowd"] == 0
    assert [a["score"] for a in content["annotations"]] == [0.75, 0.25]
    tasks = json.loads((written[0] / LABEL_STUDIO).read_text())
    assert [task["predictions"][0]["score"] for task in tasks] == [0.75, 0.25]


def test_a_detector_that_does_not_say_how_sure_it_is_scores_1(written):
    face = written[2][0].faces[0]
    assert score(Face(box=face.box, points=face.points)) == 1


def test_the_skeleton_for_cvat_names_every_point_once(written):
    (label,) = json.loads((written[0] / CVAT_LABELS).read_text())
    assert (label["name"], label["type"]) == ("face", "skeleton")
    picture = fromstring(f"<svg>{label['svg']}</svg>")
    circles = picture.findall("circle")
    assert [c.get("data-label-name") for c in circles] == [s["name"] for s in label["sublabels"]]
    assert len({c.get("data-node-id") for c in circles}) == 68
    places = np.array([[float(c.get("cx")), float(c.get("cy"))] for c in circles])
    assert places.min() > 0
    assert places.max() < 100
    assert len(picture.findall("line")) == len(IBUG68.edges)


def test_the_interface_of_label_studio_has_a_label_for_every_point(written):
    view = fromstring((written[0] / LABEL_STUDIO_CONFIG).read_text())
    points = view.find("KeyPointLabels")
    assert tuple(label.get("value") for label in points) == IBUG68.point_names
    tasks = json.loads((written[0] / LABEL_STUDIO).read_text())
    assert tasks[1]["data"]["image"] == "/data/local-files/?d=photos/sub%201/a.png"
    used = {region["from_name"] for region in tasks[0]["predictions"][0]["result"]}
    assert used == {points.get("name"), view.find("RectangleLabels").get("name")}
    assert points.get("toName") == view.find("Image").get("name") == "image"
