"""Stored crops: the same pixels as the source, and a way back."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from landmarks.data.crops import FaceCrops, canvas_size, make_crops, stored_crops
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.images import ImageFile
from landmarks.errors import InputError
from landmarks.geometry import GivenBoxCrop, LandmarkCrop
from landmarks.scheme import IBUG68
from landmarks.storage.artifacts import ArtifactStore


def dotted_face(tmp_path, name="face", box=None):
    """A picture whose landmark 33 is the only bright spot."""
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(80, 220, (68, 2)).astype(np.float32)
    landmarks[33] = [150.3, 141.8]
    y, x = np.mgrid[0:300, 0:320]
    spot = np.exp(-((x - 150.3) ** 2 + (y - 141.8) ** 2) / (2 * 3.0**2))
    path = tmp_path / f"{name}.png"
    Image.fromarray((spot * 255).astype(np.uint8)).save(path)
    return Face(id=name, image=ImageFile(path), landmarks=landmarks, group=name, box=box)


def store(tmp_path, faces, rule=None, size=96):
    dataset = FaceDataset(name="dots", origin="here", faces=tuple(faces))
    directory = tmp_path / "crops"
    directory.mkdir(exist_ok=True)
    make_crops(dataset, rule or LandmarkCrop(1.3), size, directory)
    return FaceCrops(directory, size, IBUG68)


def brightest(image):
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
    weight = image[..., 0].astype(float)
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


def test_the_spot_is_at_its_landmark_on_the_canvas_and_on_the_crop(tmp_path):
    crops = store(tmp_path, [dotted_face(tmp_path)])
    assert crops.images.shape == (1, canvas_size(96), canvas_size(96), 3)
    np.testing.assert_allclose(brightest(crops.images[0]), crops.landmarks[0, 33], atol=0.1)
    crop = crops.crops(np.array([0]))[0]
    np.testing.assert_allclose(brightest(crop), crops.landmarks[0, 33] - crops.border, atol=0.1)


def test_crop_pixels_come_back_to_source_pixels(tmp_path):
    crops = store(tmp_path, [dotted_face(tmp_path)])
    back = crops.to_source(crops.landmarks - crops.border, np.array([0]))
    np.testing.assert_allclose(back, crops.source_landmarks, atol=1e-3)


def test_given_boxes_are_used_where_the_rule_asks_for_them(tmp_path):
    face = dotted_face(tmp_path, box=(100.0, 100.0, 200.0, 200.0))
    crops = store(tmp_path, [face], GivenBoxCrop(1.0))
    corners = crops.to_source(np.array([[[-0.5, -0.5], [95.5, 95.5]]], np.float32), np.array([0]))
    np.testing.assert_allclose(corners[0], [[100, 100], [200, 200]], atol=1e-3)


def test_a_face_without_the_box_that_the_rule_needs_is_refused(tmp_path):
    with pytest.raises(InputError, match="face 'face': a face has no box"):
        store(tmp_path, [dotted_face(tmp_path)], GivenBoxCrop())


def test_a_face_outside_its_image_is_refused(tmp_path):
    face = dotted_face(tmp_path, "far")  # on 320 x 300 pixels
    (left, top), (right, bottom) = face.landmarks.min(axis=0), face.landmarks.max(axis=0)
    ways = [(-0.5 - right, 0), (319.5 - left, 0), (0, -0.5 - bottom), (0, 299.5 - top)]
    for way in np.array(ways, np.float32):
        touching, outside = (
            replace(face, landmarks=face.landmarks + way + far * np.sign(way))
            for far in (-0.1, 0.1)
        )
        store(tmp_path, [touching])
        with pytest.raises(
            InputError, match=r"face 'far': .* outside its image of 320 x 300 pixel"
        ):
            store(tmp_path, [dotted_face(tmp_path, "near"), outside])


def test_landmarks_as_fractions_of_the_image_are_refused(tmp_path):
    face = dotted_face(tmp_path, "small")
    small = replace(face, landmarks=face.landmarks / 320)
    with pytest.raises(InputError, match=r"they are fractions of the image; set frame=fractions"):
        store(tmp_path, [small])
    with pytest.raises(InputError, match=r"face 'small': .*must be in pixels, not in fractions"):
        store(tmp_path, [small, dotted_face(tmp_path)])


def test_landmarks_that_do_not_count_may_be_anywhere(tmp_path):
    face = dotted_face(tmp_path)
    landmarks, visible = face.landmarks - 500, np.zeros(68, bool)
    landmarks[[36, 45]] += 500
    visible[[36, 45]] = True
    store(tmp_path, [replace(face, landmarks=landmarks, visible=visible)])
    with pytest.raises(InputError, match="outside its image"):
        store(tmp_path, [replace(face, landmarks=landmarks, visible=~visible)])


def test_a_broken_image_stops_the_call_and_is_named(tmp_path):
    good, bad = dotted_face(tmp_path, "good"), dotted_face(tmp_path, "bad")
    whole = bad.image.path.read_bytes()
    bad.image.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"bad\.png: cannot be decoded"):
        store(tmp_path, [good, bad])


def test_an_interrupted_call_is_continued_only_for_the_same_faces(tmp_path, monkeypatch):
    faces = [dotted_face(tmp_path, f"{k:02}") for k in range(40)]
    whole = faces[39].image.path.read_bytes()
    read = []
    image = ImageFile.read
    monkeypatch.setattr(ImageFile, "read", lambda file: read.append(file) or image(file))

    def cut_short(file):
        return (
            image(file) if file != faces[39].image else image(ImageFile(tmp_path / "missing.png"))
        )

    with monkeypatch.context() as patched:
        patched.setattr(ImageFile, "read", cut_short)
        with pytest.raises(InputError, match=r"missing\.png"):
            store(tmp_path, faces)
    crops = store(tmp_path, faces)
    assert [file.path.stem for file in read] == ["39"]
    faces[0].image.path.write_bytes(whole + b"another file of the same pixels")
    again = store(tmp_path, faces)
    assert len(read) == 1 + 40
    np.testing.assert_array_equal(again.images[39], crops.images[39])


def test_a_call_with_another_rule_or_size_is_not_continued(tmp_path):
    faces = [dotted_face(tmp_path)]
    wide = np.array(store(tmp_path, faces, LandmarkCrop(2.0)).images[0])
    narrow = store(tmp_path, faces, LandmarkCrop(1.3)).images[0]
    assert not np.array_equal(wide, narrow)
    assert store(tmp_path, faces, size=64).images.shape == (1, canvas_size(64), canvas_size(64), 3)


def test_damaged_labels_are_refused(tmp_path):
    store(tmp_path, [dotted_face(tmp_path)])
    path = tmp_path / "crops" / "faces.npz"
    whole = path.read_bytes()
    middle = len(whole) // 2
    for broken in (whole[:-10], whole[:100], b"", whole[:middle] + b"xxxx" + whole[middle + 4 :]):
        path.write_bytes(broken)
        with pytest.raises(InputError, match=r"faces\.npz: cannot be read"):
            FaceCrops(tmp_path / "crops", 96, IBUG68)
    path.unlink()
    with pytest.raises(InputError, match=r"faces\.npz: no such file"):
        FaceCrops(tmp_path / "crops", 96, IBUG68)


def test_crops_of_another_size_are_refused(tmp_path):
    store(tmp_path, [dotted_face(tmp_path)])
    with pytest.raises(InputError, match=r"images of shape \(1, 144, 144, 3\), expected 1 of 96 x"):
        FaceCrops(tmp_path / "crops", 64, IBUG68)


@pytest.mark.parametrize("name", ["images.npy", "faces.npz"])
def test_stored_crops_are_reused_and_rebuilt_if_a_file_is_damaged(tmp_path, name, caplog):
    dataset = FaceDataset(name="dots", origin="here", faces=(dotted_face(tmp_path),))
    root = ArtifactStore(tmp_path / "artifacts")

    def crops(scale=1.3, size=96):
        return stored_crops(dataset, LandmarkCrop(scale), size, root, "test")

    first = crops()
    assert crops().directory == first.directory
    assert len({first.directory, crops(size=64).directory, crops(scale=2.0).directory}) == 3
    pixels = np.array(first.images)
    damaged = first.directory / name
    damaged.write_bytes(damaged.read_bytes()[:-10])
    np.testing.assert_array_equal(crops().images, pixels)
    assert "decoding the images again" in caplog.text


def test_a_worker_is_sent_the_folder_not_the_pixels(toy_crops):
    import pickle

    assert math.prod(toy_crops.images.shape) > 100_000
    assert len(pickle.dumps(toy_crops)) < 10_000


def test_reading_twice_gives_the_same_bytes(tmp_path):
    face = dotted_face(tmp_path)
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    np.testing.assert_array_equal(store(first, [face]).images[0], store(second, [face]).images[0])
