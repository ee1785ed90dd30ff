"""Adapter: moves landmarks of one convention to another.

It works in a face-normalised frame, with translation, scale and in-plane rotation removed, so that
it can be used in any pixels, and it starts as the identity. How one is fitted: `adaptation`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor, nn

from landmarks.scheme import LandmarkScheme
from landmarks.storage.tensor_files import save_tensors


class Adapter(nn.Module):
    """Adds a correction to landmarks in the face-normalised frame.

    Args:
        reference: (K, 2) mean face: centred, symmetric, of unit root mean square size.
        order: (K,) mirror permutation. The correction of a mirrored face is the mirrored
            correction, by construction.
        hidden: Width of the hidden layer; 0 for an affine correction.
    """

    reference: Tensor
    order: Tensor

    def __init__(self, reference: Tensor, order: Tensor, hidden: int) -> None:
        super().__init__()
        self.register_buffer("reference", reference)
        self.register_buffer("order", order)
        size = reference.numel()
        last = nn.Linear(hidden or size, size)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.correction: nn.Module = (
            nn.Sequential(nn.Linear(size, hidden), nn.GELU(), last) if hidden else last
        )

    def forward(self, shapes: Tensor) -> Tensor:
        """Normalised landmarks (B, K, 2) of one convention to those of the other."""
        reflected = self._mirror(self._correct(self._mirror(shapes)))
        return shapes + (self._correct(shapes) + reflected) / 2

    def _correct(self, shapes: Tensor) -> Tensor:
        offsets = (shapes - self.reference).flatten(1)
        return cast(Tensor, self.correction(offsets)).view(shapes.shape)

    def _mirror(self, shapes: Tensor) -> Tensor:
        return (shapes * shapes.new_tensor([-1.0, 1.0]))[:, self.order]

    @torch.no_grad()
    def adapt(self, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Landmarks of the other convention.

        Args:
            landmarks: (N, K, 2) in any pixels.

        Returns:
            (N, K, 2) in the same pixels. A face whose landmarks coincide has no size to correct
            it by, and stays as it is.
        """
        points = torch.from_numpy(np.asarray(landmarks, np.float64))
        frame = Frame.of(points, self.reference)
        has_size = frame.turn.det() > 0
        frame = Frame(frame.centre[has_size], frame.turn[has_size])
        adapted = points.clone()
        adapted[has_size] = frame.back(self(frame.normalise(points[has_size])))
        return np.asarray(adapted.numpy(), np.float32)


@dataclass(frozen=True)
class Frame:
    """Each face's similarity to the reference: x = centre + rotation and scale of the normalised.

    Attributes:
        centre: (N, 1, 2) mean landmark.
        turn: (N, 2, 2) rotation times scale, from normalised units to pixels.
    """

    centre: Tensor
    turn: Tensor

    @classmethod
    def of(cls, points: Tensor, reference: Tensor) -> "Frame":
        """The least-squares similarity from `reference` (K, 2) to each face of `points` (N, K, 2).

        Umeyama, 1991, in two dimensions, where the rotation has a closed form.
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

    def back(self, shapes: Tensor) -> Tensor:
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


def save_adapter(adapter: Adapter, path: Path) -> None:
    """Write an adapter as safetensors."""
    save_tensors(path, adapter.state_dict())


def load_adapter(path: Path) -> Adapter:
    """Read what `save_adapter` wrote."""
    with safe_open(path, framework="pt") as file:
        return adapter_from_state({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118


def adapter_from_state(state: dict[str, Tensor]) -> Adapter:
    """The adapter whose `state_dict` this is."""
    first = state.get("correction.0.weight")
    adapter = Adapter(state["reference"], state["order"], 0 if first is None else len(first))
    adapter.double().load_state_dict(state)
    return adapter


def displacement(
    before: NDArray[np.float32], after: NDArray[np.float32], scheme: LandmarkScheme
) -> dict[str, float]:
    """How far each region moved: mean distance over the inter-ocular distance, a fraction.

    Args:
        before: (N, K, 2) landmarks.
        after: (N, K, 2), the same faces, adapted.
        scheme: Names the regions and the normalising pair.
    """
    right, left = scheme.interocular
    unit = np.linalg.norm(before[:, left] - before[:, right], axis=-1, keepdims=True)
    moved = np.linalg.norm(after - before, axis=-1) / unit
    regions = {"all": tuple(range(scheme.num_landmarks)), **scheme.regions}
    return {name: float(moved[:, list(indices)].mean()) for name, indices in regions.items()}
