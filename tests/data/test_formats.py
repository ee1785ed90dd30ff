"""Formats of folders: the suggested reader reads them."""

import json

import hydra
import pytest
from faces_on_disk import PIXELS, touch_image
from formats_on_disk import (
    box_text,
    coco_annotation,
    cvat_coco,
    cvat_xml,
    distinct_pixels,
    skeleton_text,
    studio_point,
    studio_task,
    wflw_line,
    write_annotated,
    write_coco,
    write_datapoint,
    write_face_synthetics,
    write_packing,
    write_wflw,
    write_xml,
)
from hydra import compose, initialize_config_dir

from landmarks.cli.hydra_command import CONFIGS
from landmarks.data.formats import suggested_reader, summary


def released_wflw(root):
    path, _ = write_wflw(root, wflw_line("a.png"))
    path.rename(root / "list_98pt_rect_attr_train.txt")
    touch_image(root / "WFLW_images/a.png")


def written_dlib(root):
    write_xml(root / "labels.xml", {"a.png": box_text()})
    touch_image(root / "a.png")


def table(root, header):
    numbers = ",".join(map(str, PIXELS.ravel()))
    (root / "labels.csv").write_text(f"{header}a.png,{numbers}\n")
    touch_image(root / "a.png")


def exported_from_cvat(root):
    path, _ = write_coco(root, coco_annotation(), images=COCO_IMAGES)
    path.write_text(json.dumps(cvat_coco(json.loads(path.read_text()))))


def exported_xml(root):
    (root / "annotations.xml").write_text(cvat_xml({"a.png": skeleton_text(PIXELS)}))
    touch_image(root / "a.png")


def exported_from_label_studio(root):
    points = [studio_point(f"jaw_{k:02d}", x, y) for k, (x, y) in enumerate(PIXELS.tolist())]
    (root / "export.json").write_text(json.dumps([studio_task(points)]))
    touch_image(root / "photos/a.png", size=(120, 90))


HEADER = ",".join(["image", *(f"{axis}{k}" for k in range(68) for axis in "xy")]) + "\n"
WRITTEN = {
    "pts_folder": lambda root: write_annotated(root / "photos/a"),
    "face_synthetics": lambda root: write_face_synthetics(root, "000000", distinct_pixels(0, 70)),
    "coco": lambda root: write_coco(root, coco_annotation(), images=COCO_IMAGES),
    "cvat_coco": exported_from_cvat,
    "cvat_xml": exported_xml,
    "label_studio": exported_from_label_studio,
    "dlib_xml": written_dlib,
    "w300_dlib": lambda root: write_packing(root, ["ibug/image_003_1.png"]),
    "dgfaces": write_datapoint,
    "wflw": released_wflw,
    "csv": lambda root: table(root, HEADER),
    "csv without header": lambda root: table(root, ""),
}
COCO_IMAGES = [{"id": 1, "file_name": "images/photos/a.png"}]


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("inside", [".", "one/two"])
def test_the_suggested_arguments_read_the_folder(tmp_path, name, inside):
    root = tmp_path / "mine" / inside
    root.mkdir(parents=True)
    WRITTEN[name](root)
    suggestion = suggested_reader(tmp_path / "mine", "data.test")
    arguments = suggestion.removeprefix("; did you mean ").partition("?")[0].split()
    assert arguments[0] == f"faces@data.test={name.split()[0]}"
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        test = compose("evaluate", ["run=x", *arguments]).data.test
    assert len(hydra.utils.instantiate(test, _convert_="all")) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [("labels.json", '{"images": [], "annotations": []}'), ("a.xml", "<dataset>"), ("a.pts", "")],
)
def test_a_single_file_is_recognised(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert str(tmp_path) in suggested_reader(tmp_path / name, "data.real")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package.json", '{"name": "x"}'),
        ("a.xml", "<html>"),
        ("a.jpg", ""),
        ("datapoint_1", ""),
        ("boxes.csv", "image,x0,y0,x1,y1\na.png,1,2,3,4\n"),
    ],
)
def test_other_files_and_missing_ones_are_not(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    for path in (tmp_path, tmp_path / name, tmp_path / "missing", tmp_path / ("x" * 5000)):
        assert suggested_reader(path, "data.real") == ""


def test_a_summary_counts_suffixes():
    assert summary(["a.jpg", "b.JPG", "c.pts", "d"]) == "2 .jpg, 1 .pts, 1 without suffix"
    assert summary(f"a.{suffix}" for suffix in "abcdef") == "1 .a, 1 .b, 1 .c, 1 .d, ..."
    assert summary(["a.b/", "c/"]) == "2 folders"
