"""Codecs: encode landmarks as network targets, decode network outputs to landmarks.

A heatmap pixel u of stride s is centred at crop pixel s (u + 0.5) - 0.5. The half pixel is half a
stride of the crop: leaving it out costs more than the gap between two published methods.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from landmarks.errors import InputError


class Codec(Protocol):
    """Decodes the output of a network.

    Attributes:
        output_kind: "heatmaps" or "coordinates"; the network must have the same.
    """

    output_kind: ClassVar[str]

    def decode(self, output: Tensor) -> Tensor:
        """Landmarks, (B, K, 2) crop pixels, from a network's output."""
        ...


def _check(stride: int, sigma: float) -> None:
    if type(stride) is not int or stride < 1:
        raise InputError(f"stride is {stride!r}; it must be a whole number of crop pixels from 1")
    is_number = isinstance(sigma, int | float) and not isinstance(sigma, bool)
    if not is_number or not 0.3 <= sigma <= 10:
        raise InputError(f"sigma is {sigma!r}; it must be from 0.3 to 10 heatmap pixels")


def to_heatmap_pixels(landmarks: Tensor, stride: int) -> Tensor:
    """Crop pixels to heatmap pixels."""
    return (landmarks + 0.5) / stride - 0.5


def to_crop_pixels(positions: Tensor, stride: int) -> Tensor:
    """Heatmap pixels to crop pixels."""
    return (positions + 0.5) * stride - 0.5


def inside(landmarks: Tensor, size: int) -> Tensor:
    """Which landmarks lie on the crop, where a heatmap can show them.

    Args:
        landmarks: (..., 2) crop pixels.
        size: Side of the crop.

    Returns:
        (...) bool.
    """
    return ((landmarks >= -0.5) & (landmarks <= size - 0.5)).all(dim=-1)


def _profiles(landmarks: Tensor, stride: int, sigma: float, size: tuple[int, int]) -> list[Tensor]:
    """Gaussian profiles along x and y, (B, K, w) and (B, K, h), each with peak 1."""
    centres = to_heatmap_pixels(landmarks, stride)
    profiles = []
    for axis, length in ((0, size[1]), (1, size[0])):
        grid = torch.arange(length, device=landmarks.device, dtype=landmarks.dtype)
        distance = grid - centres[..., axis, None]
        profiles.append(torch.exp(-0.5 * (distance / sigma) ** 2))
    return profiles


@dataclass(frozen=True, kw_only=True)
class HeatmapCodec:
    """Gaussian heatmaps with peak 1, for losses that compare maps.

    Attributes:
        stride: Crop pixels per heatmap pixel.
        sigma: Standard deviation of the Gaussian, heatmap pixels.
    """

    stride: int = 4
    sigma: float = 1.5
    output_kind: ClassVar[str] = "heatmaps"

    def __post_init__(self) -> None:
        """Validate the settings."""
        _check(self.stride, self.sigma)

    def encode(self, landmarks: Tensor, size: tuple[int, int]) -> Tensor:
        """Heatmaps, (B, K, h, w) in [0, 1], of landmarks (B, K, 2) in crop pixels."""
        x, y = _profiles(landmarks, self.stride, self.sigma, size)
        return y[..., :, None] * x[..., None, :]

    def decode(self, output: Tensor) -> Tensor:
        """Landmarks, (B, K, 2) crop pixels, of heatmaps (B, K, h, w).

        A parabola through the logarithm of the peak and its neighbours, which is exact for a
        Gaussian (Zhang et al., "Distribution-aware coordinate representation", 2020, Section 3.2,
        without its cross term).
        """
        maps = output.float()
        h, w = maps.shape[-2:]
        peak = maps.flatten(2).argmax(dim=-1)  # (B, K)
        column, row = peak % w, peak // w
        logs = maps.clamp_min(1e-4).log()
        x = column + self._offset(logs, row, column, 0, 1, w)
        y = row + self._offset(logs, row, column, 1, 0, h)
        return to_crop_pixels(torch.stack([x, y], dim=-1), self.stride)

    @staticmethod
    def _offset(
        logs: Tensor, row: Tensor, column: Tensor, down: int, right: int, length: int
    ) -> Tensor:
        """Offset of the parabola's peak from the highest pixel, (B, K) in [-0.5, 0.5]."""
        w = logs.shape[-1]
        flat = logs.flatten(2)
        here = row * w + column
        step = down * w + right
        position = column if right else row
        interior = (position > 0) & (position < length - 1)
        last = flat.shape[-1] - 1

        def value(index: Tensor) -> Tensor:
            return flat.gather(2, index.clamp(0, last)[..., None])[..., 0]

        before, centre, after = value(here - step), value(here), value(here + step)
        curvature = (2 * centre - before - after).clamp_min(1e-6)
        offset = (after - before) / (2 * curvature)
        return torch.where(interior, offset.clamp(-0.5, 0.5), torch.zeros_like(offset))


@dataclass(frozen=True, kw_only=True)
class DistributionCodec:
    """Heatmaps as logits of the landmark's position, for losses on its distribution.

    Attributes:
        stride: Crop pixels per heatmap pixel.
        sigma: Standard deviation of the target's Gaussian, heatmap pixels.
    """

    stride: int = 4
    sigma: float = 1.0
    output_kind: ClassVar[str] = "heatmaps"

    def __post_init__(self) -> None:
        """Validate the settings."""
        _check(self.stride, self.sigma)

    def encode(self, landmarks: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Distributions along x and y, (B, K, w) and (B, K, h), of landmarks (B, K, 2).

        Each sums to 1; their outer product is the distribution over a map of `size` (h, w).
        """
        x, y = _profiles(landmarks, self.stride, self.sigma, size)
        x, y = (p / p.sum(dim=-1, keepdim=True).clamp_min(1e-12) for p in (x, y))
        return x, y

    def decode(self, output: Tensor) -> Tensor:
        """Landmarks, (B, K, 2) crop pixels: the mean of the distribution given by the logits."""
        return self.mean(output.float().flatten(2).softmax(dim=-1).view(output.shape))

    def mean(self, probability: Tensor) -> Tensor:
        """Mean, (B, K, 2) crop pixels, of distributions (B, K, h, w) that sum to 1.

        Differentiable; soft-argmax (Sun et al., "Integral human pose regression", 2018, Eq. 3).
        """
        centres = [
            marginal @ torch.arange(marginal.shape[-1], device=marginal.device, dtype=torch.float32)
            for marginal in (probability.sum(dim=-2), probability.sum(dim=-1))
        ]
        return to_crop_pixels(torch.stack(centres, dim=-1), self.stride)


@dataclass(frozen=True, kw_only=True)
class CoordinateCodec:
    """Coordinates from -1 to 1 across the crop, for direct regression.

    Attributes:
        size: Side of the crop, pixels.
    """

    size: int
    output_kind: ClassVar[str] = "coordinates"

    def __post_init__(self) -> None:
        """Refuse impossible numbers."""
        if type(self.size) is not int or self.size < 1:
            raise InputError(f"size is {self.size!r}; it must be a whole number of crop pixels")

    def encode(self, landmarks: Tensor) -> Tensor:
        """Coordinates, (B, K, 2) with -1 and 1 at the crop's edges, of crop pixels."""
        return (landmarks - (self.size - 1) / 2) * (2 / self.size)

    def decode(self, output: Tensor) -> Tensor:
        """Landmarks, (B, K, 2) crop pixels, from (B, K, 2 or more); further columns are ignored."""
        return output[..., :2].float() * (self.size / 2) + (self.size - 1) / 2
