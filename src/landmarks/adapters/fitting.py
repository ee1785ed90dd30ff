"""Label adaptation: how an adapter is fitted.

Two data sets can both have 68 points and mean different places by them. An adapter learns the
difference from pairs (prediction of a synthetic-trained model on a real face -> human label) and
is then used in two directions of work: on a model's output, or on synthetic labels. Wood et al.,
"Fake it till you make it", 2021, Section 4.1: a two-layer perceptron.
"""

import math
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from landmarks.adapters.adapter import Adapter
from landmarks.adapters.frame import Frame, reference_shape
from landmarks.errors import InputError
from landmarks.geometry import mirror_order
from landmarks.scheme import LandmarkScheme

# Raise it with any change, here or in `landmarks.adapters.adapter`, of the adapter that the same
# pairs lead to; adapters are fitted again.
ADAPTER_VERSION = 1

# Fewer pairs than this say nothing about a whole face.
MIN_PAIRS = 2

# A step of the perceptron's training sees at least so many shapes.
NOISY_SHAPES = 256

# Predicted eye corners closer than this, pixels, are one point: such a face has no frame.
_LEAST_DISTANCE = 1e-3


class AdapterFit(Protocol):
    """A way to fit an adapter.

    Raises:
        InputError: There are too few faces, the predictions of one are all in one place, or what
            was fitted is no finite numbers.
    """

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
    _check_spread(predicted, scheme)
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


def _check_spread(predicted: NDArray[np.float32], scheme: LandmarkScheme) -> None:
    """Refuse the answers of a model that collapsed: an adapter of them would be no numbers."""
    right, left = (predicted[:, k] for k in scheme.interocular)
    spread = np.linalg.norm(left - right, axis=-1) > _LEAST_DISTANCE  # False for NaN too
    if not spread.all():
        raise InputError(
            f"an adapter cannot be fitted: on {(~spread).sum()} of {len(spread)} real faces the "
            "model trained on synthetic faces puts all landmarks in one place; train it longer or "
            "lower its rate"
        )


def _checked(adapter: Adapter, advice: str) -> Adapter:
    if not all(bool(torch.isfinite(values).all()) for values in adapter.state_dict().values()):
        raise InputError(f"the fitted adapter's weights are no finite numbers; {advice}")
    return adapter


def _check_number(name: str, value: object, *, most: float) -> None:
    """Refuse what is not a number from 0 to below `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < most:
        raise InputError(f"adapter {name} is {value!r}; it must be from 0 to below {most:g}")


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
        weight_decay: Of AdamW, below 1 / learning_rate; biases, which hold the mean correction,
            are spared.
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
        for name in ("hidden", "steps"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"adapter {name} is {value!r}; it must be a whole number above 0")
        if not isinstance(self.learning_rate, float) or not 0 < self.learning_rate < 1:
            raise InputError(
                f"adapter learning_rate is {self.learning_rate!r}; it must be between 0 and 1"
            )
        # AdamW takes the product off each weight; from 1 on, weights would change their sign.
        _check_number("weight_decay", self.weight_decay, most=1 / self.learning_rate)
        _check_number("noise", self.noise, most=math.inf)

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
        return _checked(adapter, f"lower its learning_rate (now {self.learning_rate:g})")

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
        """Refuse an empty choice, or a strength that is none."""
        object.__setattr__(self, "penalties", tuple(self.penalties))
        if not self.penalties or not all(0 < penalty < math.inf for penalty in self.penalties):
            raise InputError(
                f"ridge penalties are {self.penalties!r}; all must be finite and above 0"
            )

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
        return _checked(adapter, "train the model that it corrects longer")


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
