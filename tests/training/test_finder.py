"""Scenes are the same for the same seed, their boxes are where the faces are; maps give boxes."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from landmarks.errors import InputError
from landmarks.models.box_maps import box_network, decode
from landmarks.training.device import Machine
from landmarks.training.finder import scene
from landmarks.training.finder.batches import SceneBatches
from landmarks.training.finder.fit import fit_finder
from landmarks.training.finder.material import paint_backgrounds, read_faces
from landmarks.training.finder.objective import distance, targets
from landmarks.training.finder.scene import Material, compose
from landmarks.training.finder.stage import FACE, UNCERTAIN, Stage
from landmarks.training.schedule import Schedule
from tests.training.finder_material import drawn_faces, plain_backgrounds

SIZE = 128


@pytest.fixture(scope="module")
def material():
    return Material(faces=drawn_faces(6), backgrounds=plain_backgrounds(3))


def scenes(material, count):
    return [compose(material, SIZE, np.random.default_rng([5, i])) for i in range(count)]


def test_a_seed_gives_the_same_scene_and_another_seed_another(material):
    one, same = (compose(material, SIZE, np.random.default_rng(3)) for _ in range(2))
    other = compose(material, SIZE, np.random.default_rng(4))
    np.testing.assert_array_equal(one.image, same.image)
    np.testing.assert_array_equal(one.boxes, same.boxes)
    assert (one.image != other.image).any()


def test_boxes_are_tight_around_the_faces_that_are_drawn(material, monkeypatch):
    """Faces are the only magenta things of these scenes."""
    for name in ("tinted", "photographed"):
        monkeypatch.setattr(scene, name, lambda image, rng: image)
    monkeypatch.setattr(scene, "add_clutter", lambda canvas, faces, rng: None)
    alone = [s for s in scenes(material, 120) if s.kinds.tolist() == [FACE]]
    errors = []
    for one in alone:
        y, x = np.nonzero((one.image.astype(int) - (255, 0, 255) == 0).all(axis=2))
        box = one.boxes[0].clip(0, SIZE - 1)
        errors.append(np.abs(box - (x.min(), y.min(), x.max(), y.max())).max())
    assert len(alone) > 10
    assert np.median(errors) < 2.5  # pixels; some faces are partly covered


def test_faces_are_of_the_sizes_that_are_to_be_found(material):
    found = scenes(material, 120)
    boxes = np.concatenate([s.boxes[s.kinds == FACE] for s in found])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    assert 15 <= sides.min() < 20
    assert 50 < sides.max() <= 56
    doubtful = np.concatenate([s.boxes[s.kinds == UNCERTAIN] for s in found])
    assert (doubtful[:, 2:] - doubtful[:, :2]).max() <= 56 * 1.3 + 1e-3


def test_a_face_that_is_half_covered_is_neither_face_nor_background(material):
    faces, stage = material.faces, Stage(np.zeros((SIZE, SIZE, 3), np.uint8))
    picture, points = faces.pictures[0], faces.landmarks[0].astype(float)
    matrix = np.array([[1.0, 0, 10], [0, 1.0, 10]])
    stage.put(picture, matrix, picture[..., 3] > 0, points)
    assert stage.found()[1].tolist() == [FACE]
    stage.cover(np.s_[:, : int(points[:, 0].mean()) + 10])
    boxes, kinds = stage.found()
    assert kinds.tolist() == [UNCERTAIN]
    np.testing.assert_allclose(boxes[0, :2], points.min(axis=0) + 10, atol=1e-4)
    stage.cover(np.s_[:, :])
    assert len(stage.found()[0]) == 0


def test_maps_of_boxes_decode_to_the_boxes():
    boxes = torch.tensor([[[10.0, 12, 31, 40], [60, 50, 125, 121], [3, 90, 15, 103]]])
    wanted = targets(boxes, torch.full((1, 3), FACE), 32, 32)
    logits = torch.logit(wanted.heat.clamp(1e-4, 1 - 1e-4))
    maps = torch.cat([logits[:, None], wanted.places], dim=1)
    found, scores, pictures = decode(maps, 0.9)
    assert scores.min() > 0.99
    assert pictures.tolist() == [0, 0, 0]
    order = found[:, 0].argsort()
    torch.testing.assert_close(found[order], boxes[0][[2, 0, 1]], atol=1e-3, rtol=0)


def test_what_is_uncertain_costs_nothing():
    box = torch.tensor([[[20.0, 20, 80, 80]]])
    empty = targets(box, torch.zeros(1, 1), 32, 32)
    unsure = targets(box, torch.full((1, 1), UNCERTAIN), 32, 32)
    maps = torch.full((1, 5, 32, 32), -9.0)
    maps[:, 0, 8:16, 8:16] = 3.0  # the middle of the box
    assert distance(maps, unsure) < 0.01 < 10 < distance(maps, empty)


def test_a_training_goes_on_where_it_was_interrupted(material, tmp_path):
    schedule = Schedule(steps=20, batch_size=2, learning_rate=1e-3)
    batches = SceneBatches(material, size=64, batch_size=2, steps=20, seed=0)
    machine = Machine(device="cpu", precision="float32", checkpoint_seconds=0)

    def train(folder, stop_at):
        folder.mkdir(exist_ok=True)
        torch.manual_seed(0)

        def watch(step, loss, rate):
            losses[step] = loss
            if step == stop_at:
                raise KeyboardInterrupt

        fit_finder(
            box_network((4, 8)),
            batches,
            schedule,
            machine=machine,
            directory=folder,
            on_progress=watch,
        )

    losses = {}
    train(tmp_path / "whole", None)
    whole, losses = losses, {}
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", 20)
    train(tmp_path / "parts", None)
    assert losses == pytest.approx(whole)
    weights = [
        (tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "parts")
    ]
    assert weights[0] == weights[1]


def test_backgrounds_are_those_of_their_seed():
    one, same, other = (paint_backgrounds(1, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    with pytest.raises(InputError, match=r"has no \.hdr file"):
        paint_backgrounds(1, 0, str(Path(__file__).parent))


def test_faces_are_read_with_their_classes(tmp_path):
    faces = drawn_faces(2)
    for i, (picture, points) in enumerate(zip(faces.pictures, faces.landmarks, strict=True)):
        cv2.imwrite(str(tmp_path / f"{i}.png"), picture[..., 2::-1])
        cv2.imwrite(str(tmp_path / f"{i}_seg.png"), picture[..., 3])
        rows = np.concatenate([points, points[36:38]])
        np.savetxt(tmp_path / f"{i}_ldmks.txt", rows, "%.4f")
    read = read_faces([tmp_path])
    np.testing.assert_array_equal(read.pictures, faces.pictures)
    np.testing.assert_allclose(read.landmarks, faces.landmarks, atol=1e-3)
    (tmp_path / "1_seg.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="not a segmentation of the picture beside it"):
        read_faces([tmp_path])
