"""Images that are turned against their labels are found."""

import numpy as np
import pytest
from PIL import Image

from landmarks.audit.material import Material
from landmarks.audit.orientation import OrientationCheck
from landmarks.data.pts import read_pts_folder
from landmarks.data.toy import read_toy
from tests.audit.changed import changed


@pytest.fixture(scope="module")
def faces():
    return read_toy(domain="stand_in", count=16, seed=0, size=160)


def found(dataset, **options):
    return OrientationCheck(**options)(Material(sets={"real": dataset}, device="cpu"))


# The bundled detector is no judge of cartoons at the limits that suit photos.
CARTOONS = {"far": 0.2, "near": 0.2, "ratio": 1.5}


def test_upright_images_are_no_finding(faces):
    assert found(faces, **CARTOONS) == []


def test_turned_images_are_found(faces):
    def turn(image, landmarks):
        return np.ascontiguousarray(np.rot90(image)), landmarks

    (finding,) = found(changed(faces, turn, range(8)), **CARTOONS)
    assert finding.fault == "images turned against their labels"
    assert set(finding.faces) <= set(range(8))
    assert len(finding.faces) >= 4
    assert "turned by 90 degrees" in finding.text
    assert "audit.json names them" in finding.fix
    assert finding.price is None  # what a training makes of them is unknown


def test_turned_test_images_have_a_price(faces):
    def turn(image, landmarks):
        return np.ascontiguousarray(np.rot90(image, 2)), landmarks

    material = Material(sets={"test": changed(faces, turn, range(4))}, device="cpu")
    (finding,) = OrientationCheck(**CARTOONS)(material)
    whole = Material(sets={"test": faces}, device="cpu").predictions("test").errors.mean()
    cost = material.predictions("test").errors.mean() - whole
    assert finding.price.low < cost < 1.3 * finding.price.high


def test_labels_that_ignore_the_exif_orientation_are_found_with_the_option_that_fixes_it(
    faces, tmp_path
):
    for i, face in enumerate(faces.faces[:8]):
        image = Image.fromarray(face.image.read())
        tags = image.getexif()
        tags[274] = 6
        image.save(tmp_path / f"{i}.jpg", exif=tags, quality=95)
        np.savetxt(tmp_path / f"{i}.pts", face.landmarks + 1)
    (finding,) = found(read_pts_folder(tmp_path), **CARTOONS)
    assert "change data.real.orientation" in finding.fix
    assert found(read_pts_folder(tmp_path, orientation="ignore"), **CARTOONS) == []
