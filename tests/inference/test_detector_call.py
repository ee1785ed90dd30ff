"""Calling a detector: photos in every form, boxes given or found, and what is not imported."""

import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.geometry import GivenBoxCrop, LandmarkCrop, Square, crop_matrix, warp
from landmarks.inference import detector as module
from landmarks.inference.detector import Detector
from landmarks.inference.finders.finder import FoundBox, distinct, enlarged, overlaps, reduced
from landmarks.inference.region import cut
from tests.small import small_architecture, unnormalised_architecture

BOX = (30.0, 40.0, 120.0, 130.0)

ENGINE = ("landmarks.training", "albumentations", "hydra", "omegaconf", "tensorboard", "warp")
ALONE = f"""
import sys
from landmarks import Detector
(face,) = Detector.load("detector.safetensors")("photo.png", boxes=[{BOX}])
assert face.points.shape == (68, 2)
Detector.load("detector.safetensors")("photo.png")
print([name for name in {ENGINE} if name in sys.modules])
"""


@dataclass(frozen=True)
class Told:
    """A finder that was told where the faces are, the same in every photo."""

    boxes: tuple[tuple[float, float, float, float], ...]

    def find(self, images):
        return [tuple(FoundBox(box, 1.0) for box in self.boxes) for _ in images]


@pytest.fixture(scope="module")
def detector():
    architecture = unnormalised_architecture()  # so that a batch does not change a face
    network = architecture.start(68, seed=0).eval()
    return Detector(network=network, architecture=architecture, crop=LandmarkCrop(1.35))


@pytest.fixture(scope="module")
def images():
    return [face.image.read() for face in read_toy(count=3, domain="synthetic").faces]


def test_a_photo_may_be_a_file_an_image_or_an_array(detector, images, tmp_path):
    path = tmp_path / "photo.png"
    picture = Image.fromarray(images[0])
    picture.save(path)
    for photo in (path, str(path), picture, picture.convert("RGBA"), images[0]):
        (face,) = detector(photo, boxes=[BOX])
        assert face.box == BOX
        np.testing.assert_array_equal(face.points, detector(images[0], boxes=[BOX])[0].points)


def test_several_photos_give_what_they_give_one_by_one(detector, images):
    boxes = [[BOX, (10.0, 10.0, 80.0, 90.0)], [], [BOX]]
    together = detector(images, boxes=boxes)
    assert [len(faces) for faces in together] == [2, 0, 1]
    for image, own, faces in zip(images, boxes, together, strict=True):
        for one, other in zip(detector(image, boxes=own), faces, strict=True):
            assert one.box == other.box
            np.testing.assert_allclose(one.points, other.points, atol=1e-3)
    with pytest.raises(InputError, match="boxes of 1 photos for 3 photos; give a list for each"):
        detector(images, boxes=[[BOX]])


class Ring:
    """An adapter that puts the landmarks on a ring in the crop, whatever the network says."""

    def adapt(self, landmarks):
        angle = np.arange(68) * np.pi / 34
        ring = np.stack([30 + 20 * np.cos(angle), 35 + 22 * np.sin(angle)], axis=1)
        return np.tile(ring.astype(np.float32), (len(landmarks), 1, 1))


def test_a_box_that_was_found_is_corrected_by_the_landmarks_of_a_first_look(detector, images):
    spread = replace(detector, adapter=Ring(), finder=Told((BOX,)))
    (first,) = spread(images[0], boxes=[BOX])
    (face,) = spread(images[0])
    np.testing.assert_allclose(face.box[:2], first.points.min(axis=0))
    np.testing.assert_allclose(face.box[2:], first.points.max(axis=0))
    assert face.box != BOX
    np.testing.assert_array_equal(face.points, spread(images[0], boxes=[face.box])[0].points)


def test_landmarks_far_from_filling_their_box_do_not_correct_it(detector, images):
    (face,) = replace(detector, finder=Told((BOX,)))(images[0])
    assert face.box == BOX


def test_two_boxes_of_one_face_are_one_face(detector, images):
    near = tuple(side + 2 for side in BOX)
    far = (110.0, 100.0, 159.0, 159.0)
    faces = replace(detector, finder=Told((BOX, near, far)))(images[0])
    assert len(faces) == 2
    assert replace(detector, finder=Told(()))(images[0]) == []


def test_boxes_of_another_kind_must_be_given(detector, images):
    given = replace(detector, crop=GivenBoxCrop(1.2))
    assert len(given(images[0], boxes=[BOX])) == 1
    with pytest.raises(InputError, match="was trained on boxes that came with its photos"):
        given(images[0])


@pytest.mark.parametrize("square", [(80, 70, 60), (5, 150, 90), (80, 80, 400), (-80, 400, 30)])
def test_a_crop_of_a_part_of_the_photo_is_that_of_the_whole(square):
    image = np.tile(
        read_toy(count=1, domain="synthetic", size=320).faces[0].image.read(), (1, 2, 1)
    )
    square = Square(*map(float, square))
    whole = warp(image, crop_matrix(square, 64), 64).astype(int)
    # Averages over whole pixels may begin elsewhere, which matters at edges only.
    assert np.abs(cut(image, square, 64) - whole).mean() < 0.6


def test_a_box_of_a_reduced_copy_is_mapped_to_the_photo():
    image = np.zeros((30, 4000, 3), np.uint8)
    image[10:20, 1000:2000] = 255
    small, factor = reduced(image, 1000)
    assert (small.shape[1], factor) == (1000, 4)
    inside = np.flatnonzero(small[4, :, 0] == 255)
    x0, _, x1, _ = enlarged((inside[0] - 0.5, 0, inside[-1] + 0.5, 0), factor)
    assert (x0, x1) == (999.5, 1999.5)  # the outer edges of the pixels
    assert reduced(image, 4000)[0] is image


def test_boxes_overlap_by_their_common_area_over_their_union():
    one, half, apart = (0, 0, 10, 10), (5, 0, 15, 10), (20, 0, 30, 10)
    np.testing.assert_allclose(overlaps([one], [one, half, apart]), [[1, 1 / 3, 0]])
    assert overlaps([], [one]).shape == (0, 1)
    assert distinct([one, (1, 0, 10, 10), half, apart]) == [0, 2, 3]


def test_without_bundled_weights_a_file_must_be_named(detector, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BUNDLED", tmp_path / "detector.safetensors")
    with pytest.raises(InputError, match=r"no bundled weights .*; give a detector\.safetensors"):
        Detector.load()
    small = replace(detector, network=detector.architecture.start(68, seed=1))
    small.save(tmp_path / "detector.safetensors")
    with pytest.raises(InputError, match="is of another package"):  # it is read
        Detector.load()
    with pytest.raises(InputError, match="torch sees"):
        Detector.load(device="cuda:99")


def test_a_prediction_imports_neither_the_training_nor_its_libraries(images, tmp_path):
    architecture = small_architecture()
    network = architecture.start(68, seed=0).eval()
    Detector(network=network, architecture=architecture, crop=LandmarkCrop()).save(
        tmp_path / "detector.safetensors"
    )
    Image.fromarray(images[0]).save(tmp_path / "photo.png")
    command = [sys.executable, "-c", ALONE]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
