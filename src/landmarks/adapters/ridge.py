"""Fit an adapter by ridge regression."""

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from landmarks.adapters.adapter import Adapter
from landmarks.adapters.fitting import check_finite, normalised_pairs
from landmarks.errors import InputError
from landmarks.scheme import LandmarkScheme


@dataclass(frozen=True, kw_only=True)
class RidgeFit:
    """An affine correction by ridge regression, for few faces.

    The mean correction is not penalised. The penalty of the rest is the one of `penalties` that
    predicts left-out faces best, by exact leave-one-out on the same real faces.

    Attributes:
        penalties: To choose from, in squared units of the normalised frame.
    """

    penalties: tuple[float, ...] = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)

    def __post_init__(self) -> None:
        """Refuse an empty choice, and penalties that are not positive numbers."""
        object.__setattr__(self, "penalties", tuple(self.penalties))
        if not self.penalties or not all(map(_is_penalty, self.penalties)):
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
        """See `AdapterFit`; invisible landmarks count as already correct."""
        pairs = normalised_pairs(predicted, target, visible, scheme)
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
        return check_finite(adapter, "train the model that it corrects longer")


def _is_penalty(value: object) -> bool:
    return isinstance(value, int | float) and 0 < value < math.inf


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
