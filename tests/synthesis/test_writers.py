import json

import cv2
import numpy as np
import pytest
from PIL import Image

from landmarks.data.datagen import read_dgfaces
from landmarks.data.face_synthetics import read_face_synthetics
from landmarks.synthesis.storage.writers import (
    LAYOUTS,
    write_datagen,
    write_face_synthetics,
)
from tests.synthesis.disc_pictures import disc, project


def key_points(folder):
    path = folder / "datapoint_000007/camera/key_points/face_standard_key_points.json"
    return json.loads(path.read_text())["face"]["standard"]


def numbers(entries, name, axes):
    return np.array([[entry[name][axis] for axis in axes] for entry in entries.values()])


@pytest.mark.parametrize(("labels", "offset"), [("surface", 0), ("contour", 1), ("annotated", 2)])
def test_microsofts_reader_gives_back_image_and_the_label_set_asked_for(tmp_path, labels, offset):
    picture = disc(0, 7)
    write_face_synthetics(tmp_path, "000007", picture, labels)
    (face,) = read_face_synthetics(tmp_path).faces
    assert (face.id, face.group) == ("000007", "000007")
    np.testing.assert_array_equal(face.image.read(), picture.image)
    np.testing.assert_allclose(face.landmarks, picture.labels.surface + offset, atol=1e-4)


def test_microsofts_file_has_68_rows_then_the_right_and_the_left_pupil(tmp_path):
    picture = disc(0, 7)
    write_face_synthetics(tmp_path, "000007", picture, "surface")
    rows = np.loadtxt(tmp_path / "000007_ldmks.txt")
    assert rows.shape == (70, 2)
    np.testing.assert_allclose(rows[68:], picture.labels.pupils, atol=1e-4)


def test_the_segmentation_holds_class_numbers(tmp_path):
    picture = disc(0, 7)
    write_face_synthetics(tmp_path, "000007", picture, "surface")
    with Image.open(tmp_path / "000007_seg.png") as stored:
        assert stored.mode == "L"
        np.testing.assert_array_equal(np.asarray(stored), picture.segmentation)


@pytest.mark.parametrize(("labels", "offset"), [("surface", 0), ("contour", 1), ("annotated", 2)])
def test_datagens_reader_gives_back_image_and_the_label_set_asked_for(tmp_path, labels, offset):
    picture = disc(0, 7)
    write_datagen(tmp_path, "000007", picture, labels)
    (face,) = read_dgfaces(tmp_path).faces
    assert face.group == "000007"
    np.testing.assert_array_equal(face.image.read(), picture.image)
    np.testing.assert_allclose(face.landmarks, picture.labels.surface + offset, atol=1e-4)
    x0, y0, x1, y1 = face.box
    points = picture.labels.surface
    assert (points >= (x0, y0)).all()
    assert (points <= (x1, y1)).all()
    assert x1 - x0 < np.ptp(points[:, 0]) + 3


def test_datagens_3d_points_project_to_row_and_column_with_the_matrices_of_the_file(tmp_path):
    write_datagen(tmp_path, "000007", disc(0, 7), "surface")
    camera = json.loads((tmp_path / "datapoint_000007/camera/camera_metadata.json").read_text())
    projected = project(
        numbers(key_points(tmp_path), "global_3d", "xyz"),
        np.array(camera["intrinsic_matrix"]),
        np.array(camera["extrinsic_matrix"]),
    )
    columns_rows = numbers(key_points(tmp_path), "pixel_2d", "yx")
    np.testing.assert_allclose(projected, columns_rows, atol=1e-3)
    # Counted from the corner, the principal point of a centred lens is half the image size.
    assert camera["intrinsic_matrix"][0][2] == camera["resolution_px"]["x"] / 2 == 24
    assert camera["fov"]["horizontal"] == pytest.approx(2 * np.degrees(np.arctan(1 / 14)))


def test_datagens_camera_stands_where_its_extrinsics_say(tmp_path):
    picture = disc(0, 7)
    write_datagen(tmp_path, "000007", picture, "surface")
    camera = json.loads((tmp_path / "datapoint_000007/camera/camera_metadata.json").read_text())
    location = [camera["location"][axis] for axis in "xyz"]
    ahead = [camera["orientation"]["look_at_vector"][axis] for axis in "xyz"]
    above = [camera["orientation"]["up_vector"][axis] for axis in "xyz"]
    R, t = picture.extrinsics[:, :3], picture.extrinsics[:, 3]
    np.testing.assert_allclose(R @ location + t, 0, atol=1e-12)
    np.testing.assert_allclose(R @ (np.array(location) + ahead) + t, [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(above, [0, 0, 1], atol=1e-12)  # it is level


def test_datagens_landmarks_are_visible_if_seen_and_inside_the_image(tmp_path):
    picture = disc(0, 7)
    picture.labels.surface[2] = (-1, 5)  # 2 and 4 are seen, but 2 lies outside
    write_datagen(tmp_path, "000007", picture, "surface")
    entries = key_points(tmp_path)
    assert [entries[key]["is_visible"] for key in ("03", "04", "05")] == ["false", "false", "true"]


def test_datagens_image_has_16_bits_and_its_segmentation_a_legend(tmp_path):
    picture = disc(0, 7)
    write_datagen(tmp_path, "000007", picture, "surface")
    scene = tmp_path / "datapoint_000007"
    header = (scene / "camera/visible_spectrum_01.png").read_bytes()[24:26]
    assert tuple(header) == (16, 6)  # bits a channel; RGBA
    legend = json.loads((scene / "semantic_segmentation_metadata.json").read_text())
    colours = cv2.imread(str(scene / "camera/semantic_segmentation.png"), cv2.IMREAD_UNCHANGED)
    row, column = np.argwhere(picture.segmentation == 4)[0]
    eye = legend["human"]["head"]["eye"]["left"]
    assert colours[row, column, ::-1].tolist() == [eye["R"], eye["G"], eye["B"]]
    assert len(np.unique(colours.reshape(-1, 3), axis=0)) == len(np.unique(picture.segmentation))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_image_is_where_the_layout_says(tmp_path, layout):
    LAYOUTS[layout].write(tmp_path, "000007", disc(0, 7), "surface")
    assert (tmp_path / LAYOUTS[layout].image("000007")).is_file()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_hash_tells_pictures_and_labels_apart_and_nothing_half_written_stays(tmp_path, layout):
    write = LAYOUTS[layout].write
    first = write(tmp_path, "000007", disc(0, 7), "surface")
    assert write(tmp_path, "000007", disc(0, 7), "surface") == first
    assert write(tmp_path, "000007", disc(0, 7), "contour") != first
    assert write(tmp_path, "000007", disc(0, 8), "surface") != first
    assert not list(tmp_path.rglob(".*"))
