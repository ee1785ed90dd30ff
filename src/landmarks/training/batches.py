"""Batches: what every optimiser step sees, a function of the seed and the step's number alone.

Batch t can be made by any process, in any order, after any interruption, and is the same.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from landmarks.augmentation import Augmentation, View, ViewBatch
from landmarks.data.crops import FaceCrops
from landmarks.training.batch import Batch
from landmarks.training.interruption import ignore_interrupt


@dataclass(frozen=True, kw_only=True)
class FaceSource:
    """Faces of one domain, as a training step draws them.

    Attributes:
        crops: The stored faces.
        indices: (n,) which of them.
        landmarks: (N, K, 2) canvas pixels, for all stored faces: their own labels, or adapted.
        augmentation: What happens to a face before the model sees it.
        share: Of every batch.
    """

    crops: FaceCrops
    indices: NDArray[np.intp]
    landmarks: NDArray[np.float32]
    augmentation: Augmentation
    share: float


class MixtureBatches(Dataset[Batch | ViewBatch]):
    """Batch number t of a training step, for t from 0 to `steps` - 1.

    Each source gives its share of every batch, rounded so that the shares come out right over
    time, and deals its faces like cards: none comes again before all have come.

    Args:
        sources: Their shares sum to 1.
        batch_size: Faces in a batch.
        steps: Number of batches.
        seed: Decides every draw.
    """

    def __init__(
        self, sources: Sequence[FaceSource], batch_size: int, steps: int, seed: int
    ) -> None:
        self.sources = tuple(sources)
        self.batch_size = batch_size
        self.steps = steps
        self.seed = seed
        self._part = slice(None)
        self._gather: Callable[[Sequence[View]], Batch | ViewBatch] = developed

    def on(self, device: torch.device) -> "MixtureBatches":
        """The same batches, for `device`, to which `to` brings them.

        A GPU makes their pixels itself; a CPU gets them from the processes that draw them.
        """
        chosen = copy(self)
        chosen._gather = developed if device.type == "cpu" else ViewBatch.of
        return chosen

    def part(self, number: int, parts: int) -> "MixtureBatches":
        """Batches of every `parts`-th face of these, from face `number` on.

        Each part has its share of every source, and the parts together are the whole.
        """
        chosen = copy(self)
        chosen._part = slice(number, None, parts)
        return chosen

    def __len__(self) -> int:
        """Number of batches."""
        return self.steps

    def __getitem__(self, step: int) -> Batch | ViewBatch:
        """Batch number `step`."""
        dealt = []
        before = 0.0
        for number, source in enumerate(self.sources):
            first, last = (
                _share(before, source.share, self.batch_size, t) for t in (step, step + 1)
            )
            before += source.share
            dealt += [(number, position) for position in range(first, last)]
        return self._gather([self._view(*card) for card in dealt[self._part]])

    def _view(self, number: int, position: int) -> View:
        """A view of the face that source `number` deals as its `position`-th card."""
        source = self.sources[number]
        count = len(source.indices)
        i = source.indices[_deal(self.seed, number, position // count, count)[position % count]]
        return source.augmentation.draw(
            source.crops.images[i],
            source.landmarks[i],
            source.crops.visible[i],
            size=source.crops.size,
            scheme=source.crops.scheme,
            rng=np.random.default_rng([self.seed, number, position, 1]),
        )


def developed(views: Sequence[View]) -> Batch:
    """A batch whose pixels are made here."""
    return Batch(
        images=torch.from_numpy(np.stack([view.image() for view in views])),
        landmarks=torch.from_numpy(np.stack([view.landmarks for view in views])),
        visible=torch.from_numpy(np.stack([view.visible for view in views])),
    )


@lru_cache(maxsize=8)
def _deal(seed: int, number: int, round_: int, count: int) -> NDArray[np.intp]:
    """The order in which source `number` deals its faces in one round."""
    return np.random.default_rng([seed, number, round_]).permutation(count)


def _share(before: float, share: float, batch_size: int, step: int) -> int:
    """Faces that a source has given before `step`: cumulative shares, rounded down.

    The difference of two such floors, so that the sources of a batch always fill it exactly.
    """
    return _floor((before + share) * batch_size * step) - _floor(before * batch_size * step)


def _floor(value: float) -> int:
    return int(np.floor(value + 1e-6))


def parts(batch: Batch, count: int) -> list[Batch]:
    """`batch` in `count` parts, divided as by `MixtureBatches.part`; no pixel is copied."""
    return [
        Batch(batch.images[i::count], batch.landmarks[i::count], batch.visible[i::count])
        for i in range(count)
    ]


def load(
    batches: MixtureBatches, *, first: int, workers: int, pin: bool = False
) -> DataLoader[Batch | ViewBatch]:
    """Batches `first` to the last, in order, made by `workers` processes or, if 0, in this one.

    With `pin` they lie in memory that a GPU copies from at once.
    """
    return DataLoader(
        batches,
        batch_size=None,
        sampler=range(first, len(batches)),
        num_workers=workers,
        pin_memory=pin,
        prefetch_factor=4 if workers else None,
        worker_init_fn=ignore_interrupt,
    )
