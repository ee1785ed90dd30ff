"""Label adaptation: what every way to fit an adapter shares.

Two datasets can both have 68 points and mean different places by them. An adapter learns the
difference from pairs (prediction of a synthetic-trained model on a real face -> human label). It is
then used in one of two ways: on the output of a model, or on synthetic labels. Wood et al., "Fake
it till you make it", 2021, Section 4.1.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landmarks.adapters.adapter import Adapter
from landmarks.adapters.frame import Frame, reference_shape
from landmarks.errors import InputError
from landmarks.geometry import mirror_order
from landmarks.scheme import LandmarkScheme
from landmarks.scheme.units import unit

# Raise it with any change, in this package, of the adapter that the same pairs lead to; adapters
# are fitted again.
ADAPTER_VERSION = 1

MIN_PAIRS = 2  # one face says nothing about how faces differ

# Predicted eye corners closer than this, pixels, are one point: such a face has no frame.
_LEAST_DISTANCE = 1e-3


class AdapterFit(Protocol):
    """A way to fit an adapter.

    Raises:
        InputError: There are too few faces, all predictions of one coincide, or the fitted weights
            are not finite.
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
class Pairs:
    """Faces in their normalised frames: `shapes` -> `targets`, (N, K, 2); `weights` (N, K)."""

    shapes: Tensor
    targets: Tensor
    weights: Tensor
    reference: Tensor
    order: Tensor


def normalised_pairs(
    predicted: NDArray[np.float32],
    target: NDArray[np.float32],
    visible: NDArray[np.bool_],
    scheme: LandmarkScheme,
) -> Pairs:
    """The arguments of an `AdapterFit` in the face-normalised frame of each prediction.

    Raises:
        InputError: There are too few faces, or all predictions of one coincide.
    """
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
    return Pairs(
        shapes=frame.normalise(points),
        targets=frame.normalise(goals),
        weights=torch.from_numpy(visible).double(),
        reference=reference,
        order=order,
    )


def _check_spread(predicted: NDArray[np.float32], scheme: LandmarkScheme) -> None:
    """Refuse the predictions of a collapsed model, which have no frame."""
    length = unit(predicted, np.ones(predicted.shape[:2], bool), scheme)
    spread = length > _LEAST_DISTANCE  # False for NaN too
    if not spread.all():
        raise InputError(
            f"an adapter cannot be fitted: on {(~spread).sum()} of {len(spread)} real faces the "
            "model trained on synthetic faces predicts all landmarks in one place; train it longer "
            "or at a lower learning rate"
        )


def check_finite(adapter: Adapter, advice: str) -> Adapter:
    """`adapter`, or an `InputError` that ends in `advice` if its weights are not finite."""
    if not all(bool(torch.isfinite(values).all()) for values in adapter.state_dict().values()):
        raise InputError(f"the weights of the fitted adapter are not finite; {advice}")
    return adapter
