"""Images that can be read but show too little of a face are found."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from landmarks.audit.images import ImageCheck
from landmarks.audit.looks import blockiness
from landmarks.audit.material import Material
from landmarks.data.images import ImageFile
from landmarks.data.toy import read_toy
from tests.audit.changed import Pixels, changed, compressed, resized


@pytest.fixture(scope="module")
def faces():
    return read_toy(domain="stand_in", count=30, seed=0, size=160)


def found(dataset):
    return ImageCheck()(Material(sets={"real": dataset}))


def test_sound_images_are_no_finding(faces):
    assert found(faces) == []


def filled(value):
    def change(image, landmarks):
        image = image.copy()
        image[round(landmarks[:, 1].mean()) :] = value
        return image, landmarks

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda image, points: resized(image, points, 0.2), "small faces"),
        (lambda image, points: compressed(image, points, 8), "heavy compression"),
        (lambda image, points: (image // 40, points), "black, white or flat images"),
        (lambda image, points: (255 - (255 - image) // 10, points), "black, white or flat images"),
        (lambda image, points: (image // 64 + 100, points), "black, white or flat images"),
        (filled(128), "no picture in part of a face"),
        (filled(0), "no picture in part of a face"),
    ],
)
def test_each_fault_is_found_in_the_faces_that_have_it(faces, change, fault):
    (finding,) = found(changed(faces, change, range(10, 20)))
    assert finding.fault == fault
    assert set(finding.faces) <= set(range(10, 20))
    assert len(finding.faces) >= 7
    assert finding.price is None


def test_faces_of_a_test_set_that_are_too_dark_have_a_price(faces):
    dark = changed(faces, lambda image, points: (image // 40, points), range(10))
    material = Material(sets={"test": dark}, device="cpu")
    (finding,) = ImageCheck()(material)
    errors = material.predictions("test").errors
    wrong = np.isin(np.arange(30), finding.faces)
    assert finding.price.nme == pytest.approx(errors.mean() - errors[~wrong].mean())


def test_a_single_dark_photo_of_many_is_no_fault_of_the_dataset(faces):
    def dark(image, points):
        return image // 40, points

    some = replace(faces, faces=faces.faces[:20])
    assert len(found(changed(some, dark, [3]))) == 1
    many = tuple(
        replace(face, id=f"{face.id}/{k}", group=f"{face.group}/{k}")
        for k in range(6)
        for face in faces.faces
    )
    assert found(changed(replace(faces, faces=many), dark, [3])) == []


def test_unreadable_images_are_listed_instead_of_stopping_the_audit(faces):
    broken = list(faces.faces)
    for i in (4, 8):
        broken[i] = replace(broken[i], image=Pixels(None))
    (finding,) = found(replace(faces, faces=tuple(broken)))
    assert finding.fault == "unreadable images"
    assert finding.faces == (4, 8)
    assert "2 images cannot be read. cut short" in finding.text


def on_disk(faces, folder, name, **options):
    stored = list(faces.faces)
    Image.fromarray(stored[0].image.read()).save(folder / name, **options)
    stored[0] = replace(stored[0], image=ImageFile(folder / name))
    return replace(faces, faces=tuple(stored))


def test_a_suffix_of_another_format_is_found(faces, tmp_path):
    (finding,) = found(on_disk(faces, tmp_path, "face.jpg", format="PNG"))
    assert finding.fault == "wrong file suffix"
    assert "face.jpg is PNG" in finding.text
    assert found(on_disk(faces, tmp_path, "face.png", format="PNG")) == []


def test_coarse_jpeg_tables_are_found_where_blocks_are_hard_to_see(faces, tmp_path):
    (finding,) = found(on_disk(faces, tmp_path, "face.jpg", quality=12))
    assert finding.fault == "heavy compression"
    assert found(on_disk(faces, tmp_path, "fine.jpg", quality=60)) == []


def test_blockiness_does_not_depend_on_where_blocks_begin():
    rng = np.random.default_rng(0)
    blocks = np.kron(rng.integers(0, 255, (20, 20)), np.ones((8, 8))).astype(np.uint8)
    noisy = cv2.add(blocks, rng.integers(0, 8, blocks.shape).astype(np.uint8))
    assert blockiness(noisy) > 5
    assert blockiness(np.ascontiguousarray(noisy[3:, 5:])) > 5
    assert blockiness(rng.integers(0, 255, (160, 160)).astype(np.uint8)) < 1.2
    assert blockiness(blocks[:40, :40]) == 1.0
