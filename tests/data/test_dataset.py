"""Data sets: what cannot be a face is refused, and content is content."""

import numpy as np
import pytest
from PIL import Image

from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.images import ImageFile
from landmarks.errors import InputError


def face(tmp_path, name="a", landmarks=None, value=0):
    path = tmp_path / f"{name}.png"
    Image.new("RGB", (8, 8), (value, 0, 0)).save(path)
    points = np.arange(136, dtype=np.float32).reshape(68, 2) if landmarks is None else landmarks
    return Face(id=name, image=ImageFile(path), landmarks=points, group=name)


def dataset(*faces):
    return FaceDataset(name="set", origin="here", faces=faces)


def test_no_faces_are_refused():
    with pytest.raises(InputError, match="set: no faces in here"):
        dataset()


def test_two_faces_of_one_name_are_refused(tmp_path):
    with pytest.raises(InputError, match="two faces are called 'a'"):
        dataset(face(tmp_path), face(tmp_path))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.zeros((67, 2), np.float32), r"shape \(67, 2\); expected \(68, 2\)"),
        (np.full((68, 2), np.nan, np.float32), "landmark 0 is not a finite number"),
        (np.zeros((68, 2), np.float32), "outer eye corners .* coincide"),
    ],
)
def test_landmarks_that_cannot_be_used_are_refused(tmp_path, points, message):
    with pytest.raises(InputError, match=message):
        dataset(face(tmp_path, landmarks=points))


def test_content_follows_pixels_and_labels_but_not_the_place(tmp_path):
    here, there, other = (tmp_path / name for name in ("here", "there", "other"))
    for folder in (here, there, other):
        folder.mkdir()
    original = dataset(face(here)).content
    assert dataset(face(there)).content == original
    assert dataset(face(other, value=1)).content != original
    moved = np.arange(136, dtype=np.float32).reshape(68, 2)
    moved[3] += 0.01
    assert dataset(face(there, landmarks=moved)).content != original


def test_the_content_of_known_bytes_is_known(tmp_path):
    """As it was before image hashes were kept, so that artifacts stay valid."""
    labels = np.arange(136, dtype=np.float32).reshape(68, 2)
    more = [
        {},
        {"subset": "hard", "box": (1.0, 2.5, 3.0, 4.0)},
        {"visible": np.arange(68) % 2 == 0},
    ]
    faces = []
    for k, options in enumerate(more):
        path = tmp_path / f"{k}.png"
        path.write_bytes(bytes([k]) * 100)
        faces.append(
            Face(id=str(k), image=ImageFile(path), landmarks=labels + k, group=f"g{k}", **options)
        )
    assert dataset(*faces).content == "2809c88c2cf49fc56026889dae12cc71"


@pytest.mark.parametrize("fault", [np.nan, np.inf, 0.0])
def test_the_one_face_at_fault_is_named_among_many(tmp_path, monkeypatch, fault):
    monkeypatch.setattr("landmarks.data.label_checks._BLOCK", 4)
    faces = [face(tmp_path, f"face {k}") for k in range(11)]
    faces[9].landmarks[[36, 45]] = fault
    with pytest.raises(InputError, match=r"face 'face 9'.*(landmark 36|coincide)"):
        dataset(*faces)


def test_eye_corners_may_be_close_but_not_the_same(tmp_path):
    points = np.arange(136, dtype=np.float32).reshape(68, 2)
    points[45] = points[36] + [0.0015, 0]
    dataset(face(tmp_path, landmarks=points))
    points[45] = points[36] + [0.0005, 0]
    with pytest.raises(InputError, match="coincide"):
        dataset(face(tmp_path, landmarks=points))


def test_a_description_counts_and_names(tmp_path):
    text = str(dataset(face(tmp_path), face(tmp_path, "b")).describe())
    assert text.startswith("set, 2 faces on 2 photos, from here")
