"""Batches, and the conventions for arrays in this project.

Coordinates are `(x, y)` float32 pixels with `(0, 0)` at the centre of the top-left pixel. Three
frames exist: *source* pixels (the image file), *crop* pixels (what the model sees) and *heatmap*
pixels (its output). `landmarks` without a qualifier are crop pixels in a `Batch` and source pixels
in a `Face`.

Shape letters: B batch, N faces of a dataset, K landmarks, H and W image, h and w heatmap.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Augmented crops with their landmarks, ready for a step.

    Attributes:
        images: (B, H, W, 3) uint8 RGB; small to move between processes, made float on the device.
        landmarks: (B, K, 2) float32 crop pixels.
        visible: (B, K) bool; the loss ignores the others.
    """

    images: Tensor
    landmarks: Tensor
    visible: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same batch on `device`."""
        return Batch(*(t.to(device, non_blocking=True) for t in self._tensors()))

    def pin_memory(self) -> "Batch":
        """The same batch in page-locked memory; `DataLoader` calls this for CUDA."""
        return Batch(*(t.pin_memory() for t in self._tensors()))

    def _tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.images, self.landmarks, self.visible
