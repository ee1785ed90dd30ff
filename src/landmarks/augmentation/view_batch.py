"""ViewBatch: drawn views that travel to a device as canvases and numbers, and become crops there.

What `View.image` does to one face on a CPU, done to a batch by torch. Faces to which a part does
not happen are not touched by it, and how many there are is known before anything is sent, so that
nothing waits for the device.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landmarks.augmentation.appearance import MOST_BLOCKS
from landmarks.augmentation.jpeg import compressed
from landmarks.augmentation.look import Look, gamma_table, grain_start, smoothing
from landmarks.augmentation.pixels import (
    coloured,
    covered,
    looked_up,
    moved,
    noisy,
    smoothed,
    warped,
)
from landmarks.augmentation.view import View
from landmarks.geometry import inverse
from landmarks.training.batch import Batch


@dataclass(frozen=True, slots=True)
class Some:
    """What happens to some faces of a batch.

    Attributes:
        faces: (n,) their places in the batch.
        values: One tensor or more, (n, ...) each.
    """

    faces: Tensor
    values: tuple[Tensor, ...]

    def each(self, change: Callable[[Tensor], Tensor]) -> "Some":
        """The same, with every tensor changed."""
        return Some(change(self.faces), tuple(change(value) for value in self.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewBatch:
    """Views of a batch, on the way to the device that makes crops of them.

    Attributes:
        canvases: (B, C, C, 3) uint8.
        to_canvas: (B, 3, 3) float32 maps from crop pixels to canvas pixels.
        size: Side of the crops.
        landmarks: (B, K, 2) float32 crop pixels.
        visible: (B, K) bool.
        blocks: (n, m, 4) left, top, right, bottom and (n, m, 3) colours; unused ones are empty.
        colours: (n, 3, 4) maps of levels.
        gamma: (n, 256) levels for levels.
        motion: (n, k, k) kernels.
        smooth: (n, size, size) matrices of `look.smoothing`.
        noise: (n,) deviations, levels, and (n,) beginnings in the table of grain.
        quality: (n,) of JPEG compression.
    """

    canvases: Tensor
    to_canvas: Tensor
    size: int
    landmarks: Tensor
    visible: Tensor
    blocks: Some
    colours: Some
    gamma: Some
    motion: Some
    smooth: Some
    noise: Some
    quality: Some

    @staticmethod
    def of(views: Sequence[View]) -> "ViewBatch":
        """The views of a batch, one size for all."""
        size = views[0].size
        looks = [view.look for view in views]

        def some(
            happens: Callable[[Look], bool], *values: Callable[[Look], NDArray[np.generic]]
        ) -> Some:
            faces = [i for i, look in enumerate(looks) if happens(look)]
            stacks = [[value(looks[i]) for i in faces] for value in values]
            return Some(
                torch.tensor(faces, dtype=torch.long),
                tuple(torch.from_numpy(np.stack(s)) if s else torch.empty(0) for s in stacks),
            )

        longest = max((len(k.motion) for k in looks if k.motion is not None), default=1)
        return ViewBatch(
            canvases=torch.from_numpy(np.stack([view.canvas for view in views])),
            to_canvas=torch.from_numpy(
                inverse(np.stack([view.matrix for view in views])).astype(np.float32)
            ),
            size=size,
            landmarks=torch.from_numpy(np.stack([view.landmarks for view in views])),
            visible=torch.from_numpy(np.stack([view.visible for view in views])),
            blocks=some(
                lambda k: k.blocks is not None,
                lambda k: _padded(np.asarray(k.blocks), MOST_BLOCKS),
                lambda k: _padded(np.asarray(k.paints), MOST_BLOCKS),
            ),
            colours=some(lambda k: k.colours is not None, lambda k: np.asarray(k.colours)),
            gamma=some(lambda k: k.gamma != 1, lambda k: gamma_table(k.gamma)),
            motion=some(
                lambda k: k.motion is not None, lambda k: _centred(np.asarray(k.motion), longest)
            ),
            smooth=some(lambda k: k.defocus > 0 or k.downscale < 1, lambda k: smoothing(k, size)),
            noise=some(
                lambda k: k.noise > 0,
                lambda k: np.array(k.noise, np.float32),
                lambda k: np.array(grain_start(k.grain, size)),
            ),
            quality=some(lambda k: k.quality is not None, lambda k: np.array(k.quality)),
        )

    def pin_memory(self) -> "ViewBatch":
        """The same in page-locked memory; `DataLoader` calls this for CUDA."""
        return self._each(Tensor.pin_memory)

    def to(self, device: torch.device) -> Batch:
        """The crops, made on `device`."""
        there = self._each(lambda tensor: tensor.to(device, non_blocking=True))
        return Batch(there._crops(), there.landmarks, there.visible)

    def _each(self, change: Callable[[Tensor], Tensor]) -> "ViewBatch":
        changed = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Some):
                value = value.each(change)
            elif isinstance(value, Tensor):
                value = change(value)
            changed[field.name] = value
        return ViewBatch(**changed)

    def _crops(self) -> Tensor:
        """(B, S, S, 3) uint8, where the tensors are."""
        levels = warped(self.canvases, self.to_canvas, self.size)
        for some, part in (
            (self.blocks, covered),
            (self.colours, coloured),
            (self.gamma, looked_up),
            (self.motion, moved),
            (self.smooth, smoothed),
            (self.noise, noisy),
            (self.quality, compressed),
        ):
            if len(some.faces):
                changed = part(levels[some.faces], *some.values)
                levels[some.faces] = changed.round_().clamp_(0, 255)
        return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _padded(rows: NDArray[np.generic], count: int) -> NDArray[np.generic]:
    """Rows up to `count`, those added being 0: an empty block."""
    return np.pad(rows, ((0, count - len(rows)), (0, 0)))


def _centred(kernel: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A kernel in the middle of a larger one."""
    return np.pad(kernel, (side - len(kernel)) // 2)
