"""What `synthesize write=[...]` stores with each picture, read as users read it."""

import csv
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from landmarks.errors import InputError
from landmarks.synthesis.pictures import RecipePictures
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.storage.extras import EXTRAS
from landmarks.synthesis.storage.folder import SPEC
from landmarks.synthesis.storage.production import produce
from landmarks.synthesis.storage.writers import write_extras
from tests.synthesis.disc_pictures import DiscPictures, disc
from tests.synthesis.scenes import bare, class_at


@pytest.fixture
def folder(tmp_path):
    write_extras(tmp_path, "000007", disc(0, 7), EXTRAS, "surface")
    return tmp_path


def test_depth_is_in_millimetres_and_0_in_the_background(folder):
    depth = cv2.imread(str(folder / "000007_depth.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    expected = disc(0, 7).depth
    np.testing.assert_array_equal(depth, np.where(np.isfinite(expected), 1600, 0))


def test_normals_are_red_right_green_up_blue_to_the_camera(folder):
    levels = np.array(Image.open(folder / "000007_normals.png"))
    inside = np.isfinite(disc(0, 7).depth)
    assert np.unique(levels[inside], axis=0).tolist() == [[128, 128, 255]]
    assert not levels[~inside].any()


def test_segmentation_has_the_class_numbers(folder):
    stored = np.array(Image.open(folder / "000007_seg.png"))
    np.testing.assert_array_equal(stored, disc(0, 7).segmentation)


def test_the_pose_projects_points_onto_their_labels(folder):
    pose, picture = json.loads((folder / "000007_pose.json").read_text()), disc(0, 7)
    assert (pose["yaw"], pose["pitch"], pose["roll"]) == picture.head_pose
    points = np.column_stack([picture.labels.points, np.ones(68)])
    x, y, z = np.array(pose["intrinsics"]) @ np.array(pose["extrinsics"]) @ points.T
    np.testing.assert_allclose(np.column_stack([x / z, y / z]), picture.labels.surface, atol=1e-3)


def test_hidden_landmarks_are_marked(folder):
    with (folder / "000007_hidden.csv").open() as file:
        rows = list(csv.DictReader(file))
    labels = disc(0, 7).labels
    assert [row["hidden"] == "1" for row in rows] == (~labels.visible).tolist()
    points = [[float(row["x"]), float(row["y"])] for row in rows]
    np.testing.assert_allclose(points, labels.surface, atol=1e-4)


def test_dense_points_come_back(folder):
    labels = disc(0, 7).labels
    with np.load(folder / "000007_dense.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["points"], labels.dense)
        assert stored["points"].dtype == np.float32
        np.testing.assert_array_equal(stored["visible"], labels.dense_visible)
        np.testing.assert_array_equal(stored["vertices"], labels.dense_vertices)
        np.testing.assert_array_equal(stored["places"], labels.dense_places)


def test_the_documentation_reads_all_of_it(tmp_path, monkeypatch):
    page = Path(__file__).parents[2] / "docs" / "synthetic-faces.md"
    (python,) = re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL)
    produce(
        tmp_path / "data/rendered/rich",
        DiscPictures(write=tuple(EXTRAS)),
        start=0,
        stop=8,
        workers=1,
    )
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(python, found)
    picture = disc(0, 7)
    inside = np.isfinite(picture.depth)
    np.testing.assert_allclose(found["depth"][inside], 1.6)
    np.testing.assert_allclose(found["normals"][inside], [[0, 0, 1]] * inside.sum(), atol=0.01)
    np.testing.assert_array_equal(found["classes"], picture.segmentation)
    np.testing.assert_array_equal(found["points"], picture.labels.dense)
    assert found["yaw"] == picture.head_pose[0]
    assert found["hidden"] == np.flatnonzero(~picture.labels.visible).tolist()


def test_depth_and_normals_agree_on_a_rendered_face(studio):
    """The change of depth from pixel to pixel gives the direction that the skin faces."""
    picture = studio.render(bare(0), 128, also=("normals",))
    depth = np.where(np.isfinite(picture.depth), picture.depth, 10.0)  # far behind the head
    normals = picture.normals
    focal, middle = picture.intrinsics[0, 0], picture.intrinsics[:2, 2]
    rows, columns = np.mgrid[:128, :128]
    space = np.stack(
        [(columns - middle[0]) / focal, (rows - middle[1]) / focal, np.ones_like(depth)]
    )
    space = (space * depth).transpose(1, 2, 0)
    right = space[1:-1, 2:] - space[1:-1, :-2]
    down = space[2:, 1:-1] - space[:-2, 1:-1]
    from_depth = np.cross(down, right)
    from_depth /= np.linalg.norm(from_depth, axis=-1, keepdims=True)
    smooth = np.isin(picture.segmentation[1:-1, 1:-1], (1, 2)) & np.isfinite(from_depth).all(-1)
    cosines = (from_depth * normals[1:-1, 1:-1]).sum(-1)[smooth]
    assert np.median(cosines) > 0.99
    assert (cosines > 0.9).mean() > 0.95
    lengths = np.linalg.norm(normals, axis=-1)
    np.testing.assert_allclose(lengths[picture.segmentation > 0], 1, atol=1e-5)


def test_cheeks_face_outwards_and_the_tip_of_the_nose_to_the_camera(studio):
    picture = studio.render(bare(1), 128, also=("normals",))
    x, y = picture.labels.surface[30].round().astype(int)
    assert class_at(picture, picture.labels.surface[30]) == 2
    assert picture.normals[y, x, 2] < -0.8
    for jaw, sign in ((3, -1), (13, 1)):
        point = 0.7 * picture.labels.surface[jaw] + 0.3 * picture.labels.surface[30]
        column, row = point.round().astype(int)
        assert sign * picture.normals[row, column, 0] > 0.3


def test_nothing_is_computed_that_is_not_asked_for(studio):
    picture = studio.render(bare(1), 32)
    assert picture.normals is None
    assert picture.labels.dense is None


@pytest.mark.parametrize("layout", ["face_synthetics", "datagen"])
def test_all_of_it_is_beside_the_files_of_a_layout(tmp_path, layout):
    produce(tmp_path, DiscPictures(write=tuple(EXTRAS)), start=0, stop=1, workers=1, layout=layout)
    names = {path.name for path in tmp_path.glob("000000_*")}
    endings = {"depth.png", "normals.png", "seg.png", "dense.npz", "pose.json", "hidden.csv"}
    assert names >= {f"000000_{ending}" for ending in endings}


def test_the_spec_of_a_folder_without_more_is_as_it_always_was(tmp_path):
    """Folders that were rendered before stay valid."""
    produce(tmp_path / "plain", DiscPictures(), start=0, stop=1, workers=1)
    spec = json.loads((tmp_path / "plain" / SPEC).read_text())
    assert sorted(spec) == ["dense", "layout", "recipe", "renderer", "seed", "size"]
    assert spec["dense"] is False
    more = DiscPictures(write=("depth", "dense"))
    produce(tmp_path / "more", more, start=0, stop=1, workers=1)
    spec = json.loads((tmp_path / "more" / SPEC).read_text())
    assert (spec["dense"], spec["write"]) == (True, ["depth"])


def test_a_folder_with_other_extras_is_refused(tmp_path):
    produce(tmp_path, DiscPictures(), start=0, stop=1, workers=1)
    with pytest.raises(InputError, match="write 'nothing'"):
        produce(tmp_path, DiscPictures(write=("depth",)), start=0, stop=2, workers=1)


def test_an_unknown_extra_is_refused():
    with pytest.raises(InputError, match="write has 'albedo'; allowed are depth, normals"):
        RecipePictures(recipe=Recipe(name="any"), seed=0, size=64, write=("albedo",))
