"""The face-normalised frame: landmarks without translation, scale and in-plane rotation."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor


@dataclass(frozen=True)
class Frame:
    """The similarity transform from the reference shape to each face.

    Attributes:
        centre: (N, 1, 2) mean landmark, pixels.
        turn: (N, 2, 2) rotation times scale, from normalised units to pixels.
    """

    centre: Tensor
    turn: Tensor

    @classmethod
    def of(cls, points: Tensor, reference: Tensor) -> "Frame":
        """The least-squares similarity from `reference` (K, 2) to each face of `points` (N, K, 2).

        Umeyama, 1991; in two dimensions the rotation has a closed form.
        """
        centre = points.mean(dim=1, keepdim=True)
        offset = points - centre
        norm = (reference**2).sum()
        cos = (offset * reference).sum(dim=(1, 2)) / norm
        sin = (offset[..., 1] * reference[:, 0] - offset[..., 0] * reference[:, 1]).sum(1) / norm
        turn = torch.stack([torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)], -2)
        return cls(centre, turn)

    def normalise(self, points: Tensor) -> Tensor:
        """Pixels (N, K, 2) to the face-normalised frame."""
        return cast(Tensor, torch.linalg.solve(self.turn, points - self.centre, left=False))

    def to_pixels(self, shapes: Tensor) -> Tensor:
        """The face-normalised frame (N, K, 2) to pixels."""
        return shapes @ self.turn + self.centre


def reference_shape(points: Tensor, order: Tensor) -> Tensor:
    """Symmetric mean face, (K, 2): centred and of unit size, by generalised Procrustes analysis.

    Args:
        points: (N, K, 2) in any pixels.
        order: (K,) mirror permutation.
    """
    flip = points.new_tensor([-1.0, 1.0])
    both = torch.cat([points, (points * flip)[:, order]])
    both = both - both.mean(dim=1, keepdim=True)
    reference = both[0]
    for _ in range(10):
        mean = Frame.of(both, reference).normalise(both).mean(dim=0)
        mean = (mean + (mean * flip)[order]) / 2
        reference = mean / (mean**2).sum(dim=-1).mean().sqrt()
    return reference
