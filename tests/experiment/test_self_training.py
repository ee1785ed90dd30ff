"""Learning from photos without labels: what is hidden, what is counted, what the labels are."""

import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from landmarks.augmentation import Geometry
from landmarks.data.crops import FaceCrops, make_crops
from landmarks.data.toy import read_toy
from landmarks.data.unlabelled import without_labels
from landmarks.errors import InputError
from landmarks.experiment.results import Ledger
from landmarks.experiment.run import run
from landmarks.experiment.steps import LabelPhotos, Real, SelfLabelled, Synthetic, Train
from landmarks.experiment.strategies import (
    self_training,
    self_training_real_only,
    self_training_synthetic_only,
)
from landmarks.geometry import GivenBoxCrop, LandmarkCrop
from landmarks.scheme import IBUG68
from landmarks.training.device import Machine
from landmarks.training.labelling import SelfLabelling
from landmarks.training.schedule import Schedule
from landmarks.training.self_labels import SELF_LABELS, SelfLabels, label, load_labels
from tests.experiment.test_run import DATA, PLAIN, experiment
from tests.small import small_architecture

LONG = Schedule(steps=6, batch_size=4, learning_rate=2e-3)
SHORT = Schedule(steps=4, batch_size=6, learning_rate=5e-4)
HOW = SelfLabelling(views=2, keep=0.5)
PHOTOS = partial(without_labels, partial(read_toy, count=20, domain="stand_in", seed=3))
MACHINE = Machine(device="cpu", precision="float32")


def labelled():
    return read_toy(count=20, domain="stand_in", seed=3)


def test_photos_without_labels_keep_their_images_and_lose_their_labels():
    bare, known = PHOTOS(box_noise=0.0), labelled()
    assert bare.image_contents == known.image_contents
    assert [face.group for face in bare.faces] == [face.group for face in known.faces]
    for face, other in zip(bare.faces, known.faces, strict=True):
        assert len(face.labelled) == 0
        assert face.box == pytest.approx(
            (*other.landmarks.min(axis=0), *other.landmarks.max(axis=0)), abs=1e-3
        )
        assert np.abs(face.landmarks - other.landmarks).max() > 1  # a mean face is in their place


@pytest.mark.parametrize("noise", [0.03, 0.1])
def test_boxes_have_noise_of_the_size_that_is_said(noise):
    photos = partial(without_labels, partial(read_toy, count=600, domain="stand_in", seed=3))
    exact, noisy = (
        np.array([face.box for face in photos(box_noise=size).faces]) for size in (0.0, noise)
    )
    assert f"noise of {100 * noise:g} %" in " ".join(photos(box_noise=noise).notes)
    width, height = (exact[:, i + 2] - exact[:, i] for i in (0, 1))
    side = np.maximum(width, height)
    moved = (noisy[:, :2] + noisy[:, 2:] - exact[:, :2] - exact[:, 2:]) / 2 / side[:, None]
    grown = np.log((noisy[:, 2] - noisy[:, 0]) / width)
    for found in (moved[:, 0], moved[:, 1], grown):
        assert found.std() == pytest.approx(noise, rel=0.12)
        assert abs(found.mean()) < noise / 5


def test_the_boxes_of_the_files_can_be_used():
    faces = labelled()
    boxed = replace(
        faces, faces=tuple(replace(face, box=(1.0, 2.0, 90.0, 80.0)) for face in faces.faces)
    )
    bare = without_labels(lambda: boxed, box_noise=None)
    assert {face.box for face in bare.faces} == {(1.0, 2.0, 90.0, 80.0)}
    with pytest.raises(InputError, match="has no box in the files"):
        without_labels(labelled, box_noise=None)


@pytest.mark.parametrize("noise", [-0.1, 0.5, "small", True])
def test_impossible_noise_is_refused(noise):
    with pytest.raises(InputError, match="box_noise is"):
        PHOTOS(box_noise=noise)


@pytest.mark.parametrize("rule", [LandmarkCrop(1.5), GivenBoxCrop(1.5)])
def test_a_photo_without_labels_is_cropped_by_its_box(tmp_path, rule):
    make_crops(PHOTOS(box_noise=0.0), rule, 64, tmp_path)
    bare = FaceCrops(tmp_path, 64, IBUG68)
    (tmp_path / "labelled").mkdir()
    make_crops(labelled(), LandmarkCrop(1.5), 64, tmp_path / "labelled")
    known = FaceCrops(tmp_path / "labelled", 64, IBUG68)
    np.testing.assert_allclose(bare.to_canvas, known.to_canvas, rtol=1e-5, atol=1e-3)
    assert not bare.visible.any()


class Pointer(small_architecture().network.func):
    """Finds the brightest pixel, as all landmarks."""

    def __init__(self):
        super().__init__(68, widths=[8, 8])

    def forward(self, images):
        light = images.mean(dim=1, keepdim=True)
        pooled = light.unflatten(2, (-1, 4)).unflatten(4, (-1, 4)).mean(dim=(3, 5))
        return 1000 * pooled.expand(-1, 68, -1, -1)


def test_labels_are_in_the_frame_of_the_stored_faces(tmp_path):
    make_crops(PHOTOS(box_noise=0.05), LandmarkCrop(1.5), 64, tmp_path)
    crops = FaceCrops(tmp_path, 64, IBUG68)
    spots = np.random.default_rng(0).integers(40, 56, (len(crops), 2))
    crops.__dict__["images"] = np.zeros_like(crops.images)
    for canvas, (x, y) in zip(crops.images, spots, strict=True):
        canvas[y - 3 : y + 4, x - 3 : x + 4] = 255
    how = SelfLabelling(views=5, keep=0.5, geometry=Geometry(rotation=15, scale=0.1, shift=0.05))
    found = label(Pointer(), small_architecture(), crops, how, seed=0, machine=MACHINE)
    apart = np.linalg.norm(found.landmarks - spots[:, None], axis=-1)
    assert apart.mean() < 1.5  # a heatmap pixel is four
    assert (found.spread < 4 / 64).all()


def test_the_faces_whose_views_agree_best_are_kept(tmp_path):
    spread = np.array([0.3, 0.1, 0.2, 0.5, 0.4], np.float32)
    labels = SelfLabels(np.zeros((5, 68, 2), np.float32), spread)
    assert labels.kept(0.6).tolist() == [0, 1, 2]
    assert labels.kept(1.0).tolist() == [0, 1, 2, 3, 4]
    labels.save(tmp_path)
    np.testing.assert_array_equal(load_labels(tmp_path / SELF_LABELS).spread, spread)


@pytest.mark.parametrize("bad", [{"views": 0}, {"keep": 0}, {"keep": 1.5}, {"views": 2.5}])
def test_labelling_that_labels_nothing_is_refused(bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        SelfLabelling(**bad)


def test_each_round_learns_from_the_labels_of_the_model_before_it():
    strategy = self_training(LONG, SHORT, SHORT, HOW, rounds=2)
    *_, tuned, first_labels, first, second_labels, second = strategy.steps
    assert (first_labels, second_labels) == (LabelPhotos(tuned, HOW), LabelPhotos(first, HOW))
    assert (first.start, second.start) == (tuned, first)
    assert [part.source for part in second.on] == [
        Synthetic(),
        Real(),
        SelfLabelled(second_labels),
    ]
    assert strategy.roles == ("real", "unlabelled", "test", "synthetic")


def test_the_controls_leave_out_one_kind_of_faces():
    without_real = self_training_synthetic_only(LONG, SHORT, HOW, rounds=1)
    assert without_real.roles == ("unlabelled", "test", "synthetic")
    without_synthetic = self_training_real_only(LONG, SHORT, HOW, rounds=1)
    assert without_synthetic.roles == ("real", "unlabelled", "test")


@pytest.mark.parametrize("rounds", [0, 1.5, True])
def test_impossible_rounds_are_refused(rounds):
    with pytest.raises(InputError, match="rounds is"):
        self_training(LONG, SHORT, SHORT, HOW, rounds=rounds)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("self_training")
    return run(self_trained(folder)), folder


def self_trained(folder, **changes):
    return experiment(
        folder,
        self_training(LONG, SHORT, SHORT, HOW, rounds=1),
        data=replace(DATA, unlabelled=partial(PHOTOS, box_noise=0.05)),
        augmentation={"real": PLAIN, "synthetic": PLAIN, "unlabelled": PLAIN},
        **changes,
    )


def test_the_ledger_counts_photos_without_labels(trained):
    result, _ = trained
    assert Ledger(**result.ledger) == Ledger(
        n_real=10, photos=10, training=10, adapter=0, validation=0, total=10, unlabelled=20
    )
    assert [step["name"] for step in result.steps] == [
        "pretrain",
        "finetune",
        "self_labels",
        "self_training_1",
    ]
    assert "noise of 5 %" in " ".join(result.data["unlabelled"]["notes"])
    assert result.products["self_labels"] == 1


def test_the_labels_of_photos_are_made_once(trained, tmp_path):
    result, folder = trained
    again = run(self_trained(folder, out=tmp_path / "again"))
    assert again.timings["steps"]["self_labels"]["reused"]
    assert again.nme == result.nme


def test_damaged_labels_stop_a_run_in_one_line(trained, tmp_path):
    result, folder = trained
    shutil.copytree(folder / "artifacts", tmp_path / "artifacts")
    (made,) = (step for step in result.steps if step["name"] == "self_labels")
    (tmp_path / "artifacts" / made["artifact"] / SELF_LABELS).write_bytes(b"damaged")
    strategy = self_training(LONG, SHORT, replace(SHORT, steps=5), HOW, rounds=1)
    with pytest.raises(InputError, match=f"{SELF_LABELS}"):
        run(replace(self_trained(tmp_path), strategy=strategy))


def test_a_test_image_among_the_photos_is_refused(tmp_path):
    data = replace(DATA, unlabelled=partial(without_labels, DATA.test, box_noise=0.05))
    with pytest.raises(InputError, match=r"unlabelled training face .* on the same image"):
        run(replace(self_trained(tmp_path), data=data))


def test_a_strategy_that_needs_photos_says_so(tmp_path):
    with pytest.raises(InputError, match=r"needs unlabelled faces, but data\.unlabelled is null"):
        replace(self_trained(tmp_path), data=DATA)
    assert isinstance(self_trained(tmp_path).strategy.model, Train)
