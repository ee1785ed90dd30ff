"""Batches: right shares, every face dealt, and the same whoever makes them."""

import albumentations as A
import numpy as np
import pytest
import torch

from landmarks.augmentation import Augmentation, Geometry
from landmarks.training.batches import FaceSource, MixtureBatches, load, parts

AUGMENT = Augmentation(
    geometry=Geometry(rotation=20, scale=0.2, mirror=0.5),
    transforms=[A.GaussNoise((0.01, 0.05)), A.ImageCompression(p=1)],
)


def source(crops, indices, share):
    return FaceSource(
        crops=crops,
        indices=np.asarray(indices),
        landmarks=crops.landmarks,
        visible=crops.visible,
        augmentation=AUGMENT,
        share=share,
    )


class Spy(MixtureBatches):
    """Notes which faces a batch holds."""

    def _face(self, number, position):
        self.drawn.append((number, position))
        return super()._face(number, position)


def dealt(sources, batch_size, steps):
    spy = Spy(sources, batch_size, steps, seed=0)
    per_step = []
    for step in range(steps):
        spy.drawn = []
        spy[step]
        per_step.append(spy.drawn)
    return per_step


@pytest.mark.parametrize("share", [0.5, 0.3, 0.9])
def test_shares_come_out_right_and_each_batch_is_full(toy_crops, share):
    sources = [source(toy_crops, range(30), share), source(toy_crops, range(30, 40), 1 - share)]
    steps = dealt(sources, 8, 50)
    assert all(len(step) == 8 for step in steps)
    given = sum(number == 0 for step in steps for number, _ in step)
    assert abs(given - share * 400) < 1
    counts = {sum(number == 0 for number, _ in step) for step in steps}
    assert max(counts) - min(counts) <= 1
    for number in (0, 1):
        positions = [p for step in steps for n, p in step if n == number]
        assert positions == list(range(len(positions)))


def test_every_face_is_dealt_before_any_comes_again(toy_crops):
    batches = MixtureBatches([source(toy_crops, [3, 5, 7, 11], 1.0)], 4, 6, seed=0)
    landmarks = {round(float(x), 1) for x in toy_crops.landmarks[[3, 5, 7, 11], 0, 0]}
    plain = Augmentation(geometry=Geometry())
    object.__setattr__(batches.sources[0], "augmentation", plain)
    for step in range(6):
        seen = {round(float(x) + toy_crops.border, 1) for x in batches[step].landmarks[:, 0, 0]}
        assert seen == landmarks


@pytest.mark.parametrize("workers", [1, 2])
def test_batches_are_the_same_for_any_number_of_workers(toy_crops, workers):
    batches = MixtureBatches([source(toy_crops, range(40), 1.0)], 4, 6, seed=3)
    alone = list(load(batches, first=0, workers=0))
    for one, other in zip(alone, load(batches, first=0, workers=workers), strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.landmarks, other.landmarks)


def test_batches_go_on_where_they_stopped(toy_crops):
    batches = MixtureBatches([source(toy_crops, range(40), 1.0)], 4, 6, seed=3)
    rest = list(load(batches, first=4, workers=0))
    assert len(rest) == 2
    assert torch.equal(rest[0].images, batches[4].images)


def test_parts_of_a_batch_are_the_batch_and_each_has_its_share_of_every_source(toy_crops):
    sources = [source(toy_crops, range(30), 0.5), source(toy_crops, range(30, 40), 0.5)]
    whole = MixtureBatches(sources, 8, 3, seed=0)
    for step in range(3):
        made = [whole.part(i, 2)[step] for i in range(2)]
        for name in ("images", "landmarks", "visible"):
            halves = [getattr(part, name) for part in made]
            assert torch.equal(torch.stack(halves, 1).flatten(0, 1), getattr(whole[step], name))
        for one, other in zip(made, parts(whole[step], 2), strict=True):
            assert torch.equal(one.images, other.images)
    spies = [Spy(sources, 8, 1, seed=0).part(i, 2) for i in range(2)]
    for spy in spies:
        spy.drawn = []
        spy[0]
        assert [number for number, _ in spy.drawn] == [0, 0, 1, 1]


def test_another_seed_gives_other_batches(toy_crops):
    one, other = (
        MixtureBatches([source(toy_crops, range(40), 1.0)], 4, 2, seed=s)[0] for s in (0, 1)
    )
    assert not torch.equal(one.images, other.images)
