"""A model that a test can train in seconds."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from landmarks.heatmap import DistributionCodec
from landmarks.losses import CrossEntropySoftArgmax
from landmarks.models.architecture import Architecture
from landmarks.models.unet import UNet


def small_architecture(width: int = 8) -> Architecture:
    """A network that a test can train in seconds, at 64 pixels."""
    return Architecture(
        network=partial(UNet, widths=[width, 2 * width, 2 * width, 2 * width, 2 * width]),
        input_size=64,
        codec=DistributionCodec(stride=4, sigma=1.0),
        loss=CrossEntropySoftArgmax(),
    )


class Unnormalised(nn.Module):
    """Without BatchNorm, so that a face's answer does not depend on its neighbours."""

    output_kind = "heatmaps"
    stride = 4

    def __init__(self, num_landmarks: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 5, stride=2, padding=2),
            nn.ReLU(),
        )
        self.head = nn.Conv2d(32, num_landmarks, 5, padding=2)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to maps (B, K, H / 4, W / 4)."""
        return self.head(self.body(images))


def unnormalised_architecture() -> Architecture:
    """The same for `Unnormalised`, in float32, so that rounding is small."""
    return Architecture(
        network=Unnormalised,
        input_size=64,
        codec=DistributionCodec(stride=4, sigma=1.0),
        loss=CrossEntropySoftArgmax(),
        cpu_bfloat16=False,
    )


def distance(ones: Sequence[NDArray[np.float32]], others: Sequence[NDArray[np.float32]]) -> float:
    """Between two sets of arrays, as a share of the first one's length.

    Not the largest difference: where a gradient is nought but for rounding, AdamW makes whole steps
    of that.
    """
    apart = sum(np.square(one - other).sum() for one, other in zip(ones, others, strict=True))
    return float(np.sqrt(apart / sum(np.square(one).sum() for one in ones)))
