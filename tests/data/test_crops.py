"""Stored crops: the same pixels as the source, and a way back."""

import numpy as np
import pytest
from PIL import Image

from landmarks.data.crops import FaceCrops, canvas_size, make_crops
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.images import ImageFile
from landmarks.errors import InputError
from landmarks.geometry import GivenBoxCrop, LandmarkCrop
from landmarks.scheme import IBUG68


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
    directory.mkdir()
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


def test_a_given_box_rules_where_it_is_asked_for(tmp_path):
    face = dotted_face(tmp_path, box=(100.0, 100.0, 200.0, 200.0))
    crops = store(tmp_path, [face], GivenBoxCrop(1.0))
    corners = crops.to_source(np.array([[[-0.5, -0.5], [95.5, 95.5]]], np.float32), np.array([0]))
    np.testing.assert_allclose(corners[0], [[100, 100], [200, 200]], atol=1e-3)


def test_a_face_without_the_box_it_needs_is_named(tmp_path):
    with pytest.raises(InputError, match="face 'face': a face comes without a box"):
        store(tmp_path, [dotted_face(tmp_path)], GivenBoxCrop())


def test_a_broken_image_stops_the_whole_and_is_named(tmp_path):
    good, bad = dotted_face(tmp_path, "good"), dotted_face(tmp_path, "bad")
    whole = bad.image.path.read_bytes()
    bad.image.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"bad\.png: cannot be decoded"):
        store(tmp_path, [good, bad])


def test_a_worker_is_sent_an_address_not_the_pixels(toy_crops):
    import pickle

    assert toy_crops.images.nbytes > 100_000
    assert len(pickle.dumps(toy_crops)) < 10_000


def test_reading_twice_gives_the_same_bytes(tmp_path):
    face = dotted_face(tmp_path)
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    np.testing.assert_array_equal(store(first, [face]).images, store(second, [face]).images)
