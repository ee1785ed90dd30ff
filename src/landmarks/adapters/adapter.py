"""Adapter: moves landmarks from one labelling convention to another.

It works in the face-normalised frame, so that it can be used in any pixels, and starts as the
identity. How it is fitted: `landmarks.adapters.fitting`.
"""

from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from landmarks.adapters.frame import Frame
from landmarks.errors import InputError
from landmarks.geometry import mirror_order
from landmarks.scheme import LandmarkScheme
from landmarks.scheme.units import unit
from landmarks.storage.tensor_files import load_tensors, save_tensors


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
            (N, K, 2) in the same pixels. A face whose landmarks coincide has no size to scale the
            correction by, and is returned unchanged.
        """
        points = torch.from_numpy(np.asarray(landmarks, np.float64))
        frame = Frame.of(points, self.reference)
        has_size = frame.turn.det() > 0
        frame = Frame(frame.centre[has_size], frame.turn[has_size])
        adapted = points.clone()
        adapted[has_size] = frame.to_pixels(self(frame.normalise(points[has_size])))
        return np.asarray(adapted.float().numpy())


def save_adapter(adapter: Adapter, path: Path) -> None:
    """Write an adapter as safetensors."""
    save_tensors(path, adapter.state_dict())


def load_adapter(path: Path, scheme: LandmarkScheme) -> Adapter:
    """Read what `save_adapter` wrote."""
    return adapter_from_state(load_tensors(path)[0], scheme)


def adapter_from_state(state: dict[str, Tensor], scheme: LandmarkScheme) -> Adapter:
    """The adapter with this `state_dict`, which may come from a file of unknown origin.

    Args:
        state: Tensors by name.
        scheme: Of its landmarks.

    Raises:
        InputError: These are not the tensors of an adapter for `scheme`.
    """
    first = state.get("correction.0.weight")
    K = scheme.num_landmarks
    with torch.device("meta"):  # shapes without memory, until they are those of `state`
        reference, order = torch.empty(K, 2), torch.empty(K, dtype=torch.int64)
        adapter = Adapter(reference, order, 0 if first is None else first.shape.numel() // (2 * K))
    expected = adapter.double().state_dict()
    wrong = [
        name
        for name in expected | state
        if name not in expected
        or name not in state
        or state[name].shape != expected[name].shape
        or state[name].dtype != expected[name].dtype
    ]
    if wrong:
        raise InputError(f"adapter: {wrong[0][:80]!r} is missing, unknown or of another shape")
    for name, values in state.items():
        if not bool(torch.isfinite(values).all()):
            raise InputError(f"adapter: {name!r} has values that are NaN or infinite")
    if not torch.equal(state["order"], torch.from_numpy(mirror_order(scheme))):
        raise InputError(f"adapter: 'order' is not the mirror order of scheme {scheme.name!r}")
    size = float((state["reference"] ** 2).sum(dim=-1).mean().sqrt())
    if not 0.99 < size < 1.01:
        raise InputError(f"adapter: 'reference' is of size {size:g}; expected 1")
    adapter.to_empty(device="cpu").load_state_dict(state)
    return adapter


def displacement(
    before: NDArray[np.float32], after: NDArray[np.float32], scheme: LandmarkScheme
) -> dict[str, float]:
    """How far each region moved: mean distance over the scheme's unit, a fraction.

    Args:
        before: (N, K, 2) landmarks.
        after: (N, K, 2), the same faces, adapted.
        scheme: Defines the regions and the unit.
    """
    length = unit(before, np.ones(before.shape[:2], bool), scheme).astype(np.float32)
    moved = np.linalg.norm(after - before, axis=-1) / length[:, None]
    regions = {"all": tuple(range(scheme.num_landmarks)), **scheme.regions}
    return {name: float(moved[:, list(indices)].mean()) for name, indices in regions.items()}
