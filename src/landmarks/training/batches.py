"""Batches: what every optimiser step sees, a function of the seed and the step's number alone.

Batch t is the same whichever process makes it, in any order, before or after an interruption.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from landmarks.augmentation import Augmentation, AugmentedFace
from landmarks.data.crops import FaceCrops
from landmarks.training.batch import Batch
from landmarks.training.interruption import ignore_interrupt


@dataclass(frozen=True, kw_only=True)
class FaceSource:
    """Faces of one domain that a training draws from.

    Attributes:
        crops: The stored faces.
        indices: (n,) which of them.
        landmarks: (N, K, 2) canvas pixels, for all stored faces: their own labels, or others.
        visible: (N, K) which of them count, for all stored faces.
        augmentation: Makes a training crop of a stored face.
        share: Fraction of every batch.
    """

    crops: FaceCrops
    indices: NDArray[np.intp]
    landmarks: NDArray[np.float32]
    visible: NDArray[np.bool_]
    augmentation: Augmentation
    share: float


class MixtureBatches(Dataset[Batch]):
    """Batch number t of a training, for t from 0 to `steps` - 1.

    Each source fills its share of every batch, rounded so that the shares are right over time, and
    deals its faces like cards: no face is repeated before all have been dealt.

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

    def part(self, number: int, parts: int) -> "MixtureBatches":
        """The same batches with every `parts`-th of their faces, starting with face `number`.

        Each part has its share of every source; the parts together are the whole.
        """
        chosen = copy(self)
        chosen._part = slice(number, None, parts)
        return chosen

    def __len__(self) -> int:
        """Number of batches."""
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        """Batch number `step`."""
        dealt = []
        before = 0.0
        for number, source in enumerate(self.sources):
            first, last = (
                _share(before, source.share, self.batch_size, t) for t in (step, step + 1)
            )
            before += source.share
            dealt += [(number, position) for position in range(first, last)]
        faces = [self._face(*card) for card in dealt[self._part]]
        return Batch(*(torch.from_numpy(np.stack(column)) for column in zip(*faces, strict=True)))

    def _face(self, number: int, position: int) -> AugmentedFace:
        """A crop of the face that source `number` deals as its card `position`."""
        source = self.sources[number]
        count = len(source.indices)
        i = source.indices[_deal(self.seed, number, position // count, count)[position % count]]
        return source.augmentation.apply(
            # A copy, because the warp reads a mapped file in scattered order: 13 % slower in all.
            np.array(source.crops.images[i]),
            source.landmarks[i],
            source.visible[i],
            size=source.crops.size,
            scheme=source.crops.scheme,
            rng=np.random.default_rng([self.seed, number, position, 1]),
        )


@lru_cache(maxsize=8)
def _deal(seed: int, number: int, round_: int, count: int) -> NDArray[np.intp]:
    """The order in which source `number` deals its faces in one round."""
    return np.random.default_rng([seed, number, round_]).permutation(count)


def _share(before: float, share: float, batch_size: int, step: int) -> int:
    """Number of faces that a source has dealt before `step`.

    The difference of two cumulative shares, each rounded down, so that the sources together fill
    every batch exactly.
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
) -> DataLoader[Batch]:
    """Batches from number `first` to the last, in order.

    Args:
        batches: All batches of the training.
        first: Number of the first one.
        workers: Processes that make them; 0: this process.
        pin: Put them in page-locked memory, from which a GPU copies without waiting.
    """
    return DataLoader(
        batches,
        batch_size=None,
        sampler=range(first, len(batches)),
        num_workers=workers,
        pin_memory=pin,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_start_worker,
    )


def _start_worker(number: int) -> None:
    ignore_interrupt(number)
    cv2.setNumThreads(0)  # one worker for each core is parallel enough
