"""Points without label, lost points and wrong boxes, in every format."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from faces_on_disk import (
    FACE,
    FACE_SIZE,
    assert_drawn_at_its_landmarks,
    draw,
    refusal,
)
from formats_on_disk import (
    STANDARD,
    box_text,
    coco_annotation,
    points98,
    triples,
    version_2,
    wflw_line,
    write_coco,
    write_datapoint,
    write_json,
    write_pts,
    write_wflw,
    write_xml,
)

from landmarks.data.coco import read_coco
from landmarks.data.crops import make_crops
from landmarks.data.csv_table import read_csv
from landmarks.data.datagen import read_dgfaces
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.dlib_xml import read_dlib_xml
from landmarks.data.face_synthetics import read_face_synthetics
from landmarks.data.images import ImageFile
from landmarks.data.labels import check_points
from landmarks.data.pts import read_pts_folder
from landmarks.data.wflw import read_wflw
from landmarks.geometry import GivenBoxCrop, LandmarkCrop
from landmarks.scheme import IBUG68

UNLABELLED = [0, 3, 67]
BOX = (20, 30, 300, 290)


@dataclass(frozen=True)
class Case:
    """How to write and read one face; `where` names its place in messages."""

    write: object
    read: object
    where: str


def draw_face(path):
    return draw(path, FACE, FACE_SIZE)


def pts(root, points):
    draw_face(root / "a.png")
    write_pts(root / "a.pts", points - 1)  # the helper adds 1; these are the file's numbers


def dlib(root, points):
    draw_face(root / "a.png")
    write_xml(root / "a.xml", {"a.png": box_text(points)}, size=FACE_SIZE)


def coco(root, points):
    images = [{"id": 1, "file_name": "photos/a.png"}]
    write_coco(root, coco_annotation(keypoints=triples(points)), images=images)
    draw_face(root / "images/photos/a.png")


def wflw(root, points):
    write_wflw(root, wflw_line("a.png", points98(points)))
    draw_face(root / "images/a.png")


def csv(root, points):
    draw_face(root / "a.png")
    row = ",".join(f"{value:g}" for value in np.ravel(points))
    (root / "a.csv").write_text(f"a.png,{row}\n")


def face_synthetics(root, points):
    draw_face(root / "0.png")
    rows = [f"{x:.4f} {y:.4f}" for x, y in [*points, (90, 90), (200, 90)]]
    (root / "0_ldmks.txt").write_text("\n".join(rows))


def datagen(root, points):
    camera = write_datapoint(root) / "camera"
    content = version_2(points - 0.5)  # the helper adds half a pixel
    write_json(camera / STANDARD, content)
    draw_face(camera / "visible_spectrum_01.png")


FORMATS = {
    "pts": Case(pts, lambda root: read_pts_folder(root, first_pixel=0.0), "a.pts"),
    "dlib": Case(dlib, lambda root: read_dlib_xml(root / "a.xml"), "image 'a.png', box 1"),
    "COCO": Case(coco, lambda r: read_coco(r / "labels.json", r / "images"), "annotation 7"),
    "WFLW": Case(wflw, lambda r: read_wflw(r / "list.txt", r / "images"), "line 1"),
    "CSV": Case(csv, lambda root: read_csv(root / "a.csv"), "line 1"),
    "FaceSynthetics": Case(face_synthetics, read_face_synthetics, "0_ldmks.txt"),
    "Datagen": Case(datagen, lambda root: read_dgfaces(root, first_pixel=0.0), STANDARD),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_face_is_read_where_it_is_drawn(tmp_path, name):
    FORMATS[name].write(tmp_path, FACE)
    (face,) = FORMATS[name].read(tmp_path).faces
    assert_drawn_at_its_landmarks(face)


@pytest.mark.parametrize("mark", [(0, 0), (-1, -1)])
@pytest.mark.parametrize("name", FORMATS)
def test_a_mark_for_an_unlabelled_point_is_not_a_landmark(tmp_path, name, mark):
    points = FACE.copy()
    points[UNLABELLED] = mark
    FORMATS[name].write(tmp_path, points)
    if name == "pts" and mark == (-1, -1):
        return  # documented in this format: see below
    shown = f"({mark[0]}, {mark[1]})"
    with refusal(FORMATS[name].where, "landmark 0 (and 2 more)", f"is {shown}", "not labelled"):
        FORMATS[name].read(tmp_path)


@pytest.mark.parametrize("place", [(99999, 99999), (-700, 160), (160, 1000)])
@pytest.mark.parametrize("name", FORMATS)
def test_a_point_far_away_from_its_face_is_refused(tmp_path, name, place):
    points = FACE.copy()
    points[12] = place
    FORMATS[name].write(tmp_path, points)
    shown = f"({place[0]}, {place[1]})"
    with refusal(str(tmp_path), FORMATS[name].where, "landmark 12", f"is {shown}", "far away"):
        FORMATS[name].read(tmp_path)


def only_labelled(tmp_path, face):
    """Of the face, all but `UNLABELLED` count, and crops and notes know it."""
    assert np.flatnonzero(~face.visible).tolist() == UNLABELLED
    labelled = np.setdiff1d(np.arange(68), UNLABELLED)
    assert np.array_equal(face.landmarks[labelled], FACE[labelled])
    dataset = FaceDataset(name="a", origin="here", faces=(face,))
    assert "landmarks without a label: 3, ignored by loss and error" in dataset.describe().notes
    (tmp_path / "crops").mkdir()
    make_crops(dataset, LandmarkCrop(1.3), 32, tmp_path / "crops")


def test_minus_one_in_pts_is_not_labelled(tmp_path):
    points = FACE.copy()
    points[UNLABELLED] = -1
    pts(tmp_path, points)
    only_labelled(tmp_path, read_pts_folder(tmp_path, first_pixel=0.0).faces[0])


def test_a_missing_part_in_dlib_xml_is_not_labelled(tmp_path):
    dlib(tmp_path, FACE)
    path = tmp_path / "a.xml"
    lines = path.read_text().splitlines()
    missing = [f"name='{k:02d}'" for k in UNLABELLED]
    path.write_text("\n".join(line for line in lines if not any(m in line for m in missing)))
    only_labelled(tmp_path, read_dlib_xml(path).faces[0])


def test_empty_cells_in_csv_are_not_labelled(tmp_path):
    csv(tmp_path, FACE)
    cells = (tmp_path / "a.csv").read_text().strip().split(",")
    for k in UNLABELLED:
        cells[1 + 2 * k : 3 + 2 * k] = ["", ""]
    (tmp_path / "a.csv").write_text(",".join(cells))
    only_labelled(tmp_path, read_csv(tmp_path / "a.csv").faces[0])


@pytest.mark.parametrize("value", [0, None, float("nan"), -1, 99999])
def test_whatever_coco_has_for_a_point_with_v_0_is_not_labelled(tmp_path, value):
    coco(tmp_path, FACE)
    numbers = triples(FACE)
    for k in UNLABELLED:
        numbers[3 * k : 3 * k + 3] = [value, value, 0]
    images = [{"id": 1, "file_name": "photos/a.png"}]
    path, folder = write_coco(tmp_path, coco_annotation(keypoints=numbers), images=images)
    draw_face(folder / "photos/a.png")
    only_labelled(tmp_path, read_coco(path, folder).faces[0])


def test_points_without_label_may_be_anywhere_but_eye_corners_are_needed():
    visible = np.ones(68, bool)
    visible[5] = False
    points = FACE.astype(float)
    points[5] = 1e6
    check_points(points, visible, "here", IBUG68)
    visible[36] = False
    with refusal("here: landmark 36, an outer eye corner, is not labelled"):
        check_points(points, visible, "here", IBUG68)


def test_a_landmark_far_outside_its_image_is_refused(tmp_path):
    image = ImageFile(draw_face(tmp_path / "a.png"))

    def crop(place):
        landmarks = FACE.astype(np.float32)
        landmarks[7] = place
        face = Face(id="a", image=image, landmarks=landmarks, group="a")
        (tmp_path / "crops").mkdir(exist_ok=True)
        dataset = FaceDataset(name="a", origin="here", faces=(face,))
        make_crops(dataset, LandmarkCrop(1.3), 32, tmp_path / "crops")

    crop((160, 299 + 100))
    with refusal("face 'a': a landmark at (160, 699) is far outside its image of 320 x 300"):
        crop((160, 299 + 400))


def boxed(tmp_path, *boxes):
    face = Face(
        id="a",
        image=ImageFile(draw_face(tmp_path / "a.png")),
        landmarks=FACE.astype(np.float32),
        group="a",
    )
    faces = tuple(replace(face, id=f"{k}", box=box) for k, box in enumerate(boxes))
    return FaceDataset(name="a", origin="list.txt", faces=faces)


WRONG_BOXES = {
    "of another face": ((310, 20, 390, 80), "contains 0 of the 68 landmarks"),
    "of a part of the face": ((20, 30, 60, 140), "of the 68 landmarks"),
    "in fractions": ((0.1, 0.1, 0.9, 0.9), "is in fractions of the image; boxes must be pixels"),
    "empty": ((20, 30, 20, 30), "is empty"),
    "of negative width": ((300, 30, 20, 290), "is empty"),
}


@pytest.mark.parametrize("name", WRONG_BOXES)
def test_a_wrong_box_is_refused_where_it_is_used_and_noted_elsewhere(tmp_path, name):
    box, problem = WRONG_BOXES[name]
    dataset = boxed(tmp_path, BOX, box)
    (tmp_path / "crops").mkdir()
    with refusal("list.txt: face '1': its box, from", problem, "use crop=landmarks"):
        make_crops(dataset, GivenBoxCrop(1.25), 32, tmp_path / "crops")
    (note,) = dataset.describe().notes
    assert note.startswith("boxes that crop=given_box refuses: 1 of 2, e.g. face '1': its box")
    assert problem in note
    make_crops(dataset, LandmarkCrop(1.25), 32, tmp_path / "crops")


def test_a_box_that_contains_most_of_the_face_is_used(tmp_path):
    inner = FACE[17:].min(axis=0).tolist() + FACE[17:].max(axis=0).tolist()
    dataset = boxed(tmp_path, BOX, tuple(inner))
    assert dataset.describe().notes == ()
    (tmp_path / "crops").mkdir()
    make_crops(dataset, GivenBoxCrop(1.25), 32, tmp_path / "crops")


def test_boxes_are_read_as_they_are_in_every_format(tmp_path):
    """An empty box is no error until it is used."""
    empty = {"left": 10, "top": 20, "width": 0, "height": 0}
    draw_face(tmp_path / "a.png")
    write_xml(tmp_path / "a.xml", {"a.png": box_text(FACE, **empty)}, size=FACE_SIZE)
    assert read_dlib_xml(tmp_path / "a.xml").faces[0].box == (10, 20, 9, 19)
    images = [{"id": 1, "file_name": "photos/a.png"}]
    for bbox, box in (([], None), ([10, 20, 0, 0], (10, 20, 9, 19))):
        annotation = coco_annotation(keypoints=triples(FACE), bbox=bbox)
        dataset = read_coco(*write_coco(tmp_path, annotation, images=images))
        assert dataset.faces[0].box == box
    line = wflw_line("photos/a.png", points98(FACE), box=(5, 5, 5, 5))
    assert read_wflw(*write_wflw(tmp_path, line)).faces[0].box == (5, 5, 5, 5)
    datagen(tmp_path / "datagen", FACE)
    path = tmp_path / "datagen/datapoint_00001/camera/face_bounding_box.json"
    write_json(path, {"min_x": 9, "min_y": 1, "max_x": 9, "max_y": 1})
    face = read_dgfaces(tmp_path / "datagen", first_pixel=0.0).faces[0]
    assert face.box == (1, 9, 1, 9)
