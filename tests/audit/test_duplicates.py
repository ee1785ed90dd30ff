"""Copies of photos are found, and different faces are not taken for copies."""

from dataclasses import replace

import numpy as np
import pytest

from landmarks.audit.copies import likeness, patterns
from landmarks.audit.duplicates import DuplicateCheck
from landmarks.audit.looks import SIDE
from landmarks.audit.material import Material
from landmarks.data.toy import read_toy
from landmarks.geometry import mirrored
from landmarks.scheme import IBUG68
from tests.audit.changed import changed, compressed, cropped, joined, resized


@pytest.fixture(scope="module")
def real():
    return read_toy(domain="stand_in", count=24, seed=0, size=128)


@pytest.fixture(scope="module")
def test_set():
    return read_toy(domain="stand_in", count=12, seed=1, size=128)


def flipped(image, landmarks):
    return np.ascontiguousarray(image[:, ::-1]), mirrored(landmarks, image.shape[1], IBUG68)


def some(dataset, positions):
    return replace(dataset, faces=tuple(dataset.faces[i] for i in positions))


def test_different_faces_are_no_copies(real, test_set):
    assert DuplicateCheck()(Material(sets={"real": real, "test": test_set})) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda *face: face, "the same file"),
        (compressed, "changed or compressed again"),
        (resized, "of another size"),
        (flipped, "mirrored"),
        (cropped, "of another size"),
    ],
)
def test_a_test_photo_that_is_a_training_photo_is_a_leak(real, test_set, change, kind):
    copies = some(real, [5, 9])
    if kind != "the same file":
        copies = changed(copies, change)
    material = Material(sets={"real": real, "test": joined(test_set, copies)})
    (finding,) = DuplicateCheck()(material)
    assert finding.data == "real and test"
    assert finding.fault == "the same photo on both sides"
    assert set(zip(finding.faces, finding.beside, strict=True)) == {(5, 12), (9, 13)}
    assert f"2 {kind}" in finding.text
    assert "remove these faces from the training set" in finding.fix


def test_a_photo_that_is_there_twice_is_found_with_the_difference_of_its_labels(real):
    def moved(image, landmarks):
        wave = np.stack([np.cos(np.arange(68)), np.sin(np.arange(68))], axis=1)
        unit = np.linalg.norm(landmarks[45] - landmarks[36])
        return image, landmarks + 0.02 * unit * wave

    material = Material(sets={"real": joined(real, changed(some(real, [7]), moved))})
    (finding,) = DuplicateCheck()(material)
    assert finding.fault == "photos that are there twice"
    assert (finding.faces, finding.beside) == ((7,), (24,))
    assert "Their labels differ by 2.0 %" in finding.text


def test_mirrored_copies_that_the_reader_keeps_together_are_no_finding(real):
    copies = changed(some(real, [3]), flipped)
    both = joined(real, copies)
    faces = (*both.faces[:-1], replace(both.faces[-1], group=real.faces[3].group))
    assert DuplicateCheck()(Material(sets={"real": replace(both, faces=faces)})) == []


def test_two_faces_of_one_photo_in_different_groups_are_found(real):
    side_by_side = np.concatenate([real.faces[0].image.read(), real.faces[2].image.read()], axis=1)
    pair = changed(
        some(real, [0, 2]),
        lambda image, landmarks: (
            side_by_side,
            landmarks + np.array([128 * (landmarks is real.faces[2].landmarks), 0]),
        ),
    )
    material = Material(sets={"real": joined(some(real, range(4, 14)), pair)})
    (finding,) = DuplicateCheck()(material)
    assert finding.fault == "faces of one photo, not grouped"
    assert (finding.faces, finding.beside) == ((10,), (11,))


def test_people_that_the_names_say_are_on_both_sides_are_found(real, test_set):
    shared = replace(test_set.faces[0], group=real.faces[4].group)
    named = replace(test_set, faces=(shared, *test_set.faces[1:]), namespace="people")
    material = Material(sets={"real": replace(real, namespace="people"), "test": named})
    findings = DuplicateCheck()(material)
    (finding,) = [f for f in findings if f.fault == "photos or people on both sides, by name"]
    assert 4 in finding.faces


def test_the_likeness_of_a_picture_with_itself_is_1_and_with_noise_is_low():
    rng = np.random.default_rng(0)
    picture, noise = (rng.integers(0, 255, (SIDE, SIDE)).astype(np.uint8) for _ in range(2))
    assert likeness(picture, picture) == pytest.approx(1, abs=1e-3)
    assert likeness(picture, noise) < 0.3


def test_an_image_of_one_colour_resembles_nothing():
    grey = np.full((2, SIDE, SIDE), 128, np.uint8)
    assert not patterns(grey).any()
