"""Label adaptation: landmarks of one convention to landmarks of another.

Two data sets can both have 68 points and mean different places by them. An adapter learns the
difference from pairs (prediction of a synthetic-trained model on a real face -> human label) and
is then used in two directions of work: on a model's output, or on synthetic labels.

It works in a face-normalised frame, with translation, scale and in-plane rotation removed, so that
it can be used in any pixels, and it starts as the identity. Wood et al., "Fake it till you make
it", 2021, Section 4.1: a two-layer perceptron.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from landmarks.errors import InputError
from landmarks.geometry import mirror_order
from landmarks.scheme import LandmarkScheme

# Fewer pairs than this say nothing about a whole face.
MIN_PAIRS = 2

# A step of the perceptron's training sees at least so many shapes.
NOISY_SHAPES = 256


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
            (N, K, 2) in the same pixels.
        """
        points = torch.from_numpy(np.asarray(landmarks, np.float64))
        frame = Frame.of(points, self.reference)
        adapted = frame.back(self(frame.normalise(points)))
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


class AdapterFit(Protocol):
    """A way to fit an adapter."""

    def __call__(
        self,
        predicted: NDArray[np.float32],
        target: NDArray[np.float32],
        visible: NDArray[np.bool_],
        scheme: LandmarkScheme,
        seed: int,
    ) -> Adapter:
        """The adapter that moves `predicted` to `target`, (N, K, 2) each, in any pixels."""
        ...


@dataclass(frozen=True)
class _Pairs:
    """Faces in their normalised frames: `shapes` -> `targets`, (N, K, 2); `weights` (N, K)."""

    shapes: Tensor
    targets: Tensor
    weights: Tensor
    reference: Tensor
    order: Tensor


def _pairs(
    predicted: NDArray[np.float32],
    target: NDArray[np.float32],
    visible: NDArray[np.bool_],
    scheme: LandmarkScheme,
) -> _Pairs:
    if len(predicted) < MIN_PAIRS:
        raise InputError(
            f"an adapter is fitted on {len(predicted)} real faces; it needs at least {MIN_PAIRS}, "
            "so raise n_real or choose a strategy without label adaptation"
        )
    points, goals = (torch.from_numpy(np.asarray(p, np.float64)) for p in (predicted, target))
    order = torch.from_numpy(mirror_order(scheme))
    reference = reference_shape(points, order)
    frame = Frame.of(points, reference)
    return _Pairs(
        shapes=frame.normalise(points),
        targets=frame.normalise(goals),
        weights=torch.from_numpy(visible).double(),
        reference=reference,
        order=order,
    )


@dataclass(frozen=True, kw_only=True)
class PerceptronFit:
    """A two-layer perceptron, trained by AdamW on all pairs at once.

    Few pairs must not bend the map by their accidents. Weight decay alone does not see to that,
    because AdamW makes rare directions as steep as common ones; noise on the inputs does (Bishop,
    "Training with noise is equivalent to Tikhonov regularization", 1995), so each step sees the
    shapes moved a little and asks for the same correction.

    Attributes:
        hidden: Width of the hidden layer.
        steps: Optimiser updates.
        learning_rate: Of AdamW, falling to zero along a cosine.
        weight_decay: Of AdamW; biases, which hold the mean correction, are spared.
        noise: Variance of the noise times the number of pairs, in the normalised frame: so that
            ten pairs teach little but the mean, and thousands may bend the map.
    """

    hidden: int = 64
    steps: int = 600
    learning_rate: float = 1e-3
    weight_decay: float = 1.0
    noise: float = 3.0

    def __post_init__(self) -> None:
        """Refuse what cannot be fitted."""
        for name, least in (("hidden", 1), ("steps", 1), ("weight_decay", 0), ("noise", 0)):
            value = getattr(self, name)
            if not isinstance(value, int | float) or value < least:
                raise InputError(f"adapter {name} is {value!r}; it must be {least} or more")

    def __call__(
        self,
        predicted: NDArray[np.float32],
        target: NDArray[np.float32],
        visible: NDArray[np.bool_],
        scheme: LandmarkScheme,
        seed: int,
    ) -> Adapter:
        """See `AdapterFit`. Each pair counts mirrored too: the adapter is symmetric."""
        pairs = _pairs(predicted, target, visible, scheme)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            adapter = Adapter(pairs.reference, pairs.order, self.hidden).double()
        generator = torch.Generator().manual_seed(seed)
        # Few pairs are repeated, each time with other noise, for a steady gradient.
        repeats = -(-NOISY_SHAPES // len(predicted))
        shapes = pairs.shapes.repeat(repeats, 1, 1)
        moves = (pairs.targets - pairs.shapes).repeat(repeats, 1, 1)
        weights = pairs.weights.repeat(repeats, 1)
        deviation = (self.noise / len(predicted)) ** 0.5
        optimizer = self._optimizer(adapter)
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.steps)
        for _ in range(self.steps):
            noise = torch.randn(shapes.shape, generator=generator, dtype=shapes.dtype)
            noisy = shapes + deviation * noise
            error = ((adapter(noisy) - noisy - moves) ** 2).sum(dim=-1)
            loss = (error * weights).sum() / weights.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cosine.step()
        return adapter

    def _optimizer(self, adapter: Adapter) -> torch.optim.AdamW:
        weights = [p for name, p in adapter.named_parameters() if name.endswith("weight")]
        biases = [p for name, p in adapter.named_parameters() if name.endswith("bias")]
        return torch.optim.AdamW(
            [
                {"params": weights, "weight_decay": self.weight_decay},
                {"params": biases, "weight_decay": 0.0},
            ],
            lr=self.learning_rate,
        )


@dataclass(frozen=True, kw_only=True)
class RidgeFit:
    """An affine correction by ridge regression, for few faces.

    The mean correction is free; the rest is shrunk by the strength that predicts left-out faces
    best, found among `penalties` by exact leave-one-out on the same real faces.

    Attributes:
        penalties: Strengths to choose from, in squared units of the normalised frame.
    """

    penalties: tuple[float, ...] = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)

    def __post_init__(self) -> None:
        """Refuse an empty or negative choice."""
        object.__setattr__(self, "penalties", tuple(self.penalties))
        if not self.penalties or min(self.penalties) <= 0:
            raise InputError(f"ridge penalties are {self.penalties!r}; all must be above 0")

    def __call__(
        self,
        predicted: NDArray[np.float32],
        target: NDArray[np.float32],
        visible: NDArray[np.bool_],
        scheme: LandmarkScheme,
        seed: int,
    ) -> Adapter:
        """See `AdapterFit`; invisible landmarks count as already right."""
        pairs = _pairs(predicted, target, visible, scheme)
        adapter = Adapter(pairs.reference, pairs.order, hidden=0).double()
        flip = torch.tensor([-1.0, 1.0], dtype=torch.float64)
        moves = (pairs.targets - pairs.shapes) * pairs.weights[..., None]
        x = pairs.shapes - pairs.reference
        x = torch.cat([x, (x * flip)[:, pairs.order]]).flatten(1)
        y = torch.cat([moves, (moves * flip)[:, pairs.order]]).flatten(1)
        weight, bias = _ridge(x, y, self.penalties)
        linear = cast(nn.Linear, adapter.correction)
        with torch.no_grad():
            linear.weight.copy_(weight.T)
            linear.bias.copy_(bias)
        return adapter


def _ridge(x: Tensor, y: Tensor, penalties: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """Weights (P, Q) and bias (Q,) of y = x W + b; rows i and i + n / 2 are left out together."""
    mean_x, mean_y = x.mean(dim=0), y.mean(dim=0)
    u, s, vt = torch.linalg.svd(x - mean_x, full_matrices=False)
    projected = u.T @ (y - mean_y)
    half = len(x) // 2
    best: tuple[float, Tensor] | None = None
    for penalty in penalties:
        shrink = s**2 / (s**2 + penalty)
        hat = (u * shrink) @ u.T + 1 / len(x)
        residual = (y - mean_y) - (u * shrink) @ projected
        # Hastie et al., "The elements of statistical learning", 2009, Eq. 7.52, for pairs of rows.
        i = torch.arange(half)
        blocks = torch.stack(
            [
                torch.stack([hat[i, i], hat[i, i + half]], -1),
                torch.stack([hat[i + half, i], hat[i + half, i + half]], -1),
            ],
            -2,
        )
        pair = torch.stack([residual[:half], residual[half:]], dim=1)
        left_out = torch.linalg.lstsq(torch.eye(2, dtype=x.dtype) - blocks, pair).solution
        error = float((left_out**2).mean())
        if best is None or error < best[0]:
            best = (error, vt.T @ ((s / (s**2 + penalty))[:, None] * projected))
    assert best is not None
    weight = best[1]
    return weight, mean_y - mean_x @ weight


def save_adapter(adapter: Adapter, path: Path) -> None:
    """Write an adapter as safetensors."""
    save_file({k: v.contiguous() for k, v in adapter.state_dict().items()}, path)


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
