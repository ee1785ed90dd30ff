"""Losses of network outputs against target landmarks.

A loss receives the codec that decodes the output at test time, so that training and test agree on
pixel positions, and names the codec it needs. Invisible landmarks are ignored.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from landmarks.errors import InputError
from landmarks.heatmap import CoordinateCodec, DistributionCodec, HeatmapCodec

C = TypeVar("C", contravariant=True)


class Loss(Protocol[C]):
    """What training minimises."""

    codec_type: ClassVar[type]

    def __call__(self, output: Tensor, landmarks: Tensor, visible: Tensor, codec: C) -> Tensor:
        """The loss of a batch.

        Args:
            output: Of the network.
            landmarks: (B, K, 2) crop pixels.
            visible: (B, K) bool.
            codec: Of type `codec_type`.

        Returns:
            A scalar.
        """
        ...


def _check_number(name: str, value: object, *, above: float, zero: bool = False) -> None:
    """Raise unless `value` is a number above `above`, or zero where that is allowed."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and (cast(float, value) > above or (zero and value == 0))):
        allowed = f"from {above:g}" if zero else f"above {above:g}"
        raise InputError(f"loss {name} is {value!r}; it must be a number {allowed}")


def visible_mean(values: Tensor, visible: Tensor) -> Tensor:
    """Mean of `values` (B, K) over the visible landmarks; 0 if none is visible."""
    weights = visible.to(values.dtype)
    return (values * weights).sum() / weights.sum().clamp_min(1)


@dataclass(frozen=True)
class HeatmapMSE:
    """Squared difference of heatmaps, summed over a map."""

    codec_type: ClassVar[type] = HeatmapCodec

    def __call__(
        self, output: Tensor, landmarks: Tensor, visible: Tensor, codec: HeatmapCodec
    ) -> Tensor:
        """See `Loss`; output is (B, K, h, w) heatmaps."""
        target = codec.encode(landmarks, (output.shape[-2], output.shape[-1]))
        return visible_mean(((output.float() - target) ** 2).sum(dim=(-2, -1)), visible)


@dataclass(frozen=True, kw_only=True)
class AdaptiveWing:
    """Adaptive wing loss with the weighted loss map.

    Wang, Bo and Li, "Adaptive wing loss for robust face alignment via heatmap regression", 2019,
    Equations 3 to 5; the defaults are the paper's.

    Attributes:
        alpha: Exponent that adapts to the target, above 2.
        omega: Weight of the part near zero error.
        epsilon: Where that part bends.
        theta: Error at which it becomes linear.
        foreground: Added weight of pixels near a peak.
    """

    alpha: float = 2.1
    omega: float = 14.0
    epsilon: float = 1.0
    theta: float = 0.5
    foreground: float = 10.0
    codec_type: ClassVar[type] = HeatmapCodec

    def __post_init__(self) -> None:
        """Validate the constants."""
        _check_number("alpha", self.alpha, above=2.0)
        for name in ("omega", "epsilon", "theta"):
            _check_number(name, getattr(self, name), above=0.0)
        _check_number("foreground", self.foreground, above=0.0, zero=True)

    def __call__(
        self, output: Tensor, landmarks: Tensor, visible: Tensor, codec: HeatmapCodec
    ) -> Tensor:
        """See `Loss`; output is (B, K, h, w) heatmaps."""
        target = codec.encode(landmarks, (output.shape[-2], output.shape[-1]))
        error = (output.float() - target).abs()
        exponent = self.alpha - target
        ratio = self.theta / self.epsilon
        slope = (
            self.omega * exponent * ratio ** (exponent - 1) / (self.epsilon * (1 + ratio**exponent))
        )
        offset = self.theta * slope - self.omega * torch.log1p(ratio**exponent)
        curved = self.omega * torch.log1p((error / self.epsilon).clamp_min(1e-8) ** exponent)
        loss = torch.where(error < self.theta, curved, slope * error - offset)
        near_peak = F.max_pool2d(target, 3, stride=1, padding=1) > 0.2
        weighted = loss * (1 + self.foreground * near_peak)
        return visible_mean(weighted.mean(dim=(-2, -1)), visible)


@dataclass(frozen=True, kw_only=True)
class CrossEntropySoftArgmax:
    """Cross-entropy to the target's distribution, and the distance of its mean.

    The first term finds the landmark quickly, the second makes the position exact.

    Attributes:
        distance: Weight of the mean L1 distance, per heatmap pixel.
    """

    distance: float = 1.0
    codec_type: ClassVar[type] = DistributionCodec

    def __post_init__(self) -> None:
        """Validate the weight."""
        _check_number("distance", self.distance, above=0.0, zero=True)

    def __call__(
        self, output: Tensor, landmarks: Tensor, visible: Tensor, codec: DistributionCodec
    ) -> Tensor:
        """See `Loss`; output is (B, K, h, w) logits."""
        x, y = codec.encode(landmarks, (output.shape[-2], output.shape[-1]))
        # One pass over the maps for both terms, and no map of the target: it is an outer product.
        log_probability = output.float().flatten(2).log_softmax(dim=-1).view(output.shape)
        cross_entropy = -((log_probability @ x[..., None])[..., 0] * y).sum(dim=-1)
        mean = codec.mean(log_probability.exp())
        distance = (mean - landmarks).abs().sum(dim=-1) / codec.stride
        return visible_mean(cross_entropy + self.distance * distance, visible)


@dataclass(frozen=True)
class CoordinateMSE:
    """Squared distance in units of half the crop (Wood et al., 2021, Section 4)."""

    codec_type: ClassVar[type] = CoordinateCodec

    def __call__(
        self, output: Tensor, landmarks: Tensor, visible: Tensor, codec: CoordinateCodec
    ) -> Tensor:
        """See `Loss`; output is (B, K, 2 or more) coordinates."""
        difference = output[..., :2].float() - codec.encode(landmarks)
        return visible_mean((difference**2).sum(dim=-1), visible)


@dataclass(frozen=True)
class GaussianNLL:
    """Negative log-likelihood under an isotropic Gaussian whose width the network predicts.

    Wood et al., "3D face reconstruction with dense landmarks", 2022, Equation 1.
    """

    codec_type: ClassVar[type] = CoordinateCodec

    def __call__(
        self, output: Tensor, landmarks: Tensor, visible: Tensor, codec: CoordinateCodec
    ) -> Tensor:
        """See `Loss`; output is (B, K, 3): coordinates and the logarithm of the deviation."""
        squared = ((output[..., :2].float() - codec.encode(landmarks)) ** 2).sum(dim=-1)
        # A deviation below 1e-3 of half the crop comes from rounding, not from certainty.
        log_sigma = output[..., 2].float().clamp(-7, 7)
        likelihood = squared / (2 * torch.exp(2 * log_sigma)) + 2 * log_sigma
        return visible_mean(likelihood, visible)
