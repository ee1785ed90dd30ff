"""Labels in a wrong frame or order are found, and only those."""

from dataclasses import replace

import numpy as np
import pytest
from faces_on_disk import (
    FACE,
    FACE_SIZE,
    assert_drawn_at_its_landmarks,
    draw,
    refusal,
)
from formats_on_disk import write_pts

from landmarks.data.dataset import FaceDataset
from landmarks.data.mean_face import MEAN_FACE, mean_face_of
from landmarks.data.plausibility import outside_border, wrong_frame, wrong_order, wrong_unit
from landmarks.data.pts import read_pts_folder
from landmarks.data.toy import read_toy
from landmarks.data.w300 import read_w300
from landmarks.scheme import IBUG68, OnLine, load_scheme, scheme_from, shipped_schemes
from landmarks.synthesis.mesh.assets import head_arrays, landmark_table

MIRROR = list(IBUG68.mirror)
ALL = np.arange(68)
WIDTH, HEIGHT = FACE_SIZE


def reordered(first, last, order):
    """The 68 positions, those from `first` to `last` in another order."""
    positions = ALL.copy()
    positions[first : last + 1] = order
    return positions


# What is wrong with the labels of each face, and words of the message.
FRAMES = {
    "row and column": (lambda faces: faces[..., ::-1], ["x and y are exchanged", "rows_columns"]),
    "y up": (lambda faces: faces * [1, -1] + [0, 159], ["y points up", "frame=y_up"]),
    "y up, negative": (lambda faces: faces * [1, -1], ["y points up"]),
    "left and right": (lambda faces: faces[:, MIRROR], ["left and right", "landmarks=[16,15,"]),
    "mirrored images": (lambda faces: faces * [-1, 1] + [159, 0], ["left and right"]),
}
ORDERS = {
    "jaw from the left": reordered(0, 16, range(16, -1, -1)),
    "left eye first": reordered(36, 47, [*range(42, 48), *range(36, 42)]),
    "one line lost": np.roll(ALL, -1),
    "mouth anticlockwise": reordered(49, 59, range(59, 48, -1)),
    "eyes anticlockwise": reordered(37, 47, [*range(41, 36, -1), 42, *range(47, 42, -1)]),
    "other parts first": np.roll(ALL, 31),
}


@pytest.fixture(scope="module")
def faces():
    """Landmarks of drawn faces."""
    return read_toy(count=60, domain="stand_in", seed=8).landmarks.astype(np.float64)


def frame_of(faces):
    return wrong_frame(
        faces, np.ones(faces.shape[:2], bool), [f"f{i}" for i in range(len(faces))], IBUG68
    )


def test_the_mean_face_is_that_of_the_project_s_own_head():
    table = landmark_table()["bary_asset"]
    corners, weights = (np.array([row[k] for row in table]) for k in (0, 1))
    points = np.einsum("kc,kcd->kd", weights, head_arrays()["template"][corners.astype(int)])
    front = points[:, [0, 2]] * [1, -1]
    front = (front + front[MIRROR] * [-1, 1]) / 2
    front = (front - front.mean(axis=0)) / np.linalg.norm(front[36] - front[45])
    np.testing.assert_allclose(front, MEAN_FACE, atol=0.006)


@pytest.mark.parametrize("fault", FRAMES)
@pytest.mark.parametrize("count", [1, 4, 60])
def test_a_wrong_frame_is_found(faces, fault, count):
    change, words = FRAMES[fault]
    found = frame_of(change(faces[:count]))
    assert all(word in found for word in words)
    assert f"{count} of {count} faces" in found


def test_mirrored_copies_whose_indices_were_not_exchanged_are_found(faces):
    copies = faces[::4] * [-1, 1] + [159, 0]
    found = frame_of(np.concatenate([faces, copies]))
    assert "left and right are exchanged" in found
    assert "in 15 of 75 faces checked, e.g. 'f60'" in found


def test_points_without_label_are_not_compared(faces):
    visible = np.ones(faces.shape[:2], bool)
    visible[:, :17] = False
    hidden = faces.copy()
    hidden[:, :17] = 0
    ids = [str(i) for i in range(len(faces))]
    assert wrong_frame(hidden, visible, ids, IBUG68) is None
    assert "x and y" in wrong_frame(hidden[..., ::-1], visible, ids, IBUG68)


@pytest.mark.parametrize("order", ORDERS)
def test_another_order_is_found_with_the_list_that_corrects_it(faces, order):
    written = ORDERS[order]
    assert frame_of(faces[:, written]) is None
    found = wrong_order(faces[:, written])
    assert f"landmarks=[{','.join(map(str, np.argsort(written)))}]" in found


def test_few_faces_show_a_wrong_order_but_not_how_to_correct_it(faces):
    for order in ("jaw from the left", "left eye first", "one line lost", "other parts first"):
        found = wrong_order(faces[:8, ORDERS[order]])
        assert "the order of the landmarks is another one" in found
        assert "landmarks=[" not in found


@pytest.mark.parametrize("count", [1, 4, 60])
def test_correct_labels_pass_however_the_image_is_turned(faces, count):
    for quarter_turns in range(4):
        angle = quarter_turns * np.pi / 2
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        assert frame_of(faces[:count] @ turn) is None
    assert wrong_order(faces[:count]) is None


def test_points_that_are_not_a_face_pass():
    for seed in range(50):
        points = np.random.default_rng(seed).uniform(0, 300, (1, 68, 2))
        assert frame_of(points) is None
        assert wrong_order(points) is None
    line = np.linspace(0, 99, 68)[None, :, None] * [1.0, 2.0]
    assert frame_of(line) is None
    assert wrong_order(line) is None
    assert wrong_order(np.zeros((3, 68, 2))) is None


def test_fractions_and_per_cent_are_found_by_the_sizes_of_the_images():
    large = [(640, 480)] * 3
    assert "frame=fractions" in wrong_unit(np.array([0.1, 0.93]), [(64, 48)])
    assert "frame=fractions" in wrong_unit(np.array([-0.9, -0.1]), [(64, 48)])  # first_pixel 1
    assert "frame=percent" in wrong_unit(np.array([12.0, 97.5]), large)
    assert wrong_unit(np.array([12.0, 97.5]), large[:2]) is None  # two photos can be chance
    assert wrong_unit(np.array([12.0, 97.5]), [*large, (128, 128)]) is None
    assert wrong_unit(np.array([12.0, 250.0]), large) is None
    assert wrong_unit(np.array([-30.0, 97.5]), large) is None


def test_whole_numbers_one_pixel_outside_the_image_show_a_wrong_first_pixel():
    face = FACE - FACE.min(axis=0)
    size = tuple((face.max(axis=0) + 1).tolist())  # the labels reach all four borders

    def found(shift):
        points = np.stack([face, face, face]).astype(float) + shift
        return outside_border(points, lambda _: size)

    assert "above or to the left" in found(-1)
    assert "below or to the right" in found(1)
    assert found(0) is None
    assert found(-0.5) is None
    assert found(2) is None  # further outside: not the border of the image


# How a file can give the pixels of FACE, and the options that read it.
WRITTEN = {
    "rows_columns": FACE[:, ::-1],
    "y_up": FACE * [1, -1] + [0, HEIGHT - 1],
    "fractions": FACE / FACE_SIZE,
    "percent": 100 * FACE / FACE_SIZE,
}


@pytest.mark.parametrize("frame", WRITTEN)
def test_the_option_that_is_named_reads_the_labels(tmp_path, frame):
    for name in ("a", "b", "c"):
        draw(tmp_path / f"{name}.png", FACE, FACE_SIZE)
        write_pts(tmp_path / f"{name}.pts", np.round(WRITTEN[frame] - 1, 4))
    with refusal(str(tmp_path), f"set frame={frame}, or frame=pixels"):
        read_pts_folder(tmp_path, first_pixel=0.0)
    dataset = read_pts_folder(tmp_path, first_pixel=0.0, frame=frame)
    assert_drawn_at_its_landmarks(dataset.faces[0])
    assert f"coordinates: read as {frame}" in dataset.notes


def test_a_frame_counts_from_the_first_pixel(tmp_path):
    draw(tmp_path / "a.png", FACE, FACE_SIZE)
    write_pts(tmp_path / "a.pts", WRITTEN["y_up"])  # counts from 1
    assert_drawn_at_its_landmarks(read_pts_folder(tmp_path, frame="y_up").faces[0])


def test_left_and_right_are_exchanged_by_the_list_that_is_named(tmp_path):
    draw(tmp_path / "a.png", FACE, FACE_SIZE)
    write_pts(tmp_path / "a.pts", FACE[MIRROR])
    with refusal("left and right are exchanged", f"landmarks=[{','.join(map(str, MIRROR))}]"):
        read_pts_folder(tmp_path)
    assert_drawn_at_its_landmarks(read_pts_folder(tmp_path, landmarks=MIRROR).faces[0])


def test_pixels_takes_the_labels_as_they_are(tmp_path):
    draw(tmp_path / "a.png", FACE, FACE_SIZE)
    write_pts(tmp_path / "a.pts", FACE[MIRROR])
    dataset = read_pts_folder(tmp_path, frame="pixels")
    assert np.array_equal(dataset.landmarks[0], FACE[MIRROR])


def test_an_unknown_frame_is_refused(tmp_path):
    with refusal("frame is 'yx'; expected null or one of pixels, rows_columns, y_up"):
        read_pts_folder(tmp_path, frame="yx")


@pytest.mark.parametrize("domain", ["stand_in", "synthetic"])
def test_drawn_faces_pass_in_small_groups(domain):
    assert_no_false_alarm(read_toy(count=80, domain=domain, seed=1).faces)


def test_real_faces_pass_in_small_groups_and_with_a_fault_they_do_not(shared_data):
    for folder in ("afw", "helen/trainset"):
        dataset = read_w300(shared_data / "300w", folders=[folder])
        assert_no_false_alarm(dataset.faces[:200])
        faces = dataset.landmarks.astype(np.float64)
        for change, words in FRAMES.values():
            for first in range(0, len(faces) - 4, 40):
                assert words[0] in frame_of(change(faces[first : first + 4]))


def assert_no_false_alarm(faces):
    for count in (1, 4, 40):
        for first in range(0, len(faces), count):
            FaceDataset(name="part", origin="here", faces=tuple(faces[first : first + count]))


PLACED = {
    0: OnLine("right_eye", 0),
    1: OnLine("left_eye", 3),
    2: OnLine("nose_bridge", 3),
    3: OnLine("outer_lip", 0),
    4: OnLine("outer_lip", 6),
}
FIVE = scheme_from(
    {
        "name": "five",
        "points": ["right_eye", "left_eye", "nose", "right_mouth", "left_mouth"],
        "normaliser": "box",
        "sources": {"ibug68": [36, 45, 30, 48, 54]},
    }
)


@pytest.mark.parametrize("scheme", [FIVE, replace(FIVE, sources={}, places=PLACED)])
def test_a_wrong_frame_is_found_in_a_scheme_of_few_landmarks(faces, scheme):
    few = faces[:, [36, 45, 30, 48, 54]]
    seen, ids = np.ones(few.shape[:2], bool), [f"f{i}" for i in range(len(few))]
    assert wrong_frame(few, seen, ids, scheme) is None
    assert "x and y" in wrong_frame(few[..., ::-1], seen, ids, scheme)
    assert "y points up" in wrong_frame(few * [1, -1], seen, ids, scheme)
    exchanged = wrong_frame(few[:, [1, 0, 2, 4, 3]], seen, ids, scheme)
    assert "right_eye must be on the person's right" in exchanged
    assert "landmarks=[1,0,2,4,3]" in exchanged


def test_landmarks_without_a_known_place_are_not_compared(faces):
    unknown = replace(FIVE, sources={})
    few = faces[:, [36, 45, 30, 48, 54], ::-1]
    seen, ids = np.ones(few.shape[:2], bool), [f"f{i}" for i in range(len(few))]
    assert wrong_frame(few, seen, ids, unknown) is None


@pytest.mark.parametrize("name", shipped_schemes())
def test_the_mean_face_of_a_shipped_scheme_is_symmetric_and_upright(name):
    scheme = load_scheme(name)
    mean = mean_face_of(scheme)
    mirrored = mean[list(scheme.mirror)] * [-1, 1]
    np.testing.assert_allclose(mirrored, mean, atol=0.03)
    if name != "dense":  # all of whose places are vertices
        assert (~np.isnan(mean[:, 0])).sum() >= 5
