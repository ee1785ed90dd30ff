"""Fit an adapter as a two-layer perceptron, as Wood et al., 2021, Section 4.1."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from landmarks.adapters.adapter import Adapter
from landmarks.adapters.fitting import check_finite, normalised_pairs
from landmarks.errors import InputError
from landmarks.scheme import LandmarkScheme

NOISY_SHAPES = 256  # the least number of shapes in an update


@dataclass(frozen=True, kw_only=True)
class PerceptronFit:
    """A two-layer perceptron, trained by AdamW on all pairs at once.

    It must not overfit to few pairs. Weight decay alone does not prevent that, because AdamW learns
    rare directions as fast as common ones. Noise on the inputs does (Bishop, "Training with noise
    is equivalent to Tikhonov regularization", 1995): each update moves the shapes a little and asks
    for the same correction.

    Attributes:
        hidden: Width of the hidden layer.
        steps: Optimiser updates.
        learning_rate: Of AdamW, with cosine decay to zero.
        weight_decay: Of AdamW, below 1 / learning_rate; not applied to biases, which hold the mean
            correction.
        noise: Variance of the noise times the number of pairs, in the normalised frame, so that
            ten pairs teach little more than the mean correction, and thousands much more.
    """

    hidden: int = 64
    steps: int = 600
    learning_rate: float = 1e-3
    weight_decay: float = 1.0
    noise: float = 3.0

    def __post_init__(self) -> None:
        """Refuse values that cannot be fitted with."""
        for name in ("hidden", "steps"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"adapter {name} is {value!r}; it must be a whole number above 0")
        if not isinstance(self.learning_rate, float) or not 0 < self.learning_rate < 1:
            raise InputError(
                f"adapter learning_rate is {self.learning_rate!r}; it must be between 0 and 1"
            )
        # AdamW multiplies each weight by 1 minus the product, which must stay positive.
        _check_range("weight_decay", self.weight_decay, below=1 / self.learning_rate)
        _check_range("noise", self.noise, below=math.inf)

    def __call__(
        self,
        predicted: NDArray[np.float32],
        target: NDArray[np.float32],
        visible: NDArray[np.bool_],
        scheme: LandmarkScheme,
        seed: int,
    ) -> Adapter:
        """See `AdapterFit`. Each pair counts mirrored too: the adapter is symmetric."""
        pairs = normalised_pairs(predicted, target, visible, scheme)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            adapter = Adapter(pairs.reference, pairs.order, self.hidden).double()
        generator = torch.Generator().manual_seed(seed)
        # Repeat few pairs, each time with other noise, for a steady gradient.
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
        return check_finite(adapter, f"lower its learning_rate (now {self.learning_rate:g})")

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


def _check_range(name: str, value: object, *, below: float) -> None:
    """Refuse what is not a number from 0 to below `below`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < below:
        raise InputError(f"adapter {name} is {value!r}; it must be from 0 to below {below:g}")
