import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import HEIGHT, WIDTH, distinct_pixels
from formats_on_disk import (
    STANDARD,
    version_1,
    version_2,
    write_datapoint,
    write_deep_image,
    write_json,
)

from landmarks.data.datagen import read_dgfaces
from landmarks.errors import InputError


def bright(face) -> set[tuple[int, int]]:
    """(x, y) of the bright pixels of a face's image."""
    return {tuple(p) for p in np.argwhere(face.image.read()[..., 0] == 255)[:, ::-1].tolist()}


def pixels_of(face) -> set[tuple[int, int]]:
    return {tuple(p) for p in np.rint(face.landmarks).astype(int).tolist()}


def test_every_landmark_is_on_its_bright_pixel(tmp_path):
    write_datapoint(tmp_path)
    (face,) = read_dgfaces(tmp_path).faces
    assert face.image.read().shape == (HEIGHT, WIDTH, 3)
    assert bright(face) == pixels_of(face)
    np.testing.assert_array_equal(face.landmarks, distinct_pixels(0))  # and in this order
    assert face.landmarks.dtype == np.float32
    assert face.visible is None
    assert (face.id, face.group) == ("datapoint_00001/camera/visible_spectrum_01", "person-0")


def test_the_box_has_its_rows_and_columns_exchanged(tmp_path):
    write_datapoint(tmp_path)  # rows 10 to 40, columns -2 to 30, counted from the corner
    (face,) = read_dgfaces(tmp_path).faces
    assert face.box == (-2.5, 9.5, 29.5, 39.5)
    (face,) = read_dgfaces(tmp_path, first_pixel=0.0).faces
    assert face.box == (-2.0, 10.0, 30.0, 40.0)


@pytest.mark.parametrize(
    ("file_name", "content"),
    [
        ("key_points/face_standard_keypoints.json", version_2(distinct_pixels(0))),
        (STANDARD, version_2(distinct_pixels(0), key="{}", visible=None)),
        (STANDARD, version_2(distinct_pixels(0), visible="false")),
        (STANDARD, {**version_2(distinct_pixels(0)), "version": "2.4.1"}),
    ],
    ids=["other file name", "unpadded, without visibility", "invisible", "minor version"],
)
def test_variants_of_version_2_give_the_same_landmarks(tmp_path, file_name, content):
    camera = write_datapoint(tmp_path) / "camera"
    (camera / STANDARD).unlink()
    write_json(camera / file_name, content)
    (face,) = read_dgfaces(tmp_path).faces
    np.testing.assert_array_equal(face.landmarks, distinct_pixels(0))
    assert face.visible is None


@pytest.mark.parametrize("keyed", [True, False])
def test_version_1_has_pairs_of_row_and_column(tmp_path, keyed):
    camera = write_datapoint(tmp_path) / "camera"
    (camera / STANDARD).unlink()
    write_json(camera / "standard_keypoints.json", version_1(distinct_pixels(0), keyed=keyed))
    (face,) = read_dgfaces(tmp_path).faces
    # Its integers are corner-based coordinates, rounded.
    np.testing.assert_array_equal(face.landmarks, distinct_pixels(0) - 0.5)


def test_without_a_list_of_environments_there_is_one_image(tmp_path):
    camera = write_datapoint(tmp_path) / "camera"
    (camera / "visible_spectrum_01.png").rename(camera / "visible_spectrum.png")
    write_json(camera / "environment.json", {"background": "hdri", "time_of_day": "morning"})
    assert bright(read_dgfaces(tmp_path).faces[0]) == pixels_of(read_dgfaces(tmp_path).faces[0])
    (camera / "environment.json").unlink()
    assert read_dgfaces(tmp_path).faces[0].id == "datapoint_00001/camera/visible_spectrum"


def test_several_environments_give_faces_with_one_set_of_labels_and_one_group(tmp_path):
    camera = write_datapoint(tmp_path) / "camera"
    names = ["visible_spectrum_01.png", "visible_spectrum_02.png"]
    write_json(camera / "environment.json", {"environments": [{"image_name": n} for n in names]})
    write_deep_image(camera / names[1], distinct_pixels(0))
    faces = read_dgfaces(tmp_path).faces
    assert [face.image.path.name for face in faces] == names
    np.testing.assert_array_equal(faces[0].landmarks, faces[1].landmarks)
    assert len({face.group for face in faces}) == 1


def test_every_sub_folder_with_annotations_is_a_camera(tmp_path):
    scene = write_datapoint(tmp_path)
    (scene / "camera").rename(scene / "camera_b")
    other = write_datapoint(tmp_path / "elsewhere", seed=1)
    (other / "camera").rename(scene / "camera_a")
    (scene / "empty").mkdir()
    faces = read_dgfaces(tmp_path).faces
    assert [face.id.split("/")[1] for face in faces] == ["camera_a", "camera_b"]
    assert all(bright(face) == pixels_of(face) for face in faces)
    assert {face.group for face in faces} == {"person-0"}


def test_a_moving_scene_has_frames_and_shares_files_of_the_frame_and_the_scene(tmp_path):
    scene = tmp_path / "scene_00001"
    for frame in ("001", "002"):
        pixels = distinct_pixels(int(frame))
        camera = scene / "frames" / frame / "doorbell"
        write_json(camera / STANDARD, version_2(pixels, key="{}", visible=None))
        write_deep_image(camera / "visible_spectrum.png", pixels)
    write_json(scene / "frames/001/face_bounding_box.json", dict(_box(1)))
    write_json(scene / "face_bounding_box.json", dict(_box(2)))
    write_json(scene / "actor_metadata.json", {"identities": {"person-7": {"gender": "male"}}})
    faces = read_dgfaces(tmp_path).faces
    assert [face.id for face in faces] == [
        "scene_00001/frames/001/doorbell/visible_spectrum",
        "scene_00001/frames/002/doorbell/visible_spectrum",
    ]
    assert all(bright(face) == pixels_of(face) for face in faces)
    assert {face.group for face in faces} == {"person-7"}
    assert [face.box[0] for face in faces] == [0.5, 1.5]


def _box(start: int) -> list[tuple[str, int]]:
    return [("min_x", start), ("min_y", start), ("max_x", start + 9), ("max_y", start + 9)]


def test_one_person_in_two_datapoints_is_one_group_and_the_unknown_are_groups_of_their_own(
    tmp_path,
):
    for name in ("datapoint_00001", "scene_00002", "environment_00003", "datapoint_00004"):
        write_datapoint(tmp_path, name)
    (tmp_path / "environment_00003/actor_metadata.json").unlink()
    write_json(tmp_path / "datapoint_00004/actor_metadata.json", {"version": "1.0.0"})
    groups = {face.id.split("/")[0]: face.group for face in read_dgfaces(tmp_path).faces}
    assert groups == {
        "datapoint_00001": "person-0",
        "datapoint_00004": "datapoint_00004",
        "environment_00003": "environment_00003",
        "scene_00002": "person-0",
    }


def test_the_faces_are_marked_as_rendered(tmp_path):
    write_datapoint(tmp_path)
    assert read_dgfaces(tmp_path).rendered


def test_first_takes_the_first_faces_and_leaves_the_other_files_unread(tmp_path):
    for k in range(4):
        write_datapoint(tmp_path, f"datapoint_{k:05d}", seed=k)
    (tmp_path / "datapoint_00002/camera" / STANDARD).write_text("{")
    faces = read_dgfaces(str(tmp_path), first=2).faces
    assert [face.group for face in faces] == ["person-0", "person-1"]
    with pytest.raises(InputError, match="datapoint_00002"):
        read_dgfaces(tmp_path, first=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first": 2}, "first is 2, but .* holds 1 faces"),
        ({"first": -1}, "first is -1; it must be a whole number from 1"),
        ({"first": "abc"}, "first is 'abc'; it must be a whole number from 1"),
        ({"first_pixel": None}, "first_pixel is None; expected the coordinate"),
    ],
)
def test_refuses_options_out_of_range(tmp_path, options, message):
    write_datapoint(tmp_path)
    with pytest.raises(InputError, match=message):
        read_dgfaces(tmp_path, **options)


def changed(**changes: object) -> dict:
    return {**version_2(distinct_pixels(0)), **changes}


def with_landmark(key: str, value: object) -> dict:
    content = version_2(distinct_pixels(0))
    content["face"]["standard"][key] = value
    return content


def without_landmark(key: str) -> dict:
    content = version_2(distinct_pixels(0))
    del content["face"]["standard"][key]
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (changed(version=[2]), "version [2] of the format; known are 1 and 2"),
        (changed(face={}), "'standard' is missing"),
        (changed(face=7), "'standard' is missing"),
        (changed(face={"standard": 7}), "must be a list or have numbers as keys"),
        (without_landmark("12"), "landmark 11 is followed by 13"),
        (without_landmark("01"), "the first landmark is '02'; expected 1 or 0"),
        (with_landmark("69", {"pixel_2d": {"x": 1, "y": 1}}), "69 landmarks; expected 68"),
        (with_landmark("1", {"pixel_2d": {"x": 1, "y": 1}}), "landmark 1 is followed by 1"),
        (with_landmark("nose", {}), "must be a list or have numbers as keys"),
        (with_landmark("03", {"global_3d": {}}), "'pixel_2d' is missing"),
        (with_landmark("03", {"pixel_2d": {"x": 1}}), "'y' is missing"),
        (
            with_landmark("03", {"pixel_2d": {"x": 1, "y": None}}),
            "landmark 2 is [1, None]; expected 2 finite numbers",
        ),
        ([1, 2], "expected a JSON object, not list"),
    ],
)
def test_refuses_malformed_landmarks_in_one_line(tmp_path, content, message):
    path = write_datapoint(tmp_path) / "camera" / STANDARD
    write_json(path, content)
    with pytest.raises(InputError) as caught:
        read_dgfaces(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file_name", "content", "message"),
    [
        ("camera/face_bounding_box.json", {"min_x": 1}, "'min_y' is missing"),
        (
            "camera/face_bounding_box.json",
            {"min_x": 10**400, "min_y": 1, "max_x": 9, "max_y": 4},
            "expected 4 finite numbers",
        ),
        ("camera/environment.json", {"environments": []}, "at least one entry"),
        ("camera/environment.json", {"environments": [{}]}, "'image_name' is missing"),
        (
            "camera/environment.json",
            {"environments": [{"image_name": "../../other.png"}]},
            "image_name is '../../other.png'; expected the name of an image file",
        ),
        ("actor_metadata.json", {"identities": {"a": {}, "b": {}}}, "2 identities; expected 1"),
        ("actor_metadata.json", {"identities": 7}, "0 identities; expected 1"),
    ],
)
def test_refuses_other_malformed_files_by_name(tmp_path, file_name, content, message):
    path = write_datapoint(tmp_path) / file_name
    write_json(path, content)
    with pytest.raises(InputError) as caught:
        read_dgfaces(tmp_path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_says_which_camera_has_no_landmarks(tmp_path):
    camera = write_datapoint(tmp_path) / "camera"
    (camera / STANDARD).unlink()
    with pytest.raises(InputError, match=f"{camera}: no .*{Path(STANDARD).name}"):
        read_dgfaces(tmp_path)


def test_an_image_name_that_no_file_can_have_is_refused(tmp_path):
    camera = write_datapoint(tmp_path) / "camera"
    write_json(camera / "environment.json", {"environments": [{"image_name": "a" * 999 + ".png"}]})
    with pytest.raises(InputError, match=f"{camera}: no a+.png, here or"):
        read_dgfaces(tmp_path)


def test_a_scene_without_a_camera_is_refused(tmp_path):
    write_datapoint(tmp_path)
    (tmp_path / "scene_00001" / "camera").mkdir(parents=True)
    with pytest.raises(InputError, match="scene_00001: no folder of a camera"):
        read_dgfaces(tmp_path)


def test_an_empty_or_missing_folder_says_what_is_expected(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match=f"{folder}: no .*expected datapoint_.* folders"):
            read_dgfaces(folder)


def test_the_published_faces_are_read_whole(shared_data):
    dataset = read_dgfaces(shared_data / "dgfaces")
    assert len(dataset) == 100
    assert all(face.box is not None for face in dataset.faces)
    inside = (dataset.landmarks > -0.5) & (dataset.landmarks < 127.5)
    assert inside.all(axis=-1).mean() > 0.99
    right, left = (dataset.landmarks[:, k : k + 6].mean(axis=1) for k in (36, 42))
    interocular = np.linalg.norm(dataset.landmarks[:, 36] - dataset.landmarks[:, 45], axis=-1)
    interpupil = np.linalg.norm(right - left, axis=-1)
    assert 1.36 < (interocular / interpupil).mean() < 1.47
    # The right eye is left of the left one, and the chin below both, in an upright picture.
    assert (right[:, 0] < left[:, 0]).mean() > 0.95
    assert (dataset.landmarks[:, 8, 1] > right[:, 1]).all()


def test_the_published_landmarks_are_projections_of_their_3d_points(shared_data):
    """(u, v) = K [R t] X, u to the right: `pixel_2d` holds (v, u), so a reader has to exchange."""
    for face in read_dgfaces(shared_data / "dgfaces", first_pixel=0.0).faces:
        folder = face.image.path.parent
        camera = json.loads((folder / "camera_metadata.json").read_text())
        standard = json.loads((folder / STANDARD).read_text())["face"]["standard"]
        points = np.array(
            [[p["global_3d"][axis] for axis in "xyz"] + [1.0] for _, p in sorted(standard.items())]
        )
        matrix = np.array(camera["intrinsic_matrix"]) @ np.array(camera["extrinsic_matrix"])
        projected = points @ matrix.T
        projected = projected[:, :2] / projected[:, 2:]
        np.testing.assert_allclose(face.landmarks, projected, atol=1e-4)  # float32 of ~100 px


def without_version(pixels, *, swapped=False, space=None):
    """Key points of version 2 without "version", as files of scenes in cars have them."""
    content = version_2(pixels)
    del content["version"]
    for k, landmark in enumerate(content["face"]["standard"].values()):
        pixel = landmark["pixel_2d"]
        if swapped:
            landmark["pixel_2d"] = {"x": pixel["y"], "y": pixel["x"]}
        if space is not None:
            landmark["global_3d"] = dict(zip("xyz", space[k].tolist(), strict=True))
    return content


@pytest.mark.parametrize("swapped", [False, True])
def test_without_a_version_the_order_that_is_on_the_image_is_taken(tmp_path, swapped):
    camera = write_datapoint(tmp_path) / "camera"  # 120 columns, 90 rows, both in use
    write_json(camera / STANDARD, without_version(distinct_pixels(0), swapped=swapped))
    (face,) = read_dgfaces(tmp_path).faces
    np.testing.assert_array_equal(face.landmarks, distinct_pixels(0))


@pytest.mark.parametrize("swapped", [False, True])
def test_without_a_version_the_order_that_agrees_with_the_camera_is_taken(tmp_path, swapped):
    pixels = distinct_pixels(0) // 2  # within 60 x 45, so both orders are on the image
    depth = np.linspace(2, 3, 68)
    x, y = ((pixels[:, k] + 0.5 - 32) / 100 * depth for k in (0, 1))
    space = np.stack([x + 4, -depth, y - 1], axis=1)  # the camera looks along -y
    camera = write_datapoint(tmp_path) / "camera"
    write_json(camera / STANDARD, without_version(pixels, swapped=swapped, space=space))
    matrices = {
        "intrinsic_matrix": [[100, 0, 32], [0, 100, 32], [0, 0, 1]],
        "extrinsic_matrix": [[1, 0, 0, -4], [0, 0, 1, 1], [0, -1, 0, 0]],
    }
    write_json(camera / "camera_metadata.json", matrices)
    (face,) = read_dgfaces(tmp_path).faces
    np.testing.assert_array_equal(face.landmarks, pixels)


def test_a_camera_that_says_nothing_leaves_the_image_to_decide(tmp_path):
    camera = write_datapoint(tmp_path) / "camera"
    flat = np.zeros((68, 3))  # as in files without 3D positions
    write_json(camera / STANDARD, without_version(distinct_pixels(0), swapped=True, space=flat))
    for matrices in ({}, {"intrinsic_matrix": np.eye(3).tolist(), "extrinsic_matrix": [1]}):
        write_json(camera / "camera_metadata.json", matrices)
        np.testing.assert_array_equal(read_dgfaces(tmp_path).landmarks[0], distinct_pixels(0))


def test_a_version_is_not_needed_to_read_real_files(tmp_path, shared_data):
    """Square images of 128 pixels, on which both orders are: the camera decides."""
    source = next((shared_data / "dgfaces").glob("datapoint_*"))
    shutil.copytree(source, tmp_path / source.name)
    expected = read_dgfaces(tmp_path).landmarks
    path = tmp_path / source.name / "camera" / STANDARD
    content = json.loads(path.read_text())
    del content["version"]
    for swapped in (False, True):
        for landmark in content["face"]["standard"].values():
            pixel = landmark["pixel_2d"]
            landmark["pixel_2d"] = {"x": pixel["y"], "y": pixel["x"]} if swapped else pixel
        write_json(path, content)
        np.testing.assert_array_equal(read_dgfaces(tmp_path).landmarks, expected)
